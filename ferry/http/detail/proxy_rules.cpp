#include "ferry/http/detail/proxy_rules.hpp"

#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/net/address.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace ferry::http::detail {
namespace {

std::string_view without_brackets(std::string_view host) noexcept
{
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        return host.substr(1, host.size() - 2);
    }
    return host;
}

bool same_prefix(const net::address& a, const net::address& b, std::uint64_t bits) noexcept
{
    const auto x = a.raw();
    const auto y = b.raw();
    if (x.size() != y.size() || bits > x.size() * 8) return false;
    for (std::size_t i = 0; i < x.size() && bits > 0; ++i) {
        const std::uint64_t of_byte = std::min<std::uint64_t>(bits, 8);
        const unsigned mask = (0xff00U >> of_byte) & 0xffU;
        if ((x[i] & mask) != (y[i] & mask)) return false;
        bits -= of_byte;
    }
    return true;
}

bool is_below(std::string_view host, std::string_view name) noexcept
{
    if (host.size() < name.size() || name.empty()) return false;
    if (!same(host.substr(host.size() - name.size()), name)) return false;
    return host.size() == name.size() || host[host.size() - name.size() - 1] == '.';
}

}  // namespace

bool is_this_machine(std::string_view host) noexcept
{
    return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

bool no_proxy_matches(std::string_view entry, std::string_view host, std::uint16_t port)
{
    entry = trim(entry);
    if (entry.empty()) return false;
    if (entry == "*") return true;
    host = without_brackets(host);
    const auto address = net::address::parse(host);
    if (const std::size_t slash = entry.find('/'); slash != entry.npos) {
        const auto network = net::address::parse(entry.substr(0, slash));
        const auto bits = parse_decimal(entry.substr(slash + 1));
        return address && network && bits && same_prefix(*address, *network, *bits);
    }
    if (const auto numeric = net::address::parse(entry)) return address == numeric;
    // A port, unless the colon belongs to an IPv6 address without brackets.
    if (const std::size_t colon = entry.rfind(':'); colon != entry.npos) {
        const auto wanted = parse_decimal(entry.substr(colon + 1));
        if (!wanted || *wanted != port) return false;
        return no_proxy_matches(entry.substr(0, colon), host, port);
    }
    if (entry.starts_with('*')) entry.remove_prefix(1);
    if (entry.starts_with('.')) entry.remove_prefix(1);
    if (host.ends_with('.')) host.remove_suffix(1);
    return is_below(host, entry);
}

proxy_rules proxy_rules::from_environment(const char* (*getenv)(const char*))
{
    const auto value = [getenv](const char* name) {
        const char* const text = getenv(name);
        return text == nullptr ? std::string_view() : std::string_view(text);
    };
    proxy_rules rules;
    // A CGI program's environment holds what its client likes.
    if (!value("REQUEST_METHOD").empty()) return rules;
    struct variable {
        const char* name;
        const char* rule;
    };
    // HTTP_PROXY is left out on purpose: a server makes it of a client's field `Proxy`.
    constexpr std::array variables = {variable{"http_proxy", "http"},
                                      variable{"https_proxy", "https"},
                                      variable{"HTTPS_PROXY", "https"},
                                      variable{"all_proxy", "all"}, variable{"ALL_PROXY", "all"}};
    for (const variable& v : variables) {
        const std::string_view text = trim(value(v.name));
        if (!text.empty() && rules.named(v.rule) == nullptr) rules.add(v.rule, text);
    }
    std::string_view list = value("no_proxy");
    if (list.empty()) list = value("NO_PROXY");
    while (!list.empty()) {
        const std::size_t end = std::min(list.find_first_of(", "), list.size());
        if (end > 0) rules.except(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    rules.spares_this_machine_ = true;
    return rules;
}

void proxy_rules::add(std::string_view name, std::string_view text)
{
    rule made;
    made.name = name;
    std::ranges::transform(made.name, made.name.begin(), lower);
    made.text = text;
    try {
        made.parsed = std::make_shared<const proxy_server>(proxy_server::parse(text));
    } catch (const proxy_error&) {  // shows when it is used
    }
    rules_.push_back(std::move(made));
}

proxy_rules::server proxy_rules::named(std::string_view name) const
{
    for (const rule& r : rules_) {
        if (r.name != name) continue;
        if (!r.parsed) return std::make_shared<const proxy_server>(proxy_server::parse(r.text));
        return r.parsed;
    }
    return nullptr;
}

bool proxy_rules::excepts(const url& to) const
{
    if (none_) return true;
    if (spares_this_machine_ && is_this_machine(to.hostname())) return true;
    return std::ranges::any_of(exceptions_, [&](const std::string& entry) {
        return no_proxy_matches(entry, to.hostname(), to.port_or_default());
    });
}

proxy_rules::server proxy_rules::find(const url& to) const
{
    if (rules_.empty() || excepts(to)) return nullptr;
    const std::string scheme(to.scheme());
    const std::string host(to.hostname());
    for (const std::string& name :
         {scheme + "://" + host, scheme, "all://" + host, std::string("all")}) {
        if (auto found = named(name)) return found;
    }
    return nullptr;
}

proxy_rules::server find_proxy(const url& to, const proxy_rules* request,
                               const proxy_rules* session, const proxy_rules* environment)
{
    for (const proxy_rules* const rules : {request, session, environment}) {
        if (rules == nullptr) continue;
        if (rules->excepts(to)) return nullptr;
        if (!rules->empty()) return rules->find(to);
    }
    return nullptr;
}

}  // namespace ferry::http::detail
