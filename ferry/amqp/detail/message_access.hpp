#pragma once

#include "ferry/amqp/message.hpp"

namespace ferry::amqp::detail {

/// The way into messages for those who make them.
struct message_access {
    static void set(message& m, std::string_view exchange, std::string_view routing_key,
                    std::string_view properties, buffer body)
    {
        m.exchange_ = exchange;
        m.routing_key_ = routing_key;
        m.properties_ = properties;
        m.body_ = std::move(body);
    }
    static void set_reply(returned_message& m, std::uint16_t code, std::string_view text)
    {
        m.reply_code_ = code;
        m.reply_text_ = text;
    }
    static void set_delivery(delivery& d, std::shared_ptr<channel_core> channel,
                             std::uint64_t generation, std::string_view consumer_tag,
                             std::uint64_t tag, bool redelivered, std::uint32_t message_count,
                             bool settled)
    {
        d.channel_ = std::move(channel);
        d.generation_ = generation;
        d.consumer_tag_ = consumer_tag;
        d.tag_ = tag;
        d.redelivered_ = redelivered;
        d.message_count_ = message_count;
        d.settled_ = settled;
    }
};

}  // namespace ferry::amqp::detail
