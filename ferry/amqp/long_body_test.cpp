// What a broker gets of a message that leaves in many parts.
#include "ferry/amqp/amqp.hpp"
#include "ferry/amqp/detail/test_broker.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/net/stream.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;
using detail::method;
using detail::method_frame;
using detail::options_for;

// A frame that the client has sent.
struct sent_frame {
    std::uint8_t type = 0;
    std::uint16_t channel = 0;
    std::size_t size = 0;
    method asks{};
};

awaitable<sent_frame> read_sent(net::stream* from)
{
    for (;;) {
        if (const auto f = detail::next_frame(from->buffered_text(), detail::frame_max_size)) {
            sent_frame found{f->type, f->channel, f->payload.size()};
            if (f->type == detail::frame_method) {
                found.asks = static_cast<method>(detail::wire_reader(f->payload).u32());
            }
            from->consume(f->size());
            co_return found;
        }
        const std::size_t count = co_await from->fill();
        if (count == 0) throw error(errc::closed, "the client went away");
    }
}

// Takes what comes, up to so many bytes of bodies.
awaitable<void> take_publishes(net::listener* on, std::size_t count, std::vector<sent_frame>* all)
{
    net::stream s = co_await on->accept();
    auto opening = detail::let_in(&s, 2);
    co_await std::move(opening);
    for (std::size_t bytes = 0; bytes < count;) {
        const sent_frame f = co_await read_sent(&s);
        if (f.type == detail::frame_body) bytes += f.size;
        all->push_back(f);
    }
}

constexpr std::size_t long_bytes = 64U << 20U;

// Two channels of one connection; on the first, a long body is on its way.
awaitable<std::pair<channel, channel>> publish_long(options with)
{
    auto connecting = connect(std::move(with));
    connection c = co_await std::move(connecting);
    auto opening = c.channel();
    channel one = co_await std::move(opening);
    opening = c.channel();
    channel two = co_await std::move(opening);
    auto publishing = one.basic_publish("", "q", std::string(long_bytes, 'x'));
    co_await std::move(publishing);
    co_return std::pair(std::move(one), std::move(two));
}

awaitable<void> publish_long_and_short(options with, const task<void>* taken)
{
    auto publishing = publish_long(std::move(with));
    auto [one, two] = co_await std::move(publishing);
    const auto declaring = spawn(one.queue_declare("q"));
    const auto behind = spawn(one.basic_publish("", "q", "behind"));
    auto between = two.basic_publish("", "q", "between");
    co_await std::move(between);
    co_await taken->wait();
    EXPECT_TRUE(behind.done());
    co_await declaring.wait();
    EXPECT_TRUE(declaring.failure() != nullptr);  // nobody has answered
}

TEST(long_body, lets_other_channels_frames_between_its_own)
{
    net::listener on(net::tcp("127.0.0.1", 0));
    std::vector<sent_frame> all;
    const auto taken = spawn(take_publishes(&on, long_bytes + 6 + 7, &all));
    run(timeout(60s, publish_long_and_short(options_for(on), &taken)));
    run(taken.join());
    std::string order;  // in it, 'b' stands for any number of body frames
    std::string others;
    for (const sent_frame& f : all) {
        if (f.channel == 2) {
            others += f.type == detail::frame_body ? order.back() : '-';
            continue;
        }
        const char letter = f.type == detail::frame_header    ? 'h'
                            : f.type == detail::frame_body    ? 'b'
                            : f.asks == method::basic_publish ? 'p'
                            : f.asks == method::queue_declare ? 'd'
                                                              : '?';
        if (order.empty() || letter != 'b' || order.back() != 'b') order += letter;
    }
    EXPECT_EQ(order, "phbdphb");
    // The other channel's message came while the first body was on its way.
    EXPECT_TRUE(others == "--b" || others == "--h") << others;
    EXPECT_EQ(all.back().size, 6U);
}

// Closes the first channel while a long body comes on it.
awaitable<void> close_within_a_body(net::listener* on, std::size_t* taken)
{
    net::stream s = co_await on->accept();
    auto opening = detail::let_in(&s, 2);
    co_await std::move(opening);
    sent_frame first;
    while (first.type != detail::frame_header) first = co_await read_sent(&s);
    std::string why;
    detail::wire_writer w(why);
    w.u16(406);
    w.short_text("PRECONDITION_FAILED");
    w.u32(0);
    co_await s.write(method_frame(1, method::channel_close, why));
    for (;;) {
        const sent_frame f = co_await read_sent(&s);
        if (f.type == detail::frame_body) *taken += f.size;
        if (f.asks == method::channel_close_ok) break;
    }
    // What comes now is of the other channel.
    for (const auto type : {detail::frame_method, detail::frame_header, detail::frame_body}) {
        const sent_frame f = co_await read_sent(&s);
        EXPECT_EQ(f.channel, 2);
        EXPECT_EQ(f.type, type);
    }
}

awaitable<void> publish_to_a_closed_channel(options with, const task<void>* serving)
{
    auto publishing = publish_long(std::move(with));
    auto [one, two] = co_await std::move(publishing);
    const auto behind = spawn(one.basic_publish("", "q", "behind"));
    co_await behind.wait();
    EXPECT_THROW(std::rethrow_exception(behind.failure()), channel_closed);
    auto beside = two.basic_publish("", "q", "beside");
    co_await std::move(beside);
    co_await serving->wait();
}

TEST(long_body, ends_when_the_broker_closes_its_channel)
{
    net::listener on(net::tcp("127.0.0.1", 0));
    std::size_t taken = 0;
    const auto serving = spawn(close_within_a_body(&on, &taken));
    run(timeout(60s, publish_to_a_closed_channel(options_for(on), &serving)));
    run(serving.join());
    EXPECT_LT(taken, long_bytes);
}

}  // namespace
}  // namespace ferry::amqp
