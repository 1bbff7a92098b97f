#pragma once

#include "ferry/amqp/declare_options.hpp"
#include "ferry/amqp/message.hpp"
#include "ferry/amqp/properties.hpp"
#include "ferry/amqp/publish_operation.hpp"
#include "ferry/async/awaitable.hpp"

#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::amqp {

namespace detail {
class channel_core;
class consumer_core;
}  // namespace detail

/// What a queue's declaration tells.
class queue_info {
public:
    queue_info(std::string n, std::uint32_t messages, std::uint32_t consumers)
        : name_{std::move(n)}, messages_{messages}, consumers_{consumers}
    {
    }
    const std::string& name() const noexcept { return name_; }
    std::uint32_t message_count() const noexcept { return messages_; }
    std::uint32_t consumer_count() const noexcept { return consumers_; }

private:
    std::string name_;
    std::uint32_t messages_;
    std::uint32_t consumers_;
};

/// As awaitable<std::optional<delivery>>: see consumer::next().
class next_delivery final : public prompt_base<next_delivery, std::optional<delivery>> {
public:
    explicit next_delivery(std::shared_ptr<detail::consumer_core> of) noexcept;
    next_delivery(next_delivery&&) noexcept;
    ~next_delivery();

    bool attempt();
    std::optional<delivery> result();
    awaitable<std::optional<delivery>> later() &&;

private:
    std::shared_ptr<detail::consumer_core> of_;
};

/// The messages of a queue, one after the other. As pika's `consume()` generator.
///
///     while (auto d = co_await orders.next()) { ...; co_await d->ack(); }     // named first in
///     g++ 12
///
/// It goes on after a lost connection. Destroyed, it is not cancelled; its channel's end does that,
/// and gives back what had come and was not taken.
class consumer {
public:
    explicit consumer(std::shared_ptr<detail::channel_core> channel,
                      std::shared_ptr<detail::consumer_core> core);
    consumer(consumer&&) noexcept;
    consumer& operator=(consumer&&) noexcept;
    ~consumer();

    const std::string& consumer_tag() const noexcept;

    /// The next message; none once cancel() was called and all were taken. A cancelled wait loses
    /// none. \throws protocol_error with errc::consumer_cancelled  the queue is gone;
    /// channel_closed, connection_error  for good
    next_delivery next();

    /// Ends it; what has come already can still be taken.
    awaitable<void> cancel();

private:
    std::shared_ptr<detail::channel_core> channel_;
    std::shared_ptr<detail::consumer_core> core_;
};

/// What is done with the messages of a consumer, one after the other.
using message_handler = std::function<awaitable<void>(delivery)>;

/// Is told what became of a message: see channel::try_publish().
class publish_watcher {
public:
    virtual ~publish_watcher() = default;

    /// basic_publish() would have returned, or `failure` is what it would have thrown.
    /// Once, on the channel's loop.
    virtual void published(std::exception_ptr failure) noexcept = 0;
};

/// A channel: where one works with the broker. As pika's BlockingChannel, names included.
///
///     auto channel = co_await connection.channel(amqp::confirm());
///     co_await channel.queue_declare("orders", amqp::durable());
///     co_await channel.basic_publish("", "orders", json::dump(order), amqp::persistent());
///
/// A handle: copies are the same channel, which closes with the last of them. Any number of
/// coroutines, in any thread, may use it; calls are answered in order, publishes leave in order,
/// and those of one turn of the loop leave in one write.
///
/// After a lost connection the channel is open again with all that it had: confirms, prefetch,
/// consumers, and what this program has declared. Declarations that were under way are repeated;
/// whether a publish had arrived is not known, so it fails.
///
/// \throws channel_closed    the broker refused: not_found, access_refused, precondition_failed...
///                           The channel is gone then, and every later use says so.
/// \throws connection_error  the connection ended for good, or during a publish
/// \throws timeout_error     no answer in time (options::call_timeout)
/// \throws error(errc::bad_argument)  a name is longer than 255 bytes, a table cannot be sent
/// Cancelled: the call may have been carried out; the channel stays in step.
class channel {
public:
    explicit channel(std::shared_ptr<detail::channel_core> core) noexcept : core_{std::move(core)}
    {
    }

    std::uint16_t channel_number() const noexcept;
    bool is_open() const noexcept;
    awaitable<void> close();

    /// \name Exchanges
    /// @{
    /// \param type  direct, fanout, topic, headers, or a plugin's.
    template <class... Options>
    awaitable<void> exchange_declare(std::string name, std::string type, const Options&... options)
    {
        return declare_exchange(std::move(name), std::move(type), declare_options(options...));
    }
    template <class... Options>
    awaitable<void> exchange_delete(std::string name, const Options&... options)
    {
        return delete_exchange(std::move(name), declare_options(options...));
    }
    awaitable<void> exchange_bind(std::string destination, std::string source,
                                  std::string routing_key = {}, value arguments = value());
    awaitable<void> exchange_unbind(std::string destination, std::string source,
                                    std::string routing_key = {}, value arguments = value());
    /// @}

