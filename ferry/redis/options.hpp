#pragma once

#include "ferry/core/error.hpp"
#include "ferry/net/endpoint.hpp"
#include "ferry/net/tls.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::redis {

/// Where a server is, who one is there, and how long to wait. As the arguments of redis.Redis.
///
///     redis::client r(redis::options::from_url("rediss://app:secret@cache.local/2").timeout(1s));
class options {
public:
    /// 127.0.0.1:6379, database 0.
    options() = default;

    /// Reads a URL, percent-decoded:
    ///
    ///     redis://[user:password@]host[:6379][/db]        rediss://... over TLS
    ///     unix://[user:password@]/path?db=0               also kombu's redis+socket:///path
    ///     redis+sentinel://host1:26379,host2/service/db   also kombu's sentinel://a;sentinel://b
    ///
    /// with the parameters `db`, `virtual_host`, `protocol` (2 or 3), `client_name`,
    /// `socket_timeout` and `socket_connect_timeout` (seconds), `max_connections`,
    /// `health_check_interval`, `ssl_cert_reqs` (none, optional, required), `ssl_ca_certs`,
    /// `ssl_certfile`, `ssl_keyfile`, `ssl_check_hostname`, `master_name`, `sentinel_username`,
    /// `sentinel_password`. As Redis.from_url.
    /// \throws parse_error  the URL is malformed, or has a parameter that is not in the list.
    static options from_url(std::string_view url);

    options& host(std::string name, std::uint16_t port = 6379)
    {
        at_ = net::tcp(std::move(name), port);
        return *this;
    }
    options& unix_socket(std::string path)
    {
        at_ = net::unix_socket(std::move(path));
        return *this;
    }
    /// Speaks TLS; the name in the certificate must be the host's.
    options& tls(net::tls_context context)
    {
        tls_ = std::move(context);
        return *this;
    }
    /// \param user  empty for the default user, as before Redis 6.
    options& login(std::string user, std::string password)
    {
        user_ = std::move(user);
        password_ = std::move(password);
        return *this;
    }
    options& db(int number) { return db_ = number, *this; }
    options& client_name(std::string name) { return client_name_ = std::move(name), *this; }
    /// 2 does not ask the server for version 3, which is the default where the server has it.
    options& protocol(int version) { return protocol_ = version, *this; }

    /// For a command's answer (5 s). Blocking commands have their own time, and 2 s.
    options& timeout(std::chrono::milliseconds d) { return timeout_ = d, *this; }
    /// For connecting and logging in (5 s).
    options& connect_timeout(std::chrono::milliseconds d) { return connect_timeout_ = d, *this; }
    /// An idle connection is tried with PING before it is used again after so long (30 s), and that
    /// of a subscriber each time that nothing came for so long; 0: never.
    options& health_check_interval(std::chrono::milliseconds d)
    {
        return health_check_interval_ = d, *this;
    }
    /// Connections beside the shared one (64): of blocking commands, transactions, subscribers.
    options& max_connections(std::size_t n) { return max_connections_ = n, *this; }

    /// Asks these for the address of the master named `service`, and listens to all of them, over
    /// a connection each, for a fail-over: the old master is left as soon as one of them tells.
    options& sentinels(std::vector<net::endpoint> all, std::string service)
    {
        sentinels_ = std::move(all);
        service_ = std::move(service);
        return *this;
    }
    options& sentinel_login(std::string user, std::string password)
    {
        sentinel_user_ = std::move(user);
        sentinel_password_ = std::move(password);
        return *this;
    }

    const net::endpoint& at() const noexcept { return at_; }
    const std::optional<net::tls_context>& tls() const noexcept { return tls_; }
    const std::string& user() const noexcept { return user_; }
    const std::string& password() const noexcept { return password_; }
    int db() const noexcept { return db_; }
    const std::string& client_name() const noexcept { return client_name_; }
    int protocol() const noexcept { return protocol_; }
    std::chrono::milliseconds timeout() const noexcept { return timeout_; }
    std::chrono::milliseconds connect_timeout() const noexcept { return connect_timeout_; }
    std::chrono::milliseconds health_check_interval() const noexcept
    {
        return health_check_interval_;
    }
    std::size_t max_connections() const noexcept { return max_connections_; }
    const std::vector<net::endpoint>& sentinels() const noexcept { return sentinels_; }
    const std::string& service() const noexcept { return service_; }
    const std::string& sentinel_user() const noexcept { return sentinel_user_; }
    const std::string& sentinel_password() const noexcept { return sentinel_password_; }

private:
    net::endpoint at_ = net::tcp("127.0.0.1", 6379);
    std::optional<net::tls_context> tls_;
    std::string user_;
    std::string password_;
    int db_ = 0;
    std::string client_name_;
    int protocol_ = 3;
    std::chrono::milliseconds timeout_{5'000};
    std::chrono::milliseconds connect_timeout_{5'000};
    std::chrono::milliseconds health_check_interval_{30'000};
    std::size_t max_connections_ = 64;
    std::vector<net::endpoint> sentinels_;
    std::string service_;
    std::string sentinel_user_;
    std::string sentinel_password_;
};
static_assert(awaitable_argument<options>);

}  // namespace ferry::redis
