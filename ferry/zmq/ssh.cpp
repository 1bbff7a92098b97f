#include "ferry/zmq/ssh.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"
#include "ferry/net/net.hpp"
#include "ferry/zmq/detail/endpoint.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

namespace ferry::zmq::ssh {
namespace {

using namespace std::chrono_literals;

constexpr auto pause_between_looks = 20ms;

/// A running ssh, killed at the end.
class child {
public:
    explicit child(std::vector<std::string> words)
    {
        std::vector<char*> arguments;
        for (std::string& w : words) arguments.push_back(w.data());
        arguments.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
        const int failed =
            ::posix_spawnp(&pid_, words[0].c_str(), &actions, nullptr, arguments.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        if (failed != 0) throw system_failure(failed, "run " + words[0]);
    }
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child()
    {
        if (!running()) return;
        ::kill(pid_, SIGKILL);
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
    }

    bool running() noexcept
    {
        if (!ended_ && ::waitpid(pid_, &status_, WNOHANG) != 0) ended_ = true;
        return !ended_;
    }

    /// Whether it ended with status 0.
    bool succeeded() const noexcept { return ended_ && status_ == 0; }

private:
    pid_t pid_ = -1;
    bool ended_ = false;
    int status_ = -1;
};

void refuse_option(const std::string& text)
{
    if (!text.empty() && text.front() != '-') return;
    throw invalid_endpoint(errc::invalid_endpoint, "ssh: '" + text + "' is no name");
}

/// The words of a call without a forward and without the server: nothing is asked for.
std::vector<std::string> call(const tunnel_options& with)
{
    std::vector<std::string> words{with.program(), "-o", "BatchMode=yes", "-o",
                                   "ExitOnForwardFailure=yes"};
    if (!with.keyfile().empty()) words.insert(words.end(), {"-i", with.keyfile()});
    return words;
}

std::uint16_t free_port()
{
    return net::listener(net::tcp("127.0.0.1", 0)).port();
}

}  // namespace

class tunnel::impl {
public:
    impl(std::vector<std::string> words, std::uint16_t port)
        : endpoint{"tcp://127.0.0.1:" + std::to_string(port)}, running{std::move(words)}
    {
    }
    std::string endpoint;
    child running;
};

tunnel::tunnel(std::unique_ptr<impl> i) noexcept : impl_{std::move(i)} {}
tunnel::tunnel(tunnel&&) noexcept = default;
tunnel& tunnel::operator=(tunnel&&) noexcept = default;
tunnel::~tunnel() = default;

const std::string& tunnel::endpoint() const noexcept
{
    return impl_->endpoint;
}

bool tunnel::open() const noexcept
{
    return impl_->running.running();
}

class opening {
public:
    static awaitable<tunnel> open(std::string endpoint, std::string server, tunnel_options with)
    {
        const detail::tcp_endpoint far = detail::parse_tcp(endpoint);
        refuse_option(server);
        const std::uint16_t port = free_port();
        auto words = call(with);
        const std::string host =
            far.host.find(':') == std::string::npos ? far.host : '[' + far.host + ']';
        words.insert(words.end(), {"-N", "-L",
                                   "127.0.0.1:" + std::to_string(port) + ':' + host + ':' +
                                       std::to_string(far.port)});
        words.insert(words.end(), {"--", server});
        tunnel made(std::make_unique<tunnel::impl>(std::move(words), port));
        auto waiting = until_open(made.impl_.get(), port, server);
        auto limited = ferry::timeout(with.timeout(), std::move(waiting), "ssh " + server);
        co_await std::move(limited);
        co_return made;
    }

private:
    static awaitable<void> until_open(tunnel::impl* t, std::uint16_t port, std::string server)
    {
        for (;;) {
            if (!t->running.running()) {
                throw error(errc::no_tunnel, "ssh " + server + ": it ended without a tunnel");
            }
            try {
                const auto there = net::tcp("127.0.0.1", port);
                auto connecting = net::connect(there);
                const auto works = co_await std::move(connecting);
                co_return;
            } catch (const connection_error&) {
                // Not yet.
            }
            co_await sleep(pause_between_looks);
        }
    }
};

namespace {

awaitable<tunnel> open_and_connect(socket* s, awaitable<tunnel> opened)
{
    tunnel t = co_await std::move(opened);
    s->connect(t.endpoint());
    co_return t;
}

}  // namespace

awaitable<tunnel> open_tunnel(std::string endpoint, std::string server, tunnel_options with)
{
    return opening::open(std::move(endpoint), std::move(server), std::move(with));
}

awaitable<tunnel> tunnel_connection(socket& s, std::string endpoint, std::string server,
                                    tunnel_options with)
{
    return open_and_connect(&s,
                            opening::open(std::move(endpoint), std::move(server), std::move(with)));
}

awaitable<bool> try_passwordless_ssh(std::string server, tunnel_options with)
{
    refuse_option(server);
    auto words = call(with);
    words.insert(words.end(), {"--", server, "true"});
    child login(std::move(words));
    const auto end = after(with.timeout());
    while (login.running() && timer::clock::now() < end) co_await sleep(pause_between_looks);
    co_return login.succeeded();
}

}  // namespace ferry::zmq::ssh
