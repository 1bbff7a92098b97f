#include "ferry/async/async.hpp"
#include "ferry/net/net.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ferry::net {
namespace {

using namespace std::chrono_literals;

awaitable<void> echo(stream peer)
{
    for (;;) {
        const auto line = co_await peer.read_line();
        if (!line) break;
        co_await peer.write(*line);
    }
}

awaitable<std::string> ask(endpoint at, std::string line)
{
    stream s = co_await connect(at);
    co_await s.write(line);
    co_await s.shutdown_write();
    const bytes all = co_await s.read_all(1000);
    co_return to_string(all);
}

TEST(stream, talks_over_tcp_and_unix_sockets)
{
    for (const auto& at : {tcp("127.0.0.1", 0), tcp("::1", 0), unix_socket("@ferry-net-test")}) {
        SCOPED_TRACE(at.text());
        auto main = [](endpoint where) -> awaitable<std::string> {
            listener l(where);
            const endpoint bound = l.local_endpoint();
            auto server = spawn(serve(std::move(l), echo));
            auto answer = co_await ask(bound, "a\nb");
            server.cancel();
            co_return answer;
        };
        EXPECT_EQ(run(main(at)), "a\nb");
    }
}

TEST(pair, ends_after_what_was_sent)
{
    auto main = []() -> awaitable<std::string> {
        auto [a, b] = pair();
        co_await a.write("hello");
        a.abort();
        const bytes all = co_await b.read_all(100);
        co_return to_string(all);
    };
    EXPECT_EQ(run(main()), "hello");
}

TEST(stream, read_timeout_names_the_peer)
{
    auto main = []() -> awaitable<std::string> {
        auto [a, b] = pair();
        a.set_timeout(5ms, 0ms);
        try {
            co_await a.read_line();
        } catch (const timeout_error& e) {
            co_return e.what();
        }
        co_return "";
    };
    EXPECT_EQ(run(main()), "read pair: no answer within 5 ms");
}

TEST(connect, reports_what_refused)
{
    try {
        run(connect(tcp("127.0.0.1", 1)));
        FAIL();
    } catch (const connection_error& e) {
        EXPECT_EQ(e.endpoint(), "127.0.0.1:1");
        EXPECT_EQ(e.code(), condition::disconnected);
    }
}

TEST(resolve, finds_localhost_and_rejects_nonsense)
{
    EXPECT_FALSE(run(resolve("localhost", 80)).empty());
    EXPECT_THROW(run(resolve("no.such.invalid")), resolve_error);
}

}  // namespace
}  // namespace ferry::net
