// Options of a worker and an app under the orders of Celery's own programs.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/tasks/tasks.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

std::string server(const char* variable)
{
    const char* const url = std::getenv(variable);
    EXPECT_NE(url, nullptr) << variable << " names no server";
    return url == nullptr ? std::string{} : url;
}

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
                                              {}, 2min);
        w.stop();
        serving.join();
        EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
    }
}

/// The events that come until `enough` says so.
awaitable<std::vector<value>> events_until(std::shared_ptr<message_broker> over,
                                           std::function<bool(const std::vector<value>&)> enough,
                                           std::function<void()> then_do)
{
    const auto seen = std::make_shared<std::vector<value>>();
    std::function<void(const value&)> each = [seen](const value& event) { seen->push_back(event); };
    auto watching = spawn(watch_events(over, std::move(each)));
    co_await sleep(300ms);
    then_do();
    for (int i = 0; i < 500 && !enough(*seen); ++i) co_await sleep(10ms);
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
         "PYTHONPATH=" FERRY_INTEROP_DIR, "PYTHONDONTWRITEBYTECODE=1", FERRY_PYTHON, "-m", "celery",
         "-A", "celery_app", "worker", "-n", "theirs@events", "-Q", "nothing", "-c", "1"},
        dir / "theirs.out", dir / "theirs.err");
    app a("client", broker(url), queue(queue_name));
    ferry::run([](app* of) -> awaitable<void> {
        auto call = of->signature("ferry.add", 1, 1);
        auto sent = call.delay();
        const async_result<value> result = co_await std::move(sent);
        auto got = result.get(30s);
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
    for (int i = 0; i < 100 && !missing().empty(); ++i) {
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
