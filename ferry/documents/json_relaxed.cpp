#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/json_number.hpp"
#include "ferry/documents/detail/json_special.hpp"
#include "ferry/documents/detail/json_text.hpp"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace ferry::json {
namespace {

int hex_digit(char c) noexcept
{
    return is_digit(c)            ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool is_line_end(char32_t c) noexcept
{
    return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029;
}

bool is_space(char32_t c) noexcept
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0 || c == 0xFEFF || is_line_end(c) ||
           u_charType(static_cast<UChar32>(c)) == U_SPACE_SEPARATOR;
}

bool is_name_start(char32_t c) noexcept
{
    if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '$' || c == '_';
    return (U_GET_GC_MASK(static_cast<UChar32>(c)) & (U_GC_L_MASK | U_GC_NL_MASK)) != 0;
}

bool is_name_part(char32_t c) noexcept
{
    constexpr auto more = U_GC_MN_MASK | U_GC_MC_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
    return is_name_start(c) || (c < 0x80 && is_digit(static_cast<char>(c))) || c == 0x200C ||
           c == 0x200D || (c >= 0x80 && (U_GET_GC_MASK(static_cast<UChar32>(c)) & more) != 0);
}

/// The decimal digits of hexadecimal ones.
std::string decimal_of(std::string_view digits)
{
    std::vector<std::byte> bytes;
    for (std::size_t end = digits.size(); end > 0; end -= std::min<std::size_t>(end, 2)) {
        int byte = hex_digit(digits[end - 1]);
        if (end > 1) byte += hex_digit(digits[end - 2]) * 16;
        bytes.push_back(static_cast<std::byte>(byte));
    }
    bytes.push_back(std::byte{0});
    return big_integer::from_bytes(bytes).to_string();
}

}  // namespace

/// JSON5 in one pass without recursion, as `parser` reads JSON, but a character at a time.
class relaxed_parser {
public:
    relaxed_parser(std::string_view text, std::size_t from, std::size_t to,
                   const parse_options& options)
        : text_{text}, from_{from}, at_{from}, end_{to}, options_{options}, build_{to - from}
    {
        const std::size_t bad = utf8::find_invalid(text.substr(from, to - from));
        if (bad != std::string_view::npos) fail("Invalid UTF-8", from + bad);
    }

    value parse_all()
    {
        parse_value();
        skip_space();
        if (at_ != end_) fail("Extra data", at_);
        return build_.finish();
    }
    prefix parse_first()
    {
        parse_value();
        return {build_.finish(), at_};
    }

private:
    struct frame {
        std::size_t mark;
        bool object;
    };

    [[noreturn]] void fail(std::string_view message, std::size_t offset,
                           errc code = errc::malformed) const
    {
        throw parse_error{code, message, position_of(text_, offset), excerpt_of(text_, offset),
                          pointer_at(text_, from_, offset)};
    }
    [[noreturn]] void fail_limit(const char* name, std::size_t limit) const
    {
        limit_error e{name, limit};
        e.add_position(position_of(text_, at_));
        throw e;
    }

    char peek(std::size_t ahead = 0) const noexcept
    {
        return at_ + ahead < end_ ? text_[at_ + ahead] : '\0';
    }
    bool take(std::string_view token) noexcept
    {
        if (!text_.substr(at_, end_ - at_).starts_with(token)) return false;
        at_ += token.size();
        return true;
    }
    utf8::decoded character() const noexcept { return utf8::decode(text_, at_); }

    void skip_space()
    {
        while (at_ != end_) {
            const std::size_t start = at_;
            if (take("//")) {
                while (at_ != end_ && !is_line_end(character().code_point)) {
                    at_ += character().size;
                }
            } else if (take("/*")) {
                const std::size_t close = text_.substr(0, end_).find("*/", at_);
                if (close == std::string_view::npos) fail("Unterminated comment", start);
                at_ = close + 2;
            } else if (is_space(character().code_point)) {
                at_ += character().size;
            } else {
                return;
            }
        }
    }

    void parse_value()
    {
        skip_space();
        bool wanted = true;  // a value, not what follows one
        do {
            wanted = wanted ? parse_start() : parse_separator();
        } while (wanted || !frames_.empty());
    }

    /// \returns whether another value follows at once.
    bool parse_start()
    {
        if (peek() == '[' || peek() == '{') return open(peek() == '{');
        if (peek() == '"' || peek() == '\'') {
            parse_string();
        } else if (is_name_start(at_ == end_ ? 0 : character().code_point)) {
            parse_word(false);
        } else {
            parse_number();
        }
        return false;
    }

