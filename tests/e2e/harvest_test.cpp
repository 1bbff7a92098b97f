#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

namespace ferry {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::program;
using testing::read_file;
using testing::run_program;
using testing::temporary_directory;

constexpr int pages = 400;

/// A site of pages that link to their neighbours, served by the command itself.
class site {
public:
    site()
    {
        // The file is there a moment before its text is.
        for (int i = 0; i < 5'000 && !port_.ends_with('\n'); ++i) {
            std::this_thread::sleep_for(1ms);
            port_ = read_file(folder_ / "port");
        }
        if (!port_.empty()) port_.pop_back();
    }
    std::string url() const { return "http://127.0.0.1:" + port_; }

private:
    std::vector<std::string> start()
    {
        std::filesystem::create_directory(folder_ / "www");
        for (int i = 0; i < pages; ++i) {
            std::ofstream page{folder_ / ("www/" + std::to_string(i) + ".html")};
            page << "<!doctype html><title>Page " << i << "</title><h1>Page " << i << "</h1>"
                 << std::string(2'000, 'x');
            for (const int to : {i + 1, 2 * i, 2 * i + 1, i / 2}) {
                page << "<a href='" << to % pages << ".html'>next</a>";
            }
        }
        return {FERRY_COMMAND, "serve",       folder_ / "www", "--port",
                "0",           "--port-file", folder_ / "port"};
    }

    temporary_directory folder_;
    program server_{start(), folder_ / "out", folder_ / "err"};
    std::string port_;
};

std::string recipe_for(const std::string& url)
{
    return "[harvest]\nname = 'site'\nuser_agent = 'e2e/1.0'\n[[start]]\nurl = '" + url +
           "/0.html'\n[page.page]\nfollow = [{ xpath = '//a' }]\n[page.page.record.page]\n"
           "fields.title = { xpath = '//h1', required = true }\nfields.url = { meta = 'url' }\n"
           "[politeness]\ndelay = '0ms'\nper_host = 4\n[[output]]\nfile = 'out.jsonl'\n";
}

std::vector<std::string> sorted_lines(const std::string& text)
{
    std::vector<std::string> all;
    std::size_t begin = 0;
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
        all.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    std::sort(all.begin(), all.end());
    return all;
}

TEST(harvest_verb, killed_again_and_again_ends_with_the_same_records)
{
    const site on;
    temporary_directory folder;
    std::ofstream{folder / "r.toml"} << recipe_for(on.url());
    const auto whole = run_program({FERRY_COMMAND, "harvest", "run", folder / "r.toml", "--state",
                                    folder / "whole", "--quiet"});
    ASSERT_EQ(whole.status, 0) << whole.err;
    const auto expected = sorted_lines(read_file(folder / "whole/out.jsonl"));
    EXPECT_EQ(expected.size(), static_cast<std::size_t>(pages));

    const std::vector<std::string> run{FERRY_COMMAND,     "harvest", "run",
                                       folder / "r.toml", "--state", folder / "killed",
                                       "--quiet"};
    std::mt19937 random{7};
    for (int i = 0; i < 10; ++i) {
        program victim{run, folder / "o", folder / "e"};
        std::this_thread::sleep_for(std::chrono::milliseconds{10 + random() % 60});
        victim.signal(SIGKILL);
        victim.wait();
    }
    const auto last = run_program(run);
    ASSERT_EQ(last.status, 0) << last.err;
    EXPECT_EQ(sorted_lines(read_file(folder / "killed/out.jsonl")), expected);
}

std::vector<pid_t> children(pid_t of)
{
    const auto name = std::to_string(of);
    std::ifstream list{"/proc/" + name + "/task/" + name + "/children"};
    return {std::istream_iterator<pid_t>{list}, {}};
}

/// A site, its recipe and what a run without any trouble gives.
class harvest_faults : public ::testing::Test {
protected:
    harvest_faults()
    {
        std::ofstream{folder_ / "r.toml"} << recipe_for(on_.url());
        const auto whole = run_program(command("whole"));
        EXPECT_EQ(whole.status, 0) << whole.err;
        expected_ = records("whole");
        EXPECT_EQ(expected_.size(), static_cast<std::size_t>(pages));
    }

    std::vector<std::string> command(const std::string& state,
                                     const std::vector<std::string>& more = {}) const
    {
        std::vector<std::string> words{FERRY_COMMAND, "harvest",       "run",    folder_ / "r.toml",
                                       "--state",     folder_ / state, "--quiet"};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }
    std::vector<std::string> records(const std::string& state) const
    {
        return sorted_lines(read_file(folder_ / state + "/out.jsonl"));
    }
    /// Until the first records are on the disk, which is in the middle of a run that takes its
    /// time.
    void wait_for_records(const std::string& state) const
    {
        const auto path = folder_ / state + "/out.jsonl.part";
        for (int i = 0; i < 5'000 && read_file(path).empty(); ++i) {
            std::this_thread::sleep_for(1ms);
        }
        ASSERT_FALSE(read_file(path).empty());
    }
    void interrupt_and_go_on(const std::string& workers) const
    {
        auto words = command("s", slowly_);
        words.insert(words.end(), {"--workers", workers});
        program run{words, folder_ / "o", folder_ / "e"};
        wait_for_records("s");
        const auto working = children(run.pid());
        EXPECT_EQ(std::to_string(working.size()), workers);
        run.signal(SIGINT);
        EXPECT_EQ(run.wait(10s), 130);
        EXPECT_THAT(read_file(folder_ / "e"), HasSubstr("run it again to go on"));
        for (const pid_t pid : working) EXPECT_NE(::kill(pid, 0), 0);
        const auto told = run_program({FERRY_COMMAND, "harvest", "status", folder_ / "s"});
        EXPECT_EQ(told.status, 0);
        EXPECT_THAT(told.out, HasSubstr("not running"));
        const auto ended = run_program(words);
        EXPECT_EQ(ended.status, 0) << ended.err;
        EXPECT_EQ(records("s"), expected_);
    }

