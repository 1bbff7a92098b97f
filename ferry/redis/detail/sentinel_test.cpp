#include "ferry/redis/detail/sentinel.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ferry::redis::detail {
namespace {

TEST(sentinel, tells_of_a_new_master)
{
    const auto change = read_master_change("cache 10.0.0.1 6379 ::1 6380", "cache");
    ASSERT_TRUE(change.has_value());
    EXPECT_EQ(change->from, net::tcp("10.0.0.1", 6379));
    EXPECT_EQ(change->to, net::tcp("::1", 6380));
}

TEST(sentinel, what_is_malformed_or_of_another_service_is_no_news)
{
    const struct {
        const char* name;
        std::string text;
    } rows[] = {
        {"empty", ""},
        {"spaces", "     "},
        {"another service", "other 10.0.0.1 6379 10.0.0.2 6379"},
        {"the beginning of a service", "cach 10.0.0.1 6379 10.0.0.2 6379"},
        {"cut", "cache 10.0.0.1 6379 10.0.0.2"},
        {"no port", "cache 10.0.0.1 6379 10.0.0.2 "},
        {"a port too large", "cache 10.0.0.1 6379 10.0.0.2 65536"},
        {"a port with a sign", "cache 10.0.0.1 6379 10.0.0.2 -1"},
        {"a port with a rest", "cache 10.0.0.1 6379 10.0.0.2 6379x"},
        {"no host", "cache 10.0.0.1 6379  6379"},
        {"more words", "cache 10.0.0.1 6379 10.0.0.2 6379 now"},
        {"a long one", std::string(100'000, ' ')},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        EXPECT_FALSE(read_master_change(r.text, "cache").has_value());
    }
}

}  // namespace
}  // namespace ferry::redis::detail
