#include "ferry/tasks/beat.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/app_core.hpp"
#include "ferry/tasks/detail/beat_state.hpp"
#include "ferry/tasks/detail/gate.hpp"
#include "ferry/tasks/detail/leadership.hpp"

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
        detail::leadership leading(self->open_lease(), self->settings_.lease);
        self->leading_ = &leading;
        std::exception_ptr failure;
        try {
            for (bool stopped = false; !stopped;) {
                stopped = co_await lead(self);
                if (stopped) break;
                co_await send_due(self);
                stopped = co_await rest(self);
            }
        } catch (...) {
            failure = std::current_exception();
        }
        try {
            self->save();
        } catch (const std::exception& e) {
            if (!failure) failure = std::current_exception();
            log::error("beat could not save its state", "reason", e.what());
        }
        co_await detail::leadership::resign(self->leading_);
        if (failure) std::rethrow_exception(failure);
    }

    void stop() noexcept { stop_asked_->open(); }
    std::uint64_t sent() const noexcept { return sent_; }

private:
    struct entry : periodic_call {
        explicit entry(periodic_call c) : periodic_call(std::move(c)) {}

        detail::beat_memory memory;
        bool is_new = true;               ///< nobody knows when it ran last
        std::optional<timestamp> due;     ///< nothing: never again
        std::optional<timestamp> unsent;  ///< a run that may be in the note, but never was
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

    std::unique_ptr<lease> open_lease() const
    {
        const std::string name = settings_.leader.value_or(app_->name());
        if (name.empty()) return nullptr;
        return app_->broker()->open_lease("beat." + name, settings_.lease);
    }

    void recall()
    {
        const auto before = state_->load(settings_.zone.name());
        const timestamp start = now();
        for (entry& e : entries_) {
            const auto known = before.find(e.name);
            e.memory = known != before.end() ? known->second : detail::beat_memory();
            // A clock that was wrong must not keep an entry from running.
            e.is_new = known == before.end() || e.memory.last_run > start;
            if (e.is_new) e.memory.last_run = start;
            plan(e);
            leave_out_if_too_late(e, start);
        }
        save();
    }

    /// Waits until this is the beat that sends. True: it was asked to stop.
    static awaitable<bool> lead(std::shared_ptr<impl> self)
    {
        if (self->leading_->leads()) co_return false;
        auto taking = detail::leadership::take(self->leading_, self->stop_asked_);
        const std::optional<std::string> note = co_await std::move(taking);
        if (!note) co_return true;
        log::info("beat leads");
        self->take_over(*note);
        co_return false;
    }

    /// Goes on where the last leader has ended.
    void take_over(const std::string& note)
    {
        detail::beat_memories theirs;
        try {
            if (!note.empty()) theirs = detail::memories_from(note, settings_.zone.name());
        } catch (const error& e) {
            log::error("beat cannot read what the last leader left", "reason", e.what());
        }
        const timestamp start = now();
        for (entry& e : entries_) {
            const auto known = theirs.find(e.name);
            // A clock that was wrong must not keep an entry from running; one that is a bit ahead
            // must not let it run twice.
            const bool counts = known != theirs.end() && known->second.last_run <= start + 1h &&
                                known->second.last_run != e.unsent;
            if (counts && (e.is_new || known->second.last_run > e.memory.last_run)) {
                e.memory = known->second;
            } else if (e.is_new) {
                e.memory.last_run = start;
            }
            e.is_new = false;
            e.unsent.reset();
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
        const timestamp start = now();
        std::vector<entry*> due;
        std::vector<detail::beat_memory> before;
        for (entry& e : self->entries_) {
            if (!e.due || *e.due > start) continue;
            due.push_back(&e);
            before.push_back(e.memory);
            e.memory.last_run = start;
            ++e.memory.total_runs;
            self->plan(e);
        }
        const auto renewal = self->leading_->renewal_due();
        if (due.empty() && (!renewal || *renewal > start)) co_return;
        // Whoever leads next must not send it again, whatever becomes of this one.
        auto keeping = detail::leadership::keep(self->leading_, self->note());
        const bool leads = co_await std::move(keeping);
        if (!leads) {
            for (std::size_t i = 0; i < due.size(); ++i) {
                due[i]->unsent = due[i]->memory.last_run;
                due[i]->memory = before[i];
                self->plan(*due[i]);
            }
            co_return;
        }
        if (!due.empty()) self->changed_ = true;
        for (entry* const e : due) {
            auto call = std::make_unique<call_settings>(e->call);
            // None is sent twice, unless the entry says that it may be.
            if (!call->publishing) publish_retry(0)(*call);
            try {
                auto sending = detail::send(self->app_, std::move(call));
                const detail::sent_call sent = co_await std::move(sending);
                ++self->sent_;
                log::info("beat sent", "entry", e->name, "task", e->call.message.task, "id",
                          sent.id);
            } catch (const std::exception& failure) {
                log::error("beat could not send", "entry", e->name, "failure", failure.what());
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
        if (const auto renewal = self->leading_->renewal_due()) until = std::min(until, *renewal);
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

    detail::beat_memories memories() const
    {
        detail::beat_memories all;
        for (const entry& e : entries_) all.emplace(e.name, e.memory);
        return all;
    }

    std::string note() const { return detail::text_of(memories(), settings_.zone.name()); }

    void save()
    {
        state_->save(settings_.zone.name(), memories());
        saved_ = now();
        changed_ = false;
    }

    std::shared_ptr<detail::app_core> app_;
    beat_settings settings_;
    std::vector<entry> entries_;
    std::optional<detail::beat_state> state_;
    detail::leadership* leading_ = nullptr;  ///< while it runs
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
