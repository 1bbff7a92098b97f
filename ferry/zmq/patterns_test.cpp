#include "ferry/zmq/patterns.hpp"

#include "ferry/async/async.hpp"
#include "ferry/zmq/detail/mdp_machine.hpp"
#include "ferry/zmq/detail/test_sockets.hpp"
#include "ferry/zmq/log_publisher.hpp"
#include "ferry/zmq/ssh.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <source_location>
#include <thread>

namespace ferry::zmq {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::IsEmpty;
using ::testing::Lt;

awaitable<void> answer_after(socket* s, int ignored)
{
    for (int i = 0;; ++i) {
        multipart m = co_await s->receive_multipart();
        if (i >= ignored) co_await s->send_multipart(std::move(m));
    }
}

TEST(reliable_request, tries_again_and_gives_up_at_last)
{
    socket server(router);
    const std::string at = server.bind(any_port);
    const auto serving = spawn(answer_after(&server, 2));
    const auto how = reliable_options().timeout(50ms).retries(3);
    EXPECT_THAT(texts(run(reliable_request(at, parts("a", "b"), how))), ElementsAre("a", "b"));
    serving.cancel();
    run(serving.wait());
    try {
        run(reliable_request(at, parts("a"), reliable_options().timeout(5ms).retries(1)));
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::no_answer);
        EXPECT_EQ(e.code(), condition::timed_out);
    }
}

TEST(last_value_cache, tells_newcomers_what_was_last)
{
    last_value_cache cache(any_port, any_port);
    const auto running = spawn(cache.run());
    socket source(pub);
    source.connect(cache.publishers());
    socket early(sub);
    early.subscribe("a");
    early.connect(cache.subscribers());
    auto until_heard = [](socket* from, socket* to) -> awaitable<void> {
        for (poll_events ready = 0; ready == 0;) {
            co_await from->send_multipart(parts("a", "1"));
            ready = co_await to->wait(pollin, 5ms);
        }
    };
    run(timeout(20s, until_heard(&source, &early)));
    socket late(sub);
    late.connect(cache.subscribers());
    late.subscribe("a");
    EXPECT_THAT(texts(run(timeout(20s, late.receive_multipart()))), ElementsAre("a", "1"));
    running.cancel();
    run(running.wait());
}

TEST(counting_publisher, knows_when_a_subscriber_falls_behind)
{
    socket from(xpub);
    from.set(opt::sndhwm, 10);
    from.set(opt::xpub_verbose, true);
    const std::string at = from.bind("inproc://counted");
    socket slow(sub);
    slow.set(opt::rcvhwm, 10);
    slow.connect(at);
    slow.subscribe("");
    socket quick(sub);
    quick.set(opt::rcvhwm, 1000);
    quick.connect(at);
    quick.subscribe("");
    for (int i = 0; i < 2; ++i) receive_texts(from);
    counting_publisher out(std::move(from));
    std::uint64_t count = 0;
    for (std::uint64_t round = 1; round < 4; ++round) {
        // libzmq tells the publisher some time later that the slow one has room again.
        const auto end = std::chrono::steady_clock::now() + 60s;
        do {
            const std::string text = std::to_string(count);
            out.send(parts(text, "x"));
            EXPECT_THAT(receive_texts(quick), ElementsAre(text, "x"));
        } while (++count % 100 != 0 ||
                 (out.overflows() < round && std::chrono::steady_clock::now() < end));
        EXPECT_EQ(out.sent(), count);
        EXPECT_GE(out.overflows(), round);
        EXPECT_LT(out.overflows(), 10 * round);
        int got = 0;
        while (slow.try_receive_multipart()) ++got;
        EXPECT_THAT(got, AllOf(Gt(0), Lt(30)));
    }
}

TEST(punctual_subscriber, would_rather_end_than_read_old_news)
{
    socket source(pair);
    socket in(pair);
    in.connect(source.bind("inproc://news"));
    punctual_subscriber news(std::move(in), 10s);
    run(source.send_multipart(stamped(parts("fresh", "body"))));
    EXPECT_THAT(texts(run(news.next())), ElementsAre("fresh", "body"));
    run(source.send_multipart(parts("old", "1000")));
    try {
        run(news.next());
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::too_slow);
    }
    for (const char* none : {"", "soon", "12x", "99999999999999999999"}) {
        run(source.send_multipart(parts("x", none)));
        EXPECT_THROW(run(news.next()), protocol_error) << none;
    }
    run(source.send_multipart(parts("x", "-9223372036854775808")));
    EXPECT_THROW(run(news.next()), error);
}

class majordomo {
public:
    mdp::detail::broker_machine machine{mdp::options()};
    mdp::detail::broker_machine::time_point now{};

