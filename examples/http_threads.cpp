// One session for many threads: its cookies, cache and limits are shared, and each thread keeps
// connections of its own.
#include "ferry/async/blocking.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <chrono>
#include <cstdio>
#include <future>
#include <string>
#include <vector>

using namespace ferry;
using namespace std::chrono_literals;

int main()
{
    http::server site;
    site.get("/square/{n:int}", [](http::request& q) -> awaitable<http::response> {
        const int n = q.path<int>("n");
        co_return http::json(n * n);
    });
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));

    // [threads]
    http::session api(http::base_url(base), http::retry::standard(), http::timeout(5s),
                      http::rate_limit().global(1000, 1s, 100));
    const auto square = [&api](int n) {
        return run(api.get("/square/" + std::to_string(n))).json<int>();
    };
    std::vector<std::future<int>> answers;
    for (int n = 1; n <= 8; ++n) answers.push_back(std::async(std::launch::async, square, n));
    // [threads]

    // This thread serves them meanwhile.
    const auto add_up = [&answers] {
        int sum = 0;
        for (std::future<int>& answer : answers) sum += answer.get();
        return sum;
    };
    std::printf("%d\n", run(run_blocking(add_up)));

    run(site.stop());
    run(serving.join());
}
