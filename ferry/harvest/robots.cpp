#include "ferry/harvest/robots.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace ferry::harvest {
namespace {

constexpr std::chrono::milliseconds longest_delay = std::chrono::hours{24};

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_without_case(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

std::string_view product_token(std::string_view agent)
{
    agent = trimmed(agent);
    const auto end =
        std::find_if(agent.begin(), agent.end(), [](char c) { return c == '/' || is_space(c); });
    return agent.substr(0, static_cast<std::size_t>(end - agent.begin()));
}

int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    const char l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void escape(std::string& into, char c)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    into += '%';
    into += digits[byte >> 4U];
    into += digits[byte & 15U];
}

/// RFC 9309 section 2.2.2: octets outside ASCII escaped, unreserved ones not, escapes in upper
/// case. A star or dollar that stands for itself is escaped, so that it meets `%2A` and `%24`.
std::string normalised(std::string_view path, bool is_pattern)
{
    std::string made;
    made.reserve(path.size());
    for (std::size_t i = 0; i < path.size(); ++i) {
        const char c = path[i];
        const int high = c == '%' && i + 2 < path.size() ? hex_digit(path[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(path[i + 2]) : -1;
        if (low >= 0) {
            const char octet = static_cast<char>(high * 16 + low);
            if (is_unreserved(octet)) {
                made += octet;
            } else {
                escape(made, octet);
            }
            i += 2;
        } else if (static_cast<unsigned char>(c) >= 0x80 || c == '$' || (c == '*' && !is_pattern)) {
            escape(made, c);
        } else {
            made += c;
        }
    }
    return made;
}

bool needs_normalising(std::string_view path)
{
    return std::any_of(path.begin(), path.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x80 || c == '%' || c == '$' || c == '*';
    });
}

enum class key { other, user_agent, allow, disallow, crawl_delay, request_rate, sitemap };

/// Misspellings that are common enough for the large crawlers to honour them.
key key_of(std::string_view name)
{
    struct row {
        std::string_view name;
        key is;
    };
    constexpr std::array<row, 13> rows{{{"user-agent", key::user_agent},
                                        {"useragent", key::user_agent},
                                        {"user agent", key::user_agent},
                                        {"allow", key::allow},
                                        {"disallow", key::disallow},
                                        {"dissallow", key::disallow},
                                        {"dissalow", key::disallow},
                                        {"disalow", key::disallow},
                                        {"diasllow", key::disallow},
                                        {"disallaw", key::disallow},
                                        {"crawl-delay", key::crawl_delay},
                                        {"request-rate", key::request_rate},
                                        {"sitemap", key::sitemap}}};
    for (const auto& [known, is] : rows) {
        if (equal_without_case(name, known)) return is;
    }
    return key::other;
}

std::optional<double> number(std::string_view text)
{
    double value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || !std::isfinite(value) || value < 0) return {};
    return value;
}

std::chrono::milliseconds seconds(double value)
{
    const double most = std::chrono::duration<double>(longest_delay).count();
    return std::chrono::milliseconds{std::llround(std::min(value, most) * 1000)};
}

/// `1/5`, `1/5s`, `1/5m`: requests in a time.
std::optional<std::chrono::milliseconds> rate(std::string_view text)
{
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return {};
    const auto requests = number(trimmed(text.substr(0, slash)));
    auto period = number(trimmed(text.substr(slash + 1)));
    if (!requests || !period || *requests == 0) return {};
    const auto unit = text.find_first_of("smh", slash);
    if (unit != std::string_view::npos)
        *period *= text[unit] == 'm' ? 60 : text[unit] == 'h' ? 3600 : 1;
    return seconds(*period / *requests);
}

}  // namespace

/// Reads line by line and keeps two candidates: the groups that name the crawler, and those of `*`.
class robots_reader {
public:
    explicit robots_reader(std::string_view user_agent) : token_{product_token(user_agent)} {}

    void line(std::string_view text)
    {
        text = trimmed(text.substr(0, std::min(text.find('#'), robots::max_line_bytes)));
        auto colon = text.find(':');
        if (colon == std::string_view::npos) {
            // "Disallow /path" is read as meant, if it is two words.
            colon = text.find_first_of(" \t");
            if (colon == std::string_view::npos ||
                trimmed(text.substr(colon)).find_first_of(" \t") != std::string_view::npos) {
                return;
            }
        }
        take(key_of(trimmed(text.substr(0, colon))), trimmed(text.substr(colon + 1)));
    }

