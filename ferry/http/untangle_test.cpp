#include "ferry/http/untangle.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/server.hpp"
#include "ferry/net/listener.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace ferry::untangle {
namespace {

using namespace std::chrono_literals;

awaitable<void> read_from_a_server()
{
    http::server site;
    site.get("/feed", [](http::request&) -> awaitable<http::response> {
        co_return http::response(http::status::ok, http::body("<root><child name='\xE9'/></root>",
                                                              "text/xml; charset=iso-8859-1"));
    });
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));
    const object feed = co_await parse_url(base + "/feed");
    EXPECT_EQ(feed["root"]["child"]["@name"], "\xC3\xA9");
    bool is_refused = false;
    try {
        (void)co_await parse_url(base + "/none");
    } catch (const http::status_error&) {
        is_refused = true;
    }
    EXPECT_TRUE(is_refused);
    co_await site.stop(1s);
    co_await serving.join();
}

TEST(untangle_url, is_read_with_the_charset_that_the_server_says)
{
    run(read_from_a_server());
}

}  // namespace
}  // namespace ferry::untangle
