#include "ferry/async/run.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/canvas.hpp"
#include "ferry/tasks/detail/beside_worker.hpp"
#include "ferry/tasks/tasks.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

class group_result_test : public ::testing::Test {
protected:
    group_result_test() { log::set_level(log::level::off); }
    ~group_result_test() override { log::set_level(log::level::warning); }

    /// `ready waiting successful failed completed_count: states`.
    static awaitable<std::string> looks(group_result of)
    {
        const auto word = [](bool b) { return b ? "yes " : "no "; };
        std::string text;
        const bool ready = co_await of.ready();
        const bool waiting = co_await of.waiting();
        const bool successful = co_await of.successful();
        const bool failed = co_await of.failed();
        const std::size_t completed = co_await of.completed_count();
        text += word(ready);
        text += word(waiting);
        text += word(successful);
        text += word(failed);
        text += std::to_string(completed) + ":";
        const std::vector<std::string> states = co_await of.states();
        for (const std::string& s : states) text += " " + s;
        co_return text;
    }

    testing::temporary_directory folder_;
    app app_{"test", broker("sqlite://" + (folder_ / "tasks.db"))};
    task<int(int, int)> add_ = app_.task("ferry.add", [](int x, int y) { return x + y; });
    task<int(std::vector<int>)> sum_ = app_.task("ferry.xsum", [](std::vector<int> all) {
        return std::accumulate(all.begin(), all.end(), 0);
    });
    task<int(std::string)> fail_ =
        app_.task("ferry.fail", [](std::string why) -> int { throw std::invalid_argument(why); });
};

TEST_F(group_result_test, tells_how_its_calls_are)
{
    const auto three = [&](auto last) { return group(add_.s(1, 1), add_.s(2, 2), last); };
    group_result good = ferry::run(three(add_.s(3, 3)).delay());
    group_result bad = ferry::run(three(fail_.s("boom")).delay());
    EXPECT_EQ(ferry::run(looks(good)), "no yes no no 0: PENDING PENDING PENDING");
    worker w(app_, concurrency(2));
    detail::run_beside(w, [&]() -> awaitable<void> {
        co_await good.get(60s);
        co_await bad.outcomes(60s);
    });
    EXPECT_EQ(ferry::run(looks(good)), "yes no yes no 3: SUCCESS SUCCESS SUCCESS");
    EXPECT_EQ(ferry::run(looks(bad)), "yes no no yes 2: SUCCESS SUCCESS FAILURE");
    ferry::run(bad.forget());
    EXPECT_EQ(ferry::run(looks(bad)), "no yes no no 0: PENDING PENDING PENDING");
    EXPECT_EQ(ferry::run(looks(good)), "yes no yes no 3: SUCCESS SUCCESS SUCCESS");
}

TEST_F(group_result_test, of_no_calls_is_as_celerys)
{
    const group_result none;
    EXPECT_EQ(ferry::run(looks(none)), "yes no yes no 0:");
    EXPECT_TRUE(ferry::run(none.outcomes(60s)).empty());
    ferry::run(none.forget());
    ferry::run(none.revoke());
}

TEST_F(group_result_test, gives_the_end_of_each_call_whatever_it_is)
{
    const auto members = group(add_.s(1, 1), fail_.s("boom"), add_.s(2, 2).set(expires(now() - 1h)),
                               add_.s(3, 3).set(ignore_result()));
    worker w(app_, concurrency(2));
    detail::run_beside(w, [&]() -> awaitable<void> {
        const group_result all = co_await members.delay();
        const std::vector<result_document> ends = co_await all.outcomes(60s);
        EXPECT_EQ(ends.size(), 4U);
        for (std::size_t i = 0; i < ends.size(); ++i) {
            EXPECT_EQ(ends[i].task_id, all.parts()[i].id());
        }
        EXPECT_EQ(ends[0].result, value(2));
        EXPECT_EQ(ends[1].status, state::failure);
        EXPECT_EQ(task_error(ends[1]).exc_type(), "ValueError");
        EXPECT_EQ(task_error(ends[1]).message(), "boom");
        EXPECT_EQ(ends[2].status, state::revoked);
        EXPECT_EQ(task_error(ends[2]).exc_type(), "TaskRevokedError");
        EXPECT_TRUE(ends[3].result.is_null());
        const bool failed = co_await all.failed();
        EXPECT_TRUE(failed);
        const result_document alone = co_await all.parts()[1].outcome(60s);
        EXPECT_EQ(task_error(alone).message(), "boom");
    });
}

TEST_F(group_result_test, has_a_list_of_each_group_at_the_end_of_a_member)
{
    const auto pair = group(add_.s(1), add_.s(10));
    const auto two = group(add_.s(1, 1), add_.s(2, 2));
    struct row {
        const char* results;
        group_workflow members;
    };
    const row rows[] = {
        {"[[3, 12], 10]", group(chain(add_.s(1, 1), pair), add_.s(5, 5))},
        {"[[6, 15], 7]", chain(add_.s(2, 2), group(chain(add_.s(1), pair), add_.s(3)))},
        {"[[[4, 13], 5], 0]",
         group(chain(add_.s(1, 1), group(chain(add_.s(1), pair), add_.s(3))), add_.s(0, 0))},
        {"[10, [6, 6]]", group(add_.s(5, 5), chord(two, group(sum_.s(), sum_.s())))},
        {"[2, 4, 6]", group(two, add_.s(3, 3))},
    };
    worker w(app_, concurrency(2));
    detail::run_beside(w, [&]() -> awaitable<void> {
        for (const row& r : rows) {
            const group_result all = co_await r.members.delay();
            const std::vector<value> results = co_await all.get(60s);
            EXPECT_EQ(python_repr(to_value(results)), r.results);
            const std::size_t completed = co_await all.completed_count();
            EXPECT_EQ(completed, all.parts().size());
        }
    });
}

TEST_F(group_result_test, waits_for_the_ends_no_longer_than_it_is_told)
{
    const group_result all = ferry::run(group(add_.s(1, 1), add_.s(2, 2)).delay());
    EXPECT_THROW(ferry::run(all.outcomes(20ms)), timeout_error);
    EXPECT_THROW(ferry::run(all.parts()[0].outcome(20ms)), timeout_error);
}

TEST_F(group_result_test, cannot_be_revoked_without_remote_control)
{
    const group_result all = ferry::run(group(add_.s(1, 1), add_.s(2, 2)).delay());
    for (const bool terminate : {false, true}) {
        try {
            ferry::run(terminate ? all.terminate() : all.revoke());
            FAIL();
        } catch (const error& e) {
            EXPECT_EQ(e.code(), condition::unsupported);
        }
    }
}

}  // namespace
}  // namespace ferry::tasks
