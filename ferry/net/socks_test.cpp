#include "ferry/net/socks.hpp"

#include "ferry/async/async.hpp"
#include "ferry/core/error.hpp"
#include "ferry/net/net.hpp"
#include "ferry/testing/fault_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ferry::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::script;

template <std::size_t N>
std::string raw(const char (&text)[N])
{
    return std::string(text, N - 1);
}

class result {
public:
    std::string heard;
    std::string failure;
    std::string after;  ///< what came through the tunnel
    std::error_code code;
};

/// Talks to a scripted proxy over a pair in memory.
template <class Wrap>
result talk(script proxy, Wrap wrap)
{
    result r;
    auto body = [](script what, Wrap w, result* into) -> awaitable<void> {
        auto [a, b] = pair();
        auto playing = testing::play(what, std::move(b), &into->heard);
        auto other = spawn(std::move(playing));
        try {
            a.set_timeout(2s, 2s);
            auto wrapped = w(std::move(a));
            stream s = co_await std::move(wrapped);
            const bytes rest = co_await s.read_all(100);
            into->after = to_string(rest);
        } catch (const error& e) {
            into->failure = e.what();
            into->code = e.code();
        }
        co_await other.wait();
    };
    run(body(std::move(proxy), std::move(wrap), &r));
    return r;
}

TEST(socks5, asks_for_a_name)
{
    const auto r = talk(script()
                            .receive(3)
                            .send(raw("\5\0"))
                            .receive(16)
                            .send(raw("\5\0\0\1\x7f\0\0\1\x12\x34") + "hello"),
                        [](stream s) { return socks5(std::move(s), "a.example", 443); });
    EXPECT_EQ(r.failure, "");
    EXPECT_EQ(r.heard, raw("\5\1\0"
                           "\5\1\0\3\11a.example\1\xbb"));
    EXPECT_EQ(r.after, "hello");
}

TEST(socks5, asks_for_addresses_and_proves_who_asks)
{
    struct row {
        const char* name;
        const char* host;
        std::string request;
    };
    const row rows[] = {
        {"v4", "127.0.0.1", raw("\5\1\0\1\x7f\0\0\1\0\x50")},
        {"v6", "::1", raw("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\x50")},
    };
    for (const row& w : rows) {
        SCOPED_TRACE(w.name);
        const std::string host = w.host;
        const auto r = talk(script()
                                .receive(4)
                                .send(raw("\5\2"))
                                .receive(12)
                                .send(raw("\1\0"))
                                .receive(w.request.size())
                                .send(raw("\5\0\0\3\4abcd\0\1") + "x"),
                            [host](stream s) {
                                return socks5(std::move(s), host, 80, socks_auth("user", "secret"));
                            });
        EXPECT_EQ(r.failure, "");
        EXPECT_EQ(r.heard, raw("\5\2\0\2\1\4user\6secret").substr(0, 4) +
                               raw("\1\4user\6secret").substr(0, 13) + w.request);
        EXPECT_EQ(r.after, "x");
    }
}

