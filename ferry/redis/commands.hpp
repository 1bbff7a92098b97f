#pragma once

#include "ferry/redis/hash_commands.hpp"
#include "ferry/redis/key_commands.hpp"
#include "ferry/redis/list_commands.hpp"
#include "ferry/redis/server_commands.hpp"
#include "ferry/redis/set_commands.hpp"
#include "ferry/redis/sorted_set_commands.hpp"
#include "ferry/redis/stream_commands.hpp"

namespace ferry::redis {

/// The usual commands by redis-py's names, for a client, which carries each out and returns
/// `awaitable<T>`, and for a pipeline, which takes it down. All others: `cmd("NAME", ...)`.
///
/// Keys and values are bytes. What a missing key gives is an empty optional.
template <class Self>
class commands : public key_commands<Self>,
                 public hash_commands<Self>,
                 public list_commands<Self>,
                 public set_commands<Self>,
                 public sorted_set_commands<Self>,
                 public stream_commands<Self>,
                 public server_commands<Self> {};

}  // namespace ferry::redis
