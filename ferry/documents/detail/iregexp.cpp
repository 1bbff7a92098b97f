#include "ferry/documents/detail/iregexp.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/utf8.hpp"

#include <re2/re2.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <cstdint>

namespace ferry::jsonpath::detail {
namespace {

constexpr std::int64_t max_program_bytes = std::int64_t{8} << 20;

std::string hex(char32_t c)
{
    constexpr char digits[] = "0123456789ABCDEF";
    std::string text;
    do {
        text.insert(text.begin(), digits[c & 15U]);
        c >>= 4U;
    } while (c != 0);
    return "\\x{" + text + "}";
}

std::string quoted(char32_t c)
{
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return plain ? std::string(1, static_cast<char>(c)) : hex(c);
}

/// The code points that Unicode has not assigned, as the ranges of a class: RE2 lacks `\p{Cn}`.
const std::string& unassigned()
{
    static const std::string ranges = [] {
        std::string made;
        u_enumCharTypes(
            [](const void* into, UChar32 start, UChar32 limit, UCharCategory type) -> UBool {
                if (type != U_UNASSIGNED) return true;
                auto& to = *static_cast<std::string*>(const_cast<void*>(into));
                to +=
                    hex(static_cast<char32_t>(start)) + "-" + hex(static_cast<char32_t>(limit - 1));
                return true;
            },
            &made);
        return made;
    }();
    return ranges;
}

constexpr std::string_view assigned_but_other = R"(\p{L}\p{M}\p{N}\p{P}\p{S}\p{Z})";

/// From left to right, without recursion: groups are only counted.
class translator {
public:
    explicit translator(std::string_view text) : rest_{text} {}

