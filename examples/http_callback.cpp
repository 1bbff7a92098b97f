// Callbacks for what comes of a request. As Twisted's Deferred.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <cstdio>
#include <string>

using namespace ferry;

int main()
{
    http::server site;
    site.get("/hello",
             [](http::request&) -> awaitable<http::response> { co_return http::text("hello"); });
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));

    // [callback]
    const auto print = [](const http::response& r) { std::printf("%s\n", r.text().c_str()); };
    const auto complain = [](const error& e) { std::printf("failed: %s\n", e.what()); };
    auto good = spawn(http::get(base + "/hello")).then(print).otherwise(complain);
    auto bad = spawn(http::get("http://127.0.0.1:1/")).then(print).otherwise(complain);
    // [callback]

    run(good.join());
    run(bad.join());
    run(site.stop());
    run(serving.join());
}
