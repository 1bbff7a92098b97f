#pragma once

#include "ferry/redis/command.hpp"
#include "ferry/redis/reply.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::redis {

/// Of keys that hold a hash: see commands.
template <class Self>
class hash_commands {
public:
    /// \return the number of new fields.
    template <argument... Pairs>
    decltype(auto) hset(std::string_view key, const Pairs&... pairs)
    {
        return detail::write<std::int64_t>(*this, "HSET", key, pairs...);
    }
    decltype(auto) hget(std::string_view key, std::string_view field)
    {
        return detail::read<std::optional<std::string>>(*this, "HGET", key, field);
    }
    template <argument Fields>
    decltype(auto) hmget(std::string_view key, const Fields& fields)
    {
        return detail::read<std::vector<std::optional<std::string>>>(*this, "HMGET", key, fields);
    }
    decltype(auto) hgetall(std::string_view key)
    {
        return detail::read<text_map>(*this, "HGETALL", key);
    }
    template <argument... Fields>
    decltype(auto) hdel(std::string_view key, const Fields&... fields)
    {
        return detail::write<std::int64_t>(*this, "HDEL", key, fields...);
    }
    decltype(auto) hexists(std::string_view key, std::string_view field)
    {
        return detail::read<bool>(*this, "HEXISTS", key, field);
    }
    decltype(auto) hincrby(std::string_view key, std::string_view field, std::int64_t by = 1)
    {
        return detail::write<std::int64_t>(*this, "HINCRBY", key, field, by);
    }
    decltype(auto) hincrbyfloat(std::string_view key, std::string_view field, double by)
    {
        return detail::write<double>(*this, "HINCRBYFLOAT", key, field, by);
    }
    template <argument T>
    decltype(auto) hsetnx(std::string_view key, std::string_view field, const T& value)
    {
        return detail::write<bool>(*this, "HSETNX", key, field, value);
    }
    decltype(auto) hkeys(std::string_view key)
    {
        return detail::read<std::vector<std::string>>(*this, "HKEYS", key);
    }
    decltype(auto) hvals(std::string_view key)
    {
        return detail::read<std::vector<std::string>>(*this, "HVALS", key);
    }
    decltype(auto) hlen(std::string_view key)
    {
        return detail::read<std::int64_t>(*this, "HLEN", key);
    }
};

}  // namespace ferry::redis
