#pragma once

#include "ferry/amqp/detail/connection_core.hpp"
#include "ferry/amqp/detail/message_access.hpp"
#include "ferry/amqp/detail/publish_method.hpp"
#include "ferry/amqp/detail/returns.hpp"
#include "ferry/amqp/detail/unsettled.hpp"
#include "ferry/amqp/message.hpp"
#include "ferry/async/sync.hpp"

#include <chrono>
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

/// The properties of a message that is published: as such, or as they are on the wire.
class content_head {
public:
    content_head(const properties& with) noexcept : with_{&with} {}
    content_head(std::string_view text) noexcept : text_{text} {}

    void append_to(std::string& out) const
    {
        if (with_ != nullptr) return with_->append_to(out);
        out.append(text_);
    }

private:
    const properties* with_ = nullptr;
    std::string_view text_;
};

/// Deliveries in their order, in memory that is used again.
class delivery_queue {
public:
    bool empty() const noexcept { return next_ == taken_.size() && came_.empty(); }
    void push(delivery&& d) { came_.push_back(std::move(d)); }

    /// The first; there must be one. To be moved away before the next call.
    delivery&& pop()
    {
        if (next_ == taken_.size()) {
            taken_.clear();
            next_ = 0;
            taken_.swap(came_);
        }
        return std::move(taken_[next_++]);
    }
    /// What pop() gave last, unless the queue was cleared since.
    void put_back(delivery&& d) noexcept
    {
        if (next_ > 0) taken_[--next_] = std::move(d);
    }
    void clear() noexcept
    {
        taken_.clear();
        came_.clear();
        next_ = 0;
    }

private:
    std::vector<delivery> came_;
    std::vector<delivery> taken_;  ///< before next_: handed out
    std::size_t next_ = 0;
};

/// The deliveries of one consumer.
class consumer_core {
public:
    explicit consumer_core(home where) : lives_at{std::move(where)} {}

    const home lives_at;
    std::string tag;
    std::string queue;
    std::uint8_t bits = 0;  ///< no-local 1, no-ack 2, exclusive 4
    value arguments;
    std::uint16_t prefetch = 0;
    bool own_limit = true;  ///< else the channel's alone: basic_qos with `global`

    bool no_ack() const noexcept { return (bits & 2U) != 0; }

    /// Unless it has left.
    void put(delivery&& d)
    {
        waiting.push(std::move(d));
        arrived.set();
    }
    /// It was handed out to somebody who had gone.
    void put_back(delivery&& d) noexcept
    {
        if (left || (!no_ack() && !message_access::is_owed(d))) return;
        waiting.put_back(std::move(d));
        arrived.set();
    }
    /// Nobody will take any more. What waits would keep its channel alive, which keeps this.
    void leave() noexcept
    {
        left = true;
        waiting.clear();
    }
    void end(std::exception_ptr why) noexcept
    {
        ended = true;
        failure = std::move(why);
        arrived.set();
    }

    delivery_queue waiting;
    event arrived;
    bool ended = false;
    bool left = false;
    /// Who asked for it went away before the broker had answered: nobody takes its deliveries.
    bool abandoned = false;
    std::exception_ptr failure;
};

/// A channel as its user sees it: opened again on each link. Holds the protocol of one channel:
/// calls and their answers, contents and their parts, confirms.
class channel_core : public std::enable_shared_from_this<channel_core> {
public:
    channel_core(std::shared_ptr<connection_core> connection, std::uint16_t number)
        : connection_{std::move(connection)}, number_{number}, publish_method_{number}
    {
    }
    channel_core(const channel_core&) = delete;
    channel_core& operator=(const channel_core&) = delete;
    ~channel_core();

    std::uint16_t number() const noexcept { return number_; }
    connection_core& owner() const noexcept { return *connection_; }
    const home& lives_at() const noexcept { return connection_->lives_at(); }
    std::uint64_t generation() const noexcept { return generation_; }
    bool is_open() const noexcept { return !failure_ && opened_; }
    /// For good.
    bool ended() const noexcept { return failure_ != nullptr; }
    /// \throws what ended it for good, if anything did
    void check_not_ended() const
    {
        if (failure_) std::rethrow_exception(failure_);
    }

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
    std::vector<std::string> consumer_tags() const;
    static awaitable<void> select_confirms(std::shared_ptr<channel_core> self);
    static awaitable<void> qos(std::shared_ptr<channel_core> self, std::uint16_t prefetch,
                               bool global);
    static awaitable<void> close(std::shared_ptr<channel_core> self);

