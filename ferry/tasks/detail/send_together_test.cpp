#include "ferry/tasks/detail/send_together.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace ferry::tasks::detail {
namespace {

/// Takes numbers, and fails with one of them.
class post_office {
public:
    awaitable<void> take(int n) { return take(this, n); }

    int fails_with = -1;
    std::vector<int> taken{};
    std::size_t most = 0;  ///< at the same time

private:
    static awaitable<void> take(post_office* self, int n)
    {
        self->taken.push_back(n);
        self->most = std::max(self->most, ++self->busy_);
        co_await yield_now();
        --self->busy_;
        if (n == self->fails_with) throw error{errc::disconnected, "burnt"};
    }

    std::size_t busy_ = 0;
};

std::vector<int> numbers(int count)
{
    std::vector<int> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

TEST(send_together, sends_all_in_order_and_not_too_many_at_once)
{
    post_office there;
    run(send_together(numbers(600), [&](int n) { return there.take(n); }));
    EXPECT_EQ(there.taken, numbers(600));
    EXPECT_EQ(there.most, sent_together);
    run(send_together(std::vector<int>(), [&](int n) { return there.take(n); }));
    EXPECT_EQ(there.taken.size(), 600U);
}

TEST(send_together, ends_with_the_first_failure)
{
    post_office there;
    there.fails_with = 300;
    EXPECT_THROW(run(send_together(numbers(600), [&](int n) { return there.take(n); })), error);
    EXPECT_EQ(there.taken, numbers(512));
}

}  // namespace
}  // namespace ferry::tasks::detail
