// What a worker does in bad times, and that it keeps its size. Those brokers that want a server run
// where one is named: FERRY_REDIS, FERRY_RABBITMQ.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/sqlite.hpp"
#include "ferry/redis/client.hpp"
#include "ferry/tasks/brokers/amqp.hpp"
#include "ferry/tasks/canvas.hpp"
#include "ferry/tasks/control.hpp"
#include "ferry/tasks/detail/beside_worker.hpp"
#include "ferry/tasks/detail/kombu_message.hpp"
#include "ferry/testing/environment.hpp"
#include "ferry/testing/memory.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <filesystem>
#include <initializer_list>
#include <numeric>
#include <set>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;
using testing::environment;

// A sanitizer takes its time.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
constexpr int most_waiting = sanitized ? 50'000 : 1'000'000;
constexpr int in_flight = 200;
constexpr std::size_t spare_bytes = 8'000'000;
constexpr std::ptrdiff_t spare_files = 16;

std::ptrdiff_t open_files()
{
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
}

struct place {
    const char* name;
    std::string (*url)(const testing::temporary_directory&);
};

const place all_places[] = {
    {"sqlite", [](const testing::temporary_directory& d) { return "sqlite://" + (d / "t.db"); }},
    {"redis",
     [](const testing::temporary_directory& d) {
         return environment("FERRY_REDIS") +
                "?visibility_timeout=2&global_keyprefix=" + d.path().filename().string();
     }},
    {"rabbitmq", [](const testing::temporary_directory&) { return environment("FERRY_RABBITMQ"); }},
};

std::vector<place> places()
{
    std::vector<place> usable;
    for (const place& p : all_places) {
        const std::string_view name = p.name;
        if (name == "redis" && environment("FERRY_REDIS").empty()) continue;
        if (name == "rabbitmq" && environment("FERRY_RABBITMQ").empty()) continue;
        usable.push_back(p);
    }
    return usable;
}

class faults : public ::testing::TestWithParam<place> {
protected:
    faults()
    {
        log::set_level(log::level::off);
        ferry::run(app_.open_broker()->purge("celery"));
    }
    ~faults() override { log::set_level(log::level::warning); }

    /// A plain call of a task of that name, as it lies in the queue.
    static envelope call_of(std::string task, std::string id, value args = value::array())
    {
        message m;
        m.task = std::move(task);
        m.id = std::move(id);
        m.args = std::move(args);
        return encode(m);
    }

    void put(envelope e) { ferry::run(app_.open_broker()->publish("celery", std::move(e))); }

    static awaitable<int> send(task<void(int)> to, int count)
    {
        for (int n = 0; n < count; ++n) co_await to.delay(n);
        co_return count;
    }

    static awaitable<void> send_many(task<void(int)> to, int count)
    {
        std::vector<awaitable<int>> all;
        for (int n = 0; n < in_flight; ++n) all.push_back(send(to, count / in_flight));
        auto gathered = gather(std::move(all));
        co_await std::move(gathered);
    }

    static awaitable<void> until(std::function<bool()> holds)
    {
        while (!holds()) co_await sleep(1ms);
    }

    /// What is given back may take a moment to be in the queue.
    void expect_waiting(std::int64_t count)
    {
        std::int64_t found = -1;
        for (int n = 0; n < 500 && found != count; ++n) {
            if (n > 0) std::this_thread::sleep_for(10ms);
            found = ferry::run(app_.open_broker()->size("celery"));
        }
        EXPECT_EQ(found, count);
    }

    testing::temporary_directory dir_;
    app app_{"faults", broker(GetParam().url(dir_))};
};

TEST_P(faults, a_hundred_thousand_tasks_leave_nothing_behind)
{
    const bool embedded = std::string_view{GetParam().name} == "sqlite";
    const int count = sanitized ? 4'000 : embedded ? 40'000 : 100'000;
    const task<void(int)> no_op = app_.task("no_op", [](int) {}, ignore_result());
    worker w(app_, concurrency(2));
    auto body = [&]() -> awaitable<void> {
        const auto all = [&](int tasks) -> awaitable<void> {
            const std::uint64_t before = w.ended();
            auto sending = send_many(no_op, tasks);
            co_await std::move(sending);
            auto ending = until([&] { return w.ended() >= before + tasks; });
            co_await std::move(ending);
        };
        auto warming = all(count / 5);
        co_await std::move(warming);
        const std::size_t memory = testing::allocated_bytes();
        const auto files = open_files();
        auto running = all(count - count / 5);
        co_await std::move(running);
        EXPECT_LT(testing::allocated_bytes(), memory + spare_bytes);
        // A thread that has had nothing to do yet makes its loop now.
        EXPECT_LE(open_files(), files + spare_files);
    };
    detail::run_beside(w, body, 5min);
}

