#pragma once

#include "ferry/amqp/options.hpp"
#include "ferry/core/value.hpp"
#include "ferry/tasks/brokers/remote.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace ferry::tasks {

namespace detail {
class home;
class amqp_core;
class rpc_core;
}  // namespace detail

/// How queues are declared, and calls published. Who declares a queue that exists in another way is
/// refused (406), so everybody who uses it must say the same.
class amqp_broker_options {
public:
    amqp_broker_options() = default;

    /// The arguments of every queue that has none of its own: `x-max-priority`, `x-queue-type`...
    amqp_broker_options& arguments(value table)
    {
        arguments_ = std::move(table);
        return *this;
    }
    /// The arguments of one queue.
    amqp_broker_options& queue_arguments(std::string queue, value table)
    {
        of_queue_.insert_or_assign(std::move(queue), std::move(table));
        return *this;
    }

    /// Whether a call is sent when RabbitMQ has confirmed it, as by default, or when it is on its
    /// way, as Celery's are unless its `confirm_publish` is set: what a lost connection or a broker
    /// that dies takes along is lost then. RabbitMQ writes what it confirms to its disk before it
    /// delivers it: a result comes a few hundred microseconds sooner without. What workers send is
    /// always confirmed.
    amqp_broker_options& confirm_publish(bool asked)
    {
        confirm_publish_ = asked;
        return *this;
    }
    bool confirm_publish() const noexcept { return confirm_publish_; }

    const value& arguments_of(const std::string& queue) const
    {
        const auto at = of_queue_.find(queue);
        return at == of_queue_.end() ? arguments_ : at->second;
    }

private:
    value arguments_ = value::object();
    std::map<std::string, value> of_queue_;
    bool confirm_publish_ = true;
};

/// RabbitMQ as Celery uses it: a queue `q` is durable and bound to a direct exchange `q` with the
/// key `q`; messages go to it by the default exchange. Priorities count in queues with
/// `x-max-priority`; higher goes first.
class amqp_broker final : public remote_broker {
public:
    explicit amqp_broker(amqp::options server, amqp_broker_options with = amqp_broker_options());

    broker_info info() const override;

    std::shared_ptr<detail::amqp_core> core() const;

private:
    amqp::options server_;
};

/// Results as messages to who called, as Celery's `rpc://`: each can be had once, by that process.
class rpc_results final : public result_store {
public:
    /// Through the broker's connection.
    explicit rpc_results(const amqp_broker& over,
                         std::chrono::seconds expiry = default_result_expiry);
    ~rpc_results() override;

    awaitable<void> store(result_document d) override;
    /// Of calls that were sent from here only.
    awaitable<result_document> find(std::string task_id) override;
    awaitable<result_document> wait(std::string task_id) override;
    awaitable<void> forget(std::string task_id) override;
    std::shared_ptr<detail::arrival> expect(const std::string& task_id) override;
    awaitable<std::string> reply_to() override;
    bool wants_reply_to() const noexcept override { return true; }

private:
    std::shared_ptr<detail::home> home_;
    std::shared_ptr<detail::rpc_core> core_;
};

}  // namespace ferry::tasks
