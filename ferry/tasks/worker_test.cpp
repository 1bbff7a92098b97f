#include "ferry/tasks/worker.hpp"

#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/beside_worker.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

struct order {
    std::string item;
    int count = 0;
};
BOOST_DESCRIBE_STRUCT(order, (), (item, count))

class sold_out : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// An app on a file of its own, with a worker that runs while a test's coroutine does.
class worker_test : public ::testing::Test {
protected:
    worker_test() { log::set_level(log::level::off); }
    ~worker_test() override { log::set_level(log::level::warning); }

    /// Runs the test's body beside a worker, and stops that gracefully.
    template <class F, class... Options>
    void serve(F body, const Options&... options)
    {
        worker w(app_, concurrency(2), options...);
        detail::run_beside(w, std::move(body));
    }

    /// How a call ends: its value as text, or `type: message`.
    template <class T>
    static awaitable<std::string> outcome(awaitable<async_result<T>> call)
    {
        try {
            const async_result<T> result = co_await std::move(call);
            auto got = result.get(60s);
            const T made = co_await std::move(got);
            co_return python_repr(to_value(made));
        } catch (const task_error& e) {
            co_return e.exc_module() + "." + e.exc_type() + ": " + e.message();
        }
    }

    testing::temporary_directory dir_;
    std::string url_ = "sqlite://" + (dir_ / "tasks.db");
    app app_{"shop", broker(url_)};
};

TEST_F(worker_test, a_call_returns_what_the_task_returns)
{
    auto add = app_.task("shop.add", [](int x, int y) { return x + y; });
    serve([&]() -> awaitable<void> {
        auto result = co_await add.delay(2, 3);
        const int five = co_await result.get(60s);
        EXPECT_EQ(five, 5);
        const std::string state = co_await result.state();
        EXPECT_EQ(state, "SUCCESS");
    });
}

TEST_F(worker_test, tasks_may_be_coroutines_and_take_anything_that_is_described)
{
    auto ship =
        app_.task("shop.ship", [](order o, std::optional<std::string> note) -> awaitable<order> {
            co_await sleep(1ms);
            o.count += note ? 10 : 1;
            co_return o;
        });
    auto nothing = app_.task("shop.nothing", [] {});
    serve([&]() -> awaitable<void> {
        order pens;
        pens.item = "pens";
        pens.count = 2;
        auto result = co_await ship.delay(pens, std::nullopt);
        const order shipped = co_await result.get(60s);
        EXPECT_EQ(shipped.item, "pens");
        EXPECT_EQ(shipped.count, 3);
        auto untyped = app_.signature("shop.ship", pens);
        const std::string text = co_await outcome(untyped.delay());
        EXPECT_EQ(text, "{'item': 'pens', 'count': 3}");
        auto done = co_await nothing.delay();
        co_await done.get(60s);
    });
}

TEST_F(worker_test, what_goes_wrong_in_a_task_reaches_the_caller)
{
    app_.task("value", [](int) -> int { throw std::invalid_argument{"no"}; });
    app_.task("own", []() -> int { throw sold_out{"pens"}; });
    app_.task("coroutine", []() -> awaitable<int> {
        co_await yield_now();
        throw connection_error{ferry::errc::disconnected, "gone"};
    });
    app_.task("strange", []() -> int { throw 7; });
    app_.task("named", [](int x, int y) { return x - y; }, parameters("x", "y"));
    struct row {
        const char* name;
        signature<value> call;
        const char* expected;
    };
    call_settings keywords;
    keywords.message.task = "named";
    keywords.message.kwargs = value::object("y", 1, "x", 4);
    const auto named = signature<value>(app_.core(), keywords);
    keywords.message.kwargs = value::object("z", 1);
    const auto misnamed = signature<value>(app_.core(), keywords);
    const std::vector<row> rows = {
        {"standard exception", app_.signature("value", 1), "builtins.ValueError: no"},
        {"own exception", app_.signature("own"),
         "ferry.tasks.(anonymous namespace).sold_out: pens"},
        {"in a coroutine", app_.signature("coroutine"), "builtins.ConnectionError: gone"},
        {"no exception", app_.signature("strange"), "builtins.Exception: unknown exception"},
        {"unknown task", app_.signature("no.such"), "celery.exceptions.NotRegistered: no.such"},
        {"too many", app_.signature("value", 1, 2),
         "builtins.TypeError: value() takes 1 positional argument but 2 were given"},
        {"too few", app_.signature("value"),
         "builtins.TypeError: value() missing 1 required positional argument: 1"},
        {"wrong type", app_.signature("value", "x"),
         "builtins.TypeError: value() argument 1: expected integer, got string"},
        {"by name", named, "3"},
        {"unknown name", misnamed,
         "builtins.TypeError: named() got an unexpected keyword argument 'z'"},
    };
    serve([&]() -> awaitable<void> {
        for (const row& r : rows) {
            SCOPED_TRACE(r.name);
            const std::string text = co_await outcome(r.call.delay());
            EXPECT_EQ(text, r.expected);
        }
    });
}

