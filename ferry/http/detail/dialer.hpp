#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/url.hpp"
#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/digest.hpp"
#include "ferry/http/detail/proxy_rules.hpp"
#include "ferry/http/session_options.hpp"
#include "ferry/net/stream.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace ferry::http::detail {

struct attempt_context;
class progress;

/// Where a new connection is to lead.
class destination {
public:
    destination(std::shared_ptr<const url> u, proxy_rules::server v, bool offer)
        : to(std::move(u)), via(std::move(v)), offers_http2(offer)
    {
    }

    /// A proxy of http opens a tunnel for http, too.
    destination by_tunnel() &&
    {
        tunnels = true;
        return std::move(*this);
    }

    std::shared_ptr<const url> to;
    bool tunnels = false;
    bool anonymous = false;   ///< the client's certificate is not shown
    proxy_rules::server via;  ///< null: directly
    bool offers_http2;        ///< by ALPN
};

/// Makes the connections of one session: to the origin or to a proxy, through a tunnel, with TLS.
/// Any thread may use it.
class dialer {
public:
    /// \throws tls_error  what the TLS settings name cannot be used.
    explicit dialer(const session_options& options);

    /// The proxy that leads to a URL; null for none.
    proxy_rules::server proxy_for(const url& to, const proxy_rules* of_request) const;

    /// Whether a certificate may be shown to servers that ask for one.
    bool shows_certificate() const noexcept
    {
        return options_.tls.names_identity || options_.tls.context.has_value();
    }

    /// Whether servers of this URL may speak HTTP/2 with the session.
    bool may_speak_http2(const url& to) const noexcept;

    /// What a request shows to a proxy that reads it: Basic, until that has asked for Digest.
    std::string prove(const proxy_server& via, const digest_request& what);

    /// Keeps the challenge of a 407. False: there is none that can be answered.
    bool take_challenge(const proxy_server& via, const headers& refusal);

    /// A stream on which the request can be written: to the origin, or, for http through a proxy of
    /// http, to that.
    /// \throws timeout_error, which names the phase; connection_error, tls_error, proxy_error
    awaitable<net::stream> dial(destination where, attempt_context with);

private:
    awaitable<net::stream> reach(destination where, progress* reached);
    awaitable<net::stream> reach_origin(net::endpoint to, progress* reached);
    awaitable<net::stream> reach_by_proxy(destination where);
    awaitable<net::stream> meet_proxy(proxy_rules::server via);
    awaitable<net::stream> tunnel(destination where);
    awaitable<net::stream> through_socks(net::stream proxy, const destination& where);
    awaitable<net::stream> secure(net::stream over, std::string name, const destination& where);
    net::connect_options connect_options() const;
    net::endpoint endpoint_of(const url& to) const;
    enum class audience : unsigned char { origin, stranger, proxy };
    /// One context for each audience, made on first use: reading the system's certificates takes
    /// milliseconds. All connections share it, and with it the TLS sessions.
    const net::tls_context& context_for(audience whom);
    net::tls_context make_context(audience whom) const;
    void warn_if_insecure(const std::string& name);

    const session_options& options_;
    proxy_rules environment_;
    std::string ca_bundle_;  ///< that the environment names
    std::once_flag made_[3];
    std::optional<net::tls_context> contexts_[3];
    /// A proxy's last challenge by Digest.
    class known_proxy {
    public:
        digest_challenge challenge;
        std::string client_nonce;
        std::uint32_t count = 0;  ///< how often its nonce was used
    };

    std::mutex mutex_;
    std::map<std::string, known_proxy> known_proxies_;  ///< by text and user
    std::set<std::string> warned_;                      ///< hosts
};

}  // namespace ferry::http::detail