    const site on_;
    temporary_directory folder_;
    std::vector<std::string> expected_;
    const std::vector<std::string> slowly_{"--set", "politeness.delay=1ms"};
};

TEST_F(harvest_faults, killed_workers_are_replaced_and_no_record_is_lost_or_doubled)
{
    auto words = command("s", slowly_);
    words.insert(words.end(), {"--workers", "2"});
    program run{words, folder_ / "o", folder_ / "e"};
    wait_for_records("s");
    const auto victims = children(run.pid());
    ASSERT_EQ(victims.size(), 2U);
    EXPECT_EQ(::kill(victims[0], SIGKILL), 0);
    EXPECT_EQ(run.wait(), 0) << read_file(folder_ / "e");
    EXPECT_EQ(records("s"), expected_);
    EXPECT_THAT(read_file(folder_ / "s/report.json"), HasSubstr("\"failed\": 0"));
}

TEST_F(harvest_faults, a_full_disk_stops_a_run_that_goes_on_when_there_is_room)
{
    // A limit on the size of files stands for the disk.
    for (const auto* blocks : {"20", "90", "160"}) {
        SCOPED_TRACE(blocks);
        const std::string state = std::string{"full"} + blocks;
        std::vector<std::string> words{"/bin/sh", "-c", "trap '' XFSZ; ulimit -f $0; exec \"$@\"",
                                       blocks};
        const auto run = command(state);
        words.insert(words.end(), run.begin(), run.end());
        const auto stopped = run_program(words);
        EXPECT_EQ(stopped.status, 4) << stopped.err;
        EXPECT_THAT(stopped.err, HasSubstr("make room, then run it again to go on"));
        const auto ended = run_program(run);
        EXPECT_EQ(ended.status, 0) << ended.err;
        EXPECT_EQ(records(state), expected_);
    }
}

TEST_F(harvest_faults, an_interrupted_run_saves_what_it_has_and_goes_on_later)
{
    interrupt_and_go_on("0");
}

TEST_F(harvest_faults, an_interrupted_run_ends_its_workers)
{
    interrupt_and_go_on("2");
}

TEST(harvest_verb, tells_bad_recipes_and_fetches_nothing)
{
    temporary_directory folder;
    std::ofstream{folder / "r.toml"} << "[harvest]\nuser_agnt = 'x'\n[[start]]\nurl = "
                                        "'http://127.0.0.1:1/'\n[page.p]\n";
    for (const auto* verb : {"check", "run"}) {
        const auto done = run_program({FERRY_COMMAND, "harvest", verb, folder / "r.toml"});
        EXPECT_EQ(done.status, 2);
        EXPECT_THAT(done.err, HasSubstr("r.toml:2:1: unknown key \"user_agnt\" in [harvest]; did "
                                        "you mean \"user_agent\"?"));
        EXPECT_EQ(done.out, "");
    }
}

TEST(harvest_verb, writes_checks_tries_and_reports)
{
    const site on;
    temporary_directory folder;
    const auto recipe = folder / "r.toml";
    const auto state = folder / "s";
    auto done =
        run_program({FERRY_COMMAND, "harvest", "init", recipe, "--from", on.url() + "/0.html"});
    ASSERT_EQ(done.status, 0) << done.err;
    done = run_program({FERRY_COMMAND, "harvest", "init", recipe, "--from", on.url()});
    EXPECT_EQ(done.status, 2);
    done = run_program({FERRY_COMMAND, "harvest", "check", recipe});
    EXPECT_EQ(done.status, 0);
    EXPECT_THAT(done.out, HasSubstr("Obeys robots.txt."));
    done = run_program({FERRY_COMMAND, "harvest", "try", recipe, on.url() + "/3.html"});
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_THAT(done.out, HasSubstr("\"title\": \"Page 3\""));
    done = run_program({FERRY_COMMAND, "harvest", "run", recipe, "--state", state, "--limit", "5",
                        "--set", "politeness.delay=0ms", "--json"});
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_THAT(done.out, HasSubstr("\"pages\": 5"));
    done = run_program({FERRY_COMMAND, "harvest", "status", state});
    EXPECT_EQ(done.status, 0);
    EXPECT_THAT(done.out, HasSubstr("complete"));
    done = run_program({FERRY_COMMAND, "harvest", "status", folder / "none"});
    EXPECT_NE(done.status, 0);
}

}  // namespace
}  // namespace ferry
