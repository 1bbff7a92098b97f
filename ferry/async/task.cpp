#include "ferry/async/task.hpp"

#include "ferry/async/detail/loop_core.hpp"

namespace ferry::detail {

task_core::~task_core()
{
    if (failure_ == nullptr || taken_ || interrupted_) return;
    const std::string where = name_.empty() ? "a task" : "task " + name_;
    report_failure(failure_, where.c_str());
}

void task_core::start(awaitable<void> body, std::string name, scope* owner)
{
    loop_core& loop = loop_core::current();
    body_ = std::move(body);
    name_ = std::move(name);
    self_ = shared_from_this();
    owner_ = owner;
    if (owner_ != nullptr) {
        owner_->adopt(*this);
    } else {
        loop.tasks.add(*this);
    }
    turn = [](ready_entry& entry) noexcept {
        auto& self = static_cast<task_core&>(entry);
        self.launch(std::move(self.body_));
    };
    loop.make_ready(*this);
}

void task_core::orphan() noexcept
{
    owner_ = nullptr;
    loop_core::current().tasks.add(*this);
}

void task_core::finished(std::exception_ptr failure, bool interrupted) noexcept
{
    const auto self = std::move(self_);
    failure_ = std::move(failure);
    interrupted_ = interrupted;
    done_ = true;
    if (owner_ != nullptr) {
        taken_ = true;
        owner_->left(*this, failure_, interrupted_);
    } else {
        loop_core::current().tasks.remove(*this);
    }
    waiting_.wake_all();
    for (const auto& callback : std::exchange(callbacks_, {})) {
        try {
            (*callback)();
        } catch (...) {
            report_failure(std::current_exception(), "a callback of a task");
        }
    }
}

awaitable<void> task_core::wait(std::shared_ptr<task_core> self)
{
    if (self->done_) co_return;
    waiter me;
    self->waiting_.push_back(me);
    co_await me.park();
}

void task_core::rethrow()
{
    taken_ = true;
    if (failure_ != nullptr) std::rethrow_exception(failure_);
}

const std::exception_ptr& task_core::failure() noexcept
{
    taken_ = true;
    return failure_;
}

void task_core::on_done(std::unique_ptr<job> f)
{
    if (done_) {
        (*f)();
    } else {
        callbacks_.push_back(std::move(f));
    }
}

}  // namespace ferry::detail
