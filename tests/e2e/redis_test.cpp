#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry {
namespace {

const char* const with_redis = FERRY_SOURCE_DIR "/tests/services/with_redis";

// What a shell script prints that calls `$F` with a Redis of its own.
testing::outcome script(const std::string& text)
{
    return testing::run_program(
        {with_redis, "/bin/sh", "-c", "F=\"" FERRY_COMMAND " redis $FERRY_REDIS\"; " + text});
}

TEST(redis_verb, prints_what_the_server_answers)
{
    EXPECT_EQ(script("$F SET k v; $F GET k; $F GET none; $F RPUSH l a -5; $F LRANGE l 0 -1").out,
              "OK\nv\n(nil)\n(integer) 2\n1) \"a\"\n2) \"-5\"\n");
    EXPECT_EQ(script("$F HSET h a 1 >&2; $F --json HGETALL h; $F --json GET none").out,
              "{\"a\":\"1\"}\nnull\n");
}

TEST(redis_verb, says_what_failed)
{
    const auto refused = script("$F NOSUCH");
    EXPECT_EQ(refused.status, 9);
    EXPECT_NE(refused.err.find("ERR unknown command 'NOSUCH'"), std::string::npos) << refused.err;
    const auto unreachable =
        testing::run_program({FERRY_COMMAND, "redis", "redis://127.0.0.1:1", "PING"});
    EXPECT_EQ(unreachable.status, 7);
    EXPECT_NE(unreachable.err.find("127.0.0.1:1"), std::string::npos) << unreachable.err;
    EXPECT_EQ(testing::run_program({FERRY_COMMAND, "redis", "redis://h"}).status, 2);
}

}  // namespace
}  // namespace ferry
