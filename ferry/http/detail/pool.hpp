#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/waiter.hpp"
#include "ferry/core/url.hpp"
#include "ferry/http/session_options.hpp"
#include "ferry/net/stream.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ferry::http::detail {

/// One connection to a server, with what is worth keeping from request to request.
class client_connection {
public:
    explicit client_connection(net::stream s) : stream(std::move(s)) {}

    net::stream stream;
    std::string head;  ///< the request's, as it is sent
    std::chrono::steady_clock::time_point idle_since;
};

/// The connections of one session on one loop.
class connection_pool : public std::enable_shared_from_this<connection_pool> {
    class slot;

public:
    using clock = std::chrono::steady_clock;

    explicit connection_pool(const limits& limits) : limits_(limits) {}

    /// The right to use one connection, and the connection once there is one. Destroyed, it closes
    /// the connection and lets the next in line have its place.
    class lease {
    public:
        lease() noexcept = default;
        lease(lease&& other) noexcept;
        lease& operator=(lease&& other) noexcept;
        ~lease() { drop(); }

        explicit operator bool() const noexcept { return slot_ != nullptr; }
        client_connection* connection() const noexcept { return connection_.get(); }
        bool reused() const noexcept { return reused_; }

        void connected(net::stream s);
        /// Returns the connection for the next request.
        void keep();
        void drop() noexcept;

    private:
        friend class connection_pool;

        std::shared_ptr<connection_pool> pool_;
        slot* slot_ = nullptr;
        std::unique_ptr<client_connection> connection_;
        bool reused_ = false;
    };

    /// A lease if that is possible at once.
    /// \param check  ask the system whether a kept connection still lives, however fresh it is.
    lease try_acquire(const url& to, bool check);

    /// Waits in line for a lease. \throws timeout_error
    awaitable<lease> acquire(url to, bool check, std::chrono::nanoseconds limit);

    /// Drops what is idle, and from now on whatever comes back.
    void close() noexcept;

    std::size_t idle() const noexcept;

private:
    struct origin_view {
        std::string_view scheme;
        std::string_view host;
        std::uint16_t port;
        bool operator==(const origin_view&) const = default;
    };
    struct origin_hash;
    struct waiting;

    class slot {
    public:
        std::string scheme;
        std::string host;
        std::uint16_t port = 0;
        std::size_t active = 0;
        std::vector<std::unique_ptr<client_connection>> idle;  ///< the one used last is last
        waiter_list line;

        origin_view key() const noexcept { return {scheme, host, port}; }
        std::size_t count() const noexcept { return active + idle.size(); }
        bool unused() const noexcept { return count() == 0 && line.empty(); }
    };

    class sweeper final : public timer {
    public:
        explicit sweeper(connection_pool& owner) noexcept : owner_(owner) {}

    private:
        void expired() noexcept override { owner_.sweep(); }
        connection_pool& owner_;
    };

    slot& slot_of(const url& to);
    lease take(slot& from, bool check);
    bool make_room(const slot& for_whom) noexcept;
    void give_back(slot& to, std::unique_ptr<client_connection> connection) noexcept;
    void serve_line(slot& first) noexcept;
    bool serve_one(slot& s) noexcept;
    bool is_usable(client_connection& c, bool check) const noexcept;
    void sweep() noexcept;
    void forget_if_unused(slot& s) noexcept;

    struct origin_hash {
        std::size_t operator()(const origin_view& o) const noexcept
        {
            return std::hash<std::string_view>()(o.host) ^ (o.port * 0x9e3779b97f4a7c15U) ^
                   o.scheme.size();
        }
    };

    limits limits_;
    std::unordered_map<origin_view, std::unique_ptr<slot>, origin_hash> slots_;
    std::size_t total_ = 0;
    std::size_t in_line_ = 0;
    bool closed_ = false;
    sweeper sweeper_{*this};
};

}  // namespace ferry::http::detail
