#include "ferry/async/waiter.hpp"

#include "ferry/async/detail/loop_core.hpp"
#include "ferry/core/error.hpp"

#include <utility>

namespace ferry {

struct waiter::on_cancel {
    waiter* self;
    void operator()(boost::asio::cancellation_type) const noexcept { self->cancel_requested(); }
};

waiter::~waiter()
{
    if (list_ != nullptr) list_->remove(*this);
}

bool parking::attempt()
{
    if (!is_over(false)) return false;
    resume();
    return true;
}

awaitable<void> parking::later() &&
{
    return wait(*this);
}

awaitable<void> parking::wait(parking self)
{
    co_await std::move(self);
}

void parking::suspend(waiter::coroutine&& from) const
{
    waiter_->loop_ = &detail::loop_core::current();
    auto slot = from.get_cancellation_slot();
    waiter_->parked_.emplace(std::move(from));
    if (at_once_) {
        waiter_->make_ready();
    } else if (slot.is_connected()) {
        slot.emplace<waiter::on_cancel>(waiter::on_cancel{waiter_});
    }
}

void parking::interrupt()
{
    throw cancelled();
}

void waiter::wake() noexcept
{
    if (state_ != state::idle) return;
    state_ = state::woken;
    if (list_ != nullptr) list_->remove(*this);
    make_ready();
}

void waiter::abort() noexcept
{
    if (state_ != state::idle) return;
    state_ = state::aborted;
    if (list_ != nullptr) list_->remove(*this);
    make_ready();
}

void waiter::make_ready() noexcept
{
    if (!parked_) return;
    turn = &waiter::resume;
    loop_->make_ready(*this);
}

void waiter::resume(ready_entry& self) noexcept
{
    waiter& w = static_cast<waiter&>(self);
    coroutine parked = std::move(*w.parked_);
    w.parked_.reset();
    std::move(parked)();
}

waiter_list::~waiter_list()
{
    while (first_ != nullptr) first_->abort();
}

void waiter_list::push_back(waiter& w) noexcept
{
    w.list_ = this;
    w.previous_ = last_;
    w.next_ = nullptr;
    (last_ != nullptr ? last_->next_ : first_) = &w;
    last_ = &w;
}

void waiter_list::remove(waiter& w) noexcept
{
    (w.previous_ != nullptr ? w.previous_->next_ : first_) = w.next_;
    (w.next_ != nullptr ? w.next_->previous_ : last_) = w.previous_;
    w.list_ = nullptr;
    w.previous_ = w.next_ = nullptr;
}

waiter* waiter_list::wake_one() noexcept
{
    waiter* const w = first_;
    if (w != nullptr) w->wake();
    return w;
}

void waiter_list::wake_all() noexcept
{
    while (wake_one() != nullptr) continue;
}

}  // namespace ferry
