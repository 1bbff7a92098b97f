#include "ferry/harvest/detail/canonical.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

namespace ferry::harvest::detail {
namespace {

int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

/// RFC 3986 section 6.2.2: escapes of unreserved octets decoded, the others in upper case.
void append_normalised(std::string& to, std::string_view text, bool in_query)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const int high = c == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        if (low >= 0) {
            const char octet = static_cast<char>(high * 16 + low);
            if (is_unreserved(octet)) {
                to += octet;
            } else {
                to += '%';
                to += digits[static_cast<std::size_t>(high)];
                to += digits[static_cast<std::size_t>(low)];
            }
            i += 2;
        } else if (in_query && c == '+') {
            to += "%20";
        } else {
            to += c;
        }
    }
}

bool is_dropped(std::string_view name, const std::vector<std::string>& drop)
{
    return std::any_of(drop.begin(), drop.end(), [&](std::string_view d) {
        if (!d.ends_with('*')) return name == d;
        d.remove_suffix(1);
        return name.starts_with(d);
    });
}

/// \returns false  there are too many parameters.
bool append_query(std::string& to, std::string_view query, const deduplication& rules)
{
    struct parameter {
        std::string text;
        std::size_t name_size;
        std::size_t order;
        std::string_view name() const { return std::string_view{text}.substr(0, name_size); }
    };
    std::vector<parameter> all;
    while (!query.empty()) {
        const auto piece = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), piece.size() + 1));
        if (piece.empty()) continue;
        if (all.size() > max_query_parameters) return false;
        parameter p{{}, 0, all.size()};
        append_normalised(p.text, piece, true);
        p.name_size = std::min(p.text.find('='), p.text.size());
        if (!is_dropped(p.name(), rules.drop)) all.push_back(std::move(p));
    }
    if (all.size() > max_query_parameters) return false;
    if (rules.sort_query) {
        std::sort(all.begin(), all.end(), [](const parameter& a, const parameter& b) {
            return std::tuple{a.name(), a.order} < std::tuple{b.name(), b.order};
        });
    }
    for (const auto& p : all) to += (&p == all.data() ? '?' : '&') + p.text;
    return true;
}

std::optional<target> canonical(const url& u, const deduplication& rules)
{
    if ((u.scheme() != "http" && u.scheme() != "https") || u.has_credentials()) return {};
    if (u.href().size() > 4 * max_url_bytes) return {};
    target t;
    t.url.reserve(u.href().size());
    t.url += u.scheme();
    t.url += "://";
    t.host_at = static_cast<std::uint32_t>(t.url.size());
    t.host_size = static_cast<std::uint32_t>(u.host().size());
    t.url += u.host();
    const auto path = u.path();
    if (path.find('%') == std::string_view::npos) {
        t.url += path;
    } else {
        append_normalised(t.url, path, false);
    }
    if (rules.lower_path) {
        for (std::size_t i = t.host_at + t.host_size; i < t.url.size(); ++i) {
            char& c = t.url[i];
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
        }
    }
    if (!u.query().empty() && !append_query(t.url, u.query(), rules)) return {};
    const auto fragment = u.fragment();
    if (!fragment.empty() && (!rules.strip_fragment || fragment.starts_with('!'))) {
        t.url += '#';
        t.url += fragment;
    }
    if (t.url.size() > max_url_bytes) return {};
    return t;
}

}  // namespace

std::optional<target> canonical(std::string_view link, const url& base, const deduplication& rules,
                                url& scratch)
{
    if (link.size() > 4 * max_url_bytes || !base.resolve_into(link, scratch)) return {};
    return canonical(scratch, rules);
}

std::optional<target> canonical(std::string_view absolute, const deduplication& rules)
{
    if (absolute.size() > 4 * max_url_bytes) return {};
    const auto u = url::try_parse(absolute);
    if (!u) return {};
    return canonical(*u, rules);
}

target split_canonical(std::string text)
{
    target t;
    t.url = std::move(text);
    t.host_at = static_cast<std::uint32_t>(t.url.find("//") + 2);
    const auto end = std::min(t.url.find('/', t.host_at), t.url.size());
    t.host_size = static_cast<std::uint32_t>(end) - t.host_at;
    return t;
}

std::optional<std::string> resolve(std::string_view link, std::string_view base)
{
    const auto u = base.empty() ? url::try_parse(link) : url::parse(base).try_resolve(link);
    if (!u) return {};
    return u->href();
}

std::string canonical_host(std::string_view host)
{
    const auto u = url::try_parse("http://" + std::string{host} + '/');
    if (!u || u->has_credentials() || u->path() != "/" || u->has_query() || u->has_fragment() ||
        u->hostname().empty()) {
        throw error{errc::malformed, '"' + std::string{host} +
                                         "\" is no host such as \"example.org\" or "
                                         "\"localhost:8080\""};
    }
    return std::string{u->host()};
}

void check_start_url(std::string_view text)
{
    const url u = url::parse(text);
    if (u.scheme() != "http" && u.scheme() != "https") {
        throw error{errc::unsupported, "only http and https URLs can be fetched"};
    }
    if (u.has_credentials()) {
        throw error{errc::denied, "a URL with a password does not belong in a recipe"};
    }
    if (!canonical(u, deduplication{})) throw limit_error{"max_url_bytes", max_url_bytes};
}

}  // namespace ferry::harvest::detail
