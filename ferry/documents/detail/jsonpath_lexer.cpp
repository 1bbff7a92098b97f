#include "ferry/documents/detail/jsonpath_lexer.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/documents/json.hpp"

#include <charconv>

namespace ferry::jsonpath::detail {

void lexer::fail(std::string_view message, std::size_t offset) const
{
    throw parse_error{errc::malformed, "JSONPath: " + std::string{message},
                      position_of(text_, offset), std::string{text_}};
}

void lexer::expect(std::string_view token)
{
    if (!take(token)) fail("expected " + std::string{token});
}

void lexer::skip_space() noexcept
{
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
}

void lexer::digits()
{
    if (!is_digit(peek())) fail("expected a digit");
    while (is_digit(peek())) ++at_;
}

std::int64_t lexer::integer()
{
    constexpr std::int64_t most = (std::int64_t{1} << 53U) - 1;
    const std::size_t start = at_;
    const bool negative = take("-");
    const bool zero = peek() == '0';
    digits();
    const std::string_view taken = text_.substr(start, at_ - start);
    if (zero && (negative || taken.size() > 1)) fail("an integer without leading zeros", start);
    std::int64_t n = 0;
    const auto [end, problem] = std::from_chars(taken.data(), taken.data() + taken.size(), n);
    if (problem != std::errc{} || n > most || n < -most) {
        fail("an integer beyond 2^53 - 1", start);
    }
    return n;
}

value lexer::number()
{
    const std::size_t start = at_;
    take("-");
    const bool zero = peek() == '0';
    const std::size_t first = at_;
    digits();
    if (zero && at_ - first > 1) fail("a number without leading zeros", start);
    if (take(".")) digits();
    if (take("e") || take("E")) {
        if (!take("+")) take("-");
        digits();
    }
    return json::parse(text_.substr(start, at_ - start),
                       json::parse_options().overflow_to_infinity());
}

std::string lexer::string()
{
    const std::size_t start = at_;
    const char quote = text_[at_++];
    std::string taken;
    for (;;) {
        if (at_end()) fail("a string without its end", start);
        const char c = peek();
        if (c == quote) break;
        if (c == '\\') {
            escape(quote, taken);
        } else if (static_cast<unsigned char>(c) < 0x20) {
            fail("a control character in a string");
        } else {
            taken += c;
            ++at_;
        }
    }
    ++at_;
    return taken;
}

void lexer::escape(char quote, std::string& into)
{
    const std::size_t start = at_++;
    const char c = peek();
    ++at_;
    constexpr std::string_view names = "bfnrt/\\";
    constexpr std::string_view meant = "\b\f\n\r\t/\\";
    if (c == quote) {
        into += c;
    } else if (const auto i = names.find(c); c != '\0' && i != std::string_view::npos) {
        into += meant[i];
    } else if (c == 'u') {
        std::uint32_t code = hex();
        if (code >= 0xD800 && code < 0xDC00 && take("\\u")) {
            const std::uint32_t low = hex();
            if (low < 0xDC00 || low > 0xDFFF) fail("a surrogate without its other half", start);
            code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
        } else if (code >= 0xD800 && code < 0xE000) {
            fail("a surrogate without its other half", start);
        }
        utf8::append(into, static_cast<char32_t>(code));
    } else {
        fail("no such escape", start);
    }
}

std::uint32_t lexer::hex()
{
    std::uint32_t code = 0;
    const std::string_view four = text_.substr(at_, 4);
    const auto [end, problem] = std::from_chars(four.data(), four.data() + four.size(), code, 16);
    if (four.size() != 4 || problem != std::errc{} || end != four.data() + 4) {
        fail("expected four hexadecimal digits");
    }
    at_ += 4;
    return code;
}

std::string lexer::member_name()
{
    const std::size_t start = at_;
    const auto is_first = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               static_cast<unsigned char>(c) >= 0x80;
    };
    if (!is_first(peek())) fail("expected a name");
    while (is_first(peek()) || is_digit(peek())) ++at_;
    return std::string{text_.substr(start, at_ - start)};
}

std::string_view lexer::function_name() noexcept
{
    const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
    const std::size_t start = at_;
    if (!is_lower(peek())) return {};
    while (is_lower(peek()) || is_digit(peek()) || peek() == '_') ++at_;
    return text_.substr(start, at_ - start);
}

}  // namespace ferry::jsonpath::detail
