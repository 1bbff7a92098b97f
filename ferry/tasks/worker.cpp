#include "ferry/tasks/worker.hpp"

#include "ferry/async/scope.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/app_core.hpp"
#include "ferry/tasks/detail/gate.hpp"
#include "ferry/tasks/detail/pool.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

namespace ferry::tasks {

using detail::gate;

namespace {

constexpr std::chrono::seconds pause_after_failure{1};

}  // namespace

class worker::impl {
public:
    impl(std::shared_ptr<detail::app_core> app, worker_settings settings)
        : app_{std::move(app)}, settings_{std::move(settings)}
    {
        if (settings_.concurrency == 0) {
            settings_.concurrency = std::max(1U, std::thread::hardware_concurrency());
        }
        settings_.coroutines = std::max<std::size_t>(1, settings_.coroutines);
        if (settings_.queues.empty()) settings_.queues.push_back(app_->default_queue());
    }

    static awaitable<void> run(std::shared_ptr<impl> self)
    {
        const worker_settings& with = self->settings_;
        const std::size_t prefetch =
            std::max<std::size_t>(1, with.concurrency * with.coroutines * with.prefetch_multiplier);
        const std::shared_ptr<message_broker> broker = self->app_->broker();
        const std::shared_ptr<result_store> results = self->app_->results();
        auto opened = broker->consume(with.queues, prefetch, results);
        const std::unique_ptr<consumer> receiver = co_await std::move(opened);
        detail::pool pool{self->app_,       results,         *receiver,
                          with.concurrency, with.coroutines, self->ended_};
        const visit here{*self, pool};
        log::info("worker started", "app", self->app_->name(), "threads", with.concurrency);

        scope receiving;
        receiving.start(receive(receiver.get(), &pool.jobs()));
        auto asked = gate::wait(self->stop_asked_);
        co_await std::move(asked);
        receiving.cancel();
        pool.close();
        try {
            co_await receiving.join();
        } catch (const cancelled&) {
            log::debug("no more tasks are received");
        }
        auto ended = gate::wait(pool.ended());
        co_await std::move(ended);
        auto closed = receiver->close();
        co_await std::move(closed);
        log::info("worker stopped", "app", self->app_->name(), "ended", self->ended_->load());
    }

    void stop() { stop_asked_->open(); }

    void stop_now()
    {
        {
            const std::lock_guard lock{mutex_};
            if (pool_ != nullptr) pool_->abort();
        }
        stop();
    }

    std::uint64_t ended() const noexcept { return *ended_; }

private:
    /// The time in which there is a pool to abort.
    class visit {
    public:
        visit(impl& in, detail::pool& p) : in_{in} { set(&p); }
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;
        ~visit() { set(nullptr); }

    private:
        void set(detail::pool* p)
        {
            const std::lock_guard lock{in_.mutex_};
            in_.pool_ = p;
        }
        impl& in_;
    };

    static awaitable<void> receive(consumer* from, detail::job_queue* to)
    {
        while (true) {
            std::vector<delivery> jobs;
            bool failed = false;
            try {
                auto arrived = from->receive();
                jobs = co_await std::move(arrived);
            } catch (const error& e) {
                log::error("broker failed", "reason", e.what());
                failed = true;
            }
            if (failed) co_await sleep(pause_after_failure);
            to->push(std::move(jobs));
        }
    }

    std::shared_ptr<detail::app_core> app_;
    worker_settings settings_;
    std::shared_ptr<gate> stop_asked_ = std::make_shared<gate>();
    std::shared_ptr<std::atomic<std::uint64_t>> ended_ =
        std::make_shared<std::atomic<std::uint64_t>>(0);
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
