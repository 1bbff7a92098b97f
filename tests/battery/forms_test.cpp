// The forms in which the public API is used inside a co_await expression. Each compiler that is
// supported builds this, and the address sanitizer watches: g++ 12 destroys some temporaries of
// such expressions twice, and these are the ones that must stay safe.
#include "ferry/async/async.hpp"
#include "ferry/net/net.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry {
namespace {

using namespace std::chrono_literals;

const std::string long_text(100, 'x');

awaitable<std::string> give(std::string text)
{
    co_await yield_now();
    co_return text;
}

awaitable<std::size_t> length_of(std::string text, net::connect_options with = {})
{
    co_await yield_now();
    co_return text.size() + static_cast<std::size_t>(with.timeout().count());
}

// G1: a loop whose condition awaits, with a declaration, as the guide has it.
awaitable<void> echo(net::stream peer)
{
    while (auto line = co_await peer.read_line()) co_await peer.write(*line);
}

TEST(forms, a_loop_that_declares_what_it_awaits)
{
    auto main = []() -> awaitable<std::string> {
        auto [mine, theirs] = net::pair();
        auto serving = spawn(echo(std::move(theirs)));
        co_await mine.write("one\ntwo\n");
        co_await mine.shutdown_write();
        const bytes all = co_await mine.read_all(100);
        co_await serving.join();
        co_return to_string(all);
    };
    EXPECT_EQ(run(main()), "one\ntwo\n");
}

// G2: options are built in the expression.
TEST(forms, options_in_the_expression)
{
    auto main = []() -> awaitable<std::size_t> {
        const std::size_t a =
            co_await length_of(long_text, net::connect_options().timeout(2ms).attempt_delay(1ms));
        const std::size_t b = co_await length_of(std::string(50, 'y'));
        const std::size_t c =
            co_await timeout(5s, length_of(long_text), "a long name " + long_text);
        co_return a + b + c;
    };
    EXPECT_EQ(run(main()), 102U + 30'050U + 30'100U);
}

TEST(forms, endpoints_in_the_expression)
{
    auto main = []() -> awaitable<std::string> {
        net::listener l(net::tcp("127.0.0.1", 0));
        const auto port = l.port();
        auto serving = spawn(net::serve(std::move(l), echo));
        net::stream s =
            co_await net::connect(net::tcp("127.0.0.1", port), net::connect_options().timeout(5s));
        co_await s.write(long_text + '\n');
        co_await s.shutdown_write();
        auto line = co_await s.read_line();
        serving.cancel();
        co_return line.value_or("none");
    };
    EXPECT_EQ(run(main()), long_text + '\n');
}

TEST(forms, gather_with_structured_bindings)
{
    auto main = []() -> awaitable<std::string> {
        auto [a, b] = co_await gather(give(long_text), give("b" + long_text));
        auto [c, d, e] = co_await gather(give("c"), length_of("dd"), sleep(0ms));
        co_return a + b + c + std::to_string(d);
    };
    EXPECT_EQ(run(main()), long_text + "b" + long_text + "c30002");
}

TEST(forms, nested_combinators)
{
    auto main = []() -> awaitable<std::string> {
        auto [a, b] = co_await timeout(5s, gather(timeout(5s, give(long_text)), give("b")));
        const std::string c = co_await spawn(give(a), "named " + long_text).join();
        co_return c + b;
    };
    EXPECT_EQ(run(main()), long_text + "b");
}

// G3: a capturing lambda is named first, or goes to a plain call.
TEST(forms, lambdas_with_captures)
{
    auto main = []() -> awaitable<std::string> {
        const std::string text = long_text;
        auto work = [text] { return text; };
        std::string a = co_await run_blocking(work);
        task_group group;
        auto t = group.spawn([text]() -> awaitable<std::string> { co_return text; });
        co_await group.join();
        std::string b = co_await t.join();
        co_return a + b;
    };
    EXPECT_EQ(run(main()), long_text + long_text);
}

// G4: what needs braces is built first.
TEST(forms, a_vector_is_built_first)
{
    auto main = []() -> awaitable<std::string> {
        std::vector<awaitable<std::string>> all;
        for (const char* name : {"a", "b", "c"}) all.push_back(give(name + long_text));
        std::string joined;
        for (const auto& s : co_await gather(std::move(all))) joined += s.front();
        co_return joined;
    };
    EXPECT_EQ(run(main()), "abc");
}

TEST(forms, the_four_ways_to_wait)
{
    EXPECT_EQ(run(give(long_text)), long_text);
    auto job = green::spawn([] { return green::wait(give(long_text)); });
    std::string seen;
    spawn(give("called"))
        .then([&seen](const std::string& text) { seen = text; })
        .otherwise([](const error&) { ADD_FAILURE(); });
    green::join_all(std::vector{job}, 2s);
    run(sleep(1ms));
    EXPECT_EQ(job.value(), long_text);
    EXPECT_EQ(seen, "called");
}

TEST(forms, queue_and_locks)
{
    auto main = []() -> awaitable<std::string> {
        queue<std::string> q(2);
        co_await q.put(long_text + "1");
        co_await q.put(long_text + "2");
        q.close();
        std::string all;
        while (auto item = co_await q.next()) all += item->back();
        lock door;
        {
            auto held = co_await door.acquire();
            all += door.locked() ? "locked" : "open";
        }
        co_return all;
    };
    EXPECT_EQ(run(main()), "12locked");
}

}  // namespace
}  // namespace ferry
