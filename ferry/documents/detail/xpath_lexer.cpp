#include "ferry/documents/detail/xpath_lexer.hpp"

#include "ferry/documents/detail/xpath_names.hpp"
#include "ferry/documents/detail/xpath_number.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace ferry::xpath::detail {

namespace {

class lexer {
public:
    explicit lexer(std::string_view text) : text_(text) {}

    std::vector<token> all()
    {
        for (;;) {
            while (at_ < text_.size() && is_space(text_[at_])) ++at_;
            if (at_ == text_.size()) break;
            next();
        }
        add(token_kind::end, 0);
        return std::move(tokens_);
    }

private:
    char peek(std::size_t ahead = 0) const noexcept
    {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }

    void add(token_kind kind, std::size_t length, std::string_view text = {},
             std::string_view prefix = {})
    {
        tokens_.push_back({kind, static_cast<std::uint32_t>(at_), prefix, text});
        at_ += length;
    }

    /// Whether the token before lets an operator follow (section 3.7).
    bool expects_operator() const noexcept
    {
        if (tokens_.empty()) return false;
        const token_kind before = tokens_.back().kind;
        return before == token_kind::close_paren || before == token_kind::close_bracket ||
               before == token_kind::dot || before == token_kind::dot_dot ||
               before == token_kind::name || before == token_kind::wildcard ||
               before == token_kind::literal || before == token_kind::number ||
               before == token_kind::variable;
    }

    void next()
    {
        struct row {
            std::string_view text;
            token_kind kind;
        };
        static constexpr std::array<row, 18> symbols{{
            {"//", token_kind::slash_slash},
            {"!=", token_kind::not_equal},
            {"<=", token_kind::less_equal},
            {">=", token_kind::greater_equal},
            {"..", token_kind::dot_dot},
            {"(", token_kind::open_paren},
            {")", token_kind::close_paren},
            {"[", token_kind::open_bracket},
            {"]", token_kind::close_bracket},
            {"@", token_kind::at},
            {",", token_kind::comma},
            {"/", token_kind::slash},
            {"|", token_kind::pipe},
            {"+", token_kind::plus},
            {"-", token_kind::minus},
            {"=", token_kind::equal},
            {"<", token_kind::less},
            {">", token_kind::greater},
        }};
        const char c = peek();
        if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
        if (c == '"' || c == '\'') return literal(c);
        if (c == '$') return variable();
        if (c == '*') {
            return expects_operator() ? add(token_kind::multiply, 1) : add(token_kind::wildcard, 1);
        }
        if (starts_name(c)) return name();
        for (const row& r : symbols) {
            if (text_.substr(at_).starts_with(r.text)) return add(r.kind, r.text.size());
        }
        if (c == '.') return add(token_kind::dot, 1);
        if (c == '!') fail(text_, at_, "'!' is no operator: write '!=' or not(...)");
        if (c == '&') fail(text_, at_, "'&' is no operator: write 'and'");
        if (c == ':') fail(text_, at_, "':' without a name before it");
        const bool is_printable = c > ' ' && c < 0x7F;
        fail(text_, at_,
             is_printable ? std::string("unexpected character '") + c + "'"
                          : std::string("unexpected control character"));
    }

    void number()
    {
        std::size_t length = 0;
        while (is_digit(peek(length))) ++length;
        if (peek(length) == '.') {
            ++length;
            while (is_digit(peek(length))) ++length;
        }
        // An exponent, as libxml2 takes it: nothing else can be meant.
        if (peek(length) == 'e' || peek(length) == 'E') {
            const bool has_sign = peek(length + 1) == '+' || peek(length + 1) == '-';
            std::size_t end = length + (has_sign ? 2 : 1);
            if (is_digit(peek(end))) {
                while (is_digit(peek(end))) ++end;
                length = end;
            }
        }
        add(token_kind::number, length, text_.substr(at_, length));
    }

