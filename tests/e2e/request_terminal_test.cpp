// `ferry get` as somebody at a terminal sees it.
#include "ferry/testing/peer.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"
#include "ferry/testing/terminal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

namespace ferry {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using testing::read_file;
using ::testing::StartsWith;
using testing::terminal;

class at_a_terminal : public ::testing::Test {
protected:
    at_a_terminal()
    {
        std::filesystem::create_directory(folder_ / "site");
        std::ofstream(folder_ / "site/a.json") << R"({"name":"café","n":[1,true,null]})";
        std::ofstream(folder_ / "site/a.bin") << std::string("\0\1\2", 3);
        std::string big;
        for (int i = 0; big.size() < 3'000'000; ++i) big += std::to_string(i) + '\n';
        std::ofstream(folder_ / "site/big.bin") << big;
        server_.emplace(std::vector<std::string>{FERRY_COMMAND, "serve", folder_ / "site", "--port",
                                                 "0", "--port-file", folder_ / "port"},
                        folder_ / "out", folder_ / "err");
        for (int i = 0; i < 2000 && read_file(folder_ / "port").find('\n') == std::string::npos;
             ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
        const std::string port = read_file(folder_ / "port");
        base_ = "http://127.0.0.1:" + port.substr(0, port.find('\n'));
    }

    std::string url(const std::string& path) const { return base_ + path; }
    static std::string shown(std::vector<std::string> words, int status = 0)
    {
        words.insert(words.begin(), FERRY_COMMAND);
        terminal screen(words);
        EXPECT_EQ(screen.wait(), status) << screen.shown();
        return screen.shown();
    }

    testing::temporary_directory folder_;
    std::string base_;
    std::optional<testing::program> server_;
};

TEST_F(at_a_terminal, json_is_coloured_and_indented_under_a_coloured_head)
{
    const std::string all = shown({"get", url("/a.json")});
    EXPECT_THAT(all, StartsWith("HTTP/1.1 \033[32m200 OK\033[0m\n"));
    EXPECT_THAT(all, HasSubstr("\033[36mContent-Type\033[0m: application/json\n"));
    EXPECT_THAT(all, HasSubstr("\n\n{\n  \033[34m\"name\"\033[0m: \033[32m\"café\"\033[0m,\n"
                               "  \033[34m\"n\"\033[0m: [\n    \033[33m1\033[0m,\n"
                               "    \033[33mtrue\033[0m,\n    \033[33mnull\033[0m\n  ]\n}\n"));
}

TEST_F(at_a_terminal, no_color_is_honoured)
{
    ::setenv("NO_COLOR", "1", 1);
    const std::string all = shown({"get", url("/a.json")});
    ::unsetenv("NO_COLOR");
    EXPECT_THAT(all, Not(HasSubstr("\033[3")));
    EXPECT_THAT(all, HasSubstr("{\n  \"name\": \"café\","));
}

TEST_F(at_a_terminal, what_is_no_text_is_not_shown)
{
    EXPECT_THAT(shown({"get", url("/a.bin")}), HasSubstr("3 bytes that are no text"));
    const std::string raw = shown({"get", url("/a.bin"), "--pretty", "none"}, 1);
    EXPECT_THAT(raw, HasSubstr("the body is no text"));
    EXPECT_THAT(raw, Not(HasSubstr("\1\2")));
}

TEST_F(at_a_terminal, a_download_shows_a_bar_and_goes_on_after_ctrl_c)
{
    const std::string file = folder_ / "big.bin";
    const std::string whole = read_file(folder_ / "site/big.bin");
    terminal first({FERRY_COMMAND, "get", url("/big.bin"), "-o", file, "--limit-rate", "500k"});
    ASSERT_TRUE(first.wait_for(" s left")) << first.shown();
    // Percent, size, rate, time left.
    EXPECT_THAT(first.shown(),
                MatchesRegex("(.|\r|\n)*\\[#* *\\] +[0-9]+ %  [0-9.]+ [kM]?B of 3\\.0 MB  "
                             "[0-9.]+ [kM]?B/s  about [0-9]+ s left(.|\r|\n)*"));
    first.type("\x03");
    EXPECT_EQ(first.wait(), 130);
    EXPECT_THAT(first.shown(), HasSubstr("what has come is kept; -C goes on with it"));
    EXPECT_FALSE(std::filesystem::exists(file));
    const auto kept = std::filesystem::file_size(file + ".part");
    EXPECT_GT(kept, 0U);
    EXPECT_LT(kept, whole.size());

    terminal second(
        {FERRY_COMMAND, "get", url("/big.bin"), "-o", file, "-C", "-", "--har", folder_ / "har"});
    EXPECT_EQ(second.wait(), 0) << second.shown();
    EXPECT_TRUE(read_file(file) == whole);
    EXPECT_FALSE(std::filesystem::exists(file + ".part"));
    EXPECT_THAT(read_file(folder_ / "har"), HasSubstr("\"bytes=" + std::to_string(kept) + "-\""));
}

TEST_F(at_a_terminal, what_comes_at_once_is_shown_as_done)
{
    EXPECT_THAT(shown({"get", url("/a.bin"), "-o", folder_ / "a"}),
                HasSubstr("[########################] 100 %  3 B of 3 B"));
    EXPECT_THAT(
        shown({"download", "-j", "4", url("/a.bin"), url("/a.json"), "-o", folder_ / "files/"}),
        HasSubstr("2 of 2 files  [########################] 100 %  37 B of 37 B"));
    EXPECT_THAT(shown({"get", url("/a.bin"), "-o", folder_ / "a", "-s"}), Not(HasSubstr("%")));
}

TEST_F(at_a_terminal, a_download_verb_resumes_in_a_folder)
{
    const std::string into = folder_ / "files/";
    terminal first(
        {FERRY_COMMAND, "download", url("/big.bin"), "-o", into, "--limit-rate", "500k"});
    ASSERT_TRUE(first.wait_for(" %  ")) << first.shown();
    first.type("\x03");
    EXPECT_EQ(first.wait(), 130);
    terminal second({FERRY_COMMAND, "download", url("/big.bin"), "-o", into});
    EXPECT_EQ(second.wait(), 0) << second.shown();
    EXPECT_TRUE(read_file(into + "big.bin") == read_file(folder_ / "site/big.bin"));
}

TEST_F(at_a_terminal, ctrl_c_ends_a_slow_answer)
{
    terminal screen({FERRY_COMMAND, "get", url("/a.json"), "--limit-rate", "1", "--stream",
                     "--pretty", "none"});
    ASSERT_TRUE(screen.wait_for("{"));
    screen.type("\x03");
    EXPECT_EQ(screen.wait(), 130);
}

TEST_F(at_a_terminal, help_has_examples)
{
    for (const char* verb :
         {"get", "post", "put", "patch", "delete", "head", "request", "download", "serve"}) {
        const std::string text = shown({verb, "--help"});
        EXPECT_THAT(text, HasSubstr("\n  ferry ")) << verb;
        EXPECT_THAT(text, HasSubstr("--")) << verb;
    }
}

}  // namespace
}  // namespace ferry
