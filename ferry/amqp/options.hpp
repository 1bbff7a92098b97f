#pragma once

#include "ferry/core/error.hpp"
#include "ferry/core/value.hpp"
#include "ferry/net/endpoint.hpp"
#include "ferry/net/tls.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::amqp {

/// Where the broker is, who one is there, and how the connection behaves. As pika's
/// ConnectionParameters and URLParameters.
class options {
public:
    /// guest:guest at 127.0.0.1:5672, virtual host `/`.
    options() = default;

    /// Reads `amqp[s]://[user[:password]@]host[:port][,host...][/vhost][?parameters]`. The virtual
    /// host is percent-decoded; absent, `/` and `//` mean `/`. Parameters: pika's heartbeat,
    /// connection_attempts, retry_delay, socket_timeout, stack_timeout, blocked_connection_timeout,
    /// channel_max, frame_max, locale and, as Python dictionaries, client_properties, tcp_options
    /// (TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT) and ssl_options (certfile,
    /// keyfile, ca_certs, cafile, cert_reqs, server_hostname); RabbitMQ's cacertfile, certfile,
    /// keyfile, password (of the key), verify=verify_peer|verify_none, server_name_indication,
    /// auth_mechanism, connection_timeout; and confirm_timeout, connection_name.
    /// \throws parse_error  it is malformed, or has an unknown parameter, which is named.
    static options from_url(std::string_view url);

    /// Tried in turn.
    options& hosts(std::vector<net::endpoint> all) { return hosts_ = std::move(all), *this; }
    options& login(std::string user, std::string password)
    {
        user_ = std::move(user);
        password_ = std::move(password);
        return *this;
    }
    /// By the client certificate alone: the mechanism EXTERNAL.
    options& external() { return mechanisms({"EXTERNAL"}); }
    /// How to log in: the first of these that the broker offers. PLAIN (the default), AMQPLAIN,
    /// EXTERNAL; any other sends the user's name first, then the answers of challenge().
    options& mechanisms(std::vector<std::string> names)
    {
        mechanisms_ = std::move(names);
        return *this;
    }
    /// Answers what the broker asks during the login; without it the password is the answer.
    options& challenge(std::function<std::string(std::string_view)> f)
    {
        challenge_ = std::move(f);
        return *this;
    }
    options& vhost(std::string name) { return vhost_ = std::move(name), *this; }
    options& tls(net::tls_context context, std::string server_name = {})
    {
        tls_ = std::move(context);
        server_name_ = std::move(server_name);
        return *this;
    }
    /// Both sides send something at least so often, and take the other for dead after twice that;
    /// zero: never. The smaller of this (30 s) and the broker's counts.
    options& heartbeat(std::chrono::seconds d) { return heartbeat_ = d, *this; }
    /// At most so many bytes a frame (131072), the smaller of this and the broker's.
    options& frame_max(std::uint32_t bytes) { return frame_max_ = bytes, *this; }
    options& channel_max(std::uint16_t n) { return channel_max_ = n, *this; }
    /// For the connection and the login to one host (10 s).
    options& timeout(std::chrono::milliseconds d) { return timeout_ = d, *this; }
    /// For the answer to a method (30 s); not counted while the broker blocks.
    options& call_timeout(std::chrono::milliseconds d) { return call_timeout_ = d, *this; }
    /// How long a broker's alarm may hold back a publish; zero, the default: for ever.
    options& blocked_timeout(std::chrono::milliseconds d) { return blocked_timeout_ = d, *this; }
    /// How long (30 s) the broker may leave what was published with confirms without an answer
    /// before the connection counts as lost and is made again, to another host if there are
    /// several. Not counted while something is being sent or the broker blocks; zero: for ever.
    /// A publisher whose messages have all been refused for so long goes on over another channel: a
    /// channel of RabbitMQ's that was opened while a quorum queue had no leader refuses for ever.
    options& confirm_timeout(std::chrono::milliseconds d) { return confirm_timeout_ = d, *this; }
    /// Rounds over all hosts, when connecting for the first time, and the pause between them.
    options& attempts(int rounds, std::chrono::milliseconds pause)
    {
        attempts_ = rounds;
        retry_delay_ = pause;
        return *this;
    }
    /// A lost connection is not made again.
    options& no_recovery() { return recovery_ = false, *this; }
    /// Sends all of the login at once, without waiting for what the broker says first, and saves
    /// two round trips: for a broker whose limits are known not to be smaller than these, and
    /// the first of mechanisms().
    options& fast_login(bool yes = true) { return fast_login_ = yes, *this; }
    /// Beside what ferry says about itself to the broker. All that the login says of the program
    /// has 4096 bytes at most.
    options& client_properties(value table)
    {
        client_properties_ = std::move(table);
        return *this;
    }
    /// Options of the TCP socket: a number of `IPPROTO_TCP` and its value each. Those of keepalive
    /// switch it on.
    options& tcp_options(std::vector<std::pair<int, int>> all)
    {
        tcp_options_ = std::move(all);
        return *this;
    }
    /// Shown by the broker's management page.
    options& connection_name(std::string name) { return connection_name_ = std::move(name), *this; }

