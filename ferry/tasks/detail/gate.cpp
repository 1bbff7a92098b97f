#include "ferry/tasks/detail/gate.hpp"

namespace ferry::tasks::detail {

/// The time that a coroutine spends at the gate.
class gate::visit {
public:
    visit(gate& at, waiter& parked) : gate_{at}
    {
        const std::lock_guard lock{gate_.mutex_};
        if (gate_.open_) {
            parked.wake();
        } else {
            gate_.home_ = loop::current();
            gate_.thread_ = std::this_thread::get_id();
        }
        gate_.parked_ = &parked;
    }
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;
    ~visit()
    {
        gate_.parked_ = nullptr;
        const std::lock_guard lock{gate_.mutex_};
        gate_.home_.reset();
    }

    void passed() const
    {
        const std::lock_guard lock{gate_.mutex_};
        gate_.open_ = false;
    }

private:
    gate& gate_;
};

void gate::open()
{
    std::optional<loop> home;
    std::thread::id thread;
    {
        const std::lock_guard lock{mutex_};
        if (open_) return;
        open_ = true;
        home = home_;
        thread = thread_;
    }
    if (!home) return;
    if (thread == std::this_thread::get_id()) {
        if (parked_ != nullptr) parked_->wake();
        return;
    }
    home->post([self = shared_from_this()] {
        if (self->parked_ != nullptr) self->parked_->wake();
    });
}

awaitable<void> gate::wait(std::shared_ptr<gate> self)
{
    const auto held = loop::current().hold();
    waiter parked;
    const visit here{*self, parked};
    auto park = parked.park();
    co_await std::move(park);
    here.passed();
}

}  // namespace ferry::tasks::detail