TEST_P(faults, garbage_is_dropped_once)
{
    std::atomic<int> runs = 0;
    app_.task("good", [&](int) { ++runs; });
    const auto garbage = [&](const char* type, std::string body, value headers) {
        envelope e;
        e.content_type = type;
        e.headers = std::move(headers);
        e.body = std::move(body);
        put(std::move(e));
    };
    const value good = value::object("task", "good", "id", "x");
    garbage("application/json", "not json", good);
    garbage("application/json", std::string(1000, '['), good);
    garbage("application/x-python-serialize", "\x80\x04.", good);
    garbage("text/html", "<p>", good);
    garbage("application/json", "[[1], {}, {}]", value::object("task", "good", "id", 7));
    garbage("application/json", "{}", value::object());
    garbage("application/json", "[[1], {}, {}]",
            value::object("task", "good", "id", "x", "eta", "soon"));
    put(call_of("nosuch", "n"));
    put(call_of("good", "g", value::array(1)));
    worker w(app_, concurrency(2));
    detail::run_beside(w, [&]() -> awaitable<void> {
        auto ending = until([&] { return runs == 1 && w.ended() == 2; });
        co_await std::move(ending);
    });
    EXPECT_EQ(runs, 1);
    expect_waiting(0);
}

TEST_P(faults, messages_that_come_twice_end_a_chord_with_the_sum_of_each_once)
{
    if (std::string_view{GetParam().name} == "rabbitmq") return;  // its results count no parts
    std::atomic<int> bodies = 0;
    const task<int(int)> part = app_.task("part", [](int n) { return n; });
    const task<int(std::vector<int>)> sum = app_.task("sum", [&](std::vector<int> all) {
        ++bodies;
        return std::accumulate(all.begin(), all.end(), 0);
    });
    async_result<int> total;
    ferry::run([&]() -> awaitable<void> {
        auto starting = chord(group(part.s(1), part.s(2), part.s(3)), sum.s()).delay();
        total = co_await std::move(starting);
        // Each part is in the queue twice.
        auto opening = app_.open_broker()->consume({"celery"}, 10, app_.open_results());
        const std::unique_ptr<consumer> from = co_await std::move(opening);
        std::vector<delivery> all;
        while (all.size() < 3) {
            auto receiving = from->receive();
            for (delivery& d : co_await std::move(receiving)) all.push_back(std::move(d));
        }
        for (const delivery& d : all) {
            settlement s;
            s.tag = d.tag;
            for (int i = 0; i < 2; ++i) s.publish.emplace_back("celery", d.content.open());
            auto settling = from->settle(std::move(s));
            co_await std::move(settling);
        }
        auto closing = from->close();
        co_await std::move(closing);
    }());
    worker w(app_, concurrency(2));
    detail::run_beside(w, [&]() -> awaitable<void> {
        auto getting = total.get(60s);
        const int got = co_await std::move(getting);
        EXPECT_EQ(got, 6);
        auto ending = until([&] { return w.ended() >= 7; });
        co_await std::move(ending);
        co_await sleep(50ms);
    });
    // Who sent the body may have died before it was sent: the last part, and no other, sends it
    // again.
    EXPECT_GE(bodies, 1);
    EXPECT_LE(bodies, 2);
}

/// Is down for its first calls.
class failing_store final : public result_store {
public:
    explicit failing_store(std::shared_ptr<result_store> behind) : behind_{std::move(behind)} {}

    awaitable<void> store(result_document d) override
    {
        if (++calls <= 3)
            throw connection_error(make_error_code(ferry::errc::disconnected), "the store is down");
        return behind_->store(std::move(d));
    }
    awaitable<result_document> find(std::string id) override
    {
        return behind_->find(std::move(id));
    }
    awaitable<result_document> wait(std::string id) override
    {
        return behind_->wait(std::move(id));
    }
    awaitable<void> forget(std::string id) override { return behind_->forget(std::move(id)); }

    std::atomic<int> calls = 0;

private:
    std::shared_ptr<result_store> behind_;
};

