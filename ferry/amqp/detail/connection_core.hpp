#pragma once

#include "ferry/amqp/detail/home.hpp"
#include "ferry/amqp/detail/link.hpp"
#include "ferry/amqp/detail/topology.hpp"
#include "ferry/amqp/statistics.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/async/waiter.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ferry::amqp::detail {

class channel_core;
class connection_core;

/// Looks from time to time whether the broker still confirms what is published.
class confirm_watch final : public timer {
public:
    explicit confirm_watch(connection_core& of) noexcept : of_{of} {}

private:
    void expired() noexcept override;

    connection_core& of_;
};

/// A connection as its user sees it: one link after the other, and the channels that live on.
class connection_core final : public link_listener,
                              public std::enable_shared_from_this<connection_core> {
public:
    explicit connection_core(options with) : options_{std::move(with)} {}
    connection_core(const connection_core&) = delete;
    connection_core& operator=(const connection_core&) = delete;
    ~connection_core();

    const options& settings() const noexcept { return options_; }
    const home& lives_at() const noexcept { return home_; }

    /// Gives the link up if it has got no confirms for too long.
    void check_confirms() noexcept;
    /// The broker `does` something with a channel's publishes, and has for
    /// options::confirm_timeout.
    void give_up(std::uint16_t channel, const char* does) noexcept;

    /// Tries all hosts, as often as the options say. \throws as link::open
    static awaitable<void> open(std::shared_ptr<connection_core> self);

    /// Logs in over this stream instead; later links are to the hosts.
    static awaitable<void> open(std::shared_ptr<connection_core> self, net::stream over);

    static awaitable<std::shared_ptr<channel_core>> open_channel(
        std::shared_ptr<connection_core> self);
    /// The number of a channel that is gone is free again; nothing if another has it by now.
    void release(std::uint16_t channel, const channel_core* used_by) noexcept
    {
        if (slots_[channel].used_by == used_by) slots_[channel] = slot();
    }
    /// Nobody uses the channel any more; its number is taken until the broker has closed it.
    void let_go(std::uint16_t channel) noexcept { slots_[channel].used_by = nullptr; }

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
    bool is_closed() const noexcept { return failure_ != nullptr; }

    topology& declared() noexcept { return topology_; }
    statistics& counts() noexcept { return *counts_; }
    statistics snapshot() const;

    static awaitable<void> update_secret(std::shared_ptr<connection_core> self, std::string secret,
                                         std::string reason);
    static awaitable<void> close(std::shared_ptr<connection_core> self);
    void abort() noexcept;

    std::function<void(const error&)> on_disconnected;
    std::function<void(int)> on_recovering;
    std::function<void(std::chrono::milliseconds)> on_recovered;
    std::function<void(const std::string&, const std::string&)> on_renamed;
    std::function<void(const std::string&)> on_blocked;

private:
    void on_frame(const frame& f) override;
    void on_lost(const std::exception_ptr& why) noexcept override;
    static awaitable<void> connect(std::shared_ptr<connection_core> self);
    void begin(std::shared_ptr<link> over);
    void opened() noexcept;
    static awaitable<void> recover(std::shared_ptr<connection_core> self);
    static awaitable<void> restore(std::shared_ptr<connection_core> self);
    static awaitable<void> declare_again(std::shared_ptr<connection_core> self);
    void end(std::exception_ptr why) noexcept;
    bool keeps_refusing(const error& e) noexcept;
    void rename(const std::string& from, const std::string& to);
    std::vector<std::shared_ptr<channel_core>> living() const;

    struct slot {
        bool taken = false;
        channel_core* used_by = nullptr;
    };

    home home_;
    options options_;
    std::shared_ptr<link> link_;
    std::uint64_t generation_ = 0;
    bool open_ = false;
    bool was_open_ = false;
    bool closing_ = false;
    bool recovering_ = false;
    std::exception_ptr failure_;  ///< for good
    event changed_;               ///< open, or ended for good
    int refusals_ = 0;            ///< connections in a row that the broker ended for our fault
    std::chrono::steady_clock::time_point connected_;
    std::vector<slot> slots_{1};  ///< by the channel's number
    std::shared_ptr<statistics> counts_ = std::make_shared<statistics>();
    bool updating_secret_ = false;
    event secret_updated_;
    bool blocked_ = false;
    std::string blocked_reason_;
    event unblocked_;
    std::chrono::steady_clock::time_point unblocked_since_;  ///< confirms are due from then on
    std::chrono::steady_clock::time_point looked_;           ///< for confirms
    confirm_watch confirm_watch_{*this};
    topology topology_;
};

}  // namespace ferry::amqp::detail
