#include "ferry/async/run.hpp"
#include "ferry/tasks/command.hpp"
#include "ferry/tasks/control.hpp"
#include "ferry/tasks/detail/control_arguments.hpp"
#include "ferry/tasks/detail/wire_json.hpp"
#include "ferry/tasks/detail/worker_verb.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <functional>
#include <optional>
#include <string_view>

namespace ferry::tasks {
namespace {

void print(const value& v)
{
    const std::string text = detail::dump_wire(v);
    std::printf("%s\n", text.c_str());
}

std::chrono::milliseconds milliseconds_of(const std::string& text)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(parse_duration(text));
}

/// The verbs, their options, and what they do with an app.
class command_line {
public:
    command_line(const std::string& description, const std::string& program)
        : cli_{description, program}, worker_(cli_)
    {
        cli_.require_subcommand(1);
        add_calls();
        add_control();
        tasks_ = cli_.add_subcommand("tasks", "Lists the tasks of this program");
    }
    command_line(const command_line&) = delete;
    command_line& operator=(const command_line&) = delete;

    void add_choice_of_app()
    {
        for (CLI::App* const verb : cli_.get_subcommands({})) {
            auto* const file = verb->add_option("--app", file_, "A shared object with an app");
            verb->add_option("--broker", url_, "Where calls go; the embedded broker by default")
                ->type_name("URL")
                ->excludes(file);
            verb->add_option("--result-backend", results_url_,
                             "Where results go; beside the broker by default")
                ->type_name("URL")
                ->excludes(file);
        }
    }

    /// \return the exit status if this was all.
    std::optional<int> parse(int argc, char** argv)
    {
        try {
            cli_.parse(argc, argv);
            return std::nullopt;
        } catch (const CLI::ParseError& e) {
            return cli_.exit(e) == 0 ? 0 : 2;
        }
    }

    const std::string& app_file() const noexcept { return file_; }
    app plain_app() const { return app(cli_.get_name(), broker(url_), results(results_url_)); }

    /// \return the exit status; failures are printed.
    int run(app& of);

private:
    void add_calls();
    void add_control();
    int carry_out(app& of);
    call_settings call_as_said() const;
    void print_answer(const app& of) const;
    void purge(const app& of) const;
    bool ask_workers(const app& of) const;

    CLI::App cli_;
    detail::worker_verb worker_;
    std::string file_;
    std::string url_;
    std::string results_url_;

    CLI::App* call_ = nullptr;
    std::string task_;
    std::vector<std::string> words_;
    std::string kwargs_;
    std::string queue_;
    std::string countdown_;
    std::string expires_;
    std::string serializer_ = "json";
    int priority_ = 0;
    std::string limit_ = "60s";
    bool detached_ = false;

    CLI::App* result_ = nullptr;
    std::string id_;

    CLI::App* purge_ = nullptr;
    std::vector<std::string> queues_;

    CLI::App* inspect_ = nullptr;
    CLI::App* control_ = nullptr;
    std::string method_;
    std::vector<std::string> words_of_method_;
    std::vector<std::string> nodes_;
    std::string patience_ = "1s";

