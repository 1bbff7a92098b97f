#include "ferry/tasks/detail/rpc_inbox.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

result_document document(std::string id, std::string_view status)
{
    result_document d;
    d.task_id = std::move(id);
    d.status = status;
    return d;
}

class rpc_inbox_test : public ::testing::Test {
protected:
    task<result_document> waiting(std::string id) const
    {
        auto begun = spawn(rpc_inbox::wait(in_, std::move(id)), "waiting");
        run(yield_now());
        return begun;
    }

    const std::shared_ptr<rpc_inbox> in_ = std::make_shared<rpc_inbox>();
};

TEST_F(rpc_inbox_test, lets_all_go_on_who_wait_for_a_result)
{
    task<result_document> first = waiting("a");
    task<result_document> second = waiting("a");
    task<result_document> other = waiting("b");
    EXPECT_FALSE(in_->keep(document("a", state::started)));
    EXPECT_EQ(in_->waiting(), 3U);
    EXPECT_TRUE(in_->keep(document("a", state::success)));
    EXPECT_EQ(run(std::move(first).join()).status, "SUCCESS");
    EXPECT_EQ(run(std::move(second).join()).status, "SUCCESS");
    EXPECT_EQ(run(rpc_inbox::wait(in_, "a")).status, "SUCCESS") << "it has come already";
    EXPECT_EQ(in_->waiting(), 1U);
    in_->keep(document("b", state::failure));
    EXPECT_EQ(run(std::move(other).join()).status, "FAILURE");
}

TEST_F(rpc_inbox_test, keeps_nothing_of_those_who_do_not_wait_any_more)
{
    EXPECT_THROW(run(timeout(1ms, rpc_inbox::wait(in_, "a"))), timeout_error);
    EXPECT_EQ(in_->waiting(), 0U);

    task<result_document> leaves = waiting("a");
    task<result_document> stays = waiting("a");
    EXPECT_EQ(in_->waiting(), 2U);
    leaves.cancel();
    EXPECT_THROW(run(std::move(leaves).join()), cancelled);
    EXPECT_EQ(in_->waiting(), 1U);
    in_->keep(document("a", state::success));
    EXPECT_EQ(run(std::move(stays).join()).status, "SUCCESS");
    EXPECT_EQ(in_->waiting(), 0U);
}

TEST_F(rpc_inbox_test, does_not_replace_a_result_by_another_try)
{
    EXPECT_FALSE(in_->find("a"));
    EXPECT_TRUE(in_->keep(document("a", state::failure)));
    EXPECT_TRUE(in_->keep(document("a", state::started)));
    EXPECT_EQ(in_->find("a")->status, "FAILURE");
    in_->keep(document("a", state::success));
    in_->keep(document("a", state::failure));
    EXPECT_EQ(in_->find("a")->status, "SUCCESS");
    in_->forget("a");
    EXPECT_FALSE(in_->find("a"));
}

TEST_F(rpc_inbox_test, forgets_the_oldest)
{
    for (std::size_t n = 0; n <= rpc_inbox::most; ++n) {
        in_->keep(document(std::to_string(n), state::success));
    }
    EXPECT_FALSE(in_->find("0"));
    EXPECT_TRUE(in_->find("1"));
    EXPECT_TRUE(in_->find(std::to_string(rpc_inbox::most)));
}

}  // namespace
}  // namespace ferry::tasks::detail
