#pragma once

#include "ferry/amqp/message.hpp"

namespace ferry::amqp::detail {

/// The way into messages for those who make them.
struct message_access {
    static void set(message& m, std::string exchange, std::string routing_key,
                    std::string properties, buffer body)
    {
        m.exchange_ = std::move(exchange);
        m.routing_key_ = std::move(routing_key);
        m.properties_ = std::move(properties);
        m.body_ = std::move(body);
    }
    static void set_reply(returned_message& m, std::uint16_t code, std::string text)
    {
        m.reply_code_ = code;
        m.reply_text_ = std::move(text);
    }
    static void set_delivery(delivery& d, std::shared_ptr<channel_core> channel,
                             std::uint64_t generation, std::string consumer_tag, std::uint64_t tag,
                             bool redelivered, std::uint32_t message_count, bool settled)
    {
        d.channel_ = std::move(channel);
        d.generation_ = generation;
        d.consumer_tag_ = std::move(consumer_tag);
        d.tag_ = tag;
        d.redelivered_ = redelivered;
        d.message_count_ = message_count;
        d.settled_ = settled;
    }
};

}  // namespace ferry::amqp::detail
