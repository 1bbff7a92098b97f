#pragma once

#include "ferry/redis/command.hpp"
#include "ferry/redis/reply.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::redis {

/// Of keys that hold a set: see commands.
template <class Self>
class set_commands {
public:
    template <argument... Members>
    decltype(auto) sadd(std::string_view key, const Members&... members)
    {
        return detail::write<std::int64_t>(*this, "SADD", key, members...);
    }
    template <argument... Members>
    decltype(auto) srem(std::string_view key, const Members&... members)
    {
        return detail::write<std::int64_t>(*this, "SREM", key, members...);
    }
    decltype(auto) smembers(std::string_view key)
    {
        return detail::read<std::set<std::string>>(*this, "SMEMBERS", key);
    }
    template <argument T>
    decltype(auto) sismember(std::string_view key, const T& member)
    {
        return detail::read<bool>(*this, "SISMEMBER", key, member);
    }
    decltype(auto) scard(std::string_view key)
    {
        return detail::read<std::int64_t>(*this, "SCARD", key);
    }
    decltype(auto) spop(std::string_view key)
    {
        return detail::write<std::optional<std::string>>(*this, "SPOP", key);
    }
    decltype(auto) spop(std::string_view key, std::int64_t count)
    {
        return detail::write<std::vector<std::string>>(*this, "SPOP", key, count);
    }
    /// `count` different ones at most; as many as -`count`, maybe the same, if it is negative.
    decltype(auto) srandmember(std::string_view key, std::int64_t count = 1)
    {
        return detail::read<std::vector<std::string>>(*this, "SRANDMEMBER", key, count);
    }
    template <argument T>
    decltype(auto) smove(std::string_view from, std::string_view to, const T& member)
    {
        return detail::write<bool>(*this, "SMOVE", from, to, member);
    }
    template <argument Members>
    decltype(auto) smismember(std::string_view key, const Members& members)
    {
        return detail::read<std::vector<bool>>(*this, "SMISMEMBER", key, members);
    }
    template <argument... Keys>
    decltype(auto) sinter(const Keys&... keys)
    {
        return detail::read<std::set<std::string>>(*this, "SINTER", keys...);
    }
    template <argument... Keys>
    decltype(auto) sunion(const Keys&... keys)
    {
        return detail::read<std::set<std::string>>(*this, "SUNION", keys...);
    }
    template <argument... Keys>
    decltype(auto) sdiff(const Keys&... keys)
    {
        return detail::read<std::set<std::string>>(*this, "SDIFF", keys...);
    }
    /// \return how many members the new set `to` has.
    template <argument... Keys>
    decltype(auto) sinterstore(std::string_view to, const Keys&... keys)
    {
        return detail::write<std::int64_t>(*this, "SINTERSTORE", to, keys...);
    }
    template <argument... Keys>
    decltype(auto) sunionstore(std::string_view to, const Keys&... keys)
    {
        return detail::write<std::int64_t>(*this, "SUNIONSTORE", to, keys...);
    }
    template <argument... Keys>
    decltype(auto) sdiffstore(std::string_view to, const Keys&... keys)
    {
        return detail::write<std::int64_t>(*this, "SDIFFSTORE", to, keys...);
    }
};

}  // namespace ferry::redis
