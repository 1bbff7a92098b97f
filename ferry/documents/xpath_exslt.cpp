#include "ferry/core/error.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/documents/tree_builder.hpp"
#include "ferry/documents/xpath.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

// EXSLT's regular expressions, strings, sets and math.
namespace ferry::xpath {

namespace {

using arguments = std::span<const result>;

constexpr std::size_t max_made_bytes = std::size_t{1} << 20;
constexpr std::size_t max_tokens = 1'000'000;

[[noreturn]] void fail(std::string_view function, std::string_view why)
{
    throw error(errc::malformed, "XPath: " + std::string(function) + ": " + std::string(why));
}

void check_count(std::string_view function, arguments a, std::size_t least, std::size_t most)
{
    if (a.size() < least || a.size() > most) fail(function, "wrong number of arguments");
}

// ---- re:

/// Compiled patterns, shared by the copies of a context and by threads.
class pattern_cache {
public:
    std::shared_ptr<const RE2> get(const std::string& pattern, bool ignores_case)
    {
        constexpr std::size_t most = 256;
        const std::string key = (ignores_case ? 'i' : ' ') + pattern;
        const std::lock_guard hold(mutex_);
        const auto found = patterns_.find(key);
        if (found != patterns_.end()) return found->second;
        RE2::Options how;
        how.set_log_errors(false);
        how.set_case_sensitive(!ignores_case);
        auto made = std::make_shared<const RE2>(pattern, how);
        if (!made->ok()) fail("re", made->error());
        if (patterns_.size() >= most) patterns_.clear();
        patterns_.emplace(key, made);
        return made;
    }

private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<const RE2>> patterns_;
};

void add_regular_expressions(context& to)
{
    const std::string uri = "http://exslt.org/regular-expressions";
    const auto cache = std::make_shared<pattern_cache>();
    const auto pattern = [cache](arguments a) {
        const std::string flags = a.size() > 2 ? a[2].to_string() : std::string();
        return cache->get(a[1].to_string(), flags.find('i') != std::string::npos);
    };
    to.ns("re", uri);
    to.function(uri, "test", [pattern](arguments a, const node&) -> result {
        check_count("re:test", a, 2, 3);
        return RE2::PartialMatch(a[0].to_string(), *pattern(a));
    });
    to.function(uri, "match", [pattern](arguments a, const node&) -> result {
        check_count("re:match", a, 2, 3);
        const std::string text = a[0].to_string();
        re2::StringPiece found;
        const bool matches = pattern(a)->Match(text, 0, text.size(), RE2::UNANCHORED, &found, 1);
        return matches ? std::string(found.data(), found.size()) : std::string();
    });
    to.function(uri, "replace", [pattern](arguments a, const node&) -> result {
        check_count("re:replace", a, 4, 4);
        std::string text = a[0].to_string();
        const std::string by = a[3].to_string();
        if (a[2].to_string().find('g') != std::string::npos)
            RE2::GlobalReplace(&text, *pattern(a), by);
        else
            RE2::Replace(&text, *pattern(a), by);
        return text;
    });
}

// ---- str:

std::string replaced(std::string_view text, std::string_view part, std::string_view by)
{
    if (part.empty()) return std::string(text);
    std::string out;
    for (;;) {
        const std::size_t at = text.find(part);
        out += text.substr(0, at);
        if (at == std::string_view::npos) return out;
        out += by;
        text.remove_prefix(at + part.size());
        if (out.size() > max_made_bytes + text.size() * 2 + by.size())
            throw limit_error("max_made_bytes", max_made_bytes);
    }
}

std::string padding(double length, const std::string& with)
{
    if (!(length >= 1) || with.empty()) return {};
    if (length > static_cast<double>(max_made_bytes))
        throw limit_error("max_made_bytes", max_made_bytes);
    std::string out;
    std::size_t at = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(length); ++i) {
        const auto c = utf8::decode(with, at);
        utf8::append(out, c.code_point);
        at = at + c.size < with.size() ? at + c.size : 0;
    }
    return out;
}

/// The text over the padding: at its left, its right, or in the middle.
std::string aligned(const std::string& text, const std::string& over, const std::string& how)
{
    std::vector<std::string_view> a, b;
    const auto split = [](std::string_view from, std::vector<std::string_view>& into) {
        while (!from.empty()) {
            const std::size_t size = utf8::decode(from).size;
            into.push_back(from.substr(0, size));
            from.remove_prefix(size);
        }
    };
    split(text, a);
    split(over, b);
    std::size_t at = 0;
    if (how == "right" && a.size() < b.size()) at = b.size() - a.size();
    if (how == "center" && a.size() < b.size()) at = (b.size() - a.size()) / 2;
    std::string out;
    for (std::size_t i = 0; i < b.size(); ++i)
        out += i >= at && i - at < a.size() ? a[i - at] : b[i];
    return out;
}

std::string encoded(std::string_view text, bool reserved_too)
{
    constexpr std::string_view unreserved =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()";
    constexpr std::string_view reserved = ";/?:@&=+$,[]";
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const bool stays = unreserved.find(c) != std::string_view::npos ||
                           (!reserved_too && reserved.find(c) != std::string_view::npos);
        if (stays) {
            out += c;
        } else {
            const auto b = static_cast<unsigned char>(c);
            out += {'%', digits[b >> 4U], digits[b & 0xFU]};
        }
    }
    return out;
}

