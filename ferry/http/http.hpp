#pragma once

/// \file
/// HTTP/1.1, client and server.
///
///     auto r = run(http::get("http://127.0.0.1:8080/user", http::params("q", "café")));
///     r.raise_for_status();
///     auto gists = r.json()["private_gists"].as<int>();
///
///     http::server site;
///     site.files("/", "public");
///     run(site.serve(net::tcp("127.0.0.1", 8080)));
///
/// The guide is docs/http.md. As Requests, and http.server.

#include "ferry/http/auth.hpp"
#include "ferry/http/body.hpp"
#include "ferry/http/cache.hpp"
#include "ferry/http/cassette.hpp"
#include "ferry/http/connection_options.hpp"
#include "ferry/http/cookie_file.hpp"
#include "ferry/http/cookies.hpp"
#include "ferry/http/download.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/har.hpp"
#include "ferry/http/header_values.hpp"
#include "ferry/http/headers.hpp"
#include "ferry/http/hooks.hpp"
#include "ferry/http/loopback.hpp"
#include "ferry/http/middleware.hpp"
#include "ferry/http/mock.hpp"
#include "ferry/http/multipart.hpp"
#include "ferry/http/options.hpp"
#include "ferry/http/outgoing.hpp"
#include "ferry/http/params.hpp"
#include "ferry/http/proxy.hpp"
#include "ferry/http/request.hpp"
#include "ferry/http/response.hpp"
#include "ferry/http/response_stream.hpp"
#include "ferry/http/retry.hpp"
#include "ferry/http/router.hpp"
#include "ferry/http/server.hpp"
#include "ferry/http/server_cookies.hpp"
#include "ferry/http/server_events.hpp"
#include "ferry/http/server_limits.hpp"
#include "ferry/http/session.hpp"
#include "ferry/http/session_options.hpp"
#include "ferry/http/sse.hpp"
#include "ferry/http/status.hpp"
#include "ferry/http/stream_body.hpp"
#include "ferry/http/tls_options.hpp"
#include "ferry/http/transfer.hpp"
#include "ferry/http/transport.hpp"
#include "ferry/http/upload.hpp"
#include "ferry/http/websocket.hpp"
#include "ferry/http/websocket_client.hpp"
