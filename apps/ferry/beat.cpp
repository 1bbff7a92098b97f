#include "ferry/tasks/beat.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/signals.hpp"
#include "ferry/async/task.hpp"
#include "ferry/tasks/app.hpp"

#include "apps/ferry/commands.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>

namespace ferry::command {
namespace {

awaitable<void> stop_on_signal(tasks::beat* running)
{
    signals stop(SIGINT, SIGTERM);
    co_await stop.next();
    running->stop();
}

awaitable<void> run_until_signal(tasks::beat* running)
{
    const auto watching = spawn(stop_on_signal(running));
    co_await running->run();
    watching.cancel();
}

}  // namespace

int beat(int argc, char** argv)
{
    CLI::App options("Sends the calls of a plan when they are due, until a signal ends it.",
                     "ferry beat");
    std::string file;
    std::string url;
    std::string state = "ferry-beat.json";
    std::optional<std::string> leader;
    double lease = 10;
    double longest = 300;
    bool check = false;
    options.add_option("plan", file, "the plan, in TOML")->required()->type_name("FILE");
    options.add_option("--broker", url, "where the calls go; the embedded broker by default")
        ->type_name("URL");
    options.add_option("-s,--state,--schedule", state, "remembers when what ran last")
        ->type_name("FILE")
        ->capture_default_str();
    options
        .add_option(
            "--leader", leader,
            "of the beats of this name at one broker only one sends; the plan's by default, "
            "an empty one sends whatever others do")
        ->type_name("NAME");
    options
        .add_option("--lease", lease, "seconds until the others lead if that one is not heard of")
        ->check(CLI::Range(0.1, 86400.0))
        ->capture_default_str();
    options.add_option("--max-interval", longest, "seconds it rests at most")
        ->check(CLI::Range(0.01, 86400.0))
        ->capture_default_str();
    options.add_flag("--check", check, "print what is due when, and send nothing");
    options.footer(R"(A plan:

  timezone = "Europe/Berlin"

  [tidy-up]
  task = "shop.tidy"
  crontab = "0 4 * * mon-fri"     # minute, hour, day of month, month, day of week

  [poll-orders]
  task = "shop.poll"
  every = "30s"                   # or solar = "sunset 52.52 13.40"
  args = ["orders"]
  expires = "30s"

It may run on several machines: one of them leads, and another takes over when that ends.

Example:
  ferry beat plan.toml --broker redis://127.0.0.1/ --state /var/lib/shop/beat.json)");
    if (const auto code = parse(options, argc, argv)) return *code;

    tasks::beat_plan plan = tasks::read_beat_plan(file);
    if (check) {
        for (const auto& entry : plan.calls) {
            const auto due = entry.when.next(now(), plan.zone);
            std::printf("%-24s %-32s %s\n", entry.name.c_str(), entry.when.text().c_str(),
                        due ? iso8601::format(*due).c_str() : "never");
        }
        return 0;
    }
    const tasks::app app =
        url.empty() ? tasks::app("ferry") : tasks::app("ferry", tasks::broker(url));
    const auto seconds = [](double s) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::duration<double>(s));
    };
    tasks::beat running(app, tasks::state_file(state), tasks::timezone(plan.zone),
                        tasks::leader(leader.value_or(tasks::plan_name(file)), seconds(lease)),
                        tasks::max_interval(seconds(longest)));
    for (auto& entry : plan.calls) running.add(std::move(entry));
    run(run_until_signal(&running));
    return 0;
}

}  // namespace ferry::command
