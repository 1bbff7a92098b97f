// Requests side by side in coroutines: the first failure cancels the others. As asyncio.
#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <cstdio>
#include <string>

using namespace ferry;
using namespace std::chrono_literals;

// [coroutine]
awaitable<std::size_t> length_of(std::string url)
{
    const auto page = co_await http::get(std::move(url), http::timeout(5s));
    co_return page.bytes().size();
}

awaitable<void> compare(std::string a, std::string b)
{
    const auto [x, y] = co_await gather(length_of(std::move(a)), length_of(std::move(b)));
    std::printf("%zu and %zu bytes\n", x, y);
}
// [coroutine]

int main()
{
    http::server site;
    site.get("/{n:int}", [](http::request& q) -> awaitable<http::response> {
        co_return http::text(std::string(q.path<std::size_t>("n"), 'x'));
    });
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));
    run(compare(base + "/10", base + "/200"));
    run(site.stop());
    run(serving.join());
}