    std::vector<std::vector<std::string>> says(multipart m)
    {
        return as_texts(machine.receive(std::move(m), now));
    }
    std::vector<std::vector<std::string>> after(std::chrono::milliseconds d)
    {
        now += d;
        return as_texts(machine.tick(now));
    }

private:
    static std::vector<std::vector<std::string>> as_texts(const std::vector<multipart>& all)
    {
        std::vector<std::vector<std::string>> out;
        for (const multipart& m : all) out.push_back(texts(m));
        return out;
    }
};

TEST(mdp_broker, brings_requests_and_workers_together)
{
    majordomo m;
    EXPECT_THAT(m.says(parts("c1", "", "MDPC01", "echo", "x", "y")), IsEmpty());
    EXPECT_EQ(m.machine.waiting(), 1U);
    EXPECT_THAT(m.says(parts("w1", "", "MDPW01", "\x01", "echo")),
                ElementsAre(ElementsAre("w1", "", "MDPW01", "\x02", "c1", "", "x", "y")));
    EXPECT_THAT(m.says(parts("w2", "", "MDPW01", "\x01", "echo")), IsEmpty());
    EXPECT_THAT(m.says(parts("w1", "", "MDPW01", "\x03", "c1", "", "z")),
                ElementsAre(ElementsAre("c1", "", "MDPC01", "echo", "z")));
    EXPECT_THAT(m.says(parts("c2", "", "MDPC01", "echo")),
                ElementsAre(ElementsAre("w2", "", "MDPW01", "\x02", "c2", "")))
        << "who has waited longest";
    EXPECT_THAT(m.says(parts("c1", "", "MDPC01", "mmi.service", "echo")),
                ElementsAre(ElementsAre("c1", "", "MDPC01", "mmi.service", "200")));
    EXPECT_THAT(m.says(parts("c1", "", "MDPC01", "mmi.service", "none"))[0][4], "404");
    EXPECT_THAT(m.says(parts("c1", "", "MDPC01", "mmi.other", "x"))[0][4], "501");
}

TEST(mdp_broker, forgets_the_silent_and_ends_what_is_out_of_order)
{
    majordomo m;
    m.says(parts("w1", "", "MDPW01", "\x01", "echo"));
    m.says(parts("w2", "", "MDPW01", "\x01", "echo"));
    EXPECT_EQ(m.after(5s).size(), 2U);
    m.says(parts("w2", "", "MDPW01", "\x04"));
    EXPECT_THAT(m.after(3s), ElementsAre(ElementsAre("w2", "", "MDPW01", "\x04")));
    EXPECT_EQ(m.machine.workers(), 1U);
    const auto anew = ElementsAre(ElementsAre("w1", "", "MDPW01", "\x05"));
    EXPECT_THAT(m.says(parts("w1", "", "MDPW01", "\x04")), anew);
    EXPECT_THAT(m.says(parts("w1", "", "MDPW01", "\x03", "c", "", "x")), anew);
    EXPECT_THAT(m.says(parts("w2", "", "MDPW01", "\x01", "echo"))[0][3], "\x05") << "twice ready";
    EXPECT_EQ(m.machine.workers(), 0U);
    m.says(parts("w3", "", "MDPW01", "\x01", "echo"));
    EXPECT_THAT(m.says(parts("w3", "", "MDPW01", "\x05")), IsEmpty());
    EXPECT_EQ(m.machine.workers(), 0U);
}

TEST(mdp_broker, drops_what_is_none_of_its_protocol)
{
    majordomo m;
    EXPECT_THAT(m.says({}), IsEmpty());
    EXPECT_THAT(m.says(parts("x")), IsEmpty());
    EXPECT_THAT(m.says(parts("x", "", "MDPC01")), IsEmpty());
    EXPECT_THAT(m.says(parts("x", "y", "MDPC01", "echo")), IsEmpty());
    EXPECT_THAT(m.says(parts("x", "", "MDPX01", "echo")), IsEmpty());
    EXPECT_THAT(m.says(parts("x", "", "MDPW01", "\x05")), IsEmpty());
    m.says(parts("w", "", "MDPW01", "\x01", "echo"));
    EXPECT_THAT(m.says(parts("w", "", "MDPW01", "\x03")), IsEmpty());
    EXPECT_THAT(m.says(parts("w", "", "MDPW01", "\x03", "c", "", "unasked")).size(), 1U);
    EXPECT_THAT(m.says(parts("c", "", "MDPC01", "echo", "1")).size(), 1U);
    EXPECT_THAT(m.says(parts("c", "", "MDPC01", "echo", "2")).size(), 0U) << "one worker, once";
    for (std::size_t i = 0; i < mdp::broker::max_waiting + 10; ++i) {
        m.says(parts("c", "", "MDPC01", "busy"));
    }
    EXPECT_EQ(m.machine.waiting(), mdp::broker::max_waiting);
}

