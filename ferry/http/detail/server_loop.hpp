#pragma once

#include "ferry/async/loop.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/http/server_limits.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/net/stream.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <set>
#include <utility>

namespace ferry::http::detail {

class server_connection;
class server_core;

/// One connection's place among those that a server has.
class connection_place {
public:
    explicit connection_place(std::atomic<std::size_t>& taken) noexcept : taken_(&taken)
    {
        ++*taken_;
    }
    connection_place(connection_place&& other) noexcept
        : taken_(std::exchange(other.taken_, nullptr))
    {
    }
    connection_place& operator=(connection_place&&) = delete;
    ~connection_place() { release(); }

    void release() noexcept
    {
        if (taken_ != nullptr) --*std::exchange(taken_, nullptr);
    }

private:
    std::atomic<std::size_t>* taken_;
};

/// What one thread serves of a server. Belongs to that thread's loop.
class server_loop {
public:
    loop owner() const { return owner_; }

    static awaitable<void> serve(std::shared_ptr<server_loop> self,
                                 std::shared_ptr<server_core> core, net::listener on);
    static awaitable<void> serve_one(std::shared_ptr<server_loop> self,
                                     std::shared_ptr<server_core> core, net::stream on);
    static awaitable<void> stop(std::shared_ptr<server_loop> self, std::chrono::milliseconds grace);

    /// Ends everything at once.
    void cancel() noexcept;

private:
    static awaitable<void> handle(std::shared_ptr<server_loop> self,
                                  std::shared_ptr<server_core> core, net::stream peer,
                                  std::shared_ptr<const net::endpoint> at,
                                  connection_place counted);
    static awaitable<void> turn_away(std::shared_ptr<server_loop> self, net::stream peer);

    loop owner_ = loop::current();
    std::set<server_connection*> connections_;
    std::set<net::listener*> listeners_;
    std::set<task_group*> groups_;
    std::size_t serving_ = 0;
    std::size_t turned_away_ = 0;  ///< and still being told so
    event idle_;                   ///< nothing is being served
};

}  // namespace ferry::http::detail
