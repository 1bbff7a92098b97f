#include "ferry/tasks/detail/worker_verb.hpp"

#include "ferry/core/log.hpp"
#include "ferry/tasks/beat.hpp"
#include "ferry/tasks/command.hpp"

#include <chrono>
#include <filesystem>
#include <utility>

namespace ferry::tasks::detail {
namespace {

constexpr double longest_seconds = 1e9;

std::chrono::milliseconds seconds(double s)
{
    const std::chrono::duration<double> d{s};
    return std::chrono::duration_cast<std::chrono::milliseconds>(d);
}

log::level level_of(const std::string& name)
{
    if (name == "debug") return log::level::debug;
    if (name == "info") return log::level::info;
    return name == "warning" ? log::level::warning : log::level::error;
}

}  // namespace

worker_verb::worker_verb(CLI::App& in)
    : verb_{in.add_subcommand("worker", "Serves tasks until a signal ends it")}
{
    verb_->add_option("-n,--hostname", with_.name, "The node's name, as w1@%h");
    add_pool_options();
    add_queue_options();
    add_features();
    verb_->add_option("-l,--loglevel", level_, "What to log")
        ->transform(CLI::IsMember({"debug", "info", "warning", "error"}, CLI::ignore_case));
    const std::string worker = in.get_name() + " worker";
    verb_->footer("Examples:\n  " + worker + " -c 4 -Q images,celery -E\n  " + worker +
                  " -P prefork --autoscale 10,3 --statedb /var/lib/shop/worker.json\n  " + worker +
                  " -B plan.toml");
}

void worker_verb::add_pool_options()
{
    verb_->add_option("-c,--concurrency", with_.concurrency, "Threads or processes that run tasks")
        ->check(CLI::Range(1, 4096));
    verb_->add_option("--coroutines", with_.coroutines, "Coroutine tasks a thread runs at once")
        ->check(CLI::Range(1, 100'000));
    verb_->add_flag("--processes", with_.processes, "Run each task in a process");
    verb_->add_option("-P,--pool", pool_, "threads, or processes, which Celery calls prefork")
        ->check(CLI::IsMember({"threads", "processes", "prefork"}));
    verb_->add_option("--autoscale", scale_, "MAX,MIN threads or processes, as the tasks want them")
        ->delimiter(',')
        ->expected(1, 2)
        ->check(CLI::Range(1, 4096));
    verb_
        ->add_option("--max-tasks-per-child", with_.max_tasks_per_child,
                     "Replace a process after so many tasks")
        ->check(CLI::Range(1, 1'000'000'000));
    verb_
        ->add_option("--max-memory-per-child", with_.max_kib_per_child,
                     "Replace a process that has so many KiB of memory after a task")
        ->check(CLI::Range(1, 1'000'000'000));
    verb_->add_option("--time-limit", hard_limit_, "Seconds after which a task is ended")
        ->check(CLI::Range(0.001, longest_seconds));
    verb_
        ->add_option("--soft-time-limit", soft_limit_, "Seconds after which a task is asked to end")
        ->check(CLI::Range(0.001, longest_seconds));
    verb_->add_flag("--pool-restarts", with_.pool_restarts,
                    "Let remote control replace the processes");
    verb_
        ->add_option("-O", fairness_,
                     "As Celery's; a task is never given to a thread that is not idle")
        ->check(CLI::IsMember({"default", "fair"}));
}

void worker_verb::add_queue_options()
{
    verb_->add_option("-Q,--queues", with_.queues, "Queues to serve")->delimiter(',');
    verb_->add_option("-X,--exclude-queues", with_.excluded_queues, "Queues not to serve")
        ->delimiter(',');
    verb_
        ->add_option("--broadcast", broadcasts_,
                     "Exchanges of whose calls every worker that listens runs each")
        ->type_name("NAME")
        ->delimiter(',');
    verb_->add_flag("--purge,--discard", with_.purge, "Drop what waits in the queues first");
    verb_
        ->add_option("--prefetch-multiplier", with_.prefetch_multiplier,
                     "Messages held in advance for each task that can run")
        ->check(CLI::Range(1, 10'000));
}

void worker_verb::add_features()
{
    verb_->add_option("-S,--statedb", with_.state_db,
                      "A file that remembers what was revoked over a restart");
    verb_->add_flag("-E,--task-events,--events", with_.task_events, "Tell of every task");
    verb_->add_flag("--without-gossip", no_gossip_, "Do not vote in elections of Python's workers");
    verb_->add_flag("--without-mingle", no_mingle_,
                    "Do not ask the other workers at the start what is revoked");
    verb_->add_flag("--without-heartbeat", no_heartbeat_, "Do not tell that it lives");
    verb_->add_option("--heartbeat-interval", heartbeat_, "Seconds between heartbeats")
        ->check(CLI::Range(0.1, 86400.0));
    verb_->add_option("-B,--beat", plan_, "Send the calls of this plan, too; see ferry beat")
        ->type_name("FILE");
    verb_
        ->add_option("-s,--schedule", plan_state_,
                     "The file that remembers when the calls of the plan ran last")
        ->type_name("FILE")
        ->capture_default_str();
}

worker_settings worker_verb::settings() const
{
    worker_settings s = with_;
    for (const std::string& name : broadcasts_) s.broadcasts.emplace_back(name);
    if (!pool_.empty()) s.processes = s.processes || pool_ != "threads";
    if (!scale_.empty()) autoscale(scale_.at(0), scale_.size() > 1 ? scale_.at(1) : 1)(s);
    default_time_limit(seconds(hard_limit_), seconds(soft_limit_))(s);
    heartbeat_interval(no_heartbeat_ ? seconds(0) : seconds(heartbeat_))(s);
    s.mingle = !no_mingle_;
    s.gossip = !no_gossip_;
    return s;
}

void worker_verb::run(const app& of)
{
    log::set_level(level_of(level_));
    if (plan_.empty()) {
        serve(of, settings());
        return;
    }
    beat_plan plan = read_beat_plan(plan_);
    beat sends(of, state_file(plan_state_), timezone(plan.zone), leader(plan_name(plan_)));
    for (periodic_call& call : plan.calls) sends.add(std::move(call));
    serve(of, settings(), &sends);
}

}  // namespace ferry::tasks::detail
