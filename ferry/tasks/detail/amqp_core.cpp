#include "ferry/tasks/detail/amqp_core.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/amqp_consumer.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ferry::tasks::detail {
namespace {

constexpr std::array exchanges = {
    bus_exchange{"celery.pidbox", "fanout", false},
    bus_exchange{"reply.celery.pidbox", "direct", false},
    bus_exchange{"celeryev", "topic", true},
};

std::uint8_t octet_of(int priority)
{
    return static_cast<std::uint8_t>(std::clamp(priority, 0, 255));
}

/// Who sends waits for a lost connection no longer than for one that was never there.
awaitable<void> come_back(amqp::connection lost, std::chrono::milliseconds limit)
{
    try {
        auto returning = timeout(limit, lost.ready());
        co_await std::move(returning);
        co_return;
    } catch (const timeout_error&) {
    }
    throw connection_error{ferry::errc::disconnected, "the connection to the broker is lost"};
}

}  // namespace

const bus_exchange& exchange_of(bus on)
{
    return exchanges.at(static_cast<std::size_t>(on));
}

amqp::properties to_properties(envelope&& e)
{
    amqp::properties p;
    p.headers(std::move(e.headers))
        .content_type(std::move(e.content_type))
        .content_encoding(std::move(e.content_encoding))
        .delivery_mode(static_cast<std::uint8_t>(e.delivery_mode))
        .priority(octet_of(e.priority))
        .correlation_id(std::move(e.correlation_id))
        .reply_to(std::move(e.reply_to))
        .expiration(std::move(e.expiration));
    return p;
}

awaitable<amqp::connection> amqp_core::connection(self_pointer self)
{
    auto entering = self->opening_.acquire();
    const auto held = co_await std::move(entering);
    if (self->connection_ && self->connection_->is_closed()) self->forget_connection();
    if (!self->connection_) {
        auto connecting = amqp::connect(self->server_);
        self->connection_ = co_await std::move(connecting);
        self->connection_->on_disconnected([weak = std::weak_ptr<amqp_core>(self)](const error& e) {
            log::warning("connection to the broker lost", "reason", e.what());
            const auto strong = weak.lock();
            if (!strong) return;
            std::erase_if(strong->watching_, [](const auto& w) { return w.expired(); });
            for (const auto& w : strong->watching_) {
                if (const auto who = w.lock()) who->lost();
            }
        });
        self->connection_->on_recovered([weak = std::weak_ptr<amqp_core>(self)] {
            // Exchanges that do not last are gone with the broker.
            if (const auto strong = weak.lock()) {
                strong->exchanges_.clear();
                strong->known_exchanges_.clear();
            }
        });
    }
    co_return *self->connection_;
}

void amqp_core::forget_connection()
{
    for (auto* const over : {&publishing_, &exchanging_, &calling_}) over->reset();
    for (auto* const made : {&declared_, &exchanges_, &known_exchanges_}) made->clear();
    connection_.reset();
}

awaitable<amqp::channel> amqp_core::publishing(self_pointer self)
{
    return opened(std::move(self), &amqp_core::publishing_, &amqp_core::declared_, true);
}

/// RabbitMQ closes the one on which an exchange is named that is not there.
awaitable<amqp::channel> amqp_core::exchanging(self_pointer self)
{
    return opened(std::move(self), &amqp_core::exchanging_, &amqp_core::known_exchanges_, true);
}

awaitable<amqp::channel> amqp_core::calling(self_pointer self)
{
    if (self->with_.confirm_publish()) return publishing(std::move(self));
    return opened(std::move(self), &amqp_core::calling_, &amqp_core::declared_, false);
}

awaitable<amqp::channel> amqp_core::opened(self_pointer self, slot which, names known,
                                           bool confirms)
{
    amqp_core& core = *self;
    if (core.*which && (core.*which)->is_open()) co_return *(core.*which);
    auto connecting = connection(self);
    amqp::connection over = co_await std::move(connecting);
    if (!over.is_open()) {
        auto returning = come_back(over, core.server_.timeout());
        co_await std::move(returning);
    }
    // Closed by the broker, and not because its connection was lost.
    if (over.is_open() && core.*which && !(core.*which)->is_open()) {
        (core.*which).reset();
        (core.*known).clear();
    }
    if (!(core.*which)) {
        auto opening = confirms ? over.channel(amqp::confirm()) : over.channel();
        amqp::channel made = co_await std::move(opening);
        made.add_on_return([weak = std::weak_ptr<amqp_core>(self)](amqp::returned_message m) {
            const auto strong = weak.lock();
            if (strong) strong->returning_.start(send_again(strong, std::move(m)));
        });
        if (!(core.*which)) (core.*which).emplace(std::move(made));
    }
    co_return *(core.*which);
}

/// A call whose queue somebody has deleted, and of which nobody waits to hear.
awaitable<void> amqp_core::send_again(self_pointer self, amqp::returned_message what)
{
    try {
        self->declared_.erase(what.routing_key());
        auto publishing_it =
            publish(self, publishing(self), what.routing_key(), what.body(), what.properties());
        co_await std::move(publishing_it);
    } catch (const error& e) {
        log::error("a call is lost", "queue", what.routing_key(), "reason", e.what());
    }
}

