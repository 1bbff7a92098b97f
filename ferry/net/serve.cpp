#include "ferry/async/sync.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/net/tls.hpp"

#include <utility>

namespace ferry::net {
namespace {

/// What the connections of one server share.
struct server {
    server(connection_handler h, serve_options w, const endpoint& at)
        : handler{std::move(h)}, with{w}, where{at}, room{with.max_connections()}
    {
    }

    connection_handler handler;
    serve_options with;
    endpoint where;
    semaphore room;
};

awaitable<void> handle(server* of, stream peer, semaphore::guard place)
{
    const std::string name = peer.remote_endpoint();
    try {
        if (of->where.tls() != nullptr) {
            auto handshake =
                timeout(of->with.handshake_timeout(), accept_tls(std::move(peer), *of->where.tls()),
                        "TLS handshake");
            peer = co_await std::move(handshake);
        }
        auto handled = of->handler(std::move(peer));
        co_await std::move(handled);
    } catch (const std::exception& e) {
        log::warning("a connection failed", "peer", name, "failure", e.what());
    }
    place.release();
}

}  // namespace

awaitable<void> serve(listener on, connection_handler handler, serve_options with)
{
    server s(std::move(handler), with, on.local_endpoint());
    task_group connections;
    std::exception_ptr end;
    try {
        for (;;) {
            auto place = co_await s.room.acquire();
            stream peer = co_await on.accept();
            auto connection = handle(&s, std::move(peer), std::move(place));
            connections.spawn(std::move(connection));
        }
    } catch (...) {
        end = std::current_exception();
    }
    on.close();
    connections.cancel();
    co_await connections.join();
    std::rethrow_exception(end);
}

awaitable<void> serve(endpoint at, connection_handler handler, serve_options with)
{
    auto serving = serve(listener(at), std::move(handler), with);
    co_await std::move(serving);
}

}  // namespace ferry::net
