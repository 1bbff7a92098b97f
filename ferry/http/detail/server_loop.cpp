#include "ferry/http/detail/server_loop.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/http/detail/linger.hpp"
#include "ferry/http/detail/server_connection.hpp"
#include "ferry/http/detail/server_core.hpp"
#include "ferry/net/tls.hpp"

#include <utility>

namespace ferry::http::detail {
namespace {

using namespace std::chrono_literals;

constexpr auto handshake_time = 10s;

// Clients that are told at the same time that the server is full; others are cut off.
constexpr std::size_t most_turned_away = 64;

constexpr std::string_view full =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
    "Connection: close\r\n\r\n";

constexpr std::string_view wrong_scheme =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 33\r\nConnection: close\r\n\r\nThis port speaks TLS: use https.\n";

// TLS begins with the byte 22; a method of HTTP with a letter.
bool begins_in_the_clear(std::string_view first) noexcept
{
    return !first.empty() && first.front() >= 'A' && first.front() <= 'Z';
}

// Secures the connection. \return an empty stream: the client speaks plain HTTP, and was told.
awaitable<net::stream> secure(net::stream peer, net::tls_context with)
{
    if (peer.buffered().empty()) {
        const std::size_t n = co_await peer.fill();
        if (n == 0) co_return net::stream();
    }
    if (begins_in_the_clear(peer.buffered_text())) {
        peer.expires_after(1000ms);
        co_await peer.write(as_bytes(wrong_scheme));
        co_await linger(peer);
        co_return net::stream();
    }
    auto securing = net::accept_tls(std::move(peer), std::move(with));
    co_return co_await std::move(securing);
}

// Stands for its object in a set while it lives.
template <class T>
class registration {
public:
    registration(std::set<T*>& in, T& what) : in_(in), what_(&what) { in_.insert(what_); }
    ~registration() { in_.erase(what_); }
    registration(const registration&) = delete;
    registration& operator=(const registration&) = delete;

private:
    std::set<T*>& in_;
    T* what_;
};

}  // namespace

awaitable<void> server_loop::turn_away(std::shared_ptr<server_loop> self, net::stream peer)
{
    ++self->turned_away_;
    try {
        peer.expires_after(1000ms);
        co_await peer.write(as_bytes(full));
        co_await linger(peer);
    } catch (const error&) {
        // It has gone by itself.
    }
    --self->turned_away_;
}

awaitable<void> server_loop::handle(std::shared_ptr<server_loop> self,
                                    std::shared_ptr<server_core> core, net::stream peer,
                                    std::shared_ptr<const net::endpoint> at,
                                    connection_place counted)
{
    try {
        if (at->tls() != nullptr) {
            auto secured = secure(std::move(peer), *at->tls());
            peer = co_await ferry::timeout(handshake_time, std::move(secured), "TLS handshake");
        }
        if (peer) co_await serve_one(self, core, std::move(peer));
    } catch (const std::exception& e) {
        log::info("an HTTP connection failed", "failure", e.what());
    }
    counted.release();
}

awaitable<void> server_loop::serve_one(std::shared_ptr<server_loop> self,
                                       std::shared_ptr<server_core> core, net::stream on)
{
    server_connection connection(*core, std::move(on));
    const registration registered(self->connections_, connection);
    co_await connection.run();
}

awaitable<void> server_loop::serve(std::shared_ptr<server_loop> self,
                                   std::shared_ptr<server_core> core, net::listener on)
{
    const auto at = std::make_shared<const net::endpoint>(on.local_endpoint());
    task_group group;
    const registration listening(self->listeners_, on);
    const registration running(self->groups_, group);
    ++self->serving_;
    self->idle_.clear();
    std::exception_ptr end;
    try {
        for (;;) {
            net::stream peer = co_await on.accept();
            if (core->has_room()) {
                auto connection = handle(self, core, std::move(peer), at, core->take_place());
                group.spawn(std::move(connection));
            } else if (at->tls() == nullptr && self->turned_away_ < most_turned_away) {
                group.spawn(turn_away(self, std::move(peer)));
            }
        }
    } catch (...) {
        end = std::current_exception();
    }
    on.close();
    if (!core->stopping()) group.cancel();
    std::exception_ptr failed;
    try {
        co_await group.join();
    } catch (...) {
        failed = std::current_exception();
    }
    if (--self->serving_ == 0) self->idle_.set();
    if (failed) std::rethrow_exception(failed);
    if (!core->stopping()) std::rethrow_exception(end);
}

awaitable<void> server_loop::stop(std::shared_ptr<server_loop> self,
                                  std::chrono::milliseconds grace)
{
    for (net::listener* l : self->listeners_) l->close();
    for (server_connection* c : self->connections_) c->stop();
    if (self->serving_ == 0) co_return;
    bool late = false;
    try {
        co_await ferry::timeout(grace, self->idle_.wait(), "the last responses");
    } catch (const timeout_error&) {
        late = true;
    }
    if (!late) co_return;
    for (task_group* g : self->groups_) g->cancel();
    co_await self->idle_.wait();
}

void server_loop::cancel() noexcept
{
    for (net::listener* l : listeners_) l->close();
    for (task_group* g : groups_) g->cancel();
}

}  // namespace ferry::http::detail
