// What comes back: pages that link to each other, structs, redirects taken or looked at, the way of
// a request and how long each part of it took. One session serves several threads.
#include "ferry/async/blocking.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/describe.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

using namespace ferry;
using namespace std::chrono_literals;

namespace gallery {

struct picture {
    int id = 0;
    std::string title;
};
BOOST_DESCRIBE_STRUCT(picture, (), (id, title))

}  // namespace gallery

using gallery::picture;

void add_routes(http::server& site)
{
    site.get("/pictures", [](http::request& q) -> awaitable<http::response> {
        const int page = q.query<int>("page").value_or(1);
        std::vector<picture> found(2);
        for (picture& p : found) {
            p.id = page * 10 + static_cast<int>(&p - found.data());
            p.title = "picture " + std::to_string(p.id);
        }
        http::response made(http::json(found));
        if (page < 3) {
            const std::string next = "/pictures?page=" + std::to_string(page + 1);
            made.headers.set("Link", "<" + next + ">; rel=\"next\"");
        }
        co_return made;
    });
    site.get("/old", [](http::request&) -> awaitable<http::response> {
        co_return http::response(301).with("Location", "/pictures?page=3");
    });
}

// [response]
awaitable<void> look(std::string base)
{
    http::session api(http::base_url(base), http::headers("Accept", "application/json"));

    std::string url = "/pictures";
    while (!url.empty()) {
        const auto r = co_await api.get(url);
        r.raise_for_status();
        for (const picture& p : r.json<std::vector<picture>>())
            std::printf("%d %s\n", p.id, p.title.c_str());
        const http::links links = r.links();
        url = links.contains("next") ? links["next"].url : "";
    }

    const auto moved = co_await api.get("/old");
    std::printf("%d after %zu redirect of status %d, %s\n", moved.status, moved.history.size(),
                moved.history[0].status, moved.timings.total > 0ns ? "timed" : "not timed");
    const auto here = co_await api.get("/old", http::redirects(0));
    const auto next = here.next_request();
    std::printf("%d: would be %s %s\n", here.status, next->method.c_str(),
                std::string(next->url.query()).c_str());
}
// [response]

int main()
{
    http::server site;
    add_routes(site);
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));
    run(look(base));

    // Each thread has its own loop, and its own connections of the session.
    http::session shared{http::base_url(base)};
    std::vector<int> statuses(3);
    const auto ask_all = [&] {
        std::vector<std::jthread> threads;
        for (int& status : statuses)
            threads.emplace_back([&] { status = run(shared.get("/pictures")).status; });
    };
    run(run_blocking(ask_all));
    std::printf("three threads: %d %d %d\n", statuses[0], statuses[1], statuses[2]);
    run(site.stop(1s));
    run(serving.join());
}
