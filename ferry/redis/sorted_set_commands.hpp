#pragma once

#include "ferry/redis/command.hpp"
#include "ferry/redis/command_options.hpp"
#include "ferry/redis/reply.hpp"

#include <cstdint>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::redis {

/// Of keys that hold a sorted set, which are also what places and counts of different values are
/// kept in: see commands.
template <class Self>
class sorted_set_commands {
public:
    /// \name Sorted sets
    /// @{
    /// \param scores  a map, or a range of pairs, of members and scores. \return new members.
    template <class Scores>
    decltype(auto) zadd(std::string_view key, const Scores& scores,
                        const zadd_options& with = zadd_options())
    {
        command c("ZADD", key);
        with.append_to(c);
        for (const auto& [member, score] : scores) c.add(score).add(member);
        return detail::send<std::int64_t>(*this, std::move(c));
    }
    decltype(auto) zincrby(std::string_view key, double by, std::string_view member)
    {
        return detail::write<double>(*this, "ZINCRBY", key, by, member);
    }
    template <argument... Members>
    decltype(auto) zrem(std::string_view key, const Members&... members)
    {
        return detail::write<std::int64_t>(*this, "ZREM", key, members...);
    }
    decltype(auto) zrange(std::string_view key, std::int64_t first, std::int64_t last)
    {
        return detail::read<std::vector<std::string>>(*this, "ZRANGE", key, first, last);
    }
    decltype(auto) zrange_withscores(std::string_view key, std::int64_t first, std::int64_t last)
    {
        return detail::read<scored_members>(*this, "ZRANGE", key, first, last, "WITHSCORES");
    }
    /// The members with scores in `[low, high]`, lowest first; use infinities for open ends.
    decltype(auto) zrangebyscore(std::string_view key, double low, double high)
    {
        return detail::read<std::vector<std::string>>(*this, "ZRANGE", key, low, high, "BYSCORE");
    }
    /// The same, highest first, `count` of them from the `offset`th on.
    decltype(auto) zrevrangebyscore(std::string_view key, double high, double low,
                                    std::int64_t offset, std::int64_t count)
    {
        return detail::read<scored_members>(*this, "ZREVRANGEBYSCORE", key, high, low, "WITHSCORES",
                                            "LIMIT", offset, count);
    }
    /// The highest score first.
    decltype(auto) zrevrange(std::string_view key, std::int64_t first, std::int64_t last)
    {
        return detail::read<std::vector<std::string>>(*this, "ZREVRANGE", key, first, last);
    }
    decltype(auto) zrevrange_withscores(std::string_view key, std::int64_t first, std::int64_t last)
    {
        return detail::read<scored_members>(*this, "ZREVRANGE", key, first, last, "WITHSCORES");
    }
    template <argument Members>
    decltype(auto) zmscore(std::string_view key, const Members& members)
    {
        return detail::read<std::vector<std::optional<double>>>(*this, "ZMSCORE", key, members);
    }
    decltype(auto) zrevrank(std::string_view key, std::string_view member)
    {
        return detail::read<std::optional<std::int64_t>>(*this, "ZREVRANK", key, member);
    }
    /// \return how many were removed.
    decltype(auto) zremrangebyscore(std::string_view key, double low, double high)
    {
        return detail::read<std::int64_t>(*this, "ZREMRANGEBYSCORE", key, low, high);
    }
    decltype(auto) zremrangebyrank(std::string_view key, std::int64_t first, std::int64_t last)
    {
        return detail::write<std::int64_t>(*this, "ZREMRANGEBYRANK", key, first, last);
    }
    decltype(auto) zpopmax(std::string_view key, std::int64_t count = 1)
    {
        return detail::write<scored_members>(*this, "ZPOPMAX", key, count);
    }
    /// Adds the scores up. \return how many members `to` has.
    template <argument Keys>
    decltype(auto) zunionstore(std::string_view to, const Keys& keys)
    {
        return detail::write<std::int64_t>(*this, "ZUNIONSTORE", to, std::ranges::size(keys), keys);
    }
    template <argument Keys>
    decltype(auto) zinterstore(std::string_view to, const Keys& keys)
    {
        return detail::write<std::int64_t>(*this, "ZINTERSTORE", to, std::ranges::size(keys), keys);
    }
    decltype(auto) zscore(std::string_view key, std::string_view member)
    {
        return detail::read<std::optional<double>>(*this, "ZSCORE", key, member);
    }
    decltype(auto) zrank(std::string_view key, std::string_view member)
    {
        return detail::read<std::optional<std::int64_t>>(*this, "ZRANK", key, member);
    }
    decltype(auto) zcard(std::string_view key)
    {
        return detail::read<std::int64_t>(*this, "ZCARD", key);
    }
    decltype(auto) zcount(std::string_view key, double low, double high)
    {
        return detail::read<std::int64_t>(*this, "ZCOUNT", key, low, high);
    }
    decltype(auto) zpopmin(std::string_view key, std::int64_t count = 1)
    {
        return detail::write<scored_members>(*this, "ZPOPMIN", key, count);
    }
    /// @}

    /// \name HyperLogLogs and places
    /// @{
    /// \return whether the number of different ones may have changed.
    template <argument... Values>
    decltype(auto) pfadd(std::string_view key, const Values&... values)
    {
        return detail::read<bool>(*this, "PFADD", key, values...);
    }
    template <argument... Keys>
    decltype(auto) pfcount(const Keys&... keys)
    {
        return detail::read<std::int64_t>(*this, "PFCOUNT", keys...);
    }
    template <argument... Keys>
    decltype(auto) pfmerge(std::string_view to, const Keys&... keys)
    {
        return detail::read<bool>(*this, "PFMERGE", to, keys...);
    }
    decltype(auto) geoadd(std::string_view key, double longitude, double latitude,
                          std::string_view member)
    {
        return detail::read<std::int64_t>(*this, "GEOADD", key, longitude, latitude, member);
    }
    /// \param unit  m, km, mi or ft.
    decltype(auto) geodist(std::string_view key, std::string_view from, std::string_view to,
                           std::string_view unit = "m")
    {
        return detail::read<std::optional<double>>(*this, "GEODIST", key, from, to, unit);
    }
    /// The members within `radius`, the nearest first.
    decltype(auto) geosearch(std::string_view key, double longitude, double latitude, double radius,
                             std::string_view unit = "m")
    {
        return detail::read<std::vector<std::string>>(*this, "GEOSEARCH", key, "FROMLONLAT",
                                                      longitude, latitude, "BYRADIUS", radius, unit,
                                                      "ASC");
    }
    /// @}
};

}  // namespace ferry::redis
