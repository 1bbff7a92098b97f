#include "ferry/amqp/amqp.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/describe.hpp"
#include "ferry/documents/json.hpp"

#include "apps/ferry/amqp_tools.hpp"
#include "apps/ferry/commands.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace ferry::command::amqp_actions {
namespace {

using clock = std::chrono::steady_clock;

struct bench_settings {
    std::string url = default_url;
    std::string kind = "all";
    std::string queue;  ///< of a server to call; empty: one of this process
    std::size_t size = 1024;
    int count = 20'000;
    int calls = 1'000;
    std::uint16_t prefetch = 100;
    bool persistent = false;
    bool json = false;

    bool does(std::string_view what) const { return kind == "all" || kind == what; }
};

struct bench_result {
    std::size_t size = 0;
    std::optional<double> publish_per_second;
    std::optional<double> consume_per_second;
    std::optional<double> call_median_us;
};
BOOST_DESCRIBE_STRUCT(bench_result, (),
                      (size, publish_per_second, consume_per_second, call_median_us))

double seconds_since(clock::time_point began)
{
    return std::chrono::duration<double>(clock::now() - began).count();
}

/// Confirmed, a window ahead.
awaitable<double> publish_rate(amqp::channel over, std::string queue, bench_settings with)
{
    amqp::publisher out(over);
    amqp::properties how;
    if (with.persistent) how.persistent();
    const std::string body(with.size, 'x');
    const auto began = clock::now();
    for (int i = 0; i < with.count; ++i) {
        auto publishing = out.publish("", queue, body, how);
        co_await std::move(publishing);
    }
    co_await out.flush();
    co_return with.count / seconds_since(began);
}

/// Each acknowledged.
awaitable<double> consume_rate(amqp::channel over, std::string queue, bench_settings with)
{
    amqp::consumer all = co_await over.basic_consume(queue, amqp::prefetch(with.prefetch));
    const auto began = clock::now();
    for (int i = 0; i < with.count; ++i) {
        auto d = co_await all.next();
        co_await d->ack();
    }
    const double rate = with.count / seconds_since(began);
    co_await all.cancel();
    co_return rate;
}

awaitable<double> call_median(amqp::connection over, std::string queue, bench_settings with)
{
    amqp::rpc_client client = co_await amqp::rpc_client::open(over);
    const std::string body(with.size, 'x');
    std::vector<double> times;
    for (int i = 0; i < with.calls; ++i) {
        const auto began = clock::now();
        co_await client.call(queue, body);
        times.push_back(seconds_since(began) * 1e6);
    }
    std::ranges::sort(times);
    co_return times[times.size() / 2];
}

awaitable<amqp::publish_body> echo(amqp::message request)
{
    co_return amqp::publish_body(std::move(request).body());
}

void print(const bench_result& found, const bench_settings& with)
{
    if (with.json) {
        std::printf("%s\n", ferry::json::dump(found).c_str());
        return;
    }
    if (found.publish_per_second) {
        std::printf("publish %zu bytes, confirmed: %.0f messages/s\n", with.size,
                    *found.publish_per_second);
    }
    if (found.consume_per_second) {
        std::printf("consume %zu bytes, acknowledged: %.0f messages/s\n", with.size,
                    *found.consume_per_second);
    }
    if (found.call_median_us) {
        std::printf("call with %zu bytes: %.1f us (median of %d)\n", with.size,
                    *found.call_median_us, with.calls);
    }
}

awaitable<int> measure(bench_settings with)
{
    amqp::connection connection = co_await amqp::connect(with.url);
    amqp::channel channel = co_await connection.channel(amqp::confirm());
    const amqp::queue_info own = co_await channel.queue_declare("", amqp::exclusive());
    bench_result found;
    found.size = with.size;
    if (with.does("publish") || with.does("consume")) {
        auto publishing = publish_rate(channel, own.name(), with);
        const double rate = co_await std::move(publishing);
        if (with.does("publish")) found.publish_per_second = rate;
    }
    if (with.does("consume")) {
        auto consuming = consume_rate(channel, own.name(), with);
        found.consume_per_second = co_await std::move(consuming);
    }
    if (with.does("rpc")) {
        std::optional<task<void>> serving;
        if (with.queue.empty()) {
            amqp::channel server = co_await connection.channel();
            co_await channel.queue_purge(own.name());
            serving = spawn(amqp::serve_rpc(server, own.name(), echo));
        }
        auto calling = call_median(connection, serving ? own.name() : with.queue, with);
        found.call_median_us = co_await std::move(calling);
        if (serving) serving->cancel();
        if (serving) co_await serving->wait();
    }
    co_await connection.close();
    print(found, with);
    co_return 0;
}

awaitable<int> serve_echo(std::string url, std::string queue, std::uint16_t at_once)
{
    amqp::connection connection = co_await amqp::connect(std::move(url));
    {
        // One that is there is served as it is.
        amqp::channel asking = co_await connection.channel();
        bool missing = false;
        try {
            co_await asking.queue_declare(queue, amqp::passive());
        } catch (const amqp::channel_closed& e) {
            if (e.code() != amqp::errc::not_found) throw;
            missing = true;
        }
        if (missing) {
            asking = co_await connection.channel();
            co_await asking.queue_declare(queue, amqp::auto_delete());
        }
    }
    amqp::channel channel = co_await connection.channel();
    std::fprintf(stderr, "serving %s\n", queue.c_str());
    auto serving = amqp::serve_rpc(channel, queue, echo, at_once);
    co_await std::move(serving);
    co_return 0;
}

}  // namespace

int run_bench(CLI::App& options, int argc, char** argv)
{
    bench_settings with;
    add_url(options, with.url);
    options.add_option("KIND", with.kind, "publish, consume, rpc or all")
        ->check(CLI::IsMember({"publish", "consume", "rpc", "all"}))
        ->capture_default_str();
    options.add_option("--size", with.size, "bytes of a message")->capture_default_str();
    options.add_option("-n,--count", with.count, "messages")
        ->check(CLI::Range(1, 1'000'000'000))
        ->capture_default_str();
    options.add_option("--calls", with.calls, "calls")
        ->check(CLI::Range(1, 1'000'000'000))
        ->capture_default_str();
    options.add_option("--prefetch", with.prefetch, "messages under way to the consumer")
        ->capture_default_str();
    options.add_option("-q,--queue", with.queue, "rpc: whom to call, such as serve-echo");
    options.add_flag("--persistent", with.persistent, "messages go to the broker's disk");
    options.add_flag("--json", with.json, "print one object");
    if (const auto end = parse(options, argc, argv)) return *end;
    return run_until_interrupted(measure(std::move(with)));
}

int run_serve_echo(CLI::App& options, int argc, char** argv)
{
    std::string url = default_url;
    std::string queue;
    std::uint16_t at_once = 16;
    add_url(options, url);
    options.add_option("-q,--queue", queue, "the queue; declared if there is none")->required();
    options.add_option("--prefetch", at_once, "requests at the same time")->capture_default_str();
    if (const auto end = parse(options, argc, argv)) return *end;
    return run_until_interrupted(serve_echo(std::move(url), std::move(queue), at_once));
}

}  // namespace ferry::command::amqp_actions