awaitable<void> amqp_core::declare(self_pointer self, amqp::channel on, std::string queue)
{
    const auto bound_to = self->bindings_.find(queue);
    const queue_binding from = bound_to == self->bindings_.end()
                                   ? queue_binding(queue, "direct", queue)
                                   : bound_to->second;
    auto exchange = on.exchange_declare(from.exchange, from.type, amqp::durable());
    co_await std::move(exchange);
    amqp::declare_options as(amqp::durable(), amqp::arguments(self->with_.arguments_of(queue)));
    as.auto_delete = from.temporary;
    auto made = on.queue_declare(queue, as);
    co_await std::move(made);
    auto bound = on.queue_bind(queue, from.exchange, from.routing_key);
    co_await std::move(bound);
    self->declared_.insert(queue);
}

awaitable<void> amqp_core::declare_apart(self_pointer self, std::string queue, queue_binding from)
{
    const auto before = self->bindings_;
    if (!from.exchange.empty()) self->bindings_.insert_or_assign(queue, std::move(from));
    auto connecting = connection(self);
    amqp::connection over = co_await std::move(connecting);
    auto opening = over.channel();
    amqp::channel apart = co_await std::move(opening);
    try {
        auto declaring = declare(self, apart, queue);
        co_await std::move(declaring);
    } catch (...) {
        self->bindings_ = before;
        throw;
    }
    auto closing = apart.close();
    co_await std::move(closing);
}

namespace {

awaitable<std::unique_ptr<consumer>> open_consumer(std::shared_ptr<home> at,
                                                   std::shared_ptr<amqp_consumer> made)
{
    auto starting = amqp_consumer::start(made);
    co_await std::move(starting);
    std::unique_ptr<consumer> held = std::make_unique<remote_consumer>(std::move(at), made);
    co_return held;
}

}  // namespace

awaitable<std::unique_ptr<consumer>> amqp_core::consume(std::shared_ptr<home> at,
                                                        std::vector<std::string> queues,
                                                        std::size_t prefetch,
                                                        std::shared_ptr<result_store> results)
{
    return open_consumer(std::move(at),
                         std::make_shared<amqp_consumer>(shared_from_this(), std::move(queues),
                                                         prefetch, std::move(results)));
}

parcel amqp_core::pack(std::string queue, envelope e) const
{
    parcel p;
    p.queue = std::move(queue);
    p.exchange = std::move(e.exchange);
    p.exchange_type = std::move(e.exchange_type);
    p.body = std::move(e.body);
    to_properties(std::move(e)).append_to(p.head);
    return p;
}

parcel amqp_core::pack(std::string queue, const message& m) const
{
    // Headers of one's own may take the place of others.
    if (!m.headers.empty() || !m.exchange.empty()) return pack(std::move(queue), encode(m));
    encoded_body body = encode_body(m);
    parcel p;
    heads_.write(m, body, p.head);
    p.queue = std::move(queue);
    p.body = std::move(body.text);
    return p;
}

/// Of all that find it missing at the same time, one declares the queue.
awaitable<void> amqp_core::declare_once(self_pointer self, amqp::channel on, std::string queue)
{
    auto entering = self->declaring_.acquire();
    const auto held = co_await std::move(entering);
    if (self->declared_.contains(queue)) co_return;
    auto declaring = declare(self, on, queue);
    co_await std::move(declaring);
}

awaitable<void> amqp_core::publish(self_pointer self, std::string queue, envelope e)
{
    amqp::publish_body body(std::move(e.body));
    if (!e.exchange.empty()) {
        std::string exchange = std::move(e.exchange);
        std::string type = std::move(e.exchange_type);
        return publish_through(std::move(self), std::move(exchange), std::move(type),
                               std::move(queue), std::move(body), to_properties(std::move(e)));
    }
    auto opening = publishing(self);
    return publish(std::move(self), std::move(opening), std::move(queue), std::move(body),
                   to_properties(std::move(e)));
}

awaitable<void> amqp_core::publish(self_pointer self, awaitable<amqp::channel> opening,
                                   std::string queue, amqp::publish_body body,
                                   amqp::properties with)
{
    amqp::channel on = co_await std::move(opening);
    // The broker confirms what it throws away, too: a queue that somebody has deleted is made
    // again.
    for (bool again = false;; again = true) {
        if (!self->declared_.contains(queue)) {
            auto declaring = declare_once(self, on, queue);
            co_await std::move(declaring);
        }
        try {
            auto sending = on.basic_publish("", queue, body, with, amqp::mandatory());
            co_await std::move(sending);
            co_return;
        } catch (const error& failure) {
            if (again || failure.code() != amqp::errc::no_route) throw;
            self->declared_.erase(queue);
        }
    }
}

