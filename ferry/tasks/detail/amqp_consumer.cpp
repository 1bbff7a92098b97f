#include "ferry/tasks/detail/amqp_consumer.hpp"

#include "ferry/async/loop.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

constexpr auto pause_after_failure = 1s;
constexpr std::size_t most_free = 1024;

}  // namespace

amqp_consumer::amqp_consumer(std::shared_ptr<amqp_core> over, std::vector<std::string> queues,
                             std::size_t prefetch, std::shared_ptr<result_store> results)
    : consumer_core{std::move(results), prefetch},
      core_{std::move(over)},
      queues_{std::move(queues)}
{
}

amqp_consumer::self_pointer amqp_consumer::self()
{
    return std::static_pointer_cast<amqp_consumer>(shared_from_this());
}

std::uint16_t amqp_consumer::limit_on_wire() const noexcept
{
    // More cannot be said; 0 is no limit.
    if (prefetch_ > std::numeric_limits<std::uint16_t>::max()) return 0;
    return static_cast<std::uint16_t>(std::max<std::size_t>(1, prefetch_));
}

awaitable<void> amqp_consumer::start(self_pointer self)
{
    return open(std::move(self));
}

awaitable<void> amqp_consumer::open(self_pointer self)
{
    auto connecting = amqp_core::connection(self->core_);
    amqp::connection over = co_await std::move(connecting);
    auto opening = over.channel();
    self->channel_ = co_await std::move(opening);
    self->core_->watch(self);
    self->together_ = self->waits_ || self->queues_.size() > 1;
    if (self->together_) {
        auto limiting = self->channel_->basic_qos(self->limit_on_wire(), true);
        co_await std::move(limiting);
    }
    for (const std::string& queue : std::vector<std::string>(self->queues_)) {
        auto beginning = consume_from(self, queue);
        co_await std::move(beginning);
    }
}

awaitable<void> amqp_consumer::consume_from(self_pointer self, std::string queue)
{
    auto declaring = amqp_core::declare(self->core_, *self->channel_, queue);
    co_await std::move(declaring);
    auto beginning = begin_from(self, queue);
    co_await std::move(beginning);
}

awaitable<void> amqp_consumer::begin_from(self_pointer self, std::string queue)
{
    amqp::channel on = *self->channel_;
    const auto from = std::make_shared<source>(queue);
    auto consuming = self->together_
                         ? on.basic_consume(queue, amqp::channel_prefetch())
                         : on.basic_consume(queue, amqp::prefetch(self->limit_on_wire()));
    from->from = co_await std::move(consuming);
    self->sources_.push_back(from);
    from->running = spawn(pump(self, from), "amqp consumer");
}

awaitable<void> amqp_consumer::stop_from(self_pointer self, std::string queue)
{
    const auto at =
        std::ranges::find_if(self->sources_, [&](const auto& s) { return s->queue == queue; });
    if (at == self->sources_.end()) co_return;
    const std::shared_ptr<source> from = *at;
    self->sources_.erase(at);
    auto cancelling = from->from->cancel();
    co_await std::move(cancelling);
}

awaitable<void> amqp_consumer::set_queue(std::string name, bool consume, queue_binding from)
{
    const bool known = std::ranges::find(queues_, name) != queues_.end();
    if (consume && !known) return add(self(), std::move(name), std::move(from));
    if (!consume && known) {
        std::erase(queues_, name);
        return stop_from(self(), std::move(name));
    }
    return yield_now();
}

void amqp_consumer::take(const std::string& queue, amqp::delivery d)
{
    const std::uint64_t number = d.delivery_tag();
    delivery taken;
    taken.queue = queue;
    taken.tag = tag_of(number);
    taken.redelivered = d.redelivered();
    if (!d.exchange().empty()) {
        taken.exchange = d.exchange();
        taken.routing_key = d.routing_key();
    }
    buffer body = std::move(d).body();
    taken.content = sealed_envelope(std::move(d).properties_text(), std::move(body));
    hold(std::move(d).detach());
    arrived_.push_back(std::move(taken));
}

void amqp_consumer::hand_over()
{
    if (!arrived_.empty()) put(std::exchange(arrived_, {}));
}

awaitable<void> amqp_consumer::pump(self_pointer self, std::shared_ptr<source> from)
{
    try {
        while (true) {
            auto coming = from->from->next();
            if (!coming.attempt()) self->hand_over();
            std::optional<amqp::delivery> d = co_await std::move(coming);
            if (!d) co_return;
            self->take(from->queue, std::move(*d));
        }
    } catch (const error& e) {
        self->failed(e);
    }
}

/// The broker has closed the channel, or the connection for good: begin anew.
void amqp_consumer::failed(const error& why)
{
    if (ended_ || std::exchange(reopening_, true)) return;
    log::error("broker failed", "reason", why.what());
    spawn(reopen(self()), "amqp consumer");
}

awaitable<void> amqp_consumer::reopen(self_pointer self)
{
    while (!self->ended_) {
        co_await sleep(pause_after_failure);
        for (const auto& s : self->sources_) s->running->cancel();
        self->sources_.clear();
        self->lost();
        try {
            auto opening = open(self);
            co_await std::move(opening);
            break;
        } catch (const error& e) {
            log::error("broker failed", "reason", e.what());
        }
    }
    self->reopening_ = false;
}

void amqp_consumer::lost()
{
    next_epoch();
    arrived_.clear();
    held_.clear();
    acked_.clear();
    settled_.clear();
}

