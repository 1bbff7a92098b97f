#include "ferry/http/proxy.hpp"

#include "ferry/core/percent.hpp"
#include "ferry/core/url.hpp"
#include "ferry/http/detail/proxy_rules.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/options.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

namespace ferry::http {
namespace {

struct scheme {
    std::string_view name;
    proxy_server::kind kind;
    std::uint16_t port;
};

constexpr std::array schemes = {
    scheme{"http", proxy_server::kind::http, 80},
    scheme{"https", proxy_server::kind::https, 443},
    scheme{"socks4", proxy_server::kind::socks4, 1080},
    scheme{"socks4a", proxy_server::kind::socks4a, 1080},
    scheme{"socks5", proxy_server::kind::socks5, 1080},
    scheme{"socks5h", proxy_server::kind::socks5h, 1080},
};

const scheme* find_scheme(std::string_view name) noexcept
{
    for (const scheme& s : schemes) {
        if (s.name == name) return &s;
    }
    return nullptr;
}

}  // namespace

proxy_error::proxy_error(std::error_code code, const std::string& proxy, std::string_view why)
    : connection_error(code, fmt::format("proxy {}: {}", proxy, why), proxy), proxy_(proxy)
{
}

proxy_server proxy_server::parse(std::string_view text)
{
    const std::size_t colon = text.find("://");
    const std::string_view name =
        colon == std::string_view::npos ? std::string_view("http") : text.substr(0, colon);
    const std::string_view rest = colon == std::string_view::npos ? text : text.substr(colon + 3);
    // What is quoted may be a password.
    const scheme* const known = find_scheme(name);
    if (known == nullptr) {
        throw proxy_error(errc::bad_url, "URL",
                          "the scheme is none of http, https, socks4, socks4a, socks5, socks5h");
    }
    // A special scheme makes the host a domain or an address; this one's default port is dropped.
    const auto parsed = url::try_parse("http://" + std::string(rest));
    const auto other = url::try_parse("https://" + std::string(rest));
    if (!parsed || !other || parsed->hostname().empty() ||
        (parsed->path() != "/" || parsed->has_query() || parsed->has_fragment())) {
        throw proxy_error(errc::bad_url, std::string(name) + "://", "its URL is malformed");
    }
    proxy_server made;
    made.kind_ = known->kind;
    made.port_ = parsed->port().value_or(other->port().value_or(known->port));
    made.host_ = parsed->hostname();
    if (made.host_.starts_with('[')) made.host_ = made.host_.substr(1, made.host_.size() - 2);
    made.user_ = percent::decode(parsed->username());
    made.password_ = percent::decode(parsed->password());
    return made;
}

std::string proxy_server::text() const
{
    const bool is_v6 = host_.find(':') != std::string::npos;
    return fmt::format("{}://{}:{}", schemes[static_cast<std::size_t>(kind_)].name,
                       is_v6 ? '[' + host_ + ']' : host_, port_);
}

void proxies::add(std::string_view name, std::string_view server)
{
    static_cast<void>(proxy_server::parse(server));
    auto rules = rules_ ? std::make_shared<detail::proxy_rules>(*rules_)
                        : std::make_shared<detail::proxy_rules>();
    rules->add(name, server);
    rules_ = std::move(rules);
}

void proxies::apply_to(request_options& to) const
{
    to.proxies = rules_;
}

void no_proxy::apply_to(request_options& to) const
{
    auto rules = to.proxies ? std::make_shared<detail::proxy_rules>(*to.proxies)
                            : std::make_shared<detail::proxy_rules>();
    if (hosts_.empty()) rules->use_none();
    for (const std::string& host : hosts_) rules->except(host);
    to.proxies = std::move(rules);
}

}  // namespace ferry::http
