// A client beside a broker that breaks the rules, or goes away, at every point.
#include "ferry/amqp/amqp.hpp"
#include "ferry/amqp/detail/test_broker.hpp"
#include "ferry/amqp/detail/test_frames.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/net/stream.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using detail::frame_of;
using detail::method;
using detail::method_frame;
using detail::options_for;
using detail::read_method;
using detail::write_whole;
using detail::writing;

awaitable<void> write_octets(net::stream* to, std::string text)
{
    for (const char c : text) {
        co_await to->write(std::string(1, c));
        co_await yield_now();
    }
}

std::error_code failure_of(awaitable<void> operation)
{
    try {
        run(timeout(60s, std::move(operation)));
    } catch (const error& e) {
        return e.code();
    }
    return {};
}

awaitable<void> connect_only(options with)
{
    auto connecting = connect(std::move(with));
    co_await std::move(connecting);
}

awaitable<void> accept_and_leave(net::listener* on, int steps)
{
    net::stream s = co_await on->accept();
    auto login = detail::log_in(&s, steps, detail::write_whole);
    co_await std::move(login);
}

TEST(fake_broker, going_away_at_each_step_of_the_login_is_an_error)
{
    for (int steps = 0; steps < 6; ++steps) {
        SCOPED_TRACE(steps);
        net::listener on(net::tcp("127.0.0.1", 0));
        const auto serving = spawn(accept_and_leave(&on, steps));
        EXPECT_TRUE(failure_of(connect_only(options_for(on))) == condition::disconnected);
        run(serving.wait());
    }
}

awaitable<void> accept_and_say(net::listener* on, std::string text)
{
    net::stream s = co_await on->accept();
    co_await s.write(std::move(text));
    co_await s.read_all(1 << 20);
}

TEST(fake_broker, what_is_no_such_broker_is_told_apart)
{
    struct row {
        const char* name;
        std::string text;
        errc code;
    };
    for (const row& r : std::vector<row>{
             {"AMQP 1.0", "AMQP\0\1\0\0"s, errc::protocol_mismatch},
             {"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", errc::frame_error},
             {"frames too small", detail::start_frame() + detail::tune_frame(8),
              errc::syntax_error},
             {"a table that is cut", method_frame(0, method::connection_start, "\0\x09\0\0\0\xFF"s),
              errc::syntax_error},
             {"another method", detail::open_ok_frame() + method_frame(0, method::queue_declare_ok),
              errc::command_invalid},
         }) {
        SCOPED_TRACE(r.name);
        net::listener on(net::tcp("127.0.0.1", 0));
        const auto serving = spawn(accept_and_say(&on, r.text));
        EXPECT_EQ(failure_of(connect_only(options_for(on))), r.code);
        serving.cancel();
        run(serving.wait());
    }
}

awaitable<std::string> accept_and_read(net::listener* on, std::string says)
{
    net::stream s = co_await on->accept();
    co_await s.write(std::move(says));
    const bytes all = co_await s.read_all(1 << 20);
    co_return std::string(as_text(all));
}

// A broker resets the connection after a longer frame, and says nothing.
TEST(fake_broker, no_login_is_sent_that_is_longer_than_it_may_be)
{
    net::listener on(net::tcp("127.0.0.1", 0));
    for (const bool fast : {false, true}) {
        SCOPED_TRACE(fast);
        const auto serving = spawn(accept_and_read(&on, fast ? "" : detail::start_frame()));
        auto with = options_for(on).fast_login(fast).client_properties(
            value::object("about", std::string(4096, 'x')));
        EXPECT_EQ(failure_of(connect_only(std::move(with))), errc::frame_error);
        run(serving.wait());
        EXPECT_EQ(serving.value(), std::string(fast ? "" : detail::protocol_header));
    }
}

// Logs the client in, opens its channel, sends `text`. \return the reply code of its close; 0: none
awaitable<int> accept_and_break(net::listener* on, std::string text)
{
    net::stream s = co_await on->accept();
    auto opening = detail::let_in(&s, 1);
    co_await std::move(opening);
    co_await s.write(std::move(text));
    for (;;) {
        const auto asked = co_await detail::read_request(&s);
        if (!asked) co_return 0;
        if (asked->asks == method::connection_close) {
            co_return detail::wire_reader(asked->arguments).u16();
        }
    }
}

awaitable<void> wait_for_the_end(options with)
{
    auto connecting = connect(std::move(with));
    connection c = co_await std::move(connecting);
    auto opening = c.channel();
    channel ch = co_await std::move(opening);
    auto getting = ch.basic_get("q");
    co_await std::move(getting);
}

std::string deliver_arguments()
{
    std::string out;
    detail::wire_writer w(out);
    w.short_text("tag");
    w.u64(1);
    w.octet(0);
    w.short_text("");
    w.short_text("key");
    return out;
}