    CLI::App* tasks_ = nullptr;
};

void command_line::add_calls()
{
    call_ = cli_.add_subcommand("call", "Calls a task and prints what it returns");
    call_->add_option("task", task_, "The task's name")->required();
    call_->add_option("arguments", words_, "JSON, or text");
    call_->add_option("-k,--kwargs", kwargs_, "Arguments by their names, a JSON object");
    call_->add_option("-Q,--queue", queue_, "The queue it goes to");
    call_->add_option("--countdown", countdown_,
                      "Not before so much time has passed, as 500ms, 1h");
    call_->add_option("--expires", expires_, "Revoked if no worker has taken it by then, as 1h");
    call_->add_option("--priority", priority_, "Goes first, in RabbitMQ if it is high")
        ->check(CLI::Range(0, 9));
    call_->add_option("--serializer", serializer_, "How its arguments are written")
        ->check(CLI::IsMember({"json", "pickle", "yaml", "msgpack"}))
        ->capture_default_str();
    call_->add_option("--timeout", limit_, "How long to wait for the result, as 500ms, 10s, 1h")
        ->capture_default_str();
    call_->add_flag("--no-wait", detached_, "Print the task's id instead");
    call_->footer("Example:\n  " + cli_.get_name() + " call shop.add 2 3\n  " + cli_.get_name() +
                  " call shop.resize -k '{\"width\": 640}' -Q images --countdown 10s");

    result_ = cli_.add_subcommand("result", "Prints what is known of a call, a JSON document");
    result_->add_option("id", id_, "What call --no-wait printed")->required();
    result_->footer("Example:\n  " + cli_.get_name() + " result $(" + cli_.get_name() +
                    " call shop.add 2 3 --no-wait)");

    purge_ = cli_.add_subcommand("purge", "Drops the tasks that wait");
    purge_->add_option("-Q,--queues", queues_, "The queues")->delimiter(',');
    purge_->footer("Example:\n  " + cli_.get_name() + " purge -Q images,celery");
}

void command_line::add_control()
{
    const auto add = [this](const char* name, const char* what, const char* example) {
        CLI::App* const verb = cli_.add_subcommand(name, what);
        verb->add_option("method", method_, "As of celery " + std::string{name})->required();
        verb->add_option("arguments", words_of_method_,
                         "As of celery, or name=value, the value JSON or text");
        verb->add_option("-d,--destination", nodes_, "Only these nodes")->delimiter(',');
        verb->add_option("-t,--timeout", patience_, "How long to wait for replies")
            ->capture_default_str();
        verb->footer("Example:\n  " + cli_.get_name() + " " + name + " " + example);
        return verb;
    };
    inspect_ = add("inspect", "Asks the workers: ping, active, stats...", "active -d w1@host");
    control_ = add("control", "Orders the workers: revoke, rate_limit, shutdown...",
                   "rate_limit shop.add 10/s");
}

call_settings command_line::call_as_said() const
{
    call_settings said;
    said.message.task = task_;
    for (const std::string& word : words_) said.message.args.push_back(parse_argument(word));
    if (!kwargs_.empty()) {
        said.message.kwargs = parse_argument(kwargs_);
        if (!said.message.kwargs.is_object()) {
            throw error{ferry::errc::malformed, "--kwargs: not a JSON object"};
        }
    }
    said.queue = queue_;
    if (!countdown_.empty()) countdown(milliseconds_of(countdown_))(said);
    if (!expires_.empty()) expires(milliseconds_of(expires_))(said);
    said.message.priority = priority_;
    said.message.serializer = serializer_;
    return said;
}

void command_line::print_answer(const app& of) const
{
    std::optional<std::chrono::milliseconds> wait;
    if (!detached_) wait = milliseconds_of(limit_);
    const value answer = call(of, call_as_said(), wait);
    if (detached_) {
        std::printf("%s\n", answer.as<std::string>().c_str());
    } else {
        print(answer);
    }
}

void command_line::purge(const app& of) const
{
    std::int64_t count = 0;
    const std::vector<std::string> usual{std::string{default_queue}};
    for (const std::string& name : queues_.empty() ? usual : queues_) {
        count += ferry::run(of.open_broker()->purge(name));
    }
    std::printf("%lld\n", static_cast<long long>(count));
}

/// \return whether one has answered.
bool command_line::ask_workers(const app& of) const
{
    remote_command c(method_);
    c.arguments(detail::control_arguments(method_, words_of_method_))
        .destination(nodes_)
        .timeout(milliseconds_of(patience_));
    const value replies = ferry::run(broadcast(of.open_broker(), std::move(c)));
    print(replies);
    return !replies.empty();
}

int command_line::carry_out(app& of)
{
    if (inspect_->parsed() || control_->parsed()) return ask_workers(of) ? 0 : 1;
    if (worker_.parsed()) worker_.run(of);
    if (call_->parsed()) print_answer(of);
    if (result_->parsed()) {
        std::printf("%s\n", to_json(ferry::run(of.open_results()->find(id_))).c_str());
    }
    if (purge_->parsed()) purge(of);
    if (tasks_->parsed()) {
        for (const std::string& name : of.tasks()) std::printf("%s\n", name.c_str());
    }
    return 0;
}

int command_line::run(app& of)
{
    try {
        return carry_out(of);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s: %s\n", of.name().c_str(), e.what());
        return 1;
    }
}

}  // namespace

int run_command(app& of, int argc, char** argv)
{
    command_line words("Tasks of " + of.name(), of.name());
    if (const auto end = words.parse(argc, argv)) return *end;
    return words.run(of);
}

int run_command(int argc, char** argv)
{
    command_line words("Tasks", "ferry");
    words.add_choice_of_app();
    if (const auto end = words.parse(argc, argv)) return *end;
    if (!words.app_file().empty()) return words.run(load_app(words.app_file()));
    app plain = words.plain_app();
    return words.run(plain);
}

int app::main(int argc, char** argv)
{
    return run_command(*this, argc, argv);
}

}  // namespace ferry::tasks
