#include "ferry/async/sync.hpp"

namespace ferry {

void event::set() noexcept
{
    set_ = true;
    waiting_.wake_all();
}

awaitable<void> event::wait()
{
    if (set_) co_return;
    waiter me;
    waiting_.push_back(me);
    co_await me.park();
}

awaitable<semaphore::guard> semaphore::acquire()
{
    if (guard free = try_acquire()) co_return free;
    waiter me;
    waiting_.push_back(me);
    co_await me.park();
    co_return guard(this);  // release() handed the permit over without freeing it
}

semaphore::guard semaphore::try_acquire() noexcept
{
    if (free_ == 0) return guard();
    --free_;
    return guard(this);
}

void semaphore::release() noexcept
{
    if (waiting_.wake_one() == nullptr) ++free_;
}

}  // namespace ferry
