#include "ferry/redis/detail/reply_parser.hpp"

#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace ferry::redis::detail {
namespace {

using kind = reply::kind;

reply parse_whole(reply_parser& parser, std::string_view in)
{
    EXPECT_EQ(parser.parse(in), in.size());
    EXPECT_TRUE(parser.ready());
    return parser.take();
}

// Gives the bytes in pieces of `step`, and keeps what the parser leaves, as a connection does.
std::vector<reply> parse_in_steps(std::string_view in, std::size_t step)
{
    reply_parser parser;
    std::vector<reply> all;
    std::string pending;
    for (std::size_t at = 0; at < in.size(); at += step) {
        pending += in.substr(at, step);
        for (;;) {
            pending.erase(0, parser.parse(pending));
            if (!parser.ready()) break;
            all.push_back(parser.take());
        }
    }
    EXPECT_EQ(pending, "");
    return all;
}

reply text(std::string t)
{
    return {kind::bulk, std::move(t)};
}

TEST(reply_parser, reads_every_type_of_both_versions)
{
    struct sample {
        std::string in;
        reply out;
    };
    for (const sample& s : {
             sample{"+OK\r\n", {kind::status, std::string("OK")}},
             sample{"+\r\n", {kind::status, std::string()}},
             sample{"-ERR no\r\n", {kind::error, std::string("ERR no")}},
             sample{":42\r\n", reply(std::int64_t{42})},
             sample{":+7\r\n", reply(std::int64_t{7})},
             sample{":-9223372036854775808\r\n", reply(std::numeric_limits<std::int64_t>::min())},
             sample{"$5\r\nhello\r\n", text("hello")},
             sample{"$0\r\n\r\n", text("")},
             sample{"$4\r\n\r\n\r\n\r\n", text("\r\n\r\n")},
             sample{"$-1\r\n", {}},
             sample{"*-1\r\n", {}},
             sample{"_\r\n", {}},
             sample{"*0\r\n", {kind::array, std::vector<reply>()}},
             sample{
                 "*2\r\n:1\r\n*1\r\n$1\r\na\r\n",
                 {kind::array, std::vector<reply>{reply(std::int64_t{1}),
                                                  {kind::array, std::vector<reply>{text("a")}}}}},
             sample{"%1\r\n+k\r\n:1\r\n",
                    {kind::map,
                     std::vector<reply>{{kind::status, std::string("k")}, reply(std::int64_t{1})}}},
             sample{"~1\r\n:1\r\n", {kind::set, std::vector<reply>{reply(std::int64_t{1})}}},
             sample{">1\r\n+x\r\n",
                    {kind::push, std::vector<reply>{{kind::status, std::string("x")}}}},
             sample{",1.5\r\n", reply(1.5)},
             sample{",-inf\r\n", reply(-std::numeric_limits<double>::infinity())},
             sample{",10\r\n", reply(10.0)},
             sample{"#t\r\n", reply(true)},
             sample{"#f\r\n", reply(false)},
             sample{"(3492890328409238509324850943850943825024385\r\n",
                    {kind::big_number, std::string("3492890328409238509324850943850943825024385")}},
             sample{"=15\r\ntxt:Some string\r\n", {kind::verbatim, std::string("Some string")}},
             sample{"!10\r\nSYNTAX bad\r\n", {kind::error, std::string("SYNTAX bad")}},
             sample{"|1\r\n+ttl\r\n:3600\r\n+OK\r\n", {kind::status, std::string("OK")}},
             sample{
                 "*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n",
                 {kind::array, std::vector<reply>{reply(std::int64_t{1}), reply(std::int64_t{2})}}},
             sample{"$?\r\n;4\r\nHell\r\n;1\r\no\r\n;0\r\n", text("Hello")},
             sample{
                 "*?\r\n:1\r\n:2\r\n.\r\n",
                 {kind::array, std::vector<reply>{reply(std::int64_t{1}), reply(std::int64_t{2})}}},
             sample{"%?\r\n.\r\n", {kind::map, std::vector<reply>()}},
         }) {
        SCOPED_TRACE(s.in);
        reply_parser parser;
        EXPECT_EQ(parse_whole(parser, s.in), s.out);
        for (const std::size_t step : {1, 2, 3, 7}) {
            const auto all = parse_in_steps(s.in + s.in, step);
            ASSERT_EQ(all.size(), 2);
            EXPECT_EQ(all[0], s.out);
            EXPECT_EQ(all[1], s.out);
        }
    }
    reply_parser parser;
    EXPECT_TRUE(std::isnan(parse_whole(parser, ",nan\r\n").as<double>()));
}

TEST(reply_parser, stops_after_one_reply)
{
    reply_parser parser;
    EXPECT_EQ(parser.parse("+a\r\n+b\r\n"), 4);
    EXPECT_EQ(parser.take().text(), "a");
}

TEST(reply_parser, refuses_what_is_not_resp)
{
    for (const std::string in : {
             "hello\r\n",
             "\r\n",
             "+a\rb\r\n",
             ":\r\n",
             ":1x\r\n",
             ":9223372036854775808\r\n",
             "$-2\r\n",
             "$x\r\n",
             "$1\r\nab\r\n",
             "*-2\r\n",
             "#x\r\n",
             "_x\r\n",
             "(1.5\r\n",
             "(\r\n",
             ",x\r\n",
             "=3\r\ntxt\r\n",
             "=5\r\ntxtxx\r\n",
             ";1\r\na\r\n",
             ".\r\n",
             "*?\r\n.x\r\n",
             "%?\r\n:1\r\n.\r\n",
             "$?\r\n+a\r\n",
             "*1\r\n.\r\n",
             "HTTP/1.1 400\r\n",
         }) {
        SCOPED_TRACE(in);
        reply_parser parser;
        EXPECT_THROW(parser.parse(in), protocol_error);
    }
}

TEST(reply_parser, limits_what_a_server_may_send)
{
    const auto limit_of = [](std::string_view in) {
        reply_parser parser({.bulk_bytes = 100, .line_bytes = 50, .depth = 3, .elements = 10});
        try {
            parser.parse(in);
            return std::string("none");
        } catch (const limit_error& e) {
            return e.name();
        }
    };
    EXPECT_EQ(limit_of("$101\r\n"), "bulk_bytes");
    EXPECT_EQ(limit_of("$99999999999999999999999\r\n"), "bulk_bytes");
    EXPECT_EQ(limit_of("$?\r\n;60\r\n" + std::string(60, 'a') + "\r\n;60\r\n"), "bulk_bytes");
    EXPECT_EQ(limit_of("+" + std::string(60, 'a')), "line_bytes");
    EXPECT_EQ(limit_of("+" + std::string(49, 'a') + "\r\n"), "none");
    EXPECT_EQ(limit_of("+" + std::string(50, 'a') + "\r\n"), "line_bytes");
    EXPECT_EQ(limit_of("+" + std::string(50, 'a') + "\r\n:1\r\n"), "line_bytes");
    EXPECT_EQ(limit_of("*11\r\n"), "elements");
    EXPECT_EQ(limit_of("%6\r\n"), "elements");
    EXPECT_EQ(limit_of("*1\r\n*1\r\n*1\r\n*1\r\n"), "depth");
    EXPECT_EQ(limit_of("*1\r\n*1\r\n*1\r\n:1\r\n"), "none");
}

TEST(reply_parser, long_strings_are_read_into_place)
{
    const std::string content(3'000'000, 'x');
    reply_parser parser;
    EXPECT_EQ(parser.parse("$3000000\r\nxxx"), 13);
    std::size_t filled = 3;
    while (filled < content.size()) {
        const auto space = parser.bulk_space();
        if (space.size() < 100'000) break;
        std::fill(space.begin(), space.end(), std::byte{'x'});
        parser.bulk_received(space.size());
        filled += space.size();
    }
    parser.parse(std::string(content.size() - filled, 'x') + "\r\n");
    ASSERT_TRUE(parser.ready());
    EXPECT_EQ(parser.take().text(), content);
    EXPECT_TRUE(parser.bulk_space().empty());
}

}  // namespace
}  // namespace ferry::redis::detail