    bool open(bool object)
    {
        if (frames_.size() == options_.max_depth_) fail_limit("max_depth", options_.max_depth_);
        frames_.push_back({build_.mark(), object});
        ++at_;
        return parse_first_or_next();
    }

    /// Behind a bracket or a comma: an element, or the end.
    bool parse_first_or_next()
    {
        skip_space();
        const bool object = frames_.back().object;
        if (take(object ? "}" : "]")) return close();
        if (object) parse_key();
        return true;
    }

    bool parse_separator()
    {
        skip_space();
        if (take(",")) return parse_first_or_next();
        if (take(frames_.back().object ? "}" : "]")) return close();
        fail("Expecting ',' delimiter", at_);
    }

    bool close()
    {
        const auto [mark, object] = frames_.back();
        frames_.pop_back();
        if (!object) {
            build_.array(mark);
            return false;
        }
        const std::size_t members = (build_.mark() - mark) / 2;
        const auto again = build_.object(mark, options_.duplicates_);
        if (again) fail("Duplicate key", keys_[keys_.size() - members + *again]);
        keys_.resize(keys_.size() - members);
        return false;
    }

    void parse_key()
    {
        keys_.push_back(at_);
        if (peek() == '"' || peek() == '\'') {
            parse_string();
        } else {
            build_.string(parse_name());
        }
        skip_space();
        if (!take(":")) fail("Expecting ':' delimiter", at_);
        skip_space();
    }

    /// An ECMAScript 5.1 IdentifierName, whose letters may be escaped.
    std::string parse_name()
    {
        std::string name;
        while (at_ != end_) {
            const std::size_t start = at_;
            char32_t c = character().code_point;
            if (take("\\u")) {
                c = parse_hex(4);
            } else {
                at_ += character().size;
            }
            if (name.empty() ? !is_name_start(c) : !is_name_part(c)) {
                if (text_[start] == '\\') fail("Invalid \\uXXXX escape", start);
                at_ = start;
                break;
            }
            utf8::append(name, c);
        }
        if (name.empty()) fail("Expecting property name", at_);
        return name;
    }

    /// \param negative  a minus is in front.
    void parse_word(bool negative)
    {
        const std::size_t start = at_;
        const std::string word = parse_name();
        constexpr double infinity = std::numeric_limits<double>::infinity();
        if (word == "Infinity") return build_.real(negative ? -infinity : infinity);
        if (word == "NaN") return build_.real(std::nan(""));
        if (word == "true" || word == "false") return build_.boolean(word == "true");
        if (word == "null") return build_.null();
        fail("Expecting value", start);
    }

