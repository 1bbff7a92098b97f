#include "ferry/tasks/detail/remote_methods.hpp"

#include <utility>

namespace ferry::tasks::detail {

value ok(std::string text)
{
    return value::object("ok", std::move(text));
}

value failed(std::string text)
{
    return value::object("error", std::move(text));
}

[[noreturn]] void refuse(std::string why)
{
    throw error{ferry::errc::malformed, std::move(why)};
}

[[noreturn]] void missing(std::string_view name)
{
    throw missing_argument{std::string{name}};
}

std::string text_argument(const value& arguments, std::string_view name)
{
    const value* v = arguments.get_if(name);
    if (v == nullptr || !v->is_string()) missing(name);
    return v->as<std::string>();
}

bool flag_argument(const value& arguments, std::string_view name)
{
    const value* v = arguments.get_if(name);
    return v != nullptr && v->is_boolean() && v->as<bool>();
}

std::int64_t integer_argument(const value& arguments, std::string_view name, std::int64_t otherwise)
{
    const value* v = arguments.get_if(name);
    if (v == nullptr || v->is_null()) return otherwise;
    if (!v->is_integer() || v->is_big()) refuse(std::string{name} + ": not an integer");
    return v->as<std::int64_t>();
}

std::vector<std::string> ids_argument(const value& arguments, std::string_view name)
{
    std::vector<std::string> ids;
    const value* v = arguments.get_if(name);
    if (v == nullptr) return ids;
    if (v->is_string()) ids.push_back(v->as<std::string>());
    if (v->is_sequence()) {
        for (const value& id : *v) {
            if (id.is_string()) ids.push_back(id.as<std::string>());
        }
    }
    return ids;
}

}  // namespace ferry::tasks::detail
