#include "ferry/tasks/command.hpp"

#include "ferry/async/run.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/control.hpp"
#include "ferry/tasks/detail/wire_json.hpp"

#include <CLI/CLI.hpp>
#include <dlfcn.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>
#include <thread>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

constexpr auto patience_with_functions = 3s;

/// Blocks the signals that end a worker for the calling thread and those that it starts, and tells
/// the worker when one arrives.
class signal_watch {
public:
    explicit signal_watch(worker& of) : worker_{of}
    {
        sigset_t set;
        ::sigemptyset(&set);
        for (const int s : {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1}) ::sigaddset(&set, s);
        const char* const remapped = std::getenv("REMAP_SIGTERM");
        term_is_cold_ = remapped != nullptr && std::string_view{remapped} == "SIGQUIT";
        ::pthread_sigmask(SIG_BLOCK, &set, &before_);
        signals_ = ::signalfd(-1, &set, SFD_CLOEXEC);
        end_ = ::eventfd(0, EFD_CLOEXEC);
        if (signals_ < 0 || end_ < 0) throw system_failure(errno, "signalfd");
        thread_ = std::thread{[this] { watch(); }};
    }
    signal_watch(const signal_watch&) = delete;
    signal_watch& operator=(const signal_watch&) = delete;

    /// Whether the worker shall begin anew after its end.
    bool restart_asked() const noexcept { return restart_; }

    ~signal_watch()
    {
        ::eventfd_write(end_, 1);
        thread_.join();
        ::close(signals_);
        ::close(end_);
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

private:
    void watch()
    {
        int limit = -1;
        int count = 0;
        while (true) {
            std::array<pollfd, 2> ready = {pollfd{signals_, POLLIN, 0}, pollfd{end_, POLLIN, 0}};
            if (::poll(ready.data(), ready.size(), limit) == 0) {
                // The kernel lets go of this process's locks, and other workers take its tasks.
                log::error("worker left with tasks running");
                std::_Exit(1);
            }
            if (ready[1].revents != 0) return;
            signalfd_siginfo signal{};
            if (::read(signals_, &signal, sizeof signal) != sizeof signal) continue;
            if (signal.ssi_signo == SIGUSR1) {
                log::info("worker lives", "ended", worker_.ended());
                continue;
            }
            restart_ = signal.ssi_signo == SIGHUP;
            const bool cold =
                signal.ssi_signo == SIGQUIT || (signal.ssi_signo == SIGTERM && term_is_cold_);
            if (++count == 1 && !cold) {
                worker_.stop();
            } else {
                worker_.stop_now();
                limit = static_cast<int>(patience_with_functions / 1ms);
            }
        }
    }

    worker& worker_;
    bool term_is_cold_ = false;
    std::atomic<bool> restart_ = false;
    sigset_t before_{};
    int signals_ = -1;
    int end_ = -1;
    std::thread thread_;
};

awaitable<value> send_and_wait(signature<value> s, std::optional<std::chrono::milliseconds> wait)
{
    auto sent = s.delay();
    const async_result<value> result = co_await std::move(sent);
    if (!wait) co_return value(result.id());
    auto got = result.get(*wait);
    co_return co_await std::move(got);
}

awaitable<value> call_with(signature<value> s, std::optional<std::chrono::milliseconds> wait)
{
    return send_and_wait(std::move(s), wait);
}

void print(const value& v)
{
    const std::string text = detail::dump_wire(v);
    std::printf("%s\n", text.c_str());
}

/// `name=value` as a member; the value is JSON, or text.
void add_argument(const std::string& word, value& to)
{
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
        throw error{ferry::errc::malformed, word + ": not name=value"};
    }
    to.insert(word.substr(0, equals), parse_argument(std::string_view{word}.substr(equals + 1)));
}

/// The same program with the same arguments in the same process, as Celery does it on HUP. Returns
/// only if that fails.
void run_anew()
{
    std::vector<std::string> words;
    std::ifstream from{"/proc/self/cmdline", std::ios::binary};
    for (std::string word; std::getline(from, word, '\0');) words.push_back(word);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv("/proc/self/exe", arguments.data());
    log::error("worker cannot begin anew", "reason", std::strerror(errno));
}

std::chrono::milliseconds milliseconds_of(const std::string& text)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(parse_duration(text));
}

}  // namespace

std::uint64_t serve(const app& of, worker_settings with)
{
    bool restart = false;
    std::uint64_t ended = 0;
    {
        worker w(of, std::move(with));
        const signal_watch watching{w};
        ferry::run(w.run());
        restart = watching.restart_asked();
        ended = w.ended();
    }
    if (restart) run_anew();
    return ended;
}

value parse_argument(std::string_view word)
{
    if (auto parsed = json::try_parse(word)) return std::move(*parsed);
    return value(word);
}

value call(const app& of, const std::string& task, std::span<const std::string> words,
           std::optional<std::chrono::milliseconds> wait)
{
    call_settings settings;
    settings.message.task = task;
    for (const std::string& word : words) settings.message.args.push_back(parse_argument(word));
    return ferry::run(call_with(signature<value>(of.core(), std::move(settings)), wait));
}

app& load_app(const std::string& path)
{
    void* const object = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (object == nullptr) {
        const char* why = ::dlerror();
        throw error{ferry::errc::not_found,
                    "load " + path + ": " + (why != nullptr ? why : "failed")};
    }
    void* const found = ::dlsym(object, "ferry_tasks_app");
    if (found == nullptr) {
        throw error{ferry::errc::not_found, path + ": exports no app, see FERRY_TASKS_APP"};
    }
    app* const exported = reinterpret_cast<app* (*)()>(found)();
    return *exported;
}

