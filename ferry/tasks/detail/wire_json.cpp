#include "ferry/tasks/detail/wire_json.hpp"

#include "ferry/documents/json.hpp"

#include <chrono>
#include <utility>
#include <vector>

namespace ferry::tasks::detail {
namespace {

bool is_special(const value& v) noexcept
{
    return v.kind() == value_kind::decimal || v.kind() == value_kind::datetime;
}

/// Calls `each` with the root and all that it holds, until it says that this is enough.
template <class Value, class F>
bool find_in(Value& root, F each)
{
    if (each(root)) return true;
    std::vector<Value*> open;  // none, if the root holds no containers
    const auto look_at = [&](Value& v) {
        if (each(v)) return true;
        if (v.is_sequence() || v.is_object()) open.push_back(&v);
        return false;
    };
    const auto look_into = [&look_at](Value& v) {
        if (v.is_object()) {
            for (auto&& [key, item] : v.items()) {
                if (look_at(item)) return true;
            }
        } else if (v.is_sequence()) {
            for (Value& item : v) {
                if (look_at(item)) return true;
            }
        }
        return false;
    };
    if (look_into(root)) return true;
    while (!open.empty()) {
        Value& v = *open.back();
        open.pop_back();
        if (look_into(v)) return true;
    }
    return false;
}

std::string as_kombu_has_it(const value& v)
{
    std::string text = v.to<std::string>();
    if (v.kind() != value_kind::datetime) return text;
    constexpr std::string_view utc = "+00:00";
    if (v.as<zoned_time>().offset && text.ends_with(utc)) {
        text.replace(text.size() - utc.size(), utc.size(), "Z");
    }
    return text;
}

value with_texts(value v)
{
    find_in(v, [](value& each) {
        if (is_special(each)) each = as_kombu_has_it(each);
        return false;
    });
    return v;
}

}  // namespace

value parse_wire(std::string_view text)
{
    static const auto options =
        json::parse_options().allow_nan().overflow_to_infinity().lone_surrogates(
            json::surrogates::wtf8);
    return json::parse(text, options);
}

const char* missing_in_json(const value& v, bool sets)
{
    const char* name = nullptr;
    find_in(v, [&name, sets](const value& each) {
        if (each.is_bytes()) name = "bytes";
        if (sets && each.is_set()) name = "set";
        return name != nullptr;
    });
    return name;
}

std::string dump_wire(const value& v)
{
    static const auto options = json::dump_options().nan(json::nan_policy::literal);
    return find_in(v, is_special) ? json::dump(with_texts(v), options) : json::dump(v, options);
}

}  // namespace ferry::tasks::detail
