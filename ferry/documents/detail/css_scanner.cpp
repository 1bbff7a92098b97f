#include "ferry/documents/detail/css_scanner.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/utf8.hpp"

#include <algorithm>

namespace ferry::css::detail {

namespace {

constexpr bool is_hex(char c) noexcept
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

constexpr char32_t hex_value(char c) noexcept
{
    return static_cast<char32_t>(is_digit(c) ? c - '0' : lower(c) - 'a' + 10);
}

constexpr bool is_name_start(char c) noexcept
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::string lowered(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

void scanner::fail(std::string_view message, std::size_t at) const
{
    constexpr std::size_t shown_before = 50;
    constexpr std::size_t shown_after = 28;
    const auto is_continuation = [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
    };
    at = std::min(at, text_.size());
    std::size_t begin = at == 0 ? 0 : text_.rfind('\n', at - 1) + 1;
    if (at - begin > shown_before) begin = at - shown_before;
    while (begin < at && is_continuation(text_[begin])) ++begin;
    std::size_t end = std::min({text_.find('\n', at), text_.size(), at + shown_after});
    while (end < text_.size() && is_continuation(text_[end])) ++end;

    std::string excerpt(text_.substr(begin, end - begin));
    std::replace_if(excerpt.begin(), excerpt.end(), [](char c) { return c >= 0 && c < ' '; }, ' ');
    excerpt += '\n';
    for (std::size_t i = begin; i < at; ++i)
        if (!is_continuation(text_[i])) excerpt += ' ';
    excerpt += '^';
    throw parse_error(errc::malformed, "selector: " + std::string(message), position_of(text_, at),
                      std::move(excerpt));
}

void scanner::expect(char c, std::string_view why)
{
    if (!take(c)) fail(std::string("expected '") + c + "' " + std::string(why));
}

bool scanner::skip_space()
{
    bool found = false;
    for (;;) {
        if (!at_end() && is_space(peek())) {
            found = true;
            ++at_;
        } else if (peek() == '/' && peek(1) == '*') {
            skip_comment();
        } else {
            return found;
        }
    }
}

void scanner::skip_comment()
{
    const std::size_t end = text_.find("*/", at_ + 2);
    if (end == std::string_view::npos) fail("the comment has no end");
    at_ = end + 2;
}

void scanner::skip_part() noexcept
{
    std::string open;  // the brackets that are to be closed
    for (; !at_end(); ++at_) {
        const char c = peek();
        if (open.empty() && (c == ',' || c == ')')) return;
        if (c == '\\') {
            at_ += at_ + 1 < text_.size() ? 1 : 0;
        } else if (c == '"' || c == '\'') {
            // A string that a line end cuts off ends there.
            for (++at_; !at_end() && peek() != c && peek() != '\n'; ++at_)
                if (peek() == '\\' && at_ + 1 < text_.size()) ++at_;
            if (at_end()) return;
        } else if (c == '/' && peek(1) == '*') {
            at_ = std::min(text_.find("*/", at_ + 2), text_.size() - 1);
            at_ += at_ + 1 < text_.size() ? 1 : 0;
        } else if (c == '(' || c == '[' || c == '{') {
            open += c == '(' ? ')' : c == '[' ? ']' : '}';
        } else if (!open.empty() && c == open.back()) {
            open.pop_back();
        }
    }
}

bool scanner::starts_name(std::size_t ahead) const noexcept
{
    if (at_ + ahead >= text_.size()) return false;
    const char c = text_[at_ + ahead];
    return is_name_start(c) || c == '\0' || is_escape(ahead);
}

bool scanner::continues_name(std::size_t ahead) const noexcept
{
    return starts_name(ahead) || is_digit(peek(ahead)) || peek(ahead) == '-';
}

bool scanner::at_name() const noexcept
{
    if (peek() == '-') return peek(1) == '-' || starts_name(1);
    return starts_name(0);
}

std::string scanner::name(std::string_view wanted)
{
    if (!at_name()) fail("expected " + std::string(wanted));
    std::string out;
    name_into(out);
    return out;
}

std::string scanner::hash()
{
    if (!continues_name(0)) fail("expected an id after '#'");
    std::string out;
    name_into(out);
    return out;
}

void scanner::name_into(std::string& out)
{
    while (continues_name(0)) {
        if (peek() == '\\') {
            escape_into(out);
        } else if (peek() == '\0') {
            utf8::append(out, utf8::replacement);
            ++at_;
        } else {
            out += peek();
            ++at_;
        }
    }
}

void scanner::escape_into(std::string& out)
{
    ++at_;  // the backslash
    if (!is_hex(peek())) {
        if (peek() == '\0') {
            utf8::append(out, utf8::replacement);
            ++at_;
            return;
        }
        const std::size_t size = utf8::decode(text_, at_).size;
        out += text_.substr(at_, size);
        at_ += size;
        return;
    }
    char32_t code = 0;
    for (int digits = 0; digits < 6 && is_hex(peek()); ++digits, ++at_)
        code = code * 16 + hex_value(peek());
    utf8::append(out, code == 0 ? utf8::replacement : code);
    if (peek() == '\r' && peek(1) == '\n') ++at_;
    if (!at_end() && is_space(peek())) ++at_;
}

std::string scanner::string()
{
    const std::size_t start = at_;
    const char quote = peek();
    ++at_;
    std::string out;
    for (;;) {
        if (at_end() || peek() == '\n' || peek() == '\r' || peek() == '\f')
            fail("the string has no end", start);
        const char c = peek();
        if (c == quote) break;
        if (c == '\\') {
            if (at_ + 1 == text_.size()) fail("the string has no end", start);
            if (is_escape(0)) {
                escape_into(out);
            } else {  // a line end that is escaped is none
                at_ += peek(1) == '\r' && peek(2) == '\n' ? 3 : 2;
            }
            continue;
        }
        if (c == '\0') {
            utf8::append(out, utf8::replacement);
        } else {
            out += c;
        }
        ++at_;
    }
    ++at_;
    return out;
}

}  // namespace ferry::css::detail
