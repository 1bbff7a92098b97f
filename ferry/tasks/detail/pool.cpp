#include "ferry/tasks/detail/pool.hpp"

#include "ferry/async/loop.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/execution.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

// After so many jobs in a row a lane lets its loop look around.
constexpr int jobs_in_a_row = 16;
constexpr std::chrono::milliseconds first_pause = 100ms;
constexpr std::chrono::milliseconds longest_pause = 10s;

double chance()
{
    thread_local std::minstd_rand random{std::random_device{}()};
    return std::uniform_real_distribution<double>{0, 1}(random);
}

bool is_cancellation(const std::exception_ptr& failure)
{
    try {
        std::rethrow_exception(failure);
    } catch (const cancelled&) {
        return true;
    } catch (...) {
        return false;
    }
}

void log_failure(const message& call, bool again, const std::exception_ptr& failure)
{
    const std::string reason = describe(failure);
    if (again) {
        log::info("task will be retried", "task", call.task, "id", call.id, "reason", reason);
    } else {
        log::warning("task failed", "task", call.task, "id", call.id, "reason", reason);
    }
}

/// A result that cannot be written is a failure that can.
bool replace_result(settlement& s, const std::exception_ptr& why)
{
    if (!s.result || s.result->status == state::failure) return false;
    s.result->status = state::failure;
    s.result->result = exception_to_value(why);
    s.result->traceback = exception_repr(s.result->result);
    return true;
}

settlement only(std::uint64_t tag, verdict how)
{
    settlement s;
    s.tag = tag;
    s.verdict = how;
    return s;
}

}  // namespace

/// One thread's part.
struct pool::lane {
    scope slots;
    scope settling;
    std::mutex mutex;
    std::optional<loop> home;  ///< guarded; while the lane runs
};

pool::pool(std::shared_ptr<app_core> app, std::shared_ptr<result_store> results, consumer& receiver,
           std::size_t threads, std::size_t coroutines,
           std::shared_ptr<std::atomic<std::uint64_t>> count)
    : app_{std::move(app)},
      results_{std::move(results)},
      receiver_{receiver},
      coroutines_{std::max<std::size_t>(1, coroutines)},
      count_{std::move(count)},
      running_{threads}
{
    for (std::size_t i = 0; i < threads; ++i) lanes_.push_back(std::make_shared<lane>());
    for (const auto& l : lanes_) threads_.emplace_back([this, l] { serve(l); });
}

pool::~pool()
{
    abort();
    for (std::thread& t : threads_) t.join();
}

void pool::abort()
{
    aborting_ = true;
    close();
    for (const auto& l : lanes_) {
        const std::lock_guard lock{l->mutex};
        if (l->home) l->home->post([l] { l->slots.cancel(); });
    }
}

void pool::serve(const std::shared_ptr<lane>& mine)
{
    run(run_lane(mine));
    if (--running_ == 0) ended_->open();
}

awaitable<void> pool::run_lane(std::shared_ptr<lane> mine)
{
    {
        const std::lock_guard lock{mine->mutex};
        mine->home = loop::current();
    }
    for (std::size_t i = 0; i < coroutines_; ++i) mine->slots.start(run_slot(mine));
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
        auto next = job_queue::pop(jobs_, bell);
        std::optional<delivery> job = co_await std::move(next);
        if (!job) co_return;
        auto ran = run_job(mine, std::move(*job));
        co_await std::move(ran);
        ++*count_;
        if (n % jobs_in_a_row == 0) co_await yield_now();
    }
}

awaitable<void> pool::run_job(std::shared_ptr<lane> mine, delivery job)
{
    const auto call = std::make_shared<message>();
    try {
        *call = decode(job.content);
    } catch (const error& e) {
        log::error("task message dropped", "queue", job.queue, "reason", e.what());
        mine->settling.start(settle(only(job.tag, verdict::reject)));
        co_return;
    }
    static const task_settings no_settings;
    const std::shared_ptr<const definition> task = app_->find(call->task);
    const task_settings& settings = task ? task->settings : no_settings;
    const bool late = !task || settings.acks_late;
    const execution how{*call, settings, job.queue, late ? job.tag : 0};
    if (task && settings.ignore_result) call->ignore_result = true;
    if (!late) mine->settling.start(settle(only(job.tag, verdict::ack)));
    if (call->expires && *call->expires <= now()) {
        log::info("task expired", "task", call->task, "id", call->id);
        mine->settling.start(settle(how.revoked("expired", now())));
        co_return;
    }
    if (settings.track_started) {
        value who = value::object("pid", ::getpid(), "hostname", host_name());
        mine->settling.start(settle(how.started(std::move(who), now())));
    }
    value result;
    std::exception_ptr failure;
    try {
        if (!task) throw task_error{"NotRegistered", "celery.exceptions", call->task};
        const context c{call, results_};
        if (task->call) {
            result = task->call(*task, c);
        } else {
            auto operation = run_task(task, c);
            result = co_await std::move(operation);
        }
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) {
        mine->settling.start(settle(how.succeeded(std::move(result), now())));
        co_return;
    }
    // Cut short by abort(): as if the machine had stopped.
    if (aborting_ && is_cancellation(failure)) std::rethrow_exception(failure);
    settlement s = how.failed(failure, now(), chance());
    log_failure(*call, !s.publish.empty(), failure);
    mine->settling.start(settle(std::move(s)));
}

awaitable<value> pool::run_task(std::shared_ptr<const definition> task, context c)
{
    auto operation = task->start(*task, c);
    co_return co_await std::move(operation);
}

/// Does not fail, and does not give up while the pool lives: a store that is full for a while holds
/// the worker up, but loses no result.
awaitable<void> pool::settle(settlement s)
{
    auto pause = first_pause;
    while (true) {
        try {
            auto settled = receiver_.settle(s);
            co_await std::move(settled);
            co_return;
        } catch (const error& e) {
            log::error("task cannot be settled", "id", s.result ? s.result->task_id : "", "reason",
                       e.what());
            const bool hopeless = e.code() == condition::bad_input;
            if (hopeless && replace_result(s, std::current_exception())) continue;
            if (hopeless || aborting_) co_return;
        }
        co_await sleep(pause);
        pause = std::min(pause * 2, longest_pause);
    }
}

}  // namespace ferry::tasks::detail
