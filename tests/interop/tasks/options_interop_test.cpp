// Options of a worker and an app under the orders of Celery's own programs.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/tasks/tasks.hpp"
#include "ferry/testing/environment.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;
using testing::server;

TEST(celery_worker, has_celerys_other_options)
{
    const testing::temporary_directory dir;
    const std::string url = server("FERRY_REDIS");
    for (const char* const part : {"before", "after"}) {
        SCOPED_TRACE(part);
        app a("options", broker(url), queue("options"));
        a.task("options.doze", [](double s) -> awaitable<double> {
            co_await sleep(std::chrono::milliseconds(static_cast<int>(s * 1000)));
            co_return s;
        });
        a.task("options.pid", [] { return static_cast<int>(::getpid()); });
        worker w(a, node_name("options@ferry"), processes(), autoscale(4, 1, 300ms),
                 state_db(dir / "state.json"), pool_restarts());
        std::thread serving{[&w] { ferry::run(w.run()); }};
        const auto ran = testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/options_peer.py",
                                               url, "options@ferry", "options", part},
                                              {}, 5min);
        w.stop();
        serving.join();
        EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
    }
}

/// The events that come until `enough` says so. Nobody knows when the broker begins to pass them
/// on, so `do_it` is done every now and then.
awaitable<std::vector<value>> events_until(std::shared_ptr<message_broker> over,
                                           std::function<bool(const std::vector<value>&)> enough,
                                           std::function<void()> do_it)
{
    const auto seen = std::make_shared<std::vector<value>>();
    std::function<void(const value&)> each = [seen](const value& event) { seen->push_back(event); };
    auto watching = spawn(watch_events(over, std::move(each)));
    for (int i = 0; i < 6000 && !enough(*seen); ++i) {
        if (i % 50 == 0) do_it();
        co_await sleep(10ms);
    }
    watching.cancel();
    co_await watching.wait();
    co_return *seen;
}

TEST(celery_message, what_is_sent_is_told)
{
    for (const char* const variable : {"FERRY_REDIS", "FERRY_RABBITMQ"}) {
        SCOPED_TRACE(variable);
        const app a("shop", broker(server(variable)), queue("sent"), sent_events());
        const auto call = a.signature("shop.add", 2, 3).set(kwarg("k", 1), stamp("customer", "17"));
        std::vector<ferry::task<async_result<value>>> sending;
        std::function<bool(const std::vector<value>&)> told = [](const std::vector<value>& all) {
            return std::ranges::any_of(
                all, [](const value& e) { return e["type"] == value("task-sent"); });
        };
        std::function<void()> send = [&] { sending.push_back(spawn(call.delay())); };
        const auto all = ferry::run(events_until(a.open_broker(), told, send));
        const auto found = std::ranges::find_if(
            all, [](const value& e) { return e["type"] == value("task-sent"); });
        ASSERT_NE(found, all.end());
        const value& event = *found;
        EXPECT_EQ(event["name"], value("shop.add"));
        EXPECT_EQ(event["args"], value("(2, 3)"));
        EXPECT_EQ(event["kwargs"], value("{'k': 1}"));
        EXPECT_EQ(event["queue"], value("sent"));
        EXPECT_EQ(event["routing_key"], value("sent"));
        EXPECT_EQ(event["exchange"], value(""));
        EXPECT_EQ(event["root_id"], event["uuid"]);
        EXPECT_TRUE(event["eta"].is_null());
        EXPECT_TRUE(event["hostname"].as<std::string>().starts_with("gen"));
        for (const char* const field :
             {"parent_id", "retries", "expires", "pid", "clock", "utcoffset", "timestamp"}) {
            EXPECT_TRUE(event.contains(field)) << field;
        }
    }
}

template <class T>
awaitable<void> only_send(awaitable<T> call)
{
    co_await std::move(call);
}

/// How often each task was told to be sent; those that a worker sends are marked.
std::map<std::string, int> sent_calls(const std::vector<value>& events)
{
    std::map<std::string, int> told;
    for (const value& e : events) {
        if (e["type"] != value("task-sent")) continue;
        EXPECT_TRUE(e["hostname"].as<std::string>().starts_with("gen"));
        const bool first = e["parent_id"].is_null() && e["retries"] == value(0);
        ++told[e["name"].as<std::string>() + (first ? "" : " by a worker")];
    }
    return told;
}

