#include "ferry/tasks/detail/leadership.hpp"

#include "ferry/async/scope.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/log.hpp"

#include <utility>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

constexpr auto pause_after_failure = 1s;
constexpr auto patience_at_the_end = 2s;

/// What ends first, the wait for the lease or that for the end, ends the other.
struct contest {
    std::optional<std::string> note;
    bool stopped = false;
    scope both;
};

awaitable<void> acquire(lease* from, contest* in)
{
    auto acquiring = from->acquire();
    in->note = co_await std::move(acquiring);
    in->both.cancel();
}

awaitable<void> wait_for_end(std::shared_ptr<gate> stop, contest* in)
{
    auto stopping = gate::wait(std::move(stop));
    co_await std::move(stopping);
    in->stopped = true;
    in->both.cancel();
}

/// \return whether it was stopped.
awaitable<bool> pause(std::shared_ptr<gate> stop)
{
    try {
        auto waiting = timeout(pause_after_failure, gate::wait(std::move(stop)), "stop");
        co_await std::move(waiting);
        co_return true;
    } catch (const timeout_error&) {
        co_return false;
    }
}

}  // namespace

awaitable<std::optional<std::string>> leadership::take(leadership* self, std::shared_ptr<gate> stop)
{
    while (true) {
        contest now_open;
        now_open.both.start(wait_for_end(stop, &now_open));
        if (now_open.stopped) co_return std::nullopt;
        now_open.both.start(acquire(self->lease_.get(), &now_open));
        bool failed = false;
        try {
            co_await now_open.both.join();
        } catch (const cancelled&) {
            if (now_open.both.cancelled_from_outside()) throw;
        } catch (const error& e) {
            log::warning("no leader can be found", "reason", e.what());
            failed = true;
        }
        if (now_open.note) {
            self->leads_ = true;
            self->kept_ = now();
        }
        if (now_open.stopped) co_return std::nullopt;
        if (now_open.note) co_return std::move(now_open.note);
        if (!failed) continue;
        auto pausing = pause(stop);
        const bool stopped = co_await std::move(pausing);
        if (stopped) co_return std::nullopt;
    }
}

awaitable<bool> leadership::keep(leadership* self, std::string note)
{
    if (!self->lease_) co_return true;
    const timestamp begin = now();
    try {
        auto keeping = self->lease_->keep(std::move(note));
        self->leads_ = co_await std::move(keeping);
    } catch (const error& e) {
        log::warning("the lead may be lost", "reason", e.what());
        self->leads_ = false;
    }
    self->kept_ = begin;
    co_return self->leads_;
}

std::optional<timestamp> leadership::renewal_due() const
{
    if (!lease_) return std::nullopt;
    return kept_ + length_ / 3;
}

awaitable<void> leadership::resign(leadership* self)
{
    if (!self->lease_ || !self->leads_) co_return;
    self->leads_ = false;
    try {
        auto leaving = timeout(patience_at_the_end, self->lease_->release(), "lease");
        co_await std::move(leaving);
    } catch (const error& e) {
        log::debug("the lease is left to expire", "reason", e.what());
    }
}

}  // namespace ferry::tasks::detail
