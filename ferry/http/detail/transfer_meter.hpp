#pragma once

#include "ferry/http/body.hpp"
#include "ferry/http/transfer.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace ferry::http::detail {

/// Counts what goes out and comes in: for the option `progress`, whose function it calls when
/// enough time has passed, and for `max_rate`, for which it says how long to wait.
class transfer_meter {
public:
    using clock = std::chrono::steady_clock;

    /// \param call  empty: nobody wants to know. \param rate  bytes a second; 0: no limit.
    explicit transfer_meter(std::function<void(const transfer&)> call, std::uint64_t rate = 0)
        : call_(std::move(call)), rate_(rate)
    {
    }

    bool has_rate() const noexcept { return rate_ > 0; }
    /// How long the next bytes have to wait.
    clock::duration pause() const noexcept;
    /// The most bytes that should be moved without a pause.
    std::size_t portion() const noexcept;

    void start_sending(std::optional<std::uint64_t> total);
    void sent(std::size_t bytes);
    void end_sending();
    void start_receiving(std::optional<std::uint64_t> total);
    void received(std::size_t bytes);
    void end_receiving();

private:
    void report(bool at_once);
    void spend(std::size_t bytes);

    std::function<void(const transfer&)> call_;
    std::uint64_t rate_;
    clock::time_point paid_until_{};  ///< when the bytes so far would be over at that rate
    transfer so_far_;
    clock::time_point last_ = clock::now();
};

/// The same body, which reports to the meter as it is sent, and keeps to its rate.
body metered(const body& plain, std::shared_ptr<transfer_meter> meter);

}  // namespace ferry::http::detail
