// Every way of logging in, in the clear and over TLS.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/run.hpp"
#include "ferry/core/log.hpp"

#include "broker.hpp"
#include <gtest/gtest.h>

#include <memory>

namespace ferry::amqp {
namespace {

class amqp_login : public ::testing::Test {
protected:
    static void SetUpTestSuite()
    {
        authority = std::make_unique<testing::certificate_authority>(folder->path().string());
        shared = std::make_unique<broker>(*authority);
        shared->ctl({"add_user", "robot", "secret"});
        shared->ctl({"set_permissions", "robot", ".*", ".*", ".*"});
    }
    static void TearDownTestSuite()
    {
        shared.reset();
        authority.reset();
        folder.reset();
    }

    static options plain() { return options::from_url(shared->url()); }
    static std::string secure_url(const std::string& parameters,
                                  const std::string& host = "localhost")
    {
        return "amqps://" + host + ":" + std::to_string(shared->tls_port()) +
               "?cacertfile=" + authority->ca_file() + parameters;
    }
    // That one can work with the broker then.
    static void works(const options& with)
    {
        connection c = run(connect(with));
        channel ch = run(c.channel());
        const std::string q = run(ch.queue_declare("", exclusive())).name();
        run(ch.basic_publish("", q, std::string(300'000, 'x')));
        std::optional<delivery> d;
        while (!d) d = run(ch.basic_get(q));
        EXPECT_EQ(d->text().size(), 300'000U);
        run(c.close());
    }
    static std::string failure_of(const options& with)
    {
        try {
            run(connect(with));
        } catch (const error& e) {
            return e.what();
        }
        return "none";
    }

    static inline std::unique_ptr<testing::temporary_directory> folder =
        std::make_unique<testing::temporary_directory>();
    static inline std::unique_ptr<testing::certificate_authority> authority;
    static inline std::unique_ptr<broker> shared;
};

bool has(const std::string& text, const char* part)
{
    return text.find(part) != std::string::npos;
}

TEST_F(amqp_login, over_tls_with_a_password)
{
    works(options::from_url(secure_url("")));
    works(options::from_url(secure_url("&verify=verify_peer", "127.0.0.1")));
    works(options::from_url(secure_url("&server_name_indication=localhost", "127.0.0.1")));
    works(options::from_url(secure_url("&verify=verify_none")));
}

TEST_F(amqp_login, over_tls_by_the_client_certificate)
{
    const testing::identity robot = authority->issue({"robot"});
    works(options::from_url(
        secure_url("&auth_mechanism=external&certfile=" + robot.chain + "&keyfile=" + robot.key)));
    const testing::identity nobody = authority->issue({"nobody"});
    EXPECT_THROW(
        run(connect(options::from_url(secure_url(
            "&auth_mechanism=EXTERNAL&certfile=" + nobody.chain + "&keyfile=" + nobody.key)))),
        authentication_error);
}

TEST_F(amqp_login, by_a_client_key_that_has_a_password)
{
    const testing::identity robot = authority->issue({"robot"});
    const std::string locked = robot.key + ".locked";
    const auto done = testing::run_program({"/usr/bin/openssl", "pkey", "-in", robot.key, "-aes256",
                                            "-passout", "pass:open sesame", "-out", locked});
    ASSERT_EQ(done.status, 0) << done.err;
    const std::string url =
        secure_url("&auth_mechanism=external&certfile=" + robot.chain + "&keyfile=" + locked);
    works(options::from_url(url + "&password=open%20sesame"));
    for (const char* wrong : {"&password=close", ""}) {
        SCOPED_TRACE(wrong);
        EXPECT_THROW(run(connect(options::from_url(url + wrong))), error);
    }
}

TEST_F(amqp_login, tls_that_cannot_be_trusted)
{
    testing::temporary_directory elsewhere;
    testing::certificate_authority other(elsewhere.path().string());
    const std::string port = std::to_string(shared->tls_port());
    EXPECT_THROW(run(connect("amqps://localhost:" + port + "?cacertfile=" + other.ca_file())),
                 tls_error);
    EXPECT_THROW(run(connect(secure_url("&server_name_indication=elsewhere.local"))), tls_error);
}

TEST_F(amqp_login, the_wrong_port_is_named)
{
    const std::string spoken = failure_of(
        options().hosts({net::tcp("127.0.0.1", shared->port())}).tls(net::tls_context::client()));
    EXPECT_TRUE(has(spoken, "speaks no TLS")) << spoken;
    const std::string silent =
        failure_of(options().hosts({net::tcp("127.0.0.1", shared->tls_port())}));
    EXPECT_TRUE(has(silent, "TLS port?")) << silent;
}

TEST_F(amqp_login, by_every_mechanism)
{
    works(plain().login("robot", "secret"));
    works(plain().login("robot", "secret").mechanisms({"AMQPLAIN"}));
    works(plain().login("robot", "secret").mechanisms({"SCRAM-SHA-256", "PLAIN"}));
    // The broker's example of a mechanism that asks.
    std::string question;
    works(plain()
              .login("robot", "secret")
              .mechanisms({"RABBIT-CR-DEMO"})
              .challenge([&](std::string_view text) {
                  question = text;
                  return std::string("My password is secret");
              }));
    EXPECT_EQ(question, "Please tell me your password");
    const std::string none = failure_of(plain().mechanisms({"GSSAPI"}));
    EXPECT_TRUE(has(none, "not GSSAPI")) << none;
    EXPECT_THROW(run(connect(plain().login("robot", "wrong").mechanisms({"AMQPLAIN"}))),
                 authentication_error);
}

TEST_F(amqp_login, all_at_once)
{
    works(plain().fast_login());
    works(plain().login("robot", "secret").fast_login());
    EXPECT_THROW(run(connect(plain().login("robot", "wrong").fast_login())), authentication_error);
    EXPECT_THROW(run(connect(plain().vhost("none").fast_login())), connection_closed);
    connection c =
        run(connect(plain().fast_login().client_properties(value::object("ship", "Argo"))));
    EXPECT_EQ(c.server_properties()["product"], value("RabbitMQ"));
    EXPECT_TRUE(has(shared->ctl({"-q", "list_connections", "client_properties"}), "Argo"));
}

// 4096 bytes are what a start-ok may have; after more the broker resets the connection.
TEST_F(amqp_login, as_long_as_it_may_be)
{
    const auto with = [](std::size_t size) {
        return plain().client_properties(value::object("about", std::string(size, 'x')));
    };
    const auto is_too_long = [&](std::size_t size) {
        try {
            connection c = run(connect(with(size)));
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::frame_error) << e.what();
            return true;
        }
        return false;
    };
    std::size_t good = 1;
    std::size_t bad = 4096;
    EXPECT_TRUE(is_too_long(bad));
    while (bad - good > 1) {
        const std::size_t middle = (good + bad) / 2;
        (is_too_long(middle) ? bad : good) = middle;
    }
    works(with(good));
}

TEST_F(amqp_login, frames_are_traced_without_secrets)
{
    std::string all;
    log::set_sink([&](const log::record& r) { all += log::line(r) + '\n'; });
    log::set_level(log::level::trace);
    {
        connection c = run(connect(plain().login("robot", "secret")));
        channel ch = run(c.channel());
        run(c.update_secret("secret"));
        run(ch.basic_publish("", "none", "the body"));
        run(ch.basic_qos(1));
        run(c.close());
    }
    log::set_level(log::level::warning);
    log::set_sink({});
    for (const char* part : {"way=sent channel=1", "way=received channel=1", "\"method 60,40\"",
                             "\"body the body\"", "\"method 10,70\""}) {
        EXPECT_TRUE(has(all, part)) << part << " is not in " << all;
    }
    EXPECT_FALSE(has(all, "secret")) << all;
}

TEST_F(amqp_login, a_secret_can_be_updated)
{
    connection c = run(connect(plain()));
    run(c.update_secret("guest", "because it expires"));
    EXPECT_TRUE(c.is_open());
    run(c.update_secret("guest"));
}

TEST_F(amqp_login, no_more_channels_than_the_broker_allows)
{
    connection c = run(connect(plain().channel_max(3)));
    std::vector<channel> all;
    for (int i = 0; i < 3; ++i) all.push_back(run(c.channel()));
    EXPECT_EQ(all[2].channel_number(), 3);
    try {
        run(c.channel());
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_TRUE(e.code() == errc::no_free_channels) << e.what();
    }
    run(all[1].close());
    EXPECT_EQ(run(c.channel()).channel_number(), 2);
    EXPECT_EQ(c.statistics().channels, 2U);
}

}  // namespace
}  // namespace ferry::amqp
