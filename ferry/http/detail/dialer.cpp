#include "ferry/http/detail/dialer.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/crypto/secrets.hpp"
#include "ferry/http/detail/attempt.hpp"
#include "ferry/http/detail/connect_tunnel.hpp"
#include "ferry/net/connect.hpp"
#include "ferry/net/socks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace ferry::http::detail {
namespace {

// The host as a resolver wants it.
std::string host_of(const url& to)
{
    std::string host(to.hostname());
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    return host;
}

std::string authority_of(const url& to)
{
    return fmt::format("{}:{}", to.hostname(), to.port_or_default());
}

// `host:port` that an option gave; its port was checked there.
net::endpoint parse_endpoint(const std::string& text)
{
    const std::size_t colon = text.rfind(':');
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto port = static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1));
    return net::tcp(std::move(host), port);
}

const char* environment(const char* name)
{
    return std::getenv(name);
}

}  // namespace

dialer::dialer(const session_options& options) : options_(options)
{
    if (options.trust_env) {
        environment_ = proxy_rules::from_environment(&environment);
        for (const char* name : {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}) {
            const char* const path = std::getenv(name);
            if (path != nullptr && ca_bundle_.empty()) ca_bundle_ = path;
        }
    }
    // Wrong files show at once; without any, nothing is read before the first https.
    if (!options.tls.steps.empty()) static_cast<void>(context_for(audience::origin));
}

proxy_rules::server dialer::proxy_for(const url& to, const proxy_rules* of_request) const
{
    if (options_.connect || !options_.connection.unix_socket.empty()) return nullptr;
    return find_proxy(to, of_request, options_.defaults.proxies.get(), &environment_);
}

bool dialer::may_speak_http2(const url& to) const noexcept
{
    const connection_settings& c = options_.connection;
    return c.prior_knowledge || (c.http2 && !options_.connect && to.scheme() == "https");
}

net::tls_context dialer::make_context(audience whom) const
{
    const tls_settings& with = options_.tls;
    const bool for_proxy = whom == audience::proxy;
    const bool has_own = with.context && !for_proxy;
    auto made = has_own ? *with.context : net::tls_context::client();
    if (!ca_bundle_.empty() && !with.names_trust && !has_own) verify(ca_bundle_).change(made);
    for (const tls_settings::step& s : with.steps) {
        const bool wanted = s.about == tls_settings::topic::trust ||
                            (s.about == tls_settings::topic::speech && !for_proxy) ||
                            (s.about == tls_settings::topic::identity && whom == audience::origin);
        if (wanted) s.change(made);
    }
    return made;
}

const net::tls_context& dialer::context_for(audience whom)
{
    const auto i = static_cast<std::size_t>(whom);
    std::call_once(made_[i], [&] { contexts_[i] = make_context(whom); });
    return *contexts_[i];
}

net::connect_options dialer::connect_options() const
{
    return net::connect_options()
        .local_address(options_.connection.local_address)
        .version(options_.connection.version);
}

// The origin itself, whose address the URL's author may have chosen with care.
awaitable<net::stream> dialer::reach_origin(net::endpoint to, progress* reached)
{
    auto with = connect_options();
    const bool guarded = options_.block_private;
    with.allow([reached, guarded](const net::address& found) {
        reached->resolved();
        return !guarded || found.is_public();
    });
    const std::string shown = to.text();
    try {
        auto connecting = net::connect(std::move(to), std::move(with));
        co_return co_await std::move(connecting);
    } catch (const error& e) {
        if (!guarded || e.code() != ferry::errc::denied) throw;
        throw connection_error(errc::private_address,
                               fmt::format("connect {}: its address is not public", shown), shown);
    }
}

net::endpoint dialer::endpoint_of(const url& to) const
{
    const auto& elsewhere = options_.connection.elsewhere;
    if (!elsewhere.empty()) {
        const auto at = elsewhere.find(authority_of(to));
        if (at != elsewhere.end()) return parse_endpoint(at->second);
    }
    return net::tcp(host_of(to), to.port_or_default());
}

void dialer::warn_if_insecure(const std::string& name)
{
    if (context_for(audience::origin).verifies()) return;
    const std::lock_guard lock(mutex_);
    if (!warned_.insert(name).second) return;
    log::warning(
        "certificates are not verified: anybody in between can read and change what is "
        "sent",
        "host", name);
}

awaitable<net::stream> dialer::dial(destination where, attempt_context with)
{
    with.reached->enter(phase::connect);
    const auto limit = in_ms(with.until->cut(with.limits->connect));
    std::string what = "connect " + std::string(where.to->host());
    if (where.via) what += " by proxy " + where.via->text();
    auto reaching = ferry::timeout(limit, reach(where, with.reached), std::move(what));
    net::stream made = co_await std::move(reaching);
    if (options_.connect || where.to->scheme() != "https") co_return made;
    with.reached->enter(phase::tls);
    what = "TLS handshake with " + made.remote_endpoint();
    const auto handshake_limit = in_ms(with.until->cut(with.limits->tls));
    auto securing = secure(std::move(made), host_of(*where.to), where);
    auto limited = ferry::timeout(handshake_limit, std::move(securing), std::move(what));
    co_return co_await std::move(limited);
}

