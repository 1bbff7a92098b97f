#include "ferry/tasks/brokers/amqp.hpp"

#include "ferry/tasks/detail/amqp_core.hpp"

#include <utility>

namespace ferry::tasks {

amqp_broker::amqp_broker(amqp::options server, amqp_broker_options with)
    : remote_broker{std::make_shared<detail::amqp_core>(server, std::move(with))},
      server_{std::move(server)}
{
}

std::shared_ptr<detail::amqp_core> amqp_broker::core() const
{
    return std::static_pointer_cast<detail::amqp_core>(remote_broker::core());
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
