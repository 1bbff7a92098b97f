#pragma once

#include "ferry/http/body.hpp"
#include "ferry/http/transfer.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace ferry::http::detail {

/// Counts for the option `progress`, and calls its function when enough time has passed.
class transfer_meter {
public:
    using clock = std::chrono::steady_clock;

    explicit transfer_meter(std::function<void(const transfer&)> call) : call_(std::move(call)) {}

    void start_sending(std::optional<std::uint64_t> total);
    void sent(std::size_t bytes);
    void end_sending();
    void start_receiving(std::optional<std::uint64_t> total);
    void received(std::size_t bytes);
    void end_receiving();

private:
    void report(bool at_once);

    std::function<void(const transfer&)> call_;
    transfer so_far_;
    clock::time_point last_ = clock::now();
};

/// The same body, which reports to the meter as it is sent.
body metered(const body& plain, std::shared_ptr<transfer_meter> meter);

}  // namespace ferry::http::detail
