#pragma once

/// ferry::amqp: a client of RabbitMQ (AMQP 0-9-1), as pika.
///
/// | what | header | pika |
/// |---|---|---|
/// | the connection, its recovery | `connection.hpp` | `BlockingConnection`, `AsyncioConnection` |
/// | exchanges, queues, publishing, consuming | `channel.hpp` | `BlockingChannel` |
/// | publishing with confirms, at least once | `publisher.hpp` | |
/// | publishing that survives a crash of the program | `outbox.hpp` | |
/// | acknowledging many at a time | `acknowledger.hpp` | |
/// | a connection for publishing and one for consuming | `pool.hpp` | |
/// | remote procedure calls | `rpc.hpp` | the tutorial's RPC |
/// | what a broker should have, from a file | `topology.hpp` | |
/// | what a connection has done | `statistics.hpp` | |
/// | messages | `message.hpp`, `properties.hpp` | `BasicProperties` |
/// | URL, login, TLS, time limits | `options.hpp` | `URLParameters` |
///
/// Header tables are ferry::value. The codec is in `detail/wire` and `detail/frame`, the protocol
/// of one channel in `detail/channel_core`, the socket in `detail/link`.
#include "ferry/amqp/acknowledger.hpp"
#include "ferry/amqp/channel.hpp"
#include "ferry/amqp/connection.hpp"
#include "ferry/amqp/declare_options.hpp"
#include "ferry/amqp/error.hpp"
#include "ferry/amqp/message.hpp"
#include "ferry/amqp/options.hpp"
#include "ferry/amqp/outbox.hpp"
#include "ferry/amqp/pool.hpp"
#include "ferry/amqp/properties.hpp"
#include "ferry/amqp/properties_reader.hpp"
#include "ferry/amqp/properties_writer.hpp"
#include "ferry/amqp/publisher.hpp"
#include "ferry/amqp/rpc.hpp"
#include "ferry/amqp/statistics.hpp"
#include "ferry/amqp/topology.hpp"
