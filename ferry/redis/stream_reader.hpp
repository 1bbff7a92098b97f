#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/redis/client.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ferry::redis {

/// The entries of a stream, one after the other, as they come.
///
///     redis::stream_reader orders(r, "orders", "shop", "ann");    // ann, of the group shop
///     for (;;) {
///         auto order = co_await orders.next();
///         ...
///         co_await orders.ack(*order);
///     }
///
/// After a failure the next call goes on behind what was given out, so that a lost connection loses
/// none. Used by one coroutine at
/// a time, and must live until what it does is done.
class stream_reader {
public:
    /// All entries behind `after`: an id, `0` for all that are there, `$` for those to come.
    stream_reader(client over, std::string stream, std::string after = "$");

    /// Those of a member of a group, which must exist (xgroup_create): first what the member has
    /// got before and not acknowledged, then what no member has.
    /// \param abandoned  takes over what a member, itself included, has got so long ago and not
    ///                   acknowledged; zero: nothing.
    stream_reader(client over, std::string stream, std::string group, std::string member,
                  std::chrono::milliseconds abandoned = std::chrono::milliseconds(0));

    /// The next entry; none if there was none within `wait`, zero waits for ever. A cancelled wait
    /// loses none. \throws as client
    awaitable<std::optional<stream_entry>> next(
        std::chrono::milliseconds wait = std::chrono::milliseconds(0));

    /// The group is done with it. \return false: it was before.
    awaitable<bool> ack(const stream_entry& done);

private:
    awaitable<void> find_the_end();
    awaitable<bool> take_over();
    awaitable<void> read(std::chrono::milliseconds wait);

    client client_;
    std::string stream_;
    std::string group_;
    std::string member_;
    std::chrono::milliseconds abandoned_{0};
    std::string last_;          ///< entries behind this one are wanted; `>`: that no member has
    std::string newest_ = "0";  ///< that was given to this member
    std::vector<stream_entry> portion_;
    std::size_t at_ = 0;
};

}  // namespace ferry::redis
