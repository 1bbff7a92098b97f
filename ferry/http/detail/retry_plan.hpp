#pragma once

#include "ferry/core/error.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/headers.hpp"
#include "ferry/http/retry.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace ferry::http::detail {

/// Decides for one request what is tried again, and after how long: retry's rules, without a clock
/// or a connection.
class retry_plan {
public:
    using duration = std::chrono::nanoseconds;

    explicit retry_plan(const retry& rules) noexcept : rules_(rules) {}

    /// What is known about the attempt that ended.
    struct ended {
        std::string_view method;
        phase at = phase::prepare;
        bool has_key = false;  ///< of idempotency
    };

    /// The wait before the next attempt; nothing: there is none.
    std::optional<duration> after_failure(const error& failure, const ended& attempt);
    std::optional<duration> after_status(int status, const headers& fields, const ended& attempt);

private:
    bool may_repeat(const ended& attempt) const;
    duration next_wait();

    const retry& rules_;
    int all_ = 0;
    int connects_ = 0;
    int reads_ = 0;
    int statuses_ = 0;
};

}  // namespace ferry::http::detail
