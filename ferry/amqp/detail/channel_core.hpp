#pragma once

#include "ferry/amqp/detail/connection_core.hpp"
#include "ferry/amqp/message.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/async/waiter.hpp"

#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ferry::amqp::detail {

/// What a publish waits for: the broker's word on the message of one tag.
class confirmation {
public:
    virtual void settled(bool taken, std::optional<returned_message> returned) noexcept = 0;
    /// Nobody knows what became of it.
    virtual void lost(const std::exception_ptr& why) noexcept = 0;

protected:
    ~confirmation() = default;
};

/// The deliveries of one consumer, in their order.
class consumer_core {
public:
    std::string tag;
    std::string queue;
    std::uint8_t bits = 0;  ///< no-local 1, no-ack 2, exclusive 4
    value arguments;
    std::uint16_t prefetch = 0;

    bool no_ack() const noexcept { return (bits & 2U) != 0; }

    void put(delivery d)
    {
        waiting.push_back(std::move(d));
        arrived.set();
    }
    void end(std::exception_ptr why) noexcept
    {
        ended = true;
        failure = std::move(why);
        arrived.set();
    }

    std::deque<delivery> waiting;
    event arrived;
    bool ended = false;
    std::exception_ptr failure;
};

/// A channel as its user sees it: opened again on each link. Holds the protocol of one channel:
/// calls and their answers, contents and their parts, confirms.
class channel_core : public std::enable_shared_from_this<channel_core> {
public:
    channel_core(std::shared_ptr<connection_core> connection, std::uint16_t number)
        : connection_{std::move(connection)}, number_{number}
    {
    }
    channel_core(const channel_core&) = delete;
    channel_core& operator=(const channel_core&) = delete;
    ~channel_core();

    std::uint16_t number() const noexcept { return number_; }
    connection_core& owner() const noexcept { return *connection_; }
    std::uint64_t generation() const noexcept { return generation_; }
    bool is_open() const noexcept { return !failure_ && opened_; }
    /// For good.
    bool ended() const noexcept { return failure_ != nullptr; }

    /// Waits until it is open on a link. \throws what ended it for good
    static awaitable<void> ready(std::shared_ptr<channel_core> self);

    /// What may be sent again over the next link if the answer did not come over this one.
    enum class repeat : bool { no, yes };

    /// Sends a method and waits for its answer. \return the answer's arguments.
    static awaitable<std::string> call(std::shared_ptr<channel_core> self, method m,
                                       std::string arguments, method answer, repeat again);

    /// basic.get: the message, or none.
    static awaitable<std::optional<delivery>> get(std::shared_ptr<channel_core> self,
                                                  std::string queue, bool no_ack);

    /// Declares, and remembers it for later links. \return the answer's arguments.
    static awaitable<std::string> declare(std::shared_ptr<channel_core> self, declaration d);

    static awaitable<std::shared_ptr<consumer_core>> consume(std::shared_ptr<channel_core> self,
                                                             std::shared_ptr<consumer_core> c);
    static awaitable<void> cancel(std::shared_ptr<channel_core> self, std::string tag);
    static awaitable<void> select_confirms(std::shared_ptr<channel_core> self);
    static awaitable<void> qos(std::shared_ptr<channel_core> self, std::uint16_t prefetch,
                               bool global);
    static awaitable<void> close(std::shared_ptr<channel_core> self);

    /// Queues a message. With confirms, `who` is told what became of it, and must live until then
    /// or forget() itself. Room and alarms are the caller's concern.
    /// \throws error(errc::bad_argument), channel_closed, connection_error
    void publish(const std::string& exchange, const std::string& routing_key,
                 const properties& with, buffer long_body, std::string_view short_body,
                 bool mandatory, confirmation* who);
    void forget(const confirmation& who) noexcept;
    bool confirms() const noexcept { return confirms_; }

    /// Sends an ack, nack or reject; nothing if the delivery is of an earlier link.
    void settle(std::uint64_t generation, std::uint64_t tag, bool positive, bool requeue,
                bool multiple);

    void take(const frame& f);
    /// The link is gone: what waits fails, consumers wait for the next one.
    void lost(const std::exception_ptr& why) noexcept;
    /// The channel is gone for good.
    void fail(const std::exception_ptr& why) noexcept;
    static awaitable<void> reopen(std::shared_ptr<channel_core> self);
    void renamed(const std::string& from, const std::string& to);

    std::function<void(returned_message)> on_return;

private:
    // Who waits for the answer of a method.
    class pending_call;

    // A content on its way: the method that announced it, then its header, then its body.
    struct content {
        method kind{};
        std::string consumer_tag;
        std::string exchange;
        std::string routing_key;
        std::string reply_text;  ///< of a return
        std::uint64_t tag = 0;
        std::uint32_t message_count = 0;
        std::uint16_t reply_code = 0;
        bool redelivered = false;
        bool has_header = false;
        std::uint64_t size = 0;
        std::string properties;
        bytes body;  ///< of several frames, until it is whole
    };

    // What basic.get asks for and finds.
    struct get_result {
        bool no_ack;
        std::optional<delivery> found;
    };
    static awaitable<std::string> call_now(std::shared_ptr<channel_core> self, method m,
                                           std::string arguments, method answer, method other,
                                           get_result* into = nullptr);
    void send(method m, std::string_view arguments);
    void take_method(method m, std::string_view arguments);
    void take_header(std::string_view payload);
    void take_body(std::string_view payload);
    void begin_content(method m, std::string_view arguments);
    void finish_content(buffer body);
    void answer_get(content c, delivery d);
    void settle_confirms(std::uint64_t tag, bool multiple, bool taken);
    void closed_by_broker(std::string_view arguments);
    void cancelled_by_broker(std::string_view arguments);
    void fail_waiting(const std::exception_ptr& why) noexcept;

    std::shared_ptr<connection_core> connection_;
    std::uint16_t number_;
    std::uint64_t generation_ = 0;
    bool opened_ = false;
    event changed_;
    std::exception_ptr failure_;  ///< for good

    lock calling_;
    pending_call* pending_ = nullptr;
    method expected_{};
    method expected_too_{};
    bool answer_due_ = false;
    event answered_;

    std::optional<content> incoming_;
    std::map<std::string, std::shared_ptr<consumer_core>> consumers_;
    std::uint16_t prefetch_ = 0;
    bool prefetch_global_ = false;

    bool confirms_ = false;
    std::deque<confirmation*> unconfirmed_;  ///< null: settled or forgotten
    std::uint64_t first_unconfirmed_ = 1;
    std::optional<returned_message> returned_;
};

}  // namespace ferry::amqp::detail
