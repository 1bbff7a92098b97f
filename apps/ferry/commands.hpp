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

/// What a shell script can tell apart; 0 is success.
namespace exit_code {
constexpr int other = 1;          ///< a failure without a number of its own
constexpr int usage = 2;          ///< wrong arguments, a bad URL, recipe or expression
constexpr int redirected = 3;     ///< the answer is an unfollowed redirect
constexpr int client_error = 4;   ///< status 4xx
constexpr int server_error = 5;   ///< status 5xx
constexpr int redirect_loop = 6;  ///< too many redirects, or one that must not be followed
constexpr int connect = 7;        ///< no connection, no address
constexpr int tls = 8;            ///< TLS failed
constexpr int transfer = 9;       ///< the transfer broke, or the peer broke the protocol
constexpr int timeout = 10;
constexpr int local_file = 11;  ///< a file of this machine cannot be read or written
constexpr int limit = 12;       ///< a limit was exceeded
constexpr int interrupted = 130;
}  // namespace exit_code

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
