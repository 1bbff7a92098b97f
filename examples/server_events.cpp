// Prices pushed to whoever listens (server-sent events). A listener that was away gets what it has
// missed.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <chrono>
#include <cstdio>
#include <string>

using namespace ferry;
using namespace std::chrono_literals;

// [feed]
void add_feed(http::server& site, http::event_feed& prices)
{
    site.get("/prices", [&prices](http::request& q) { return prices.subscribe(q); });
}

awaitable<void> make_prices(http::event_feed* prices)
{
    for (int i = 1; i <= 5; ++i) {
        prices->publish(http::server_event(std::to_string(100 + i)).type("price"));
        co_await sleep(5ms);
    }
    prices->close();
}
// [feed]

awaitable<void> listen(std::string url)
{
    http::session client;
    auto stream = co_await client.stream("GET", url, http::headers("Last-Event-ID", "0"));
    for (;;) {
        const auto part = co_await stream.next();
        if (!part) break;
        std::fwrite(part->data(), 1, part->size(), stdout);
    }
}

awaitable<void> serve_and_listen()
{
    http::event_feed prices;
    http::server site;
    add_feed(site, prices);
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string url = "http://127.0.0.1:" + std::to_string(on.port()) + "/prices";
    auto serving = spawn(site.serve(std::move(on)));
    prices.publish(http::server_event("100").type("price"));
    auto making = spawn(make_prices(&prices));
    co_await listen(url);
    co_await making.join();
    co_await site.stop(1s);
    co_await serving.join();
}

int main()
{
    run(serve_and_listen());
}