std::string header_frame(std::uint64_t size, std::uint16_t weight = 0)
{
    std::string out;
    detail::wire_writer w(out);
    w.u16(60);
    w.u16(weight);
    w.u64(size);
    w.u16(0);
    return frame_of(detail::frame_header, 1, out);
}

TEST(fake_broker, whoever_breaks_the_rules_is_told_so)
{
    const std::string deliver = method_frame(1, method::basic_deliver, deliver_arguments());
    const std::string cut = method_frame(1, method::basic_deliver, "\3ta");
    std::string bad_end = method_frame(1, method::basic_get_empty, "\0"s);
    bad_end.back() = 'x';
    struct row {
        const char* name;
        std::string text;
        int code;
    };
    for (const row& r : std::vector<row>{
             {"bad end", bad_end, 501},
             {"unknown type", frame_of(7, 1, "x"), 501},
             {"too large", "\1\0\1\x7F\xFF\xFF\xFF"s, 501},
             {"a body longer than announced",
              deliver + header_frame(1) + frame_of(detail::frame_body, 1, "xy"), 501},
             {"a body longer than allowed", deliver + header_frame(1ULL << 40U), 501},
             {"a method that is cut", cut, 502},
             {"an empty method", frame_of(detail::frame_method, 1, ""), 502},
             {"a header that is cut", deliver + frame_of(detail::frame_header, 1, "\0\x3C"s), 502},
             {"an unknown method", method_frame(1, static_cast<method>(0x00630001)), 503},
             {"an answer that nobody asked for", method_frame(1, method::queue_bind_ok), 503},
             {"an unknown method on channel 0", method_frame(0, method::queue_bind_ok), 503},
             {"a message that nobody asked for",
              method_frame(1, method::basic_return, "\1\x38\0\0\0"s) + header_frame(0) +
                  header_frame(0),
              505},
             {"a body without a method", frame_of(detail::frame_body, 1, "x"), 505},
             {"a header without a method", header_frame(1), 505},
             {"two headers", deliver + header_frame(1) + header_frame(1), 505},
             {"a weight", deliver + header_frame(1, 1), 505},
             {"a method inside of a content", deliver + deliver, 505},
             {"a heartbeat on a channel", frame_of(detail::frame_heartbeat, 1, ""), 505},
             {"a body on channel 0", frame_of(detail::frame_body, 0, "x"), 505},
         }) {
        SCOPED_TRACE(r.name);
        net::listener on(net::tcp("127.0.0.1", 0));
        const auto serving = spawn(accept_and_break(&on, r.text));
        EXPECT_TRUE(failure_of(wait_for_the_end(options_for(on)))) << "no failure";
        EXPECT_EQ(run(timeout(60s, serving.join())), r.code);
    }
}

std::string message(std::string_view body)
{
    std::string arguments;
    detail::wire_writer w(arguments);
    w.u64(1);
    w.octet(0);
    w.short_text("x");
    w.short_text("key");
    w.u32(5);
    std::string out = method_frame(1, method::basic_get_ok, arguments) + header_frame(body.size());
    for (std::size_t at = 0; at < body.size(); at += 7) {
        out += frame_of(detail::frame_body, 1, body.substr(at, 7));
        if (at + 7 < body.size()) out += frame_of(detail::frame_heartbeat, 0, "");
    }
    return out;
}

awaitable<void> serve_a_message(net::listener* on, writing write, std::string body)
{
    net::stream s = co_await on->accept();
    auto opening = detail::let_in(&s, 1, write);
    co_await std::move(opening);
    const auto get = co_await read_method(&s);
    EXPECT_TRUE(get == method::basic_get);
    auto giving = write(&s, message(body));
    co_await std::move(giving);
    const auto ack = co_await read_method(&s);
    EXPECT_TRUE(ack == method::basic_ack);
}

awaitable<std::string> get_a_message(options with)
{
    auto connecting = connect(std::move(with));
    connection c = co_await std::move(connecting);
    auto opening = c.channel();
    channel ch = co_await std::move(opening);
    auto getting = ch.basic_get("q");
    std::optional<delivery> d = co_await std::move(getting);
    EXPECT_EQ(d->exchange(), "x");
    EXPECT_EQ(d->message_count(), 5U);
    auto acking = d->ack();
    co_await std::move(acking);
    co_await yield_now();
    co_await yield_now();
    co_return std::string(d->text());
}

// One write for `first` octets, and another for the rest.
writing cut_at(std::size_t first)
{
    return [first](net::stream* to, std::string text) -> awaitable<void> {
        const auto in_two = [](net::stream* s, std::string a, std::string b) -> awaitable<void> {
            co_await s->write(std::move(a));
            co_await yield_now();
            co_await yield_now();
            co_await s->write(std::move(b));
        };
        return in_two(to, text.substr(0, first), text.size() > first ? text.substr(first) : ""s);
    };
}

