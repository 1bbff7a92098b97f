#include "ferry/amqp/detail/python_literal.hpp"

#include "ferry/core/error.hpp"

#include <charconv>
#include <cstdint>
#include <string>

namespace ferry::amqp::detail {
namespace {

constexpr int max_depth = 8;

class reader {
public:
    explicit reader(std::string_view text) : whole_{text}, rest_{text} {}

    value dictionary(int depth)
    {
        if (depth > max_depth) fail("dictionaries are nested too deep");
        expect('{');
        value made = value::object();
        while (!take('}')) {
            std::string name = text();
            expect(':');
            made.insert(name, any(depth));
            if (!take(',')) {
                expect('}');
                break;
            }
        }
        return made;
    }
    void end()
    {
        skip();
        if (!rest_.empty()) fail("something is behind the dictionary");
    }

private:
    value any(int depth)
    {
        skip();
        if (rest_.starts_with('{')) return dictionary(depth + 1);
        if (rest_.starts_with('\'') || rest_.starts_with('"')) return value(text());
        if (take_word("True")) return value(true);
        if (take_word("False")) return value(false);
        if (take_word("None")) return value();
        return number();
    }

    value number()
    {
        const char* const begin = rest_.data();
        const char* const last = begin + rest_.size();
        std::int64_t whole = 0;
        double real = 0;
        const auto as_whole = std::from_chars(begin, last, whole);
        const auto as_real = std::from_chars(begin, last, real);
        if (as_real.ec != std::errc()) fail("no text, number, True, False, None or dictionary");
        rest_.remove_prefix(static_cast<std::size_t>(as_real.ptr - begin));
        if (as_whole.ec == std::errc() && as_whole.ptr == as_real.ptr) return value(whole);
        return value(real);
    }

    std::string text()
    {
        skip();
        const char quote = rest_.empty() ? '\0' : rest_.front();
        if (quote != '\'' && quote != '"') fail("a text is missing");
        rest_.remove_prefix(1);
        std::string made;
        for (;;) {
            if (rest_.empty()) fail("a text has no end");
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == quote) return made;
            made += c == '\\' ? escaped() : c;
        }
    }

    char escaped()
    {
        constexpr std::string_view names = "\\'\"nrt";
        constexpr std::string_view meant = "\\'\"\n\r\t";
        const auto at = rest_.empty() ? names.npos : names.find(rest_.front());
        if (at == names.npos) fail("an unknown escape");
        rest_.remove_prefix(1);
        return meant[at];
    }

    void skip()
    {
        while (rest_.starts_with(' ')) rest_.remove_prefix(1);
    }
    bool take_word(std::string_view word)
    {
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }
    bool take(char c)
    {
        skip();
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(char c)
    {
        if (!take(c)) fail(std::string("'") + c + "' is missing");
    }
    [[noreturn]] void fail(const std::string& why) const
    {
        text_position where;
        where.offset = whole_.size() - rest_.size();
        throw parse_error(ferry::errc::malformed, "Python dictionary: " + why, where);
    }

    std::string_view whole_;
    std::string_view rest_;
};

}  // namespace

value parse_python_dictionary(std::string_view text)
{
    reader r(text);
    value made = r.dictionary(1);
    r.end();
    return made;
}

}  // namespace ferry::amqp::detail
