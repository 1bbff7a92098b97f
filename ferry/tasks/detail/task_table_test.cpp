#include "ferry/tasks/detail/task_table.hpp"

#include <gtest/gtest.h>

namespace ferry::tasks::detail {
namespace {

TEST(task_table, uses_no_number_twice)
{
    sqlite::database db{":memory:"};
    task_table table{db};
    new_task task;
    task.queue = "celery";
    constexpr std::int64_t owner = 1;
    std::int64_t last = 0;
    for (int i = 0; i < 3; ++i) {
        table.insert(task);
        const auto claimed = table.claim("celery", owner, 1);
        ASSERT_EQ(claimed.size(), 1U);
        EXPECT_GT(claimed[0].id, last);
        last = claimed[0].id;
        ASSERT_TRUE(table.ack(last, owner));
    }
}

}  // namespace
}  // namespace ferry::tasks::detail
