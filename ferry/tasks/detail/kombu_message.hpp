#pragma once

#include "ferry/tasks/message.hpp"

#include <string>
#include <string_view>

namespace ferry::tasks::detail {

/// A message as kombu keeps it in Redis: JSON, the body in base64.
struct kombu_message {
    kombu_message() = default;

    envelope content;
    std::string exchange;     ///< empty: none
    std::string routing_key;  ///< at that exchange
    bool redelivered = false;
};

/// \param exchange  empty for messages to a queue, whose name is the routing key then.
std::string to_kombu(const envelope& e, std::string_view exchange, std::string_view routing_key);

/// The same of encode(m) in a queue.
std::string to_kombu(const message& m, std::string_view queue);

/// \throws error  the text is no such message.
kombu_message from_kombu(std::string_view text);

/// What kombu keeps of a message that is delivered and not settled, `[message, exchange, key]`, as
/// the message that goes back to its queue: marked as delivered before.
struct restored_message {
    restored_message() = default;

    std::string queue;
    int priority = 0;
    std::string text;
};

/// \throws error  the text is no such entry.
restored_message restore_kombu(std::string_view unacked_entry);

}  // namespace ferry::tasks::detail
