#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/error.hpp"
#include "ferry/http/request.hpp"
#include "ferry/http/response.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::http {

/// One event of a text/event-stream (HTML Standard section 9.2), as a server sends it.
///
///     http::server_event(json::dump(price)).type("price").id("17")
class server_event {
public:
    server_event() = default;
    explicit server_event(std::string data) : data_(std::move(data)) {}

    /// The event's name; `message` if there is none. \throws error  it holds a line end.
    server_event& type(std::string_view name);
    /// What comes back as Last-Event-ID after a lost connection. \throws error  a line end or NUL.
    server_event& id(std::string_view value);
    /// How long the client waits before it connects again.
    server_event& retry(std::chrono::milliseconds d) { return retry_ = d, *this; }

    const std::string& data() const noexcept { return data_; }
    const std::string& id() const noexcept { return id_; }

    /// As it goes on the wire, with the empty line at its end.
    std::string text() const;

private:
    std::string data_;
    std::string type_;
    std::string id_;
    std::optional<std::chrono::milliseconds> retry_;
};
static_assert(awaitable_argument<server_event>);

/// A response that goes on for as long as `next` has events: none ends it.
///
///     site.get("/prices", [&](http::request&) -> awaitable<http::response> {
///         auto mine = std::make_shared<ferry::queue<http::server_event>>(100);
///         subscribe(mine);
///         co_return http::events([mine] { return mine->next(); });
///     });
///
/// While there is nothing to send, a comment goes out every `keep_alive`: so proxies keep the
/// connection, and a client that has gone is noticed. `next` is then still being waited for; it is
/// cancelled when the client has gone.
response events(std::function<awaitable<std::optional<server_event>>()> next,
                std::chrono::milliseconds keep_alive = std::chrono::milliseconds(15'000));

/// Hands events on to any number of clients, and to those who come back what they have missed.
///
///     http::event_feed prices;
///     site.get("/prices", [&](http::request& q) { return prices.subscribe(q); });
///     prices.publish(http::server_event("101.5").type("price"));
///
/// Events are numbered by the feed. A client that is more than `history` events behind is cut off,
/// and catches up when it connects again, as browsers do. Belongs to one loop. A handle.
class event_feed {
public:
    explicit event_feed(std::size_t history = 100);

    void publish(server_event e);

    /// The response for one client, from the event after its Last-Event-ID on.
    awaitable<response> subscribe(request& q) const;

    /// Ends every response.
    void close();

    std::size_t subscribers() const noexcept;

    class state;

private:
    std::shared_ptr<state> state_;
};

}  // namespace ferry::http
