#pragma once

/// \file
/// The one byte stream: TCP, unix sockets, TLS and pairs in memory; listeners and the resolver.
///
///     awaitable<void> echo(net::stream peer)
///     {
///         while (auto line = co_await peer.read_line()) co_await peer.write(*line);
///     }
///     run(net::serve(net::tcp("127.0.0.1", 7777), echo));
///
///     net::stream s = co_await net::connect(net::tcp("mail.local", 587));
///     s = co_await net::start_tls(std::move(s), net::tls_context::client(), "mail.local");

#include "ferry/net/address.hpp"
#include "ferry/net/connect.hpp"
#include "ferry/net/datagram.hpp"
#include "ferry/net/endpoint.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/net/service_url.hpp"
#include "ferry/net/socks.hpp"
#include "ferry/net/stream.hpp"
#include "ferry/net/tls.hpp"
#include "ferry/net/transport.hpp"
