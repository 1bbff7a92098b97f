#include "ferry/tasks/brokers/redis.hpp"

#include "ferry/tasks/detail/redis_core.hpp"

#include <string>
#include <utility>

namespace ferry::tasks {
namespace {

// Each queue has a connection for each of its lists.
constexpr std::size_t connections = 1024;

}  // namespace

redis_broker::redis_broker(redis::options server, redis_broker_options with)
    : remote_broker{std::make_shared<detail::redis_core>(
          redis::options(server).max_connections(connections), with)},
      server_{std::move(server)},
      with_{std::move(with)}
{
}

broker_info redis_broker::info() const
{
    broker_info i;
    i.transport = "redis";
    i.hostname = server_.at().host();
    i.port = server_.at().port();
    i.user = server_.user();
    i.virtual_host = std::to_string(server_.db());
    return i;
}

}  // namespace ferry::tasks
