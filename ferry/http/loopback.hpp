#pragma once

#include "ferry/core/error.hpp"

namespace ferry::http {

class server;
class session_options;

/// Lets a server of this program answer a session's requests, whatever host their URLs name, over
/// streams in memory: without a socket, but with all that a connection has.
///
///     http::server site;
///     site.get("/", ...);
///     http::session api(http::loopback(site), http::base_url("http://site.local"));
///
/// The server belongs to the loop that sends the requests, and must outlive the session.
/// As httpx.ASGITransport and aiohttp's test client.
class loopback {
public:
    explicit loopback(server& site) noexcept : site_(&site) {}
    void apply_to(session_options& to) const;

private:
    server* site_;
};
static_assert(awaitable_argument<loopback>);

}  // namespace ferry::http
