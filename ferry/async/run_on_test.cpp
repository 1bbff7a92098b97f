#include "ferry/async/run_on.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <thread>

namespace ferry {
namespace {

using namespace std::chrono_literals;

// A thread that runs its loop until the scope ends.
class worker {
public:
    worker()
    {
        thread_ = std::thread([this] {
            event end;
            end_ = &end;
            const auto held = loop::current().hold();
            started_.set_value(loop::current());
            run(end.wait());
        });
    }
    ~worker()
    {
        its_loop().post([this] { end_->set(); });
        thread_.join();
    }
    loop its_loop() { return future_.get(); }
    std::thread::id id() const { return thread_.get_id(); }

private:
    std::promise<loop> started_;
    std::shared_future<loop> future_ = started_.get_future().share();
    event* end_ = nullptr;
    std::thread thread_;
};

awaitable<std::thread::id> where_am_i()
{
    co_await yield_now();
    co_return std::this_thread::get_id();
}

awaitable<std::string> fail()
{
    co_await yield_now();
    throw error(errc::malformed, "there");
}

awaitable<void> wait_for_ever(std::promise<void>* interrupted)
{
    try {
        co_await sleep(1h);
    } catch (const cancelled&) {
        interrupted->set_value();
        throw;
    }
}

TEST(run_on, gives_the_value_and_the_failure_back)
{
    worker other;
    EXPECT_EQ(run(run_on(other.its_loop(), where_am_i())), other.id());
    EXPECT_THROW(run(run_on(other.its_loop(), fail())), error);
    run(run_on(other.its_loop(), yield_now()));
}

TEST(run_on, cancels_there_what_is_cancelled_here)
{
    worker other;
    std::promise<void> interrupted;
    EXPECT_THROW(run(timeout(10ms, run_on(other.its_loop(), wait_for_ever(&interrupted)))),
                 timeout_error);
    EXPECT_EQ(interrupted.get_future().wait_for(10s), std::future_status::ready);
}

TEST(run_on, says_that_the_thread_has_ended)
{
    std::optional<loop> gone;
    std::thread([&gone] { gone = loop::current(); }).join();
    EXPECT_THROW(run(timeout(10s, run_on(*gone, where_am_i()))), error);
}

}  // namespace
}  // namespace ferry
