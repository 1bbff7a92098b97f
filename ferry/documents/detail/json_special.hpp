#pragma once

#include "ferry/documents/json.hpp"

#include <cstddef>
#include <functional>
#include <string_view>

namespace ferry::json::detail {

struct parse_hooks {
    std::function<value(value)> object;
    std::function<value(std::string_view)> real;
    std::function<value(std::string_view)> integer;
};

/// Options that another parser serves, or work that is done when the value is there.
struct special_options {
    static bool are_set(const parse_options& options) noexcept
    {
        return options.relaxed_ || options.hooks_ != nullptr;
    }
    static value parse(std::string_view text, std::size_t from, std::size_t to,
                       const parse_options& options);
    static prefix parse_prefix(std::string_view text, const parse_options& options);

private:
    static parse_options plain(const parse_options& options);
};

/// JSON5. The text's UTF-8 is checked.
value parse_relaxed(std::string_view text, std::size_t from, std::size_t to,
                    const parse_options& options);
prefix parse_relaxed_prefix(std::string_view text, const parse_options& options);

/// What the hooks make of a value.
value apply_hooks(const value& parsed, const parse_hooks& hooks);

}  // namespace ferry::json::detail
