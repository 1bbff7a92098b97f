#pragma once

/// ferry::redis: a client of Redis, as redis-py.
///
/// | what | header | redis-py |
/// |---|---|---|
/// | the client and its commands | `client.hpp`, `*_commands.hpp` | `redis.asyncio.Redis` |
/// | URL, login, TLS, sentinels | `options.hpp` | `Redis.from_url`, `Sentinel` |
/// | answers as C++ values | `reply.hpp` | |
/// | many commands at once, transactions | `pipeline.hpp` | `Pipeline` |
/// | channels | `subscriber.hpp` | `PubSub` |
/// | streams as they grow | `stream_reader.hpp` | |
/// | walks through keys | `scan.hpp` | `scan_iter` |
/// | scripts, locks | `script.hpp`, `lock.hpp` | `register_script`, `Lock` |
///
/// The parser of replies is in `detail/`: a codec without a socket.
#include "ferry/redis/client.hpp"
#include "ferry/redis/command.hpp"
#include "ferry/redis/commands.hpp"
#include "ferry/redis/error.hpp"
#include "ferry/redis/hash_commands.hpp"
#include "ferry/redis/key_commands.hpp"
#include "ferry/redis/list_commands.hpp"
#include "ferry/redis/lock.hpp"
#include "ferry/redis/options.hpp"
#include "ferry/redis/pipeline.hpp"
#include "ferry/redis/reply.hpp"
#include "ferry/redis/scan.hpp"
#include "ferry/redis/script.hpp"
#include "ferry/redis/server_commands.hpp"
#include "ferry/redis/set_commands.hpp"
#include "ferry/redis/sorted_set_commands.hpp"
#include "ferry/redis/stream_commands.hpp"
#include "ferry/redis/stream_reader.hpp"
#include "ferry/redis/stream_types.hpp"
#include "ferry/redis/subscriber.hpp"