TEST(fake_broker, frames_may_come_in_any_pieces)
{
    const std::string body = "a body in several frames";
    const auto comes_by = [&](writing write) {
        net::listener on(net::tcp("127.0.0.1", 0));
        const auto serving = spawn(serve_a_message(&on, std::move(write), body));
        EXPECT_EQ(run(timeout(60s, get_a_message(options_for(on)))), body);
        run(timeout(60s, serving.join()));
    };
    comes_by(write_whole);
    comes_by(write_octets);
    for (std::size_t first = 1; first < message(body).size(); ++first) {
        SCOPED_TRACE(first);
        comes_by(cut_at(first));
    }
}

// Slowly, as over a line that carries little.
awaitable<void> write_slowly(net::stream* to, std::string text)
{
    constexpr std::size_t in_one = 30;
    for (std::size_t at = 0; at < text.size(); at += in_one) {
        co_await to->write(text.substr(at, in_one));
        if (text.size() > 4 * in_one) co_await ferry::sleep(40ms);
    }
}

TEST(fake_broker, a_message_may_take_longer_than_an_answer)
{
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string body(300, 'x');
    const auto serving = spawn(serve_a_message(&on, write_slowly, body));
    EXPECT_EQ(run(timeout(60s, get_a_message(options_for(on).call_timeout(1s)))), body);
    run(timeout(60s, serving.join()));
}

awaitable<void> hold_back(net::listener* on, int* published)
{
    net::stream s = co_await on->accept();
    auto opening = detail::let_in(&s, 1);
    co_await std::move(opening);
    co_await s.write(method_frame(1, method::channel_flow, "\0"s));
    const auto answer = co_await read_method(&s);
    EXPECT_TRUE(answer == method::channel_flow_ok);
    for (int i = 0; i < 10; ++i) co_await yield_now();
    EXPECT_EQ(*published, 0);
    co_await s.write(method_frame(1, method::channel_flow, "\1"s));
    const auto more = co_await read_method(&s);
    EXPECT_TRUE(more == method::channel_flow_ok);
    const auto publish = co_await read_method(&s);
    EXPECT_TRUE(publish == method::basic_publish);
}

awaitable<void> publish_one(options with, int* published)
{
    auto connecting = connect(std::move(with));
    connection c = co_await std::move(connecting);
    auto opening = c.channel();
    channel ch = co_await std::move(opening);
    for (int i = 0; i < 5; ++i) co_await ferry::sleep(1ms);
    auto publishing = ch.basic_publish("", "q", "x");
    co_await std::move(publishing);
    ++*published;
    for (int i = 0; i < 5; ++i) co_await ferry::sleep(1ms);
}

TEST(fake_broker, may_hold_back_a_channel)
{
    net::listener on(net::tcp("127.0.0.1", 0));
    int published = 0;
    const auto serving = spawn(hold_back(&on, &published));
    run(timeout(60s, publish_one(options_for(on), &published)));
    EXPECT_EQ(published, 1);
    run(timeout(60s, serving.join()));
}

std::string settling(method how, std::uint64_t tag, std::uint16_t channel = 1)
{
    std::string arguments;
    detail::wire_writer w(arguments);
    w.u64(tag);
    w.octet(0);
    return method_frame(channel, how, arguments);
}

// Takes publishes, and says nothing, until the client gives up.
awaitable<void> confirm_nothing(net::stream* s)
{
    for (;;) {
        const auto m = co_await read_method(s);
        if (!m) co_return;
    }
}

awaitable<void> open_with_confirms(net::stream* s)
{
    auto opening = detail::let_in(s, 1);
    co_await std::move(opening);
    const auto select = co_await read_method(s);
    EXPECT_TRUE(select == method::confirm_select);
    co_await s->write(method_frame(1, method::confirm_select_ok));
}

// The second connection is a better one.
awaitable<void> confirm_at_last(net::listener* on)
{
    {
        net::stream s = co_await on->accept();
        auto opening = open_with_confirms(&s);
        co_await std::move(opening);
        auto ignoring = confirm_nothing(&s);
        co_await std::move(ignoring);
    }
    net::stream s = co_await on->accept();
    auto opening = open_with_confirms(&s);
    co_await std::move(opening);
    const auto publish = co_await read_method(&s);
    EXPECT_TRUE(publish == method::basic_publish);
    co_await s.write(settling(method::basic_ack, 1));
    auto ignoring = confirm_nothing(&s);
    co_await std::move(ignoring);
}

