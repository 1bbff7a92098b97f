#pragma once

#include "ferry/amqp/amqp.hpp"
#include "ferry/async/scope.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/brokers/amqp.hpp"
#include "ferry/tasks/detail/amqp_head.hpp"
#include "ferry/tasks/detail/broker_core.hpp"
#include "ferry/tasks/detail/home.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ferry::tasks::detail {

class amqp_consumer;

/// The connection of a broker, made when it is first needed, and the channel that all publish on.
class amqp_core final : public broker_core, public std::enable_shared_from_this<amqp_core> {
public:
    amqp_core(amqp::options server, amqp_broker_options with)
        : server_{std::move(server)}, with_{std::move(with)}
    {
    }

    using self_pointer = std::shared_ptr<amqp_core>;

    /// One that has ended for good is replaced.
    static awaitable<amqp::connection> connection(self_pointer self);

    /// With confirms. One that the broker has closed is replaced.
    static awaitable<amqp::channel> publishing(self_pointer self);

    /// The queue, its exchange and its binding, as Celery declares them.
    static awaitable<void> declare(self_pointer self, amqp::channel on, std::string queue);

    /// The same on a channel of its own. From then on the queue is declared with this binding.
    static awaitable<void> declare_apart(self_pointer self, std::string queue, queue_binding from);

    parcel pack(std::string queue, envelope e) const override;
    parcel pack(std::string queue, const message& m) const override;
    awaitable<void> publish(std::string queue, envelope e) override
    {
        return publish(shared_from_this(), std::move(queue), std::move(e));
    }
    void publish(std::vector<std::shared_ptr<letter>> all) override;
    awaitable<std::unique_ptr<consumer>> consume(std::shared_ptr<home> at,
                                                 std::vector<std::string> queues,
                                                 std::size_t prefetch,
                                                 std::shared_ptr<result_store> results) override;
    awaitable<std::int64_t> size(std::string queue) override
    {
        return size(shared_from_this(), std::move(queue));
    }
    awaitable<std::int64_t> purge(std::string queue) override
    {
        return purge(shared_from_this(), std::move(queue));
    }
    awaitable<std::unique_ptr<listener>> listen(std::shared_ptr<home> at, bus on, std::string name,
                                                std::string key) override;
    awaitable<void> announce(bus on, std::string key, envelope e) override
    {
        return announce(shared_from_this(), on, std::move(key), std::move(e));
    }
    std::unique_ptr<lease> open_lease(std::shared_ptr<home> at, std::string name,
                                      std::chrono::milliseconds length) override;

    /// Directly to a queue that somebody else has declared; nothing happens if there is none.
    static awaitable<void> send(self_pointer self, std::string exchange, std::string key,
                                envelope e);

    /// Tells the consumer when the connection is lost.
    void watch(const std::shared_ptr<amqp_consumer>& who) { watching_.push_back(who); }

private:
    class posting;

    void forget_connection();
    static awaitable<void> declare_once(self_pointer self, amqp::channel on, std::string queue);
    static awaitable<void> publish(self_pointer self, std::string queue, envelope e);
    static awaitable<void> publish(self_pointer self, awaitable<amqp::channel> opening,
                                   std::string queue, amqp::publish_body body,
                                   amqp::properties with);
    static awaitable<amqp::channel> exchanging(self_pointer self);
    static awaitable<amqp::channel> calling(self_pointer self);
    using slot = std::optional<amqp::channel> amqp_core::*;
    using names = std::set<std::string> amqp_core::*;
    /// \param known  what is declared over it.
    static awaitable<amqp::channel> opened(self_pointer self, slot which, names known,
                                           bool confirms);
    static awaitable<void> send_again(self_pointer self, amqp::returned_message what);
    static awaitable<void> publish_through(self_pointer self, std::string exchange,
                                           std::string type, std::string key,
                                           amqp::publish_body body, amqp::properties with);
    static awaitable<std::int64_t> size(self_pointer self, std::string queue);
    static awaitable<std::int64_t> purge(self_pointer self, std::string queue);
    static awaitable<void> announce(self_pointer self, bus on, std::string key, envelope e);

    amqp::options server_;
    amqp_broker_options with_;
    lock opening_;
    lock declaring_;
    std::optional<amqp::connection> connection_;
    std::optional<amqp::channel> publishing_;
    std::optional<amqp::channel> exchanging_;  ///< what goes through exchanges
    std::optional<amqp::channel> calling_;     ///< calls that are not confirmed
    std::vector<std::weak_ptr<amqp_consumer>> watching_;
    std::map<std::string, queue_binding> bindings_;  ///< of queues with exchanges of other names
    std::set<std::string> declared_;                 ///< queues
    std::set<std::string> exchanges_;                ///< of the buses
    std::set<std::string> known_exchanges_;          ///< declared by us
    mutable head_templates heads_;
    scope returning_;  ///< calls that came back
};

/// Exchange, type and durability of a bus.
struct bus_exchange {
    const char* name;
    const char* type;
    bool durable;
};
const bus_exchange& exchange_of(bus on);
awaitable<void> declare_bus(amqp::channel on, bus which);

/// Takes everything out but the body.
amqp::properties to_properties(envelope&& e);

}  // namespace ferry::tasks::detail
