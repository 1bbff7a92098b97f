#include "ferry/zmq/ssh.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"
#include "ferry/net/net.hpp"
#include "ferry/zmq/detail/endpoint.hpp"
#include "ferry/zmq/detail/ssh_process.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace ferry::zmq::ssh {
namespace {

using namespace std::chrono_literals;

constexpr auto pause_between_looks = 20ms;

void refuse_option(const std::string& text)
{
    if (!text.empty() && text.front() != '-') return;
    throw invalid_endpoint(errc::invalid_endpoint, "ssh: '" + text + "' is no name");
}

/// `user@host:22` is PyZMQ's spelling, not ssh's.
std::string destination(const std::string& server)
{
    refuse_option(server);
    const auto colon = server.find(':');
    const bool has_port = colon != std::string::npos && colon + 1 < server.size() &&
                          server.find_first_not_of("0123456789", colon + 1) == std::string::npos;
    return has_port ? "ssh://" + server : server;
}

/// The words of a call without a forward and without the server. What one tunnel needs must not
/// depend on another's, so a shared connection is not used.
std::vector<std::string> call(const tunnel_options& with, bool by_password)
{
    std::vector<std::string> words{with.program(), "-o", "ExitOnForwardFailure=yes", "-o",
                                   "ControlPath=none"};
    if (by_password) {
        // Once: a server may lock out who is wrong twice. And to no server that is not known.
        words.insert(words.end(), {"-o", "BatchMode=no", "-o", "NumberOfPasswordPrompts=1", "-o",
                                   "StrictHostKeyChecking=yes"});
    } else {
        words.insert(words.end(), {"-o", "BatchMode=yes"});
    }
    if (!with.keyfile().empty()) words.insert(words.end(), {"-i", with.keyfile()});
    return words;
}

[[noreturn]] void throw_ended(const std::string& server, const std::string& last_words)
{
    const auto has = [&](const char* text) { return last_words.find(text) != std::string::npos; };
    const bool is_refused = has("Permission denied") || has("Host key verification failed");
    throw error(is_refused ? errc::refused : errc::no_tunnel,
                "ssh " + server + ": " +
                    (last_words.empty() ? std::string("it ended without a tunnel") : last_words));
}

std::uint16_t free_port()
{
    return net::listener(net::tcp("127.0.0.1", 0)).port();
}

}  // namespace

class tunnel::impl {
public:
    impl(std::vector<std::string> words, std::vector<std::string> variables, std::uint16_t port)
        : endpoint{"tcp://127.0.0.1:" + std::to_string(port)},
          program{std::move(words), std::move(variables)}
    {
    }
    std::string endpoint;
    detail::process program;
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
    return impl_->program.running();
}

class opening {
public:
    static awaitable<tunnel> open(std::string endpoint, std::string server, tunnel_options with)
    {
        const zmq::detail::tcp_endpoint far = zmq::detail::parse_tcp(endpoint);
        const std::string to = destination(server);
        const std::uint16_t port = free_port();
        auto words = call(with, !with.password().empty());
        const std::string host =
            far.host.find(':') == std::string::npos ? far.host : '[' + far.host + ']';
        words.insert(words.end(), {"-N", "-L",
                                   "127.0.0.1:" + std::to_string(port) + ':' + host + ':' +
                                       std::to_string(far.port)});
        words.insert(words.end(), {"--", to});
        std::optional<detail::askpass> answers;  // until it is open, and no longer
        std::vector<std::string> variables;
        if (!with.password().empty()) {
            answers.emplace(with.password());
            variables = answers->environment();
        }
        tunnel made(std::make_unique<tunnel::impl>(std::move(words), std::move(variables), port));
        auto waiting = until_open(made.impl_.get(), port, to);
        auto limited = ferry::timeout(with.timeout(), std::move(waiting), "ssh " + to);
        co_await std::move(limited);
        co_return made;
    }

private:
    static awaitable<void> until_open(tunnel::impl* t, std::uint16_t port, std::string server)
    {
        for (;;) {
            if (!t->program.running()) throw_ended(server, t->program.last_words());
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
    auto words = call(with, false);
    words.insert(words.end(), {"--", destination(server), "true"});
    detail::process login(std::move(words), {});
    const auto end = after(with.timeout());
    while (login.running() && timer::clock::now() < end) co_await sleep(pause_between_looks);
    co_return login.succeeded();
}

}  // namespace ferry::zmq::ssh
