// HTTP/2: many requests at once on one connection. The server is a few frames written by hand; a
// real one is found by ALPN, with nothing to be said: http::get("https://...").
#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/net.hpp"

#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

using namespace ferry;

namespace {

std::string frame(char type, char flags, std::uint32_t stream, const std::string& payload)
{
    std::string made = {0, 0, static_cast<char>(payload.size()), type, flags, 0,
                        0, 0, static_cast<char>(stream)};
    return made + payload;
}

/// Answers each request with status 200 (0x88 in the table of HPACK) and two bytes.
awaitable<void> serve_http2(net::stream client)
{
    constexpr char headers = 1;
    constexpr char settings = 4;
    co_await client.read_until("SM\r\n\r\n");
    const std::string none;
    co_await client.write(frame(settings, 0, 0, none) + frame(settings, 1, 0, none));
    for (;;) {
        const bytes head = co_await client.read_exactly(9);
        const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(head[i]); };
        co_await client.read_exactly(at(0) << 16U | at(1) << 8U | at(2));
        if (at(3) != static_cast<std::uint32_t>(headers)) continue;
        co_await client.write(frame(headers, 4, at(8), "\x88") + frame(0, 1, at(8), "ok"));
    }
}

awaitable<void> show()
{
    net::listener port(net::tcp("127.0.0.1", 0));
    const std::string url = "http://127.0.0.1:" + std::to_string(port.port()) + "/";
    auto serving = spawn(net::serve(std::move(port), serve_http2));

    http::session api(http::http2_prior_knowledge());
    std::vector<awaitable<http::response>> all;
    for (int i = 0; i < 20; ++i) all.push_back(api.get(url));
    const auto answers = co_await gather(std::move(all));
    std::cout << answers.size() << " answers by " << answers[0].http_version() << ", the last \""
              << answers[19].text() << "\"\n";
    serving.cancel();
    co_await serving.wait();
}

}  // namespace

int main()
{
    run(show());
}
