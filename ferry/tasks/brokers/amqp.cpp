#include "ferry/tasks/brokers/amqp.hpp"

#include "ferry/tasks/detail/amqp_consumer.hpp"
#include "ferry/tasks/detail/amqp_core.hpp"
#include "ferry/tasks/detail/home.hpp"

#include <functional>
#include <utility>

namespace ferry::tasks {
namespace {

using detail::amqp_core;

awaitable<std::unique_ptr<consumer>> open_consumer(std::shared_ptr<detail::home> at,
                                                   std::shared_ptr<amqp_core> core,
                                                   std::vector<std::string> queues,
                                                   std::size_t prefetch,
                                                   std::shared_ptr<result_store> results)
{
    const auto made = std::make_shared<detail::amqp_consumer>(std::move(core), std::move(queues),
                                                              prefetch, std::move(results));
    auto starting = detail::amqp_consumer::start(made);
    co_await std::move(starting);
    std::unique_ptr<consumer> held = std::make_unique<detail::remote_consumer>(std::move(at), made);
    co_return held;
}

}  // namespace

amqp_broker::amqp_broker(amqp::options server, amqp_broker_options with)
    : server_{std::move(server)},
      home_{std::make_shared<detail::home>()},
      core_{std::make_shared<amqp_core>(server_, std::move(with))}
{
}

amqp_broker::~amqp_broker()
{
    home_->post([core = std::move(core_)]() mutable { core.reset(); });
}

awaitable<void> amqp_broker::publish(std::string queue, envelope e)
{
    return detail::home::call<void>(home_,
                                    [core = core_, queue = std::move(queue), e = std::move(e)] {
                                        return amqp_core::publish(core, queue, e);
                                    });
}

awaitable<std::unique_ptr<consumer>> amqp_broker::consume(std::vector<std::string> queues,
                                                          std::size_t prefetch,
                                                          std::shared_ptr<result_store> results)
{
    return detail::home::call<std::unique_ptr<consumer>>(
        home_, [at = home_, core = core_, queues = std::move(queues), prefetch,
                results = std::move(results)] {
            return open_consumer(at, core, queues, prefetch, results);
        });
}

awaitable<std::int64_t> amqp_broker::size(std::string queue)
{
    return detail::home::call<std::int64_t>(
        home_, [core = core_, queue = std::move(queue)] { return amqp_core::size(core, queue); });
}

awaitable<std::int64_t> amqp_broker::purge(std::string queue)
{
    return detail::home::call<std::int64_t>(
        home_, [core = core_, queue = std::move(queue)] { return amqp_core::purge(core, queue); });
}

awaitable<std::unique_ptr<listener>> amqp_broker::listen(bus on, std::string name, std::string key)
{
    return detail::home::call<std::unique_ptr<listener>>(
        home_, [at = home_, core = core_, on, name = std::move(name), key = std::move(key)] {
            return detail::open_amqp_listener(at, core, on, name, key);
        });
}

awaitable<void> amqp_broker::announce(bus on, std::string key, envelope e)
{
    return detail::home::call<void>(home_,
                                    [core = core_, on, key = std::move(key), e = std::move(e)] {
                                        return amqp_core::announce(core, on, key, e);
                                    });
}

broker_info amqp_broker::info() const
{
    broker_info i;
    i.transport = "amqp";
    if (!server_.hosts().empty()) {
        i.hostname = server_.hosts().front().host();
        i.port = server_.hosts().front().port();
    }
    i.user = server_.user();
    i.virtual_host = server_.vhost();
    return i;
}

}  // namespace ferry::tasks