std::string decoded(std::string_view text)
{
    const auto digit = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        const char l = static_cast<char>(c | 0x20);
        return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
    };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_escape = text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
                               digit(text[i + 2]) >= 0;
        if (is_escape) {
            out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return utf8::valid(out) ? out : std::string();
}

/// An element `token` for each text, in a tree of their own.
result tokens_of(const std::vector<std::string_view>& texts)
{
    if (texts.size() > max_tokens) throw limit_error("max_tokens", max_tokens);
    std::string source;
    for (const std::string_view text : texts) source += text;
    documents::tree_builder build(std::move(source));
    const documents::name_id name = build.intern("token");
    std::size_t at = 0;
    for (const std::string_view text : texts) {
        const auto token = build.make_element(name, documents::ns::none, {}, at);
        build.insert(token, documents::tree::root());
        build.insert_text(build.source().substr(at, text.size()), token);
        at += text.size();
    }
    const auto made = std::make_shared<const documents::tree>(std::move(build).finish());
    std::vector<node> nodes;
    for (auto n = made->first_child(documents::tree::root()); n != documents::no_node;
         n = made->next_sibling(n))
        nodes.emplace_back(*made, n);
    return {std::move(nodes), made};
}

/// The bytes of the character at `at`.
std::size_t character_size(std::string_view text, std::size_t at) noexcept
{
    std::size_t end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
    return end - at;
}

/// The parts between characters of `dividers`; each character if there are no dividers.
result tokenized(std::string_view text, std::string_view dividers)
{
    std::vector<std::string_view> texts;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = character_size(text, at);
        const bool divides = dividers.find(text.substr(at, size)) != std::string_view::npos;
        if (dividers.empty()) {
            texts.push_back(text.substr(at, size));
        } else if (divides) {
            if (at > begin) texts.push_back(text.substr(begin, at - begin));
            begin = at + size;
        }
        at += size;
    }
    if (!dividers.empty() && begin < text.size()) texts.push_back(text.substr(begin));
    return tokens_of(texts);
}

/// The parts between occurrences of `separator`, empty ones left out.
result split(std::string_view text, std::string_view separator)
{
    if (separator.empty()) return tokenized(text, {});
    std::vector<std::string_view> texts;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find(separator, begin), text.size());
        if (end > begin) texts.push_back(text.substr(begin, end - begin));
        begin = end + separator.size();
    }
    return tokens_of(texts);
}

void add_strings(context& to)
{
    const std::string uri = "http://exslt.org/strings";
    to.ns("str", uri);
    to.function(uri, "tokenize", [](arguments a, const node&) -> result {
        check_count("str:tokenize", a, 1, 2);
        return tokenized(a[0].to_string(), a.size() > 1 ? a[1].to_string() : "\t\r\n ");
    });
    to.function(uri, "split", [](arguments a, const node&) -> result {
        check_count("str:split", a, 1, 2);
        return split(a[0].to_string(), a.size() > 1 ? a[1].to_string() : " ");
    });
    to.function(uri, "concat", [](arguments a, const node&) -> result {
        check_count("str:concat", a, 1, 1);
        std::string out;
        for (const std::string& s : a[0].strings()) out += s;
        return out;
    });
    to.function(uri, "replace", [](arguments a, const node&) -> result {
        check_count("str:replace", a, 3, 3);
        return replaced(a[0].to_string(), a[1].to_string(), a[2].to_string());
    });
    to.function(uri, "padding", [](arguments a, const node&) -> result {
        check_count("str:padding", a, 1, 2);
        return padding(a[0].to_number(), a.size() > 1 ? a[1].to_string() : " ");
    });
    to.function(uri, "align", [](arguments a, const node&) -> result {
        check_count("str:align", a, 2, 3);
        return aligned(a[0].to_string(), a[1].to_string(),
                       a.size() > 2 ? a[2].to_string() : "left");
    });
    to.function(uri, "encode-uri", [](arguments a, const node&) -> result {
        check_count("str:encode-uri", a, 1, 3);
        return encoded(a[0].to_string(), a.size() > 1 && a[1].to_boolean());
    });
    to.function(uri, "decode-uri", [](arguments a, const node&) -> result {
        check_count("str:decode-uri", a, 1, 2);
        return decoded(a[0].to_string());
    });
}

