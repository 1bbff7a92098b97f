#pragma once

#include "ferry/http/detail/attempt.hpp"
#include "ferry/http/detail/attempt_opener.hpp"
#include "ferry/http/detail/cache_visit.hpp"
#include "ferry/http/detail/content_decoder.hpp"
#include "ferry/http/detail/outgoing_request.hpp"
#include "ferry/http/detail/rate_watch.hpp"
#include "ferry/http/detail/redirect.hpp"
#include "ferry/http/detail/retry_plan.hpp"
#include "ferry/http/detail/session_core.hpp"
#include "ferry/http/hooks.hpp"
#include "ferry/http/response.hpp"

#include <array>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ferry::http::detail {

/// One request of the caller's, from its URL to the last byte of the body: the policy around
/// attempts, each of which is sent once (see attempt.hpp). From the outside in: redirects; retries;
/// authentication; one send, which replaces a dead connection. Used by one coroutine.
class client_exchange {
public:
    /// \throws error  what can be known to be wrong before anything is sent.
    client_exchange(std::shared_ptr<session_core> session, call_ptr what);
    client_exchange(const client_exchange&) = delete;
    client_exchange& operator=(const client_exchange&) = delete;
    ~client_exchange();

    /// Sends the request, and those that redirects ask for, up to the head of the final response.
    awaitable<void> run();

    const http::response& head() const noexcept { return response_; }

    const http::headers& trailers() const noexcept { return attempt_->trailers(); }

    /// What has arrived of the body, without waiting. True: it is all, take_answer() has it, and
    /// the exchange is over. False: read() goes on.
    bool read_arrived();
    awaitable<void> read();

    http::response&& take_answer() noexcept { return std::move(response_); }

    /// The next part of the body; empty at the end.
    awaitable<buffer> next();

    /// After a failure of read(): waits, and run() may be called again for the same; or throws it.
    awaitable<void> wait_to_retry(std::exception_ptr failure);

    /// Ends the exchange: tells the hooks and the log, and throws the failure with its details.
    awaitable<void> give_up(std::exception_ptr failure);

    /// \name For hooks and authentication
    /// @{
    outgoing_request& request() noexcept { return request_; }
    const std::shared_ptr<session_core>& session() const noexcept { return session_; }
    int attempts() const noexcept { return attempts_; }
    const deadline& until() const noexcept { return until_; }
    awaitable<int> send_for_flow();
    const http::response& answer() const;
    /// @}

private:
    class hook_view final : public outgoing {
    public:
        explicit hook_view(client_exchange& of) noexcept : outgoing(of) {}
    };

    awaitable<void> send();
    awaitable<void> send_over_wire();
    bool mend();
    awaitable<bool> answer_from_cache();
    awaitable<void> send_past_cache();
    http::timings timings() const;
    std::string sent_head() const;
    std::optional<redirect_step> next_step() const;
    awaitable<void> discard_body();
    void store_cookies();
    void end_attempt() noexcept
    {
        attempt_ = nullptr;
        opener_.drop();
    }

    void set_policies();
    void set_hooks();
    bool has_policy() const noexcept;
    awaitable<void> send_by_policy();
    awaitable<void> send_admitted();
    awaitable<void> wait(std::chrono::nanoseconds d);
    std::optional<std::chrono::nanoseconds> retry_wait(const std::exception_ptr& failure);
    awaitable<void> prepare_retry(std::exception_ptr failure, std::chrono::nanoseconds wait);
    void heed_retry_after();

    awaitable<void> before_send();
    awaitable<void> after_head();
    awaitable<void> before_redirect(const redirect_step* step);
    awaitable<void> before_retry(const retry_event* what);
    awaitable<void> tell_informational(response_head* head);
    awaitable<void> tell_failure(std::exception_ptr failure);
    awaitable<void> after_body();
    void stamp_trace();
    void log_end(std::string_view failure) const;

    void begin_body(const compress::limits& bounds);
    void take_body(ferry::bytes data);
    void end_body();
    void count(std::size_t received);
    std::size_t take_small_body(std::uint64_t limit, ferry::bytes& into);
    awaitable<void> read_rest(ferry::bytes* into, std::size_t size, std::uint64_t limit);
    awaitable<ferry::bytes> read_decoded(std::uint64_t limit);
    awaitable<buffer> next_part();
    awaitable<std::size_t> receive(std::span<std::byte> into);
    awaitable<std::size_t> receive_paced(std::span<std::byte> into);
    awaitable<std::size_t> receive_watched(std::span<std::byte> into);

    std::string peer() const { return attempt_ == nullptr ? std::string() : attempt_->peer(); }
    failure_details details() const;

    /// The request's option, else the session's, else `otherwise`.
    template <class T>
    T option(std::optional<T> request_options::* which, T otherwise) const
    {
        return (request_.options().*which)
            .value_or((session_->options().defaults.*which).value_or(otherwise));
    }
    /// The same without a default: null if it is given nowhere.
    template <class T>
    const T* find_option(std::optional<T> request_options::* which) const
    {
        const auto& own = request_.options().*which;
        if (own) return &*own;
        const auto& sessions = session_->options().defaults.*which;
        return sessions ? &*sessions : nullptr;
    }
    /// Calls each hook of that kind, the session's first.
    template <class... Args>
    awaitable<void> call_hooks(const hook_list<Args...> hook_set::* which,
                               std::type_identity_t<Args>... args);

    std::shared_ptr<session_core> session_;
    outgoing_request request_;
    time_limits limits_;
    deadline until_;
    progress reached_;
    attempt_context context_;
    std::optional<retry_plan> retries_;
    std::optional<rate_watch> rate_;
    bool is_paced_ = false;                   ///< by min_rate or max_rate
    std::array<const hook_set*, 2> hooks_{};  ///< the session's and the request's, or null
    bool has_hooks_ = false;
    std::function<awaitable<void>(response_head&)> informational_;

    attempt_opener opener_;
    attempt* attempt_ = nullptr;  ///< the one that goes on
    int attempts_ = 0;
    bool answered_proxy_ = false;
    bool ended_ = false;
    std::string trace_;  ///< the id of the request's trace, if it has one
    std::vector<failed_attempt> failed_;
    response_head head_;
    std::optional<content_decoder> decoder_;
    bool body_begun_ = false;
    ferry::bytes body_;
    std::size_t arrived_ = 0;  ///< how much of it read_arrived() has found
    std::optional<cache_visit> cache_;
    std::optional<redirect_chain> chain_;
    http::response response_;
    std::vector<http::response> history_;
};

}  // namespace ferry::http::detail
