#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/zmq/message.hpp"
#include "ferry/zmq/socket.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Freelance (the guide's model three): a client knows several servers of one kind, asks the first
/// that lives, and goes on to the next when it falls silent; without a broker. Each part talks to
/// those of the guide in any language.
namespace ferry::zmq::freelance {

/// How often a silent server is pinged, when it counts as dead, and how long a request may take.
class options {
public:
    options() = default;
    options& ping(std::chrono::milliseconds every) { return ping_ = every, *this; }
    options& expiry(std::chrono::milliseconds after) { return expiry_ = after, *this; }
    options& timeout(std::chrono::milliseconds whole) { return timeout_ = whole, *this; }

    std::chrono::milliseconds ping() const noexcept { return ping_; }
    std::chrono::milliseconds expiry() const noexcept { return expiry_; }
    std::chrono::milliseconds timeout() const noexcept { return timeout_; }

private:
    std::chrono::milliseconds ping_{2000};
    std::chrono::milliseconds expiry_{6000};
    std::chrono::milliseconds timeout_{10'000};
};

/// Asks whichever server lives. Belongs to one coroutine at a time. Servers are pinged while a
/// request is under way only: nothing runs in between.
class client {
public:
    explicit client(options with = options(), const context& of = context::instance());
    client(client&&) noexcept;
    client& operator=(client&&) noexcept;
    ~client();

    /// Adds a server, by the endpoint that is also its name. \throws invalid_endpoint
    void connect(const std::string& server);

    /// Asks. A request that a dying server had taken is sent to the next one, so it may be carried
    /// out twice. \throws error(errc::no_answer)  none came in options::timeout.
    awaitable<multipart> request(multipart body);

    /// The servers, and whether each was heard of lately; in the order in which they are asked.
    std::vector<std::pair<std::string, bool>> servers() const;

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

/// Answers requests.
///
///     freelance::server echo("tcp://127.0.0.1:5555");
///     co_await echo.run([](zmq::multipart body) -> awaitable<zmq::multipart> { co_return body; });
class server {
public:
    using handler = std::function<awaitable<multipart>(multipart)>;

    /// Binds. \param name  the endpoint by which clients connect, in their very words; empty: the
    /// one that is bound, which must have no wildcard then.
    /// \throws bind_error, invalid_endpoint
    explicit server(const std::string& endpoint, std::string name = {},
                    const context& of = context::instance());

    /// Answers, one request after the other, until it is cancelled. What the handler throws ends
    /// it.
    awaitable<void> run(handler answer);

private:
    static awaitable<void> run(server* self, handler answer);

    socket clients_;
};

}  // namespace ferry::zmq::freelance
