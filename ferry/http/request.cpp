#include "ferry/http/request.hpp"

namespace ferry::http {

std::string_view request::path(std::string_view name) const
{
    for (const auto& [key, value] : parameters_) {
        if (key == name) return value;
    }
    throw lookup_error("path parameter " + std::string(name));
}

}  // namespace ferry::http
