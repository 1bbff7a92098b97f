#include "ferry/tasks/detail/pool.hpp"

#include "ferry/async/loop.hpp"
#include "ferry/async/run.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/execution.hpp"
#include "ferry/tasks/detail/settle_at_last.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

namespace ferry::tasks::detail {
namespace {

// After so many jobs in a row a lane lets its loop look around.
constexpr int jobs_in_a_row = 16;

}  // namespace

/// One thread's part.
struct pool::lane {
    scope slots;
    scope settling;
    std::unique_ptr<child> process;
    std::mutex mutex;
    std::optional<loop> home;             ///< guarded; while the lane runs
    std::shared_ptr<request> in_process;  ///< guarded
};

pool::pool(std::shared_ptr<app_core> app, std::shared_ptr<result_store> results, consumer& receiver,
           witness& seen_by, settings with, std::shared_ptr<nursery> processes)
    : app_{std::move(app)},
      results_{std::move(results)},
      receiver_{receiver},
      witness_{seen_by},
      with_{std::move(with)},
      nursery_{std::move(processes)},
      process_{::getpid()}
{
    // A process runs one task at a time.
    with_.coroutines = nursery_ ? 1 : std::max<std::size_t>(1, with_.coroutines);
    wanted_ = with_.threads;
    for (std::size_t i = 0; i < with_.threads; ++i) add_lane();
}

pool::~pool()
{
    abort();
    for (std::thread& t : threads_) t.join();
}

void pool::add_lane()
{
    const auto l = std::make_shared<lane>();
    if (nursery_) {
        l->process =
            std::make_unique<child>(nursery_, with_.max_tasks_per_child, with_.max_kib_per_child);
        l->process->renew();
    }
    ++running_;
    const std::lock_guard lock{mutex_};
    lanes_.push_back(l);
    threads_.emplace_back([this, l] { serve(l); });
}

std::size_t pool::resize(int by)
{
    for (; by > 0; --by) {
        ++wanted_;
        add_lane();
    }
    for (; by < 0 && wanted_ > 1; ++by) {
        --wanted_;
        jobs_->retire(with_.coroutines);
    }
    return wanted_;
}

void pool::restart()
{
    const std::lock_guard all{mutex_};
    for (const auto& l : lanes_) {
        const std::lock_guard lock{l->mutex};
        // Between two tasks: while one runs, the lane's thread waits for the process.
        if (l->home && l->process) l->home->post([l] { l->process->renew(); });
    }
}

void pool::abort()
{
    aborting_ = true;
    receiver_.give_up();
    close();
    const std::lock_guard all{mutex_};
    for (const auto& l : lanes_) {
        const std::lock_guard lock{l->mutex};
        if (l->home) l->home->post([l] { l->slots.cancel(); });
        if (l->in_process) l->in_process->interrupt(SIGKILL);
    }
}

void pool::serve(const std::shared_ptr<lane>& mine)
{
    run(run_lane(mine));
    mine->process.reset();
    if (--running_ == 0) ended_->open();
}

awaitable<void> pool::run_lane(std::shared_ptr<lane> mine)
{
    {
        const std::lock_guard lock{mine->mutex};
        mine->home = loop::current();
    }
    for (std::size_t i = 0; i < with_.coroutines; ++i) mine->slots.start(run_slot(mine));
    try {
        co_await mine->slots.join();
    } catch (const cancelled&) {
        log::info("running tasks were cancelled");
    }
    co_await mine->settling.join();
    const std::lock_guard lock{mine->mutex};
    mine->home.reset();
}

awaitable<void> pool::run_slot(std::shared_ptr<lane> mine)
{
    const auto bell = std::make_shared<gate>();
    for (int n = 1;; ++n) {
        std::shared_ptr<request> job = jobs_->try_pop();
        if (!job) {
            auto next = job_queue::pop(jobs_, bell);
            job = co_await std::move(next);
        }
        if (!job) co_return;
        if (!run_at_once(*mine, job)) {
            auto ran = run_job(mine, std::move(job));
            co_await std::move(ran);
        }
        if (n % jobs_in_a_row == 0) co_await yield_now();
    }
}

void pool::tell_origin(settlement& s, const request& job) const
{
    if (s.result && app_->settings().result_extended) s.result->call = origin_of(job, with_.node);
}

void pool::settle(lane& mine, request& job, settlement s)
{
    s.tag = job.acknowledged ? 0 : job.tag;
    tell_origin(s, job);
    const bool leaves = s.result || !s.publish.empty();
    if (!leaves && s.tag == 0) return;
    settle_later(mine, std::move(s));
}

void pool::settle_later(lane& mine, settlement s)
{
    // At the end whoever waits for the threads waits for what they leave.
    if (!aborting_ && receiver_.settle_later(s)) return;
    mine.settling.start(settle_at_last(&receiver_, std::move(s), &aborting_));
}

/// A function that nothing waits for needs no coroutine. \return false: this is another one.
bool pool::run_at_once(lane& mine, const std::shared_ptr<request>& job)
{
    if ((mine.process && !job->task->in_worker) || !is_plain(*job)) return false;
    const auto instead = witness_.begins(*job);
    if (!instead) {
        witness_.ended(job, performed(), -1);
    } else if (*instead) {
        settle(mine, *job, (*instead)->leaves);
        witness_.ended(job, **instead, 0);
    } else {
        start(mine, *job);
        const auto begin = std::chrono::steady_clock::now();
        performed p = perform_now(*job, results_);
        if (p.followed) {
            end(mine, job, std::move(p), begin);
        } else {
            mine.settling.start(end_later(&mine, job, std::move(p), begin));
        }
    }
    return true;
}

awaitable<void> pool::end_later(lane* mine, std::shared_ptr<request> job, performed p,
                                std::chrono::steady_clock::time_point begin)
{
    auto telling = follow_up(app_, results_, job, std::move(p));
    performed told = co_await std::move(telling);
    end(*mine, job, std::move(told), begin);
}

awaitable<void> pool::run_job(std::shared_ptr<lane> mine, std::shared_ptr<request> job)
{
    auto instead = witness_.begins(*job);
    if (!instead) {
        witness_.ended(job, performed(), -1);
        co_return;
    }
    if (*instead) {
        performed unrun = **instead;
        auto telling = follow_up(app_, results_, job, std::move(unrun));
        const performed how = co_await std::move(telling);
        settle(*mine, *job, how.leaves);
        witness_.ended(job, how, 0);
        co_return;
    }
    start(*mine, *job);
    const auto begin = std::chrono::steady_clock::now();
    auto running = run_task(mine, job);
    performed p = co_await std::move(running);
    if (!p.followed) {
        auto told = follow_up(app_, results_, job, std::move(p));
        p = co_await std::move(told);
    }
    if (p.cut_short) {
        // As if the machine had stopped.
        witness_.ended(job, p, -1);
        throw cancelled();
    }
    end(*mine, job, std::move(p), begin);
}

void pool::start(lane& mine, request& job)
{
    const task_settings& rules = job.task->settings;
    if (rules.ignore_result) job.call.ignore_result = true;
    job.process = process_;
    if (!rules.acks_late) {
        settle(mine, job, settlement());
        job.acknowledged = true;
    }
    if (!rules.track_started) return;
    value who = value::object("pid", process_, "hostname", with_.node);
    const execution how{job.call, rules, job.queue, 0};
    settlement started = how.started(std::move(who), now());
    tell_origin(started, job);
    settle_later(mine, std::move(started));
}

void pool::end(lane& mine, const std::shared_ptr<request>& job, performed p,
               std::chrono::steady_clock::time_point begin)
{
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    settlement leaves = std::move(p.leaves);
    p.leaves.publish = leaves.publish;  // whoever watches is told of it
    settle(mine, *job, std::move(leaves));
    witness_.ended(job, p, took.count());
}

awaitable<performed> pool::run_task(std::shared_ptr<lane> mine, std::shared_ptr<request> job)
{
    if (!mine->process || job->task->in_worker) {
        auto running = perform(app_, results_, job);
        performed p = co_await std::move(running);
        if (p.cut_short && !aborting_) {
            p.cut_short = false;
            p.leaves = failed_because(*job, std::make_exception_ptr(cancelled())).leaves;
        }
        co_return p;
    }
    {
        const std::lock_guard lock{mine->mutex};
        mine->in_process = job;
    }
    performed p;
    try {
        p = mine->process->run(*job, ++count_, results_->keeps_json());
    } catch (const error& e) {
        p = worker_lost(*job, e.what());
    }
    {
        const std::lock_guard lock{mine->mutex};
        mine->in_process.reset();
    }
    if (aborting_ && job->terminated_by() == SIGKILL) p.cut_short = true;
    co_return p;
}

}  // namespace ferry::tasks::detail
