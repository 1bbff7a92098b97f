#pragma once

/// ferry::amqp: a client of RabbitMQ (AMQP 0-9-1), as pika.
///
/// | what | header | pika |
/// |---|---|---|
/// | the connection, its recovery | `connection.hpp` | `BlockingConnection`, `AsyncioConnection` |
/// | exchanges, queues, publishing, consuming | `channel.hpp` | `BlockingChannel` |
/// | publishing with confirms, at least once | `publisher.hpp` | |
/// | messages | `message.hpp`, `properties.hpp` | `BasicProperties` |
/// | URL, login, TLS, time limits | `options.hpp` | `URLParameters` |
///
/// Header tables are ferry::value. The codec is in `detail/wire` and `detail/frame`, the protocol
/// of one channel in `detail/channel_core`, the socket in `detail/link`.
#include "ferry/amqp/channel.hpp"
#include "ferry/amqp/connection.hpp"
#include "ferry/amqp/declare_options.hpp"
#include "ferry/amqp/error.hpp"
#include "ferry/amqp/message.hpp"
#include "ferry/amqp/options.hpp"
#include "ferry/amqp/properties.hpp"
#include "ferry/amqp/publisher.hpp"
