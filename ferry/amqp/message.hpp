#pragma once

#include "ferry/amqp/properties.hpp"
#include "ferry/async/prompt.hpp"
#include "ferry/core/buffer.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::amqp {

namespace detail {
class channel_core;
struct message_access;
}  // namespace detail

/// A message as it came from the broker.
class message {
public:
    message() = default;

    const buffer& body() const& noexcept { return body_; }
    buffer body() && noexcept { return std::move(body_); }
    std::string_view text() const noexcept { return body_.text(); }

    /// Read anew at each call. \throws protocol_error  they are malformed.
    amqp::properties properties() const { return amqp::properties::parse(properties_); }

    /// As they came, for a properties_reader; empty for a message that came from nowhere.
    const std::string& properties_text() const& noexcept { return properties_; }
    std::string properties_text() && noexcept { return std::move(properties_); }

    const std::string& exchange() const noexcept { return exchange_; }
    const std::string& routing_key() const noexcept { return routing_key_; }

private:
    friend struct detail::message_access;

    std::string exchange_;
    std::string routing_key_;
    std::string properties_;
    buffer body_;
};

/// A message that nobody would take: see mandatory().
class returned_message : public message {
public:
    std::uint16_t reply_code() const noexcept { return reply_code_; }
    const std::string& reply_text() const noexcept { return reply_text_; }

private:
    friend struct detail::message_access;
    std::uint16_t reply_code_ = 0;
    std::string reply_text_;
};

class receipt;

/// As awaitable<void>: see receipt::ack(). The receipt must live until it is done or cancelled;
/// after that, on another thread than the connection's, it counts as settled, as it may have been.
class settlement final : public prompt_base<settlement, void> {
public:
    settlement(receipt& of, bool positive, bool requeue, bool multiple) noexcept
        : of_{&of}, positive_{positive}, requeue_{requeue}, multiple_{multiple}
    {
    }

    bool attempt();
    void result() noexcept {}
    awaitable<void> later() &&;

private:
    static awaitable<void> settle(receipt* of, bool positive, bool requeue, bool multiple);
    static awaitable<void> settle_elsewhere(receipt* of, bool positive, bool requeue,
                                            bool multiple);

    receipt* of_;
    bool positive_;
    bool requeue_;
    bool multiple_;
};

/// What settles a delivery, once. A few bytes, which may outlive the message. Destroyed without
/// that, the delivery stays with its channel, and goes back to its queue when that closes.
class receipt {
public:
    receipt() = default;
    receipt(receipt&&) noexcept = default;
    receipt& operator=(receipt&&) noexcept = default;

    /// Counts from 1 in its channel.
    std::uint64_t delivery_tag() const noexcept { return tag_; }

    /// Tells the broker that it is done, it and, with `multiple`, all before it. Returns when the
    /// frame is queued. Of a delivery whose connection is gone nothing is sent: the broker gives it
    /// to somebody again. \throws error(errc::already_settled), channel_closed
    settlement ack(bool multiple = false);
    /// Gives it back to its queue, or, with `requeue` false, to the queue's dead letters.
    settlement nack(bool requeue = true, bool multiple = false);
    settlement reject(bool requeue = true);

private:
    friend struct detail::message_access;
    friend class settlement;
    void settle(bool positive, bool requeue, bool multiple);
    void check_unsettled() const;
    bool is_owed() const noexcept;

    std::shared_ptr<detail::channel_core> channel_;
    std::uint64_t tag_ = 0;
    std::uint64_t generation_ = 0;
    bool settled_ = false;
};

/// A message for a consumer, to be acknowledged once. As what pika gives `on_message_callback`.
class delivery : public message, public receipt {
public:
    delivery() = default;
    delivery(delivery&&) noexcept = default;
    delivery& operator=(delivery&&) noexcept = default;

    /// It was delivered before, and may have been worked on.
    bool redelivered() const noexcept { return redelivered_; }
    /// Empty for basic_get.
    const std::string& consumer_tag() const noexcept { return consumer_tag_; }
    /// How many were left in the queue; basic_get only.
    std::uint32_t message_count() const noexcept { return message_count_; }

    /// Without the message.
    receipt detach() && noexcept { return std::move(static_cast<receipt&>(*this)); }

private:
    friend struct detail::message_access;

    std::string consumer_tag_;
    std::uint32_t message_count_ = 0;
    bool redelivered_ = false;
};

}  // namespace ferry::amqp