    void literal(char quote)
    {
        const std::size_t end = text_.find(quote, at_ + 1);
        if (end == std::string_view::npos) {
            fail(text_, at_, std::string("the literal has no closing ") + quote);
        }
        add(token_kind::literal, end + 1 - at_, text_.substr(at_ + 1, end - at_ - 1));
    }

    std::string_view ncname(std::size_t from) const noexcept
    {
        if (from >= text_.size() || !starts_name(text_[from])) return {};
        std::size_t end = from + 1;
        while (end < text_.size() && continues_name(text_[end])) ++end;
        return text_.substr(from, end - from);
    }

    void variable()
    {
        std::size_t length = ncname(at_ + 1).size();
        if (length == 0) fail(text_, at_, "'$' needs a name after it");
        if (peek(1 + length) == ':') {
            const std::size_t local = ncname(at_ + 1 + length + 1).size();
            if (local > 0) length += 1 + local;
        }
        add(token_kind::variable, 1 + length, text_.substr(at_ + 1, length));
    }

    void name()
    {
        const std::string_view first = ncname(at_);
        if (expects_operator()) {
            static constexpr std::array<std::pair<std::string_view, token_kind>, 4> operators{{
                {"or", token_kind::or_},
                {"and", token_kind::and_},
                {"div", token_kind::divide},
                {"mod", token_kind::modulo},
            }};
            for (const auto& [text, kind] : operators) {
                if (first == text) return add(kind, first.size());
            }
            fail(text_, at_, "expected an operator or the end, found '" + std::string(first) + "'");
        }

        std::size_t length = first.size();
        std::string_view prefix;
        std::string_view local = first;
        if (peek(length) == ':' && peek(length + 1) != ':') {
            prefix = first;
            if (peek(length + 1) == '*') {
                return add(token_kind::wildcard, length + 2, {}, prefix);
            }
            local = ncname(at_ + length + 1);
            if (local.empty()) fail(text_, at_ + length, "':' needs a name or '*' after it");
            length += 1 + local.size();
        }

        std::size_t after = at_ + length;
        while (after < text_.size() && is_space(text_[after])) ++after;
        if (text_.substr(after).starts_with("::")) {
            if (!prefix.empty()) fail(text_, at_, "an axis has no prefix");
            return add(token_kind::axis_name, after + 2 - at_, local);
        }
        if (after < text_.size() && text_[after] == '(') {
            const bool is_type =
                prefix.empty() && (local == "node" || local == "text" || local == "comment" ||
                                   local == "processing-instruction");
            return add(is_type ? token_kind::node_type : token_kind::function_name, length, local,
                       prefix);
        }
        add(token_kind::name, length, local, prefix);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<token> tokens_;
};

}  // namespace

std::vector<token> tokenize(std::string_view text)
{
    return lexer(text).all();
}

void fail(std::string_view text, std::size_t offset, std::string_view message)
{
    constexpr std::size_t shown_before = 50;
    constexpr std::size_t shown_after = 28;
    const auto is_continuation = [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    };
    offset = std::min(offset, text.size());
    std::size_t begin = text.rfind('\n', offset == 0 ? 0 : offset - 1);
    begin = begin == std::string_view::npos || begin >= offset ? 0 : begin + 1;
    if (offset - begin > shown_before) begin = offset - shown_before;
    while (begin < offset && is_continuation(text[begin])) ++begin;
    std::size_t end = std::min(text.find('\n', offset), text.size());
    end = std::min(end, offset + shown_after);
    while (end < text.size() && is_continuation(text[end])) ++end;

    std::string excerpt(text.substr(begin, end - begin));
    std::replace_if(excerpt.begin(), excerpt.end(), [](char c) { return c >= 0 && c < ' '; }, ' ');
    excerpt += '\n';
    for (std::size_t i = begin; i < offset; ++i) {
        if (!is_continuation(text[i])) excerpt += ' ';
    }
    excerpt += '^';
    throw parse_error(errc::malformed, "XPath: " + std::string(message), position_of(text, offset),
                      std::move(excerpt));
}

}  // namespace ferry::xpath::detail
