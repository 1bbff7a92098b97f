#include "ferry/core/log.hpp"

#include <gtest/gtest.h>

#include <source_location>
#include <stdexcept>
#include <string>
#include <vector>

namespace ferry {
namespace {

using namespace std::chrono_literals;

class log_test : public ::testing::Test {
protected:
    log_test()
    {
        log::set_sink([this](const log::record& r) {
            lines_.push_back(std::string{log::name(r.level)} + " " + log::line(r));
        });
    }
    ~log_test() override
    {
        log::set_sink(nullptr);
        log::set_level(log::level::warning);
    }

    std::vector<std::string> lines_;
};

TEST_F(log_test, is_silent_below_warning)
{
    log::info("started");
    EXPECT_TRUE(lines_.empty());
    log::set_level(log::level::debug);
    log::debug("started");
    log::trace("more");
    EXPECT_EQ(lines_, std::vector<std::string>{"debug started"});
}

TEST_F(log_test, prints_fields_of_every_kind)
{
    const std::string url = "http://a.local/";
    log::warning("retried", "url", url, "attempt", 2, "ratio", 0.5, "last", true, "after", 250ms);
    EXPECT_EQ(lines_.at(0),
              "warning retried url=http://a.local/ attempt=2 ratio=0.5 last=true after=250ms");
}

TEST_F(log_test, knows_where_it_was_called)
{
    std::source_location where;
    log::set_sink([&](const log::record& r) { where = r.where; });
    log::error(std::string("broken"), "a", 1);
    const auto here = std::source_location::current();
    EXPECT_STREQ(where.file_name(), here.file_name());
    EXPECT_EQ(where.line() + 1, here.line());
}

TEST_F(log_test, no_value_can_forge_a_line)
{
    log::error("bad", "name", "a\nerror forged", "quoted", "say \"hi\"", "empty", "");
    EXPECT_EQ(lines_.at(0), R"(error bad name="a\nerror forged" quoted="say \"hi\"" empty="")");
    // C1 controls, which a terminal may obey, and what is no UTF-8.
    log::error("b\u009B[31m", "reason", "\xFF\xFE", "name", "Zo\u00EB");
    EXPECT_EQ(lines_.at(1), "error b\\xc2\\x9b[31m reason=\"\\xff\\xfe\" name=Zo\u00EB");
}

TEST_F(log_test, masks_secrets)
{
    log::error("refused", "password", "hunter2", "Set-Cookie", "id=1", "x_api_key", "k");
    EXPECT_EQ(lines_.at(0), "error refused password=*** Set-Cookie=*** x_api_key=***");
}

TEST_F(log_test, a_sink_that_throws_disturbs_nobody)
{
    log::set_sink([](const log::record&) { throw std::runtime_error("disk full"); });
    EXPECT_NO_THROW(log::error("x"));
}

TEST_F(log_test, goes_to_standard_error_by_default)
{
    log::set_sink(nullptr);
    ::testing::internal::CaptureStderr();
    log::warning("hello", "n", 1);
    const std::string text = ::testing::internal::GetCapturedStderr();
    EXPECT_TRUE(text.ends_with("Z warning hello n=1\n")) << text;
}

}  // namespace
}  // namespace ferry
