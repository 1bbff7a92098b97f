// What a session tells about its requests: hooks, a trace for the servers' logs, a line in one's
// own.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/log.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <cstdio>
#include <string>

using namespace ferry;

// [hooks]
awaitable<void> watch(std::string base)
{
    const auto count = [](const http::outgoing& q, const http::response& r) {
        std::printf("%d: %s %s -> %d\n", q.attempt(), q.method().c_str(),
                    std::string(q.url().path()).c_str(), r.status);
    };
    const auto stop = [](const http::outgoing&, const http::response&, const url& to) {
        if (to.path() == "/private") throw error(errc::denied, "not there");
    };
    http::session api(http::base_url(base), http::on_response(count), http::on_redirect(stop),
                      http::traceparent());
    const auto seen = co_await api.get("/start");
    std::printf("the server saw the trace: %s\n", seen.text().c_str());
    try {
        co_await api.get("/trap");
    } catch (const error& e) {
        std::printf("%s\n", e.what() + std::string(e.what()).find(": ") + 2);
    }
}
// [hooks]

int main()
{
    log::set_level(log::level::info);
    http::server site;
    site.get("/start", [](http::request&) -> awaitable<http::response> {
        co_return http::response(302).with("Location", "/end");
    });
    site.get("/end", [](http::request& q) -> awaitable<http::response> {
        co_return http::text(q.headers.contains("traceparent") ? "yes" : "no");
    });
    site.get("/trap", [](http::request&) -> awaitable<http::response> {
        co_return http::response(302).with("Location", "/private");
    });
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));
    run(watch(base));
    run(site.stop());
    run(serving.join());
}
