#include "ferry/core/file.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <thread>

namespace ferry {
namespace {

using testing::run_program;

/// A worker of the app in the shared object, on a broker of its own.
class task_verbs : public ::testing::Test {
protected:
    task_verbs()
    {
        ::setenv("FERRY_BROKER", url_.c_str(), 1);
        worker_.emplace(
            std::vector<std::string>{FERRY_COMMAND, "worker", "--app", FERRY_SHOP, "-c", "2"},
            folder_ / "out", folder_ / "err");
    }
    ~task_verbs() override { ::unsetenv("FERRY_BROKER"); }

    testing::outcome call(std::vector<std::string> words)
    {
        std::vector<std::string> arguments{FERRY_COMMAND, "call", "--broker", url_};
        arguments.insert(arguments.end(), words.begin(), words.end());
        return run_program(arguments);
    }

    testing::temporary_directory folder_;
    std::string url_ = "sqlite://" + (folder_ / "tasks.db");
    std::optional<testing::program> worker_;
};

TEST_F(task_verbs, call_prints_what_the_worker_returned)
{
    const auto sum = call({"shop.add", "2", "3"});
    EXPECT_EQ(sum.status, 0) << sum.err;
    EXPECT_EQ(sum.out, "5\n");
    const auto echo = call({"shop.echo", "hello"});
    EXPECT_EQ(echo.status, 0) << echo.err;
    EXPECT_EQ(echo.out, "\"hello\"\n");
}

TEST_F(task_verbs, call_says_how_it_is_sent)
{
    const std::string other = "db+sqlite:///" + (folder_ / "results.db");
    const auto late = call({"shop.add", "2", "3", "--countdown", "2s", "--expires", "1s",
                            "--priority", "9", "--serializer", "json"});
    EXPECT_EQ(late.status, 1) << late.out;
    EXPECT_NE(late.err.find("expired"), std::string::npos) << late.err;
    // Nobody serves that queue, and no worker keeps its results there.
    const auto sent = call({"shop.add", "2", "3", "-Q", "nobody's", "--no-wait"});
    EXPECT_EQ(sent.status, 0) << sent.err;
    const auto dropped = run_program({FERRY_COMMAND, "purge", "--broker", url_, "-Q", "nobody's"});
    EXPECT_EQ(dropped.out, "1\n") << dropped.err;
    const auto elsewhere =
        call({"shop.add", "2", "3", "--result-backend", other, "--timeout", "1s"});
    EXPECT_EQ(elsewhere.status, 1) << elsewhere.out;
    const auto named = call({"shop.echo", "-k", "[1]"});
    EXPECT_NE(named.err.find("--kwargs: not a JSON object"), std::string::npos) << named.err;
}

TEST_F(task_verbs, a_failure_reaches_the_caller_with_its_text)
{
    const auto failed = call({"shop.fail", "boom"});
    EXPECT_EQ(failed.status, 1);
    EXPECT_NE(failed.err.find("boom"), std::string::npos) << failed.err;
    const auto unknown = call({"shop.none"});
    EXPECT_EQ(unknown.status, 1);
    EXPECT_NE(unknown.err.find("NotRegistered"), std::string::npos) << unknown.err;
    const auto wrong = call({"shop.add", "1"});
    EXPECT_EQ(wrong.status, 1);
    EXPECT_NE(wrong.err.find("TypeError"), std::string::npos) << wrong.err;
}

TEST_F(task_verbs, result_tells_what_became_of_a_call)
{
    const auto sent = call({"shop.add", "20", "22", "--no-wait"});
    ASSERT_EQ(sent.status, 0) << sent.err;
    const std::string id = sent.out.substr(0, sent.out.find('\n'));
    ASSERT_EQ(call({"shop.add", "1", "1"}).status, 0);
    const auto known = run_program({FERRY_COMMAND, "result", "--broker", url_, id});
    EXPECT_EQ(known.status, 0) << known.err;
    EXPECT_NE(known.out.find("42"), std::string::npos) << known.out;
}

TEST_F(task_verbs, the_worker_stops_on_a_signal)
{
    ASSERT_EQ(call({"shop.add", "1", "1"}).status, 0);
    worker_->signal(SIGTERM);
    EXPECT_EQ(worker_->wait(), 0) << testing::read_file(folder_ / "err");
}

TEST_F(task_verbs, the_worker_begins_anew_on_hup)
{
    const auto starts = [this] {
        const std::string log = testing::read_file(folder_ / "err");
        int count = 0;
        for (std::size_t at = log.find("worker started"); at != std::string::npos;
             at = log.find("worker started", at + 1)) {
            ++count;
        }
        return count;
    };
    ASSERT_EQ(call({"shop.add", "1", "1"}).status, 0);
    worker_->signal(SIGHUP);
    for (int i = 0; i < 500 && starts() < 2; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_EQ(starts(), 2) << testing::read_file(folder_ / "err");
    EXPECT_EQ(call({"shop.add", "1", "1"}).status, 0);
    worker_->signal(SIGTERM);
    EXPECT_EQ(worker_->wait(), 0) << testing::read_file(folder_ / "err");
}

TEST_F(task_verbs, events_want_a_broker_that_has_them)
{
    const auto embedded = run_program({FERRY_COMMAND, "events", "--broker", url_});
    EXPECT_EQ(embedded.status, 1);
    EXPECT_NE(embedded.err.find("no events"), std::string::npos) << embedded.err;
    EXPECT_EQ(run_program({FERRY_COMMAND, "events"}).status, 2);
}

/// A plan of its own, and the state that a beat keeps of it.
class beat_verb : public ::testing::Test {
protected:
    std::vector<std::string> command(const std::string& plan, std::vector<std::string> more = {})
    {
        replace_file(plan_, plan);
        std::vector<std::string> words{FERRY_COMMAND,
                                       "beat",
                                       plan_,
                                       "--state",
                                       state_,
                                       "--broker",
                                       "sqlite://" + (folder_ / "tasks.db")};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }
    std::int64_t runs() const
    {
        const auto saved = json::parse(read_whole_file(state_, 10'000));
        return saved["entries"]["often"]["total_runs"].as<std::int64_t>();
    }

    testing::temporary_directory folder_;
    std::string plan_ = folder_ / "plan.toml";
    std::string state_ = folder_ / "beat.json";
};

TEST_F(beat_verb, sends_until_a_signal_ends_it)
{
    testing::program beat(command("[often]\ntask = 'shop.add'\nevery = '20ms'\nargs = [2, 3]\n"),
                          folder_ / "out", folder_ / "err");
    for (int i = 0; i < 500 && (!std::filesystem::exists(state_) || runs() < 3); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    beat.signal(SIGTERM);
    EXPECT_EQ(beat.wait(), 0);
    EXPECT_GE(runs(), 3);
}

TEST_F(beat_verb, checks_a_plan)
{
    const auto checked =
        run_program(command("[a]\ntask = 'x'\ncrontab = '0 0 30 2 *'\n", {"--check"}));
    EXPECT_EQ(checked.status, 0) << checked.err;
    EXPECT_EQ(checked.out.substr(0, 2), "a ");
    EXPECT_NE(checked.out.find("crontab 0 0 30 2 *"), std::string::npos);
    EXPECT_NE(checked.out.find("never"), std::string::npos);
    const auto wrong = run_program(command("[a]\ntask = 'x'\ncrontab = '0 0 30 2'\n"));
    EXPECT_EQ(wrong.status, 1);
    EXPECT_NE(wrong.err.find("plan.toml:3:11: crontab: five fields wanted"), std::string::npos)
        << wrong.err;
}

}  // namespace
}  // namespace ferry
