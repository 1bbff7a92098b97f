#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/zmq/context.hpp"
#include "ferry/zmq/message.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A map that a server shares with any number of clients: the guide's clone, on the wire of ZeroMQ
/// RFC 12. Clients get a snapshot first, then every change in its order; what they change goes
/// through the server, which puts it in order for all.
namespace ferry::zmq::clone {

/// Keys that a server, or a client, holds at most; changes of more keys are dropped.
inline constexpr std::size_t max_keys = 1'000'000;

/// A key's value, as it is sent: five frames. An empty body takes the key away.
class change {
public:
    change() = default;
    change(std::string k, std::string b) : key{std::move(k)}, body{std::move(b)} {}

    std::string key;
    std::uint64_t sequence = 0;                     ///< the server's count; 0 from a client
    std::array<std::byte, 16> uuid{};               ///< the client's mark
    std::map<std::string, std::string> properties;  ///< `ttl`: seconds until the key goes
    std::string body;

    friend bool operator==(const change&, const change&) = default;
};

/// \throws error(errc::bad_message)  a property has a line's end, or an equals sign in its name.
multipart encode(const change& c);

/// \throws protocol_error with errc::bad_message  the frames from `first` on are none.
change decode(const multipart& frames, std::size_t first = 0);

/// How often a server says that it lives, and when a silent one counts as dead.
class options {
public:
    options() = default;
    options& heartbeat(std::chrono::milliseconds every) { return heartbeat_ = every, *this; }
    options& expiry(std::chrono::milliseconds after) { return expiry_ = after, *this; }
    /// For clients: only keys that begin so.
    options& subtree(std::string prefix) { return subtree_ = std::move(prefix), *this; }

    std::chrono::milliseconds heartbeat() const noexcept { return heartbeat_; }
    std::chrono::milliseconds expiry() const noexcept { return expiry_; }
    const std::string& subtree() const noexcept { return subtree_; }

private:
    std::chrono::milliseconds heartbeat_{1000};
    std::chrono::milliseconds expiry_{5000};
    std::string subtree_;
};

/// Where a server is: snapshots (ROUTER), changes for all (PUB), changes of clients (PULL).
class address {
public:
    address(std::string s, std::string u, std::string c)
        : snapshots{std::move(s)}, updates{std::move(u)}, changes{std::move(c)}
    {
    }
    /// `tcp://host:port`, and the two ports behind it, as in the guide. \throws invalid_endpoint
    explicit address(const std::string& first);

    std::string snapshots;
    std::string updates;
    std::string changes;
};

/// Holds the map.
class server {
public:
    /// Binds. \throws bind_error, invalid_endpoint
    explicit server(const address& at, options with = options(),
                    const context& of = context::instance());
    server(server&&) noexcept;
    ~server();

    /// The real endpoints.
    const address& at() const noexcept;

    /// Changes the map as a client would. \param ttl  zero: for ever.
    awaitable<void> set(std::string key, std::string body,
                        std::chrono::seconds ttl = std::chrono::seconds{0});
    std::optional<std::string> find(std::string_view key) const;
    std::size_t size() const noexcept;

    /// Serves until it is cancelled.
    awaitable<void> run();

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

/// Has a copy of the map, from the first of its servers that lives.
///
///     clone::client settings({clone::address("tcp://10.0.0.1:5556")});
///     auto running = spawn(settings.run());
///     co_await settings.synced();
///     auto limit = settings.find("/limits/rate");
class client {
public:
    /// \param servers  one at least; who takes over from whom.
    explicit client(std::vector<address> servers, options with = options(),
                    const context& of = context::instance());
    client(client&&) noexcept;
    ~client();

    /// Keeps the copy until it is cancelled; goes on to the next server when one is silent, and
    /// takes its whole map then.
    awaitable<void> run();

    /// Waits until the copy is whole.
    awaitable<void> synced();

    std::optional<std::string> find(std::string_view key) const;
    std::size_t size() const noexcept;

    /// Tells the server. The copy changes when the server has told all.
    awaitable<void> set(std::string key, std::string body,
                        std::chrono::seconds ttl = std::chrono::seconds{0});
    awaitable<void> erase(std::string key) { return set(std::move(key), {}); }

    /// Called for every change of the copy, after it; also for those of a snapshot. Must not throw.
    void on_change(std::function<void(const change&)> f);

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace ferry::zmq::clone
