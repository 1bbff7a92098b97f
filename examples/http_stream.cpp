// Bodies that are never whole in memory, in both directions: a server that makes rows while the
// client takes them, the answer to a POST included, and a client that sends what it makes.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/describe.hpp"
#include "ferry/documents/json_lines.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

using namespace ferry;
using namespace std::chrono_literals;

namespace shop {

struct trade {
    std::string symbol;
    std::int64_t volume = 0;
};
BOOST_DESCRIBE_STRUCT(trade, (), (symbol, volume))

}  // namespace shop

using shop::trade;

// A slow client slows the writer down.
awaitable<void> write_rows(http::body_writer& out)
{
    trade row;
    row.symbol = "ABC";
    for (row.volume = 1; row.volume <= 1000; ++row.volume)
        co_await out.write(json::dump(row) + '\n');
}

awaitable<http::response> sum_up(http::request& q)
{
    json::document_reader reader;
    std::int64_t sum = 0;
    for (;;) {
        const buffer piece = co_await q.read();
        if (piece.empty()) break;
        reader.feed(piece.text());
        while (const auto row = reader.next()) sum += (*row)["volume"].as<std::int64_t>();
    }
    co_return http::text(std::to_string(sum));
}

// [stream]
awaitable<void> stream(std::string base)
{
    http::session api{http::base_url(base)};

    auto answer = co_await api.stream("POST", "/rows", http::form("year", 2026));
    auto rows = answer.json_lines<trade>();
    std::int64_t sum = 0;
    for (;;) {
        const auto row = co_await rows.next();
        if (!row) break;
        sum += row->volume;
    }
    std::printf("%d: %lld\n", answer.head().status, static_cast<long long>(sum));

    int made = 0;
    const auto make = [&made]() -> awaitable<buffer> {
        if (made == 1000) co_return buffer();
        co_return buffer::copy("{\"symbol\":\"XYZ\",\"volume\":" + std::to_string(++made) + "}\n");
    };
    const auto body = http::generator(make, "application/x-ndjson");
    const auto summed = co_await api.post("/sum", body);
    std::printf("sent %d rows: %s\n", made, summed.text().c_str());
}
// [stream]

awaitable<void> be_both()
{
    http::server site;
    site.post("/rows", [](http::request&) -> awaitable<http::response> {
        co_return http::stream_body(write_rows, "application/x-ndjson");
    });
    site.post("/sum", sum_up, http::route_options().stream_body());
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string base = "http://127.0.0.1:" + std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));
    co_await stream(base);
    co_await site.stop(1s);
    co_await serving.join();
}

int main()
{
    run(be_both());
}
