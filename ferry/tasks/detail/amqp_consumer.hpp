#pragma once

#include "ferry/async/task.hpp"
#include "ferry/tasks/detail/amqp_core.hpp"
#include "ferry/tasks/detail/remote_consumer.hpp"
#include "ferry/tasks/detail/settled_tags.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ferry::tasks::detail {

/// Takes messages from RabbitMQ's queues, on a channel of its own. One queue's consumer has the
/// prefetch itself, and is replaced by another when that changes. That of several queues, or beside
/// messages that wait for long, is the channel's, which costs the broker a tenth more for each
/// message. Goes on after a lost connection; what was held then comes again. What comes in one turn
/// of the loop goes to the worker at once, and the acks of one turn go in as few frames as they
/// can.
class amqp_consumer final : public consumer_core {
public:
    amqp_consumer(std::shared_ptr<amqp_core> over, std::vector<std::string> queues,
                  std::size_t prefetch, std::shared_ptr<result_store> results);

    using self_pointer = std::shared_ptr<amqp_consumer>;

    /// Opens the channel and begins.
    static awaitable<void> start(self_pointer self);

    /// The connection is gone: the broker gives what was held to somebody again.
    void lost();

    awaitable<void> publish(std::string queue, envelope e) override
    {
        return core_->publish(std::move(queue), std::move(e));
    }
    void finish(std::uint64_t tag, verdict how) override;
    void finish_all(std::span<const ending> all) override;
    void limit(std::size_t usual, std::size_t waiting) override;
    awaitable<void> set_queue(std::string name, bool consume, queue_binding from) override;
    awaitable<void> leave() override;

private:
    struct source {
        explicit source(std::string q) : queue{std::move(q)} {}
        std::string queue;
        std::optional<amqp::consumer> from;
        std::optional<ferry::task<void>> running;
    };

    self_pointer self();
    std::uint16_t limit_on_wire() const noexcept;
    static awaitable<void> open(self_pointer self);
    static awaitable<void> consume_from(self_pointer self, std::string queue);
    static awaitable<void> begin_from(self_pointer self, std::string queue);
    static awaitable<void> stop_from(self_pointer self, std::string queue);
    static awaitable<void> replace(self_pointer self);
    static awaitable<void> add(self_pointer self, std::string queue, queue_binding from);
    static awaitable<void> pump(self_pointer self, std::shared_ptr<source> from);
    static awaitable<void> set_limits(self_pointer self);
    static awaitable<void> set_limit(self_pointer self);
    static awaitable<void> reopen(self_pointer self);
    static awaitable<void> end(self_pointer self);
    void take(const std::string& queue, amqp::delivery d);
    void hand_over();
    void hold(amqp::receipt r);
    std::optional<amqp::receipt> release(std::uint64_t tag);
    void end_one(std::uint64_t tag, verdict how);
    void acknowledge();
    void failed(const error& why);

    std::shared_ptr<amqp_core> core_;
    std::vector<std::string> queues_;
    bool waits_ = false;     ///< some of it is for messages that are held for long
    bool together_ = false;  ///< the prefetch is the channel's
    std::optional<amqp::channel> channel_;
    std::vector<std::shared_ptr<source>> sources_;
    std::vector<delivery> arrived_;
    using receipts = std::map<std::uint64_t, amqp::receipt>;
    receipts held_;                          ///< by delivery tag
    std::vector<receipts::node_type> free_;  ///< memory for them
    std::vector<amqp::receipt> acked_;       ///< the broker does not know yet
    std::vector<amqp::receipt> told_;        ///< memory for them
    settled_tags settled_;
    bool limiting_ = false;
    bool limit_changed_ = false;
    bool reopening_ = false;
    bool ended_ = false;
};

}  // namespace ferry::tasks::detail
