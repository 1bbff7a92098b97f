#pragma once

#include "ferry/core/error.hpp"
#include "ferry/http/retry.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace ferry::http::detail {

/// Notices that data comes more slowly than min_rate allows. Counts the time spent waiting only.
class rate_watch {
public:
    using clock = std::chrono::steady_clock;

    explicit rate_watch(const min_rate& rule) noexcept : rule_(rule) {}

    /// How long a single wait may take before the window is over.
    clock::duration window_left() const noexcept { return rule_.window() - waited_; }

    /// \param bytes  that came after `waited`; 0 after a wait that was cut short.
    /// \throws timeout_error
    void took(std::size_t bytes, clock::duration waited, std::string_view peer)
    {
        bytes_ += bytes;
        waited_ += waited;
        if (waited_ < rule_.window()) return;
        const double seconds = std::chrono::duration<double>(waited_).count();
        if (static_cast<double>(bytes_) < static_cast<double>(rule_.bytes_per_second()) * seconds) {
            throw timeout_error("read " + std::string(peer) + " at " +
                                    std::to_string(rule_.bytes_per_second()) + " bytes/s",
                                std::chrono::ceil<std::chrono::milliseconds>(rule_.window()));
        }
        bytes_ = 0;
        waited_ = clock::duration(0);
    }

private:
    min_rate rule_;
    std::uint64_t bytes_ = 0;
    clock::duration waited_{0};
};

}  // namespace ferry::http::detail
