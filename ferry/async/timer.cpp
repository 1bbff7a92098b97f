#include "ferry/async/detail/loop_core.hpp"
#include "ferry/async/waiter.hpp"

#include <utility>

namespace ferry {
namespace {

// So much later is soon enough: setting the alarm anew costs about as much.
constexpr std::chrono::microseconds slack{10};

}  // namespace

void timer::start(clock::time_point when)
{
    stop();
    detail::loop_core::current().start(*this, when);
}

void timer::start_after(clock::duration d)
{
    start(after(d));
}

void timer::stop() noexcept
{
    if (loop_ != nullptr) loop_->stop(*this);
}

timer::clock::time_point after(timer::clock::duration d) noexcept
{
    const auto now = timer::clock::now();
    return d > timer::clock::time_point::max() - now ? timer::clock::time_point::max() : now + d;
}

namespace detail {

// A binary heap whose entries know their index, so that stopping needs no search.

void loop_core::place(timer& t, std::size_t index) noexcept
{
    heap_[index] = &t;
    t.index_ = index;
}

void loop_core::sift_up(std::size_t index) noexcept
{
    timer& t = *heap_[index];
    while (index > 0) {
        const std::size_t parent = (index - 1) / 2;
        if (heap_[parent]->when_ <= t.when_) break;
        place(*heap_[parent], index);
        index = parent;
    }
    place(t, index);
}

void loop_core::sift_down(std::size_t index) noexcept
{
    timer& t = *heap_[index];
    for (;;) {
        std::size_t child = 2 * index + 1;
        if (child >= heap_.size()) break;
        if (child + 1 < heap_.size() && heap_[child + 1]->when_ < heap_[child]->when_) ++child;
        if (t.when_ <= heap_[child]->when_) break;
        place(*heap_[child], index);
        index = child;
    }
    place(t, index);
}

void loop_core::start(timer& t, timer::clock::time_point when)
{
    heap_.push_back(&t);
    t.when_ = when;
    t.loop_ = this;
    t.index_ = heap_.size() - 1;
    sift_up(t.index_);
    count_alarm(true);
    if (!ringing_ && when < armed_ - slack) arm();
}

void loop_core::stop(timer& t) noexcept
{
    const std::size_t index = t.index_;
    t.loop_ = nullptr;
    timer* const moved = heap_.back();
    heap_.pop_back();
    if (moved != &t) {
        place(*moved, index);
        sift_up(index);
        sift_down(moved->index_);
    }
    // The alarm stays set: ringing once for nothing costs less than setting it each time. It only
    // does not count as something to wait for, so that run() sees when nothing can happen any more.
    if (heap_.empty()) count_alarm(false);
}

void loop_core::count_alarm(bool counts) noexcept
{
    if (armed_ == timer::clock::time_point::max() || counts == alarm_counts_) return;
    alarm_counts_ = counts;
    if (counts) {
        work_started();
    } else {
        work_finished();
    }
}

void loop_core::arm()
{
    armed_ = heap_.front()->when_;
    alarm_.expires_at(armed_);
    alarm_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) in_turn([this] { ring(); });
    });
}

void loop_core::ring() noexcept
{
    count_alarm(true);
    armed_ = timer::clock::time_point::max();
    ringing_ = true;
    const auto now = timer::clock::now();
    while (!heap_.empty() && heap_.front()->when_ <= now) {
        timer& due = *heap_.front();
        stop(due);
        due.expired();
    }
    ringing_ = false;
    if (!heap_.empty()) arm();
}

}  // namespace detail
}  // namespace ferry
