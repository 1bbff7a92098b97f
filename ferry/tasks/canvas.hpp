#pragma once

/// \file
/// Workflows of calls, as Celery's canvas. C++ and Python tasks mix in one:
///
///     auto nine = co_await chain(add.s(1, 2), mul.s(3)).delay();          // (1 + 2) * 3
///     auto sums = co_await group(add.s(1, 1), add.s(2, 2)).delay();       // [2, 4]
///     auto all  = co_await chord(group(add.s(1, 1), add.s(2, 2)), xsum.s()).delay();    // 6
///
/// `chain`, `group` and `chord` also take a vector of calls, if their number is known at run time
/// only. What is in it may be of several types as a `std::vector<workflow<>>`:
///
///     std::vector<tasks::workflow<>> steps{fetch.s(url)};
///     for (int width : widths) steps.push_back(resize.s(width));
///     auto last = co_await chain(steps).delay();
///
/// A step of a chain gets what the step before it returned as its first argument, unless it is
/// immutable (`si`). The parts of a workflow are messages: whatever worker ends one sends the next.

#include "ferry/async/gather.hpp"
#include "ferry/tasks/signature.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ferry::tasks {

namespace detail {

/// What has been started.
struct launched {
    launched() = default;

    std::vector<async_result<value>> results;  ///< one, or those of a group at the end
    std::string group;
    value nested;  ///< as in group_result
};

/// Sends the messages that start a workflow.
awaitable<launched> launch(std::shared_ptr<app_core> app, value signature);

/// The same of one more part of the chord that a task is a part of.
awaitable<launched> launch_part(std::shared_ptr<app_core> app, std::shared_ptr<const message> of,
                                value signature);

value make_chain(std::span<const value> steps);
value make_group(std::span<const value> members);
value make_chord(const value& header, value body);
value make_map(std::string_view task, const value& call, value items);
value make_chunks(const value& call, value items, std::size_t each);
value with_link(value signature, std::string_view option, const value& callback);

}  // namespace detail

/// The outcomes of the calls of a group, in their order. A handle, as async_result. As Celery's
/// GroupResult, and of any other calls as its ResultSet. Of a member that ends in a group itself,
/// each call of that is a part.
class group_result {
public:
    group_result() = default;
    /// \param nested  how get() arranges the results: null, or as Celery writes the result of a
    ///                group among whose members are groups, `[[id, parent], members]`.
    group_result(std::string id, std::vector<async_result<value>> parts, value nested = value())
        : id_{std::move(id)}, parts_{std::move(parts)}, nested_{std::move(nested)}
    {
    }

    const std::string& id() const noexcept { return id_; }
    const std::vector<async_result<value>>& parts() const noexcept { return parts_; }

    /// Waits for all of them. Of a member that ends in a group there is the list of its results.
    /// Of a call that was sent with ignore_result() there is a null, which
    /// nobody waits for, as for a single one; Celery's `get` of such a group never ends.
    /// \throws task_error     the first that failed or was revoked.
    /// \throws timeout_error  the time was over.
    awaitable<std::vector<value>> get(std::chrono::milliseconds limit) const;

    /// Waits for all of them, those that fail too: how each has ended, as async_result::outcome().
    /// As Celery's `get(propagate=False)`. \throws timeout_error  the time was over.
    awaitable<std::vector<result_document>> outcomes(std::chrono::milliseconds limit) const;

    /// The state of each, as async_result::state(): one look at all of them, which waits for none.
    awaitable<std::vector<std::string>> states() const;

    /// What one look at all of them says: whether all have ended, in whatever way; whether one has
    /// not; whether all have succeeded; whether one has failed, which a revoked one has not; how
    /// many have succeeded. As Celery's methods of these names.
    /// @{
    awaitable<bool> ready() const;
    awaitable<bool> waiting() const;
    awaitable<bool> successful() const;
    awaitable<bool> failed() const;
    awaitable<std::size_t> completed_count() const;
    /// @}

