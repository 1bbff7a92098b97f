#include "ferry/tasks/detail/home.hpp"

#include "ferry/async/run.hpp"

#include <exception>
#include <future>
#include <utility>

namespace ferry::tasks::detail {

home::home()
{
    std::promise<loop> made;
    std::future<loop> there = made.get_future();
    thread_ = std::thread{[&made, stop = stop_] {
        made.set_value(loop::current());
        run(gate::wait(stop));
    }};
    loop_ = there.get();
}

home::~home()
{
    stop_->open();
    // What lived there may have been the last to hold it.
    if (here()) {
        thread_.detach();
    } else {
        thread_.join();
    }
}

/// An operation of stay(), while the caller waits for it.
class home::guest {
public:
    guest(const home& at, awaitable<void> operation) : home_{at}
    {
        at.post([to = state_, op = std::move(operation)]() mutable {
            to->running.emplace(spawn(run_to_end(to, std::move(op)), "guest"));
        });
    }
    guest(const guest&) = delete;
    guest& operator=(const guest&) = delete;
    ~guest()
    {
        if (left_) return;
        home_.post([to = state_] { to->running->cancel(); });
        state_->ended.get_future().wait();
    }

    /// What opens at the end.
    const std::shared_ptr<gate>& door() const noexcept { return state_->door; }

    /// At the end.
    void leave()
    {
        left_ = true;
        if (state_->failure) std::rethrow_exception(state_->failure);
    }

private:
    struct state {
        std::optional<ferry::task<void>> running;  ///< at home
        std::exception_ptr failure;                ///< there before the door opens
        std::shared_ptr<gate> door = std::make_shared<gate>();
        std::promise<void> ended;
    };

    static awaitable<void> run_to_end(std::shared_ptr<state> to, awaitable<void> operation)
    {
        try {
            co_await std::move(operation);
        } catch (...) {
            to->failure = std::current_exception();
        }
        to->ended.set_value();
        to->door->open();
    }

    const home& home_;
    const std::shared_ptr<state> state_ = std::make_shared<state>();
    bool left_ = false;
};

awaitable<void> home::stay(std::shared_ptr<home> self, awaitable<void> operation)
{
    guest staying(*self, std::move(operation));
    auto waiting = gate::wait(staying.door());
    co_await std::move(waiting);
    staying.leave();
}

}  // namespace ferry::tasks::detail
