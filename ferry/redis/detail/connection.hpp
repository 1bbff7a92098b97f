#pragma once

#include "ferry/async/sync.hpp"
#include "ferry/async/waiter.hpp"
#include "ferry/net/stream.hpp"
#include "ferry/redis/command.hpp"
#include "ferry/redis/detail/reply_parser.hpp"
#include "ferry/redis/options.hpp"
#include "ferry/redis/reply.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::redis::detail {

/// One connection, for any number of coroutines of its loop: what they send in one turn leaves in
/// one write, and each gets its own answer. Ends for good when the stream fails.
class connection : public std::enable_shared_from_this<connection> {
public:
    using duration = std::chrono::milliseconds;

    /// Connects, logs in, chooses the database and the protocol's version.
    /// \throws connection_error, timeout_error, response_error  as of HELLO, AUTH or SELECT
    static awaitable<std::shared_ptr<connection>> open(options with, net::endpoint at);

    explicit connection(net::stream over);
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Sends a command, which must stay valid, and waits for its answer, which may be an error
    /// reply. A cancelled one has its answer dropped, and the connection goes on.
    /// \param limit  zero for none. If nothing at all comes in this time, the connection ends.
    /// \throws connection_lost, if the command had been handed to the system; else connection_error
    static awaitable<reply> send(std::shared_ptr<connection> self, const command* c,
                                 duration limit);

    /// The same for several commands at once: one write, the answers in order.
    static awaitable<std::vector<reply>> send_all(std::shared_ptr<connection> self,
                                                  std::span<const command> all, duration limit);

    /// Sends without waiting for an answer: what comes goes to the listener.
    void tell(const command& c);

    /// Gets every push message, and, with version 2, whatever is no command's answer. Called while
    /// reading; must not throw. Null once the connection has ended.
    void listen(std::function<void(const reply*)> f) { listener_ = std::move(f); }

    /// Reads nothing until resume().
    void pause() noexcept { flowing_.clear(); }
    void resume() noexcept { flowing_.set(); }
    bool paused() const noexcept { return !flowing_.is_set(); }

    bool closed() const noexcept { return failure_ != nullptr; }
    /// Whether answers are due.
    bool busy() const noexcept { return !due_.empty(); }
    const std::exception_ptr& failure() const noexcept { return failure_; }
    int protocol() const noexcept { return protocol_; }
    std::chrono::steady_clock::time_point last_used() const noexcept { return last_used_; }
    std::chrono::steady_clock::time_point last_received() const noexcept { return received_; }

    /// Ends it; what is under way fails, for that reason.
    void close(std::string_view why = "the connection was closed") noexcept;

private:
    // One or more commands that wait for their answers, in the coroutine that sent them.
    class pending;

    // A place in the queue of answers that are due. Without an owner they are dropped.
    struct place {
        pending* owner;
        std::size_t answers;
    };

    static awaitable<void> log_in(std::shared_ptr<connection> self, options with);
    static awaitable<void> write_all(std::shared_ptr<connection> self);
    static awaitable<void> read_all(std::shared_ptr<connection> self);
    awaitable<void> read_more();
    void start();
    void begin(pending& p, duration limit);
    /// To be called where a wait was cancelled. \throws timeout_error, if its limit did that
    void end_of_patience(const pending& p, std::string_view name, duration limit);
    void deliver();
    void take(reply r);
    void fail(std::exception_ptr why) noexcept;

    net::stream stream_;
    std::string remote_;
    int protocol_ = 2;
    reply_parser parser_;
    std::string out_;           ///< what is not handed to the system yet
    std::uint64_t handed_ = 0;  ///< places whose commands are
    event has_output_;
    event flowing_;
    std::deque<place> due_;
    std::uint64_t first_due_ = 0;  ///< the number of due_.front()
    std::function<void(const reply*)> listener_;
    std::exception_ptr failure_;
    std::chrono::steady_clock::time_point last_used_;
    std::chrono::steady_clock::time_point received_;
};

}  // namespace ferry::redis::detail
