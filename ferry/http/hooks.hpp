#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/url.hpp"
#include "ferry/http/outgoing.hpp"
#include "ferry/http/response.hpp"

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace ferry::http {

class request_options;

/// What on_retry is told: why the request is going to be sent again.
class retry_event {
public:
    int attempt = 0;    ///< the number of the one that failed
    int status = 0;     ///< of the answer; 0 if there was none
    std::string cause;  ///< the error's message; empty with a status
    std::chrono::nanoseconds wait{0};
};

namespace detail {

/// The functions of one place, in the order given. Plain functions become operations here.
template <class... Args>
class hook_list {
public:
    template <class F>
    void add(F f)
    {
        if constexpr (std::is_void_v<std::invoke_result_t<const F&, Args...>>) {
            auto shared = std::make_shared<const F>(std::move(f));
            all_.push_back([shared](Args... args) { return call(shared, args...); });
        } else {
            all_.push_back(std::move(f));
        }
    }
    void add_all(const hook_list& others)
    {
        all_.insert(all_.end(), others.all_.begin(), others.all_.end());
    }
    bool empty() const noexcept { return all_.empty(); }
    const auto& all() const noexcept { return all_; }

private:
    template <class F>
    static awaitable<void> call(std::shared_ptr<const F> f, Args... args)
    {
        (*f)(args...);
        co_return;
    }

    std::vector<std::function<awaitable<void>(Args...)>> all_;
};

/// Everything that wants to be told about a request. Shared by copies of the options, and never
/// changed once shared.
class hook_set {
public:
    hook_list<outgoing&> on_request;
    hook_list<const outgoing&, const response&> on_informational;
    hook_list<const outgoing&, const response&> on_response;
    hook_list<const outgoing&, const response&, const ferry::url&> on_redirect;
    hook_list<const outgoing&, const retry_event&> on_retry;
    hook_list<const outgoing&, const error&> on_error;
    hook_list<const outgoing&, const response&> on_done;

    void add_all(const hook_set& others);
};

void add_hooks(request_options& to, const hook_set& more);

template <auto Member>
class hook_option {
public:
    template <class F>
    explicit hook_option(F f)
    {
        hook_set made;
        (made.*Member).add(std::move(f));
        hooks_ = std::make_shared<const hook_set>(std::move(made));
    }
    void apply_to(request_options& to) const { add_hooks(to, *hooks_); }

private:
    std::shared_ptr<const hook_set> hooks_;
};

}  // namespace detail

/// \name Hooks
/// Functions that are told what happens to a request: options of a session or of one request, the
/// session's are called first. Each is a plain function, or a coroutine, which the request waits
/// for; what it throws ends the request. References live until it returns. As Requests' `hooks=`
/// and httpx's `event_hooks`.
///
///     http::session api(http::on_retry([](const http::outgoing& q, const http::retry_event& e) {
///         log::warning("again", "url", q.url().redacted(), "cause", e.cause);
///     }));
/// @{

/// `f(outgoing&)`: before each attempt; may set fields.
template <std::invocable<outgoing&> F>
auto on_request(F f)
{
    return detail::hook_option<&detail::hook_set::on_request>(std::move(f));
}
/// `f(const outgoing&, const response&)`: for each 1xx, such as 103 Early Hints.
template <std::invocable<const outgoing&, const response&> F>
auto on_informational(F f)
{
    return detail::hook_option<&detail::hook_set::on_informational>(std::move(f));
}
/// `f(const outgoing&, const response&)`: for the head of each answer, redirects and refusals too.
template <std::invocable<const outgoing&, const response&> F>
auto on_response(F f)
{
    return detail::hook_option<&detail::hook_set::on_response>(std::move(f));
}
/// `f(const outgoing&, const response&, const url& to)`: before a redirect is followed.
template <std::invocable<const outgoing&, const response&, const ferry::url&> F>
auto on_redirect(F f)
{
    return detail::hook_option<&detail::hook_set::on_redirect>(std::move(f));
}
/// `f(const outgoing&, const retry_event&)`: before the wait that precedes a retry.
template <std::invocable<const outgoing&, const retry_event&> F>
auto on_retry(F f)
{
    return detail::hook_option<&detail::hook_set::on_retry>(std::move(f));
}
/// `f(const outgoing&, const error&)`: the request has failed for good; the error is thrown next.
template <std::invocable<const outgoing&, const error&> F>
auto on_error(F f)
{
    return detail::hook_option<&detail::hook_set::on_error>(std::move(f));
}
/// `f(const outgoing&, const response&)`: the whole body was read. Of a stream, the response has
/// none.
template <std::invocable<const outgoing&, const response&> F>
auto on_done(F f)
{
    return detail::hook_option<&detail::hook_set::on_done>(std::move(f));
}
/// @}

/// Sends a `traceparent` (W3C Trace Context) with every attempt, each with an id of its own in one
/// trace, so that servers' logs can be joined.
class traceparent {
public:
    /// A trace of its own for each request.
    traceparent() = default;
    /// Goes on with the trace of a request that came in: the value of its traceparent field.
    /// \throws error with errc::bad_header  it is malformed.
    explicit traceparent(std::string_view parent);
    void apply_to(request_options& to) const;

private:
    std::string parent_;
};

static_assert(awaitable_argument<traceparent> &&
              awaitable_argument<detail::hook_option<&detail::hook_set::on_done>>);

}  // namespace ferry::http
