#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/loop.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/error.hpp"
#include "ferry/tasks/detail/gate.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

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

    /// Makes an operation there, runs it, and brings its outcome to the calling loop. Cancelling
    /// the call cancels the operation, and does not wait for its end.
    template <class T>
    static awaitable<T> call(std::shared_ptr<home> self, std::function<awaitable<T>()> make);

private:
    template <class T>
    using storable = ferry::detail::storable<T>;

    /// Once, or else the destructor tells that nobody will.
    template <class T>
    class answer {
    public:
        explicit answer(outcome<T> to) : to_{std::move(to)} {}
        answer(const answer&) = delete;
        answer& operator=(const answer&) = delete;
        ~answer()
        {
            if (told_) return;
            to_.set(
                std::make_exception_ptr(error{ferry::errc::disconnected, "the broker was closed"}),
                std::nullopt);
        }
        void tell(std::exception_ptr failure, std::optional<T> made)
        {
            told_ = true;
            to_.set(std::move(failure), std::move(made));
        }

    private:
        outcome<T> to_;
        bool told_ = false;
    };

    using running = std::shared_ptr<std::optional<task<void>>>;

    /// Cancels the operation at the other end if the caller leaves before its end.
    class guard {
    public:
        guard(const home& at, running what) : home_{at}, what_{std::move(what)} {}
        guard(const guard&) = delete;
        guard& operator=(const guard&) = delete;
        ~guard()
        {
            if (ended) return;
            home_.post([what = std::move(what_)] {
                if (*what) (*what)->cancel();
            });
        }
        bool ended = false;

    private:
        const home& home_;
        running what_;
    };

    template <class T>
    static awaitable<void> run_there(std::function<awaitable<T>()> make,
                                     std::shared_ptr<answer<storable<T>>> to)
    {
        try {
            auto operation = make();
            if constexpr (std::is_void_v<T>) {
                co_await std::move(operation);
                to->tell(nullptr, std::monostate());
            } else {
                std::optional<T> made = co_await std::move(operation);
                to->tell(nullptr, std::move(made));
            }
        } catch (const cancelled&) {
            // Either nobody waits for it any more, or the home ends, which `to` tells.
        } catch (...) {
            to->tell(std::current_exception(), std::nullopt);
        }
    }

    const std::shared_ptr<gate> stop_ = std::make_shared<gate>();
    std::optional<loop> loop_;
    std::thread thread_;
};

template <class T>
awaitable<T> home::call(std::shared_ptr<home> self, std::function<awaitable<T>()> make)
{
    if (self->here()) {
        auto operation = make();
        co_return co_await std::move(operation);
    }
    const outcome<storable<T>> done;
    const auto started = std::make_shared<std::optional<task<void>>>();
    auto to = std::make_shared<answer<storable<T>>>(done);
    self->post([make = std::move(make), to = std::move(to), started]() mutable {
        started->emplace(spawn(run_there<T>(std::move(make), std::move(to))));
    });
    guard watching{*self, started};
    auto waiting = outcome<storable<T>>::get(done);
    if constexpr (std::is_void_v<T>) {
        co_await std::move(waiting);
        watching.ended = true;
    } else {
        T made = co_await std::move(waiting);
        watching.ended = true;
        co_return made;
    }
}

}  // namespace ferry::tasks::detail
