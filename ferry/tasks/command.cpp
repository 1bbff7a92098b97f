#include "ferry/tasks/command.hpp"

#include "ferry/async/run.hpp"
#include "ferry/tasks/control.hpp"
#include "ferry/tasks/detail/wire_json.hpp"
#include "ferry/tasks/detail/worker_verb.hpp"

#include <CLI/CLI.hpp>
#include <dlfcn.h>

#include <cstdio>
#include <string_view>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

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

std::chrono::milliseconds milliseconds_of(const std::string& text)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(parse_duration(text));
}

}  // namespace

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

    detail::worker_verb worker(cli);

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
        if (worker.parsed()) {
            worker.run(of);
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
