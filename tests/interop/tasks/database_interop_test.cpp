// Results in Celery's tables: those that Celery wrote are read, and those that ferry wrote are read
// by Celery; chords are unlocked by either. Wants FERRY_REDIS as broker and FERRY_POSTGRES.
#include "ferry/async/run.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/tasks/tasks.hpp"
#include "ferry/testing/environment.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;
using testing::server;

/// Celery's own worker with the tasks of celery_app.py, on a queue of its own.
class celery_with_database : public ::testing::TestWithParam<const char*> {
protected:
    std::string results_url() const
    {
        const std::string kind = GetParam();
        return kind == "sqlite" ? "db+sqlite:///" + (dir_ / "results.db")
                                : "db+" + server("FERRY_POSTGRES");
    }

    std::vector<std::string> worker(const std::string& serializer, bool extended) const
    {
        return {"/usr/bin/env",
                "FERRY_BROKER=" + broker_,
                "FERRY_BACKEND=" + results_url(),
                "FERRY_QUEUE=" + queue_,
                "FERRY_RESULT_SERIALIZER=" + serializer,
                std::string{"FERRY_RESULT_EXTENDED="} + (extended ? "1" : ""),
                "PYTHONDONTWRITEBYTECODE=1",
                "PYTHONPATH=" FERRY_INTEROP_DIR,
                "C_FORCE_ROOT=1",
                FERRY_PYTHON,
                "-m",
                "celery",
                "-A",
                "celery_app",
                "worker",
                "-c",
                "2",
                "-Q",
                queue_,
                "-l",
                "INFO"};
    }

    static awaitable<std::string> end_of(signature<value> call)
    {
        auto sent = call.delay();
        const async_result<value> result = co_await std::move(sent);
        auto got = shown(result);
        co_return co_await std::move(got);
    }

    static awaitable<std::string> shown(async_result<value> result)
    {
        try {
            auto got = result.get(90s);
            const value v = co_await std::move(got);
            co_return python_repr(v);
        } catch (const task_error& e) {
            co_return e.exc_module() + "." + e.exc_type() + ": " + e.message();
        }
    }

    std::string chord_of(app& a)
    {
        return ferry::run([](app* of) -> awaitable<std::string> {
            auto parts = group(of->signature("ferry.add", 1, 2), of->signature("ferry.add", 3, 4));
            auto workflow = chord(parts, of->signature("ferry.xsum"));
            auto sent = workflow.delay();
            const async_result<value> result = co_await std::move(sent);
            auto got = shown(result);
            co_return co_await std::move(got);
        }(&a));
    }

    testing::temporary_directory dir_;
    std::string broker_ = server("FERRY_REDIS");
    std::string queue_ = "db-" + dir_.path().filename().string();
};

TEST_P(celery_with_database, ferry_reads_what_celery_stored)
{
    for (const char* const serializer : {"json", "pickle"}) {
        SCOPED_TRACE(serializer);
        const testing::program celery(worker(serializer, true), dir_ / "out", dir_ / "err");
        app a("client", broker(broker_), results(results_url()), queue(queue_));
        EXPECT_EQ(ferry::run(end_of(a.signature("ferry.add", 2, 3))), "5");
        EXPECT_EQ(ferry::run(end_of(a.signature("ferry.echo", "é", nullptr, 0.5))),
                  "{'args': ('é', None, 0.5), 'kwargs': {}}");
        EXPECT_EQ(ferry::run(end_of(a.signature("ferry.fail", "boom"))),
                  "builtins.ValueError: boom");
        EXPECT_EQ(chord_of(a), "10") << testing::read_file(dir_ / "err");
        const std::string id = "3d5e0a76-0000-4000-8000-" + std::string{serializer} +
                               std::string(12 - std::string{serializer}.size(), '0');
        ferry::run(end_of(a.signature("ferry.add", 4, 5).set(task_id(id))));
        const result_document d = ferry::run(a.open_results()->find(id));
        ASSERT_TRUE(d.call);
        EXPECT_EQ(d.call->task, "ferry.add");
        EXPECT_EQ(python_args_repr(d.call->args), "(4, 5)");
        EXPECT_EQ(d.call->queue, queue_);
        celery.signal(SIGTERM);
    }
}

TEST_P(celery_with_database, celery_reads_what_ferry_stored)
{
    const testing::program worker(
        {"/usr/bin/env", "FERRY_BROKER=" + broker_, "FERRY_BACKEND=" + results_url(),
         "FERRY_QUEUE=" + queue_, "FERRY_NODE=db@ferry", FERRY_CELERY_WORKER},
        dir_ / "out", dir_ / "err");
    const auto checked = testing::run_program(
        {FERRY_PYTHON, FERRY_INTEROP_DIR "/database_peer.py", broker_, results_url(), queue_}, {},
        5min);
    EXPECT_EQ(checked.status, 0) << checked.out << checked.err << testing::read_file(dir_ / "err");
}

INSTANTIATE_TEST_SUITE_P(in, celery_with_database, ::testing::Values("sqlite", "postgres"),
                         [](const auto& row) { return std::string{row.param}; });

}  // namespace
}  // namespace ferry::tasks
