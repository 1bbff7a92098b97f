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

using namespace std::chrono_literals;
using detail::descriptor;

[[noreturn]] void fail(int number, const std::string& to)
{
    const std::error_code code(number, std::system_category());
    throw connection_error(code, "connect " + to + ": " + code.message(), to);
}

void bind_to(int fd, const address& local)
{
    sockaddr_storage name{};
    const auto length = static_cast<socklen_t>(local.to_sockaddr(&name));
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&name), length) != 0) {
        throw system_failure(errno, "connect from " + local.host());
    }
}

awaitable<descriptor> attempt(int family, sockaddr_storage name, std::size_t length,
                              std::string text, std::optional<address> local)
{
    descriptor io(detail::open_socket(family, SOCK_STREAM));
    if (local) bind_to(io.fd(), *local);
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

awaitable<descriptor> attempt(address to, std::optional<address> local)
{
    sockaddr_storage name{};
    const std::size_t length = to.to_sockaddr(&name);
    auto operation = attempt(to.is_v6() ? AF_INET6 : AF_INET, name, length, to.text(), local);
    co_return co_await std::move(operation);
}

std::optional<address> local_address(const connect_options& with)
{
    if (with.local_address().empty()) return std::nullopt;
    const auto local = address::parse(with.local_address());
    if (!local) {
        throw error(errc::malformed, "connect from " + with.local_address() + ": not an address");
    }
    return local;
}

/// Leaves out what the options do not want.
void restrict(std::vector<address>& to, const std::string& host, const connect_options& with,
              const std::optional<address>& local)
{
    std::erase_if(to, [&](const address& a) {
        return (with.version() == ip_version::v4 && a.is_v6()) ||
               (with.version() == ip_version::v6 && !a.is_v6()) ||
               (local && local->is_v6() != a.is_v6()) || (with.allow() && !with.allow()(a));
    });
    if (to.empty()) {
        throw error(errc::denied, "connect " + host + ": none of its addresses is allowed");
    }
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
    std::optional<address> local;
    std::optional<descriptor> winner;
    address winner_address;
    std::exception_ptr first_failure;
    std::size_t running = 0;
    event changed;
};

awaitable<void> run_in_race(address to, race* r)
{
    auto operation = attempt(to, r->local);
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

awaitable<stream> connect_tcp(std::string host, std::uint16_t port, connect_options with)
{
    race r;
    r.local = local_address(with);
    std::vector<address> addresses = co_await resolve(host, port);
    restrict(addresses, host, with, r.local);
    addresses = interleave(addresses);
    scope attempts;
    std::exception_ptr interrupted;
    try {
        for (std::size_t next = 0; !r.winner && (next < addresses.size() || r.running > 0);) {
            if (next < addresses.size()) {
                ++r.running;
                attempts.start(run_in_race(addresses[next++], &r));
            }
            alarm head_start(r.changed);
            if (next < addresses.size()) head_start.start_after(with.attempt_delay());
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
    if (with.keepalive() > 0s) detail::set_keepalive(r.winner->fd(), with.keepalive());
    co_return stream(
        std::make_unique<detail::socket_transport>(std::move(*r.winner), r.winner_address.text()));
}

awaitable<stream> connect_unix(endpoint to)
{
    sockaddr_storage name{};
    const std::size_t length = detail::unix_sockaddr(to.path(), &name);
    auto operation = attempt(AF_UNIX, name, length, to.text(), std::nullopt);
    descriptor io = co_await std::move(operation);
    co_return stream(std::make_unique<detail::socket_transport>(std::move(io), to.text()));
}

awaitable<stream> connect_now(endpoint to, connect_options with)
{
    stream s;
    if (to.type() == endpoint::kind::unix_socket) {
        s = co_await connect_unix(to);
    } else {
        s = co_await connect_tcp(to.host(), to.port(), with);
    }
    if (to.tls() == nullptr) co_return s;
    auto secured = start_tls(std::move(s), *to.tls(), to.server_name());
    co_return co_await std::move(secured);
}

}  // namespace

awaitable<stream> connect(endpoint to, connect_options with)
{
    std::string what = "connect " + to.text();
    const auto limit = with.timeout();
    auto operation = connect_now(std::move(to), std::move(with));
    auto limited = timeout(limit, std::move(operation), std::move(what));
    co_return co_await std::move(limited);
}

}  // namespace ferry::net
