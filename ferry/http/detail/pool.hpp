#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/waiter.hpp"
#include "ferry/core/url.hpp"
#include "ferry/http/detail/http2_connection.hpp"
#include "ferry/http/session_options.hpp"
#include "ferry/net/stream.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ferry::http::detail {

class forward_proxy;

/// One connection to a server that speaks HTTP/1.1, with what is worth keeping from request to
/// request.
class client_connection {
public:
    explicit client_connection(net::stream s);

    net::stream stream;
    std::string head;                            ///< the request's, as it is sent
    std::shared_ptr<const net::tls_info> tls;    ///< null in the clear
    std::shared_ptr<const forward_proxy> proxy;  ///< that reads the requests; null: the origin does
    std::chrono::steady_clock::time_point made = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point idle_since;
};

/// What connections are told apart by. Views; the pool makes its own copy.
class route {
public:
    std::string_view scheme;
    std::string_view host;
    std::uint16_t port = 0;
    std::string_view via;       ///< the proxy, with its user; empty without
    bool may_be_http2 = false;  ///< one connection may carry all requests
    bool operator==(const route& other) const noexcept
    {
        return port == other.port && host == other.host && scheme == other.scheme &&
               via == other.via;
    }
};

/// The connections of one session on one loop.
///
/// A host of which it is not known yet whether it speaks HTTP/2 is connected to once, while others
/// wait: they may all be carried by that connection.
class connection_pool : public std::enable_shared_from_this<connection_pool> {
    class slot;

public:
    using clock = std::chrono::steady_clock;

    explicit connection_pool(const limits& limits) : limits_(limits) {}
    ~connection_pool() { close(); }

    /// The right to use a connection, or a part of one of HTTP/2, and the connection once there is
    /// one. Destroyed, it closes the connection and lets the next in line have its place.
    class lease {
    public:
        lease() noexcept = default;
        lease(lease&& other) noexcept;
        lease& operator=(lease&& other) noexcept;
        ~lease() { drop(); }

        explicit operator bool() const noexcept { return slot_ != nullptr; }
        bool has_connection() const noexcept { return connection_ || shared_; }
        /// Null, if there is none, or it speaks HTTP/2.
        client_connection* connection() const noexcept { return connection_.get(); }
        /// Null, if there is none, or it does not.
        const std::shared_ptr<http2_connection>& http2() const noexcept { return shared_; }
        bool reused() const noexcept { return reused_; }

        /// Whether HTTP/2 is worth an offer.
        bool may_be_http2() const noexcept;
        /// The server wants HTTP/1.1 from now on.
        void require_http1();

        /// \param http2  the connection speaks it: others may share it.
        void connected(net::stream s, bool http2, std::chrono::milliseconds write_limit);
        /// Returns the connection for the next request.
        void keep();
        void drop() noexcept;

    private:
        friend class connection_pool;

        std::shared_ptr<connection_pool> pool_;
        slot* slot_ = nullptr;
        std::unique_ptr<client_connection> connection_;
        std::shared_ptr<http2_connection> shared_;
        bool reused_ = false;
    };

    /// A lease if that is possible at once.
    /// \param check  ask the system whether a kept connection still lives, however fresh it is.
    lease try_acquire(const route& to, bool check);

    /// Waits in line for a lease. `to` must stay valid. \throws timeout_error
    awaitable<lease> acquire(route to, bool check, std::chrono::nanoseconds limit);

    /// Drops what is idle, and from now on whatever comes back.
    void close() noexcept;

    std::size_t idle() const noexcept;

private:
    struct waiting;

    class slot final : public http2_connection::owner {
    public:
        explicit slot(connection_pool& of) noexcept : pool(of) {}
        void http2_changed() noexcept override { pool.serve_shared(*this); }

        route key() const noexcept { return {scheme, host, port, via, may_be_http2}; }
        std::size_t count() const noexcept { return active + idle.size() + (shared ? 1U : 0U); }
        bool unused() const noexcept { return count() == 0 && streams == 0 && line.empty(); }

        connection_pool& pool;
        std::string scheme;
        std::string host;
        std::string via;
        std::uint16_t port = 0;
        bool may_be_http2 = false;
        bool knows_protocol = false;  ///< a connection was made before
        std::size_t active = 0;       ///< leases that have a connection to themselves, or make one
        std::size_t streams = 0;      ///< leases of shared connections
        std::vector<std::unique_ptr<client_connection>> idle;  ///< the one used last is last
        std::shared_ptr<http2_connection> shared;              ///< null: none that may be used
        clock::time_point shared_since;                        ///< its last lease came or went
        waiter_list line;
    };

    class sweeper final : public timer {
    public:
        explicit sweeper(connection_pool& owner) noexcept : owner_(owner) {}

    private:
        void expired() noexcept override { owner_.sweep(); }
        connection_pool& owner_;
    };

    slot& slot_of(const route& to);
    lease take(slot& from, bool check);
    bool take_shared(slot& from, bool check, lease& into);
    void share(slot& by, std::shared_ptr<http2_connection> connection);
    void retire_shared(slot& s) noexcept;
    bool make_room(const slot& for_whom) noexcept;
    void give_back(slot& to, std::unique_ptr<client_connection> connection) noexcept;
    void give_back_stream(slot& to) noexcept;
    void serve_line(slot& first) noexcept;
    void serve_shared(slot& s) noexcept;
    bool serve_one(slot& s) noexcept;
    bool is_usable(client_connection& c, bool check) const noexcept;
    bool is_too_old(clock::time_point made) const noexcept;
    void sweep() noexcept;
    void forget_if_unused(slot& s) noexcept;

    struct route_hash {
        std::size_t operator()(const route& r) const noexcept
        {
            return std::hash<std::string_view>()(r.host) ^ (r.port * 0x9e3779b97f4a7c15U) ^
                   r.scheme.size() ^ (r.via.size() << 8U);
        }
    };

    limits limits_;
    std::unordered_map<route, std::unique_ptr<slot>, route_hash> slots_;
    std::set<std::string> http1_only_;  ///< hosts that have asked for it
    std::size_t total_ = 0;
    std::size_t in_line_ = 0;
    bool closed_ = false;
    sweeper sweeper_{*this};
};

}  // namespace ferry::http::detail
