#include "ferry/tasks/detail/signature_call.hpp"

#include "ferry/documents/json.hpp"
#include "ferry/tasks/detail/canvas_plan.hpp"
#include "ferry/tasks/detail/signature_value.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <optional>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

value python_call(value options)
{
    value made = signature_of("t", value::array(), value::object(), value());
    made["options"] = std::move(options);
    return made;
}

TEST(signature_call, reads_how_often_python_publishes_it)
{
    struct row {
        const char* options;
        std::optional<int> max_retries;
        std::chrono::milliseconds first{0};
        std::chrono::milliseconds second{200};
    };
    const row rows[] = {
        {R"({})", std::nullopt},
        {R"({"retry": true})", 3},
        {R"({"retry": null, "retry_policy": null})", std::nullopt},
        {R"({"retry": false})", 0},
        {R"({"retry": false, "retry_policy": {"max_retries": 9}})", 0},
        {R"({"retry_policy": {}})", 3},
        {R"({"retry": true, "retry_policy": {"max_retries": 9, "interval_start": 0.5,
             "interval_step": 1, "interval_max": 1.25}})",
         9, 500ms, 1250ms},
        {R"({"retry_policy": {"max_retries": null}})", std::numeric_limits<int>::max()},
        {R"({"retry_policy": {"max_retries": -1}})", 0},
        {R"({"retry_policy": {"max_retries": 99999999999, "interval_start": -1}})",
         std::numeric_limits<int>::max()},
        {R"({"retry": "no", "retry_policy": [3]})", std::nullopt},
        {R"({"retry_policy": {"max_retries": "3", "interval_max": [1]}})", 3},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.options);
        call_settings call;
        add_signature(call, python_call(json::parse(r.options)));
        ASSERT_EQ(call.publishing.has_value(), r.max_retries.has_value());
        if (!r.max_retries) continue;
        EXPECT_EQ(call.publishing->max_retries, *r.max_retries);
        EXPECT_EQ(call.publishing->wait_after(0), r.first);
        EXPECT_EQ(call.publishing->wait_after(1), r.second);
    }
}

TEST(signature_call, writes_for_python_how_often_it_is_published)
{
    call_settings call;
    call.message.task = "t";
    EXPECT_FALSE(to_signature(call)["options"].contains("retry_policy"));
    publish_retry(5, 250ms, 1s, 2s)(call);
    const value options = to_signature(call)["options"];
    EXPECT_EQ(options["retry"], value(true));
    EXPECT_EQ(options["retry_policy"], value::object("max_retries", 5, "interval_start", 0.25,
                                                     "interval_step", 1, "interval_max", 2));
    publish_retry(0)(call);
    EXPECT_EQ(to_signature(call)["options"]["retry"], value(false));
}

TEST(signature_call, keeps_its_own_place_for_the_result_in_a_workflow)
{
    call_settings call;
    call.message.task = "t";
    const value plain = to_signature(call);
    reply_to("elsewhere")(call);
    const value steps[] = {plain, to_signature(call), plain};
    surroundings from;
    from.reply_to = "here";
    const plan p = start(chain_of(steps), from);
    ASSERT_EQ(p.calls.size(), 1U);
    EXPECT_EQ(p.calls[0].message.reply_to, "here");
    const value& behind = p.calls[0].message.chain;
    ASSERT_EQ(behind.size(), 2U);
    EXPECT_EQ(behind[0]["options"]["reply_to"], value("here"));
    EXPECT_EQ(behind[1]["options"]["reply_to"], value("elsewhere"));
}

}  // namespace
}  // namespace ferry::tasks::detail