TEST_P(faults, a_result_store_that_is_down_for_a_while_loses_no_result_and_repeats_nothing)
{
    const auto store =
        std::make_shared<failing_store>(open_results("sqlite://" + (dir_ / "results.db"), nullptr));
    app shop("faults", broker(app_.open_broker()), results(store));
    std::atomic<int> runs = 0;
    std::atomic<int> followers = 0;
    const task<int(int)> first =
        shop.task("first", [&](int n) { return ++runs, n + 1; }, acks_late());
    const task<int(int)> second = shop.task("second", [&](int n) { return ++followers, n + 1; });
    worker w(shop, concurrency(2));
    detail::run_beside(w, [&]() -> awaitable<void> {
        auto calling = chain(first.s(1), second.s()).delay();
        const async_result<int> last = co_await std::move(calling);
        auto getting = last.get(60s);
        const int got = co_await std::move(getting);
        EXPECT_EQ(got, 3);
        auto ending = until([&] { return store->calls >= 5; });
        co_await std::move(ending);
    });
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(followers, 1);
    expect_waiting(0);
}

TEST_P(faults, clocks_that_differ)
{
    std::atomic<int> runs = 0;
    const task<void(int)> tick = app_.task("tick", [&](int) { ++runs; }, ignore_result());
    // Callers whose clocks are behind, in whatever zone, and one whose clock is ahead.
    const auto put_at = [&](const char* id, std::string_view eta, std::string_view expires) {
        envelope e = call_of("tick", id, value::array(1));
        if (!eta.empty()) e.headers.insert("eta", eta);
        if (!expires.empty()) e.headers.insert("expires", expires);
        put(std::move(e));
    };
    put_at("long ago", "1970-01-01T00:00:00+00:00", "");
    put_at("yesterday", "2001-02-03T04:05:06.789-11:00", "9999-12-31T23:59:59+14:00");
    put_at("over", "", "2001-02-03T04:05:06+14:00");
    put_at("in a thousand years", "3000-01-01T00:00:00", "");
    worker w(app_, concurrency(2));
    detail::run_beside(w, [&]() -> awaitable<void> {
        auto calling = tick.delay(2);
        co_await std::move(calling);
        auto ending = until([&] { return runs == 3 && w.ended() == 4; });
        co_await std::move(ending);
    });
    EXPECT_EQ(runs, 3);
    expect_waiting(1);  // the one of the year 3000
}

INSTANTIATE_TEST_SUITE_P(each, faults, ::testing::ValuesIn(places()),
                         [](const auto& p) { return std::string{p.param.name}; });

/// Runs a worker until it has ended so many tasks, and shows that it does not know how many wait.
void expect_steady(const app& of, std::atomic<int>& runs)
{
    worker w(of, concurrency(2));
    detail::run_beside(
        w,
        [&]() -> awaitable<void> {
            while (runs < 1'000) co_await sleep(1ms);
            const std::size_t memory = testing::allocated_bytes();
            while (runs < 10'000) co_await sleep(1ms);
            EXPECT_LT(testing::allocated_bytes(), memory + spare_bytes);
        },
        2min);
}

class many_waiting : public ::testing::Test {
protected:
    many_waiting() { log::set_level(log::level::off); }
    ~many_waiting() override { log::set_level(log::level::warning); }

    static envelope sample()
    {
        envelope e;
        e.headers = value::object("task", "tick", "id", "one of very many");
        e.body = "[[], {}, {}]";
        return e;
    }

    testing::temporary_directory dir_;
    std::atomic<int> runs_ = 0;
};

TEST_F(many_waiting, a_million_tasks_in_a_file_slow_nothing_down)
{
    const std::string path = dir_ / "t.db";
    app a("many", broker("sqlite://" + path));
    a.task("tick", [&] { ++runs_; }, ignore_result());
    EXPECT_EQ(ferry::run(a.open_broker()->size("celery")), 0);
    {
        sqlite::database db(path);
        sqlite::transaction t(db);
        const envelope e = sample();
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<?) "
            "INSERT INTO task(queue,rank,eta,head,body) SELECT 'celery',0,0,?,? FROM n",
            most_waiting, head_to_text(e), std::as_bytes(std::span{e.body}));
        t.commit();
    }
    expect_steady(a, runs_);
    EXPECT_EQ(ferry::run(a.open_broker()->size("celery")), most_waiting - runs_);
}

