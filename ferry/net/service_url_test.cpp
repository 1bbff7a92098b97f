#include "ferry/net/service_url.hpp"

#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

namespace ferry::net {
namespace {

TEST(service_url, splits_into_its_parts)
{
    const service_url u("X URL", "x://u:p@q@a:1,b/p%2F/r?k=v?w");
    EXPECT_EQ(u.scheme(), "x");
    EXPECT_EQ(u.login(), "u:p@q");
    EXPECT_EQ(u.hosts(), "a:1,b");
    EXPECT_EQ(u.path(), "/p%2F/r");
    EXPECT_EQ(u.query(), "k=v?w");
    const service_url bare("X URL", "x://");
    EXPECT_EQ(bare.hosts(), "");
    EXPECT_EQ(bare.path(), "");
    EXPECT_THROW(service_url("X URL", "x:/a"), parse_error);
}

TEST(service_url, reads_hosts)
{
    const service_url u("X URL", "x://");
    struct row {
        const char* text;
        const char* host;
        int port;
    };
    for (const row& r :
         {row{"a", "a", 5}, row{"a:7", "a", 7}, row{"", "localhost", 5}, row{":7", "localhost", 7},
          row{"[::1]", "::1", 5}, row{"[::1]:7", "::1", 7}, row{"a%2Db", "a-b", 5}}) {
        SCOPED_TRACE(r.text);
        const endpoint e = u.endpoint_of(r.text, 5);
        EXPECT_EQ(e.host(), r.host);
        EXPECT_EQ(e.port(), r.port);
    }
    for (const char* bad : {"a:", "a:x", "a:65536", "[::1", "[::1]x", "a:-1"}) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(u.endpoint_of(bad, 5), parse_error);
    }
}

TEST(service_url, reads_numbers_and_seconds)
{
    const service_url u("X URL", "x://");
    EXPECT_EQ(u.number<int>("n", "-7"), -7);
    EXPECT_EQ(u.seconds("t", "1.5"), std::chrono::milliseconds(1500));
    for (const char* bad : {"", "x", "1s", "-1", "1e300", "nan", "inf"}) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(u.seconds("t", bad), parse_error);
    }
    try {
        u.number<std::uint16_t>("limit", "70000");
        ADD_FAILURE();
    } catch (const parse_error& e) {
        EXPECT_NE(std::string(e.what()).find("X URL: limit is no number: '70000'"),
                  std::string::npos)
            << e.what();
    }
}

}  // namespace
}  // namespace ferry::net
