#pragma once

#include "ferry/amqp/properties.hpp"
#include "ferry/async/awaitable.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/value.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

/// What the subcommands of `ferry amqp` do once their arguments are read. Each returns the exit
/// code.
namespace ferry::command::amqp_actions {

/// What `publish` was told.
class publishing {
public:
    publishing() = default;
    std::string url;
    std::string exchange;
    std::string key;
    amqp::properties with;
    bool mandatory = false;
    double rate = 0;  ///< messages a second; 0: as fast as the broker takes them
    std::vector<std::string> bodies;
};
static_assert(awaitable_argument<publishing>);

/// How messages are printed.
enum class format : unsigned char { raw, lines, json };

/// What `consume` was told.
class consuming {
public:
    consuming() = default;
    std::string url;
    std::string queue;
    std::uint64_t count = 0;  ///< 0: without end
    bool no_ack = false;
    std::uint16_t prefetch = 100;
    format as = format::lines;
    std::string program;                ///< gets each body on its standard input; empty: none
    std::chrono::milliseconds idle{0};  ///< ends when nothing came for so long; 0: never
};
static_assert(awaitable_argument<consuming>);

/// What `declare` and `delete` were told; a binding leads from `source` to a queue or exchange.
class entity {
public:
    enum class kind : unsigned char { queue, exchange, queue_binding, exchange_binding };

    entity() = default;
    std::string url;
    kind what = kind::queue;
    std::string name;
    std::string type = "direct";
    std::string source;
    std::string key;
    value arguments;
    bool durable = false;
    bool auto_delete = false;
    bool internal = false;
    bool passive = false;
    bool if_unused = false;
    bool if_empty = false;
};
static_assert(awaitable_argument<entity>);

/// What `shovel` was told.
class moving {
public:
    moving() = default;
    std::string from_url;
    std::string queue;
    std::string to_url;
    std::string exchange;
    std::string key;  ///< empty: the one that the message came with
    std::uint64_t count = 0;
    double rate = 0;
    std::chrono::milliseconds idle{0};
};
static_assert(awaitable_argument<moving>);

awaitable<int> publish(publishing what);
awaitable<int> consume(consuming what);
/// Prints one message; 1 if the queue is empty.
awaitable<int> get(consuming what);
awaitable<int> declare(entity what);
awaitable<int> remove(entity what);
awaitable<int> purge(std::string url, std::string queue);
/// At least once: a message is acknowledged when the other broker has confirmed it.
awaitable<int> shovel(moving what);

}  // namespace ferry::command::amqp_actions