TEST_F(many_waiting, a_million_tasks_in_redis_slow_nothing_down)
{
    const std::string server = environment("FERRY_REDIS");
    if (server.empty()) return;
    const std::string prefix = dir_.path().filename().string();
    app a("many", broker(server + "?global_keyprefix=" + prefix));
    a.task("tick", [&] { ++runs_; }, ignore_result());
    redis::client direct{redis::options::from_url(server).timeout(2min)};
    const std::string text = detail::to_kombu(sample(), "", "celery");
    ferry::run(direct.cmd("EVAL",
                          "for i = 1, tonumber(ARGV[2]) do redis.call('LPUSH', KEYS[1], ARGV[1]) "
                          "end return 1",
                          1, prefix + "celery", text, most_waiting));
    expect_steady(a, runs_);
    EXPECT_EQ(ferry::run(a.open_broker()->size("celery")), most_waiting - runs_);
    EXPECT_EQ(ferry::run(a.open_broker()->purge("celery")), most_waiting - runs_);
}

/// So many copies of a task, and waits until all of them are in the queue.
awaitable<void> fill(std::shared_ptr<message_broker> with, std::string server, std::string queue,
                     envelope e)
{
    auto declaring = with->size(queue);
    co_await std::move(declaring);
    auto connecting = amqp::connect(amqp::options::from_url(server));
    amqp::connection over = co_await std::move(connecting);
    auto opening = over.channel();
    amqp::channel on = co_await std::move(opening);
    amqp::properties head;
    head.headers(e.headers).content_type(e.content_type).content_encoding(e.content_encoding);
    head.delivery_mode(2);
    for (int i = 0; i < most_waiting; ++i) {
        amqp::publish_body body(e.body);
        auto sending = on.basic_publish("", queue, std::move(body), head);
        co_await std::move(sending);
    }
    for (std::int64_t there = 0; there < most_waiting;) {
        auto counting = with->size(queue);
        there = co_await std::move(counting);
        co_await sleep(10ms);
    }
    auto closing = over.close();
    co_await std::move(closing);
}

TEST_F(many_waiting, a_million_tasks_in_rabbitmq_slow_nothing_down)
{
    const std::string server = environment("FERRY_RABBITMQ");
    if (server.empty()) return;
    const std::string own = "many-" + dir_.path().filename().string();
    // Lazy: what waits is on the disk, and the server keeps its size, too.
    amqp_broker_options lazy;
    lazy.arguments(value::object("x-queue-mode", "lazy"));
    const auto over = std::make_shared<amqp_broker>(amqp::options::from_url(server), lazy);
    app a("many", broker(over), results("sqlite://" + (dir_ / "r.db")), queue(own));
    a.task("tick", [&] { ++runs_; }, ignore_result());
    ferry::run(fill(over, server, own, sample()));
    expect_steady(a, runs_);
    // What the worker gives back may take a moment to be in the queue.
    for (int n = 0; n < 3'000 && ferry::run(over->size(own)) != most_waiting - runs_; ++n) {
        std::this_thread::sleep_for(10ms);
    }
    EXPECT_EQ(ferry::run(over->purge(own)), most_waiting - runs_);
}

TEST(flushed_redis, is_served_again)
{
    const std::string server = environment("FERRY_REDIS");
    if (server.empty()) return;
    log::set_level(log::level::off);
    // A database of its own to flush.
    const std::string url = server.substr(0, server.rfind('/')) + "/7?visibility_timeout=2";
    app a("flushed", broker(url));
    std::atomic<bool> go = false;
    std::atomic<int> runs = 0;
    const task<int(int)> add = a.task("add", [](int n) { return n + 1; });
    const task<void(int)> slow = a.task("slow", [&](int) {
        ++runs;
        while (!go) std::this_thread::sleep_for(1ms);
    });
    redis::client direct{redis::options::from_url(server.substr(0, server.rfind('/')) + "/7")};
    ferry::run(direct.cmd("FLUSHDB"));
    worker w(a, concurrency(2), node_name("flushed@here"));
    detail::run_beside(w, [&]() -> awaitable<void> {
        auto calling = slow.delay(1);
        co_await std::move(calling);
        while (runs == 0) co_await sleep(1ms);
        auto flushing = direct.cmd("FLUSHDB");
        co_await std::move(flushing);
        for (int n = 0; n < 20; ++n) {
            auto sending = add.delay(n);
            const async_result<int> sent = co_await std::move(sending);
            auto getting = sent.get(60s);
            const int got = co_await std::move(getting);
            EXPECT_EQ(got, n + 1);
        }
        auto asking = broadcast(a.open_broker(), remote_command("ping"));
        const value answers = co_await std::move(asking);
        EXPECT_TRUE(answers.contains("flushed@here"));
        go = true;
    });
    EXPECT_EQ(runs, 1);
    log::set_level(log::level::warning);
}

