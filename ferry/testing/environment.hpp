#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace ferry::testing {

/// A variable of the environment; empty if it is not set.
inline std::string environment(const char* variable)
{
    const char* const text = std::getenv(variable);
    return text == nullptr ? std::string{} : text;
}

/// The URL of a server that the test cannot do without: `FERRY_REDIS`, `FERRY_RABBITMQ`,
/// `FERRY_POSTGRES`. \throws std::runtime_error  none is named, and the test fails.
inline std::string server(const char* variable)
{
    std::string url = environment(variable);
    if (url.empty()) throw std::runtime_error(std::string(variable) + " names no server");
    return url;
}

}  // namespace ferry::testing
