#include "ferry/async/scope.hpp"

#include "ferry/core/error.hpp"

#include <utility>

namespace ferry {

class scope::child final : public detail::activity {
public:
    explicit child(scope* owner) noexcept : owner_{owner} {}
    void orphan() noexcept override { owner_ = nullptr; }

private:
    void finished(std::exception_ptr failure, bool) noexcept override
    {
        if (owner_ != nullptr) {
            owner_->left(*this, failure, false);
        }
        delete this;
    }

    scope* owner_;
};

scope::~scope()
{
    while (detail::activity* const a = children_.first()) {
        children_.remove(*a);
        a->orphan();
        a->cancel();
    }
}

void scope::start(awaitable<void> operation)
{
    auto* const started = new child(this);
    children_.add(*started);
    if (cancelling_) started->cancel();
    started->launch(std::move(operation));
}

void scope::adopt(detail::activity& a) noexcept
{
    children_.add(a);
    if (cancelling_) a.cancel();
}

void scope::left(detail::activity& a, const std::exception_ptr& failure, bool expected) noexcept
{
    children_.remove(a);
    if (failure != nullptr && !expected) {
        const bool first = failure_ == nullptr;
        if (first) failure_ = failure;
        if (first) cancel();
    }
    if (children_.empty()) joining_.wake();
}

void scope::cancel() noexcept
{
    cancelling_ = true;
    children_.cancel_all();
}

void scope::join_waiter::cancel_requested() noexcept
{
    cancelled = true;
    owner_.cancel();
}

awaitable<void> scope::join()
{
    while (!children_.empty()) {
        joining_.reset();
        co_await joining_.park();
    }
    cancelling_ = false;
    if (failure_ != nullptr) std::rethrow_exception(std::exchange(failure_, nullptr));
}

}  // namespace ferry
