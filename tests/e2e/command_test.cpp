#include "ferry/testing/program.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace ferry