awaitable<void> put(redis::client into, std::string list, int number)
{
    message m;
    m.task = "t";
    m.id = std::to_string(number);
    const std::string text = detail::to_kombu(m, "celery");
    auto pushing = into.cmd("LPUSH", list, text);
    co_await std::move(pushing);
}

awaitable<pid_t> process_of(redis::client server)
{
    auto asking = server.cmd("INFO", "server");
    const redis::reply about = co_await std::move(asking);
    const std::string text = about.text();
    co_return std::stoi(text.substr(text.find("process_id:") + 11));
}

/// The next claim is asked for while Redis stands still for longer than it is waited for.
awaitable<std::set<std::string>> taken_from_slow_redis(std::shared_ptr<message_broker> through,
                                                       redis::client direct, std::string list)
{
    for (const int n : {1, 2, 3}) co_await put(direct, list, n);
    auto opening = through->consume({"celery"}, 1, nullptr);
    const std::unique_ptr<consumer> from = co_await std::move(opening);
    auto receiving = from->receive();
    const std::vector<delivery> first = co_await std::move(receiving);
    auto finding = process_of(direct);
    const pid_t process = co_await std::move(finding);
    ::kill(process, SIGSTOP);
    settlement done;
    done.tag = first.at(0).tag;
    from->settle_later(done);
    co_await sleep(700ms);
    ::kill(process, SIGCONT);
    std::set<std::string> ids;
    while (ids.size() < 2) {
        auto again = from->receive();
        const std::vector<delivery> more = co_await std::move(again);
        for (const delivery& d : more) {
            ids.insert(decode(d.content.open()).id);
            settlement s;
            s.tag = d.tag;
            auto settling = from->settle(std::move(s));
            co_await std::move(settling);
        }
    }
    auto closing = from->close();
    co_await std::move(closing);
    co_return ids;
}

TEST(slow_redis, what_is_claimed_without_an_answer_comes_again)
{
    const std::string server = environment("FERRY_REDIS");
    if (server.empty()) return;
    log::set_level(log::level::off);
    const testing::temporary_directory dir;
    const std::string prefix = dir.path().filename().string();
    const auto through = open_broker(server + "?socket_timeout=0.3&global_keyprefix=" + prefix);
    const redis::client direct{redis::options::from_url(server)};
    EXPECT_EQ(ferry::run(timeout(60s, taken_from_slow_redis(through, direct, prefix + "celery"))),
              (std::set<std::string>{"2", "3"}));
    log::set_level(log::level::warning);
}

/// How often Redis was sent these commands since it has counted.
int calls_of(const std::string& statistics, std::initializer_list<const char*> commands)
{
    int calls = 0;
    for (const char* const command : commands) {
        const std::string entry = std::string{"cmdstat_"} + command + ":calls=";
        const std::size_t at = statistics.find(entry);
        if (at != std::string::npos) calls += std::stoi(statistics.substr(at + entry.size()));
    }
    return calls;
}

TEST(closed_redis, is_not_asked_for_each_message_that_nobody_saw)
{
    const std::string server = environment("FERRY_REDIS");
    if (server.empty()) return;
    const testing::temporary_directory dir;
    const auto through =
        open_broker(server + "?global_keyprefix=" + dir.path().filename().string());
    const auto from = ferry::run(through->consume({"celery"}, 4, nullptr));
    redis::client direct{redis::options::from_url(server)};
    ferry::run(direct.cmd("CONFIG", "RESETSTAT"));
    ferry::run(from->close());
    const std::string statistics = ferry::run(direct.cmd("INFO", "commandstats")).text();
    const int calls = calls_of(statistics, {"hget", "hmget", "eval", "evalsha"});
    EXPECT_GE(calls, 1) << statistics;
    EXPECT_LT(calls, 10) << statistics;
}

}  // namespace
}  // namespace ferry::tasks
