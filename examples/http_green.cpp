// Requests in green threads: plain functions that wait without blocking the others. As gevent.
#include "ferry/async/green.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <cstdio>
#include <string>
#include <vector>

using namespace ferry;
using namespace std::chrono_literals;

// [green]
std::size_t length_of(const std::string& url)
{
    return green::wait(http::get(url, http::timeout(5s))).bytes().size();
}

void print_lengths(const std::vector<std::string>& urls)
{
    auto jobs = green::spawn_each(urls, length_of);
    green::join_all(jobs, 5s);
    for (const auto& job : jobs) std::printf("%zu bytes\n", *job.value());
}
// [green]

int main()
{
    http::server site;
    site.get("/{n:int}", [](http::request& q) -> awaitable<http::response> {
        co_return http::text(std::string(q.path<std::size_t>("n"), 'x'));
    });
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));
    print_lengths({base + "/10", base + "/200", base + "/3000"});
    run(site.stop());
    run(serving.join());
}
