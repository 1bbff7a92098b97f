#pragma once

#include "ferry/redis/command.hpp"
#include "ferry/redis/command_options.hpp"
#include "ferry/redis/reply.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::redis {

/// Of keys that hold a list: see commands.
template <class Self>
class list_commands {
public:
    /// \return the list's length.
    template <argument... Values>
    decltype(auto) lpush(std::string_view key, const Values&... values)
    {
        return detail::write<std::int64_t>(*this, "LPUSH", key, values...);
    }
    template <argument... Values>
    decltype(auto) rpush(std::string_view key, const Values&... values)
    {
        return detail::write<std::int64_t>(*this, "RPUSH", key, values...);
    }
    decltype(auto) lpop(std::string_view key)
    {
        return detail::write<std::optional<std::string>>(*this, "LPOP", key);
    }
    decltype(auto) rpop(std::string_view key)
    {
        return detail::write<std::optional<std::string>>(*this, "RPOP", key);
    }
    /// `count` of them at most.
    decltype(auto) lpop(std::string_view key, std::int64_t count)
    {
        return detail::write<std::optional<std::vector<std::string>>>(*this, "LPOP", key, count);
    }
    decltype(auto) rpop(std::string_view key, std::int64_t count)
    {
        return detail::write<std::optional<std::vector<std::string>>>(*this, "RPOP", key, count);
    }
    /// Only if the list exists.
    template <argument... Values>
    decltype(auto) lpushx(std::string_view key, const Values&... values)
    {
        return detail::write<std::int64_t>(*this, "LPUSHX", key, values...);
    }
    template <argument... Values>
    decltype(auto) rpushx(std::string_view key, const Values&... values)
    {
        return detail::write<std::int64_t>(*this, "RPUSHX", key, values...);
    }
    decltype(auto) rpoplpush(std::string_view from, std::string_view to)
    {
        return detail::write<std::optional<std::string>>(*this, "RPOPLPUSH", from, to);
    }
    template <argument T>
    decltype(auto) lset(std::string_view key, std::int64_t index, const T& value)
    {
        return detail::read<bool>(*this, "LSET", key, index, value);
    }
    /// \return the list's length; -1 if `pivot` is not in it.
    template <argument Pivot, argument T>
    decltype(auto) linsert_before(std::string_view key, const Pivot& pivot, const T& value)
    {
        return detail::write<std::int64_t>(*this, "LINSERT", key, "BEFORE", pivot, value);
    }
    template <argument Pivot, argument T>
    decltype(auto) linsert_after(std::string_view key, const Pivot& pivot, const T& value)
    {
        return detail::write<std::int64_t>(*this, "LINSERT", key, "AFTER", pivot, value);
    }
    decltype(auto) llen(std::string_view key)
    {
        return detail::read<std::int64_t>(*this, "LLEN", key);
    }
    decltype(auto) lrange(std::string_view key, std::int64_t first, std::int64_t last)
    {
        return detail::read<std::vector<std::string>>(*this, "LRANGE", key, first, last);
    }
    decltype(auto) lindex(std::string_view key, std::int64_t index)
    {
        return detail::read<std::optional<std::string>>(*this, "LINDEX", key, index);
    }
    template <argument T>
    decltype(auto) lpos(std::string_view key, const T& value)
    {
        return detail::read<std::optional<std::int64_t>>(*this, "LPOS", key, value);
    }
    template <argument T>
    decltype(auto) lrem(std::string_view key, std::int64_t count, const T& value)
    {
        return detail::write<std::int64_t>(*this, "LREM", key, count, value);
    }
    decltype(auto) ltrim(std::string_view key, std::int64_t first, std::int64_t last)
    {
        return detail::write<bool>(*this, "LTRIM", key, first, last);
    }
    decltype(auto) lmove(std::string_view from, std::string_view to, list_end take, list_end put)
    {
        return detail::write<std::optional<std::string>>(*this, "LMOVE", from, to, name_of(take),
                                                         name_of(put));
    }
};

}  // namespace ferry::redis
