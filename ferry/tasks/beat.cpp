#include "ferry/tasks/beat.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/app_core.hpp"
#include "ferry/tasks/detail/beat_state.hpp"
#include "ferry/tasks/detail/gate.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <vector>

namespace ferry::tasks {

using namespace std::chrono_literals;
using detail::gate;

class beat::impl {
public:
    impl(std::shared_ptr<detail::app_core> app, beat_settings settings)
        : app_{std::move(app)}, settings_{std::move(settings)}
    {
    }

    void add(periodic_call call)
    {
        const bool taken =
            std::ranges::any_of(entries_, [&](const entry& e) { return e.name == call.name; });
        if (taken) {
            throw error{ferry::errc::invalid_state,
                        "beat: there are two entries named " + call.name};
        }
        entries_.push_back(entry(std::move(call)));
    }

    static awaitable<void> run(std::shared_ptr<impl> self)
    {
        const tenure held{*self};
        self->add_cleanup();
        self->recall();
        std::exception_ptr failure;
        try {
            for (bool stopped = false; !stopped;) {
                co_await send_due(self);
                stopped = co_await rest(self);
            }
        } catch (...) {
            failure = std::current_exception();
        }
        try {
            self->save();
        } catch (const std::exception& e) {
            if (!failure) throw;
            log::error("beat could not save its state", "reason", e.what());
        }
        if (failure) std::rethrow_exception(failure);
    }

    void stop() noexcept { stop_asked_->open(); }
    std::uint64_t sent() const noexcept { return sent_; }

private:
    struct entry : periodic_call {
        explicit entry(periodic_call c) : periodic_call(std::move(c)) {}

        detail::beat_memory memory;
        std::optional<timestamp> due;  ///< nothing: never again
    };

    /// The time in which the state file is this beat's.
    class tenure {
    public:
        explicit tenure(impl& of) : of_{of} { of_.state_.emplace(of_.settings_.state); }
        tenure(const tenure&) = delete;
        tenure& operator=(const tenure&) = delete;
        ~tenure() { of_.state_.reset(); }

    private:
        impl& of_;
    };

    /// Stores that keep old results for ever are tidied up once a day, as Celery's beat does it.
    void add_cleanup()
    {
        const std::string name = "celery.backend_cleanup";
        const bool there =
            std::ranges::any_of(entries_, [&](const entry& e) { return e.name == name; });
        if (there || app_->settings().result_expires.count() <= 0) return;
        if (app_->results()->expires_by_itself()) return;
        call_settings call;
        call.message.task = name;
        call.expires_in = 12h;
        add(periodic_call(name, crontab("0 4 * * *"), std::move(call)));
    }

    void recall()
    {
        const auto before = state_->load(settings_.zone.name());
        const timestamp start = now();
        for (entry& e : entries_) {
            const auto known = before.find(e.name);
            e.memory = known != before.end() ? known->second : detail::beat_memory();
            // A clock that was wrong must not keep an entry from running.
            const bool is_new = known == before.end() || e.memory.last_run > start;
            if (is_new) e.memory.last_run = start;
            plan(e);
            leave_out_if_too_late(e, start);
        }
        save();
    }

    void plan(entry& e) const { e.due = e.when.next(e.memory.last_run, settings_.zone); }

    void leave_out_if_too_late(entry& e, timestamp at) const
    {
        const bool too_late =
            settings_.starting_deadline && e.due && at - *e.due > *settings_.starting_deadline;
        if (!too_late) return;
        log::warning("beat left out a run that is too late", "entry", e.name);
        e.memory.last_run = at;
        plan(e);
    }

    static awaitable<void> send_due(std::shared_ptr<impl> self)
    {
        for (entry& e : self->entries_) {
            if (!e.due || *e.due > now()) continue;
            e.memory.last_run = now();
            ++e.memory.total_runs;
            self->plan(e);
            self->changed_ = true;
            try {
                auto sending = detail::send(self->app_, e.call);
                const std::string id = co_await std::move(sending);
                ++self->sent_;
                log::info("beat sent", "entry", e.name, "task", e.call.message.task, "id", id);
            } catch (const std::exception& failure) {
                log::error("beat could not send", "entry", e.name, "failure", failure.what());
            }
        }
    }

    // True: it was asked to stop.
    static awaitable<bool> rest(std::shared_ptr<impl> self)
    {
        constexpr std::chrono::milliseconds until_saved = 1s;
        const timestamp start = now();
        timestamp until = start + self->settings_.max_interval;
        for (const entry& e : self->entries_) {
            if (e.due) until = std::min(until, *e.due);
        }
        if (self->changed_ && until - start >= until_saved) self->save();
        if (self->changed_) until = std::min(until, self->saved_ + until_saved);
        // A millisecond more, so that it is not woken just before.
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(
            std::max<timestamp::duration>(until - start, 0us));
        bool stopped = false;
        try {
            auto asked = timeout(wait, gate::wait(self->stop_asked_), "beat");
            co_await std::move(asked);
            stopped = true;
        } catch (const timeout_error&) {
        }
        if (self->changed_ && now() - self->saved_ >= until_saved) self->save();
        co_return stopped;
    }

    void save()
    {
        detail::beat_state::entries all;
        for (const entry& e : entries_) all.emplace(e.name, e.memory);
        state_->save(settings_.zone.name(), all);
        saved_ = now();
        changed_ = false;
    }

    std::shared_ptr<detail::app_core> app_;
    beat_settings settings_;
    std::vector<entry> entries_;
    std::optional<detail::beat_state> state_;
    timestamp saved_{};
    bool changed_ = false;
    std::atomic<std::uint64_t> sent_ = 0;
    std::shared_ptr<gate> stop_asked_ = std::make_shared<gate>();
};

beat::~beat() = default;
beat::beat(beat&&) noexcept = default;
beat& beat::operator=(beat&&) noexcept = default;

void beat::open(const app& of, beat_settings settings)
{
    impl_ = std::make_shared<impl>(of.core(), std::move(settings));
}

void beat::add(periodic_call entry)
{
    impl_->add(std::move(entry));
}

awaitable<void> beat::run()
{
    return impl::run(impl_);
}

void beat::stop() noexcept
{
    impl_->stop();
}

std::uint64_t beat::sent() const noexcept
{
    return impl_->sent();
}

}  // namespace ferry::tasks
