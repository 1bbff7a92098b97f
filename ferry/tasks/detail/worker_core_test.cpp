#include "ferry/tasks/detail/worker_core.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/tasks.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

TEST(parse_rate, takes_what_celery_takes)
{
    struct row {
        const char* text;
        std::optional<double> times;
    };
    for (const row& r : {row{"", 0}, row{"10/s", 10}, row{"120/m", 2}, row{"7200/h", 2},
                         row{"5", 5}, row{"0.5/s", 0.5}, row{"x", {}}, row{"1/d", {}},
                         row{"-1/s", {}}, row{"/s", {}}, row{"1/s/s", {}}}) {
        SCOPED_TRACE(r.text);
        EXPECT_EQ(detail::parse_rate(r.text), r.times);
    }
}

TEST(revocations, keeps_the_latest)
{
    detail::revocations r;
    for (std::size_t i = 0; i <= detail::revocations::most; ++i) r.add(std::to_string(i));
    EXPECT_FALSE(r.contains("0"));
    EXPECT_TRUE(r.contains("1"));
    EXPECT_EQ(r.ids().size(), detail::revocations::most);
}

TEST(logical_clock, is_ahead_of_all_that_it_saw)
{
    detail::logical_clock c;
    EXPECT_EQ(c.tick(), 1);
    c.saw(10);
    EXPECT_EQ(c.now(), 11);
    c.saw(3);
    EXPECT_EQ(c.now(), 12);
}

/// How a call ends, beside a worker with processes.
std::string end_of(app& a, signature<value> call)
{
    auto body = [](app* of, signature<value> s) -> awaitable<std::string> {
        worker w(*of, concurrency(1), processes());
        auto serving = spawn(w.run());
        std::string text;
        try {
            auto sent = s.delay();
            const async_result<value> result = co_await std::move(sent);
            auto got = result.get(15s);
            const value made = co_await std::move(got);
            text = python_repr(made);
        } catch (const task_error& e) {
            text = e.exc_type() + ": " + e.message();
        }
        w.stop();
        co_await serving.join();
        co_return text;
    };
    return ferry::run(body(&a, std::move(call)));
}

TEST(process_pool, isolates_crashes_and_ends_what_takes_too_long)
{
    log::set_level(log::level::off);
    const testing::temporary_directory dir;
    app a("shop", broker("sqlite://" + (dir / "t.db")));
    auto add = a.task("add", [](int x, int y) { return x + y; });
    a.task("crash", [] { ::kill(::getpid(), SIGKILL); });
    a.task("leave", [] { ::_exit(3); });
    a.task("bad", []() -> int { throw std::invalid_argument{"no"}; });
    a.task("endless", [] {
        while (true) ::usleep(1000);
    });
    a.task("doze", [](double s) -> awaitable<double> {
        co_await sleep(std::chrono::milliseconds(static_cast<int>(s * 1000)));
        co_return s;
    });
    EXPECT_EQ(end_of(a, a.signature("add", 2, 3)), "5");
    EXPECT_EQ(end_of(a, a.signature("bad")), "ValueError: no");
    const std::string crash = end_of(a, a.signature("crash"));
    EXPECT_EQ(crash, "WorkerLostError: Worker exited prematurely: signal 9 (SIGKILL) Job: 1.");
    const std::string left = end_of(a, a.signature("leave"));
    EXPECT_EQ(left, "WorkerLostError: Worker exited prematurely: exitcode 3 Job: 1.");
    EXPECT_EQ(end_of(a, a.signature("endless").set(time_limit(100ms))), "TimeLimitExceeded: 0.1");
    EXPECT_EQ(end_of(a, a.signature("doze", 30).set(time_limit(20s, 50ms))),
              "SoftTimeLimitExceeded: ");
    EXPECT_EQ(end_of(a, a.signature("doze", 0.01)), "0.01");
    log::set_level(log::level::warning);
}

}  // namespace
}  // namespace ferry::tasks