awaitable<void> amqp_core::publish_through(self_pointer self, std::string exchange,
                                           std::string type, std::string key,
                                           amqp::publish_body body, amqp::properties with)
{
    for (bool again = false;; again = true) {
        try {
            auto opening = exchanging(self);
            amqp::channel on = co_await std::move(opening);
            if (!type.empty() && !self->known_exchanges_.contains(exchange)) {
                auto declaring = on.exchange_declare(exchange, type, amqp::durable());
                co_await std::move(declaring);
                self->known_exchanges_.insert(exchange);
            }
            auto sending = on.basic_publish(exchange, key, body, with);
            co_await std::move(sending);
            co_return;
        } catch (error& failure) {
            // Perhaps what somebody else has named there.
            const bool closed = self->exchanging_ && !self->exchanging_->is_open();
            if (again || !closed) {
                failure.add_context("exchange " + exchange);
                throw;
            }
        }
    }
}

/// A letter of which the broker's word is awaited, if it gives one, without a coroutine.
class amqp_core::posting final : public amqp::publish_watcher {
public:
    posting(std::weak_ptr<amqp_core> core, std::shared_ptr<letter> what)
        : core_{std::move(core)}, letter_{std::move(what)}
    {
    }

    void published(std::exception_ptr failure) noexcept override
    {
        const self_pointer core = core_.lock();
        if (failure && core && has_no_route(failure)) {
            core->declared_.erase(letter_->content.queue);
            return carry_out(letter_, again(core));
        }
        letter::end(letter_, std::move(failure));
    }

    awaitable<void> again(self_pointer core)
    {
        const parcel& p = letter_->content;
        auto opening = calling(core);
        return publish(std::move(core), std::move(opening), p.queue, p.body,
                       amqp::properties::parse(p.head));
    }

private:
    static bool has_no_route(const std::exception_ptr& failure)
    {
        try {
            std::rethrow_exception(failure);
        } catch (const error& e) {
            return e.code() == amqp::errc::no_route;
        } catch (...) {
            return false;
        }
    }

    std::weak_ptr<amqp_core> core_;
    std::shared_ptr<letter> letter_;
};

void amqp_core::publish(std::vector<std::shared_ptr<letter>> all)
{
    auto& on = with_.confirm_publish() ? publishing_ : calling_;
    for (const std::shared_ptr<letter>& one : all) {
        const parcel& p = one->content;
        if (!p.exchange.empty()) {
            carry_out(one, publish_through(shared_from_this(), p.exchange, p.exchange_type, p.queue,
                                           p.body, amqp::properties::parse(p.head)));
            continue;
        }
        const bool ready = on && on->is_open() && declared_.contains(p.queue);
        const auto post = std::make_shared<posting>(weak_from_this(), one);
        bool sent = false;
        try {
            sent = ready && on->try_publish("", p.queue, p.body, p.head, amqp::mandatory(), post);
        } catch (const error&) {
            letter::end(one, std::current_exception());
            continue;
        }
        if (!sent) carry_out(one, post->again(shared_from_this()));
    }
}

awaitable<void> amqp_core::send(self_pointer self, std::string exchange, std::string key,
                                envelope e)
{
    auto opening = publishing(self);
    amqp::channel on = co_await std::move(opening);
    std::string body = std::move(e.body);
    const amqp::properties with = to_properties(std::move(e));
    auto sending = on.basic_publish(std::move(exchange), std::move(key), std::move(body), with);
    co_await std::move(sending);
}

awaitable<std::int64_t> amqp_core::size(self_pointer self, std::string queue)
{
    auto opening = calling(self);
    amqp::channel on = co_await std::move(opening);
    auto declaring = declare(self, on, queue);
    co_await std::move(declaring);
    auto asking = on.queue_declare(queue, amqp::passive());
    const amqp::queue_info info = co_await std::move(asking);
    co_return info.message_count();
}

awaitable<std::int64_t> amqp_core::purge(self_pointer self, std::string queue)
{
    auto opening = calling(self);
    amqp::channel on = co_await std::move(opening);
    auto declaring = declare(self, on, queue);
    co_await std::move(declaring);
    auto purging = on.queue_purge(queue);
    co_return co_await std::move(purging);
}

awaitable<void> declare_bus(amqp::channel on, bus which)
{
    const bus_exchange& x = exchange_of(which);
    if (x.durable) {
        auto declaring = on.exchange_declare(x.name, x.type, amqp::durable());
        co_await std::move(declaring);
    } else {
        auto declaring = on.exchange_declare(x.name, x.type);
        co_await std::move(declaring);
    }
}

awaitable<void> amqp_core::announce(self_pointer self, bus on, std::string key, envelope e)
{
    const bus_exchange& x = exchange_of(on);
    if (!self->exchanges_.contains(x.name)) {
        auto opening = publishing(self);
        amqp::channel over = co_await std::move(opening);
        auto declaring = declare_bus(over, on);
        co_await std::move(declaring);
        self->exchanges_.insert(x.name);
    }
    e.delivery_mode = 1;
    auto sending = send(self, x.name, std::move(key), std::move(e));
    co_await std::move(sending);
}

}  // namespace ferry::tasks::detail