// ---- set:

std::vector<node> sorted(const result& r)
{
    std::vector<node> all = r.nodes();
    std::sort(all.begin(), all.end());
    return all;
}

bool has(const std::vector<node>& all, const node& n)
{
    return std::binary_search(all.begin(), all.end(), n);
}

void add_sets(context& to)
{
    const std::string uri = "http://exslt.org/sets";
    to.ns("set", uri);
    const auto keep = [&to, &uri](const char* name, bool common) {
        to.function(uri, name, [name, common](arguments a, const node&) -> result {
            check_count(name, a, 2, 2);
            std::vector<node> left = a[0].nodes();
            const std::vector<node> right = sorted(a[1]);
            std::erase_if(left, [&](const node& n) { return has(right, n) != common; });
            return left;
        });
    };
    keep("difference", false);
    keep("intersection", true);
    to.function(uri, "distinct", [](arguments a, const node&) -> result {
        check_count("set:distinct", a, 1, 1);
        std::unordered_set<std::string> seen;
        std::vector<node> out;
        for (const node& n : sorted(a[0]))
            if (seen.insert(n.string()).second) out.push_back(n);
        return out;
    });
    to.function(uri, "has-same-node", [](arguments a, const node&) -> result {
        check_count("set:has-same-node", a, 2, 2);
        const std::vector<node> right = sorted(a[1]);
        const std::vector<node>& left = a[0].nodes();
        return std::any_of(left.begin(), left.end(), [&](const node& n) { return has(right, n); });
    });
    const auto side = [&to, &uri](const char* name, bool before) {
        to.function(uri, name, [name, before](arguments a, const node&) -> result {
            check_count(name, a, 2, 2);
            std::vector<node> left = sorted(a[0]);
            const std::vector<node> right = sorted(a[1]);
            if (right.empty()) return left;
            if (!has(left, right.front())) return std::vector<node>();
            std::erase_if(left, [&](const node& n) {
                return before ? !(n < right.front()) : !(right.front() < n);
            });
            return left;
        });
    };
    side("leading", true);
    side("trailing", false);
}

// ---- math:

void add_math(context& to)
{
    const std::string uri = "http://exslt.org/math";
    to.ns("math", uri);
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    const auto extreme = [](const std::vector<double>& all, bool greatest) {
        if (all.empty()) return nan;
        double best = all.front();
        for (const double x : all) {
            if (std::isnan(x)) return nan;
            best = greatest ? std::max(best, x) : std::min(best, x);
        }
        return best;
    };
    for (const bool greatest : {false, true}) {
        to.function(uri, greatest ? "max" : "min",
                    [extreme, greatest](arguments a, const node&) -> result {
                        check_count("math", a, 1, 1);
                        return extreme(a[0].numbers(), greatest);
                    });
        to.function(uri, greatest ? "highest" : "lowest",
                    [extreme, greatest](arguments a, const node&) -> result {
                        check_count("math", a, 1, 1);
                        const std::vector<double> numbers = a[0].numbers();
                        const double best = extreme(numbers, greatest);
                        std::vector<node> out;
                        for (std::size_t i = 0; i < numbers.size(); ++i)
                            if (numbers[i] == best) out.push_back(a[0].nodes()[i]);
                        return out;
                    });
    }
    struct row {
        const char* name;
        double (*call)(double);
    };
    const row rows[] = {{"abs", [](double x) { return std::fabs(x); }},
                        {"sqrt", [](double x) { return std::sqrt(x); }},
                        {"exp", [](double x) { return std::exp(x); }},
                        {"log", [](double x) { return std::log(x); }},
                        {"sin", [](double x) { return std::sin(x); }},
                        {"cos", [](double x) { return std::cos(x); }},
                        {"tan", [](double x) { return std::tan(x); }}};
    for (const row& r : rows)
        to.function(uri, r.name, [call = r.call](arguments a, const node&) -> result {
            check_count("math", a, 1, 1);
            return call(a[0].to_number());
        });
    to.function(uri, "power", [](arguments a, const node&) -> result {
        check_count("math:power", a, 2, 2);
        return std::pow(a[0].to_number(), a[1].to_number());
    });
}

}  // namespace

void add_exslt(context& to)
{
    add_regular_expressions(to);
    add_strings(to);
    add_sets(to);
    add_math(to);
}

}  // namespace ferry::xpath