    const std::vector<net::endpoint>& hosts() const noexcept { return hosts_; }
    const std::string& user() const noexcept { return user_; }
    const std::string& password() const noexcept { return password_; }
    const std::vector<std::string>& mechanisms() const noexcept { return mechanisms_; }
    const std::function<std::string(std::string_view)>& challenge() const noexcept
    {
        return challenge_;
    }
    const std::string& vhost() const noexcept { return vhost_; }
    const std::optional<net::tls_context>& tls() const noexcept { return tls_; }
    const std::string& server_name() const noexcept { return server_name_; }
    std::chrono::seconds heartbeat() const noexcept { return heartbeat_; }
    std::uint32_t frame_max() const noexcept { return frame_max_; }
    std::uint16_t channel_max() const noexcept { return channel_max_; }
    std::chrono::milliseconds timeout() const noexcept { return timeout_; }
    std::chrono::milliseconds call_timeout() const noexcept { return call_timeout_; }
    std::chrono::milliseconds blocked_timeout() const noexcept { return blocked_timeout_; }
    std::chrono::milliseconds confirm_timeout() const noexcept { return confirm_timeout_; }
    int attempts() const noexcept { return attempts_; }
    std::chrono::milliseconds retry_delay() const noexcept { return retry_delay_; }
    bool recovers() const noexcept { return recovery_; }
    bool logs_in_fast() const noexcept { return fast_login_; }
    const value& client_properties() const noexcept { return client_properties_; }
    const std::vector<std::pair<int, int>>& tcp_options() const noexcept { return tcp_options_; }
    const std::string& connection_name() const noexcept { return connection_name_; }

private:
    std::vector<net::endpoint> hosts_{net::tcp("127.0.0.1", 5672)};
    std::string user_ = "guest";
    std::string password_ = "guest";
    std::vector<std::string> mechanisms_{"PLAIN"};
    std::function<std::string(std::string_view)> challenge_;
    std::string vhost_ = "/";
    std::optional<net::tls_context> tls_;
    std::string server_name_;
    std::chrono::seconds heartbeat_{30};
    std::uint32_t frame_max_ = 131072;
    std::uint16_t channel_max_ = 2047;
    std::chrono::milliseconds timeout_{10'000};
    std::chrono::milliseconds call_timeout_{30'000};
    std::chrono::milliseconds blocked_timeout_{0};
    std::chrono::milliseconds confirm_timeout_{30'000};
    int attempts_ = 1;
    std::chrono::milliseconds retry_delay_{2'000};
    bool recovery_ = true;
    bool fast_login_ = false;
    value client_properties_ = value::object();
    std::vector<std::pair<int, int>> tcp_options_;
    std::string connection_name_;
};
static_assert(awaitable_argument<options>);

}  // namespace ferry::amqp
