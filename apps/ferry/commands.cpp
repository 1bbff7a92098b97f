#include "apps/ferry/commands.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/signals.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/error.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/proxy.hpp"
#include "ferry/zmq/error.hpp"

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <cstdio>

namespace ferry::command {
namespace {

constexpr std::array table{
    verb{"harvest", "fetch pages and take records from them, by a recipe", harvest},
    verb{"get", "fetch a URL", get},
    verb{"post", "send fields or files to a URL", post},
    verb{"put", "the same with PUT", put},
    verb{"patch", "the same with PATCH", patch},
    verb{"delete", "delete a URL", delete_},
    verb{"head", "print the head of an answer", head},
    verb{"request", "send a request with any method", request},
    verb{"download", "download files, and resume what was broken off", download},
    verb{"serve", "serve a directory's files over HTTP", serve},
    verb{"select", "print what an XPath, a selector or a JSONPath finds", select},
    verb{"json", "check JSON, print it nicely, or parts of it", json},
    verb{"zmq", "send and receive messages of ZeroMQ", zmq},
    verb{"amqp", "publish to RabbitMQ, consume from it, declare queues", amqp},
    verb{"redis", "send a command to Redis", redis},
    verb{"worker", "run tasks until a signal ends it", worker},
    verb{"call", "call a task and print what it returns", call},
    verb{"result", "print what became of a call", result},
    verb{"inspect", "ask the task workers how they are", inspect},
    verb{"control", "give orders to the task workers", control},
    verb{"purge", "drop the tasks that wait", purge},
    verb{"beat", "send calls when they are due", beat},
    verb{"events", "watch what task workers tell of themselves", events},
    verb{"completion", "let bash, zsh or fish complete what is typed behind ferry", completion},
    verb{"man", "print a manual page", man},
};

int of_http(const error& e)
{
    switch (static_cast<http::errc>(e.code().value())) {
        case http::errc::bad_url:
        case http::errc::bad_header:
        case http::errc::insecure_credentials: return exit_code::usage;
        case http::errc::too_many_redirects:
        case http::errc::refused_redirect: return exit_code::redirect_loop;
        case http::errc::private_address: return exit_code::connect;
        default: return exit_code::transfer;
    }
}

int exit_code_of(const error& e)
{
    if (dynamic_cast<const usage_error*>(&e) != nullptr) return exit_code::usage;
    if (dynamic_cast<const zmq::invalid_endpoint*>(&e) != nullptr) return exit_code::usage;
    if (const auto* status = dynamic_cast<const http::status_error*>(&e)) {
        if (status->status() < 400) return exit_code::transfer;  // an answer of another kind
        return status->status() >= 500 ? exit_code::server_error : exit_code::client_error;
    }
    if (dynamic_cast<const http::proxy_error*>(&e) != nullptr) return exit_code::connect;
    if (e.code().category() == make_error_code(http::errc::bad_url).category()) return of_http(e);
    if (dynamic_cast<const tls_error*>(&e) != nullptr) return exit_code::tls;
    if (dynamic_cast<const connection_error*>(&e) != nullptr) return exit_code::connect;
    if (dynamic_cast<const timeout_error*>(&e) != nullptr) return exit_code::timeout;
    if (dynamic_cast<const limit_error*>(&e) != nullptr) return exit_code::limit;
    if (dynamic_cast<const protocol_error*>(&e) != nullptr) return exit_code::transfer;
    if (e.code().category() == std::system_category()) return exit_code::local_file;
    return exit_code::other;
}

/// Complains of a word where a verb should be, which CLI11 calls a missing one.
void refuse_unknown_verb(const CLI::App& parsed)
{
    std::string name = parsed.get_name();
    const CLI::App* at = &parsed;
    while (!at->get_subcommands().empty()) {
        at = at->get_subcommands().front();
        name += ' ' + at->get_name();
    }
    const std::vector<std::string> words = parsed.remaining(true);
    if (at->get_require_subcommand_min() == 0 || words.empty() || words[0][0] == '-') return;
    throw usage_error(fmt::format("no such verb: {}; `{} --help` lists them", words[0], name));
}

awaitable<void> cancel_on_signal(task<int> running)
{
    signals stop(SIGINT, SIGTERM);
    co_await stop.next();
    running.cancel();
}

awaitable<int> watch(awaitable<int> operation)
{
    const auto running = spawn(std::move(operation));
    const auto watching = spawn(cancel_on_signal(running));
    const int code = co_await running.join();
    watching.cancel();
    co_return code;
}

}  // namespace

std::span<const verb> verbs() noexcept
{
    return table;
}

std::optional<int> parse(CLI::App& options, int argc, char** argv)
{
    try {
        options.parse(argc, argv);
        return std::nullopt;
    } catch (const CLI::ParseError& e) {
        refuse_unknown_verb(options);
        return options.exit(e) == 0 ? 0 : exit_code::usage;
    }
}

int run_until_interrupted(awaitable<int> operation)
{
    return run(watch(std::move(operation)));
}

int report_failure()
{
    try {
        throw;
    } catch (const error& e) {
        std::fprintf(stderr, "ferry: %s\n", e.what());
        return exit_code_of(e);
    } catch (const cancelled&) {
        std::fputs("ferry: interrupted\n", stderr);
        return exit_code::interrupted;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "ferry: %s\n", e.what());
        return exit_code::other;
    }
}

}  // namespace ferry::command
