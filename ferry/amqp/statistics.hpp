#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace ferry::amqp {

/// How often something took how long.
class histogram {
public:
    /// The upper ends of the buckets in seconds; the last bucket has none.
    static constexpr std::array bounds{0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05,
                                       0.1,    0.2,   0.5,   1.0,   2.0,  5.0};

    void add(std::chrono::nanoseconds d) noexcept;

    /// How many were in each bucket, and not in an earlier one.
    const std::array<std::uint64_t, bounds.size() + 1>& buckets() const noexcept
    {
        return buckets_;
    }
    std::uint64_t count() const noexcept { return count_; }
    std::chrono::nanoseconds sum() const noexcept { return sum_; }

private:
    std::array<std::uint64_t, bounds.size() + 1> buckets_{};
    std::uint64_t count_ = 0;
    std::chrono::nanoseconds sum_{0};
};

/// What a connection has done since it was made, through all losses: `connection.statistics()`.
class statistics {
public:
    std::uint64_t connects = 0;
    std::uint64_t recoveries = 0;                        ///< losses that were made good
    std::map<std::string, std::uint64_t> disconnects{};  ///< by the text of their error code
    std::uint64_t published = 0;
    std::uint64_t confirmed = 0;
    std::uint64_t nacked = 0;    ///< publishes that the broker did not take
    std::uint64_t returned = 0;  ///< mandatory publishes that no queue took
    std::uint64_t delivered = 0;
    std::uint64_t acked = 0;         ///< acks sent; one with `multiple` counts once
    std::uint64_t requeued = 0;      ///< nacks and rejects sent, with and without `requeue`
    std::uint64_t stale_acks = 0;    ///< of deliveries whose connection was gone: not sent
    std::uint64_t late_replies = 0;  ///< of an rpc_client whose caller had gone
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    /// \name As it is now
    /// @{
    std::uint64_t unconfirmed = 0;  ///< publishes that wait for the broker's word
    std::uint64_t unacked = 0;      ///< deliveries that the program has not settled
    std::uint64_t channels = 0;
    bool blocked = false;
    /// @}
    /// From a publish to the broker's word; of each channel one message at a time is measured.
    histogram confirm_latency{};
    /// How long the handlers of basic_consume() took for a message.
    histogram handler_time{};

    /// In Prometheus' text format. \param labels  such as `connection="orders"`
    std::string to_prometheus(std::string_view labels = {}) const;
};

}  // namespace ferry::amqp