int run_command(app& of, int argc, char** argv)
{
    CLI::App cli{"Tasks of " + of.name(), of.name()};
    cli.require_subcommand(1);

    worker_settings with;
    std::string level = "info";
    CLI::App* const worker_verb =
        cli.add_subcommand("worker", "Serves tasks until a signal ends it");
    worker_verb->add_option("-c,--concurrency", with.concurrency, "Threads that run tasks")
        ->check(CLI::Range(1, 4096));
    worker_verb
        ->add_option("--coroutines", with.coroutines, "Coroutine tasks a thread runs at once")
        ->check(CLI::Range(1, 100'000));
    worker_verb->add_option("-Q,--queues", with.queues, "Queues to serve")->delimiter(',');
    worker_verb
        ->add_option("--prefetch-multiplier", with.prefetch_multiplier,
                     "Messages held in advance for each task that can run")
        ->check(CLI::Range(1, 10'000));
    worker_verb->add_option("-n,--hostname", with.name, "The node's name, as w1@%h");
    worker_verb->add_flag("--processes", with.processes, "Run each task in a process");
    worker_verb
        ->add_option("--max-tasks-per-child", with.max_tasks_per_child,
                     "Replace a process after so many tasks")
        ->check(CLI::Range(1, 1'000'000'000));
    std::vector<std::size_t> scale;
    worker_verb
        ->add_option("--autoscale", scale, "MAX,MIN threads or processes, as the tasks want them")
        ->delimiter(',')
        ->expected(1, 2)
        ->check(CLI::Range(1, 4096));
    worker_verb->add_option("--statedb", with.state_db,
                            "A file that remembers what was revoked over a restart");
    worker_verb->add_flag("--pool-restarts", with.pool_restarts,
                          "Let remote control replace the processes");
    worker_verb->add_flag("-E,--task-events", with.task_events, "Tell of every task");
    worker_verb->add_option("-l,--loglevel", level, "What to log")
        ->check(CLI::IsMember({"debug", "info", "warning", "error"}, CLI::ignore_case));

    std::string task;
    std::vector<std::string> words;
    std::string limit = "60s";
    bool detached = false;
    CLI::App* const call_verb =
        cli.add_subcommand("call", "Calls a task and prints what it returns");
    call_verb->add_option("task", task, "The task's name")->required();
    call_verb->add_option("arguments", words, "JSON, or text");
    call_verb->add_option("--timeout", limit, "How long to wait for the result, as 500ms, 10s, 1h");
    call_verb->add_flag("--no-wait", detached, "Print the task's id instead");

    std::string id;
    CLI::App* const result_verb =
        cli.add_subcommand("result", "Prints what is known of a call, a JSON document");
    result_verb->add_option("id", id, "What call --no-wait printed")->required();

    std::vector<std::string> purged;
    CLI::App* const purge_verb = cli.add_subcommand("purge", "Drops the tasks that wait");
    purge_verb->add_option("-Q,--queues", purged, "The queues")->delimiter(',');

    std::string method;
    std::vector<std::string> named;
    std::vector<std::string> nodes;
    std::string patience = "1s";
    const auto remote_verb = [&](const char* name, const char* what) {
        CLI::App* const verb = cli.add_subcommand(name, what);
        verb->add_option("method", method, "As of celery " + std::string{name})->required();
        verb->add_option("arguments", named, "name=value, the value JSON or text");
        verb->add_option("-d,--destination", nodes, "Only these nodes")->delimiter(',');
        verb->add_option("-t,--timeout", patience, "How long to wait for replies");
        return verb;
    };
    CLI::App* const inspect_verb =
        remote_verb("inspect", "Asks the workers: ping, active, stats...");
    CLI::App* const control_verb =
        remote_verb("control", "Orders the workers: revoke, rate_limit, shutdown...");

    CLI::App* const tasks_verb = cli.add_subcommand("tasks", "Lists the tasks of this program");
    try {
        cli.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return cli.exit(e) == 0 ? 0 : 2;
    }

    try {
        if (worker_verb->parsed()) {
            log::set_level(level == "debug"     ? log::level::debug
                           : level == "info"    ? log::level::info
                           : level == "warning" ? log::level::warning
                                                : log::level::error);
            if (!scale.empty()) autoscale(scale.at(0), scale.size() > 1 ? scale.at(1) : 1)(with);
            serve(of, with);
        } else if (call_verb->parsed()) {
            std::optional<std::chrono::milliseconds> wait;
            if (!detached) wait = milliseconds_of(limit);
            const value answer = call(of, task, words, wait);
            if (detached) {
                std::printf("%s\n", answer.as<std::string>().c_str());
            } else {
                print(answer);
            }
        } else if (result_verb->parsed()) {
            std::printf("%s\n", to_json(ferry::run(of.open_results()->find(id))).c_str());
        } else if (purge_verb->parsed()) {
            if (purged.empty()) purged.emplace_back(default_queue);
            std::int64_t count = 0;
            for (const std::string& name : purged) {
                count += ferry::run(of.open_broker()->purge(name));
            }
            std::printf("%lld\n", static_cast<long long>(count));
        } else if (inspect_verb->parsed() || control_verb->parsed()) {
            value arguments = value::object();
            for (const std::string& word : named) add_argument(word, arguments);
            remote_command c(method);
            c.arguments(std::move(arguments)).destination(nodes).timeout(milliseconds_of(patience));
            const value replies = ferry::run(broadcast(of.open_broker(), std::move(c)));
            print(replies);
            if (replies.empty()) return 1;
        } else if (tasks_verb->parsed()) {
            for (const std::string& name : of.tasks()) std::printf("%s\n", name.c_str());
        }
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s: %s\n", of.name().c_str(), e.what());
        return 1;
    }
}

int app::main(int argc, char** argv)
{
    return run_command(*this, argc, argv);
}

}  // namespace ferry::tasks
