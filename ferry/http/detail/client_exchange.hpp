#pragma once

#include "ferry/http/detail/attempt.hpp"
#include "ferry/http/detail/attempt_opener.hpp"
#include "ferry/http/detail/content_decoder.hpp"
#include "ferry/http/detail/outgoing_request.hpp"
#include "ferry/http/detail/redirect.hpp"
#include "ferry/http/detail/session_core.hpp"
#include "ferry/http/response.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ferry::http::detail {

/// One request of the caller's, from its URL to the last byte of the body: the policy around
/// attempts, each of which is sent once (see attempt.hpp). Used by one coroutine.
class client_exchange {
public:
    /// \throws error  what can be known to be wrong before anything is sent.
    client_exchange(std::shared_ptr<session_core> session, std::string method, std::string target,
                    request_options with);

    /// Sends the request, and those that redirects ask for, up to the head of the final response.
    awaitable<void> run();

    const http::response& head() const noexcept { return response_; }

    /// The rest of the body, whole. Afterwards the exchange is over.
    awaitable<http::response> read();

    /// The next part of the body; empty at the end.
    awaitable<buffer> next();

    /// Puts "GET http://..." in front of an error's message.
    void describe(error& e) const;

private:
    awaitable<void> send();
    std::optional<redirect_step> next_step() const;
    awaitable<void> discard_body();
    void begin_body(const compress::limits& bounds);
    void end_body();
    void count(std::size_t received);
    std::size_t take_small_body(std::uint64_t limit, ferry::bytes& into);
    awaitable<void> read_rest(ferry::bytes* into, std::size_t size, std::uint64_t limit);
    awaitable<ferry::bytes> read_decoded(std::uint64_t limit);
    void store_cookies();

    /// The request's option, else the session's, else `otherwise`.
    template <class T>
    T option(std::optional<T> request_options::* which, T otherwise) const
    {
        return (request_.options().*which)
            .value_or((session_->options().defaults.*which).value_or(otherwise));
    }

    std::shared_ptr<session_core> session_;
    outgoing_request request_;
    time_limits limits_;
    deadline until_;
    progress reached_;
    attempt_context context_;

    attempt_opener opener_;
    attempt* attempt_ = nullptr;  ///< the one that goes on
    response_head head_;
    std::optional<content_decoder> decoder_;
    bool body_begun_ = false;
    http::response response_;
    std::vector<http::response> history_;
};

}  // namespace ferry::http::detail