TEST_F(worker_test, a_task_that_fails_in_the_named_way_is_tried_again)
{
    int calls = 0;
    auto flaky = app_.task(
        "flaky",
        [&calls](int failures) {
            if (calls++ < failures) throw connection_error{ferry::errc::disconnected, "gone"};
            return calls;
        },
        retry_for<connection_error>(3), backoff(1ms, 5ms));
    serve([&]() -> awaitable<void> {
        const std::string good = co_await outcome(flaky.delay(2));
        EXPECT_EQ(good, "3");
        calls = 0;
        const std::string bad = co_await outcome(flaky.delay(100));
        EXPECT_EQ(bad, "builtins.ConnectionError: gone");
        EXPECT_EQ(calls, 4) << "once, and three tries more";
    });
}

TEST_F(worker_test, a_task_may_ask_to_be_tried_again)
{
    auto counted = app_.task("counted", [](context self, int wanted) {
        if (self.retries() < wanted) self.retry(1ms);
        return self.retries();
    });
    serve([&]() -> awaitable<void> {
        const std::string good = co_await outcome(counted.delay(2));
        EXPECT_EQ(good, "2");
        const std::string bad = co_await outcome(counted.delay(9));
        EXPECT_TRUE(bad.starts_with("celery.exceptions.MaxRetriesExceededError")) << bad;
    });
}

TEST_F(worker_test, a_task_may_ask_to_be_ignored_or_rejected)
{
    auto silent = app_.task("silent", [](context self) -> awaitable<int> {
        auto told = self.update_state("SKIPPED", 7);
        co_await std::move(told);
        self.ignore();
    });
    std::atomic<int> tries = 0;
    auto again = app_.task(
        "again",
        [&tries](context self) {
            if (++tries < 3) self.reject(true);
            return tries.load();
        },
        acks_late());
    std::atomic<int> refused = 0;
    auto never = app_.task(
        "never",
        [&refused](context self) {
            ++refused;
            self.reject();
        },
        acks_late());
    auto follower = app_.task("follower", [](value) { return 1; });
    serve([&]() -> awaitable<void> {
        auto link = silent.s().link(follower.s().set(task_id("follower")));
        auto ignored = link.delay();
        const auto result = co_await std::move(ignored);
        const std::string good = co_await outcome(again.delay());
        EXPECT_EQ(good, "3");
        auto rejecting = never.delay();
        const auto lost = co_await std::move(rejecting);
        while (refused == 0) co_await sleep(1ms);
        auto still = result.state();
        std::string state = co_await std::move(still);
        while (state == "PENDING") {
            auto asking = result.state();
            state = co_await std::move(asking);
        }
        EXPECT_EQ(state, "SKIPPED");
        const std::string after = co_await lost.state();
        EXPECT_EQ(after, "PENDING");
    });
    EXPECT_EQ(refused, 1);
    EXPECT_EQ(ferry::run(app_.open_broker()->size("celery")), 0);
    EXPECT_EQ(ferry::run(app_.result<value>("follower").state()), "PENDING");
}

TEST_F(worker_test, options_of_a_call)
{
    auto when = app_.task("when", [](context self) {
        return std::pair{self.id(), self.header("tenant") ? self.header("tenant")->as<int>() : 0};
    });
    serve(
        [&]() -> awaitable<void> {
            const auto start = std::chrono::steady_clock::now();
            auto call = when.s().apply(countdown(100ms), task_id("mine"), header("tenant", 7),
                                       queue("fast"), priority(3));
            auto sent = co_await std::move(call);
            EXPECT_EQ(sent.id(), "mine");
            const std::string waiting = co_await sent.state();
            EXPECT_EQ(waiting, "PENDING");
            const auto [id, tenant] = co_await sent.get(60s);
            EXPECT_GE(std::chrono::steady_clock::now() - start, 100ms);
            EXPECT_EQ(id, "mine");
            EXPECT_EQ(tenant, 7);

            auto late = co_await when.s().apply(queue("fast"), expires(now() - 1s));
            auto got = outcome<std::pair<std::string, int>>(
                when.s().apply(queue("fast"), expires(now() - 1s)));
            const std::string text = co_await std::move(got);
            EXPECT_EQ(text, "celery.exceptions.TaskRevokedError: expired");
            co_await late.forget();
        },
        queues("celery", "fast"));
}

TEST_F(worker_test, get_has_a_time_limit)
{
    auto never = app_.signature("never");
    auto body = [](signature<value> s) -> awaitable<void> {
        auto result = co_await s.delay();
        co_await result.get(20ms);
    };
    EXPECT_THROW(ferry::run(body(never)), timeout_error);
}

TEST_F(worker_test, results_may_be_ignored_and_states_shown)
{
    auto silent = app_.task("silent", [] { return 1; }, ignore_result());
    auto progress = app_.task("progress", [](context self) -> awaitable<std::string> {
        co_await self.update_state("PROGRESS", value::object("done", 3));
        co_return "end";
    });
    serve([&]() -> awaitable<void> {
        auto quiet = co_await silent.delay();
        const std::string shown = co_await outcome(progress.delay());
        EXPECT_EQ(shown, "'end'");
        const std::string state = co_await quiet.state();
        EXPECT_EQ(state, "PENDING");
        auto ignored = co_await app_.signature("silent").delay();
        const value nothing = co_await ignored.get();
        EXPECT_TRUE(nothing.is_null());
    });
}

