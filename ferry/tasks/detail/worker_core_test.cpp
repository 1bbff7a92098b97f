#include "ferry/tasks/detail/worker_core.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/children.hpp"
#include "ferry/tasks/tasks.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

TEST(parse_rate, takes_what_celery_takes)
{
    struct row {
        const char* text;
        std::optional<double> times;
    };
    for (const row& r :
         {row{"", 0}, row{"10/s", 10}, row{"120/m", 2}, row{"7200/h", 2}, row{"5", 5},
          row{"0.5/s", 0.5}, row{" 6 /m", 0.1}, row{"5/ s", {}}, row{"x", {}}, row{"1/d", {}},
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

TEST(request, is_interrupted_as_soon_as_it_runs)
{
    detail::request r{message(), "celery", 1, false};
    EXPECT_FALSE(r.interrupt(SIGTERM));
    int signal = 0;
    r.set_interrupt([&signal](int s) { signal = s; });
    EXPECT_EQ(signal, SIGTERM);
    EXPECT_EQ(r.terminated_by(), SIGTERM);
}

TEST(nursery, its_children_can_be_told_to_end_at_once)
{
    const app a("shop", broker("sqlite:///nowhere"));
    detail::nursery home{a.core()};
    for (int i = 0; i < 50; ++i) {
        const auto [pid, socket] = home.give_birth();
        ASSERT_EQ(::kill(pid, SIGTERM), 0);
        char none = 0;
        EXPECT_EQ(::read(socket, &none, 1), 0);
        ::close(socket);
        const int status = home.reap(pid);
        EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
    }
}

class process_pool : public ::testing::Test {
protected:
    /// How a call ends, beside a worker with processes. The app is new each time: one that was used
    /// has threads, and the address sanitizer of GCC 12 does not survive a fork while they
    /// allocate.
    template <class... Arguments>
    std::string end_within(time_limit limit, const std::string& task, const Arguments&... arguments)
    {
        app a("shop", broker("sqlite://" + (directory_ / "t.db")));
        a.task("add", [](int x, int y) { return x + y; });
        a.task("crash", [] { ::kill(::getpid(), SIGKILL); });
        a.task("leave", [] { ::_exit(3); });
        a.task("bad", []() -> int { throw std::invalid_argument{"no"}; });
        // Only once, as a file says that all processes see.
        a.task(
            "crash_once",
            [at = directory_ / "crashed"]() -> std::string {
                if (std::filesystem::exists(at)) return "done";
                std::ofstream mark(at);
                mark.close();
                ::kill(::getpid(), SIGKILL);
                return "alive";
            },
            acks_late(), reject_on_worker_lost());
        a.task("endless", [] {
            while (true) ::usleep(1000);
        });
        a.task("doze", [](double s) -> awaitable<double> {
            co_await sleep(std::chrono::milliseconds(static_cast<int>(s * 1000)));
            co_return s;
        });
        auto call = a.signature(task, arguments...).set(limit);
        return ferry::run(end_beside_worker(&a, std::move(call)));
    }

    template <class... Arguments>
    std::string end_of(const std::string& task, const Arguments&... arguments)
    {
        return end_within(time_limit(20s), task, arguments...);
    }

private:
    static awaitable<std::string> end_beside_worker(app* of, signature<value> call)
    {
        worker w(*of, concurrency(1), processes());
        auto serving = spawn(w.run());
        co_await yield_now();  // it forks before the call makes a thread
        std::string text;
        try {
            auto sent = call.delay();
            const async_result<value> result = co_await std::move(sent);
            auto got = result.get(60s);
            const value made = co_await std::move(got);
            text = python_repr(made);
        } catch (const task_error& e) {
            text = e.exc_type() + ": " + e.message();
        }
        w.stop();
        co_await serving.join();
        co_return text;
    }

    testing::temporary_directory directory_;
};

TEST_F(process_pool, isolates_crashes)
{
    log::set_level(log::level::off);
    EXPECT_EQ(end_of("add", 2, 3), "5");
    EXPECT_EQ(end_of("bad"), "ValueError: no");
    EXPECT_EQ(end_of("crash"),
              "WorkerLostError: Worker exited prematurely: signal 9 (SIGKILL) Job: 1.");
    EXPECT_EQ(end_of("leave"), "WorkerLostError: Worker exited prematurely: exitcode 3 Job: 1.");
    log::set_level(log::level::warning);
}

TEST_F(process_pool, a_late_acked_task_comes_again_if_its_process_dies)
{
    log::set_level(log::level::off);
    EXPECT_EQ(end_of("crash_once"), "'done'");
    log::set_level(log::level::warning);
}

TEST_F(process_pool, ends_what_takes_too_long)
{
    log::set_level(log::level::off);
    EXPECT_EQ(end_within(time_limit(100ms), "endless"), "TimeLimitExceeded: 0.1");
    EXPECT_EQ(end_within(time_limit(20s, 50ms), "doze", 30), "SoftTimeLimitExceeded: ");
    EXPECT_EQ(end_of("doze", 0.01), "0.01");
    log::set_level(log::level::warning);
}

}  // namespace
}  // namespace ferry::tasks
