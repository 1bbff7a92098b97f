#pragma once

#include "ferry/amqp/message.hpp"

namespace ferry::amqp::detail {

/// The way into messages for those who make them.
struct message_access {
    // What can be filled in place, so that short texts need no memory and long ones use it again.
    static std::string& exchange(message& m) noexcept { return m.exchange_; }
    static std::string& routing_key(message& m) noexcept { return m.routing_key_; }
    static std::string& properties(message& m) noexcept { return m.properties_; }
    static const std::string& properties(const message& m) noexcept { return m.properties_; }
    static buffer& body(message& m) noexcept { return m.body_; }
    static std::string& consumer_tag(delivery& d) noexcept { return d.consumer_tag_; }
    static void set_reply(returned_message& m, std::uint16_t code, std::string text)
    {
        m.reply_code_ = code;
        m.reply_text_ = std::move(text);
    }
    /// What the broker says when it hands out a message.
    static void set_tag(delivery& d, std::uint64_t tag, bool redelivered) noexcept
    {
        d.tag_ = tag;
        d.redelivered_ = redelivered;
    }
    static void set_message_count(delivery& d, std::uint32_t count) noexcept
    {
        d.message_count_ = count;
    }
    /// Who is told when it is settled; with no-ack it counts as settled.
    static void set_channel(delivery& d, std::shared_ptr<channel_core> channel,
                            std::uint64_t generation, bool settled) noexcept
    {
        d.channel_ = std::move(channel);
        d.generation_ = generation;
        d.settled_ = settled;
    }
    /// It is still to be settled, and not of a connection that was lost, whose deliveries come
    /// again.
    static bool is_owed(const delivery& d) noexcept { return d.is_owed(); }
};

}  // namespace ferry::amqp::detail
