#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ferry::css::detail {

constexpr bool is_space(char c) noexcept
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

constexpr bool is_digit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

constexpr char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lowered(std::string_view text);

/// Reads a selector's text by the rules of CSS Syntax Level 3: names with escapes, strings,
/// comments.
class scanner {
public:
    explicit scanner(std::string_view text) noexcept : text_(text) {}

    std::size_t offset() const noexcept { return at_; }
    bool at_end() const noexcept { return at_ == text_.size(); }
    /// The next byte, or NUL at the end; a NUL in the text is read as what it means, U+FFFD.
    char peek(std::size_t ahead = 0) const noexcept
    {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }
    void step(std::size_t n = 1) noexcept { at_ += n; }
    bool take(char c) noexcept
    {
        if (at_end() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    void expect(char c, std::string_view why);

    /// Steps over comments. \returns whether there was white space among them.
    bool skip_space();
    /// Steps over the comment that begins here.
    void skip_comment();
    /// Steps to the `,` or `)` that ends a part of a list, over strings, escapes, comments and what
    /// is in brackets.
    void skip_part() noexcept;
    bool at_name() const noexcept;
    std::string name(std::string_view wanted);
    std::string string();
    /// What may follow a `#`: as a name, but a digit may begin it.
    std::string hash();

    /// Throws the parse_error of a place; its excerpt shows the place with a caret.
    [[noreturn]] void fail(std::string_view message, std::size_t at) const;
    [[noreturn]] void fail(std::string_view message) const { fail(message, at_); }

private:
    bool is_escape(std::size_t ahead) const noexcept
    {
        return peek(ahead) == '\\' && at_ + ahead + 1 < text_.size() && peek(ahead + 1) != '\n' &&
               peek(ahead + 1) != '\r' && peek(ahead + 1) != '\f';
    }
    bool starts_name(std::size_t ahead) const noexcept;
    bool continues_name(std::size_t ahead) const noexcept;
    void name_into(std::string& out);
    void escape_into(std::string& out);

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace ferry::css::detail