awaitable<multipart> shout(multipart body)
{
    body.emplace_back("!");
    co_return body;
}

TEST(mdp, clients_workers_and_broker)
{
    const auto how = mdp::options().heartbeat(20ms).timeout(1s);
    mdp::broker broker(how);
    const std::string at = broker.bind(any_port);
    mdp::worker one(at, "shout", how);
    mdp::worker two(at, "shout", how);
    task_group background;
    background.spawn(broker.run());
    background.spawn(one.run(shout));
    background.spawn(two.run(shout));
    mdp::client client(at, how);
    EXPECT_THAT(texts(run(client.request("shout", parts("a", "b")))), ElementsAre("a", "b", "!"));
    for (int i = 0; i < 100; ++i) run(client.send("shout", parts(std::to_string(i))));
    std::set<std::string> answers;
    for (int i = 0; i < 100; ++i) {
        const auto [service, body] = run(client.receive());
        EXPECT_EQ(service, "shout");
        answers.insert(body[0].to_string());
    }
    EXPECT_EQ(answers.size(), 100U);
    run(sleep(100ms));
    EXPECT_THAT(texts(run(client.request("mmi.service", parts("shout")))), ElementsAre("200"));

    mdp::client hasty(at, mdp::options().timeout(5ms).retries(1));
    EXPECT_THROW(run(hasty.request("nobody", parts("x"))), error);
    background.cancel();
    run(background.join());
}

TEST(log_publisher, publishes_records_of_every_thread)
{
    socket out(xpub);
    socket in(sub);
    in.connect(out.bind("inproc://log"));
    in.subscribe("app.");
    run(timeout(20s, out.receive()));
    log_publisher news(std::move(out), "app");
    log::set_sink(news.sink());
    const auto line = std::source_location::current().line() + 1;
    log::warning("late", "by", 3);
    std::thread([] { log::error("db.lock::gone", "text", "a::b"); }).join();
    log::set_sink({});
    const std::string place = "patterns_test.cpp:";
    EXPECT_THAT(
        texts(run(timeout(20s, in.receive_multipart()))),
        ElementsAre("app.WARNING", "WARNING " + place + std::to_string(line) + " - late by=3\n"));
    EXPECT_THAT(texts(run(timeout(20s, in.receive_multipart()))),
                ElementsAre("app.ERROR.db.lock",
                            "ERROR " + place + std::to_string(line + 1) + " - gone text=a::b\n"));
}

TEST(log_publisher, writes_each_level_in_its_own_way)
{
    socket out(xpub);
    socket in(sub);
    in.connect(out.bind("inproc://log-formats"));
    in.subscribe("");
    run(timeout(20s, out.receive()));
    log_publisher news(std::move(out));
    news.set_formatter([](const log::record& r) { return '<' + log::line(r) + '>'; });
    news.set_formatter([](const log::record&) { return std::string("!"); }, log::level::error);
    log::set_sink(news.sink());
    log::warning("a::b", "c", 1);
    log::error("::d");
    log::set_sink({});
    EXPECT_THAT(texts(run(timeout(20s, in.receive_multipart()))),
                ElementsAre("WARNING.a", "<b c=1>"));
    EXPECT_THAT(texts(run(timeout(20s, in.receive_multipart()))), ElementsAre("ERROR", "!"));
}

TEST(ssh, refuses_names_that_are_options)
{
    EXPECT_THROW(run(ssh::open_tunnel("tcp://127.0.0.1:1", "-oProxyCommand=x")), invalid_endpoint);
    EXPECT_THROW(run(ssh::open_tunnel("ipc://x", "host")), invalid_endpoint);
    EXPECT_THROW(run(ssh::try_passwordless_ssh("-x")), invalid_endpoint);
    const auto how = ssh::tunnel_options().program("/no/such/ssh");
    EXPECT_THROW(run(ssh::open_tunnel("tcp://127.0.0.1:1", "host", how)), error);
    try {
        run(ssh::open_tunnel("tcp://127.0.0.1:1", "h", ssh::tunnel_options().program("false")));
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::no_tunnel);
    }
    const auto of_two_lines = ssh::tunnel_options().program("false").password("a\nb");
    EXPECT_THROW(run(ssh::open_tunnel("tcp://127.0.0.1:1", "h", of_two_lines)), error);
    EXPECT_FALSE(run(ssh::try_passwordless_ssh("h", ssh::tunnel_options().program("false"))));
    EXPECT_TRUE(run(ssh::try_passwordless_ssh("h", ssh::tunnel_options().program("true"))));
}

}  // namespace
}  // namespace ferry::zmq
