#include "ferry/net/connect.hpp"

#include "ferry/async/scope.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/net/detail/descriptor.hpp"
#include "ferry/net/detail/socket_transport.hpp"
#include "ferry/net/tls.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace ferry::net {
namespace {

using detail::descriptor;
using std::chrono::milliseconds;

[[noreturn]] void fail(int number, const std::string& to)
{
    const std::error_code code(number, std::system_category());
    throw connection_error(code, "connect " + to + ": " + code.message(), to);
}

awaitable<descriptor> attempt(int family, sockaddr_storage name, std::size_t length,
                              std::string text)
{
    descriptor io(detail::open_socket(family, SOCK_STREAM));
    int failed = ::connect(io.fd(), reinterpret_cast<const sockaddr*>(&name),
                           static_cast<socklen_t>(length)) == 0
                     ? 0
                     : errno;
    if (failed == EINPROGRESS || failed == EINTR) {
        co_await io.ready(direction::writing);
        socklen_t size = sizeof failed;
        ::getsockopt(io.fd(), SOL_SOCKET, SO_ERROR, &failed, &size);
    }
    if (failed != 0) fail(failed, text);
    if (family != AF_UNIX) detail::set_no_delay(io.fd());
    co_return io;
}

awaitable<descriptor> attempt(address to)
{
    sockaddr_storage name{};
    const std::size_t length = to.to_sockaddr(&name);
    auto operation = attempt(to.is_v6() ? AF_INET6 : AF_INET, name, length, to.text());
    co_return co_await std::move(operation);
}

/// Alternates the families, starting with the first address's (RFC 8305 section 4).
std::vector<address> interleave(const std::vector<address>& addresses)
{
    std::vector<address> families[2];
    for (const address& a : addresses) {
        families[a.is_v6() == addresses.front().is_v6() ? 0 : 1].push_back(a);
    }
    std::vector<address> result;
    for (std::size_t i = 0; result.size() < addresses.size(); ++i) {
        for (const auto& family : families) {
            if (i < family.size()) result.push_back(family[i]);
        }
    }
    return result;
}

/// The race between the addresses of a host.
struct race {
    std::optional<descriptor> winner;
    address winner_address;
    std::exception_ptr first_failure;
    std::size_t running = 0;
    event changed;
};

awaitable<void> run_in_race(address to, race* r)
{
    auto operation = attempt(to);
    try {
        descriptor io = co_await std::move(operation);
        if (!r->winner) {
            r->winner = std::move(io);
            r->winner_address = to;
        }
    } catch (const error&) {
        if (!r->first_failure) r->first_failure = std::current_exception();
    }
    --r->running;
    r->changed.set();
}

class alarm final : public timer {
public:
    explicit alarm(event& rings) noexcept : rings_{rings} {}

private:
    void expired() noexcept override { rings_.set(); }
    event& rings_;
};

awaitable<stream> connect_tcp(std::string host, std::uint16_t port, milliseconds delay)
{
    std::vector<address> addresses = interleave(co_await resolve(host, port));
    race r;
    scope attempts;
    std::exception_ptr interrupted;
    try {
        for (std::size_t next = 0; !r.winner && (next < addresses.size() || r.running > 0);) {
            if (next < addresses.size()) {
                ++r.running;
                attempts.start(run_in_race(addresses[next++], &r));
            }
            alarm head_start(r.changed);
            if (next < addresses.size()) head_start.start_after(delay);
            // A failure lets the next one start at once.
            if (!r.winner && r.running > 0) co_await r.changed.wait();
            r.changed.clear();
        }
    } catch (const cancelled&) {
        interrupted = std::current_exception();
    }
    attempts.cancel();
    try {
        co_await attempts.join();
    } catch (const cancelled&) {  // the losers
    }
    if (interrupted) std::rethrow_exception(interrupted);
    if (!r.winner) std::rethrow_exception(r.first_failure);
    co_return stream(
        std::make_unique<detail::socket_transport>(std::move(*r.winner), r.winner_address.text()));
}

awaitable<stream> connect_unix(endpoint to)
{
    sockaddr_storage name{};
    const std::size_t length = detail::unix_sockaddr(to.path(), &name);
    auto operation = attempt(AF_UNIX, name, length, to.text());
    descriptor io = co_await std::move(operation);
    co_return stream(std::make_unique<detail::socket_transport>(std::move(io), to.text()));
}

awaitable<stream> connect_now(endpoint to, milliseconds delay)
{
    stream s;
    if (to.type() == endpoint::kind::unix_socket) {
        s = co_await connect_unix(to);
    } else {
        s = co_await connect_tcp(to.host(), to.port(), delay);
    }
    if (to.tls() == nullptr) co_return s;
    auto secured = start_tls(std::move(s), *to.tls(), to.server_name());
    co_return co_await std::move(secured);
}

}  // namespace

awaitable<stream> connect(endpoint to, connect_options with)
{
    std::string what = "connect " + to.text();
    auto operation = connect_now(std::move(to), with.attempt_delay());
    auto limited = timeout(with.timeout(), std::move(operation), std::move(what));
    co_return co_await std::move(limited);
}

}  // namespace ferry::net
