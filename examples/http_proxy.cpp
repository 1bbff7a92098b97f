// A session that goes through a SOCKS proxy, and comes round it where it should. The proxy and the
// site are parts of this program.
#include "ferry/async/run.hpp"
#include "ferry/async/scope.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/net.hpp"

#include <iostream>
#include <string>

using namespace ferry;

namespace {

awaitable<void> pass_on(net::stream* from, net::stream* to)
{
    for (;;) {
        const std::size_t n = co_await from->fill();
        if (n == 0) break;
        const bytes data = to_bytes(from->buffered());
        from->consume(data.size());
        co_await to->write(data);
    }
    co_await to->shutdown_write();
}

/// SOCKS5 without authentication, to addresses of IPv4 only, on this machine only.
awaitable<void> socks(net::stream client)
{
    co_await client.read_exactly(3);
    co_await client.write(std::string("\5\0", 2));
    const bytes request = co_await client.read_exactly(10);
    const auto port = static_cast<std::uint16_t>(std::to_integer<unsigned>(request[8]) << 8U |
                                                 std::to_integer<unsigned>(request[9]));
    auto connecting = net::connect(net::tcp("127.0.0.1", port));
    net::stream site = co_await std::move(connecting);
    co_await client.write(std::string("\5\0\0\1\0\0\0\0\0\0", 10));
    scope both;
    both.start(pass_on(&client, &site));
    both.start(pass_on(&site, &client));
    co_await both.join();
}

awaitable<void> show()
{
    net::listener proxy_port(net::tcp("127.0.0.1", 0));
    net::listener site_port(net::tcp("127.0.0.1", 0));
    const std::string proxy = "socks5://127.0.0.1:" + std::to_string(proxy_port.port());
    const std::string url = "http://localhost:" + std::to_string(site_port.port()) + "/";
    http::server site;
    site.get("/", [](http::request& q) -> awaitable<http::response> {
        co_return http::text("you are " + q.peer);
    });
    auto proxying = spawn(net::serve(std::move(proxy_port), socks));
    auto serving = spawn(site.serve(std::move(site_port)));

    http::session api(http::proxy(proxy), http::no_proxy("*.intern", "10.0.0.0/8"));
    auto r = co_await api.get(url);
    std::cout << "through the proxy: " << r.status << '\n';
    r = co_await api.get(url, http::no_proxy());
    std::cout << "without it: " << r.status << '\n';
    try {
        co_await api.get(url, http::proxy("http://user:secret@127.0.0.1:1"));
    } catch (const http::proxy_error& e) {
        std::cout << "a proxy that is not there: " << e.proxy() << '\n';
    }
    proxying.cancel();
    serving.cancel();
    co_await proxying.wait();
    co_await serving.wait();
}

}  // namespace

int main()
{
    run(show());
}
