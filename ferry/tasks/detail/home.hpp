#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/loop.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/error.hpp"
#include "ferry/tasks/detail/gate.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>

namespace ferry::tasks::detail {

/// A thread with a loop on which connections live, which belong to one loop; everybody else calls
/// in from theirs. Heartbeats and acks go on there, whatever the threads of a worker are doing.
class home {
public:
    home();
    home(const home&) = delete;
    home& operator=(const home&) = delete;
    /// Cancels what runs there, and waits for the thread.
    ~home();

    /// Whether the caller runs on the home's own thread.
    bool here() const noexcept { return std::this_thread::get_id() == thread_.get_id(); }

    template <class F>
    void post(F f) const
    {
        loop_->post(std::move(f));
    }

    /// Makes an operation of T there, runs it, and brings its outcome to the calling loop.
    /// Cancelling the call cancels the operation, and does not wait for its end.
    template <class T, class F>
    static awaitable<T> call(std::shared_ptr<home> self, F make);

    /// Runs an operation there to its end: whoever cancels the call cancels the operation, and the
    /// calling thread then waits for that end.
    static awaitable<void> stay(std::shared_ptr<home> self, awaitable<void> operation);

    /// As call(), for what holds the home itself: it is never destroyed there, where it may be the
    /// last to hold it. Whoever cancels the call waits for the end of the operation, as of stay().
    template <class T, class F>
    static awaitable<T> fetch(std::shared_ptr<home> self, F make);

private:
    class guest;

    template <class T>
    using storable = ferry::detail::storable<T>;

    /// What the two ends of a call share. The gate opens when the outcome is there; until then only
    /// the home touches it.
    template <class T>
    struct errand final : gate {
        void end(std::exception_ptr why, std::optional<T> outcome)
        {
            failure = std::move(why);
            made = std::move(outcome);
            open();
        }
        std::exception_ptr failure;
        std::optional<T> made;
        std::optional<ferry::task<void>> running;
    };

    /// Ends an errand, once; dropped before, it tells that nobody will.
    template <class T>
    class answer {
    public:
        explicit answer(std::shared_ptr<errand<T>> to) : to_{std::move(to)} {}
        answer(answer&&) noexcept = default;
        answer& operator=(answer&&) = delete;
        ~answer()
        {
            if (!to_) return;
            tell(std::make_exception_ptr(error{ferry::errc::disconnected, "the broker was closed"}),
                 std::nullopt);
        }
        void tell(std::exception_ptr failure, std::optional<T> made)
        {
            const auto to = std::exchange(to_, nullptr);
            to->running.reset();
            to->end(std::move(failure), std::move(made));
        }

    private:
        std::shared_ptr<errand<T>> to_;
    };

    /// Cancels the operation at the other end if the caller leaves before its end.
    template <class T>
    class guard {
    public:
        guard(const home& at, std::shared_ptr<errand<T>> what) : home_{at}, what_{std::move(what)}
        {
        }
        guard(const guard&) = delete;
        guard& operator=(const guard&) = delete;
        ~guard()
        {
            if (ended) return;
            home_.post([what = std::move(what_)] {
                if (what->running) what->running->cancel();
            });
        }
        bool ended = false;

    private:
        const home& home_;
        std::shared_ptr<errand<T>> what_;
    };

    template <class T, class F>
    static awaitable<void> run_there(F make, answer<storable<T>> to)
    {
        try {
            auto operation = make();
            if constexpr (std::is_void_v<T>) {
                co_await std::move(operation);
                to.tell(nullptr, std::monostate());
            } else {
                std::optional<T> made = co_await std::move(operation);
                to.tell(nullptr, std::move(made));
            }
        } catch (const cancelled&) {
            // Either nobody waits for it any more, or the home ends, which `to` tells.
        } catch (...) {
            to.tell(std::current_exception(), std::nullopt);
        }
    }

    /// `into` is the caller's, who stays until the end.
    template <class T, class F>
    static awaitable<void> make_into(std::optional<T>* into, F make)
    {
        auto operation = make();
        T made = co_await std::move(operation);
        into->emplace(std::move(made));
    }

    const std::shared_ptr<gate> stop_ = std::make_shared<gate>();
    std::optional<loop> loop_;
    std::thread thread_;
};

template <class T, class F>
awaitable<T> home::call(std::shared_ptr<home> self, F make)
{
    if (self->here()) {
        auto operation = make();
        co_return co_await std::move(operation);
    }
    const auto shared = std::make_shared<errand<storable<T>>>();
    self->post([make = std::move(make), to = answer<storable<T>>(shared), shared]() mutable {
        shared->running.emplace(spawn(run_there<T, F>(std::move(make), std::move(to))));
    });
    guard<storable<T>> watching{*self, shared};
    auto waiting = gate::wait(shared);
    co_await std::move(waiting);
    watching.ended = true;
    if (shared->failure) std::rethrow_exception(shared->failure);
    if constexpr (!std::is_void_v<T>) co_return std::move(*shared->made);
}

template <class T, class F>
awaitable<T> home::fetch(std::shared_ptr<home> self, F make)
{
    if (self->here()) {
        auto operation = make();
        co_return co_await std::move(operation);
    }
    std::optional<T> made;
    auto staying = stay(self, make_into<T, F>(&made, std::move(make)));
    co_await std::move(staying);
    co_return std::move(*made);
}

}  // namespace ferry::tasks::detail
