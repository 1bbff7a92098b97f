#pragma once

#include "ferry/amqp/detail/test_frames.hpp"
#include "ferry/amqp/options.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/net/stream.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

/// A broker's part until a client has its channels, played by a test.
namespace ferry::amqp::detail {

/// Leads a client there, once.
inline options options_for(const net::listener& where)
{
    return options()
        .hosts({net::tcp("127.0.0.1", where.port())})
        .no_recovery()
        .call_timeout(std::chrono::seconds(60))
        .timeout(std::chrono::seconds(60));
}

/// The client's next method, as it should be in a script.
inline awaitable<std::optional<method>> read_method(net::stream* from)
{
    const auto asked = co_await read_request(from);
    if (!asked) co_return std::nullopt;
    co_return asked->asks;
}

/// How the broker writes: whole, or in pieces.
using writing = std::function<awaitable<void>(net::stream*, std::string)>;

inline awaitable<void> write_whole(net::stream* to, std::string text)
{
    co_await to->write(std::move(text));
}

constexpr int whole_login = 100;

/// The first `steps` of the login.
inline awaitable<void> log_in(net::stream* s, int steps, writing write)
{
    if (steps-- == 0) co_return;
    co_await s->read_exactly(protocol_header.size());
    if (steps-- == 0) co_return;
    auto starting = write(s, start_frame());
    co_await std::move(starting);
    if (steps-- == 0) co_return;
    const auto ok = co_await read_method(s);
    EXPECT_TRUE(ok == method::connection_start_ok);
    if (steps-- == 0) co_return;
    auto tuning = write(s, tune_frame());
    co_await std::move(tuning);
    if (steps-- == 0) co_return;
    const auto tuned = co_await read_method(s);
    EXPECT_TRUE(tuned == method::connection_tune_ok);
    const auto open = co_await read_method(s);
    EXPECT_TRUE(open == method::connection_open);
    if (steps-- == 0) co_return;
    auto opening = write(s, open_ok_frame());
    co_await std::move(opening);
}

/// The whole login, and so many channels: 1, 2, ...
inline awaitable<void> let_in(net::stream* s, std::uint16_t channels, writing write = write_whole)
{
    auto login = log_in(s, whole_login, write);
    co_await std::move(login);
    for (std::uint16_t channel = 1; channel <= channels; ++channel) {
        const auto open = co_await read_method(s);
        EXPECT_TRUE(open == method::channel_open);
        auto opening = write(s, channel_open_ok_frame(channel));
        co_await std::move(opening);
    }
}

}  // namespace ferry::amqp::detail
