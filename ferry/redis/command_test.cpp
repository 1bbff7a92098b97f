#include "ferry/redis/command.hpp"

#include "ferry/redis/pipeline.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace ferry::redis {
namespace {

using namespace std::string_literals;
using namespace std::chrono_literals;

std::string wire(const command& c)
{
    std::string out;
    c.append_to(out);
    return out;
}

TEST(command, is_an_array_of_strings)
{
    EXPECT_EQ(wire(command("GET", "k")), "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
    EXPECT_EQ(wire(command("SET", "a\0b"s, 5, 1.5, true)),
              "*5\r\n$3\r\nSET\r\n$3\r\na\0b\r\n$1\r\n5\r\n$3\r\n1.5\r\n$1\r\n1\r\n"s);
    const std::vector<std::string> keys{"x", "y"};
    EXPECT_EQ(wire(command("MGET", keys)), "*3\r\n$4\r\nMGET\r\n$1\r\nx\r\n$1\r\ny\r\n");
    const std::map<std::string, int> pairs{{"x", 1}};
    EXPECT_EQ(wire(command("MSET", pairs)), "*3\r\n$4\r\nMSET\r\n$1\r\nx\r\n$1\r\n1\r\n");
    EXPECT_EQ(command("GET", "secret").name(), "GET");
}

TEST(command, knows_what_may_be_repeated)
{
    pipeline p;
    p.get("k").set("k", 1).set("k", 1, set_options().nx()).incr("k").lpush("l", 1).hgetall("h");
    std::vector<bool> repeatable;
    for (const command& c : std::move(p).take()) repeatable.push_back(c.is_repeatable());
    EXPECT_EQ(repeatable, (std::vector{true, true, false, false, false, true}));
}

TEST(command, options_become_words)
{
    pipeline p;
    p.set("k", "v", set_options().ex(2s).xx());
    p.zadd("z", std::map<std::string, double>{{"m", 1.5}}, zadd_options().gt().ch());
    p.xadd("s", std::map<std::string, std::string>{{"f", "v"}}, xadd_options().maxlen(9));
    std::string out;
    for (const command& c : std::move(p).take()) c.append_to(out);
    for (const char* word :
         {"$2\r\nPX\r\n$4\r\n2000\r\n$2\r\nXX\r\n", "GT\r\n$2\r\nCH\r\n$3\r\n1.5\r\n$1\r\nm",
          "MAXLEN\r\n$1\r\n~\r\n$1\r\n9\r\n$1\r\n*\r\n$1\r\nf\r\n$1\r\nv"}) {
        EXPECT_NE(out.find(word), std::string::npos) << word;
    }
}

}  // namespace
}  // namespace ferry::redis