void amqp_consumer::hold(amqp::receipt r)
{
    const std::uint64_t number = r.delivery_tag();
    if (free_.empty()) {
        held_.emplace_hint(held_.end(), number, std::move(r));
        return;
    }
    receipts::node_type node = std::move(free_.back());
    free_.pop_back();
    node.key() = number;
    node.mapped() = std::move(r);
    held_.insert(held_.end(), std::move(node));
}

/// None for one that is settled already.
std::optional<amqp::receipt> amqp_consumer::release(std::uint64_t tag)
{
    if (!holds(tag)) return std::nullopt;
    receipts::node_type node = held_.extract(number_of(tag));
    if (!node) return std::nullopt;
    amqp::receipt r = std::move(node.mapped());
    if (free_.size() < most_free) free_.push_back(std::move(node));
    return r;
}

void amqp_consumer::finish(std::uint64_t tag, verdict how)
{
    const bool first = acked_.empty();
    end_one(tag, how);
    if (first && !acked_.empty()) loop::current().post([me = self()] { me->acknowledge(); });
}

void amqp_consumer::finish_all(std::span<const ending> all)
{
    for (const ending& e : all) end_one(e.tag, e.how);
    acknowledge();
}

void amqp_consumer::end_one(std::uint64_t tag, verdict how)
{
    std::optional<amqp::receipt> r = release(tag);
    if (!r) return;
    settled_.add(r->delivery_tag());
    if (how == verdict::ack) {
        acked_.push_back(std::move(*r));
        return;
    }
    // At once: an ack of all up to a later one would take this one with it.
    try {
        r->reject(how == verdict::requeue).attempt();
    } catch (const error& e) {
        log::info("delivery is not settled: it will come again", "reason", e.what());
    }
}

/// One frame for all up to the first delivery that is still held, and one for each beyond it.
void amqp_consumer::acknowledge()
{
    std::vector<amqp::receipt> all = std::exchange(told_, {});
    all.swap(acked_);
    const auto beyond = std::ranges::partition(
        all, [this](const amqp::receipt& r) { return r.delivery_tag() <= settled_.through(); });
    const auto through = std::max_element(
        all.begin(), beyond.begin(),
        [](const auto& a, const auto& b) { return a.delivery_tag() < b.delivery_tag(); });
    // This is their thread: they are done when they return.
    const auto tell = [](amqp::receipt& r, bool multiple) { r.ack(multiple).attempt(); };
    try {
        if (through != beyond.begin()) tell(*through, true);
        for (amqp::receipt& r : beyond) tell(r, false);
    } catch (const error& e) {
        log::info("deliveries are not settled: they will come again", "reason", e.what());
    }
    all.clear();
    told_ = std::move(all);
}

void amqp_consumer::limit(std::size_t usual, std::size_t waiting)
{
    const bool waits = waits_ || waiting > 0;
    if (prefetch_ == usual + waiting && waits_ == waits) return;
    prefetch_ = usual + waiting;
    waits_ = waits;
    limit_changed_ = true;
    if (!std::exchange(limiting_, true)) spawn(set_limits(self()), "amqp consumer");
}

awaitable<void> amqp_consumer::set_limits(self_pointer self)
{
    while (std::exchange(self->limit_changed_, false) && self->channel_ && !self->ended_) {
        try {
            auto limiting = set_limit(self);
            co_await std::move(limiting);
        } catch (const error& e) {
            log::warning("prefetch is not changed", "reason", e.what());
        }
    }
    self->limiting_ = false;
}

awaitable<void> amqp_consumer::set_limit(self_pointer self)
{
    const bool was_together = self->together_;
    self->together_ = was_together || self->waits_ || self->queues_.size() > 1;
    if (self->together_) {
        auto limiting = self->channel_->basic_qos(self->limit_on_wire(), true);
        co_await std::move(limiting);
        if (was_together) co_return;
    }
    auto replacing = replace(self);
    co_await std::move(replacing);
}

/// The limit of a consumer is that with which it has begun.
awaitable<void> amqp_consumer::replace(self_pointer self)
{
    const std::vector<std::shared_ptr<source>> before = self->sources_;
    for (const auto& old : before) {
        auto beginning = begin_from(self, old->queue);
        co_await std::move(beginning);
        auto stopping = stop_from(self, old->queue);
        co_await std::move(stopping);
    }
}

awaitable<void> amqp_consumer::add(self_pointer self, std::string queue, queue_binding from)
{
    // A refusal closes the channel on which it comes: that of the other queues it must not be.
    auto declaring = amqp_core::declare_apart(self->core_, queue, std::move(from));
    co_await std::move(declaring);
    self->queues_.push_back(queue);
    auto limiting = set_limit(self);
    co_await std::move(limiting);
    auto beginning = consume_from(self, std::move(queue));
    co_await std::move(beginning);
}

awaitable<void> amqp_consumer::leave()
{
    return end(self());
}

awaitable<void> amqp_consumer::end(self_pointer self)
{
    self->ended_ = true;
    for (const auto& s : self->sources_) s->running->cancel();
    self->sources_.clear();
    // The acks go first; what is held goes back with the channel's end.
    self->acknowledge();
    co_await yield_now();
    if (self->channel_) {
        try {
            auto closing = self->channel_->close();
            co_await std::move(closing);
        } catch (const error& e) {
            log::debug("channel not closed", "reason", e.what());
        }
    }
    self->held_.clear();
}

}  // namespace ferry::tasks::detail
