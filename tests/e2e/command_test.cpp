#include "ferry/testing/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace ferry {
namespace {

using testing::run_program;

TEST(command, prints_its_version)
{
    const auto result = run_program({FERRY_COMMAND, "--version"});
    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(result.out.starts_with("ferry ")) << result.out;
}

TEST(command, lists_its_verbs)
{
    const auto result = run_program({FERRY_COMMAND, "--help"});
    EXPECT_EQ(result.status, 0);
    EXPECT_NE(result.out.find("usage: ferry VERB"), std::string::npos) << result.out;
}

TEST(command, refuses_an_unknown_verb_with_status_2)
{
    const auto result = run_program({FERRY_COMMAND, "gte"});
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "ferry: no such verb: gte; `ferry --help` lists them\n");
}

// The verbs below a verb, as its completion tells them.
std::vector<std::string> verbs_below(std::vector<std::string> words)
{
    words.insert(words.begin(), {FERRY_COMMAND, "completion", "candidates"});
    words.emplace_back();
    std::istringstream lines(run_program(words).out);
    std::vector<std::string> found;
    for (std::string line; std::getline(lines, line);)
        found.push_back(line.substr(0, line.find('\t')));
    return found;
}

void expect_examples(const std::vector<std::string>& words)
{
    std::vector<std::string> line{FERRY_COMMAND};
    line.insert(line.end(), words.begin(), words.end());
    line.emplace_back("--help");
    const std::string help = run_program(line).out;
    if (!words.empty()) {
        EXPECT_THAT(help, ::testing::ContainsRegex("\n  (.*\\| )?ferry ")) << help;
        if (help.find("\nSubcommands:\n") == std::string::npos) return;
    }
    for (const std::string& verb : verbs_below(words)) {
        std::vector<std::string> below = words;
        below.push_back(verb);
        expect_examples(below);
    }
}

TEST(command, shows_an_example_in_every_help)
{
    expect_examples({});
}

}  // namespace
}  // namespace ferry
