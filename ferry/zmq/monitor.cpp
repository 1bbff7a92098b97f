#include "ferry/zmq/monitor.hpp"

#include "ferry/core/error.hpp"
#include "ferry/zmq/detail/failure.hpp"
#include "ferry/zmq/detail/socket_core.hpp"

#include <zmq.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <utility>

namespace ferry::zmq {
namespace {

constexpr std::array<std::string_view, 15> names{
    "connected",
    "connect_delayed",
    "connect_retried",
    "listening",
    "bind_failed",
    "accepted",
    "accept_failed",
    "closed",
    "close_failed",
    "disconnected",
    "monitor_stopped",
    "handshake_failed_no_detail",
    "handshake_succeeded",
    "handshake_failed_protocol",
    "handshake_failed_auth",
};

std::atomic<unsigned long> monitors = 0;

bool is_failure(event_type type)
{
    return type == event_type::handshake_failed_no_detail ||
           type == event_type::handshake_failed_protocol ||
           type == event_type::handshake_failed_auth;
}

std::size_t place(event_type type)
{
    return static_cast<std::size_t>(std::countr_zero(static_cast<std::uint16_t>(type)));
}

template <class Counters>
awaitable<std::optional<connection_event>> next_event(awaitable<multipart> receiving,
                                                      std::shared_ptr<Counters> counts)
{
    const multipart frames = co_await std::move(receiving);
    connection_event e = parse_monitor_message(frames);
    if (e.type != event_type{}) ++(*counts)[place(e.type)];
    if (e.type == event_type::monitor_stopped) co_return std::nullopt;
    co_return e;
}

}  // namespace

std::string_view name(event_type type) noexcept
{
    const bool is_one = std::has_single_bit(static_cast<std::uint16_t>(type));
    return is_one && place(type) < names.size() ? names[place(type)] : "";
}

connection_event parse_monitor_message(const multipart& frames)
{
    std::uint16_t type = 0;
    std::int32_t number = 0;
    if (frames.size() != 2 || frames[0].size() != sizeof(type) + sizeof(number)) {
        throw protocol_error(errc::bad_message, "monitor: not an event of two frames");
    }
    const std::byte* const at = frames[0].span().data();
    std::memcpy(&type, at, sizeof(type));
    std::memcpy(&number, at + sizeof(type), sizeof(number));
    return {static_cast<event_type>(type), number, frames[1].to_string()};
}

monitor socket::watch(unsigned events)
{
    const unsigned long number = ++monitors;
    const std::string at = "inproc://ferry.monitor." + std::to_string(number);
    const int result = zmq_socket_monitor(core_->handle(), at.c_str(), static_cast<int>(events));
    detail::check(result, core_->description() + ": monitor");
    core_->monitored_by = number;
    socket news(of(), socket_type::pair);
    news.set(opt::rcvhwm, 0);
    news.connect(at);
    return {core_, number, std::move(news)};
}

monitor::monitor(std::weak_ptr<detail::socket_core> of, unsigned long number, socket events)
    : of_{std::move(of)},
      number_{number},
      events_{std::move(events)},
      counts_{std::make_shared<counters>()}
{
}

monitor::~monitor()
{
    const auto core = of_.lock();
    if (!core || core->closed() || core->monitored_by != number_ || !core->on_own_thread()) return;
    zmq_socket_monitor(core->handle(), nullptr, 0);
    core->monitored_by = 0;
}

awaitable<std::optional<connection_event>> monitor::next()
{
    return next_event(events_.receive_multipart(), counts_);
}

std::uint64_t monitor::count(event_type type) const noexcept
{
    return type == event_type{} ? 0 : (*counts_)[place(type)];
}

awaitable<connection_event> monitor::connected()
{
    for (;;) {
        auto waiting = next();
        auto e = co_await std::move(waiting);
        if (!e) throw error(errc::closed, "monitor: the socket was closed");
        if (e->type == event_type::handshake_succeeded) co_return std::move(*e);
        if (is_failure(e->type)) {
            throw error(errc::refused, e->endpoint + ": " + std::string(name(e->type)) + " (" +
                                           std::to_string(e->value) + ')');
        }
    }
}

}  // namespace ferry::zmq
