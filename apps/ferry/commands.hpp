#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/error.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::command {

/// What a shell script can tell apart; 0 is success. exit_statuses says what each means.
namespace exit_code {
constexpr int other = 1;
constexpr int usage = 2;
constexpr int redirected = 3;
constexpr int client_error = 4;
constexpr int server_error = 5;
constexpr int redirect_loop = 6;
constexpr int connect = 7;
constexpr int tls = 8;
constexpr int transfer = 9;
constexpr int timeout = 10;
constexpr int local_file = 11;
constexpr int limit = 12;
constexpr int interrupted = 130;
}  // namespace exit_code

struct exit_status {
    int code;
    std::string_view meaning;
};

/// As the manual page and docs/command.md have it.
constexpr exit_status exit_statuses[] = {
    {0, "it was done"},
    {exit_code::other, "a failure without a number of its own"},
    {exit_code::usage, "wrong arguments, a bad URL, recipe or expression"},
    {exit_code::redirected, "the answer is a redirect that was not followed"},
    {exit_code::client_error, "status 4xx"},
    {exit_code::server_error, "status 5xx"},
    {exit_code::redirect_loop, "too many redirects, or one that must not be followed"},
    {exit_code::connect, "no connection, no address"},
    {exit_code::tls, "TLS failed"},
    {exit_code::transfer, "the transfer broke, or the peer broke the protocol"},
    {exit_code::timeout, "a time limit passed"},
    {exit_code::local_file, "a file of this machine cannot be read or written"},
    {exit_code::limit, "a limit was exceeded"},
    {exit_code::interrupted, "Ctrl-C"},
};

/// A word after `ferry`: what it does in one line, and the function that does it.
struct verb {
    std::string_view name;
    std::string_view summary;
    int (*run)(int argc, char** argv);
};

/// All verbs, in the order in which `ferry --help` lists them.
std::span<const verb> verbs() noexcept;

/// Reads a verb's arguments into what `options` declares; prints help and usage errors.
/// \returns the exit code if the command ends here, nothing if it goes on.
std::optional<int> parse(CLI::App& options, int argc, char** argv);

/// Prints the exception being handled, one line on standard error, and tells its exit code.
int report_failure();

/// The user's arguments are wrong: exit code 2.
class usage_error : public error {
public:
    explicit usage_error(std::string message) : error{errc::malformed, std::move(message)} {}
};

/// Runs an operation that Ctrl-C and SIGTERM cancel. \throws cancelled  that happened.
int run_until_interrupted(awaitable<int> operation);

int get(int argc, char** argv);
int post(int argc, char** argv);
int put(int argc, char** argv);
int patch(int argc, char** argv);
int delete_(int argc, char** argv);
int head(int argc, char** argv);
int request(int argc, char** argv);
int download(int argc, char** argv);
int serve(int argc, char** argv);
int select(int argc, char** argv);
int json(int argc, char** argv);
int zmq(int argc, char** argv);
int redis(int argc, char** argv);
int amqp(int argc, char** argv);
int worker(int argc, char** argv);
int call(int argc, char** argv);
int result(int argc, char** argv);
int inspect(int argc, char** argv);
int control(int argc, char** argv);
int purge(int argc, char** argv);
int beat(int argc, char** argv);
int events(int argc, char** argv);
int harvest(int argc, char** argv);
int completion(int argc, char** argv);
int man(int argc, char** argv);

}  // namespace ferry::command
