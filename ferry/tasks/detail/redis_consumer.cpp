#include "ferry/tasks/detail/redis_consumer.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/tasks/detail/kombu_message.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds pause_after_failure = 500ms;
constexpr std::chrono::milliseconds guard_time = 5s;
constexpr std::size_t most_at_once = 64;

std::chrono::milliseconds between(std::chrono::milliseconds d, std::chrono::milliseconds least,
                                  std::chrono::milliseconds most)
{
    return std::clamp(d, least, most);
}

}  // namespace

redis_consumer::redis_consumer(std::shared_ptr<redis_core> over, std::vector<std::string> queues,
                               std::size_t prefetch, std::shared_ptr<result_store> results)
    : consumer_core{std::move(results), prefetch},
      core_{std::move(over)},
      queues_{std::move(queues)},
      tag_prefix_{uuid4() + "."}
{
}

redis_consumer::self_pointer redis_consumer::self()
{
    return std::static_pointer_cast<redis_consumer>(shared_from_this());
}

void redis_consumer::start()
{
    for (const std::string& queue : queues_) watch(queue);
    running_.push_back(spawn(maintain(self()), "redis consumer"));
    running_.push_back(spawn(pump(self()), "redis consumer"));
}

void redis_consumer::watch(const std::string& queue)
{
    for (const int step : priority_steps) {
        const auto one = std::make_shared<sentry>(core_->list_key(queue, step));
        sentries_.push_back(one);
        one->running = spawn(stand_guard(self(), one), "redis consumer");
    }
}

void redis_consumer::finish(std::uint64_t tag, verdict how)
{
    const auto at = held_.find(tag);
    if (at == held_.end()) return;
    held_.erase(at);
    room_.set();
    (how == verdict::requeue ? returned_ : settled_).push_back(tag_of(tag));
    if (std::exchange(telling_, true)) return;
    told_.clear();
    spawn(tell_settled(self()), "redis consumer");
}

/// All that one turn of the loop settles goes together, and is repeated until Redis has it.
awaitable<void> redis_consumer::tell_settled(self_pointer self)
{
    while (!self->settled_.empty() || !self->returned_.empty()) {
        const std::vector<std::string> settled = std::exchange(self->settled_, {});
        const std::vector<std::string> returned = std::exchange(self->returned_, {});
        bool failed = false;
        try {
            auto forgetting = forget_claims(self->core_, settled);
            co_await std::move(forgetting);
            auto giving = give_back(self->core_, returned);
            co_await std::move(giving);
        } catch (const error& e) {
            log::error("redis does not take acks", "count", settled.size() + returned.size(),
                       "reason", e.what());
            std::ranges::copy(settled, std::back_inserter(self->settled_));
            std::ranges::copy(returned, std::back_inserter(self->returned_));
            failed = true;
        }
        if (failed) co_await sleep(pause_after_failure);
    }
    self->telling_ = false;
    self->told_.set();
}

void redis_consumer::limit(std::size_t usual, std::size_t waiting)
{
    prefetch_ = usual + waiting;
    room_.set();
}

awaitable<void> redis_consumer::add_queue(self_pointer self, std::string name)
{
    auto binding = bind(self, name);
    co_await std::move(binding);
    const auto with = self->bindings_.find(name);
    if (with != self->bindings_.end() && with->second.type == "fanout") {
        const queue_binding from = with->second;
        std::string key = from.routing_key;
        std::ranges::replace(key, '#', '*');
        const auto news = std::make_shared<redis::subscriber>(self->core_->client);
        auto subscribing =
            news->psubscribe(std::vector<std::string>(1, self->core_->channel(from.exchange, key)));
        co_await std::move(subscribing);
        auto hearing = overhear(self->core_, news, self->core_->list_key(name, 0));
        self->overhearing_.insert_or_assign(name, spawn(std::move(hearing), "redis consumer"));
    }
    self->queues_.push_back(name);
    self->watch(name);
    self->news_.set();
    self->room_.set();
}