    /// \name Queues
    /// @{
    /// \param name  empty: the broker makes one, which queue_info has.
    template <class... Options>
    awaitable<queue_info> queue_declare(std::string name, const Options&... options)
    {
        return declare_queue(std::move(name), declare_options(options...));
    }
    awaitable<void> queue_bind(std::string queue, std::string exchange,
                               std::string routing_key = {}, value arguments = value());
    awaitable<void> queue_unbind(std::string queue, std::string exchange,
                                 std::string routing_key = {}, value arguments = value());
    /// \return the number of messages that went.
    awaitable<std::uint32_t> queue_purge(std::string queue);
    template <class... Options>
    awaitable<std::uint32_t> queue_delete(std::string queue, const Options&... options)
    {
        return delete_queue(std::move(queue), declare_options(options...));
    }
    /// @}

    /// \name Publishing
    /// @{
    /// Sends a message. Without confirms it returns when the message is queued, and waits only
    /// while much is queued already, or the broker blocks. With confirms it returns when the broker
    /// has taken the message.
    /// \throws error(errc::no_route)  with mandatory() and confirms: no queue takes it
    /// \throws error(errc::publish_nacked)  the broker did not take it
    publish_operation basic_publish(std::string exchange, std::string routing_key,
                                    publish_body body, properties with = properties(),
                                    mandatory flag = mandatory(false))
    {
        return publish_operation(core_, std::move(exchange), std::move(routing_key),
                                 std::move(body), std::move(with), flag);
    }

    /// The same with a message that came from a broker, exactly as it came: its body is shared, and
    /// its properties are not read.
    awaitable<void> forward(std::string exchange, std::string routing_key, const message& what,
                            mandatory flag = mandatory(false));

    /// As basic_publish(), for who publishes thousands a second: no coroutine waits, but `told`
    /// hears of the end, without confirms before this returns. It lives until then, or until the
    /// channel ends.
    /// \return false: it would have to wait for room, or for the connection. Nothing is sent then.
    /// \throws as basic_publish()
    bool try_publish(const std::string& exchange, const std::string& routing_key,
                     const publish_body& body, const properties& with, mandatory flag,
                     std::shared_ptr<publish_watcher> told);
    /// The same with a body that is copied, and properties as they are on the wire: see
    /// properties_writer.
    bool try_publish(const std::string& exchange, const std::string& routing_key,
                     std::string_view body, std::string_view properties_text, mandatory flag,
                     std::shared_ptr<publish_watcher> told);

    /// From now on the broker confirms what is published. As confirm_delivery.
    awaitable<void> confirm_delivery();
    /// Gets what comes back without confirms: see mandatory(). Must not throw.
    void add_on_return(std::function<void(returned_message)> f);
    /// @}

    /// \name Consuming
    /// @{
    /// At most so many messages are on their way to each consumer that begins later, or, with
    /// `global`, to the whole channel; 0: no limit.
    awaitable<void> basic_qos(std::uint16_t prefetch, bool global = false);

    /// Begins to take messages. Options: prefetch(n) (what basic_qos has set, else 100), no_ack(),
    /// exclusive(), consumer_tag(name), arguments(table).
    /// \throws error(errc::bad_argument)  the channel has a consumer of this name
    template <declare_option... Options>
    awaitable<consumer> basic_consume(std::string queue, const Options&... options)
    {
        return begin_consuming(std::move(queue), declare_options(options...));
    }

    /// The same, and each message is handed to `handler`, whose operation is awaited before the
    /// next one, until basic_cancel() or the channel's end. A failure of its own ends the consumer,
    /// gives the message, unless it was settled, and those behind it back to the queue, and is told
    /// to loop::on_error. \return the consumer's tag. As pika's `on_message_callback`.
    template <declare_option... Options>
    awaitable<std::string> basic_consume(std::string queue, message_handler handler,
                                         const Options&... options)
    {
        return consume_by(std::move(queue), std::move(handler), declare_options(options...));
    }
    /// What came already is dropped, and goes back to its queue when the channel ends.
    awaitable<void> basic_cancel(std::string consumer_tag);
    std::vector<std::string> consumer_tags() const;

    /// \name By number
    /// For programs that keep only that; a delivery settles itself, once, and knows if it is stale.
    /// @{
    awaitable<void> basic_ack(std::uint64_t delivery_tag, bool multiple = false);
    awaitable<void> basic_nack(std::uint64_t delivery_tag, bool multiple = false,
                               bool requeue = true);
    awaitable<void> basic_reject(std::uint64_t delivery_tag, bool requeue = true);
    /// @}

    /// One message, or none.
    awaitable<std::optional<delivery>> basic_get(std::string queue, bool no_ack = false);
    /// The broker delivers again what is not acknowledged.
    awaitable<void> basic_recover();
    /// @}

    /// \name Transactions: slow
    /// @{
    awaitable<void> tx_select();
    awaitable<void> tx_commit();
    awaitable<void> tx_rollback();
    /// @}

private:
    friend class publisher;
    friend class rpc_client;
    awaitable<void> declare_exchange(std::string name, std::string type, declare_options with);
    awaitable<void> delete_exchange(std::string name, declare_options with);
    awaitable<queue_info> declare_queue(std::string name, declare_options with);
    awaitable<std::uint32_t> delete_queue(std::string name, declare_options with);
    awaitable<consumer> begin_consuming(std::string queue, declare_options with);
    awaitable<std::string> consume_by(std::string queue, message_handler handler,
                                      declare_options with);
    template <class T>
    awaitable<T> there(awaitable<T> operation) const;

    std::shared_ptr<detail::channel_core> core_;
};
static_assert(awaitable_argument<channel>);

}  // namespace ferry::amqp
