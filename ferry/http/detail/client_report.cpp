// What client_exchange tells others: hooks, traces, the log, and the caller when it fails.
#include "ferry/core/log.hpp"
#include "ferry/crypto/secrets.hpp"
#include "ferry/http/detail/client_exchange.hpp"
#include "ferry/http/detail/response_access.hpp"
#include "ferry/http/error.hpp"

#include <fmt/format.h>

#include <typeinfo>
#include <utility>

namespace ferry::http::detail {
namespace {

constexpr std::size_t trace_id_bytes = 16;
constexpr std::size_t span_id_bytes = 8;

/// An error with what was going on when it happened.
template <class Error>
class detailed final : public Error, public failure_details {
public:
    detailed(const Error& e, failure_details d) : Error(e), failure_details(std::move(d)) {}
};

template <class Error>
[[noreturn]] void throw_as(detailed<Error> made, std::string_view context)
{
    made.add_context(context);
    throw made;
}

// A copy, for others may be waiting for the same failure. One that has details comes from a request
// of the authentication's: it keeps them, and is told what it was for.
template <class Error>
void throw_if(const error& e, const failure_details& d, std::string_view context)
{
    if (typeid(e) == typeid(Error)) {
        throw_as(detailed<Error>(static_cast<const Error&>(e), d), context);
    }
    if (typeid(e) == typeid(detailed<Error>)) {
        throw_as(static_cast<const detailed<Error>&>(e), context);
    }
}

template <class... Errors>
void throw_one_of(const error& e, const failure_details& d, std::string_view context)
{
    (throw_if<Errors>(e, d, context), ...);
}

std::string context_of(const failure_details& d)
{
    std::string text = d.method + " " + d.url;
    if (d.before.empty()) return text;
    text += fmt::format(" (attempt {}; before:", d.before.size() + 1);
    for (const failed_attempt& a : d.before) {
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(a.at).count();
        text += fmt::format("{} {} after {} ms", &a == d.before.data() ? "" : ";", a.cause, ms);
    }
    return text += ")";
}

[[noreturn]] void throw_with(const std::exception_ptr& failure, const failure_details& d)
{
    const std::string context = context_of(d);
    try {
        std::rethrow_exception(failure);
    } catch (error& e) {
        throw_one_of<incomplete_body, too_many_redirects, status_error, resolve_error, tls_error,
                     connection_error, timeout_error, protocol_error, limit_error, parse_error,
                     crypto_error, error>(e, d, context);
        e.add_context(context);
        throw;
    }
}

bool is_timeout(const std::exception_ptr& failure)
{
    try {
        std::rethrow_exception(failure);
    } catch (const timeout_error&) {
        return true;
    } catch (const error&) {
        return false;
    }
}

}  // namespace

void client_exchange::set_hooks()
{
    hooks_ = {session_->options().defaults.hooks.get(), request_.options().hooks.get()};
    bool informational = false;
    for (const hook_set* const h : hooks_) {
        has_hooks_ = has_hooks_ || h != nullptr;
        informational = informational || (h != nullptr && !h->on_informational.empty());
    }
    if (find_option(&request_options::traceparent) != nullptr) has_hooks_ = true;
    if (!informational) return;
    informational_ = [this](response_head& early) { return tell_informational(&early); };
    context_.on_informational = &informational_;
}

template <class... Args>
awaitable<void> client_exchange::call_hooks(const hook_list<Args...> hook_set::* which,
                                            std::type_identity_t<Args>... args)
{
    for (const hook_set* const h : hooks_) {
        if (h == nullptr) continue;
        for (const auto& f : (h->*which).all()) co_await f(args...);
    }
}

awaitable<void> client_exchange::tell_informational(response_head* head)
{
    http::response early;
    response_access::fill(early, *head, request_.method(), request_.shared_url(), until_.elapsed());
    const hook_view self(*this);
    co_await call_hooks(&hook_set::on_informational, self, early);
}

awaitable<void> client_exchange::before_send()
{
    stamp_trace();
    hook_view self(*this);
    co_await call_hooks(&hook_set::on_request, self);
}

awaitable<void> client_exchange::after_head()
{
    const hook_view self(*this);
    co_await call_hooks(&hook_set::on_response, self, response_);
}

awaitable<void> client_exchange::before_redirect(const redirect_step* step)
{
    const hook_view self(*this);
    co_await call_hooks(&hook_set::on_redirect, self, response_, step->to);
}

awaitable<void> client_exchange::before_retry(const retry_event* what)
{
    const hook_view self(*this);
    co_await call_hooks(&hook_set::on_retry, self, *what);
}

awaitable<void> client_exchange::after_body()
{
    const hook_view self(*this);
    co_await call_hooks(&hook_set::on_done, self, response_);
}

// One trace a request, one span an attempt.
void client_exchange::stamp_trace()
{
    const std::string* const parent = find_option(&request_options::traceparent);
    if (parent == nullptr) return;
    constexpr std::size_t trace_at = 3;
    constexpr std::size_t flags_at = 53;
    if (trace_.empty()) {
        trace_ = parent->empty() ? secrets::token_hex(trace_id_bytes)
                                 : parent->substr(trace_at, 2 * trace_id_bytes);
    }
    const std::string flags = parent->empty() ? "01" : parent->substr(flags_at, 2);
    request_.added().set("traceparent", fmt::format("00-{}-{}-{}", trace_,
                                                    secrets::token_hex(span_id_bytes), flags));
}

failure_details client_exchange::details() const
{
    failure_details d;
    d.method = request_.method();
    d.url = request_.url().redacted();
    d.attempt = attempts_;
    d.phase = reached_.current();
    d.peer = peer();
    d.bytes_sent = reached_.bytes_sent;
    d.bytes_received = reached_.bytes_received;
    d.before = failed_;
    return d;
}

void client_exchange::log_end(std::string_view failure) const
{
    if (!log::enabled(log::level::info)) return;
    std::vector<log::field> fields;
    fields.push_back({"method", request_.method()});
    fields.push_back({"url", request_.url().redacted()});
    if (attempt_ != nullptr && failure.empty()) {
        fields.push_back({"status", std::to_string(response_.status)});
    }
    fields.push_back({"attempts", std::to_string(attempts_)});
    fields.push_back({"received", std::to_string(reached_.bytes_received)});
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(until_.elapsed());
    fields.push_back({"elapsed", std::to_string(us.count()) + "us"});
    if (!trace_.empty()) fields.push_back({"trace", trace_});
    if (!failure.empty()) fields.push_back({"failure", std::string(failure)});
    log::write(log::level::info, failure.empty() ? "http request" : "http request failed",
               std::move(fields));
}

awaitable<void> client_exchange::give_up(std::exception_ptr failure)
{
    const failure_details d = details();
    // A stream knows its own limit only; that it was the whole request's is known here.
    const bool late = until_.exists() && until_.elapsed() >= *limits_.total;
    if (late && is_timeout(failure)) {
        failure = std::make_exception_ptr(
            timeout_error(fmt::format("the whole request, last in phase {}", name(d.phase)),
                          in_ms(*limits_.total)));
    }
    end_attempt();
    std::exception_ptr told;
    try {
        throw_with(failure, d);
    } catch (const error&) {
        told = std::current_exception();
    }
    log_end(ferry::describe(told));
    if (has_hooks_) co_await tell_failure(told);
    std::rethrow_exception(told);
}

awaitable<void> client_exchange::tell_failure(std::exception_ptr failure)
{
    const error* what = nullptr;
    try {
        std::rethrow_exception(failure);
    } catch (const error& e) {
        what = &e;  // `failure` keeps it
    }
    const hook_view self(*this);
    co_await call_hooks(&hook_set::on_error, self, *what);
}

}  // namespace ferry::http::detail