awaitable<void> redis_consumer::overhear(std::shared_ptr<redis_core> core,
                                         std::shared_ptr<redis::subscriber> from, std::string list)
{
    while (true) {
        auto coming = from->next();
        const std::optional<redis::message> m = co_await std::move(coming);
        if (!m) co_return;
        try {
            auto putting = core->client.cmd("LPUSH", list, m->data());
            co_await std::move(putting);
        } catch (const error& e) {
            log::error("a message to all is lost", "channel", m->channel(), "reason", e.what());
        }
    }
}

awaitable<void> redis_consumer::bind(self_pointer self, std::string name)
{
    const auto other = self->bindings_.find(name);
    if (other == self->bindings_.end()) return redis_core::bind(self->core_, name, name, name);
    return redis_core::bind(self->core_, name, other->second);
}

awaitable<void> redis_consumer::set_queue(std::string name, bool consume, queue_binding from)
{
    const bool known = std::ranges::find(queues_, name) != queues_.end();
    if (consume && !known) {
        if (!from.exchange.empty()) bindings_.insert_or_assign(name, std::move(from));
        return add_queue(self(), std::move(name));
    }
    if (!consume && known) return stop(std::move(name));
    return yield_now();
}

awaitable<void> redis_consumer::stop(std::string name)
{
    std::erase(queues_, name);
    for (const int step : priority_steps) {
        std::erase_if(sentries_, [&](const std::shared_ptr<sentry>& s) {
            if (s->key != core_->list_key(name, step)) return false;
            s->running->cancel();
            return true;
        });
    }
    if (const auto at = overhearing_.find(name); at != overhearing_.end()) {
        at->second.cancel();
        overhearing_.erase(at);
    }
    const auto with = bindings_.find(name);
    if (with == bindings_.end()) return yield_now();
    const queue_binding from = with->second;
    bindings_.erase(with);
    return from.temporary ? redis_core::discard(core_, std::move(name), from) : yield_now();
}

redis_claim redis_consumer::next_claim(std::size_t count)
{
    redis_claim c;
    c.group = queues_.size();
    c.tag_prefix = tag_prefix_;
    c.first_number = next_number_;
    c.count = std::min(count, most_at_once);
    ++turn_;
    for (const int step : priority_steps) {
        for (std::size_t i = 0; i < queues_.size(); ++i) {
            const std::string& queue = queues_[(turn_ + i) % queues_.size()];
            c.lists.push_back(core_->list_key(queue, step));
            c.queues.push_back(queue);
        }
    }
    return c;
}

bool redis_consumer::take(redis_batch batch, const redis_claim& asked)
{
    std::vector<delivery> arrived;
    for (redis_batch::taken& t : batch.messages) {
        next_number_ = std::max(next_number_, t.number + 1);
        const std::string& queue = asked.queues.at(t.list);
        held_.insert(t.number);
        try {
            kombu_message m = from_kombu(t.text);
            delivery d;
            d.content = std::move(m.content);
            d.queue = queue;
            d.exchange = std::move(m.exchange);
            d.routing_key = std::move(m.routing_key);
            d.tag = t.number;
            d.redelivered = m.redelivered;
            arrived.push_back(std::move(d));
        } catch (const error& e) {
            log::error("message dropped", "queue", queue, "reason", e.what());
            finish(t.number, verdict::reject);
        }
    }
    const bool full = batch.messages.size() == asked.count;
    if (!arrived.empty()) put(std::move(arrived));
    return full;
}

void redis_consumer::arm()
{
    for (const auto& s : sentries_) s->armed.set();
}

/// A claim that was not answered may have taken messages that nobody has seen. Their numbers follow
/// those that are known; they are used once, should that claim still be on its way.
awaitable<void> redis_consumer::give_back_unseen(self_pointer self)
{
    std::vector<std::string> tags;
    for (std::size_t i = 0; i < most_at_once; ++i)
        tags.push_back(self->tag_of(self->next_number_ + i));
    auto giving = give_back(self->core_, std::move(tags));
    co_await std::move(giving);
    self->next_number_ += most_at_once;
}

