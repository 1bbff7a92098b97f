#include "ferry/http/submit.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/server.hpp"
#include "ferry/net/listener.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view page_text =
    "<form action=echo method=post><input name=a value='ä b'><textarea "
    "name=t>x\ny</textarea></form>"
    "<form action=echo method=post enctype=multipart/form-data><input name=a value=1></form>"
    "<form action='echo?gone=1'><input name=q value='1&2'></form>";

awaitable<void> submit_all(std::string base)
{
    session api;
    const html::document page = html::parse(page_text);
    const auto forms = html::forms(page);
    const html::submission posted = forms.at(0).submit(base);
    const auto first = co_await submit(api, posted);
    EXPECT_EQ(first.text(), "POST application/x-www-form-urlencoded a=%C3%A4+b&t=x%0D%0Ay");
    const html::submission parts = forms.at(1).submit(base);
    const auto second = co_await submit(api, parts);
    EXPECT_TRUE(second.text().starts_with("POST multipart/form-data; boundary="));
    EXPECT_NE(second.text().find("name=\"a\"\r\n\r\n1\r\n"), std::string::npos) << second.text();
    const html::submission asked = forms.at(2).submit(base);
    const auto third = co_await submit(api, asked);
    EXPECT_EQ(third.text(), "GET /echo?q=1%262");
}

awaitable<void> serve_and_submit()
{
    server site;
    site.post("/echo", [](request& q) -> awaitable<response> {
        std::string said = "POST " + std::string(q.headers["Content-Type"]);
        said += ' ';
        said += q.text();
        co_return response(status::ok, text(std::move(said)));
    });
    site.get("/echo", [](request& q) -> awaitable<response> {
        const std::string said = "GET " + q.target;
        co_return response(status::ok, text(said));
    });
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port()) + "/page";
    auto serving = spawn(site.serve(std::move(on)));
    co_await submit_all(base);
    co_await site.stop(1s);
    co_await serving.join();
}

TEST(submit, sends_forms_as_a_browser_does)
{
    run(serve_and_submit());
}

}  // namespace
}  // namespace ferry::http
