#include "ferry/redis/options.hpp"

#include <gtest/gtest.h>

namespace ferry::redis {
namespace {

using namespace std::chrono_literals;

TEST(redis_options, reads_the_urls_of_redis_py_and_kombu)
{
    struct sample {
        const char* url;
        const char* at;
        int db;
        const char* user;
        const char* password;
    };
    for (const sample& s : {
             sample{"redis://", "localhost:6379", 0, "", ""},
             sample{"redis://localhost", "localhost:6379", 0, "", ""},
             sample{"redis://h:7000/3", "h:7000", 3, "", ""},
             sample{"redis://[::1]:7000/", "[::1]:7000", 0, "", ""},
             sample{"redis://:p%40ss@h/1", "h:6379", 1, "", "p@ss"},
             sample{"redis://u:p@h?db=4", "h:6379", 4, "u", "p"},
             sample{"redis://h/1?virtual_host=5", "h:6379", 5, "", ""},
             sample{"unix:///run/r.sock?db=2", "unix:/run/r.sock", 2, "", ""},
             sample{"unix://u:p@/run/r.sock", "unix:/run/r.sock", 0, "u", "p"},
             sample{"redis+socket:///run/r.sock?virtual_host=2", "unix:/run/r.sock", 2, "", ""},
         }) {
        SCOPED_TRACE(s.url);
        const auto o = options::from_url(s.url);
        EXPECT_EQ(o.at().text(), s.at);
        EXPECT_EQ(o.db(), s.db);
        EXPECT_EQ(o.user(), s.user);
        EXPECT_EQ(o.password(), s.password);
        EXPECT_FALSE(o.tls());
    }
    const auto o = options::from_url(
        "rediss://h/0?socket_timeout=1.5&protocol=2&client_name=me&max_connections=3&"
        "ssl_cert_reqs=none&health_check_interval=7&socket_connect_timeout=2");
    EXPECT_TRUE(o.tls());
    EXPECT_FALSE(o.tls()->verifies());
    EXPECT_EQ(o.timeout(), 1500ms);
    EXPECT_EQ(o.connect_timeout(), 2s);
    EXPECT_EQ(o.health_check_interval(), 7s);
    EXPECT_EQ(o.protocol(), 2);
    EXPECT_EQ(o.client_name(), "me");
    EXPECT_EQ(o.max_connections(), 3);
}

TEST(redis_options, reads_sentinels)
{
    for (const char* url : {"redis+sentinel://:pw@a:1,b/mymaster/2?sentinel_password=s",
                            "sentinel://:pw@a:1/2?master_name=mymaster&sentinel_password=s",
                            "sentinel://:pw@a:1;sentinel://:pw@b:26379/2?"
                            "master_name=mymaster&sentinel_password=s"}) {
        SCOPED_TRACE(url);
        const auto o = options::from_url(url);
        ASSERT_FALSE(o.sentinels().empty());
        EXPECT_EQ(o.sentinels()[0].text(), "a:1");
        if (o.sentinels().size() > 1) {
            EXPECT_EQ(o.sentinels()[1].text(), "b:26379");
        }
        EXPECT_EQ(o.service(), "mymaster");
        EXPECT_EQ(o.db(), 2);
        EXPECT_EQ(o.password(), "pw");
        EXPECT_EQ(o.sentinel_password(), "s");
    }
}

TEST(redis_options, says_what_is_wrong_with_a_url)
{
    for (const auto& [url, what] : {
             std::pair{"http://h", "unknown scheme 'http'"},
             std::pair{"localhost:6379", "it must begin with a scheme and ://"},
             std::pair{"redis://h:x", "the port is no number: 'x'"},
             std::pair{"redis://h:99999", "the port is no number: '99999'"},
             std::pair{"redis://h/zero", "the database is no number: 'zero'"},
             std::pair{"redis://pw@h", "a login is user:password or :password"},
             std::pair{"redis://h?wait=1", "unknown parameter 'wait'"},
             std::pair{"redis://h?protocol=4", "protocol must be 2 or 3"},
             std::pair{"redis://[::1", "'[' without ']'"},
             std::pair{"unix://h/p", "a socket needs a path"},
             std::pair{"redis+sentinel:///mymaster", "no sentinel is named"},
             std::pair{"redis+sentinel://a", "sentinels need the service's name"},
         }) {
        SCOPED_TRACE(url);
        try {
            options::from_url(url);
            ADD_FAILURE() << "accepted";
        } catch (const parse_error& e) {
            EXPECT_NE(std::string_view(e.what()).find(what), std::string_view::npos) << e.what();
        }
    }
}

}  // namespace
}  // namespace ferry::redis
