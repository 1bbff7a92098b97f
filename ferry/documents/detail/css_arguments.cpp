#include "ferry/documents/detail/css_arguments.hpp"

#include <utility>

namespace ferry::css::detail {

namespace {

std::int32_t digits(scanner& from, bool negative)
{
    constexpr std::int32_t most = 1'000'000'000;
    std::int32_t n = 0;
    for (; is_digit(from.peek()); from.step())
        n = n > most / 10 - 1 ? most : n * 10 + (from.peek() - '0');
    return negative ? -n : n;
}

std::int32_t signless(scanner& in, bool negative)
{
    in.skip_space();
    if (!is_digit(in.peek())) in.fail("expected a number");
    return digits(in, negative);
}

std::string name_or_string(scanner& in, std::string_view wanted)
{
    const char c = in.peek();
    return c == '"' || c == '\'' ? in.string() : in.name(wanted);
}

/// `/pattern/flags`, or the pattern as a string.
void regex(scanner& in, simple& out)
{
    const std::size_t start = in.offset();
    RE2::Options how;
    how.set_log_errors(false);
    how.set_max_mem(1 << 20);
    std::string pattern;
    if (in.peek() == '"' || in.peek() == '\'') {
        pattern = in.string();
    } else {
        in.expect('/', "or a string: ':matches-text(/a+b/i)'");
        bool in_class = false;
        for (; in_class || in.peek() != '/'; in.step()) {
            if (in.at_end()) in.fail("the regular expression has no closing '/'", start);
            if (in.peek() == '\\' && in.peek(1) != '\0') {
                if (in.peek(1) != '/') pattern += '\\';
                in.step();
            } else if (in.peek() == '[' || in.peek() == ']') {
                in_class = in.peek() == '[';
            }
            pattern += in.peek();
        }
        in.step();
        for (; in.at_name(); in.step()) {
            if (in.peek() == 'i')
                how.set_case_sensitive(false);
            else if (in.peek() == 's')
                how.set_dot_nl(true);
            else if (in.peek() == 'm')
                pattern.insert(0, "(?m)");
            else
                in.fail("the flags of a regular expression are i, m and s");
        }
    }
    auto made = std::make_shared<const RE2>(pattern, how);
    if (!made->ok()) in.fail("regular expression: " + made->error(), start);
    out.pattern = std::move(made);
}

}  // namespace

void read_an_plus_b(scanner& in, simple& out)
{
    const std::size_t at = in.offset();
    const auto wrong = [&] { in.fail("expected a number, 'odd', 'even' or an+b", at); };
    const char sign = in.peek() == '-' || in.peek() == '+' ? in.peek() : '\0';
    if (sign != '\0') in.step();
    const bool has_digits = is_digit(in.peek());
    const std::int32_t number = has_digits ? digits(in, sign == '-') : sign == '-' ? -1 : 1;
    if (!in.at_name()) {
        if (!has_digits) wrong();
        out.b = number;
        return;
    }
    const std::string word = lowered(in.name("an+b"));
    if (sign == '\0' && !has_digits && (word == "odd" || word == "even")) {
        out.a = 2;
        out.b = word == "odd" ? 1 : 0;
        return;
    }
    if (word.front() != 'n') wrong();
    out.a = number;
    if (word.size() == 1) {
        const scanner after_n = in;
        in.skip_space();
        const char second = in.peek();
        if (second == '+' || second == '-') {
            in.step();
            out.b = signless(in, second == '-');
        } else {
            in = after_n;
        }
    } else if (word == "n-") {
        out.b = signless(in, true);
    } else {
        scanner rest(std::string_view(word).substr(2));
        if (word[1] != '-' || !is_digit(rest.peek())) wrong();
        out.b = digits(rest, true);
        if (!rest.at_end()) wrong();
    }
}

void read_text_argument(scanner& in, simple& out)
{
    switch (out.what) {
        case test::lang:
            do {
                in.skip_space();
                std::string range = in.take('*') ? "*" : "";
                if (range.empty() || in.at_name()) range += name_or_string(in, "a language");
                out.words.push_back(lowered(range));
                in.skip_space();
            } while (in.take(','));
            return;
        case test::dir: out.value = lowered(in.name("'ltr' or 'rtl'")); return;
        case test::matches_text: regex(in, out); return;
        default: break;
    }
    const std::size_t at = in.offset();
    out.value = name_or_string(in, "a string");
    in.skip_space();
    if (in.peek() != ')') in.fail("write the text in quotes", at);
    if (out.what == test::icontains) out.value = lowered(out.value);
}

}  // namespace ferry::css::detail
