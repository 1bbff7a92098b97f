// The options of `ferry worker` that are those of `celery worker`.
#include "ferry/core/file.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace ferry {
namespace {

using namespace std::chrono_literals;
using testing::run_program;

/// A broker of its own for workers of the app in the shared object.
class worker_flags : public ::testing::Test {
protected:
    worker_flags() { ::setenv("FERRY_BROKER", url_.c_str(), 1); }
    ~worker_flags() override { ::unsetenv("FERRY_BROKER"); }

    std::vector<std::string> command(std::vector<std::string> flags) const
    {
        std::vector<std::string> words{FERRY_COMMAND, "worker", "--app", FERRY_SHOP, "-c", "1"};
        words.insert(words.end(), flags.begin(), flags.end());
        return words;
    }
    std::unique_ptr<testing::program> start(std::vector<std::string> flags)
    {
        return std::make_unique<testing::program>(command(std::move(flags)), folder_ / "out",
                                                  folder_ / "err");
    }
    testing::outcome call(std::vector<std::string> words) const
    {
        std::vector<std::string> arguments{FERRY_COMMAND, "call", "--app", FERRY_SHOP};
        arguments.insert(arguments.end(), words.begin(), words.end());
        return run_program(arguments);
    }
    std::string id_of_call(const std::string& task, std::vector<std::string> words = {}) const
    {
        words.insert(words.begin(), task);
        words.emplace_back("--no-wait");
        const auto sent = call(std::move(words));
        EXPECT_EQ(sent.status, 0) << sent.err;
        return sent.out.substr(0, sent.out.find('\n'));
    }
    std::string result(const std::string& id) const
    {
        return run_program({FERRY_COMMAND, "result", "--app", FERRY_SHOP, id}).out;
    }
    std::string waiting(const std::string& queue) const
    {
        return run_program({FERRY_COMMAND, "purge", "--app", FERRY_SHOP, "-Q", queue}).out;
    }
    static bool comes_true(const std::function<bool()>& condition)
    {
        for (int i = 0; i < 3000; ++i) {
            if (condition()) return true;
            std::this_thread::sleep_for(20ms);
        }
        return false;
    }

    testing::temporary_directory folder_;
    std::string url_ = "sqlite://" + (folder_ / "tasks.db");
};

TEST_F(worker_flags, are_explained)
{
    const auto help = run_program({FERRY_COMMAND, "worker", "--help"});
    EXPECT_EQ(help.status, 0);
    for (const char* const flag : {"-n,--hostname",
                                   "-c,--concurrency",
                                   "-P,--pool",
                                   "--autoscale",
                                   "--max-tasks-per-child",
                                   "--max-memory-per-child",
                                   "--time-limit",
                                   "--soft-time-limit",
                                   "--pool-restarts",
                                   "-O",
                                   "-Q,--queues",
                                   "-X,--exclude-queues",
                                   "--broadcast",
                                   "--purge,--discard",
                                   "--prefetch-multiplier",
                                   "-S,--statedb",
                                   "-E,--task-events,--events",
                                   "--without-gossip",
                                   "--without-mingle",
                                   "--without-heartbeat",
                                   "--heartbeat-interval",
                                   "-B,--beat",
                                   "-s,--schedule",
                                   "-l,--loglevel"}) {
        const std::size_t at = help.out.find("  " + std::string{flag} + " ");
        EXPECT_NE(at, std::string::npos) << flag;
    }
}

TEST_F(worker_flags, purge_drops_what_waits)
{
    const std::string waited = id_of_call("shop.add", {"1", "2"});
    const auto worker = start({"--purge", "-O", "fair"});
    const auto started = [this] {
        return testing::read_file(folder_ / "err").find("worker started") != std::string::npos;
    };
    ASSERT_TRUE(comes_true(started));
    const auto sum = call({"shop.add", "2", "3"});
    EXPECT_EQ(sum.out, "5\n") << sum.err << testing::read_file(folder_ / "err");
    EXPECT_NE(result(waited).find("PENDING"), std::string::npos) << result(waited);
}

TEST_F(worker_flags, excluded_queues_are_not_served)
{
    const std::string left = id_of_call("shop.elsewhere");
    const auto worker = start({"-Q", "celery,elsewhere", "-X", "elsewhere,none"});
    EXPECT_EQ(call({"shop.add", "2", "3"}).out, "5\n");
    EXPECT_EQ(waiting("elsewhere"), "1\n");
    EXPECT_NE(result(left).find("PENDING"), std::string::npos);
    const auto none = run_program(command({"-X", "celery"}));
    EXPECT_EQ(none.status, 1);
    EXPECT_NE(none.err.find("every queue is excluded"), std::string::npos) << none.err;
}

TEST_F(worker_flags, time_limits_are_those_of_tasks_without_their_own)
{
    {
        const auto worker = start({"--pool", "prefork", "--time-limit", "0.3"});
        const auto ended = call({"shop.doze", "600"});
        EXPECT_NE(ended.err.find("TimeLimitExceeded"), std::string::npos) << ended.err;
        EXPECT_EQ(call({"shop.add", "2", "3"}).out, "5\n");
    }
    const auto worker = start({"--soft-time-limit", "0.3"});
    const auto ended = call({"shop.doze", "600"});
    EXPECT_NE(ended.err.find("SoftTimeLimitExceeded"), std::string::npos) << ended.err;
}

TEST_F(worker_flags, a_process_that_has_too_much_memory_is_replaced)
{
    const auto pids = [this](std::vector<std::string> flags) {
        const auto worker = start(std::move(flags));
        std::set<std::string> all;
        for (int i = 0; i < 3; ++i) all.insert(call({"shop.pid"}).out);
        worker->signal(SIGTERM);
        EXPECT_EQ(worker->wait(), 0) << testing::read_file(folder_ / "err");
        return all;
    };
    EXPECT_EQ(pids({"-P", "processes", "--max-memory-per-child", "1000000"}).size(), 1U);
    EXPECT_EQ(pids({"-P", "processes", "--max-memory-per-child", "10"}).size(), 3U);
}

TEST_F(worker_flags, a_beat_inside_sends_the_calls_of_its_plan)
{
    const std::string plan = folder_ / "plan.toml";
    const std::string state = folder_ / "beat.json";
    replace_file(plan, "[often]\ntask = 'shop.add'\nevery = '50ms'\nargs = [2, 3]\n");
    const auto worker = start({"-B", plan, "--schedule", state});
    const auto runs = [&]() -> std::int64_t {
        if (!std::filesystem::exists(state)) return 0;
        const auto saved = json::parse(read_whole_file(state, 10'000));
        return saved["entries"]["often"]["total_runs"].as<std::int64_t>();
    };
    EXPECT_TRUE(comes_true([&] { return runs() >= 3; })) << testing::read_file(folder_ / "err");
    const auto second = run_program(command({"-B", plan, "-s", state}));
    EXPECT_EQ(second.status, 1);
    EXPECT_NE(second.err.find("in use by process"), std::string::npos) << second.err;
    worker->signal(SIGTERM);
    EXPECT_EQ(worker->wait(), 0) << testing::read_file(folder_ / "err");
    const std::string log = testing::read_file(folder_ / "err");
    EXPECT_NE(log.find("worker stopped"), std::string::npos);

    replace_file(plan, "[often]\ntask = 'shop.add'\n");
    const auto wrong = run_program(command({"-B", plan, "-s", state}));
    EXPECT_EQ(wrong.status, 1);
    EXPECT_NE(wrong.err.find("plan.toml:1"), std::string::npos) << wrong.err;
}

}  // namespace
}  // namespace ferry
