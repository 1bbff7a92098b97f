#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/zmq/message.hpp"
#include "ferry/zmq/socket.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

/// Majordomo (ZeroMQ RFC 7, MDP/0.1): clients ask for services by name, workers offer them, a
/// broker in between knows who lives. Each part talks to those of the guide in any language.
namespace ferry::zmq::mdp {

/// How often both sides say that they live, and how many silent turns are a death.
class options {
public:
    options() = default;
    options& heartbeat(std::chrono::milliseconds every) { return heartbeat_ = every, *this; }
    options& liveness(int turns) { return liveness_ = turns, *this; }
    /// For clients: the time for each attempt, and how many more are made.
    options& timeout(std::chrono::milliseconds each) { return timeout_ = each, *this; }
    options& retries(int more) { return retries_ = more, *this; }

    std::chrono::milliseconds heartbeat() const noexcept { return heartbeat_; }
    std::chrono::milliseconds expiry() const noexcept { return heartbeat_ * liveness_; }
    std::chrono::milliseconds timeout() const noexcept { return timeout_; }
    int retries() const noexcept { return retries_; }

private:
    std::chrono::milliseconds heartbeat_{2500};
    int liveness_ = 3;
    std::chrono::milliseconds timeout_{2500};
    int retries_ = 3;
};

/// Passes requests to workers of the service asked for, the one that has waited longest first, and
/// answers back. Requests for a service without workers wait. A worker that is silent for
/// heartbeat * liveness is forgotten; what it was working on is lost (clients ask again).
/// `mmi.service` answers 200 if the service in the body has a worker, else 404.
class broker {
public:
    /// Requests that wait, for all services together; more are dropped.
    static constexpr std::size_t max_waiting = 100'000;

    explicit broker(options with = options(), const context& of = context::instance());
    broker(broker&&) noexcept;
    ~broker();

    /// \return the real endpoint. As socket::bind.
    std::string bind(const std::string& endpoint);

    /// Works until it is cancelled.
    awaitable<void> run();

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

/// Asks services. Belongs to one coroutine at a time.
class client {
public:
    explicit client(std::string broker, options with = options(),
                    const context& of = context::instance());

    /// Asks, and asks again on a new connection if no answer came.
    /// \throws error(errc::no_answer)
    awaitable<multipart> request(std::string service, multipart body);

    /// Many at once: send() them, then receive() the service and the body of each answer as it
    /// comes. \throws timeout_error  none came in time.
    awaitable<void> send(std::string service, multipart body);
    awaitable<std::pair<std::string, multipart>> receive();

private:
    void reconnect();
    static awaitable<multipart> request(client* self, std::string service, multipart body);

    std::string broker_;
    options with_;
    context of_;
    socket socket_;
};

/// Offers a service.
///
///     mdp::worker echo("tcp://127.0.0.1:5555", "echo");
///     co_await echo.run([](zmq::multipart body) -> awaitable<zmq::multipart> { co_return body; });
class worker {
public:
    using handler = std::function<awaitable<multipart>(multipart)>;

    worker(std::string broker, std::string service, options with = options(),
           const context& of = context::instance());

    /// Answers requests until it is cancelled; connects again when the broker is silent. What the
    /// handler throws ends it, and the request is not answered.
    awaitable<void> run(handler answer);

private:
    class session;
    std::string broker_;
    std::string service_;
    options with_;
    context of_;
};

}  // namespace ferry::zmq::mdp
