#pragma once

#include "ferry/core/url.hpp"
#include "ferry/http/retry.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace ferry::http::detail {

/// How long an origin's recent answers took, and how many hedges its requests have earned. Without
/// a clock: it is told.
class hedge_record {
public:
    using duration = std::chrono::nanoseconds;

    static constexpr std::size_t window = 200;  ///< answers that count as recent
    static constexpr std::size_t warm_up = 20;  ///< answers before anything is hedged
    static constexpr std::size_t requests_a_hedge = 10;
    static constexpr std::size_t max_saved_hedges = 10;

    /// A request begins. \return after how long it is late; nothing: that is not known yet.
    std::optional<duration> begin(percentile p);

    /// Whether a late request may have a second one, which then counts.
    bool spend() noexcept;

    /// How long an answer's head took to come.
    void took(duration d) noexcept;

private:
    std::array<duration, window> recent_{};
    std::size_t answers_ = 0;
    std::size_t earned_ = 0;  ///< in requests that no hedge was spent on
};

/// The records of a session's origins. Thread-safe.
class hedge_book {
public:
    /// At most so many origins are remembered.
    static constexpr std::size_t max_origins = 1000;

    std::optional<hedge_record::duration> begin(const url& to, percentile p);
    bool spend(const url& to);
    void took(const url& to, hedge_record::duration d);

private:
    hedge_record& record_of(const url& to);

    std::mutex mutex_;
    std::map<std::string, hedge_record> origins_;
};

}  // namespace ferry::http::detail