    void parse_number()
    {
        const std::size_t start = at_;
        const bool negative = take("-");
        if (!negative) take("+");
        if (at_ != end_ && (peek() == 'I' || peek() == 'N')) return parse_word(negative);
        if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) {
            parse_hexadecimal(negative, start);
        } else {
            parse_decimal(negative, start);
        }
        if (at_ != end_ && is_name_part(character().code_point)) fail("Invalid number", start);
    }

    void parse_hexadecimal(bool negative, std::size_t start)
    {
        at_ += 2;
        const std::size_t first = at_;
        while (hex_digit(peek()) >= 0) ++at_;
        const std::string_view digits = text_.substr(first, at_ - first);
        if (digits.empty()) fail("Invalid number", start);
        if (digits.size() > options_.max_digits_) fail_limit("max_digits", options_.max_digits_);
        put_integer((negative ? "-" : "") + decimal_of(digits));
    }

    /// Makes JSON's form of a number: no plus, digits on both sides of the point.
    void parse_decimal(bool negative, std::size_t start)
    {
        std::string number = negative ? "-" : "";
        const std::size_t first = at_;
        while (is_digit(peek())) ++at_;
        const std::string_view whole = text_.substr(first, at_ - first);
        if (whole.size() > 1 && whole[0] == '0') fail("Invalid number", start);
        number += whole.empty() ? "0" : whole;
        bool is_whole = true;
        if (take(".")) {
            const std::size_t point = at_;
            while (is_digit(peek())) ++at_;
            const std::string_view fraction = text_.substr(point, at_ - point);
            if (whole.empty() && fraction.empty()) fail("Expecting value", start);
            number += '.';
            number += fraction.empty() ? "0" : fraction;
            is_whole = false;
        } else if (whole.empty()) {
            fail("Expecting value", start);
        }
        if (peek() == 'e' || peek() == 'E') {
            number += text_[at_++];
            if (peek() == '+' || peek() == '-') number += text_[at_++];
            if (!is_digit(peek())) fail("Invalid number", start);
            while (is_digit(peek())) number += text_[at_++];
            is_whole = false;
        }
        if (!is_whole) return put_real(number, start);
        if (whole.size() > options_.max_digits_) fail_limit("max_digits", options_.max_digits_);
        put_integer(number);
    }

    void put_integer(const std::string& digits)
    {
        const value n = value::integer(digits);
        if (n.is_big()) {
            build_.big_integer(n.to<std::string>());
        } else {
            build_.integer(n.as<std::int64_t>());
        }
    }

    void put_real(const std::string& number, std::size_t start)
    {
        if (options_.decimals_) return build_.decimal(number);
        const double n =
            to_double(scan_number(number.data(), number.data() + number.size()), number.data());
        if (std::isinf(n) && !options_.overflow_) {
            fail("Number out of range", start, errc::out_of_range);
        }
        build_.real(n);
    }

    void parse_string()
    {
        const std::size_t start = at_;
        const char quote = text_[at_++];
        std::string made;
        for (;;) {
            const std::size_t plain = std::min(
                text_.substr(0, end_).find_first_of(quote == '"' ? "\"\\\n\r" : "'\\\n\r", at_),
                end_);
            made += text_.substr(at_, plain - at_);
            at_ = plain;
            if (at_ == end_) fail("Unterminated string starting at", start);
            if (text_[at_] == quote) break;
            if (text_[at_] == '\\') {
                parse_escape(made, start);
            } else if (options_.strict_) {
                fail("Invalid control character at", at_);
            } else {
                made += text_[at_++];
            }
        }
        if (made.size() > options_.max_string_bytes_) {
            at_ = start;
            fail_limit("max_string_bytes", options_.max_string_bytes_);
        }
        ++at_;
        build_.string(made);
    }

    void parse_escape(std::string& made, std::size_t string_start)
    {
        const std::size_t start = at_++;
        if (at_ == end_) fail("Unterminated string starting at", string_start);
        const char c = peek();
        constexpr std::string_view names = "bfnrtv";
        constexpr std::string_view meant = "\b\f\n\r\t\v";
        if (const auto i = names.find(c); i != std::string_view::npos) {
            made += meant[i];
            ++at_;
        } else if (c == 'u') {
            parse_unicode(made, start);
        } else if (c == 'x') {
            ++at_;
            utf8::append(made, parse_hex(2));
        } else if (c == '0' && !is_digit(peek(1))) {
            made += '\0';
            ++at_;
        } else if (is_digit(c)) {
            fail("Invalid \\escape", start);
        } else if (is_line_end(character().code_point)) {
            // The line goes on: nothing is put.
            if (!take("\r\n")) at_ += character().size;
        } else {
            made += text_.substr(at_, character().size);
            at_ += character().size;
        }
    }

    /// At the u.
    void parse_unicode(std::string& made, std::size_t start)
    {
        ++at_;
        char32_t c = parse_hex(4);
        if (c >= 0xD800 && c < 0xDC00 && peek() == '\\' && peek(1) == 'u') {
            const std::size_t before = at_;
            at_ += 2;
            const char32_t low = parse_hex(4);
            if (low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10U) + (low - 0xDC00);
            } else {
                at_ = before;
            }
        }
        if (c >= 0xD800 && c < 0xE000) {
            if (options_.surrogates_ == surrogates::error) {
                fail("Unpaired surrogate in \\uXXXX escape", start);
            }
            if (options_.surrogates_ == surrogates::replace) c = utf8::replacement;
        }
        std::array<char, 4> encoded{};
        made.append(encoded.data(), put_code_point(encoded.data(), c));
    }

    char32_t parse_hex(int digits)
    {
        const std::size_t start = at_ - 1;
        std::uint32_t c = 0;
        for (int i = 0; i < digits; ++i) {
            const int digit = hex_digit(peek());
            if (digit < 0)
                fail(digits == 4 ? "Invalid \\uXXXX escape" : "Invalid \\xXX escape", start);
            c = c << 4U | static_cast<std::uint32_t>(digit);
            ++at_;
        }
        return static_cast<char32_t>(c);
    }

    std::string_view text_;
    std::size_t from_;
    std::size_t at_;
    std::size_t end_;
    const parse_options& options_;
    value_builder build_;
    std::vector<frame> frames_;
    std::vector<std::size_t> keys_;  // where the names of open objects began
};

value detail::parse_relaxed(std::string_view text, std::size_t from, std::size_t to,
                            const parse_options& options)
{
    return relaxed_parser{text, from, to, options}.parse_all();
}

prefix detail::parse_relaxed_prefix(std::string_view text, const parse_options& options)
{
    return relaxed_parser{text, 0, text.size(), options}.parse_first();
}

}  // namespace ferry::json
