#include "ferry/async/waiter.hpp"

#include "ferry/async/detail/loop_core.hpp"
#include "ferry/core/error.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>

#include <concepts>
#include <utility>

namespace ferry {

struct waiter::on_cancel {
    waiter* self;
    void operator()(boost::asio::cancellation_type) const noexcept { self->cancel_requested(); }
};

/// An Asio operation without a result, which keeps the coroutine in the waiter.
struct waiter::park_operation {
    waiter* self;
    bool at_once;

    void operator()(coroutine&& handler) const
    {
        self->loop_ = &detail::loop_core::current();
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        self->parked_.emplace(std::move(handler));
        if (at_once) {
            self->make_ready();
        } else if (slot.is_connected()) {
            slot.emplace<on_cancel>(on_cancel{self});
        }
    }

    // How Asio finds out what the operation completes with.
    template <class Probe>
        requires std::same_as<Probe, boost::asio::detail::async_operation_probe> ||
                 std::same_as<Probe, boost::asio::detail::completion_signature_probe>
    auto operator()(Probe probe) const
    {
        return boost::asio::async_initiate<Probe, void()>([](auto&&) {}, probe);
    }
};

waiter::~waiter()
{
    if (list_ != nullptr) list_->remove(*this);
}

awaitable<void> waiter::suspend(bool at_once)
{
    const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
    const bool late = cancellation.cancelled() != boost::asio::cancellation_type::none;
    if (late && state_ == state::idle) cancel_requested();
    if (state_ == state::idle) {
        park_operation operation{this, at_once};
        co_await std::move(operation);
    }
    if (state_ == state::aborted) throw cancelled();
}

awaitable<void> waiter::park()
{
    return suspend(false);
}

awaitable<void> waiter::pass()
{
    return suspend(true);
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