    /// Queues a message. With confirms, `who` is told what became of it, and must live until then
    /// or forget() itself. Room and alarms are the caller's concern.
    /// \throws error(errc::bad_argument), channel_closed, connection_error
    void publish(const std::string& exchange, const std::string& routing_key,
                 const content_head& with, const buffer& long_body, std::string_view short_body,
                 bool mandatory, confirmation* who);
    void forget(const confirmation& who) noexcept;
    bool confirms() const noexcept { return confirms_; }
    std::size_t unconfirmed() const noexcept { return unconfirmed_.size(); }
    /// For how long the first of them has been that; none if everything is confirmed.
    std::optional<std::chrono::steady_clock::time_point> waits_for_confirms_since() const noexcept
    {
        if (unconfirmed_.empty()) return std::nullopt;
        return unconfirmed_since_;
    }
    static awaitable<void> select_transactions(std::shared_ptr<channel_core> self);

    /// What the program has set by qos(); none if it has not.
    std::optional<std::uint16_t> prefetch() const noexcept { return chosen_prefetch_; }
    void choose_prefetch(std::uint16_t n) noexcept { chosen_prefetch_ = n; }

    bool flows() const noexcept { return flows_; }
    /// Waits while the broker has asked not to publish.
    static awaitable<void> flowing(std::shared_ptr<channel_core> self);

    /// Sends an ack, nack or reject; nothing if the delivery is of an earlier link.
    void settle(std::uint64_t generation, std::uint64_t tag, bool positive, bool requeue,
                bool multiple);
    /// Nobody took it: it goes back to its queue, unless that happens by itself.
    void give_back(const delivery& d) noexcept;

    /// Deliveries that were not settled yet.
    const unsettled& waits_for_settlement() const noexcept { return unsettled_; }
    /// The broker was asked to deliver all of them again, with other tags.
    void recovers() noexcept { unsettled_.clear(); }

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

    // A content on its way: the method that announced it, then its header, then its body. Its
    // memory is used again for the next one.
    struct content {
        bool expected = false;
        bool has_header = false;
        method kind{};
        std::uint16_t reply_code = 0;
        std::uint64_t size = 0;
        consumer_core* consumer = nullptr;  ///< latest_consumer_, or null
        std::string reply_text;             ///< of a return
        delivery made;
        std::shared_ptr<std::byte[]> body;
        std::size_t come = 0;  ///< of it
        std::size_t room = 0;  ///< for it
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
    static awaitable<void> limited(std::shared_ptr<channel_core> self, event* what);
    static awaitable<void> begin(std::shared_ptr<channel_core> self,
                                 std::shared_ptr<consumer_core> c);
    static awaitable<void> open_now(std::shared_ptr<channel_core> self);
    static awaitable<bool> resume_consumers(std::shared_ptr<channel_core> self);
    void unclaimed(method answer, std::string_view arguments,
                   const std::optional<delivery>* found) noexcept;
    void end_abandoned(std::string_view tag);
    void take_return(buffer body);
    void answer_get(delivery&& d);
    consumer_core* consumer_of(std::string_view tag);
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
    bool get_without_ack_ = false;  ///< of the latest basic.get
    event answered_;

    content incoming_;
    unsettled unsettled_;
    std::map<std::string, std::shared_ptr<consumer_core>, std::less<>> consumers_;
    std::shared_ptr<consumer_core> latest_consumer_;
    std::optional<std::uint16_t> prefetch_;  ///< of consumers that begin now
    std::optional<std::uint16_t> chosen_prefetch_;
    std::optional<std::uint16_t> shared_prefetch_;  ///< of all consumers together
    bool restoring_ = false;                        ///< a refusal is not the end: see reopen()
    bool flows_ = true;  ///< the broker lets us publish: see channel.flow
    event flow_resumed_;
    bool transactional_ = false;

    publish_method publish_method_;
    bool confirms_ = false;
    std::deque<confirmation*> unconfirmed_;  ///< null: settled or forgotten
    std::uint64_t first_unconfirmed_ = 1;
    /// When the first of them was published, or became the first.
    std::chrono::steady_clock::time_point unconfirmed_since_;
    std::uint64_t measured_ = 0;  ///< the tag whose confirm is awaited to know how long they take
    std::chrono::steady_clock::time_point measured_since_;
    return_matcher returns_;
};

}  // namespace ferry::amqp::detail
