#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
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
        for (int i = 0; i < 500 && !std::filesystem::exists(folder_ / "port"); ++i) {
            std::this_thread::sleep_for(10ms);
        }
        port_ = read_file(folder_ / "port");
        while (!port_.empty() && port_.back() == '\n') port_.pop_back();
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
