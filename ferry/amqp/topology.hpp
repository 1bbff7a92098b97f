#pragma once

#include "ferry/amqp/connection.hpp"
#include "ferry/async/awaitable.hpp"
#include "ferry/core/describe.hpp"
#include "ferry/core/value.hpp"

#include <string>
#include <vector>

namespace ferry::amqp {

/// What a broker should have: exchanges, queues, and bindings between them. Made in code, or read
/// from the definitions that RabbitMQ exports.
///
///     auto wanted = amqp::topology::from(json::parse(text));
///     co_await wanted.apply(connection);
class topology {
public:
    class exchange {
    public:
        exchange() = default;
        std::string name;
        std::string type = "direct";
        bool durable = false;
        bool auto_delete = false;
        bool internal = false;
        value arguments;
        std::string vhost;  ///< empty: the connection's
    };
    class queue {
    public:
        queue() = default;
        std::string name;
        bool durable = false;
        bool auto_delete = false;
        value arguments;
        std::string vhost;
    };
    class binding {
    public:
        binding() = default;
        std::string source;                      ///< an exchange
        std::string destination;                 ///< a queue or an exchange
        std::string destination_type = "queue";  ///< or `exchange`
        std::string routing_key;
        value arguments;
        std::string vhost;
    };

    topology() = default;

    std::vector<exchange> exchanges;
    std::vector<queue> queues;
    std::vector<binding> bindings;

    /// An object whose `exchanges`, `queues` and `bindings` are arrays of objects with the members
    /// above, all but names optional: a TOML file's, or what `rabbitmqctl export_definitions`
    /// writes. Its other members (users, policies...) are passed over.
    /// \throws type_error, lookup_error, error  naming the place of what is wrong or unknown
    static topology from(const value& v);

    /// Declares all of it; what is there already stays. Entries of another virtual host than the
    /// connection's are passed over. After a lost connection it is declared again.
    /// \throws channel_closed  something is there with other settings (406); what came before it
    /// is declared by then
    awaitable<void> apply(connection over) const;

    /// What apply() would create, or stumble over, one line each: `queue 'orders': missing`.
    /// Bindings are not among it, as AMQP cannot ask for them. Changes nothing.
    awaitable<std::vector<std::string>> differences(connection over) const;
};
static_assert(awaitable_argument<topology>);

BOOST_DESCRIBE_STRUCT(topology::exchange, (),
                      (name, type, durable, auto_delete, internal, arguments, vhost))
BOOST_DESCRIBE_STRUCT(topology::queue, (), (name, durable, auto_delete, arguments, vhost))
BOOST_DESCRIBE_STRUCT(topology::binding, (),
                      (source, destination, destination_type, routing_key, arguments, vhost))

}  // namespace ferry::amqp