TEST_F(worker_test, garbage_is_settled_once_and_stops_nothing)
{
    auto add = app_.task("shop.add", [](int x, int y) { return x + y; });
    const auto put = [this](const char* type, std::string body, value headers) {
        envelope e;
        e.content_type = type;
        e.headers = std::move(headers);
        e.body = std::move(body);
        ferry::run(app_.open_broker()->publish("celery", std::move(e)));
    };
    const value good = value::object("task", "shop.add", "id", "x");
    put("application/json", "not json", good);
    put("application/json", "[1]", good);
    put("application/json", R"({"no": "task"})", value::object());
    put("application/x-python-serialize", "\x80\x04.", good);
    put("application/json", "[[], [], {}]", good);
    put("application/json", "[[1, 2], {}, {}]",
        value::object("task", "shop.add", "id", "x", "eta", 7));
    put("application/json", "[[1, 2], {}, {}]", value::object("task", 7, "id", "x"));
    serve([&]() -> awaitable<void> {
        const std::string text = co_await outcome(add.delay(2, 3));
        EXPECT_EQ(text, "5");
        const std::int64_t left = co_await app_.open_broker()->size("celery");
        EXPECT_EQ(left, 0);
    });
}

TEST_F(worker_test, a_result_that_cannot_be_written_is_a_failure)
{
    auto raw = app_.task("raw", [] { return value(std::as_bytes(std::span{"\xFF", 1})); });
    auto distinct = app_.task("distinct", [] { return value::array(value::set(1)); });
    auto typed = app_.task("typed", [] { return std::set<int>{1}; });
    serve([&]() -> awaitable<void> {
        std::string text = co_await outcome(raw.delay());
        EXPECT_EQ(text,
                  "kombu.exceptions.EncodeError: TypeError('Object of type bytes is not JSON "
                  "serializable')");
        text = co_await outcome(distinct.delay());
        EXPECT_EQ(text,
                  "kombu.exceptions.EncodeError: TypeError('Object of type set is not JSON "
                  "serializable')");
        // The type says what it is in C++.
        auto sent = co_await typed.delay();
        const std::set<int> got = co_await sent.get(60s);
        EXPECT_EQ(got, std::set<int>{1});
    });
}

TEST_F(worker_test, stop_finishes_what_runs_and_gives_back_the_rest)
{
    std::atomic<int> started = 0;
    auto slow = app_.task("slow", [&started]() -> awaitable<int> {
        ++started;
        co_await sleep(50ms);
        co_return 1;
    });
    serve([&]() -> awaitable<void> {
        for (int i = 0; i < 6; ++i) co_await slow.delay();
        while (started == 0) co_await sleep(1ms);
    });
    const auto left = ferry::run(app_.open_broker()->size("celery"));
    EXPECT_EQ(started + left, 6);
    EXPECT_GE(left, 2);
}

TEST_F(worker_test, stop_now_cancels_and_a_late_acked_task_comes_again)
{
    std::atomic<int> started = 0;
    auto endless = app_.task(
        "endless",
        [&started](context self) -> awaitable<bool> {
            if (started++ == 0) co_await sleep(1h);
            co_return self.retries() == 0;
        },
        acks_late());
    async_result<bool> result;
    auto first = [&]() -> awaitable<void> {
        worker w(app_, concurrency(1));
        auto serving = spawn(w.run());
        result = co_await endless.delay();
        while (started == 0) co_await sleep(1ms);
        w.stop_now();
        co_await serving.join();
    };
    ferry::run(first());
    serve([&]() -> awaitable<void> {
        const bool again = co_await result.get(60s);
        EXPECT_TRUE(again);
        EXPECT_EQ(started, 2);
    });
}

TEST_F(worker_test, many_calls_at_once_from_several_threads)
{
    auto add = app_.task("shop.add", [](int x, int y) { return x + y; });
    serve(
        [&]() -> awaitable<void> {
            std::vector<std::thread> threads;
            std::atomic<int> sum = 0;
            for (int t = 0; t < 2; ++t) {
                threads.emplace_back([&] {
                    ferry::run(
                        [](task<int(int, int)> f, std::atomic<int>* into) -> awaitable<void> {
                            const auto one = [](task<int(int, int)> g, int n) -> awaitable<int> {
                                auto r = co_await g.delay(n, 1);
                                co_return co_await r.get(60s);
                            };
                            std::vector<awaitable<int>> all;
                            for (int n = 0; n < 200; ++n) all.push_back(one(f, n));
                            auto gathered = gather(std::move(all));
                            for (const int n : co_await std::move(gathered)) *into += n;
                        }(add, &sum));
                });
            }
            while (sum < 2 * (199 * 100 + 200)) co_await sleep(2ms);
            for (std::thread& t : threads) t.join();
            EXPECT_EQ(sum, 2 * (199 * 100 + 200));
        },
        coroutines(4));
}

}  // namespace
}  // namespace ferry::tasks
