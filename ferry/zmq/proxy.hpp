#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/zmq/context.hpp"
#include "ferry/zmq/message.hpp"
#include "ferry/zmq/socket.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace ferry::zmq {

/// Messages, and the bytes of their frames.
class traffic {
public:
    traffic() = default;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    friend bool operator==(const traffic&, const traffic&) = default;
};

/// What a proxy has passed on, in the order in which STATISTICS reports it.
class proxy_statistics {
public:
    proxy_statistics() = default;
    traffic front_in;
    traffic front_out;
    traffic back_in;
    traffic back_out;
    friend bool operator==(const proxy_statistics&, const proxy_statistics&) = default;
};

/// What a proxy has besides its two sockets. The sockets must outlive it.
class proxy_options {
public:
    proxy_options() = default;

    /// Gets a copy of every message; PUB, DEALER, PUSH or PAIR. While it cannot take any, nothing
    /// is passed on.
    proxy_options& capture(socket& s) { return capture_ = &s, *this; }

    /// The same, with these frames in front of what comes from the frontend and the backend, if
    /// they are not empty. As zmq.devices.monitored_queue, also in that ROUTER to ROUTER has its
    /// two routing ids exchanged.
    proxy_options& monitor(socket& s, std::string in_prefix = "in", std::string out_prefix = "out")
    {
        capture_ = &s;
        prefixes_ = {std::move(in_prefix), std::move(out_prefix)};
        monitored_ = true;
        return *this;
    }

    /// Takes orders: PAUSE, RESUME, TERMINATE, and STATISTICS, which is answered with eight frames
    /// of a uint64 each. PAIR, PULL, SUB, or REP, which answers the others with an empty frame.
    proxy_options& control(socket& s) { return control_ = &s, *this; }

    /// Kept up to date, and must outlive the proxy.
    proxy_options& statistics(proxy_statistics& into) { return statistics_ = &into, *this; }

private:
    friend class proxy_run;
    socket* capture_ = nullptr;
    socket* control_ = nullptr;
    proxy_statistics* statistics_ = nullptr;
    std::pair<std::string, std::string> prefixes_;
    bool monitored_ = false;
};

/// Passes messages on between two sockets, both ways, until it is cancelled or a control socket
/// says TERMINATE. A message is taken from one side only when the other can take it, and then is
/// passed on even if the proxy is cancelled meanwhile, unless the capture socket holds it up.
///
///     zmq::socket clients(zmq::router), workers(zmq::dealer);      // a queue
///     co_await zmq::proxy(clients, workers);
///
/// XSUB and XPUB make a forwarder, PULL and PUSH a streamer. The sockets must outlive it.
/// As zmq.proxy and proxy_steerable.
/// \throws context_terminated, error(errc::closed)
awaitable<void> proxy(socket& frontend, socket& backend, proxy_options with = proxy_options());

/// The usual pairs: ROUTER to DEALER, XSUB to XPUB, PULL to PUSH.
enum class device_type : unsigned char { queue, forwarder, streamer };

/// A proxy of libzmq's own on a thread of its own, for what must go on whatever the loops do. As
/// zmq.devices.ThreadProxy.
class thread_device {
public:
    /// Binds both ends; returns when that is done.
    /// \throws bind_error, invalid_endpoint
    thread_device(device_type type, std::string frontend, std::string backend,
                  const context& of = context::instance(),
                  std::optional<std::string> capture = std::nullopt);
    thread_device(const thread_device&) = delete;
    thread_device& operator=(const thread_device&) = delete;

    /// Ends it; what lingers is dropped.
    ~thread_device();

    /// The real endpoints.
    const std::string& frontend() const noexcept;
    const std::string& backend() const noexcept;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace ferry::zmq