    std::optional<std::string> translate()
    {
        if (!utf8::valid(rest_)) return std::nullopt;
        while (!rest_.empty()) {
            if (!take_atom()) return std::nullopt;
        }
        if (open_ != 0) return std::nullopt;
        return std::move(out_);
    }

private:
    bool at(char c) const noexcept { return rest_.starts_with(c); }
    bool take(char c) noexcept
    {
        if (!at(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    char32_t next() noexcept
    {
        const auto [c, size, valid] = utf8::decode(rest_);
        rest_.remove_prefix(size);
        return c;
    }

    /// A branch's end, a group's start or end, or an atom with its quantifier.
    bool take_atom()
    {
        if (take('|')) {
            out_ += '|';
            return true;
        }
        if (take('(')) {
            out_ += "(?:";
            ++open_;
            return true;
        }
        if (take(')')) {
            if (open_ == 0) return false;
            --open_;
            out_ += ')';
            return take_quantifier();
        }
        if (take('.')) {
            out_ += R"([^\n\r])";
        } else if (take('^')) {
            out_ += "(?:^)";
        } else if (take('$')) {
            out_ += "(?:$)";
        } else if (take('[')) {
            if (!take_class()) return false;
        } else if (at('\\')) {
            if (!take_escape(false)) return false;
        } else if (std::string_view{"*+?{}]"}.find(rest_[0]) != std::string_view::npos) {
            return false;
        } else {
            out_ += quoted(next());
        }
        return take_quantifier();
    }

    bool take_quantifier()
    {
        for (const char c : {'*', '+', '?'}) {
            if (take(c)) {
                out_ += c;
                return true;
            }
        }
        if (!take('{')) return true;
        const auto least = take_count();
        if (!least) return false;
        out_ += '{' + *least;
        if (take(',')) {
            out_ += ',';
            if (!at('}')) {
                const auto most = take_count();
                if (!most || is_less(*most, *least)) return false;
                out_ += *most;
            }
        }
        out_ += '}';
        return take('}');
    }
    /// Digits without leading zeros.
    std::optional<std::string> take_count()
    {
        const std::size_t end = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
        if (end == 0) return std::nullopt;
        const std::size_t first = std::min(rest_.find_first_not_of('0'), end - 1);
        std::string digits{rest_.substr(first, end - first)};
        rest_.remove_prefix(end);
        return digits;
    }
    static bool is_less(const std::string& a, const std::string& b) noexcept
    {
        return a.size() != b.size() ? a.size() < b.size() : a < b;
    }

    /// `\n`, `\.` or `\p{Lu}`.
    bool take_escape(bool in_class)
    {
        if (rest_.size() > 1 && (rest_[1] == 'p' || rest_[1] == 'P'))
            return take_category(in_class);
        const auto c = take_escaped_character();
        if (!c) return false;
        out_ += quoted(*c);
        return true;
    }
    std::optional<char32_t> take_escaped_character()
    {
        rest_.remove_prefix(1);
        if (rest_.empty()) return std::nullopt;
        const char c = rest_[0];
        rest_.remove_prefix(1);
        if (c == 'n') return U'\n';
        if (c == 'r') return U'\r';
        if (c == 't') return U'\t';
        if (std::string_view{"()*+-.?[\\]^{|}"}.find(c) == std::string_view::npos) {
            return std::nullopt;
        }
        return static_cast<char32_t>(c);
    }

    bool take_category(bool in_class)
    {
        const bool complement = rest_[1] == 'P';
        rest_.remove_prefix(2);
        const std::size_t end = rest_.find('}');
        if (!at('{') || end == std::string_view::npos) return false;
        const std::string_view name = rest_.substr(1, end - 1);
        if (!is_category(name)) return false;
        rest_.remove_prefix(end + 1);
        if (!in_class) out_ += '[';
        if (name == "C" && complement) {
            out_ += assigned_but_other;
        } else if (name == "C") {
            out_ += R"(\p{C})" + unassigned();
        } else if (name == "Cn" && complement) {
            out_ += assigned_but_other;
            out_ += R"(\p{C})";
        } else if (name == "Cn") {
            out_ += unassigned();
        } else {
            out_ += complement ? "\\P{" : "\\p{";
            out_ += name;
            out_ += '}';
        }
        if (!in_class) out_ += ']';
        return true;
    }
    static bool is_category(std::string_view name) noexcept
    {
        struct row {
            char major;
            std::string_view minors;
        };
        constexpr row table[] = {{'L', "lmotu"}, {'M', "cen"},  {'N', "dlo"}, {'P', "cdefios"},
                                 {'Z', "lps"},   {'S', "ckmo"}, {'C', "cfno"}};
        for (const auto& [major, minors] : table) {
            if (!name.starts_with(major)) continue;
            return name.size() == 1 ||
                   (name.size() == 2 && minors.find(name[1]) != std::string_view::npos);
        }
        return false;
    }

    /// Behind the bracket.
    bool take_class()
    {
        out_ += '[';
        if (at('^') && !rest_.starts_with("^]")) {
            rest_.remove_prefix(1);
            out_ += '^';
        }
        if (at(']')) return false;
        if (take('-')) out_ += hex('-');
        while (!take(']')) {
            if (rest_.starts_with("-]")) {
                rest_.remove_prefix(1);
                out_ += hex('-');
            } else if (rest_.starts_with("\\p") || rest_.starts_with("\\P")) {
                if (!take_category(true)) return false;
            } else if (!take_range()) {
                return false;
            }
        }
        out_ += ']';
        return true;
    }
    bool take_range()
    {
        const auto first = take_class_character();
        if (!first) return false;
        out_ += quoted(*first);
        if (!at('-') || rest_.starts_with("-]")) return true;
        rest_.remove_prefix(1);
        const auto last = take_class_character();
        if (!last || *last < *first) return false;
        out_ += '-' + quoted(*last);
        return true;
    }
    std::optional<char32_t> take_class_character()
    {
        if (rest_.empty() || at('-') || at('[') || at(']')) return std::nullopt;
        if (at('\\')) return take_escaped_character();
        return next();
    }

    std::string_view rest_;
    std::string out_;
    std::size_t open_ = 0;
};

}  // namespace

std::optional<std::string> translate_iregexp(std::string_view text)
{
    return translator{text}.translate();
}

iregexp::iregexp(std::string_view text)
{
    const auto translated = translate_iregexp(text);
    if (!translated) return;
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(max_program_bytes);
    auto made = std::make_unique<const RE2>(*translated, options);
    if (!made->ok()) {
        // The syntax was checked, so it is too large or too deep, or repeats too often.
        throw limit_error{"max_regexp_program", max_program_bytes};
    }
    compiled_ = std::move(made);
}

iregexp::iregexp(iregexp&&) noexcept = default;
iregexp& iregexp::operator=(iregexp&&) noexcept = default;
iregexp::~iregexp() = default;

bool iregexp::matches(std::string_view text) const
{
    return compiled_ != nullptr && RE2::FullMatch({text.data(), text.size()}, *compiled_);
}

bool iregexp::finds(std::string_view text) const
{
    return compiled_ != nullptr && RE2::PartialMatch({text.data(), text.size()}, *compiled_);
}

}  // namespace ferry::jsonpath::detail
