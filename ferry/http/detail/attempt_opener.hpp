#pragma once

#include "ferry/http/detail/attempt.hpp"
#include "ferry/http/detail/http1_attempt.hpp"
#include "ferry/http/detail/observed_attempt.hpp"
#include "ferry/http/detail/pool.hpp"
#include "ferry/http/detail/proxy_rules.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace ferry::http::detail {

/// Chooses what carries a request: a kept connection of the pool, or a new one, and the protocol
/// that it speaks. Holds the attempt that goes on.
class attempt_opener {
public:
    explicit attempt_opener(std::shared_ptr<session_core> session) : session_(std::move(session)) {}

    /// An attempt that can begin without waiting, which is most of the time; else null. Ends the
    /// attempt before.
    /// \param first  false: the same request was sent before, and met a dead connection.
    attempt* try_open(const outgoing_request& what, const attempt_context& with, bool first);

    /// Waits for a place in the pool, and connects. Goes with a try_open() that returned null.
    /// \throws as session::request
    awaitable<attempt*> open(const outgoing_request* what, attempt_context with, bool first);

    /// The proxy that is given the request itself; null without one.
    const proxy_server* reader() const noexcept { return forwards_ ? via_.get() : nullptr; }

    /// Ends the attempt, and gives up what it used, or was about to.
    void drop() noexcept
    {
        close();
        place_.drop();
    }

private:
    void close() noexcept
    {
        observed_.reset();
        http1_.reset();
        other_.reset();
    }
    attempt* observe(attempt* a, const attempt_context& with);
    void find_route(const outgoing_request& what);
    attempt* begin(const outgoing_request& what, const attempt_context& with, bool first);

    std::shared_ptr<session_core> session_;
    std::shared_ptr<connection_pool> pool_;  ///< of the loop that the exchange runs on
    connection_pool::lease place_;           ///< while an attempt is being opened
    proxy_rules::server via_;                ///< null: directly
    bool forwards_ = false;                  ///< via_ is given the requests themselves
    bool anonymous_ = false;  ///< no certificate is shown to where a redirect has led
    std::string via_key_;
    route route_;
    std::optional<http1_attempt> http1_;  ///< in place: the usual kind costs no allocation
    std::unique_ptr<attempt> other_;
    std::optional<observed_attempt> observed_;  ///< around either of them
};

}  // namespace ferry::http::detail
