#include "ferry/tasks/worker.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/tasks/detail/app_core.hpp"
#include "ferry/tasks/detail/gate.hpp"
#include "ferry/tasks/detail/home.hpp"
#include "ferry/tasks/detail/worker_core.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

namespace ferry::tasks {

using detail::gate;
using detail::worker_core;

namespace {

// As Celery: 2, 4, 6... 32 s.
constexpr std::chrono::seconds first_pause{2};
constexpr std::chrono::seconds longest_pause{32};

}  // namespace

class worker::impl {
public:
    impl(std::shared_ptr<detail::app_core> app, worker_settings settings)
        : core_{std::make_unique<worker_core>(app, complete(*app, std::move(settings)))}
    {
    }

    static awaitable<void> run(std::shared_ptr<impl> self)
    {
        worker_core& core = *self->core_;
        const worker_settings& with = core.settings;
        // Before there are connections and threads.
        if (with.processes) core.processes = std::make_shared<detail::nursery>(core.app);
        if (!with.state_db.empty()) core.recall();
        core.broker = core.app->broker();
        core.results = core.app->results();
        core.events = std::make_shared<detail::feed>(core.broker, core.clock, core.node);
        core.events->tasks_wanted = with.task_events;
        if (with.mingle && core.broker->has_buses()) {
            auto mingling = worker_core::mingle(&core);
            co_await std::move(mingling);
        }
        auto opened = consume_at_last(&core);
        core.receiver = co_await std::move(opened);
        if (!core.receiver) co_return;
        auto listening = listen(&core);
        co_await std::move(listening);
        detail::pool::settings size;
        size.threads = with.concurrency;
        size.coroutines = with.coroutines;
        size.max_tasks_per_child = with.max_tasks_per_child;
        size.max_kib_per_child = with.max_kib_per_child;
        size.node = core.node;
        core.running = std::make_unique<detail::pool>(core.app, core.results, *core.receiver, core,
                                                      size, core.processes);
        const visit here{*self, *core.running};
        log::info("worker started", "node", core.node, "threads", with.concurrency);

        // Where the deliveries come in: none of them wakes another thread up but the one that runs
        // it.
        const std::shared_ptr<detail::home> where = core.broker->home();
        auto serving = worker_core::serve(&core);
        if (where) serving = detail::home::stay(where, std::move(serving));
        co_await std::move(serving);
        log::info("worker stopped", "node", core.node, "ended", core.processed.load());
    }

    void stop() { core_->stop->open(); }

    void stop_now()
    {
        {
            const std::lock_guard lock{mutex_};
            if (pool_ != nullptr) pool_->abort();
        }
        stop();
    }

    std::uint64_t ended() const noexcept { return core_->processed; }

private:
    /// The time in which there is a pool to abort.
    class visit {
    public:
        visit(impl& in, detail::pool& p) : in_{in} { set(&p); }
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;
        ~visit()
        {
            set(nullptr);
            // Before the consumer.
            in_.core_->running.reset();
        }

    private:
        void set(detail::pool* p)
        {
            const std::lock_guard lock{in_.mutex_};
            in_.pool_ = p;
        }
        impl& in_;
    };

    static worker_settings complete(detail::app_core& app, worker_settings s)
    {
        if (s.autoscale_max > 0) s.concurrency = std::max<std::size_t>(1, s.autoscale_min);
        if (s.concurrency == 0) s.concurrency = std::max(1U, std::thread::hardware_concurrency());
        s.coroutines = std::max<std::size_t>(1, s.coroutines);
        if (s.queues.empty()) s.queues.push_back(app.default_queue());
        std::erase_if(s.queues, [&s](const std::string& name) {
            return std::ranges::find(s.excluded_queues, name) != s.excluded_queues.end();
        });
        if (s.queues.empty()) {
            throw error{ferry::errc::invalid_state, "worker: every queue is excluded"};
        }
        return s;
    }

    /// Waits for a broker that is not there yet. \return null if the worker was stopped meanwhile.
    static awaitable<std::unique_ptr<consumer>> consume_at_last(worker_core* core)
    {
        for (auto pause = first_pause;; pause = std::min(pause + first_pause, longest_pause)) {
            try {
                if (core->settings.purge) {
                    auto purged = purge(core);
                    co_await std::move(purged);
                }
                auto opened = core->broker->consume(core->queues, core->prefetch(), core->results);
                co_return co_await std::move(opened);
            } catch (const error& e) {
                if (e.code() != condition::disconnected && e.code() != condition::timed_out) throw;
                log::error("no broker yet", "reason", e.what(), "pause", pause);
            }
            bool stopped = false;
            try {
                auto waiting = timeout(pause, gate::wait(core->stop), "stop");
                co_await std::move(waiting);
                stopped = true;
            } catch (const timeout_error&) {
                log::debug("connecting again");
            }
            if (stopped) co_return nullptr;
        }
    }

    /// To each broadcast by a queue of its own.
    static awaitable<void> listen(worker_core* core)
    {
        for (const broadcast_queue& b : std::vector<broadcast_queue>(core->settings.broadcasts)) {
            const std::string name = "bcast." + uuid4();
            queue_binding from(b.name(), "fanout", b.routing_key());
            from.temporary = true;
            auto adding = core->receiver->set_queue(name, true, from);
            co_await std::move(adding);
            core->queues.push_back(name);
            core->bindings.insert_or_assign(name, std::move(from));
        }
    }

    static awaitable<void> purge(worker_core* core)
    {
        for (const std::string& queue : core->queues) {
            auto purging = core->broker->purge(queue);
            const std::int64_t count = co_await std::move(purging);
            log::info("waiting tasks dropped", "queue", queue, "count", count);
        }
    }

    std::unique_ptr<worker_core> core_;
    std::mutex mutex_;
    detail::pool* pool_ = nullptr;  ///< guarded
};

void worker::make(const app& of, worker_settings settings)
{
    impl_ = std::make_shared<impl>(of.core(), std::move(settings));
}

worker::worker(worker&&) noexcept = default;
worker& worker::operator=(worker&&) noexcept = default;
worker::~worker() = default;

awaitable<void> worker::run()
{
    return impl::run(impl_);
}

void worker::stop()
{
    impl_->stop();
}

void worker::stop_now()
{
    impl_->stop_now();
}

std::uint64_t worker::ended() const noexcept
{
    return impl_->ended();
}

}  // namespace ferry::tasks
