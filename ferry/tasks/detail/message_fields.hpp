#pragma once

#include "ferry/core/error.hpp"
#include "ferry/core/value.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

/// Members of a task message, read strictly.
namespace ferry::tasks::detail {

[[noreturn]] inline void refuse(std::string_view field, std::string_view why)
{
    std::string text = "task message: ";
    text += field;
    text += ": ";
    text += why;
    throw error{ferry::errc::malformed, std::move(text)};
}

/// Null for a member that is missing, so that a sender may leave out what it has nothing to say of.
inline const value& member(const value& object, std::string_view name)
{
    static const value null;
    const value* found = object.get_if(name);
    return found == nullptr ? null : *found;
}

/// Empty for null, so that a sender may leave out what it has nothing to say of.
inline std::string text_of(const value& object, std::string_view name)
{
    const value& v = member(object, name);
    if (v.is_null()) return {};
    if (!v.is_string()) refuse(name, "not a text");
    return std::string{v.as<std::string_view>()};
}

inline std::int64_t integer(const value& v, std::string_view name)
{
    if (!v.is_integer() || v.is_big()) refuse(name, "not an integer");
    return v.as<std::int64_t>();
}

}  // namespace ferry::tasks::detail
