#pragma once

#include "ferry/tasks/message.hpp"
#include "ferry/testing/program.hpp"

#include <cstddef>
#include <string>

/// What the tests of every format ask of Python.
namespace ferry::interop {

/// A value as Python's repr shows it, whole.
inline std::string repr(const value& v)
{
    return tasks::python_repr(v);
}

/// Runs `<format>_peer.py mode`.
inline testing::outcome peer(const std::string& format, const std::string& mode,
                             const std::string& input = {})
{
    return testing::run_program(
        {FERRY_PYTHON, std::string{FERRY_INTEROP_DIR} + '/' + format + "_peer.py", mode}, input);
}

}  // namespace ferry::interop
