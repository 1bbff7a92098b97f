// From the first delivery of a worker to its last word.
#include "ferry/async/scope.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/worker_core.hpp"

#include <chrono>
#include <exception>
#include <utility>

namespace ferry::tasks::detail {
namespace {

awaitable<void> end(scope* all)
{
    try {
        co_await all->join();
    } catch (const cancelled&) {
        log::debug("a part of the worker has ended");
    } catch (const error& e) {
        log::error("a part of the worker has failed", "reason", e.what());
    }
}

awaitable<void> say_goodbye(std::shared_ptr<feed> events)
{
    try {
        auto flushing = timeout(std::chrono::seconds{2}, feed::flush(events), "events");
        co_await std::move(flushing);
    } catch (const error& e) {
        log::debug("the last events are not sent", "reason", e.what());
    }
}

}  // namespace

awaitable<void> worker_core::serve(worker_core* self)
{
    scope receiving;
    scope talking;
    std::exception_ptr failure;
    try {
        auto serving = serve_until_stopped(self, &receiving, &talking);
        co_await std::move(serving);
    } catch (...) {
        failure = std::current_exception();
    }
    // However it ended: what is left uses what its caller is about to destroy.
    self->look_.stop();
    for (scope* const left : {&receiving, &talking, &self->settling}) {
        left->cancel();
        auto ending = end(left);
        co_await std::move(ending);
    }
    if (failure) std::rethrow_exception(failure);
}

awaitable<void> worker_core::serve_until_stopped(worker_core* self, scope* receiving,
                                                 scope* talking)
{
    receiving->start(receive(self));
    receiving->start(release(self));
    if (self->scaled.most > 0) receiving->start(scale(self));
    if (!self->settings.state_db.empty()) talking->start(remember(self));
    if (self->broker->has_buses()) {
        talking->start(answer(self));
        if (self->settings.gossip) talking->start(gossip(self));
        if (self->heartbeats()) talking->start(beat(self));
        talking->start(feed::run(self->events));
    }
    auto asked = gate::wait(self->stop);
    co_await std::move(asked);
    receiving->cancel();
    self->running->close();
    auto silent = end(receiving);
    co_await std::move(silent);
    auto ended = gate::wait(self->running->ended());
    co_await std::move(ended);
    co_await self->settling.join();
    auto settled = self->receiver->settled();
    co_await std::move(settled);
    if (self->heartbeats()) self->put_heartbeat("worker-offline");
    talking->cancel();
    silent = end(talking);
    co_await std::move(silent);
    if (!self->settings.state_db.empty()) self->write_down();
    auto flushed = say_goodbye(self->events);
    co_await std::move(flushed);
    auto closed = self->receiver->close();
    co_await std::move(closed);
    self->people.clear();
}

}  // namespace ferry::tasks::detail
