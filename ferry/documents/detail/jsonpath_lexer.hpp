#pragma once

#include "ferry/core/value.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ferry::jsonpath::detail {

/// The terminals of RFC 9535's grammar, read from left to right.
class lexer {
public:
    explicit lexer(std::string_view text) noexcept : text_{text} {}

    std::size_t offset() const noexcept { return at_; }
    void go_to(std::size_t offset) noexcept { at_ = offset; }
    bool at_end() const noexcept { return at_ == text_.size(); }
    char peek() const noexcept { return at_end() ? '\0' : text_[at_]; }
    bool at(std::string_view token) const noexcept { return text_.substr(at_).starts_with(token); }
    bool take(std::string_view token) noexcept
    {
        if (!at(token)) return false;
        at_ += token.size();
        return true;
    }
    void expect(std::string_view token);
    void skip_space() noexcept;

    bool at_integer() const noexcept { return peek() == '-' || is_digit(peek()); }
    bool at_string() const noexcept { return peek() == '"' || peek() == '\''; }

    /// An integer between -(2^53)+1 and (2^53)-1, without leading zeros, not `-0`.
    std::int64_t integer();
    value number();
    std::string string();
    /// Behind a dot.
    std::string member_name();
    /// `[a-z][a-z0-9_]*`, or empty.
    std::string_view function_name() noexcept;

    [[noreturn]] void fail(std::string_view message) const { fail(message, at_); }
    [[noreturn]] void fail(std::string_view message, std::size_t offset) const;

private:
    static bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
    void digits();
    void escape(char quote, std::string& into);
    std::uint32_t hex();

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace ferry::jsonpath::detail
