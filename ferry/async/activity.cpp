#include "ferry/async/activity.hpp"

#include "ferry/async/detail/loop_core.hpp"
#include "ferry/core/error.hpp"

#include <boost/asio/error.hpp>

#include <utility>

namespace ferry::detail {
namespace {

using entry_point = boost::asio::detail::awaitable_thread_entry_point;
using coroutine = boost::asio::detail::awaitable_thread<boost::asio::any_io_executor>;

// The bottom frame of an activity. Asio's own check for cancellation is off, because it throws a
// std::exception; waiter::park makes the check and throws `cancelled`.
awaitable<entry_point> root(activity* self, awaitable<void> operation)
{
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    std::exception_ptr failure;
    bool interrupted = false;
    try {
        co_await std::move(operation);
    } catch (const cancelled&) {
        failure = std::current_exception();
        interrupted = true;
    } catch (const boost::system::system_error& e) {
        // An operation of Asio's that was awaited without ferry in between.
        interrupted = e.code() == boost::asio::error::operation_aborted && self->cancel_requested();
        failure = interrupted ? std::make_exception_ptr(cancelled()) : std::current_exception();
    } catch (...) {
        failure = std::current_exception();
    }
    self->finished(std::move(failure), interrupted);
}

}  // namespace

void activity::launch(awaitable<void> operation)
{
    const boost::asio::cancellation_state state(signal_.slot(),
                                                boost::asio::enable_total_cancellation(),
                                                boost::asio::enable_total_cancellation());
    if (cancel_requested_) signal_.emit(boost::asio::cancellation_type::all);
    coroutine(root(this, std::move(operation)), loop_core::current().executor(), signal_.slot(),
              state)
        .launch();
}

void activity::cancel() noexcept
{
    cancel_requested_ = true;
    signal_.emit(boost::asio::cancellation_type::all);
}

void activity_list::add(activity& a) noexcept
{
    a.previous = nullptr;
    a.following = first_;
    if (first_ != nullptr) first_->previous = &a;
    first_ = &a;
}

void activity_list::remove(activity& a) noexcept
{
    (a.previous != nullptr ? a.previous->following : first_) = a.following;
    if (a.following != nullptr) a.following->previous = a.previous;
    a.previous = a.following = nullptr;
}

void activity_list::cancel_all() noexcept
{
    for (activity* a = first_; a != nullptr;) {
        activity* const next = a->following;
        a->cancel();
        a = next;
    }
}

}  // namespace ferry::detail