awaitable<void> redis_consumer::pump(self_pointer self)
{
    bool unseen = false;
    while (true) {
        if (self->held_.size() >= self->prefetch_ || self->queues_.empty()) {
            self->room_.clear();
            co_await self->room_.wait();
            continue;
        }
        bool more = false;
        bool failed = false;
        try {
            if (unseen) {
                auto giving = give_back_unseen(self);
                co_await std::move(giving);
            }
            redis_claim asked = self->next_claim(self->prefetch_ - self->held_.size());
            self->news_.clear();
            unseen = true;
            auto claiming = claim(self->core_, asked);
            redis_batch got = co_await std::move(claiming);
            unseen = false;
            more = self->take(std::move(got), asked);
        } catch (const error& e) {
            log::error("redis gives no messages", "reason", e.what());
            failed = true;
        }
        if (failed) {
            co_await sleep(pause_after_failure);
        } else if (!more) {
            self->arm();
            co_await self->news_.wait();
        }
    }
}

awaitable<void> redis_consumer::stand_guard(self_pointer self, std::shared_ptr<sentry> at)
{
    while (true) {
        co_await at->armed.wait();
        bool failed = false;
        try {
            auto watching = self->core_->client.blmove(at->key, at->key, redis::list_end::right,
                                                       redis::list_end::right, guard_time);
            const std::optional<std::string> there = co_await std::move(watching);
            if (there) {
                at->armed.clear();
                self->news_.set();
            }
        } catch (const error& e) {
            log::warning("redis cannot be watched", "reason", e.what());
            failed = true;
        }
        if (failed) co_await sleep(pause_after_failure);
    }
}

std::vector<std::string> redis_consumer::held_tags() const
{
    std::vector<std::string> tags;
    tags.reserve(held_.size());
    for (const std::uint64_t number : held_) tags.push_back(tag_of(number));
    return tags;
}

/// Renews the claims, restores what others have lost, and, should Redis have been emptied, makes
/// the queues known again.
awaitable<void> redis_consumer::maintain(self_pointer self)
{
    const auto visible = self->core_->options.visibility_timeout();
    const auto renew_each = between(visible / 4, 200ms, 10s);
    const auto restore_each = between(visible / 2, 200ms, 30s);
    auto restored = std::chrono::steady_clock::time_point();
    while (true) {
        bool failed = false;
        try {
            const auto clock = std::chrono::steady_clock::now();
            auto renewing = renew_claims(self->core_, self->held_tags());
            co_await std::move(renewing);
            if (clock - restored >= restore_each) {
                restored = clock;
                auto restoring = restore_expired(self->core_);
                co_await std::move(restoring);
                for (const std::string& name : std::vector<std::string>(self->queues_)) {
                    auto binding = bind(self, name);
                    co_await std::move(binding);
                }
            }
        } catch (const error& e) {
            log::warning("redis: claims are not renewed", "reason", e.what());
            failed = true;
        }
        auto pause = sleep(failed ? std::min(renew_each, pause_after_failure) : renew_each);
        co_await std::move(pause);
    }
}

awaitable<void> redis_consumer::leave()
{
    const auto end = [](self_pointer me) -> awaitable<void> {
        for (const task<void>& t : me->running_) t.cancel();
        for (const auto& [name, t] : me->overhearing_) t.cancel();
        for (const auto& s : me->sentries_) s->running->cancel();
        for (const task<void>& t : me->running_) co_await t.wait();
        for (const auto& s : me->sentries_) co_await s->running->wait();
        for (const auto& [name, t] : me->overhearing_) co_await t.wait();
        auto unseen = give_back_unseen(me);
        co_await std::move(unseen);
        auto giving = give_back(me->core_, me->held_tags());
        co_await std::move(giving);
        me->held_.clear();
        for (const auto& [name, from] : me->bindings_) {
            if (!from.temporary) continue;
            auto discarding = redis_core::discard(me->core_, name, from);
            co_await std::move(discarding);
        }
        if (me->telling_) {
            auto told = timeout(5s, me->told_.wait(), "acks");
            co_await std::move(told);
        }
    };
    return end(self());
}

}  // namespace ferry::tasks::detail
