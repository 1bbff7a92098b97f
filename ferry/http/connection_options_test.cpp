#include "ferry/http/connection_options.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/server.hpp"
#include "ferry/http/session.hpp"
#include "ferry/testing/http_script.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ferry::http {
namespace {

using testing::fault_server;
using ::testing::HasSubstr;
using testing::ok_response;
using testing::script;

script answer()
{
    return script().receive_until("\r\n\r\n").send(ok_response).stay_silent();
}

TEST(connection_options, unix_sockets_carry_requests)
{
    const testing::temporary_directory dir;
    const std::string path = dir / "api.sock";
    auto main = [](std::string at) -> awaitable<std::string> {
        server site;
        site.get("/v1/info", [](request& q) -> awaitable<response> {
            co_return text(std::string(q.headers.get("Host").value_or("none")));
        });
        auto serving = spawn(site.serve(net::unix_socket(at)));
        session api(http::unix_socket(at), proxy("http://127.0.0.1:1"));
        auto asking = api.get("http://docker/v1/info");
        const auto r = co_await std::move(asking);
        serving.cancel();
        co_await serving.wait();
        co_return r.text();
    };
    EXPECT_EQ(run(main(path)), "docker");
}

TEST(connection_options, resolve_and_connect_to_lead_elsewhere)
{
    fault_server server(answer());
    const std::string name = fmt::format("a.example:{}", server.port());
    session fixed(resolve(name, "127.0.0.1"));
    EXPECT_EQ(run(fixed.get("http://" + name + "/")).text(), "ok");
    session other(connect_to("b.example:80", fmt::format("127.0.0.1:{}", server.port())));
    EXPECT_EQ(run(other.get("http://b.example/")).text(), "ok");
    EXPECT_THAT(server.received(0), HasSubstr("Host: " + name + "\r\n"));
    EXPECT_THAT(server.received(1), HasSubstr("Host: b.example\r\n"));
    for (const char* wrong : {"a.example", "a.example:", "a.example:x", ":80", "a.example:70000"}) {
        EXPECT_THROW(resolve(wrong, "127.0.0.1"), error) << wrong;
        EXPECT_THROW(connect_to("a:1", wrong), error) << wrong;
    }
    EXPECT_THROW(resolve("a:1", "b.example"), error);
}

TEST(connection_options, connections_come_from_the_address_that_is_asked_for)
{
    auto main = []() -> awaitable<std::string> {
        server site;
        site.get("/", [](request& q) -> awaitable<response> { co_return text(q.peer); });
        net::listener on(net::tcp("127.0.0.1", 0));
        const std::string url = fmt::format("http://localhost:{}/", on.port());
        auto serving = spawn(site.serve(std::move(on)));
        session api(local_address("127.0.0.9"), http::ip_version(net::ip_version::v4));
        auto asking = api.get(url);
        const auto r = co_await std::move(asking);
        serving.cancel();
        co_await serving.wait();
        co_return r.text();
    };
    EXPECT_THAT(run(main()), HasSubstr("127.0.0.9:"));
}

TEST(connection_options, private_addresses_can_be_blocked)
{
    fault_server server(answer());
    session api(block_private(), timeout(std::chrono::seconds(2)));
    for (const std::string host : {"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]",
                                   "169.254.169.254", "10.0.0.1", "0.0.0.0", "[fd00::1]"}) {
        SCOPED_TRACE(host);
        try {
            run(api.get(fmt::format("http://{}:{}/", host, server.port())));
            ADD_FAILURE() << "was let through";
        } catch (const connection_error& e) {
            EXPECT_EQ(e.code(), errc::private_address);
        }
    }
    EXPECT_EQ(server.connections(), 0U);
}

TEST(limits, say_how_many_idle_connections_stay_and_for_how_long)
{
    fault_server server(answer());
    const std::string url = fmt::format("http://127.0.0.1:{}/", server.port());
    session none(limits().idle_per_host(0));
    run(none.get(url));
    run(none.get(url));
    EXPECT_EQ(server.connections(), 2U);
}

TEST(limits, end_connections_by_their_age)
{
    using namespace std::chrono_literals;
    const struct {
        const char* name;
        http::limits with;
        std::size_t connections;
    } rows[] = {
        {"kept", limits(), 1},
        {"old", limits().max_lifetime(1ms), 2},
        {"idle", limits().idle_timeout(1ms), 2},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        fault_server server(script()
                                .receive_until("\r\n\r\n")
                                .send(ok_response)
                                .receive_until("\r\n\r\n")
                                .send(ok_response)
                                .stay_silent());
        session api(r.with);
        for (int i = 0; i < 2; ++i) {
            run(api.get(fmt::format("http://127.0.0.1:{}/", server.port())));
            run(sleep(3ms));
        }
        EXPECT_EQ(server.connections(), r.connections);
    }
}

}  // namespace
}  // namespace ferry::http
