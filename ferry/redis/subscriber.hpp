#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/redis/client.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ferry::redis {

/// What came over a channel.
class message {
public:
    message() = default;
    message(std::string pattern, std::string channel, std::string data)
        : pattern_{std::move(pattern)}, channel_{std::move(channel)}, data_{std::move(data)}
    {
    }
    /// The pattern that let it through; empty for a channel subscribed to by its name.
    const std::string& pattern() const noexcept { return pattern_; }
    const std::string& channel() const noexcept { return channel_; }
    const std::string& data() const noexcept { return data_; }

private:
    std::string pattern_;
    std::string channel_;
    std::string data_;
};

/// Listens to channels, on a connection of its own. As redis.client.PubSub.
///
///     redis::subscriber news(r);
///     co_await news.subscribe(names);
///     while (auto m = co_await news.next()) print(m->channel(), m->data());   // named first in
///     g++ 12
///
/// A lost connection is made again and the channels are subscribed to again, with pauses of 50 ms
/// to 5 s; what was published meanwhile is lost, as Redis keeps nothing. Belongs to one loop.
class subscriber {
public:
    /// So many messages wait for next(); then nothing more is read from the server, which ends the
    /// connection of a reader that is too slow for its own limit (client-output-buffer-limit).
    static constexpr std::size_t capacity = 65'536;

    explicit subscriber(const client& over);
    subscriber(subscriber&&) noexcept;
    subscriber& operator=(subscriber&&) noexcept;
    ~subscriber();

    /// Returns when the server has confirmed every channel.
    /// \throws as client; nothing has changed then.
    awaitable<void> subscribe(std::vector<std::string> channels);
    awaitable<void> psubscribe(std::vector<std::string> patterns);
    /// Sharded channels of Redis 7.
    awaitable<void> ssubscribe(std::vector<std::string> channels);
    awaitable<void> unsubscribe(std::vector<std::string> channels);
    awaitable<void> punsubscribe(std::vector<std::string> patterns);
    awaitable<void> sunsubscribe(std::vector<std::string> channels);

    /// The next message; none once close() was called.
    /// A cancelled wait loses none.
    awaitable<std::optional<message>> next();

    void close() noexcept;

    class impl;

private:
    std::shared_ptr<impl> impl_;
};

}  // namespace ferry::redis
