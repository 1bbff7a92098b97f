#pragma once

#include "ferry/amqp/detail/frame.hpp"
#include "ferry/amqp/detail/output.hpp"
#include "ferry/amqp/options.hpp"
#include "ferry/amqp/statistics.hpp"
#include "ferry/async/patience.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/net/stream.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace ferry::amqp::detail {

/// Who is told what comes over a link.
class link_listener {
public:
    /// \throws protocol_error  the broker broke the rules: the link closes with its reply code.
    virtual void on_frame(const frame& f) = 0;
    /// The link has ended; nothing more comes.
    virtual void on_lost(const std::exception_ptr& why) noexcept = 0;

protected:
    ~link_listener() = default;
};

/// One logged-in connection over one stream: writes what is queued, hands out what comes, beats.
/// What is queued in one turn of the loop leaves in one write.
class link : public std::enable_shared_from_this<link> {
public:
    /// Connects and logs in. \throws connection_error, tls_error, authentication_error,
    /// connection_closed (530: no such virtual host), protocol_error, timeout_error
    static awaitable<std::shared_ptr<link>> open(options with, net::endpoint at,
                                                 std::shared_ptr<statistics> counts);

    /// Logs in over a stream that leads to the broker already.
    static awaitable<std::shared_ptr<link>> open(options with, net::stream over,
                                                 std::shared_ptr<statistics> counts);

    link(net::stream over, std::shared_ptr<statistics> counts);
    link(const link&) = delete;
    link& operator=(const link&) = delete;

    /// From now on the listener gets the frames, on this loop, as long as it lives.
    void start(std::weak_ptr<link_listener> listener);

    /// Where to put frames of this channel; then call flush().
    output& out(std::uint16_t channel) noexcept { return bodies_.empty() ? out_ : behind(channel); }
    void flush() noexcept { has_output_.set(); }
    /// Puts a message's body behind its header; a short one is copied. Long ones leave in parts,
    /// and other channels' frames between these; those of the same channel come behind.
    void add_body(std::uint16_t channel, std::string_view body);
    void add_body(std::uint16_t channel, const buffer& body);
    /// The broker has closed the channel: what waits to leave for it does not leave any more.
    void abandon_body(std::uint16_t channel) noexcept;

    bool is_full(std::uint16_t channel) const noexcept
    {
        return out_.size() > max_queued_bytes || out_.copied() > max_copied_bytes ||
               (!bodies_.empty() && has_body(channel));
    }
    /// What was queued waits for room in the system's buffers.
    bool is_writing() const noexcept { return writing_; }
    /// Waits until little enough is queued.
    static awaitable<void> room(std::shared_ptr<link> self, std::uint16_t channel);

    std::uint32_t frame_max() const noexcept { return frame_max_; }
    std::uint16_t channel_max() const noexcept { return channel_max_; }
    const std::string& remote() const noexcept { return remote_; }
    const value& server_properties() const noexcept { return server_properties_; }
    bool lost() const noexcept { return failure_ != nullptr; }
    const std::exception_ptr& failure() const noexcept { return failure_; }

    /// The listener took a message for a consumer with this prefetch; 0: without a limit.
    void message_taken(std::uint16_t prefetch) noexcept { taken(1, prefetch); }
    void limited_to(std::uint16_t prefetch) noexcept { taken(0, prefetch); }
    /// The listener took confirms of so many messages, while `in_flight` were under way.
    void confirms_taken(std::size_t count, std::size_t in_flight) noexcept
    {
        patience_.count(count, in_flight);
    }

    /// Ends it; the listener is told. What is queued is still written if `then` says so.
    enum class rest : unsigned char { dropped, written };
    void fail(std::exception_ptr why, rest then = rest::dropped) noexcept;

    /// Ends it in order: connection.close, and the broker's answer, for 5 s at most.
    static awaitable<void> close(std::shared_ptr<link> self, std::uint16_t code, std::string text);

private:
    // A message's body that leaves in parts.
    struct long_body {
        std::uint16_t channel;
        buffer rest;
        output behind;  ///< frames of the same channel
    };

    static constexpr std::size_t max_queued_bytes = 512 * 1024;
    /// Of these; more would have left the processor's cache when it is written.
    static constexpr std::size_t max_copied_bytes = 256 * 1024;
    /// Of a long body, in one write.
    static constexpr std::size_t part_bytes = 256 * 1024;

    static awaitable<void> log_in(std::shared_ptr<link> self, options with);
    awaitable<void> log_in(options with);
    void queue_start_ok(const options& with, const std::string& mechanism);
    void queue_tune_ok_and_open(const options& with);
    awaitable<frame> read_frame();
    awaitable<void> write_now();
    static awaitable<void> write_all(std::shared_ptr<link> self);
    static awaitable<void> read_all(std::shared_ptr<link> self);
    static awaitable<std::size_t> read_at_tick(std::shared_ptr<link> self);
    static awaitable<void> beat(std::shared_ptr<link> self);
    output& behind(std::uint16_t channel) noexcept;
    bool has_body(std::uint16_t channel) const noexcept;
    void append_body(output& to, std::uint16_t channel, const buffer& body) const;
    void take_next_part();
    static awaitable<void> close_now(std::shared_ptr<link> self, std::uint16_t code,
                                     std::string text);
    void deliver();
    bool take_connection_method(const frame& f);
    void taken(std::size_t count, std::uint16_t prefetch) noexcept
    {
        patience_.count(count, prefetch != 0 ? prefetch : std::numeric_limits<std::size_t>::max());
    }
    void muffle(bool on) noexcept;
    void queue_close(std::uint16_t code, std::string_view text);

    net::stream stream_;
    std::shared_ptr<statistics> counts_;
    std::string remote_;
    output out_;
    output leaving_;
    std::deque<long_body> bodies_;  ///< the next to get its turn first
    bool writing_ = false;
    event has_output_;
    event drained_;
    event closed_;
    bool closing_ = false;
    std::size_t consumed_ = 0;  ///< of the stream's buffer, by read_frame()
    std::weak_ptr<link_listener> listener_;
    /// For messages, or confirms of so many: each write of the broker's wakes the program up, which
    /// costs more than the messages in it.
    ferry::patience patience_;
    bool muffled_ = false;
    std::exception_ptr failure_;
    value server_properties_;
    std::uint32_t frame_max_ = frame_min_size;
    std::uint16_t channel_max_ = 0;
    std::chrono::seconds heartbeat_{0};
    std::chrono::steady_clock::time_point received_;
    std::chrono::steady_clock::time_point sent_;
};

}  // namespace ferry::amqp::detail
