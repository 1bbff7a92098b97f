// A client in the middle of its work beside a broker that says anything, in any order: a consumer,
// publishes with confirms, a message that is asked for and a declaration are under way. Each step
// of the input is one frame: a kind and a channel, then what it is about.
#include "ferry/amqp/amqp.hpp"
#include "ferry/amqp/detail/connection_core.hpp"
#include "ferry/amqp/detail/test_frames.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/net/stream.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;
using detail::frame_of;
using detail::method;
using detail::method_frame;

// What a broker may say on a channel, and some that only a client says.
constexpr std::array said{method::basic_deliver,    method::basic_ack,
                          method::basic_nack,       method::basic_return,
                          method::basic_get_ok,     method::basic_get_empty,
                          method::basic_cancel,     method::basic_cancel_ok,
                          method::basic_consume_ok, method::basic_qos_ok,
                          method::channel_close,    method::channel_close_ok,
                          method::channel_flow,     method::channel_open_ok,
                          method::queue_declare_ok, method::confirm_select_ok,
                          method::tx_select_ok,     method::basic_recover_ok,
                          method::connection_close, method::connection_close_ok,
                          method::connection_tune,  method::connection_blocked,
                          method::connection_start, method::connection_unblocked,
                          method::basic_publish,    method::exchange_declare_ok,
                          method::queue_purge_ok,   method::connection_update_secret_ok};

// The frames that an input stands for.
std::string frames_of(std::string_view in)
{
    constexpr std::array<std::uint16_t, 4> channels{1, 1, 0, 2};
    const auto next = [&] {
        if (in.empty()) return std::uint8_t{0};
        const auto c = static_cast<std::uint8_t>(in.front());
        in.remove_prefix(1);
        return c;
    };
    const auto some = [&] {
        const std::string_view part = in.substr(0, next());
        in.remove_prefix(std::min(in.size(), part.size()));
        return part;
    };
    std::string out;
    while (!in.empty()) {
        const std::uint8_t step = next();
        const std::uint16_t channel = channels[(step >> 3U) % channels.size()];
        switch (step % 8) {
            case 0:
            case 1:
            case 2:
            case 3: {
                const method m = said[next() % said.size()];
                out += method_frame(channel, m, some());
                break;
            }
            case 4: {
                std::string head;
                detail::wire_writer w(head);
                w.u16(60);
                w.u16(step >> 7U);
                w.u64(next());
                w.raw(some());
                out += frame_of(detail::frame_header, channel, head);
                break;
            }
            case 5: out += frame_of(detail::frame_body, channel, some()); break;
            case 6: out += frame_of(next(), channel, {}); break;
            default: out += some();
        }
    }
    return out;
}

awaitable<void> until(net::stream* s, method wanted)
{
    for (;;) {
        const auto asked = co_await detail::read_request(s);
        if (!asked) throw connection_error(ferry::errc::disconnected, "closed", "");
        if (asked->asks == wanted) co_return;
    }
}

awaitable<void> be_broker(net::stream s, std::string script)
{
    try {
        co_await s.write(detail::start_frame() + detail::tune_frame() + detail::open_ok_frame());
        co_await s.read_exactly(detail::protocol_header.size());
        co_await until(&s, method::channel_open);
        co_await s.write(detail::channel_open_ok_frame());
        co_await until(&s, method::confirm_select);
        co_await s.write(method_frame(1, method::confirm_select_ok));
        co_await until(&s, method::basic_qos);
        co_await s.write(method_frame(1, method::basic_qos_ok));
        co_await until(&s, method::basic_consume);
        co_await s.write(method_frame(1, method::basic_consume_ok, "\1t"));
        co_await until(&s, method::basic_get);
        co_await s.write(std::move(script));
        co_await s.shutdown_write();
        for (std::size_t count = 1; count != 0;) {
            s.consume(s.buffered().size());
            count = co_await s.fill();
        }
    } catch (const error&) {
    }
}

awaitable<void> consume(consumer from)
{
    for (;;) {
        auto d = co_await from.next();
        if (!d) co_return;
        const bool whole = d->body().size() <= 255;
        if (!whole || d->consumer_tag() != "t") std::abort();
        auto acking = d->ack(d->delivery_tag() % 2 == 0);
        co_await std::move(acking);
    }
}

awaitable<void> whatever_comes(awaitable<void> operation)
{
    try {
        co_await std::move(operation);
    } catch (const error&) {
    }
}

awaitable<void> get(channel from)
{
    auto getting = from.basic_get("q");
    auto d = co_await std::move(getting);
    if (!d) co_return;
    auto rejecting = d->reject();
    co_await std::move(rejecting);
}

awaitable<void> declare(channel on)
{
    auto declaring = on.queue_declare("q");
    co_await std::move(declaring);
}

awaitable<void> be_client(net::stream s)
{
    options with;
    with.no_recovery().confirm_timeout(0ms);
    const auto core = detail::make_at_home<detail::connection_core>(std::move(with));
    auto opening = detail::connection_core::open(core, std::move(s));
    co_await std::move(opening);
    connection c(core);
    auto channel_opening = c.channel(confirm());
    channel ch = co_await std::move(channel_opening);
    ch.add_on_return([](const returned_message&) {});
    auto beginning = ch.basic_consume("q", consumer_tag("t"), prefetch(3));
    consumer all = co_await std::move(beginning);
    task_group working;
    working.spawn(whatever_comes(consume(std::move(all))));
    for (const char* body : {"one", "two", "three"}) {
        working.spawn(whatever_comes(ch.basic_publish("", "q", body, properties(), mandatory())));
    }
    working.spawn(whatever_comes(get(ch)));
    working.spawn(whatever_comes(declare(ch)));
    // One that leaves in parts.
    static const buffer long_body(std::string(600'000, 'x'));
    working.spawn(whatever_comes(ch.basic_publish("", "q", long_body)));
    co_await working.join();
    if (ch.is_open() && c.is_open()) std::abort();
}

awaitable<void> play(std::string script)
{
    auto [near, far] = net::pair();
    task_group both;
    both.spawn(be_broker(std::move(far), std::move(script)));
    both.spawn(whatever_comes(be_client(std::move(near))));
    co_await both.join();
}

}  // namespace
}  // namespace ferry::amqp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry::amqp;
    constexpr std::size_t longest = 4096;
    const std::string_view in(reinterpret_cast<const char*>(data), std::min(size, longest));
    ferry::run(play(frames_of(in)));
    return 0;
}