void expect_worker_to_tell(const std::string& broker_url, bool in_processes)
{
    const std::string own = "told-" + std::to_string(::getpid());
    app a("shop", broker(broker_url), results(server("FERRY_REDIS")), queue(own), sent_events());
    a.task("shop.add", [](int x, int y) { return x + y; });
    a.task("shop.fail", [](std::string why) -> int { throw std::runtime_error(why); });
    a.task("shop.again", [](context self) {
        if (self.retries() == 0) self.retry(1ms);
        return 1;
    });
    const auto add = [&a](auto... args) { return a.signature("shop.add", args...); };
    std::vector<ferry::task<void>> sending;
    std::function<void()> send = [&] {
        sending.push_back(spawn(only_send(chain(add(1, 2), add(3)).delay())));
        const auto sums = chord(group(add(1, 2), add(3, 4)), a.signature("shop.body"));
        sending.push_back(spawn(only_send(sums.delay())));
        const auto fails = a.signature("shop.fail", "boom").link_error(a.signature("shop.note"));
        sending.push_back(spawn(only_send(fails.delay())));
        const auto none = a.signature("shop.none").link_error(a.signature("shop.unknown"));
        sending.push_back(spawn(only_send(none.delay())));
        sending.push_back(spawn(only_send(a.signature("shop.again").delay())));
    };
    std::function<bool(const std::vector<value>&)> enough = [](const std::vector<value>& all) {
        const auto told = sent_calls(all);
        return std::ranges::all_of(
            std::vector{"shop.add", "shop.body", "shop.note", "shop.unknown", "shop.again"},
            [&](const char* name) { return told.contains(std::string{name} + " by a worker"); });
    };
    worker_settings with;
    with.concurrency = 1;
    with.name = own + "@shop";
    with.processes = in_processes;
    worker w(a, with);
    std::thread serving{[&w] { ferry::run(w.run()); }};
    // Its processes must not be forked while another thread is inside of the app.
    const auto watched = open_broker(broker_url);
    remote_command ping("ping");
    ping.destination(std::vector<std::string>(1, with.name));
    while (ferry::run(broadcast(watched, ping)).empty()) {
    }
    const auto all = ferry::run(events_until(watched, enough, send));
    w.stop();
    serving.join();
    EXPECT_TRUE(enough(all)) << ::testing::PrintToString(sent_calls(all));
}

TEST(celery_message, what_a_worker_sends_is_told)
{
    for (const char* const variable : {"FERRY_REDIS", "FERRY_RABBITMQ"}) {
        SCOPED_TRACE(variable);
        for (const bool in_processes : {true, false}) {
            SCOPED_TRACE(in_processes);
            expect_worker_to_tell(server(variable), in_processes);
        }
    }
}

TEST(celery_worker, has_celerys_flags)
{
    const auto ran = testing::run_program(
        {FERRY_PYTHON, FERRY_INTEROP_DIR "/flags_peer.py", FERRY_COMMAND, server("FERRY_REDIS")},
        {}, 5min);
    EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
}

TEST(control_verb, orders_celerys_workers_in_celerys_words)
{
    for (const char* const variable : {"FERRY_REDIS", "FERRY_RABBITMQ"}) {
        SCOPED_TRACE(variable);
        const auto ran =
            testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/control_verb_peer.py",
                                  FERRY_COMMAND, server(variable)},
                                 {}, 5min);
        EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
    }
}

TEST(events_verb, shows_celerys_and_ferrys_workers)
{
    const testing::temporary_directory dir;
    const std::string url = server("FERRY_REDIS");
    const std::string queue_name = "events";
    const testing::program ours(
        {"/usr/bin/env", "FERRY_BROKER=" + url, "FERRY_BACKEND=" + url, "FERRY_QUEUE=" + queue_name,
         "FERRY_NODE=ours@events", FERRY_CELERY_WORKER},
        dir / "ours.out", dir / "ours.err");
    const testing::program theirs(
        {"/usr/bin/env", "FERRY_BROKER=" + url, "FERRY_BACKEND=" + url,
         "PYTHONPATH=" FERRY_INTEROP_DIR, "PYTHONDONTWRITEBYTECODE=1", "C_FORCE_ROOT=1",
         FERRY_PYTHON, "-m", "celery", "-A", "celery_app", "worker", "-n", "theirs@events", "-Q",
         "nothing", "-c", "1"},
        dir / "theirs.out", dir / "theirs.err");
    app a("client", broker(url), queue(queue_name));
    ferry::run([](app* of) -> awaitable<void> {
        auto call = of->signature("ferry.add", 1, 1);
        auto sent = call.delay();
        const async_result<value> result = co_await std::move(sent);
        auto got = result.get(90s);
        co_await std::move(got);
    }(&a));
    testing::program lines({FERRY_COMMAND, "events", "--broker", url, "--enable", "--dump"},
                           dir / "lines", dir / "lines.err");
    testing::program json({FERRY_COMMAND, "events", "--broker", url, "--json"}, dir / "json",
                          dir / "json.err");
    std::string shown;
    std::string told;
    const std::vector<std::string> wanted = {"ours@events [",
                                             "theirs@events [",
                                             "] heartbeat: active=",
                                             "sw_ident=py-celery",
                                             "sw_ident=ferry",
                                             "] task received: ferry.add(",
                                             ") args=(4, 5) kwargs={} clock=",
                                             "] task succeeded: ferry.add(",
                                             "result=9, runtime="};
    const auto missing = [&]() -> std::string {
        for (const std::string& text : wanted) {
            if (shown.find(text) == std::string::npos) return text;
        }
        return told.find(R"("type":"task-succeeded")") == std::string::npos ? "JSON" : "";
    };
    for (int i = 0; i < 400 && !missing().empty(); ++i) {
        ferry::run(a.signature("ferry.add", 4, 5).delay());
        std::this_thread::sleep_for(200ms);
        shown = testing::read_file(dir / "lines");
        told = testing::read_file(dir / "json");
    }
    EXPECT_EQ(missing(), "") << shown << testing::read_file(dir / "lines.err")
                             << testing::read_file(dir / "theirs.err");
    for (testing::program* const p : {&lines, &json}) {
        p->signal(SIGINT);
        EXPECT_EQ(p->wait(), 130);
    }
}

}  // namespace
}  // namespace ferry::tasks