awaitable<void> publish_surely(options with, std::vector<std::error_code>* lost)
{
    auto connecting = connect(std::move(with));
    connection c = co_await std::move(connecting);
    c.on_disconnected([lost](const error& e) { lost->push_back(e.code()); });
    auto opening = c.channel(confirm());
    channel ch = co_await std::move(opening);
    publisher out(ch);
    auto publishing = out.publish("", "q", "body");
    co_await std::move(publishing);
    auto flushing = out.flush();
    co_await std::move(flushing);
    EXPECT_EQ(out.confirmed(), 1U);
    EXPECT_GE(out.republished(), 1U);
}

TEST(fake_broker, one_that_confirms_nothing_is_left)
{
    net::listener on(net::tcp("127.0.0.1", 0));
    const auto serving = spawn(confirm_at_last(&on));
    std::vector<std::error_code> lost;
    const auto with =
        options().hosts({net::tcp("127.0.0.1", on.port())}).confirm_timeout(50ms).timeout(60s);
    run(timeout(60s, publish_surely(with, &lost)));
    ASSERT_EQ(lost.size(), 1U);
    EXPECT_EQ(lost.front(), errc::confirm_timeout);
    run(timeout(60s, serving.join()));
}

awaitable<void> publish_confirmed(options with)
{
    auto connecting = connect(std::move(with));
    connection c = co_await std::move(connecting);
    auto opening = c.channel(confirm());
    channel ch = co_await std::move(opening);
    auto publishing = ch.basic_publish("", "q", "body");
    co_await std::move(publishing);
}

awaitable<void> write_late(net::stream* to, std::string text)
{
    co_await ferry::sleep(20ms);
    co_await to->write(std::move(text));
}

// Refuses what comes on its first two channels, each third message late. \return the channels that
// were closed
awaitable<std::vector<std::uint16_t>> refuse_on_two_channels(net::listener* on)
{
    net::stream s = co_await on->accept();
    auto opening = detail::let_in(&s, 0);
    co_await std::move(opening);
    std::map<std::uint16_t, std::uint64_t> tags;
    std::vector<std::uint16_t> closed;
    task_group late;
    for (;;) {
        const auto asked = co_await detail::read_request(&s);
        if (!asked) break;
        const method m = asked->asks;
        const std::uint16_t channel = asked->channel;
        std::string answer;
        if (m == method::channel_open) {
            answer = detail::channel_open_ok_frame(channel);
        } else if (m == method::confirm_select) {
            answer = method_frame(channel, method::confirm_select_ok);
        } else if (m == method::basic_publish) {
            const bool refuses = channel <= 2;
            const std::uint64_t tag = ++tags[channel];
            answer = settling(refuses ? method::basic_nack : method::basic_ack, tag, channel);
            if (refuses && tag % 3 == 0) late.spawn(write_late(&s, std::exchange(answer, {})));
        } else if (m == method::channel_close) {
            closed.push_back(channel);
            answer = method_frame(channel, method::channel_close_ok);
        } else if (m == method::connection_close) {
            answer = method_frame(0, method::connection_close_ok);
        }
        if (!answer.empty()) co_await s.write(std::move(answer));
    }
    co_await late.join();
    co_return closed;
}

awaitable<void> publish_until_taken(options with)
{
    auto connecting = connect(std::move(with));
    connection c = co_await std::move(connecting);
    auto opening = c.channel(confirm());
    channel ch = co_await std::move(opening);
    publisher out(ch);
    for (int i = 0; i < 3; ++i) {
        auto publishing = out.publish("", "q", "body");
        co_await std::move(publishing);
    }
    auto flushing = out.flush();
    co_await std::move(flushing);
    EXPECT_EQ(out.confirmed(), 3U);
    EXPECT_EQ(c.statistics().channels, 2U);
    EXPECT_EQ(c.statistics().connects, 1U);
    auto closing = c.close();
    co_await std::move(closing);
}

TEST(fake_broker, one_that_refuses_on_a_channel_is_asked_on_another)
{
    net::listener on(net::tcp("127.0.0.1", 0));
    const auto serving = spawn(refuse_on_two_channels(&on));
    run(timeout(60s, publish_until_taken(options_for(on).confirm_timeout(50ms))));
    // The program's own channel stays, and the one between has got all its answers.
    EXPECT_EQ(run(timeout(60s, serving.join())), std::vector<std::uint16_t>{2});
}

TEST(fake_broker, a_publish_that_gets_no_confirm_fails)
{
    net::listener on(net::tcp("127.0.0.1", 0));
    const auto serving = spawn(confirm_at_last(&on));
    EXPECT_EQ(failure_of(publish_confirmed(options_for(on).confirm_timeout(50ms))),
              errc::confirm_timeout);
    serving.cancel();
    run(serving.wait());
}

}  // namespace
}  // namespace ferry::amqp
