#include "ferry/tasks/detail/amqp_consumer.hpp"

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

}  // namespace

amqp_consumer::amqp_consumer(std::shared_ptr<amqp_core> over, std::vector<std::string> queues,
                             std::size_t prefetch, std::shared_ptr<result_store> results)
    : consumer_core{std::move(results)},
      core_{std::move(over)},
      queues_{std::move(queues)},
      prefetch_{prefetch}
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
    auto limiting = self->channel_->basic_qos(self->limit_on_wire(), true);
    co_await std::move(limiting);
    for (const std::string& queue : std::vector<std::string>(self->queues_)) {
        auto beginning = consume_from(self, queue);
        co_await std::move(beginning);
    }
}

awaitable<void> amqp_consumer::consume_from(self_pointer self, std::string queue)
{
    amqp::channel on = *self->channel_;
    auto declaring = amqp_core::declare(self->core_, on, queue);
    co_await std::move(declaring);
    const auto from = std::make_shared<source>(queue);
    auto consuming = on.basic_consume(queue, amqp::channel_prefetch());
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

awaitable<void> amqp_consumer::set_queue(std::string name, bool consume)
{
    const bool known = std::ranges::find(queues_, name) != queues_.end();
    if (consume && !known) {
        queues_.push_back(name);
        return consume_from(self(), std::move(name));
    }
    if (!consume && known) {
        std::erase(queues_, name);
        return stop_from(self(), std::move(name));
    }
    return yield_now();
}

void amqp_consumer::take(const std::string& queue, amqp::delivery d)
{
    const std::uint64_t number = tag_of(next_number_++);
    std::vector<delivery> one(1);
    try {
        one[0].content = to_envelope(d);
        one[0].queue = queue;
        one[0].tag = number;
        one[0].redelivered = d.redelivered();
        held_.emplace(number, std::move(d));
        put(std::move(one));
    } catch (const error& e) {
        log::error("message dropped", "queue", queue, "reason", e.what());
        held_.insert_or_assign(number, std::move(d));
        finish(number, verdict::reject);
    }
}

awaitable<void> amqp_consumer::pump(self_pointer self, std::shared_ptr<source> from)
{
    try {
        while (true) {
            auto coming = from->from->next();
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
    held_.clear();
}

void amqp_consumer::finish(std::uint64_t tag, verdict how)
{
    const auto at = held_.find(tag);
    if (at == held_.end()) return;
    const auto tell = [](amqp::delivery d, verdict what) -> awaitable<void> {
        try {
            auto told = what == verdict::ack ? d.ack() : d.reject(what == verdict::requeue);
            co_await std::move(told);
        } catch (const error& e) {
            log::info("delivery is not settled: it will come again", "reason", e.what());
        }
    };
    spawn(tell(std::move(at->second), how), "amqp ack");
    held_.erase(at);
}

void amqp_consumer::limit(std::size_t count)
{
    prefetch_ = count;
    limit_changed_ = true;
    if (!std::exchange(limiting_, true)) spawn(set_limit(self()), "amqp consumer");
}

awaitable<void> amqp_consumer::set_limit(self_pointer self)
{
    while (std::exchange(self->limit_changed_, false) && self->channel_) {
        try {
            auto limiting = self->channel_->basic_qos(self->limit_on_wire(), true);
            co_await std::move(limiting);
        } catch (const error& e) {
            log::warning("prefetch is not changed", "reason", e.what());
        }
    }
    self->limiting_ = false;
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
    // The queued acks go first; what is held goes back with the channel's end.
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
