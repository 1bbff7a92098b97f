#pragma once

#include "ferry/async/activity.hpp"
#include "ferry/async/waiter.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

namespace ferry::detail {

/// The loop itself: Asio's io_context, a ready list on top of it that resumes coroutines without an
/// allocation or a lock each, and a heap of timers behind a single Asio timer.
class loop_core : public std::enable_shared_from_this<loop_core> {
public:
    loop_core();
    ~loop_core();

    /// The calling thread's, made on first use.
    static loop_core& current();

    boost::asio::io_context& context() noexcept { return context_; }
    const boost::asio::any_io_executor& executor() const noexcept { return executor_; }

    void make_ready(ready_entry& entry) noexcept;

    /// For what Asio calls on this loop: calls `f`, and lets go on at once what that makes ready,
    /// where another turn would begin with a look at all descriptors.
    template <class F>
    void in_turn(F&& f) noexcept
    {
        if (draining_) return f();
        draining_ = true;
        f();
        drain();
    }

    void start(timer& t, timer::clock::time_point when);
    void stop(timer& t) noexcept;

    /// Launches the operation and drives the loop until stop() is called, or nothing is left that
    /// could happen.
    void run(activity& main, awaitable<void> operation);
    void run();
    void stop() { context_.stop(); }
    bool running() const noexcept { return running_; }

    /// Thread-safe.
    void post(std::unique_ptr<job> work);

    /// Thread-safe.
    void work_started() noexcept { context_.get_executor().on_work_started(); }
    /// On the loop's own thread: from another, the end of the last work could stop a run that has
    /// just begun.
    void work_finished() noexcept { context_.get_executor().on_work_finished(); }
    /// The same from any thread.
    void let_go() noexcept;

    /// The tasks that have not ended.
    activity_list tasks;
    std::function<void(const std::exception_ptr&, std::string_view)> error_handler;

    /// The thread ends: every task is cancelled and given the chance to unwind.
    void shut_down() noexcept;

private:
    class doorbell;

    bool nothing_posted() const noexcept { return posted_.empty() && let_go_ == 0; }
    void take_posted() noexcept;
    void drain() noexcept;
    void ring() noexcept;
    void arm();
    void count_alarm(bool counts) noexcept;
    void place(timer& t, std::size_t index) noexcept;
    void sift_up(std::size_t index) noexcept;
    void sift_down(std::size_t index) noexcept;

    /// Only the loop's own thread touches its descriptors; the rest is locked.
    boost::asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
    boost::asio::any_io_executor executor_{context_.get_executor()};
    boost::asio::steady_timer alarm_{context_};
    timer::clock::time_point armed_ = timer::clock::time_point::max();
    bool alarm_counts_ = true;
    bool ringing_ = false;  ///< the alarm will be set when all that is due had its turn
    std::vector<timer*> heap_;
    ready_entry* first_ = nullptr;
    ready_entry* last_ = nullptr;
    bool draining_ = false;
    bool running_ = false;

    const std::thread::id thread_ = std::this_thread::get_id();
    doorbell* bell_ = nullptr;  ///< the context's
    std::mutex gate_;
    std::vector<std::unique_ptr<job>> posted_;  ///< guarded by gate_
    std::vector<std::unique_ptr<job>> spare_;   ///< memory for them
    std::size_t let_go_ = 0;                    ///< guarded by gate_: work finished elsewhere
    bool closed_ = false;                       ///< guarded by gate_
};

}  // namespace ferry::detail
