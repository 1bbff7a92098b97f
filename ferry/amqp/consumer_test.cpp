#include "ferry/amqp/amqp.hpp"
#include "ferry/amqp/detail/test_broker.hpp"
#include "ferry/amqp/detail/test_frames.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/net/stream.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;
using detail::frame_of;
using detail::method;
using detail::method_frame;

std::string delivery_to(std::string_view tag, std::string_view body)
{
    std::string deliver;
    detail::wire_writer d(deliver);
    d.short_text(tag);
    d.u64(1);
    d.octet(0);
    d.short_text("x");
    d.short_text("key");
    std::string header;
    detail::wire_writer h(header);
    h.u16(60);
    h.u16(0);
    h.u64(body.size());
    h.u16(0);
    return method_frame(1, method::basic_deliver, deliver) +
           frame_of(detail::frame_header, 1, header) + frame_of(detail::frame_body, 1, body);
}

awaitable<void> deliver_late(net::listener* on)
{
    net::stream s = co_await on->accept();
    auto opening = detail::let_in(&s, 1);
    co_await std::move(opening);
    const auto limit = co_await detail::read_method(&s);
    EXPECT_TRUE(limit == method::basic_qos);
    co_await s.write(method_frame(1, method::basic_qos_ok));
    const auto consume = co_await detail::read_method(&s);
    EXPECT_TRUE(consume == method::basic_consume);
    std::string tag;
    detail::wire_writer(tag).short_text("c");
    co_await s.write(method_frame(1, method::basic_consume_ok, tag));
    const auto another = co_await detail::read_method(&s);
    EXPECT_TRUE(another == method::basic_qos);
    co_await s.write(delivery_to("c", "late") + method_frame(1, method::basic_qos_ok));
    EXPECT_FALSE(co_await detail::read_method(&s));
}

/// Leaves something behind that lives as long as the connection.
awaitable<void> leave_early(options with, std::weak_ptr<int>* connection_life)
{
    auto connecting = connect(std::move(with));
    connection c = co_await std::move(connecting);
    const auto alive = std::make_shared<int>();
    *connection_life = alive;
    c.on_disconnected([alive](const error&) {});
    auto opening = c.channel();
    channel ch = co_await std::move(opening);
    {
        auto consuming = ch.basic_consume("q", consumer_tag("c"));
        const consumer from = co_await std::move(consuming);
    }
    auto limiting = ch.basic_qos(7);
    co_await std::move(limiting);
}

TEST(consumer, that_has_left_is_no_reason_for_a_connection_to_stay)
{
    net::listener on(net::tcp("127.0.0.1", 0));
    const auto serving = spawn(deliver_late(&on));
    std::weak_ptr<int> connection_life;
    run(timeout(60s, leave_early(detail::options_for(on), &connection_life)));
    run(timeout(60s, serving.join()));
    EXPECT_TRUE(connection_life.expired());
}

}  // namespace
}  // namespace ferry::amqp
