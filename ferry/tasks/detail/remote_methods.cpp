#include "ferry/tasks/detail/remote_methods.hpp"

#include <algorithm>
#include <utility>

namespace ferry::tasks::detail {

const remote_method* find_method(std::string_view name)
{
    for (const auto methods : {inspect_methods(), control_methods()}) {
        const auto at = std::ranges::find(methods, name, &remote_method::name);
        if (at != methods.end()) return &*at;
    }
    return nullptr;
}

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

[[noreturn]] void refuse_type(std::string why)
{
    throw task_error{"TypeError", "builtins", std::move(why)};
}

std::string_view python_type(const value& v) noexcept
{
    switch (v.kind()) {
        case value_kind::null: return "NoneType";
        case value_kind::boolean: return "bool";
        case value_kind::integer: return "int";
        case value_kind::real: return "float";
        case value_kind::decimal: return "Decimal";
        case value_kind::string: return "str";
        case value_kind::datetime: return "datetime";
        case value_kind::binary: return "bytes";
        case value_kind::array: return "list";
        case value_kind::tuple: return "tuple";
        case value_kind::set: return "set";
        case value_kind::object: break;
    }
    return "dict";
}

void require_arguments(const remote_method& of, const value& arguments)
{
    std::vector<std::string> missing;
    for (const method_argument& a : of.arguments) {
        if (a.required && arguments.get_if(a.name) == nullptr) {
            missing.push_back("'" + std::string{a.name} + "'");
        }
    }
    if (missing.empty()) return;
    const bool one = missing.size() == 1;
    refuse_type(std::string{of.name} + "() missing " + std::to_string(missing.size()) +
                " required positional argument" + (one ? ": " : "s: ") + missing[0] +
                (one ? std::string{} : " and " + missing[1]));
}

std::string text_argument(const value& arguments, std::string_view name)
{
    const value& v = arguments.at(name);
    if (!v.is_string()) {
        refuse_type(std::string{name} + ": expected str, not " + std::string{python_type(v)});
    }
    return v.as<std::string>();
}

bool flag_argument(const value& arguments, std::string_view name)
{
    const value* v = arguments.get_if(name);
    return v != nullptr && v->is_boolean() && v->as<bool>();
}

std::int64_t integer_argument(const value& arguments, std::string_view name, std::int64_t otherwise)
{
    const value* v = arguments.get_if(name);
    if (v == nullptr) return otherwise;
    if (!v->is_integer()) {
        refuse_type("'" + std::string{python_type(*v)} +
                    "' object cannot be interpreted as an integer");
    }
    if (v->is_big()) refuse(std::string{name} + ": too large");
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
