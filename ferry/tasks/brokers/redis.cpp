#include "ferry/tasks/brokers/redis.hpp"

#include "ferry/tasks/detail/home.hpp"
#include "ferry/tasks/detail/kombu_message.hpp"
#include "ferry/tasks/detail/redis_consumer.hpp"
#include "ferry/tasks/detail/redis_core.hpp"

#include <functional>
#include <utility>

namespace ferry::tasks {
namespace {

using detail::redis_core;
using core_pointer = std::shared_ptr<redis_core>;

// Each queue has a connection for each of its lists.
constexpr std::size_t connections = 1024;

awaitable<std::unique_ptr<consumer>> open_consumer(std::shared_ptr<detail::home> at,
                                                   core_pointer core,
                                                   std::vector<std::string> queues,
                                                   std::size_t prefetch,
                                                   std::shared_ptr<result_store> results)
{
    const auto made = std::make_shared<detail::redis_consumer>(std::move(core), std::move(queues),
                                                               prefetch, std::move(results));
    made->start();
    std::unique_ptr<consumer> held = std::make_unique<detail::remote_consumer>(std::move(at), made);
    co_return held;
}

awaitable<void> announce_on(core_pointer core, bus on, std::string key, envelope e)
{
    if (on == bus::replies) {
        auto replying =
            redis_core::reply(core, "reply.celery.pidbox", std::move(key), std::move(e));
        co_await std::move(replying);
        co_return;
    }
    const std::string exchange = on == bus::control ? "celery.pidbox" : "celeryev";
    auto sending = core->client.cmd("PUBLISH", core->channel(exchange, key),
                                    detail::to_kombu(e, exchange, key));
    co_await std::move(sending);
}

}  // namespace

redis_broker::redis_broker(redis::options server, redis_broker_options with)
    : server_{std::move(server)},
      with_{std::move(with)},
      home_{std::make_shared<detail::home>()},
      core_{
          std::make_shared<redis_core>(redis::options(server_).max_connections(connections), with_)}
{
}

redis_broker::~redis_broker()
{
    home_->post([core = std::move(core_)]() mutable { core.reset(); });
}

awaitable<void> redis_broker::publish(std::string queue, envelope e)
{
    return detail::home::call<void>(home_,
                                    [core = core_, queue = std::move(queue), e = std::move(e)] {
                                        return redis_core::publish(core, queue, e);
                                    });
}

awaitable<std::unique_ptr<consumer>> redis_broker::consume(std::vector<std::string> queues,
                                                           std::size_t prefetch,
                                                           std::shared_ptr<result_store> results)
{
    return detail::home::call<std::unique_ptr<consumer>>(
        home_, [at = home_, core = core_, queues = std::move(queues), prefetch,
                results = std::move(results)] {
            return open_consumer(at, core, queues, prefetch, results);
        });
}

awaitable<std::int64_t> redis_broker::size(std::string queue)
{
    return detail::home::call<std::int64_t>(
        home_, [core = core_, queue = std::move(queue)] { return redis_core::size(core, queue); });
}

awaitable<std::int64_t> redis_broker::purge(std::string queue)
{
    return detail::home::call<std::int64_t>(
        home_, [core = core_, queue = std::move(queue)] { return redis_core::purge(core, queue); });
}

awaitable<std::unique_ptr<listener>> redis_broker::listen(bus on, std::string name, std::string key)
{
    return detail::home::call<std::unique_ptr<listener>>(
        home_, [at = home_, core = core_, on, name = std::move(name), key = std::move(key)] {
            return detail::open_redis_listener(at, core, on, name, key);
        });
}

awaitable<void> redis_broker::announce(bus on, std::string key, envelope e)
{
    return detail::home::call<void>(home_,
                                    [core = core_, on, key = std::move(key), e = std::move(e)] {
                                        return announce_on(core, on, key, e);
                                    });
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
