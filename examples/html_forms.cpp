// Fills a form of a page and submits it, as a browser would, to a server in the same program.

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/http.hpp"
#include "ferry/http/submit.hpp"
#include "ferry/net/listener.hpp"

#include <chrono>
#include <cstdio>

using namespace ferry;
using namespace std::chrono_literals;

// [form]
awaitable<void> log_in(std::string url)
{
    http::session api;
    const auto answer = co_await api.get(url);
    const html::document page = html::parse(answer.bytes(), answer.charset());
    html::form login = html::forms(page).at(0);
    login.set("user", "ann").set("language", "de").check("remember");
    const html::submission filled = login.submit(url, "go");
    const auto welcome = co_await http::submit(api, filled);
    std::printf("%s\n", welcome.text().c_str());
}
// [form]

awaitable<void> be_both()
{
    http::server site;
    site.get("/login", [](http::request&) -> awaitable<http::response> {
        co_return http::html(
            "<form method=post action=welcome><input name=user><input type=hidden name=t value=7>"
            "<select name=language><option>en<option>de</select>"
            "<input type=checkbox name=remember><button name=go value=1>Log in</button></form>");
    });
    site.post("/welcome", [](http::request& q) -> awaitable<http::response> {
        const std::string said = "sent: " + std::string(q.text());
        co_return http::text(said);
    });
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string url = "http://127.0.0.1:" + std::to_string(on.port()) + "/login";
    auto serving = spawn(site.serve(std::move(on)));
    co_await log_in(url);
    co_await site.stop(1s);
    co_await serving.join();
}

int main()
{
    run(be_both());
}
