#include "ferry/tasks/detail/execution.hpp"

#include "ferry/tasks/detail/app_core.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

const timestamp noon = iso8601::parse("2026-11-25T12:00:00Z").utc;

message call(std::int64_t retries = 0)
{
    message m;
    m.task = "t";
    m.id = "1";
    m.retries = retries;
    m.reply_to = "client";
    m.priority = 4;
    m.chain = value::array("next");
    m.headers = value::object("mine", 1);
    return m;
}

std::exception_ptr gone()
{
    return std::make_exception_ptr(connection_error{ferry::errc::disconnected, "gone"});
}

TEST(execution, success_is_acked_with_its_result)
{
    const message m = call();
    const settlement s = execution{m, task_settings(), "q", 7}.succeeded(5, noon);
    EXPECT_EQ(s.tag, 7U);
    EXPECT_EQ(s.verdict, verdict::ack);
    ASSERT_TRUE(s.result);
    EXPECT_EQ(s.result->status, "SUCCESS");
    EXPECT_EQ(s.result->result, value(5));
    EXPECT_EQ(s.result->date_done, noon);
    EXPECT_TRUE(s.publish.empty());
}

TEST(execution, ignored_results_are_not_stored)
{
    message m = call();
    m.ignore_result = true;
    EXPECT_FALSE(execution(m, task_settings(), "q", 7).succeeded(5, noon).result);
    EXPECT_FALSE(execution(m, task_settings(), "q", 7).failed(gone(), noon, 1).result);
}

TEST(execution, a_failure_is_rejected_if_it_is_not_to_be_acked)
{
    task_settings with;
    acks_late()(with);
    const message m = call();
    EXPECT_EQ(execution(m, with, "q", 7).failed(gone(), noon, 1).verdict, verdict::ack);
    acks_on_failure(false)(with);
    EXPECT_EQ(execution(m, with, "q", 7).failed(gone(), noon, 1).verdict, verdict::reject);
    EXPECT_EQ(execution(m, with, "q", 7).succeeded(5, noon).verdict, verdict::ack);
    // Acked when it began.
    acks_late(false)(with);
    EXPECT_EQ(execution(m, with, "q", 7).failed(gone(), noon, 1).verdict, verdict::ack);
}

TEST(execution, a_retry_is_the_same_call_later)
{
    task_settings with;
    retry_for<connection_error>{3}(with);
    const message m = call(1);
    const settlement s = execution{m, with, "q", 7}.failed(gone(), noon, 1.0);
    ASSERT_EQ(s.publish.size(), 1U);
    EXPECT_EQ(s.publish[0].queue, "q");
    const message next = decode(s.publish[0].content);
    EXPECT_EQ(next.id, "1");
    EXPECT_EQ(next.retries, 2);
    EXPECT_EQ(next.eta, noon + 2s) << "twice the first wait";
    EXPECT_EQ(next.parent_id, "1");
    EXPECT_EQ(next.origin, origin());
    EXPECT_EQ(next.reply_to, "client");
    EXPECT_EQ(next.priority, 4);
    EXPECT_EQ(next.chain, value::array("next"));
    EXPECT_EQ(next.headers, value::object("mine", 1));
    ASSERT_TRUE(s.result);
    EXPECT_EQ(s.result->status, "RETRY");
    EXPECT_EQ(s.result->result["exc_type"], value("ConnectionError"));
}

TEST(execution, waits_double_up_to_the_longest)
{
    task_settings with;
    retry_for<connection_error>{1000}(with);
    backoff{1s, 10s}(with);
    struct row {
        std::int64_t retries;
        double chance;
        std::chrono::milliseconds expected;
    };
    for (const row& r : {row{0, 1, 1s}, row{1, 1, 2s}, row{3, 1, 8s}, row{4, 1, 10s},
                         row{900, 1, 10s}, row{1, 0.25, 500ms}, row{1, 0, 0s}}) {
        const message m = call(r.retries);
        const settlement s = execution{m, with, "q", 7}.failed(gone(), noon, r.chance);
        ASSERT_EQ(s.publish.size(), 1U);
        EXPECT_EQ(decode(s.publish[0].content).eta, noon + r.expected) << r.retries;
    }
    backoff{1s, 10s, false}(with);
    const message m = call(1);
    EXPECT_EQ(decode(execution(m, with, "q", 7).failed(gone(), noon, 0).publish.at(0).content).eta,
              noon + 2s)
        << "no jitter";
}

TEST(execution, tries_come_to_an_end)
{
    task_settings with;
    retry_for<connection_error>{3}(with);
    const message last = call(3);
    const settlement s = execution{last, with, "q", 7}.failed(gone(), noon, 1);
    EXPECT_TRUE(s.publish.empty());
    EXPECT_EQ(s.result->status, "FAILURE");
    const message first = call(0);
    const auto other = std::make_exception_ptr(std::runtime_error{"else"});
    EXPECT_EQ(execution(first, with, "q", 7).failed(other, noon, 1).result->status, "FAILURE");
}

TEST(execution, a_request_to_retry)
{
    const message m = call(3);
    const auto asked = [](std::optional<std::int64_t> limit) {
        return std::make_exception_ptr(retry_requested{5s, limit, gone()});
    };
    const settlement over = execution{m, task_settings(), "q", 7}.failed(asked(3), noon, 1);
    EXPECT_EQ(over.result->status, "FAILURE");
    EXPECT_EQ(over.result->result["exc_type"], value("ConnectionError"))
        << "what was being handled";
    const settlement again = execution{m, task_settings(), "q", 7}.failed(asked({}), noon, 1);
    ASSERT_EQ(again.publish.size(), 1U);
    EXPECT_EQ(decode(again.publish[0].content).eta, noon + 5s);
}

TEST(execution, revoked)
{
    const message m = call();
    const settlement s = execution{m, task_settings(), "q", 7}.revoked("expired", noon);
    EXPECT_EQ(s.result->status, "REVOKED");
    EXPECT_EQ(exception_repr(s.result->result), "TaskRevokedError('expired')");
}

}  // namespace
}  // namespace ferry::tasks::detail
