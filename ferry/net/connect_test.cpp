#include "ferry/net/connect.hpp"

#include "ferry/async/async.hpp"
#include "ferry/net/net.hpp"
#include "ferry/testing/fault_server.hpp"
#include "ferry/testing/own_socket.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace ferry::net {
namespace {

using namespace std::chrono_literals;

std::size_t open_descriptors()
{
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

awaitable<void> echo(stream peer)
{
    for (;;) {
        const auto line = co_await peer.read_line();
        if (!line) break;
        if (*line == "throw\n") throw error(errc::malformed, "as told");
        co_await peer.write(*line);
    }
}

awaitable<std::string> ask(endpoint at, std::string text)
{
    stream s = co_await connect(at);
    co_await s.write(text);
    co_await s.shutdown_write();
    const bytes all = co_await s.read_all(1000);
    co_return to_string(all);
}

/// Runs an echo server while `client` runs on its endpoint.
template <class F>
auto with_server(const endpoint& at, F client, serve_options with = serve_options())
{
    auto main = [](endpoint where, F use, serve_options options)
        -> awaitable<typename std::invoke_result_t<F, endpoint>::value_type> {
        listener l(where);
        const endpoint bound = l.local_endpoint();
        auto server = spawn(serve(std::move(l), echo, options));
        auto used = use(bound);
        auto result = co_await std::move(used);
        server.cancel();
        co_await server.wait();
        co_return result;
    };
    return run(main(at, std::move(client), with));
}

TEST(serve, talks_over_tcp_and_unix_sockets)
{
    const testing::temporary_directory dir;
    for (const auto& at : {tcp("127.0.0.1", 0), tcp("::1", 0), tcp("localhost", 0),
                           unix_socket("@ferry-net-test-" + std::to_string(::getpid())),
                           unix_socket(dir / "socket")}) {
        SCOPED_TRACE(at.text());
        EXPECT_EQ(with_server(at, [](endpoint to) { return ask(to, "a\nb"); }), "a\nb");
    }
    EXPECT_FALSE(std::filesystem::exists(dir / "socket"));
}

TEST(serve, survives_a_handler_that_throws)
{
    auto client = [](endpoint to) -> awaitable<std::string> {
        const std::string cut = co_await ask(to, "throw\nx\n");
        const std::string whole = co_await ask(to, "x\n");
        co_return cut + '|' + whole;
    };
    EXPECT_EQ(with_server(tcp("127.0.0.1", 0), client), "|x\n");
}

TEST(serve, lets_only_so_many_in)
{
    auto client = [](endpoint to) -> awaitable<std::string> {
        stream first = co_await connect(to);
        co_await first.write("a\n");
        const auto line = co_await first.read_line();
        auto second = spawn(ask(to, "b\n"));
        co_await sleep(5ms);
        const bool waited = !second.done();
        first = stream();
        const auto answer = co_await second.join();
        co_return *line + answer + (waited ? "waited" : "did not wait");
    };
    EXPECT_EQ(with_server(tcp("127.0.0.1", 0), client, serve_options().max_connections(1)),
              "a\nb\nwaited");
}

TEST(serve, cancels_its_connections_at_the_end)
{
    auto client = [](endpoint to) -> awaitable<bool> {
        stream s = co_await connect(to);
        co_await s.write("a\n");
        co_await s.read_line();
        co_return true;
    };
    run(sleep(0ms));  // the loop's own descriptors are there
    const std::size_t before = open_descriptors();
    EXPECT_TRUE(with_server(tcp("127.0.0.1", 0), client));
    EXPECT_EQ(open_descriptors(), before);
}

TEST(listener, pauses_without_descriptors)
{
    auto client = [](endpoint to) -> awaitable<std::string> {
        rlimit limit{};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        // One more descriptor can be opened, and the client takes it.
        const int free = ::dup(STDIN_FILENO);
        ::close(free);
        rlimit one = limit;
        one.rlim_cur = static_cast<rlim_t>(free) + 1;
        ::setrlimit(RLIMIT_NOFILE, &one);
        auto asking = spawn(ask(to, "a\n"));
        co_await sleep(10ms);
        const bool waited = !asking.done();
        ::setrlimit(RLIMIT_NOFILE, &limit);
        const auto answer = co_await asking.join();
        co_return answer + (waited ? "waited" : "did not wait");
    };
    EXPECT_EQ(with_server(tcp("127.0.0.1", 0), client), "a\nwaited");
}

TEST(listener, takes_over_an_abandoned_path_only)
{
    const testing::temporary_directory dir;
    const auto at = unix_socket(dir / "s");
    listener first(at);
    EXPECT_THROW(listener second(at), error);
    std::filesystem::rename(dir / "s", dir / "kept");
    first.close();
    std::filesystem::rename(dir / "kept", dir / "s");
    EXPECT_NO_THROW(listener third(at));
    EXPECT_THROW(listener(tcp("no-name.invalid", 0)), error);
    EXPECT_THROW(unix_socket(std::string(200, 'x')), error);
}

TEST(listener, closing_it_ends_accept)
{
    auto main = []() -> awaitable<bool> {
        listener l(tcp("127.0.0.1", 0));
        auto accepting = spawn(l.accept());
        co_await yield_now();
        l.close();
        co_await accepting.wait();
        co_return accepting.cancelled();
    };
    EXPECT_TRUE(run(main()));
}

TEST(connect, reports_what_refused)
{
    listener l(tcp("127.0.0.1", 0));
    const endpoint at = l.local_endpoint();
    l.close();
    try {
        run(connect(at));
        FAIL();
    } catch (const connection_error& e) {
        EXPECT_EQ(e.endpoint(), at.text());
        EXPECT_EQ(e.code(), condition::disconnected);
        EXPECT_EQ(std::string(e.what()), "connect " + at.text() + ": Connection refused");
    }
    EXPECT_THROW(run(connect(unix_socket("/no/such/socket"))), connection_error);
    EXPECT_THROW(run(connect(tcp("no.such.invalid", 80))), resolve_error);
}

// 192.0.2.0/24 is for documentation (RFC 5737): nothing answers there, or the route is refused.
TEST(connect, lets_the_system_ask_silent_peers)
{
    const listener l(tcp("127.0.0.1", 0));
    const auto option = [](const stream& s, int level, int name) {
        return testing::socket_option(s.native_handle(), level, name);
    };
    const stream plain = run(connect(l.local_endpoint()));
    EXPECT_EQ(option(plain, SOL_SOCKET, SO_KEEPALIVE), 0);
    const stream asked = run(connect(l.local_endpoint(), connect_options().keepalive(15s)));
    EXPECT_EQ(option(asked, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option(asked, IPPROTO_TCP, TCP_KEEPIDLE), 15);
    EXPECT_EQ(option(asked, IPPROTO_TCP, TCP_KEEPINTVL), 5);
    EXPECT_EQ(option(asked, IPPROTO_TCP, TCP_KEEPCNT), 3);
}

TEST(connect, leaves_no_descriptor_when_cancelled)
{
    run(yield_now());
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 20; ++i) {
        EXPECT_THROW(run(connect(tcp("192.0.2.1", 9), connect_options().timeout(1ms))), error);
        const auto work = timeout(1ms, connect(tcp("192.0.2.1", 9)));
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(connect, gives_the_value_or_destroys_it_when_cancelled)
{
    listener l(tcp("127.0.0.1", 0));
    const std::size_t before = open_descriptors();
    auto main = [](endpoint to) -> awaitable<void> {
        for (int i = 0; i < 50; ++i) {
            auto connecting = spawn(connect(to));
            for (int n = 0; n < i % 4; ++n) co_await yield_now();
            connecting.cancel();
            co_await connecting.wait();
        }
    };
    run(main(l.local_endpoint()));
    EXPECT_EQ(open_descriptors(), before);
}

TEST(connect, uses_the_addresses_that_it_is_allowed_to)
{
    testing::fault_server server(testing::script().stay_silent());
    const auto try_it = [&](const std::string& host, const connect_options& with) {
        try {
            const stream s = run(connect(tcp(host, server.port()), with));
            return s.local_endpoint();
        } catch (const error& e) {
            return std::string(e.what());
        }
    };
    EXPECT_EQ(try_it("localhost", connect_options().version(ip_version::v4)).substr(0, 10),
              "127.0.0.1:");
    EXPECT_EQ(try_it("127.0.0.1", connect_options().version(ip_version::v6)),
              "connect 127.0.0.1: none of its addresses is allowed");
    EXPECT_EQ(try_it("127.0.0.1", connect_options().local_address("127.0.0.2")).substr(0, 10),
              "127.0.0.2:");
    EXPECT_EQ(try_it("127.0.0.1", connect_options().local_address("::1")),
              "connect 127.0.0.1: none of its addresses is allowed");
    EXPECT_EQ(try_it("127.0.0.1", connect_options().local_address("eth0")),
              "connect from eth0: not an address");
    EXPECT_EQ(try_it("127.0.0.1",
                     connect_options().allow([](const address& a) { return !a.is_loopback(); })),
              "connect 127.0.0.1: none of its addresses is allowed");
}

TEST(resolve, finds_names_and_takes_numbers_as_they_are)
{
    EXPECT_FALSE(run(resolve("localhost", 80)).empty());
    const auto six = run(resolve("::1", 443));
    ASSERT_EQ(six.size(), 1U);
    EXPECT_EQ(six[0].text(), "[::1]:443");
    for (const char* bad : {"no.such.invalid", "", "a..b", "1.2.3.4.5.invalid"}) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(run(resolve(bad)), resolve_error);
    }
    for (const char* reserved : {"invalid", "a.invalid", "a.b.INVALID."}) {
        SCOPED_TRACE(reserved);
        const std::string expected =
            "resolve " + std::string(reserved) + ": no host has such a name";
        try {
            run(resolve(reserved));
            FAIL();
        } catch (const resolve_error& e) {
            EXPECT_EQ(e.what(), expected);
        }
    }
}

TEST(address, knows_what_is_public)
{
    for (const char* yes : {"1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "192.169.0.1",
                            "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "2002:808:808::1",
                            "::ffff:8.8.8.8", "64:ff9b::808:808"}) {
        SCOPED_TRACE(yes);
        EXPECT_TRUE(address::parse(yes)->is_public());
    }
    for (const char* no : {"0.0.0.0",
                           "10.1.2.3",
                           "100.64.0.1",
                           "100.100.100.200",
                           "127.0.0.1",
                           "127.255.255.255",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.8",
                           "192.0.2.1",
                           "192.168.255.255",
                           "198.19.0.1",
                           "203.0.113.9",
                           "224.0.0.1",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::7f00:1",
                           "fe80::1",
                           "fec0::1",
                           "fc00::1",
                           "fd12::1",
                           "ff02::1",
                           "2001:db8::1",
                           "2001::1",
                           "3fff::1",
                           "100::1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "64:ff9b::a00:1",
                           "64:ff9b:1::1",
                           "2002:a00:1::1",
                           "2002:7f00:1::"}) {
        SCOPED_TRACE(no);
        EXPECT_FALSE(address::parse(no)->is_public());
    }
}

TEST(address, reads_and_writes_text)
{
    struct row {
        const char* in;
        const char* out;  // null: not an address
    };
    const row rows[] = {
        {"127.0.0.1", "127.0.0.1:9"},
        {"::1", "[::1]:9"},
        {"[::1]", "[::1]:9"},
        {"::ffff:1.2.3.4", "[::ffff:1.2.3.4]:9"},
        {"fe80::1%1", "[fe80::1%1]:9"},
        {"127.1", nullptr},
        {"01.2.3.4", nullptr},
        {"1.2.3", nullptr},
        {"", nullptr},
        {"::1%", nullptr},
        {"localhost", nullptr},
        {"1.2.3.4%1", nullptr},
        {"[::1", nullptr},
        {"::1%no-such-if", nullptr},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.in);
        const auto a = address::parse(r.in, 9);
        ASSERT_EQ(a.has_value(), r.out != nullptr);
        if (!a) continue;
        EXPECT_EQ(a->text(), r.out);
        unsigned char raw[28];
        a->to_sockaddr(raw);
        EXPECT_EQ(address::from_sockaddr(raw), *a);
    }
}

TEST(fault_server, follows_its_scripts)
{
    testing::fault_server server({testing::script().receive_until("?").send("one"),
                                  testing::script().send_in_pieces("two", 1)});
    EXPECT_EQ(run(ask(server.endpoint(), "what?")), "one");
    EXPECT_EQ(run(ask(server.endpoint(), "")), "two");
    EXPECT_EQ(run(ask(server.endpoint(), "")), "two");
    EXPECT_EQ(server.connections(), 3U);
    EXPECT_EQ(server.received(0), "what?");
}

}  // namespace
}  // namespace ferry::net
