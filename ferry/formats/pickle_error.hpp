#pragma once

#include "ferry/core/error.hpp"

#include <system_error>
#include <type_traits>

namespace ferry::pickle {

/// What is wrong with a pickle. `forbidden_global` is the condition `denied`, all else `bad_input`.
enum class errc {
    truncated = 1,     ///< it ends before its end: Python's EOFError, "pickle data was truncated"
    bad_opcode,        ///< a byte that is no opcode
    bad_protocol,      ///< a protocol above 5
    bad_stack,         ///< too few values, no mark, or an odd number for a dictionary
    bad_memo,          ///< a memo entry that was never put
    bad_argument,      ///< an opcode's argument, or the value that it works on
    unhashable,        ///< a list, dictionary, set or bytearray as a key or in a set
    bad_utf8,          ///< a text that is not UTF-8
    no_buffer,         ///< more out-of-band buffers are asked for than were given
    forbidden_global,  ///< a class or function that is not allowed here
    leftovers,         ///< strict: bytes behind the end, or values left on the stack
};
std::error_code make_error_code(errc e) noexcept;

}  // namespace ferry::pickle

template <>
struct std::is_error_code_enum<ferry::pickle::errc> : std::true_type {};
