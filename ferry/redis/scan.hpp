#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/redis/client.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ferry::redis {

/// Walks through keys, or the members of one key, a portion at a time, while others work on them.
/// What is there from beginning to end comes at least once. As Redis.scan_iter and its like.
///
///     redis::scanner<std::string> keys = redis::scan(r, "user:*");
///     for (;;) {
///         auto key = co_await keys.next();
///         if (!key) break;
///     }
template <class T>
class scanner {
public:
    scanner(client over, command first_part, std::string match, std::int64_t count)
        : client_{std::move(over)},
          command_{std::move(first_part)},
          match_{std::move(match)},
          count_{count}
    {
    }

    /// The next one; none at the end. One round trip for `count` of them. \throws as client.
    awaitable<std::optional<T>> next()
    {
        while (at_ == portion_.size()) {
            if (ended_) co_return std::nullopt;
            command c = command_;
            c.add(cursor_);
            if (!match_.empty()) c.add("MATCH").add(match_);
            c.add("COUNT").add(count_).repeatable();
            auto asking = client_.execute(std::move(c));
            reply r = co_await std::move(asking);
            auto [cursor, portion] = std::move(r).as<std::pair<std::string, std::vector<T>>>();
            cursor_ = std::move(cursor);
            portion_ = std::move(portion);
            at_ = 0;
            ended_ = cursor_ == "0";
        }
        co_return std::move(portion_[at_++]);
    }

private:
    client client_;
    command command_;
    std::string match_;
    std::int64_t count_;
    std::string cursor_ = "0";
    std::vector<T> portion_;
    std::size_t at_ = 0;
    bool ended_ = false;
};

/// \param match  a pattern with `*`, `?` and `[...]`; empty for all.
/// \param count  how much work the server does for a portion.
inline scanner<std::string> scan(client r, std::string match = {}, std::int64_t count = 1000)
{
    return {std::move(r), command("SCAN"), std::move(match), count};
}
inline scanner<std::string> sscan(client r, std::string_view key, std::string match = {},
                                  std::int64_t count = 1000)
{
    return {std::move(r), command("SSCAN", key), std::move(match), count};
}
inline scanner<std::pair<std::string, std::string>> hscan(client r, std::string_view key,
                                                          std::string match = {},
                                                          std::int64_t count = 1000)
{
    return {std::move(r), command("HSCAN", key), std::move(match), count};
}
inline scanner<std::pair<std::string, double>> zscan(client r, std::string_view key,
                                                     std::string match = {},
                                                     std::int64_t count = 1000)
{
    return {std::move(r), command("ZSCAN", key), std::move(match), count};
}

}  // namespace ferry::redis
