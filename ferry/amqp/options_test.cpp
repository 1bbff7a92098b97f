#include "ferry/amqp/options.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;

TEST(amqp_options, reads_the_urls_of_pika_and_kombu)
{
    struct sample {
        const char* url;
        const char* host;
        const char* vhost;
        const char* user;
        const char* password;
    };
    for (const sample& s : {
             sample{"amqp://", "localhost:5672", "/", "guest", "guest"},
             sample{"amqp://h", "h:5672", "/", "guest", "guest"},
             sample{"amqp://h/", "h:5672", "/", "guest", "guest"},
             sample{"amqp://h//", "h:5672", "/", "guest", "guest"},
             sample{"amqp://h/%2F", "h:5672", "/", "guest", "guest"},
             sample{"amqp://h/a%2Fb", "h:5672", "a/b", "guest", "guest"},
             sample{"amqp://u:p%40@h:7/v", "h:7", "v", "u", "p@"},
             sample{"amqp://u@[::1]:7/v", "[::1]:7", "v", "u", "guest"},
             sample{"amqps://h/v", "h:5671", "v", "guest", "guest"},
         }) {
        SCOPED_TRACE(s.url);
        const auto o = options::from_url(s.url);
        EXPECT_EQ(o.hosts().front().text(), s.host);
        EXPECT_EQ(o.vhost(), s.vhost);
        EXPECT_EQ(o.user(), s.user);
        EXPECT_EQ(o.password(), s.password);
    }
    const auto o = options::from_url(
        "amqps://a:1,b/v?heartbeat=7&connection_attempts=3&retry_delay=0.5&socket_timeout=2&"
        "channel_max=9&frame_max=8192&verify=verify_none&connection_name=me&"
        "blocked_connection_timeout=4&confirm_timeout=1.5&auth_mechanism=EXTERNAL");
    ASSERT_EQ(o.hosts().size(), 2);
    EXPECT_EQ(o.hosts()[0].text(), "a:1");
    EXPECT_EQ(o.hosts()[1].text(), "b:5671");
    EXPECT_EQ(o.heartbeat(), 7s);
    EXPECT_EQ(o.attempts(), 3);
    EXPECT_EQ(o.retry_delay(), 500ms);
    EXPECT_EQ(o.timeout(), 2s);
    EXPECT_EQ(o.channel_max(), 9);
    EXPECT_EQ(o.frame_max(), 8192);
    EXPECT_EQ(o.connection_name(), "me");
    EXPECT_EQ(o.blocked_timeout(), 4s);
    EXPECT_EQ(o.confirm_timeout(), 1500ms);
    EXPECT_EQ(o.mechanisms(), std::vector<std::string>{"EXTERNAL"});
    EXPECT_FALSE(o.tls()->verifies());
}

TEST(amqp_options, reads_the_dictionaries_of_pika)
{
    const auto o = options::from_url(
        "amqp://"
        "h?stack_timeout=3&locale=en_US&client_properties={'name':%20'caf\xc3\xa9',%20\"n\":1,"
        "'x':%20{'yes':%20True,%20'no':%20None,'r':-1.5},%20'q':'it\\'s'}&"
        "tcp_options={'TCP_KEEPIDLE':60,'TCP_USER_TIMEOUT':1000}");
    EXPECT_EQ(o.timeout(), 3s);
    EXPECT_EQ(o.client_properties(),
              value::object("name", "café", "n", 1, "x",
                            value::object("yes", true, "no", nullptr, "r", -1.5), "q", "it's"));
    EXPECT_EQ(o.tcp_options(),
              (std::vector<std::pair<int, int>>{{TCP_KEEPIDLE, 60}, {TCP_USER_TIMEOUT, 1000}}));
    EXPECT_FALSE(options::from_url("amqps://h?ssl_options={'cert_reqs':0}").tls()->verifies());
    EXPECT_EQ(options::from_url("amqps://h?ssl_options={'server_hostname':'b'}").server_name(),
              "b");
    for (const auto& [text, what] : {
             std::pair{"", "'{' is missing"},
             std::pair{"{", "a text is missing"},
             std::pair{"{1:2}", "a text is missing"},
             std::pair{"{'a'}", "':' is missing"},
             std::pair{"{'a':}", "no text, number"},
             std::pair{"{'a':1", "'}' is missing"},
             std::pair{"{'a':1}x", "behind the dictionary"},
             std::pair{"{'a", "a text has no end"},
             std::pair{"{'a\\q':1}", "unknown escape"},
             std::pair{"{'a':{'a':{'a':{'a':{'a':{'a':{'a':{'a':{}}}}}}}}}", "nested too deep"},
         }) {
        SCOPED_TRACE(text);
        try {
            options::from_url(std::string("amqp://h?client_properties=") + text);
            ADD_FAILURE() << "accepted";
        } catch (const parse_error& e) {
            EXPECT_NE(std::string_view(e.what()).find(what), std::string_view::npos) << e.what();
        }
    }
}

TEST(amqp_options, says_what_is_wrong_with_a_url)
{
    for (const auto& [url, what] : {
             std::pair{"http://h", "it must begin with amqp://"},
             std::pair{"amqp://h:x", "the port is no number: 'x'"},
             std::pair{"amqp://h?heartbeat=soon", "heartbeat is no number: 'soon'"},
             std::pair{"amqp://h?tcp_options={'TCP_WAIT':1}", "unknown TCP option 'TCP_WAIT'"},
             std::pair{"amqps://h?ssl_options={'x':1}", "unknown TLS option 'x'"},
             std::pair{"amqp://h?locale=de_DE", "RabbitMQ's only locale is en_US"},
             std::pair{"amqp://h?wait=1", "unknown parameter 'wait'"},
             std::pair{"amqps://h?verify=no", "verify is verify_peer or verify_none"},
             std::pair{"amqp://[::1", "'[' without ']'"},
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
}  // namespace ferry::amqp