    robots finish()
    {
        group& chosen = named_.seen ? named_ : any_;
        robots made;
        made.rules_ = std::move(chosen.rules);
        made.delay_ = chosen.delay;
        made.sitemaps_ = std::move(sitemaps_);
        std::sort(made.rules_.begin(), made.rules_.end(), [](const auto& a, const auto& b) {
            return a.length != b.length ? a.length > b.length : a.allow && !b.allow;
        });
        return made;
    }

private:
    struct group {
        bool seen = false;
        std::vector<robots::rule> rules;
        std::optional<std::chrono::milliseconds> delay;
    };

    void take(key k, std::string_view value)
    {
        switch (k) {
            case key::user_agent: take_agent(value); break;
            case key::allow:
            case key::disallow: take_rule(value, k == key::allow); break;
            case key::crawl_delay:
                if (const auto n = number(value)) take_delay(seconds(*n));
                break;
            case key::request_rate:
                if (const auto pause = rate(value)) take_delay(*pause);
                break;
            case key::sitemap: sitemaps_.emplace_back(value); break;
            case key::other: break;
        }
    }

    void take_agent(std::string_view value)
    {
        if (rules_began_) in_named_ = in_any_ = rules_began_ = false;
        const auto token = product_token(value);
        if (token == "*") {
            in_any_ = any_.seen = true;
        } else if (equal_without_case(token, token_) && !token.empty()) {
            in_named_ = named_.seen = true;
        }
    }

    void take_rule(std::string_view value, bool allow)
    {
        rules_began_ = true;
        if (value.empty() || (!in_named_ && !in_any_)) return;
        robots::rule r;
        r.allow = allow;
        r.anchored = value.back() == '$';
        if (r.anchored) value.remove_suffix(1);
        r.pattern = normalised(value, true);
        r.length = r.pattern.size() + (r.anchored ? 1 : 0);
        if (in_named_) named_.rules.push_back(r);
        if (in_any_) any_.rules.push_back(std::move(r));
    }

    void take_delay(std::chrono::milliseconds pause)
    {
        for (group* g : {in_named_ ? &named_ : nullptr, in_any_ ? &any_ : nullptr}) {
            if (g) g->delay = std::max(g->delay.value_or(pause), pause);
        }
    }

    std::string_view token_;
    group named_;
    group any_;
    bool in_named_ = false;
    bool in_any_ = false;
    bool rules_began_ = false;
    std::vector<std::string> sitemaps_;
};

robots robots::disallow_all()
{
    robots made;
    made.rules_.push_back({.pattern = "/", .anchored = false, .allow = false, .length = 1});
    return made;
}

robots robots::parse(std::string_view text, std::string_view user_agent)
{
    text = text.substr(0, max_bytes);
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    robots_reader reader{user_agent};
    while (!text.empty()) {
        const auto end = text.find_first_of("\r\n");
        reader.line(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return reader.finish();
}

bool robots::matches(const rule& r, std::string_view path) noexcept
{
    std::string_view pattern = r.pattern;
    auto star = pattern.find('*');
    if (!path.starts_with(pattern.substr(0, star))) return false;
    if (star == std::string_view::npos) return !r.anchored || path.size() == pattern.size();
    path.remove_prefix(star);
    // Each piece between stars is taken at its first place; only the last one may have to stand at
    // the end.
    for (;;) {
        pattern.remove_prefix(star + 1);
        star = pattern.find('*');
        const auto piece = pattern.substr(0, star);
        if (star == std::string_view::npos) {
            return r.anchored ? path.ends_with(piece) : path.find(piece) != std::string_view::npos;
        }
        const auto at = path.find(piece);
        if (at == std::string_view::npos) return false;
        path.remove_prefix(at + piece.size());
    }
}

bool robots::allowed(std::string_view path_and_query) const
{
    if (path_and_query == "/robots.txt" || rules_.empty()) return true;
    std::string changed;
    if (needs_normalising(path_and_query)) {
        changed = normalised(path_and_query, false);
        path_and_query = changed;
    }
    for (const auto& r : rules_) {
        if (matches(r, path_and_query)) return r.allow;
    }
    return true;
}

}  // namespace ferry::harvest
