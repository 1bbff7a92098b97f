#pragma once

#include "ferry/amqp/detail/link.hpp"
#include "ferry/amqp/detail/topology.hpp"
#include "ferry/async/sync.hpp"

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace ferry::amqp::detail {

class channel_core;

/// A connection as its user sees it: one link after the other, and the channels that live on.
class connection_core final : public link_listener,
                              public std::enable_shared_from_this<connection_core> {
public:
    explicit connection_core(options with) : options_{std::move(with)} {}
    connection_core(const connection_core&) = delete;
    connection_core& operator=(const connection_core&) = delete;
    ~connection_core();

    const options& settings() const noexcept { return options_; }

    /// Tries all hosts, as often as the options say. \throws as link::open
    static awaitable<void> open(std::shared_ptr<connection_core> self);

    static awaitable<std::shared_ptr<channel_core>> open_channel(
        std::shared_ptr<connection_core> self);
    void release(std::uint16_t channel) noexcept { channels_.erase(channel); }

    /// The link, once there is one: waits while a lost connection is made again.
    /// \throws what ended the connection for good
    static awaitable<std::shared_ptr<link>> ready(std::shared_ptr<connection_core> self);

    /// The same where that needs no wait; null otherwise.
    link* now() noexcept { return open_ ? link_.get() : nullptr; }
    const std::shared_ptr<link>& current() const noexcept { return link_; }

    /// Waits until the broker takes publishes again. \throws error(errc::blocked)
    static awaitable<void> unblocked(std::shared_ptr<connection_core> self);
    bool is_blocked() const noexcept { return blocked_; }
    const std::string& blocked_reason() const noexcept { return blocked_reason_; }

    /// Counts the links: what belongs to an earlier one is stale.
    std::uint64_t generation() const noexcept { return generation_; }
    bool is_open() const noexcept { return open_; }

    topology& declared() noexcept { return topology_; }

    static awaitable<void> close(std::shared_ptr<connection_core> self);
    void abort() noexcept;

    std::function<void(const error&)> on_disconnected;
    std::function<void()> on_recovered;

private:
    void on_frame(const frame& f) override;
    void on_lost(const std::exception_ptr& why) noexcept override;
    static awaitable<void> connect(std::shared_ptr<connection_core> self);
    static awaitable<void> recover(std::shared_ptr<connection_core> self);
    static awaitable<void> restore(std::shared_ptr<connection_core> self);
    void end(std::exception_ptr why) noexcept;

    options options_;
    std::shared_ptr<link> link_;
    std::uint64_t generation_ = 0;
    bool open_ = false;
    bool was_open_ = false;
    bool closing_ = false;
    bool recovering_ = false;
    std::exception_ptr failure_;  ///< for good
    event changed_;               ///< open, or ended for good
    std::map<std::uint16_t, std::weak_ptr<channel_core>> channels_;
    bool blocked_ = false;
    std::string blocked_reason_;
    event unblocked_;
    topology topology_;
};

}  // namespace ferry::amqp::detail
