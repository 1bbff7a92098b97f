// A lease in RabbitMQ: a queue with one message, the note, which its only active consumer holds
// unacknowledged. When the holder's connection ends, the broker gives it to the next in line.
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/amqp_core.hpp"
#include "ferry/tasks/detail/home_lease.hpp"

#include <algorithm>
#include <utility>

namespace ferry::tasks::detail {

using namespace std::chrono_literals;

/// The part at home. Its connection is its own, and is not made again: with it the lease is lost.
class held_message {
public:
    held_message(amqp::options server, const std::string& name, std::chrono::milliseconds length)
        : server_{std::move(server)}, queue_{"ferry.lease." + name}
    {
        server_.no_recovery();
        // Who is silent for twice that is dead for the broker.
        const auto half = std::chrono::duration_cast<std::chrono::seconds>(length / 2);
        server_.heartbeat(std::max<std::chrono::seconds>(1s, half));
    }

    static awaitable<std::string> acquire(std::shared_ptr<held_message> self)
    {
        self->held_.reset();
        // A wait that is cancelled leaves the line.
        auto coming = wait_in_line(self->server_, self->queue_);
        self->held_ = co_await std::move(coming);
        co_return std::string{self->held_->note.text()};
    }

    static awaitable<bool> keep(std::shared_ptr<held_message> self, std::string note)
    {
        if (!self->held_) co_return false;
        try {
            // Should the connection end in between, the queue has room for the newer one only.
            auto writing = write(self->held_->on, self->queue_, std::move(note));
            co_await std::move(writing);
            auto settling = self->held_->note.ack();
            co_await std::move(settling);
            auto coming = take(&self->held_->from);
            self->held_->note = co_await std::move(coming);
            co_return true;
        } catch (const error& e) {
            log::warning("a lease is lost", "queue", self->queue_, "reason", e.what());
        }
        self->held_.reset();
        co_return false;
    }

    static awaitable<void> release(std::shared_ptr<held_message> self)
    {
        if (!self->held_) co_return;
        amqp::connection ending = self->held_->over;
        self->held_.reset();
        auto closing = ending.close();
        co_await std::move(closing);
    }

private:
    struct holding {
        holding(amqp::connection c, amqp::channel ch, amqp::consumer f, amqp::delivery n)
            : over{std::move(c)}, on{std::move(ch)}, from{std::move(f)}, note{std::move(n)}
        {
        }

        amqp::connection over;
        amqp::channel on;
        amqp::consumer from;
        amqp::delivery note;
    };

    static awaitable<std::optional<holding>> wait_in_line(amqp::options server, std::string queue)
    {
        auto connecting = amqp::connect(std::move(server));
        amqp::connection over = co_await std::move(connecting);
        auto opening = over.channel(amqp::confirm());
        amqp::channel on = co_await std::move(opening);
        value arguments = value::object("x-single-active-consumer", true, "x-max-length", 1);
        auto declaring =
            on.queue_declare(queue, amqp::durable(), amqp::arguments(std::move(arguments)));
        const amqp::queue_info there = co_await std::move(declaring);
        // The first of all. If two believe that, the queue keeps one of their messages.
        if (there.message_count() == 0 && there.consumer_count() == 0) {
            auto writing = write(on, queue, "");
            co_await std::move(writing);
        }
        auto consuming = on.basic_consume(queue, amqp::prefetch(1));
        amqp::consumer from = co_await std::move(consuming);
        auto coming = take(&from);
        amqp::delivery note = co_await std::move(coming);
        std::optional<holding> made;
        made.emplace(std::move(over), std::move(on), std::move(from), std::move(note));
        co_return made;
    }

    static awaitable<void> write(amqp::channel on, std::string queue, std::string note)
    {
        amqp::properties durable;
        durable.persistent().content_type("application/json");
        auto publishing =
            on.basic_publish("", std::move(queue), std::move(note), durable, amqp::mandatory());
        co_await std::move(publishing);
    }

    static awaitable<amqp::delivery> take(amqp::consumer* from)
    {
        auto coming = from->next();
        std::optional<amqp::delivery> d = co_await std::move(coming);
        if (!d) throw error{ferry::errc::disconnected, "the lease's queue is gone"};
        co_return std::move(*d);
    }

    amqp::options server_;
    std::string queue_;
    std::optional<holding> held_;
};

std::unique_ptr<lease> amqp_core::open_lease(std::shared_ptr<home> at, std::string name,
                                             std::chrono::milliseconds length)
{
    return std::make_unique<home_lease<held_message>>(
        std::move(at), std::make_shared<held_message>(server_, name, length));
}

}  // namespace ferry::tasks::detail