awaitable<net::stream> dialer::secure(net::stream over, std::string name, const destination& where)
{
    std::vector<std::string> alpn;
    if (where.offers_http2) alpn.emplace_back("h2");
    alpn.emplace_back("http/1.1");
    warn_if_insecure(name);
    const auto whom = where.anonymous ? audience::stranger : audience::origin;
    if (where.anonymous) {
        return net::start_tls_anonymously(std::move(over), context_for(whom), std::move(name),
                                          std::move(alpn));
    }
    return net::start_tls(std::move(over), context_for(whom), std::move(name), std::move(alpn));
}

awaitable<net::stream> dialer::reach(destination where, progress* reached)
{
    if (options_.connect) {
        auto made = options_.connect(*where.to);
        co_return co_await std::move(made);
    }
    if (where.via) {
        auto made = reach_by_proxy(std::move(where));
        co_return co_await std::move(made);
    }
    net::endpoint to = options_.connection.unix_socket.empty()
                           ? endpoint_of(*where.to)
                           : net::unix_socket(options_.connection.unix_socket);
    auto made = reach_origin(std::move(to), reached);
    co_return co_await std::move(made);
}

// Everything that goes wrong up to the tunnel is the proxy's matter.
awaitable<net::stream> dialer::reach_by_proxy(destination where)
{
    const proxy_rules::server via = where.via;
    try {
        const bool forwards = via->speaks_http() && where.to->scheme() == "http" && !where.tunnels;
        if (via->speaks_http() && !forwards) {
            auto opening = tunnel(std::move(where));
            co_return co_await std::move(opening);
        }
        net::stream made = co_await meet_proxy(via);
        if (forwards) co_return made;
        auto asking = through_socks(std::move(made), where);
        co_return co_await std::move(asking);
    } catch (const proxy_error&) {
        throw;
    } catch (const timeout_error&) {
        throw;
    } catch (const error& e) {
        throw proxy_error(e.code(), via->text(), e.what());
    }
}

awaitable<net::stream> dialer::meet_proxy(proxy_rules::server via)
{
    auto connecting = net::connect(net::tcp(via->host(), via->port()), connect_options());
    net::stream made = co_await std::move(connecting);
    if (via->type() != proxy_server::kind::https) co_return made;
    std::vector<std::string> alpn;
    alpn.emplace_back("http/1.1");
    auto securing =
        net::start_tls(std::move(made), context_for(audience::proxy), via->host(), std::move(alpn));
    co_return co_await std::move(securing);
}

// A proxy that wants Digest says so once; a second refusal is one.
awaitable<net::stream> dialer::tunnel(destination where)
{
    const std::string authority = authority_of(*where.to);
    response_head answer;
    for (bool first = true;; first = false) {
        net::stream made = co_await meet_proxy(where.via);
        auto asking = connect_tunnel(std::move(made), authority, where.via,
                                     prove(*where.via, {"CONNECT", authority, {}}), &answer);
        net::stream opened = co_await std::move(asking);
        if (opened) co_return opened;
        if (!first || !take_challenge(*where.via, answer.headers)) {
            throw_no_tunnel(*where.via, authority, answer);
        }
        answer = response_head();
    }
}

std::string dialer::prove(const proxy_server& via, const digest_request& what)
{
    const std::lock_guard lock(mutex_);
    const auto at = known_proxies_.find(via.text() + ' ' + via.user());
    if (at == known_proxies_.end()) return proxy_authorization(via);
    known_proxy& k = at->second;
    return answer_digest(k.challenge, via.user(), via.password(), what, ++k.count, k.client_nonce);
}

bool dialer::take_challenge(const proxy_server& via, const headers& refusal)
{
    if (via.user().empty() && via.password().empty()) return false;
    for (const std::string_view field : refusal.get_all("Proxy-Authenticate")) {
        for (const challenge& c : parse_challenges(field)) {
            auto digest = digest_challenge::from(c);
            if (!digest) continue;
            known_proxy made;
            made.challenge = std::move(*digest);
            made.client_nonce = secrets::token_hex(16);
            const std::lock_guard lock(mutex_);
            known_proxies_[via.text() + ' ' + via.user()] = std::move(made);
            return true;
        }
    }
    return false;
}

awaitable<net::stream> dialer::through_socks(net::stream proxy, const destination& where)
{
    const proxy_server& via = *where.via;
    const auto kind = via.type();
    const bool is_5 = kind == proxy_server::kind::socks5 || kind == proxy_server::kind::socks5h;
    const bool resolves_here =
        kind == proxy_server::kind::socks5 || kind == proxy_server::kind::socks4;
    const net::endpoint to = endpoint_of(*where.to);
    std::string host = to.host();
    if (resolves_here) {
        const auto addresses = co_await net::resolve(host, to.port());
        // SOCKS 4 knows no other, and most proxies reach IPv4 more surely.
        const auto v4 = std::ranges::find_if(addresses, [](const auto& a) { return !a.is_v6(); });
        host = (v4 != addresses.end() ? *v4 : addresses.front()).host();
    }
    if (is_5) {
        auto asking = net::socks5(std::move(proxy), std::move(host), to.port(),
                                  net::socks_auth(via.user(), via.password()));
        co_return co_await std::move(asking);
    }
    auto asking = net::socks4(std::move(proxy), std::move(host), to.port(), via.user());
    co_return co_await std::move(asking);
}

}  // namespace ferry::http::detail
