#include "ferry/async/prompt.hpp"

#include "ferry/async/gather.hpp"
#include "ferry/async/green.hpp"
#include "ferry/async/loop.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/async/wait.hpp"
#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace ferry {
namespace {

using namespace std::chrono_literals;

struct counts {
    int attempts = 0;
    int coroutines = 0;
};

// Gives a text, at once or in a later turn.
class give final : public prompt_base<give, std::unique_ptr<std::string>> {
public:
    give(counts& of, std::string text, bool at_once)
        : of_{&of}, text_{std::move(text)}, at_once_{at_once}
    {
    }
    bool attempt()
    {
        ++of_->attempts;
        if (text_ == "bad") throw error(errc::malformed, "bad");
        return at_once_;
    }
    std::unique_ptr<std::string> result() { return std::make_unique<std::string>(text_); }
    awaitable<std::unique_ptr<std::string>> later() && { return wait(of_, std::move(text_)); }

private:
    static awaitable<std::unique_ptr<std::string>> wait(counts* of, std::string text)
    {
        ++of->coroutines;
        co_await yield_now();
        if (text == "late and bad") throw error(errc::malformed, "late and bad");
        co_return std::make_unique<std::string>(text + ", late");
    }

    counts* of_;
    std::string text_;
    bool at_once_;
};
static_assert(prompt<give>);

awaitable<std::string> take(counts* of, std::string text, bool at_once)
{
    const auto got = co_await give(*of, text, at_once);
    co_return *got;
}

TEST(prompt, needs_no_coroutine_if_it_is_done_at_once)
{
    counts of;
    EXPECT_EQ(run(take(&of, "a text that is not short", true)), "a text that is not short");
    EXPECT_EQ(of.attempts, 1);
    EXPECT_EQ(of.coroutines, 0);
}

TEST(prompt, becomes_a_coroutine_to_wait)
{
    counts of;
    EXPECT_EQ(run(take(&of, "a", false)), "a, late");
    EXPECT_EQ(of.attempts, 1);
    EXPECT_EQ(of.coroutines, 1);
}

TEST(prompt, fails_where_it_is_awaited)
{
    counts of;
    EXPECT_THROW(run(take(&of, "bad", true)), error);
    EXPECT_THROW(run(take(&of, "late and bad", false)), error);
}

TEST(prompt, is_lazy_and_may_be_moved)
{
    counts of;
    auto waits = [](counts* c) -> awaitable<std::string> {
        give first(*c, "later", true);
        EXPECT_EQ(c->attempts, 0);
        give second(std::move(first));
        const auto got = co_await std::move(second);
        co_return *got;
    };
    EXPECT_EQ(run(waits(&of)), "later");
}

TEST(prompt, is_an_operation_for_whatever_takes_one)
{
    counts of;
    const std::string late = "a, late";
    EXPECT_EQ(*run(give(of, "a", true)), late);
    EXPECT_EQ(*run(timeout(1s, give(of, "a", true))), late);
    EXPECT_EQ(*run(shield(give(of, "a", true))), late);
    const auto [one, two] = run(gather(give(of, "a", true), take(&of, "b", true)));
    EXPECT_EQ(*one + ' ' + two, "a, late b");
    auto job =
        spawn(give(of, "a", true)).then([](std::unique_ptr<std::string> got) { return *got; });
    EXPECT_EQ(run(job.join()), late);
    auto called = spawn([&of] { return give(of, "a", true); });
    EXPECT_EQ(*run(called.join()), late);
    auto grouped = [](counts* c) -> awaitable<std::string> {
        task_group group;
        auto member = group.spawn(give(*c, "a", true));
        co_await group.join();
        auto joined = member.join();
        const auto got = co_await std::move(joined);
        co_return *got;
    };
    EXPECT_EQ(run(grouped(&of)), late);
    auto thread = green::spawn([&of] { return *green::wait(give(of, "a", true)); });
    EXPECT_EQ(run(thread.join()), late);
    awaitable<std::unique_ptr<std::string>> plain = give(of, "a", true);
    EXPECT_EQ(*run(std::move(plain)), late);
    auto handed_on = loop::current().submit(give(of, "a", true));
    run(yield_now());
    run(yield_now());
    EXPECT_EQ(*handed_on.get(), late);
}

// As any operation: a cancellation is met where one waits.
TEST(prompt, is_done_by_who_was_cancelled_unless_it_waits)
{
    counts of;
    auto tries_again = [](counts* c) -> awaitable<void> {
        try {
            co_await sleep(1h);
        } catch (const cancelled&) {
        }
        co_await give(*c, "a", true);
        co_await give(*c, "b", false);
        ADD_FAILURE() << "not cancelled";
    };
    auto job = spawn(tries_again(&of));
    run(yield_now());
    job.cancel();
    EXPECT_THROW(run(job.join()), cancelled);
    EXPECT_EQ(of.attempts, 2);
}

}  // namespace
}  // namespace ferry
