#include "ferry/redis/reply.hpp"

#include "ferry/redis/command_options.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace ferry::redis {
namespace {

using kind = reply::kind;
using list = std::vector<reply>;

reply text(std::string t)
{
    return {kind::bulk, std::move(t)};
}

TEST(reply, becomes_the_value_that_is_asked_for)
{
    EXPECT_EQ(text("abc").as<std::string>(), "abc");
    EXPECT_EQ(reply(std::int64_t{5}).as<std::string>(), "5");
    EXPECT_EQ(text("-5").as<int>(), -5);
    EXPECT_EQ(text("1.5").as<double>(), 1.5);
    EXPECT_EQ(reply(1.5).as<double>(), 1.5);
    EXPECT_TRUE(reply(kind::status, std::string("OK")).as<bool>());
    EXPECT_FALSE(reply().as<bool>());
    EXPECT_FALSE(reply(std::int64_t{0}).as<bool>());
    EXPECT_EQ(reply().as<std::optional<int>>(), std::nullopt);
    EXPECT_EQ(reply(std::int64_t{3}).as<std::optional<int>>(), 3);
}

TEST(reply, both_versions_give_the_same_collections)
{
    const std::map<std::string, double> scores{{"a", 1}, {"b", 2.5}};
    const list flat{text("a"), text("1"), text("b"), text("2.5")};
    const list pairs{reply(kind::array, list{text("a"), reply(1.0)}),
                     reply(kind::array, list{text("b"), reply(2.5)})};
    const list mapped{text("a"), reply(1.0), text("b"), reply(2.5)};
    for (const reply& r :
         {reply(kind::array, flat), reply(kind::array, pairs), reply(kind::map, mapped)}) {
        SCOPED_TRACE(r.to_text());
        EXPECT_EQ((r.as<std::map<std::string, double>>()), scores);
        EXPECT_EQ(r.as<scored_members>(), scored_members(scores.begin(), scores.end()));
    }
    EXPECT_EQ(reply(kind::set, list{text("x"), text("y")}).as<std::set<std::string>>(),
              (std::set<std::string>{"x", "y"}));
    const reply entry(kind::array, list{text("1-0"), reply(kind::array, flat)});
    EXPECT_EQ(entry.as<stream_entry>().id(), "1-0");
    EXPECT_EQ(entry.as<stream_entry>()["b"], "2.5");
    EXPECT_EQ(entry.as<stream_entry>()["c"], "");
}

TEST(reply, refuses_another_shape)
{
    EXPECT_THROW(text("x").as<int>(), protocol_error);
    EXPECT_THROW(reply(std::int64_t{300}).as<std::uint8_t>(), protocol_error);
    EXPECT_THROW(reply().as<std::string>(), protocol_error);
    EXPECT_THROW(text("x").as<std::vector<std::string>>(), protocol_error);
    EXPECT_THROW((reply(kind::array, list{text("x")}).as<std::map<std::string, std::string>>()),
                 protocol_error);
    EXPECT_THROW((reply(kind::array, list{text("x")}).as<std::pair<std::string, std::string>>()),
                 protocol_error);
    EXPECT_THROW(text("x")[0], lookup_error);
}

TEST(reply, an_error_reply_is_thrown_by_whoever_reads_it)
{
    const reply r(kind::error, std::string("WRONGTYPE Operation against a key"));
    try {
        r.as<std::string>();
        FAIL() << "accepted";
    } catch (const response_error& e) {
        EXPECT_EQ(e.word(), "WRONGTYPE");
        EXPECT_TRUE(e.code() == errc::wrong_type);
        EXPECT_STREQ(e.what(), "WRONGTYPE Operation against a key");
    }
    EXPECT_TRUE(response_error("NOPERM no").code() == condition::denied);
    EXPECT_TRUE(response_error("LOADING wait").code() == condition::disconnected);
    EXPECT_TRUE(response_error("ERR x").code() == errc::other);
}

TEST(reply, prints_as_redis_cli)
{
    const reply r(kind::array, list{text("a\"b"), reply(std::int64_t{2}),
                                    reply(kind::array, list{reply(), text("x")})});
    EXPECT_EQ(r.to_text(), "1) \"a\\\"b\"\n2) (integer) 2\n3) 1) (nil)\n   2) \"x\"");
    EXPECT_EQ(reply(kind::map, list{text("k"), reply(true)}).to_text(), "1# \"k\" => (true)");
    EXPECT_EQ(reply(kind::array, list()).to_text(), "(empty array)");
}

}  // namespace
}  // namespace ferry::redis
