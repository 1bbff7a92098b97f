#pragma once

#include "ferry/redis/command.hpp"
#include "ferry/redis/command_options.hpp"
#include "ferry/redis/reply.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::redis {

/// Of keys, and of keys that hold a string: see commands.
template <class Self>
class key_commands {
public:
    decltype(auto) get(std::string_view key)
    {
        return detail::read<std::optional<std::string>>(*this, "GET", key);
    }
    /// \return false if `nx` or `xx` forbade it. As Redis.set.
    template <argument T>
    decltype(auto) set(std::string_view key, const T& value,
                       const set_options& with = set_options())
    {
        command c("SET", key, value);
        with.append_to(c);
        if (with.is_repeatable()) c.repeatable();
        return detail::send<bool>(*this, std::move(c));
    }
    /// Sets and returns what was there.
    template <argument T>
    decltype(auto) getset(std::string_view key, const T& value)
    {
        return detail::write<std::optional<std::string>>(*this, "SET", key, value, "GET");
    }
    template <argument T>
    decltype(auto) setex(std::string_view key, std::chrono::seconds life, const T& value)
    {
        return detail::read<bool>(*this, "SETEX", key, life.count(), value);
    }
    template <argument T>
    decltype(auto) setnx(std::string_view key, const T& value)
    {
        return detail::write<bool>(*this, "SETNX", key, value);
    }
    decltype(auto) getdel(std::string_view key)
    {
        return detail::write<std::optional<std::string>>(*this, "GETDEL", key);
    }
    decltype(auto) getex(std::string_view key, std::chrono::milliseconds life)
    {
        return detail::read<std::optional<std::string>>(*this, "GETEX", key, "PX", life.count());
    }
    template <argument Keys>
    decltype(auto) mget(const Keys& keys)
    {
        return detail::read<std::vector<std::optional<std::string>>>(*this, "MGET", keys);
    }
    /// \param pairs  a map, or a range of pairs.
    template <argument Pairs>
    decltype(auto) mset(const Pairs& pairs)
    {
        return detail::read<bool>(*this, "MSET", pairs);
    }
    template <argument T>
    decltype(auto) append(std::string_view key, const T& value)
    {
        return detail::write<std::int64_t>(*this, "APPEND", key, value);
    }
    /// The bytes from `first` to `last`; negative ones count from the end.
    decltype(auto) getrange(std::string_view key, std::int64_t first, std::int64_t last)
    {
        return detail::read<std::string>(*this, "GETRANGE", key, first, last);
    }
    /// Writes over what is there. \return the new length.
    template <argument T>
    decltype(auto) setrange(std::string_view key, std::int64_t offset, const T& value)
    {
        return detail::read<std::int64_t>(*this, "SETRANGE", key, offset, value);
    }
    decltype(auto) getbit(std::string_view key, std::int64_t offset)
    {
        return detail::read<bool>(*this, "GETBIT", key, offset);
    }
    /// \return what it was.
    decltype(auto) setbit(std::string_view key, std::int64_t offset, bool bit)
    {
        return detail::write<bool>(*this, "SETBIT", key, offset, bit);
    }
    decltype(auto) bitcount(std::string_view key)
    {
        return detail::read<std::int64_t>(*this, "BITCOUNT", key);
    }
    /// Sets all of them, or none if one exists. \return whether it did.
    template <argument Pairs>
    decltype(auto) msetnx(const Pairs& pairs)
    {
        return detail::write<bool>(*this, "MSETNX", pairs);
    }
    decltype(auto) strlen(std::string_view key)
    {
        return detail::read<std::int64_t>(*this, "STRLEN", key);
    }
    decltype(auto) incr(std::string_view key, std::int64_t by = 1)
    {
        return detail::write<std::int64_t>(*this, "INCRBY", key, by);
    }
    decltype(auto) decr(std::string_view key, std::int64_t by = 1)
    {
        return detail::write<std::int64_t>(*this, "DECRBY", key, by);
    }
    decltype(auto) incrbyfloat(std::string_view key, double by)
    {
        return detail::write<double>(*this, "INCRBYFLOAT", key, by);
    }

    /// The number of keys that were removed. `delete` is a word of C++.
    template <argument... Keys>
    decltype(auto) del(const Keys&... keys)
    {
        return detail::write<std::int64_t>(*this, "DEL", keys...);
    }
    template <argument... Keys>
    decltype(auto) unlink(const Keys&... keys)
    {
        return detail::write<std::int64_t>(*this, "UNLINK", keys...);
    }
    template <argument... Keys>
    decltype(auto) exists(const Keys&... keys)
    {
        return detail::read<std::int64_t>(*this, "EXISTS", keys...);
    }
    decltype(auto) expire(std::string_view key, std::chrono::milliseconds life)
    {
        return detail::write<bool>(*this, "PEXPIRE", key, life.count());
    }
    decltype(auto) persist(std::string_view key)
    {
        return detail::write<bool>(*this, "PERSIST", key);
    }
    /// Milliseconds that are left of its life; -1: it lives for ever, -2: it does not exist.
    decltype(auto) pttl(std::string_view key)
    {
        return detail::read<std::int64_t>(*this, "PTTL", key);
    }
    /// The same in seconds.
    decltype(auto) ttl(std::string_view key)
    {
        return detail::read<std::int64_t>(*this, "TTL", key);
    }
    decltype(auto) expireat(std::string_view key, std::chrono::system_clock::time_point when)
    {
        const auto since = when.time_since_epoch();
        return detail::read<bool>(
            *this, "PEXPIREAT", key,
            std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
    }
    /// The number of keys that exist.
    template <argument... Keys>
    decltype(auto) touch(const Keys&... keys)
    {
        return detail::read<std::int64_t>(*this, "TOUCH", keys...);
    }
    decltype(auto) randomkey()
    {
        return detail::read<std::optional<std::string>>(*this, "RANDOMKEY");
    }
    decltype(auto) type(std::string_view key)
    {
        return detail::read<std::string>(*this, "TYPE", key);
    }
    decltype(auto) rename(std::string_view from, std::string_view to)
    {
        return detail::write<bool>(*this, "RENAME", from, to);
    }
    /// \return false if `to` exists.
    decltype(auto) renamenx(std::string_view from, std::string_view to)
    {
        return detail::write<bool>(*this, "RENAMENX", from, to);
    }
    /// \return false if `to` exists.
    decltype(auto) copy(std::string_view from, std::string_view to)
    {
        return detail::write<bool>(*this, "COPY", from, to);
    }
    decltype(auto) keys(std::string_view pattern)
    {
        return detail::read<std::vector<std::string>>(*this, "KEYS", pattern);
    }
    decltype(auto) ping() { return detail::read<bool>(*this, "PING"); }
    decltype(auto) dbsize() { return detail::read<std::int64_t>(*this, "DBSIZE"); }
    decltype(auto) flushdb() { return detail::read<bool>(*this, "FLUSHDB"); }
};

}  // namespace ferry::redis