    /// Lets the result store forget the result of each. \throws error  as there; some may be gone.
    awaitable<void> forget() const;

    /// As async_result's, with one order for all of them.
    /// \throws error  unsupported: the broker has no remote control.
    /// @{
    awaitable<void> revoke() const { return revoke_all({}); }
    awaitable<void> terminate(std::string signal = "SIGTERM") const
    {
        return revoke_all(std::move(signal));
    }
    /// @}

private:
    awaitable<void> revoke_all(std::string signal) const;

    std::string id_;
    std::vector<async_result<value>> parts_;
    value nested_;
};

/// A workflow that is not started yet. A value. R is what its last task returns.
template <class R = value>
class workflow {
public:
    using result_type = async_result<R>;

    workflow(std::shared_ptr<detail::app_core> app, value signature)
        : app_{std::move(app)}, signature_{std::move(signature)}
    {
    }
    /// What returns something else, and a single call: so that they go into one vector.
    template <class Other>
        requires(std::is_same_v<R, value> && !std::is_same_v<Other, value>)
    workflow(const workflow<Other>& other) : workflow(other.app(), other.dictionary())
    {
    }
    template <class Other>
        requires std::is_same_v<R, value>
    workflow(const signature<Other>& call) : workflow(call.app(), call.dictionary())
    {
    }

    /// Called with the result when the last task has succeeded, of a chord its body. As Celery's
    /// `link`.
    template <class S>
    workflow link(const S& callback) const
    {
        return workflow(app_, detail::with_link(signature_, "link", callback.dictionary()));
    }
    /// Called with the id of the task that failed: any step of a chain; of a chord its body, which
    /// fails if a part does. As Celery's `link_error`.
    template <class S>
    workflow link_error(const S& callback) const
    {
        return workflow(app_, detail::with_link(signature_, "link_error", callback.dictionary()));
    }

    /// Starts it. \throws error  the broker failed; a part may have been sent.
    awaitable<async_result<R>> delay() const { return started(detail::launch(app_, signature_)); }

    /// The workflow in Celery's own form.
    const value& dictionary() const noexcept { return signature_; }
    const std::shared_ptr<detail::app_core>& app() const noexcept { return app_; }

private:
    friend class context;

    awaitable<async_result<R>> delay_as_part(std::shared_ptr<const message> of) const
    {
        return started(detail::launch_part(app_, std::move(of), signature_));
    }

    static awaitable<async_result<R>> started(awaitable<detail::launched> sending)
    {
        const detail::launched made = co_await std::move(sending);
        if (made.results.empty()) co_return async_result<R>();
        co_return async_result<R>(made.results.front());
    }

    std::shared_ptr<detail::app_core> app_;
    value signature_;
};

/// A workflow that ends in several tasks side by side.
class group_workflow {
public:
    using result_type = group_result;

    group_workflow(std::shared_ptr<detail::app_core> app, value signature)
        : app_{std::move(app)}, signature_{std::move(signature)}
    {
    }

    /// Called without a result when the first member has succeeded, whatever becomes of the others;
    /// of a chain that ends in a group, with the result of each member. As Celery's `link`. What
    /// is to have the results of all is the body of a chord.
    template <class S>
    group_workflow link(const S& callback) const
    {
        return {app_, detail::with_link(signature_, "link", callback.dictionary())};
    }
    /// Called with the id of each member that failed; of a chain or a chord that ends in a group,
    /// of what goes before it, too. As Celery's `link_error`.
    template <class S>
    group_workflow link_error(const S& callback) const
    {
        return {app_, detail::with_link(signature_, "link_error", callback.dictionary())};
    }

    /// Starts it. \throws error  as workflow::delay.
    awaitable<group_result> delay() const { return start(app_, signature_); }

    const value& dictionary() const noexcept { return signature_; }
    const std::shared_ptr<detail::app_core>& app() const noexcept { return app_; }

private:
    static awaitable<group_result> start(std::shared_ptr<detail::app_core> app, value signature);

