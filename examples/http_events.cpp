// Events that a server sends: the client reads them one by one, and comes back by itself when the
// connection ends.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <chrono>
#include <cstdio>
#include <string>

using namespace ferry;
using namespace std::chrono_literals;

// Two events on each connection, six in all.
awaitable<http::response> ticks(http::request& q)
{
    const std::string last(q.headers.get("Last-Event-ID").value_or("0"));
    const int from = std::stoi(last) + 1;
    if (from > 6) co_return http::response(http::status::no_content);
    std::string events = "retry: 1\n\n";
    for (int n = from; n < from + 2; ++n) {
        events += "id: " + std::to_string(n) + "\nevent: tick\ndata: number " + std::to_string(n) +
                  "\n\n";
    }
    co_return http::body(std::move(events), "text/event-stream");
}

// [events]
awaitable<void> listen(std::string base)
{
    http::session api{http::base_url(base)};
    auto news = http::sse(api, "/ticks");
    for (;;) {
        const auto event = co_await news.next();
        if (!event) break;  // the server has said that there are no more
        std::printf("%s: %s\n", event->event.c_str(), event->data.c_str());
    }
}
// [events]

awaitable<void> be_both()
{
    http::server site;
    site.get("/ticks", ticks);
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));
    co_await listen(base);
    co_await site.stop(1s);
    co_await serving.join();
}

int main()
{
    run(be_both());
}
