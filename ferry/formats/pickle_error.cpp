#include "ferry/formats/pickle_error.hpp"

#include <string>

namespace ferry::pickle {
namespace {

class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "ferry.pickle"; }
    std::string message(int code) const override
    {
        switch (errc{code}) {
            case errc::truncated: return "the pickle ends too early";
            case errc::bad_opcode: return "unknown opcode";
            case errc::bad_protocol: return "unsupported protocol";
            case errc::bad_stack: return "too few values on the stack";
            case errc::bad_memo: return "no such memo entry";
            case errc::bad_argument: return "bad argument";
            case errc::unhashable: return "unhashable";
            case errc::bad_utf8: return "not UTF-8";
            case errc::no_buffer: return "too few out-of-band buffers";
            case errc::forbidden_global: return "not allowed";
            case errc::leftovers: return "something is left over";
        }
        return "unknown error";
    }
    std::error_condition default_error_condition(int code) const noexcept override
    {
        return errc{code} == errc::forbidden_global ? condition::denied : condition::bad_input;
    }
};

}  // namespace

std::error_code make_error_code(errc e) noexcept
{
    static const category instance;
    return {static_cast<int>(e), instance};
}

}  // namespace ferry::pickle
