#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/describe.hpp"
#include "ferry/tasks/async_result.hpp"
#include "ferry/tasks/context.hpp"
#include "ferry/tasks/options.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace ferry::tasks {

namespace detail {

struct sent_call {
    sent_call() = default;

    std::string id;
    bool ignores_result = false;
};

/// Publishes the call.
awaitable<sent_call> send(std::shared_ptr<app_core> app, std::unique_ptr<call_settings> call);

/// The call in Celery's own form.
value to_signature(const call_settings& call);

}  // namespace detail

/// A call that is not sent yet: a task's name, its arguments and options. A value. R is what the
/// task returns; of a task that only its name is known of, a ferry::value.
template <class R = value>
class signature {
public:
    signature(std::shared_ptr<detail::app_core> app, call_settings call)
        : app_{std::move(app)}, call_{std::move(call)}
    {
    }
    /// A call that returns something else, so that calls of several tasks go into one vector.
    template <class Other>
        requires(std::is_same_v<R, value> && !std::is_same_v<Other, value>)
    signature(const signature<Other>& other) : signature(other.app(), other.settings())
    {
    }

    /// The same call with more options: `add.s(2, 3).set(queue("fast"))`.
    template <call_option... Options>
    signature set(const Options&... options) const
    {
        signature changed = *this;
        (options(changed.call_), ...);
        return changed;
    }

    /// Sends the call, `apply(countdown(30s), queue("images"))`. When it is done the broker answers
    /// for the message. As Celery's apply_async.
    /// \throws error  the broker failed; nothing was sent, unless its condition is `disconnected`.
    template <call_option... Options>
    awaitable<async_result<R>> apply(const Options&... options) const
    {
        auto call = std::make_unique<call_settings>(call_);
        (options(*call), ...);
        return send(app_, std::move(call));
    }

    awaitable<async_result<R>> delay() const { return apply(); }

    /// The same call, which takes no result of the task before it in a workflow. As Celery's `si`.
    signature immutable(bool on = true) const
    {
        signature changed = *this;
        changed.call_.immutable = on;
        return changed;
    }

    /// Called with the result when the task has succeeded. As Celery's `link`.
    template <class S>
    signature link(const S& callback) const
    {
        signature changed = *this;
        changed.call_.message.callbacks.push_back(callback.dictionary());
        return changed;
    }
    /// Called with the task's id when it has failed. As Celery's `link_error`.
    template <class S>
    signature link_error(const S& callback) const
    {
        signature changed = *this;
        changed.call_.message.errbacks.push_back(callback.dictionary());
        return changed;
    }

    /// The call in Celery's own form, the dictionary that Python's `Signature` is.
    value dictionary() const { return detail::to_signature(call_); }
    const std::shared_ptr<detail::app_core>& app() const noexcept { return app_; }

    const std::string& task() const noexcept { return call_.message.task; }
    const call_settings& settings() const noexcept { return call_; }

private:
    template <class F>
    friend class task;

    // Coroutines hand on a pointer: a call is large.
    static awaitable<async_result<R>> send(std::shared_ptr<detail::app_core> app,
                                           std::unique_ptr<call_settings> call)
    {
        auto sending = detail::send(app, std::move(call));
        return sent(std::move(sending), std::move(app));
    }
    static awaitable<async_result<R>> sent(awaitable<detail::sent_call> sending,
                                           std::shared_ptr<detail::app_core> app)
    {
        detail::sent_call call = co_await std::move(sending);
        co_return async_result<R>(std::move(call.id), std::move(app), call.ignores_result);
    }

    std::shared_ptr<detail::app_core> app_;
    call_settings call_;
};

template <class F>
class task;

/// A task of this program, or of another with this type: calls are checked by the compiler. A
/// handle, cheap to copy; may be used from any loop.
template <class R, class... Args>
class task<R(Args...)> {
public:
    task(std::string name, std::shared_ptr<detail::app_core> app)
        : name_{std::move(name)}, app_{std::move(app)}
    {
    }

    const std::string& name() const noexcept { return name_; }

    /// Sends a call: `auto result = co_await add.delay(2, 3);`
    awaitable<async_result<R>> delay(const Args&... args) const
    {
        auto call = std::make_unique<call_settings>();
        call->message.task = name_;
        call->message.args = value::array(to_value(args)...);
        return signature<R>::send(app_, std::move(call));
    }

    /// The call as a signature, to add options to it or to build workflows; there the first
    /// arguments may be those of the task before it.
    template <class... Given>
        requires(sizeof...(Given) <= sizeof...(Args))
    signature<R> s(const Given&... args) const
    {
        call_settings call;
        call.message.task = name_;
        call.message.args = value::array(to_value(args)...);
        return signature<R>(app_, std::move(call));
    }
    /// The same, which takes no result of the task before it.
    signature<R> si(const Args&... args) const { return s(args...).immutable(); }

private:
    std::string name_;
    std::shared_ptr<detail::app_core> app_;
};

template <class R>
class task<R(arguments)> {
public:
    task(std::string name, std::shared_ptr<detail::app_core> app)
        : name_{std::move(name)}, app_{std::move(app)}
    {
    }

    const std::string& name() const noexcept { return name_; }

    awaitable<async_result<R>> delay(const arguments& all) const { return s(all).delay(); }

    signature<R> s(const arguments& all) const
    {
        call_settings call;
        call.message.task = name_;
        call.message.args = all.args;
        call.message.kwargs = all.kwargs;
        return signature<R>(app_, std::move(call));
    }

private:
    std::string name_;
    std::shared_ptr<detail::app_core> app_;
};

}  // namespace ferry::tasks