TEST(socks5, says_why_it_was_refused)
{
    struct row {
        const char* name;
        script proxy;
        const char* text;
        std::error_condition code;
    };
    const auto replies = [](const std::string& reply) {
        return script().receive(3).send(raw("\5\0")).receive(16).send(reply);
    };
    const row rows[] = {
        {"another protocol", script().receive(3).send("HTTP/1.1 400 Bad"), "does not speak SOCKS5",
         condition::bad_input},
        {"nothing acceptable", script().receive(3).send(raw("\5\xff")), "asks for authentication",
         condition::denied},
        {"password wanted", script().receive(3).send(raw("\5\2")), "asks for authentication",
         condition::denied},
        {"unknown method", script().receive(3).send(raw("\5\7")), "chose what was not offered",
         condition::bad_input},
        {"closed at once", script().receive(3).close(), "it closed the connection",
         condition::disconnected},
        {"cut", replies(raw("\5\0\0\1\x7f")), "it closed the connection", condition::disconnected},
        {"general", replies(raw("\5\1\0\1\0\0\0\0\0\0")), "general failure", condition::bad_input},
        {"rules", replies(raw("\5\2\0\1\0\0\0\0\0\0")), "not allowed by its rules (reply 2)",
         condition::denied},
        {"refused", replies(raw("\5\5\0\1\0\0\0\0\0\0")), "a.example:443: connection refused",
         condition::disconnected},
        {"unreachable", replies(raw("\5\4\0\1\0\0\0\0\0\0")), "host unreachable",
         condition::disconnected},
        {"address type", replies(raw("\5\0\0\7\0\0\0\0\0\0")), "unknown type",
         condition::bad_input},
        {"version", replies(raw("\4\0\0\1\0\0\0\0\0\0")), "does not speak SOCKS5",
         condition::bad_input},
    };
    for (const row& w : rows) {
        SCOPED_TRACE(w.name);
        const auto r =
            talk(w.proxy, [](stream s) { return socks5(std::move(s), "a.example", 443); });
        EXPECT_THAT(r.failure, HasSubstr(w.text));
        EXPECT_THAT(r.failure, HasSubstr("SOCKS5 proxy pair"));
        EXPECT_TRUE(r.code == w.code) << r.code.message();
    }
    const auto r = talk(
        script().receive(4).send(raw("\5\2")).receive(6).send(raw("\1\1")),
        [](stream s) { return socks5(std::move(s), "a.example", 443, socks_auth("u", "pw")); });
    EXPECT_THAT(r.failure, HasSubstr("user or password refused"));
    EXPECT_TRUE(r.code == condition::denied);
}

TEST(socks5, refuses_what_does_not_fit_before_it_says_a_word)
{
    for (const std::string& host : {std::string(), std::string(256, 'a')}) {
        const auto r =
            talk(script().close(), [host](stream s) { return socks5(std::move(s), host, 1); });
        EXPECT_THAT(r.failure, HasSubstr("1 to 255 bytes"));
        EXPECT_EQ(r.heard, "");
    }
}

TEST(socks4, asks_for_addresses_and_names)
{
    auto r = talk(script().receive(12).send(raw("\0\x5a\0\0\0\0\0\0") + "hello"), [](stream s) {
        return socks4(std::move(s), "127.0.0.1", 80, std::string("bob"));
    });
    EXPECT_EQ(r.failure, "");
    EXPECT_EQ(r.heard, raw("\4\1\0\x50\x7f\0\0\1bob\0"));
    EXPECT_EQ(r.after, "hello");

    r = talk(script().receive(19).send(raw("\0\x5a\0\0\0\0\0\0") + "hello"),
             [](stream s) { return socks4(std::move(s), "a.example", 80); });
    EXPECT_EQ(r.failure, "");
    EXPECT_EQ(r.heard, raw("\4\1\0\x50\0\0\0\1\0a.example\0"));
    EXPECT_EQ(r.after, "hello");
}

TEST(socks4, says_why_it_was_refused)
{
    struct row {
        const char* name;
        std::string reply;
        const char* text;
    };
    const row rows[] = {
        {"rejected", raw("\0\x5b\0\0\0\0\0\0"), "SOCKS4 proxy pair, for 127.0.0.1:80: rejected"},
        {"no identd", raw("\0\x5c\0\0\0\0\0\0"), "identd"},
        {"another user", raw("\0\x5d\0\0\0\0\0\0"), "names another user"},
        {"unknown", raw("\0\1\0\0\0\0\0\0"), "unknown reply"},
        {"another protocol", "HTTP/1.1", "does not speak SOCKS4"},
        {"cut", raw("\0\x5a"), "it closed the connection"},
    };
    for (const row& w : rows) {
        SCOPED_TRACE(w.name);
        const auto r = talk(script().receive(9).send(w.reply),
                            [](stream s) { return socks4(std::move(s), "127.0.0.1", 80); });
        EXPECT_THAT(r.failure, HasSubstr(w.text));
    }
    const auto r = talk(script().close(), [](stream s) { return socks4(std::move(s), "::1", 80); });
    EXPECT_THAT(r.failure, HasSubstr("IPv6"));
}

}  // namespace
}  // namespace ferry::net
