#include "apps/ferry/zmq_services.hpp"

#include "ferry/async/async.hpp"
#include "ferry/core/describe.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/zmq/zmq.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/input_lines.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <thread>

namespace ferry::command {
namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

constexpr std::array<std::string_view, 5> log_levels{"DEBUG", "INFO", "WARNING", "ERROR",
                                                     "CRITICAL"};

void print_line(std::string line)
{
    if (!line.ends_with('\n')) line += '\n';
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fflush(stdout);
}

zmq::mdp::options options_of(const mdp_settings& with)
{
    return zmq::mdp::options()
        .timeout(milliseconds(static_cast<std::int64_t>(with.timeout * 1000)))
        .retries(with.retries);
}

awaitable<void> ask_and_print(zmq::mdp::client* client, std::string service, zmq::multipart body)
{
    auto asking = client->request(std::move(service), std::move(body));
    const zmq::multipart answer = co_await std::move(asking);
    std::string line;
    for (const zmq::message& frame : answer) {
        if (!line.empty()) line += ' ';
        line += frame.text();
    }
    print_line(std::move(line));
}

}  // namespace

bool reaches_level(std::string_view topic, std::string_view least)
{
    const auto wanted = std::ranges::find(log_levels, least);
    while (!topic.empty()) {
        const auto dot = std::min(topic.find('.'), topic.size());
        const auto named = std::ranges::find(log_levels, topic.substr(0, dot));
        if (named != log_levels.end()) return named >= wanted;
        topic.remove_prefix(std::min(dot + 1, topic.size()));
    }
    return true;
}

awaitable<int> watch_log(log_settings with)
{
    zmq::socket news(zmq::sub);
    news.subscribe(with.topic);
    if (with.bind) {
        std::fprintf(stderr, "bound to %s\n", news.bind(with.endpoint).c_str());
    } else {
        news.connect(with.endpoint);
    }
    for (std::size_t seen = 0; with.count == 0 || seen < with.count;) {
        const zmq::multipart m = co_await news.receive_multipart();
        if (m.size() < 2 || !reaches_level(m[0].text(), with.level)) continue;
        print_line(m[0].to_string() + ' ' + m[1].to_string());
        ++seen;
    }
    co_return 0;
}

awaitable<int> run_mdp_broker(mdp_settings with)
{
    zmq::mdp::broker broker;
    std::fprintf(stderr, "bound to %s\n", broker.bind(with.endpoint).c_str());
    auto working = broker.run();
    co_await std::move(working);
    co_return 0;
}

awaitable<int> call_mdp_service(mdp_settings with)
{
    zmq::mdp::client client(with.endpoint, options_of(with));
    if (!with.words.empty()) {
        zmq::multipart body;
        for (const std::string& word : with.words) body.emplace_back(word);
        auto asking = ask_and_print(&client, with.service, std::move(body));
        co_await std::move(asking);
        co_return 0;
    }
    input_lines input;
    for (;;) {
        auto reading = input.next();
        const auto line = co_await std::move(reading);
        if (!line) break;
        auto asking = ask_and_print(&client, with.service, zmq::parts(*line));
        co_await std::move(asking);
    }
    co_return 0;
}

awaitable<int> list_mdp_services(mdp_settings with)
{
    zmq::mdp::client client(with.endpoint, options_of(with));
    bool all = true;
    for (const std::string& service : with.words) {
        auto asking = client.request("mmi.service", zmq::parts(service));
        const zmq::multipart answer = co_await std::move(asking);
        const bool served = answer.size() == 1 && answer[0] == "200";
        print_line(service + (served ? " served" : " missing"));
        all = all && served;
    }
    co_return all ? 0 : exit_code::other;
}

namespace {

struct bench_result {
    std::size_t size;
    double messages_per_second;
    double megabytes_per_second;
    double median_us;
};
BOOST_DESCRIBE_STRUCT(bench_result, (),
                      (size, messages_per_second, megabytes_per_second, median_us))

// How long the other thread goes on when this one was interrupted.
constexpr milliseconds patience{2000};

/// What the other thread does: an end that nobody waits for is none of its business.
template <class F>
auto beside(F work)
{
    return [work = std::move(work)] {
        try {
            work();
        } catch (const timeout_error&) {
            return;
        }
    };
}

double seconds_since(clock::time_point began)
{
    return std::chrono::duration<double>(clock::now() - began).count();
}

awaitable<void> push_many(zmq::socket to, std::string body, int count)
{
    for (int i = 0; i < count; ++i) co_await to.send(body);
}

awaitable<void> answer_many(zmq::socket at, int count)
{
    zmq::message m;
    for (int i = 0; i < count; ++i) {
        co_await at.receive_into(m);
        co_await at.send(std::move(m));
    }
}

awaitable<double> rate_of(zmq::socket* from, int count)
{
    zmq::message m;
    co_await from->receive_into(m);
    const auto began = clock::now();
    for (int i = 1; i < count; ++i) co_await from->receive_into(m);
    co_return (count - 1) / seconds_since(began);
}

awaitable<double> median_of(zmq::socket* to, std::string body, int count)
{
    std::vector<double> times;
    for (int i = 0; i < count; ++i) {
        const auto began = clock::now();
        co_await to->send(body);
        co_await to->receive();
        times.push_back(seconds_since(began) * 1e6);
    }
    std::ranges::sort(times);
    co_return times[times.size() / 2];
}

}  // namespace

awaitable<int> measure_zmq(zmq_bench_settings with)
{
    const std::string body(with.size, 'x');
    bench_result found{with.size, 0, 0, 0};
    {
        zmq::socket sink(zmq::pull);
        const std::string at = sink.bind(with.endpoint);
        const std::jthread source(beside([&] {
            zmq::socket to(zmq::push);
            to.set(zmq::opt::sndtimeo, patience);
            to.set(zmq::opt::linger, patience);
            to.connect(at);
            run(push_many(std::move(to), body, with.count));
        }));
        auto measuring = rate_of(&sink, with.count);
        found.messages_per_second = co_await std::move(measuring);
    }
    {
        zmq::socket asking(zmq::req);
        const std::string at = asking.bind(with.endpoint);
        const std::jthread source(beside([&] {
            zmq::socket answering(zmq::rep);
            answering.set(zmq::opt::rcvtimeo, patience);
            answering.connect(at);
            run(answer_many(std::move(answering), with.questions));
        }));
        auto measuring = median_of(&asking, body, with.questions);
        found.median_us = co_await std::move(measuring);
    }
    found.megabytes_per_second = found.messages_per_second * static_cast<double>(with.size) / 1e6;
    if (with.json) {
        print_line(ferry::json::dump(found));
    } else {
        std::printf("push/pull of %zu bytes: %.0f messages/s, %.1f MB/s\n", with.size,
                    found.messages_per_second, found.megabytes_per_second);
        std::printf("req/rep of %zu bytes: %.1f us (median of %d)\n", with.size, found.median_us,
                    with.questions);
    }
    co_return 0;
}

}  // namespace ferry::command