    std::shared_ptr<detail::app_core> app_;
    value signature_;
};

namespace detail {

template <class S>
struct canvas_of {};
template <class R>
struct canvas_of<signature<R>> {
    using type = workflow<R>;
};
template <class R>
struct canvas_of<workflow<R>> {
    using type = workflow<R>;
};
template <>
struct canvas_of<group_workflow> {
    using type = group_workflow;
};

template <class First, class... Rest>
struct last_of : last_of<Rest...> {};
template <class Last>
struct last_of<Last> : canvas_of<Last> {};

template <class S>
concept step = requires { typename canvas_of<S>::type; };

template <class S>
std::vector<value> dictionaries(const std::vector<S>& calls)
{
    std::vector<value> all;
    all.reserve(calls.size());
    for (const S& call : calls) all.push_back(call.dictionary());
    return all;
}

}  // namespace detail

/// One after another; each gets what the one before it returned. What follows a group makes it a
/// chord. As Celery's `chain`.
template <detail::step First, detail::step... Rest>
typename detail::last_of<First, Rest...>::type chain(const First& first, const Rest&... rest)
{
    const value steps[] = {first.dictionary(), rest.dictionary()...};
    return {first.app(), detail::make_chain(steps)};
}
/// The same of a number of steps that is known at run time only.
/// \throws error  there are no steps.
template <detail::step S>
typename detail::canvas_of<S>::type chain(const std::vector<S>& steps)
{
    if (steps.empty()) throw error{ferry::errc::invalid_state, "a chain of no steps"};
    return {steps.front().app(), detail::make_chain(detail::dictionaries(steps))};
}

/// Side by side. As Celery's `group`.
template <detail::step First, detail::step... Rest>
group_workflow group(const First& first, const Rest&... rest)
{
    const value members[] = {first.dictionary(), rest.dictionary()...};
    return {first.app(), detail::make_group(members)};
}
/// \throws error  there are no calls.
template <detail::step S>
group_workflow group(const std::vector<S>& calls)
{
    if (calls.empty()) throw error{ferry::errc::invalid_state, "a group of no calls"};
    return {calls.front().app(), detail::make_group(detail::dictionaries(calls))};
}

/// Side by side, and then the body with the list of their results, in order. If one fails the body
/// fails with ChordError. Not with results as messages (`rpc://`). As Celery's `chord`.
template <detail::step Body>
typename detail::canvas_of<Body>::type chord(const group_workflow& header, const Body& body)
{
    return {header.app(), detail::make_chord(header.dictionary(), body.dictionary())};
}
/// The same of a header that is known at run time only. If there is nothing in it, the body is
/// called with an empty list at once.
template <detail::step S, detail::step Body>
typename detail::canvas_of<Body>::type chord(const std::vector<S>& header, const Body& body)
{
    const value members = detail::make_group(detail::dictionaries(header));
    return {body.app(), detail::make_chord(members, body.dictionary())};
}

template <class S>
auto context::add_to_chord(const S& call) const
{
    return chain(call).delay_as_part(request_);
}

/// One task that makes the call for each item, as its only argument. As Celery's `task.map`.
template <class R>
workflow<std::vector<R>> map(const signature<R>& call, value items)
{
    return {call.app(), detail::make_map("celery.map", call.dictionary(), std::move(items))};
}
/// The same with each item's elements as arguments. As `task.starmap`.
template <class R>
workflow<std::vector<R>> starmap(const signature<R>& call, value items)
{
    return {call.app(), detail::make_map("celery.starmap", call.dictionary(), std::move(items))};
}
/// A group of starmaps of so many items each. As `task.chunks`.
template <class R>
group_workflow chunks(const signature<R>& call, value items, std::size_t each)
{
    return {call.app(), detail::make_chunks(call.dictionary(), std::move(items), each)};
}

}  // namespace ferry::tasks
