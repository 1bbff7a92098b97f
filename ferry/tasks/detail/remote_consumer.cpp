#include "ferry/tasks/detail/remote_consumer.hpp"

#include "ferry/async/gather.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/settle_at_last.hpp"
#include "ferry/tasks/detail/store_at_last.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

// A server that is not there must not hold up the end of a program for longer.
constexpr auto longest_farewell = 15s;

bool leaves_something(const settlement& s)
{
    return s.result || !s.publish.empty();
}

}  // namespace

awaitable<std::vector<delivery>> consumer_core::receive(std::shared_ptr<consumer_core> self)
{
    while (true) {
        {
            const std::lock_guard lock{self->mutex_};
            if (!self->inbox_.empty()) co_return std::exchange(self->inbox_, {});
        }
        auto arrival = gate::wait(self->arrival_);
        co_await std::move(arrival);
    }
}

void consumer_core::put(std::vector<delivery> arrived)
{
    {
        const std::lock_guard lock{mutex_};
        if (inbox_.empty()) {
            inbox_ = std::move(arrived);
        } else {
            std::ranges::move(arrived, std::back_inserter(inbox_));
        }
    }
    arrival_->open();
}

template <class F>
void consumer_core::put(const home& at, bool hurries, F add)
{
    bool tell = false;
    {
        const std::lock_guard lock{mutex_};
        add();
        tell = !std::exchange(draining_, true);
        if (hurries && std::exchange(unhurried_, false)) tell = true;
    }
    if (tell) at.post([self = shared_from_this()] { self->drain(); });
}

void consumer_core::settle_later(const home& at, settlement s)
{
    if (!leaves_something(s)) {
        if (s.tag == 0) return;
        return put(at, false, [&] { endings_.push_back({s.tag, s.verdict}); });
    }
    request r;
    r.what = std::move(s);
    put(at, true, [&] { outbox_.push_back(std::move(r)); });
}

awaitable<void> consumer_core::settle(std::shared_ptr<consumer_core> self, std::shared_ptr<home> at,
                                      settlement s)
{
    if (!leaves_something(s)) {
        self->settle_later(*at, std::move(s));
        co_return;
    }
    request r;
    r.what = std::move(s);
    const auto& done = r.done.emplace();
    auto waiting = outcome<std::monostate>::get(done);
    self->put(*at, true, [&] { self->outbox_.push_back(std::move(r)); });
    co_await std::move(waiting);
}

void consumer_core::drain()
{
    std::vector<request> all;
    std::vector<ending> endings = std::exchange(spare_, {});
    std::chrono::steady_clock::duration wait{0};
    {
        const std::lock_guard lock{mutex_};
        all.swap(outbox_);
        endings.swap(endings_);
        patience_.count(all.size() + endings.size(), prefetch_);
        if (!closing_) wait = patience_.at(std::chrono::steady_clock::now());
        draining_ = unhurried_ = wait != 0s;
    }
    if (wait != 0s) {
        look_.start_after(wait);
    } else {
        look_.stop();
    }
    for (request& r : all) {
        if (r.done) {
            settling_.start(carry_out_for(shared_from_this(), std::move(r.what), *r.done));
        } else {
            settling_.start(carry_out_at_last(shared_from_this(), std::move(r.what)));
        }
    }
    if (!endings.empty()) finish_all(endings);
    endings.clear();
    spare_ = std::move(endings);
}

/// One that names an exchange which is not there is lost, as Celery's are: it must not hold up what
/// goes elsewhere.
awaitable<void> consumer_core::publish_through(std::shared_ptr<consumer_core> self,
                                               const outgoing* o)
{
    try {
        auto publishing = self->publish(o->queue, o->content);
        co_await std::move(publishing);
    } catch (const error& e) {
        if (e.code() != condition::not_found) throw;
        log::error("a message is lost", "exchange", o->content.exchange, "routing_key", o->queue,
                   "reason", e.what());
    }
}

/// First what follows, then the result, then the delivery: a crash in between lets the message come
/// again. What has been published is not published again because the result store is down.
awaitable<void> consumer_core::carry_out(std::shared_ptr<consumer_core> self, const settlement* s)
{
    if (!s->publish.empty()) {
        std::vector<awaitable<void>> all;
        for (const outgoing& o : s->publish) {
            all.push_back(o.content.exchange.empty() ? self->publish(o.queue, o.content)
                                                     : publish_through(self, &o));
        }
        auto published = gather(std::move(all));
        co_await std::move(published);
    }
    if (s->result) {
        auto stored = store_at_last(self->results_, &*s->result, self->giving_up_);
        co_await std::move(stored);
    }
    if (s->tag != 0) self->finish(s->tag, s->verdict);
}

awaitable<void> consumer_core::carry_out_for(std::shared_ptr<consumer_core> self, settlement s,
                                             outcome<std::monostate> done)
{
    try {
        auto carrying = carry_out(std::move(self), &s);
        co_await std::move(carrying);
        done.set(nullptr, std::monostate());
    } catch (...) {
        done.set(std::current_exception(), std::nullopt);
    }
}

awaitable<void> consumer_core::carry_out_at_last(std::shared_ptr<consumer_core> self, settlement s)
{
    const std::atomic<bool>* const giving_up = self->giving_up_.get();
    const auto attempt = [self = std::move(self)](const settlement& what) {
        return carry_out(self, &what);
    };
    return settle_at_last(attempt, std::move(s), giving_up);
}

awaitable<void> consumer_core::settled(std::shared_ptr<consumer_core> self)
{
    self->drain();
    co_await self->settling_.join();
}

awaitable<void> consumer_core::close(std::shared_ptr<consumer_core> self)
{
    self->closing_ = true;
    self->drain();
    self->give_up();
    try {
        auto settled = timeout(10s, self->settling_.join(), "settling");
        co_await std::move(settled);
    } catch (const error& e) {
        log::error("not all is settled", "reason", e.what());
        self->settling_.cancel();
    }
    auto left = self->leave();
    co_await std::move(left);
}

awaitable<void> consumer_core::depart(std::shared_ptr<consumer_core> self, bool open,
                                      std::shared_ptr<std::promise<void>> gone)
{
    if (open) {
        try {
            auto closing = close(self);
            co_await std::move(closing);
        } catch (const error& e) {
            log::warning("a consumer is not closed in order", "reason", e.what());
        }
    }
    self->results_.reset();
    gone->set_value();
}

/// Waits until it has gone: home must not go on with it while whoever had it ends, perhaps with the
/// program.
remote_consumer::~remote_consumer()
{
    const auto gone = std::make_shared<std::promise<void>>();
    auto going = gone->get_future();
    home_->post([core = std::move(core_), open = open_, gone] {
        spawn(consumer_core::depart(core, open, gone), "consumer");
    });
    if (!home_->here()) going.wait_for(longest_farewell);
}

awaitable<void> remote_consumer::settled()
{
    return home::call<void>(home_, [core = core_] { return consumer_core::settled(core); });
}

void remote_consumer::prefetch(std::size_t usual, std::size_t waiting)
{
    home_->post([core = core_, usual, waiting] { core->limit(usual, waiting); });
}

awaitable<void> remote_consumer::set_queue(std::string name, bool consume, queue_binding from)
{
    return home::call<void>(
        home_, [core = core_, name = std::move(name), consume, from = std::move(from)] {
            return core->set_queue(name, consume, from);
        });
}

awaitable<void> remote_consumer::close()
{
    open_ = false;
    return home::call<void>(home_, [core = core_] { return consumer_core::close(core); });
}

}  // namespace ferry::tasks::detail
