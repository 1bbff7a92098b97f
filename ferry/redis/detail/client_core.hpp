#pragma once

#include "ferry/async/sync.hpp"
#include "ferry/redis/detail/connection.hpp"
#include "ferry/redis/detail/sentinel.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace ferry::redis::detail {

/// What all handles of a client share: the one connection of the ordinary commands, and those
/// that blocking commands, transactions and subscribers have for themselves.
class client_core : public std::enable_shared_from_this<client_core> {
public:
    using duration = connection::duration;

    explicit client_core(options with)
        : options_{std::move(with)}, places_{options_.max_connections()}
    {
    }
    /// One that only has this connection, and leaves it open.
    client_core(options with, std::shared_ptr<connection> only)
        : options_{std::move(with)}, shared_{std::move(only)}, bound_{true}, places_{0}
    {
    }
    ~client_core() { close(); }
    client_core(const client_core&) = delete;
    client_core& operator=(const client_core&) = delete;

    const options& settings() const noexcept { return options_; }

    /// A connection of one's own, given back at the end of its life; closed then if answers are
    /// still due on it.
    class lease {
    public:
        lease(std::shared_ptr<client_core> core, semaphore::guard place,
              std::shared_ptr<connection> c)
            : core_{std::move(core)}, place_{std::move(place)}, connection_{std::move(c)}
        {
        }
        lease(lease&&) noexcept = default;
        lease& operator=(lease&&) = delete;
        ~lease();

        const std::shared_ptr<connection>& get() const noexcept { return connection_; }

    private:
        std::shared_ptr<client_core> core_;
        semaphore::guard place_;
        std::shared_ptr<connection> connection_;
    };

    static awaitable<lease> dedicated(std::shared_ptr<client_core> self);

    /// A fresh connection, to the master if there are sentinels. One that is left because the
    /// master has moved is tried again.
    static awaitable<std::shared_ptr<connection>> connect(std::shared_ptr<client_core> self);

    /// Carries out a command on the shared connection, connecting again and repeating it as far as
    /// that does no harm. \throws response_error and what client says.
    static awaitable<reply> execute(std::shared_ptr<client_core> self, command c);

    /// Several commands in one write; error replies stay among the answers.
    static awaitable<std::vector<reply>> execute_all(std::shared_ptr<client_core> self,
                                                     std::vector<command> all);

    /// A command that may wait on the server for `block`, zero for ever.
    static awaitable<reply> execute_blocking(std::shared_ptr<client_core> self, command c,
                                             duration block);

    void close() noexcept;

private:
    class attempt;

    static awaitable<std::shared_ptr<connection>> connect_to_master(
        std::shared_ptr<client_core> self);
    static awaitable<std::shared_ptr<connection>> open_master(std::shared_ptr<client_core> self,
                                                              net::endpoint at);
    void master_moved(const master_change& change) noexcept;

    /// The shared connection; null if something has to be waited for: see shared().
    std::shared_ptr<connection> at_hand() const noexcept;
    static awaitable<std::shared_ptr<connection>> shared(std::shared_ptr<client_core> self);
    bool is_fresh(const connection& c) const noexcept;
    static awaitable<bool> healthy(std::shared_ptr<client_core> self,
                                   std::shared_ptr<connection> c);

    options options_;
    std::shared_ptr<connection> shared_;
    bool bound_ = false;
    std::vector<std::shared_ptr<connection>> idle_;
    lock connecting_;
    semaphore places_;
    bool was_connected_ = false;
    std::unique_ptr<master_watch> watch_;
    net::endpoint master_;                   ///< that a sentinel told of last
    std::optional<net::endpoint> promoted_;  ///< told by a sentinel, and not tried yet
    std::vector<std::pair<net::endpoint, std::weak_ptr<connection>>> of_masters_;
    std::vector<attempt*> attempts_;
};

}  // namespace ferry::redis::detail
