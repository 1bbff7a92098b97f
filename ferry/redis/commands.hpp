#pragma once

#include "ferry/redis/command.hpp"
#include "ferry/redis/command_options.hpp"
#include "ferry/redis/reply.hpp"
#include "ferry/redis/stream_types.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::redis {

using text_map = std::map<std::string, std::string>;
using reply_map = std::map<std::string, reply>;

/// The answer of INFO: `name:value` lines. As the dictionary of Redis.info.
class server_info : public text_map {
public:
    static server_info from_reply(reply r);
};

/// The usual commands by redis-py's names, for a client, which carries each out and returns
/// `awaitable<T>`, and for a pipeline, which takes it down. All others: `cmd("NAME", ...)`.
///
/// Keys and values are bytes. What a missing key gives is an empty optional.
template <class Self>
class commands {
public:
    /// \name Keys and strings
    /// @{
    decltype(auto) get(std::string_view key)
    {
        return read<std::optional<std::string>>("GET", key);
    }
    /// \return false if `nx` or `xx` forbade it. As Redis.set.
    template <argument T>
    decltype(auto) set(std::string_view key, const T& value,
                       const set_options& with = set_options())
    {
        command c("SET", key, value);
        with.append_to(c);
        if (with.is_repeatable()) c.repeatable();
        return send<bool>(std::move(c));
    }
    /// Sets and returns what was there.
    template <argument T>
    decltype(auto) getset(std::string_view key, const T& value)
    {
        return write<std::optional<std::string>>("SET", key, value, "GET");
    }
    template <argument T>
    decltype(auto) setex(std::string_view key, std::chrono::seconds life, const T& value)
    {
        return read<bool>("SETEX", key, life.count(), value);
    }
    template <argument T>
    decltype(auto) setnx(std::string_view key, const T& value)
    {
        return write<bool>("SETNX", key, value);
    }
    decltype(auto) getdel(std::string_view key)
    {
        return write<std::optional<std::string>>("GETDEL", key);
    }
    decltype(auto) getex(std::string_view key, std::chrono::milliseconds life)
    {
        return read<std::optional<std::string>>("GETEX", key, "PX", life.count());
    }
    template <argument Keys>
    decltype(auto) mget(const Keys& keys)
    {
        return read<std::vector<std::optional<std::string>>>("MGET", keys);
    }
    /// \param pairs  a map, or a range of pairs.
    template <argument Pairs>
    decltype(auto) mset(const Pairs& pairs)
    {
        return read<bool>("MSET", pairs);
    }
    template <argument T>
    decltype(auto) append(std::string_view key, const T& value)
    {
        return write<std::int64_t>("APPEND", key, value);
    }
    /// The bytes from `first` to `last`; negative ones count from the end.
    decltype(auto) getrange(std::string_view key, std::int64_t first, std::int64_t last)
    {
        return read<std::string>("GETRANGE", key, first, last);
    }
    /// Writes over what is there. \return the new length.
    template <argument T>
    decltype(auto) setrange(std::string_view key, std::int64_t offset, const T& value)
    {
        return read<std::int64_t>("SETRANGE", key, offset, value);
    }
    decltype(auto) getbit(std::string_view key, std::int64_t offset)
    {
        return read<bool>("GETBIT", key, offset);
    }
    /// \return what it was.
    decltype(auto) setbit(std::string_view key, std::int64_t offset, bool bit)
    {
        return write<bool>("SETBIT", key, offset, bit);
    }
    decltype(auto) bitcount(std::string_view key) { return read<std::int64_t>("BITCOUNT", key); }
    /// Sets all of them, or none if one exists. \return whether it did.
    template <argument Pairs>
    decltype(auto) msetnx(const Pairs& pairs)
    {
        return write<bool>("MSETNX", pairs);
    }
    decltype(auto) strlen(std::string_view key) { return read<std::int64_t>("STRLEN", key); }
    decltype(auto) incr(std::string_view key, std::int64_t by = 1)
    {
        return write<std::int64_t>("INCRBY", key, by);
    }
    decltype(auto) decr(std::string_view key, std::int64_t by = 1)
    {
        return write<std::int64_t>("DECRBY", key, by);
    }
    decltype(auto) incrbyfloat(std::string_view key, double by)
    {
        return write<double>("INCRBYFLOAT", key, by);
    }

    /// The number of keys that were removed. `delete` is a word of C++.
    template <argument... Keys>
    decltype(auto) del(const Keys&... keys)
    {
        return write<std::int64_t>("DEL", keys...);
    }
    template <argument... Keys>
    decltype(auto) unlink(const Keys&... keys)
    {
        return write<std::int64_t>("UNLINK", keys...);
    }
    template <argument... Keys>
    decltype(auto) exists(const Keys&... keys)
    {
        return read<std::int64_t>("EXISTS", keys...);
    }
    decltype(auto) expire(std::string_view key, std::chrono::milliseconds life)
    {
        return write<bool>("PEXPIRE", key, life.count());
    }
    decltype(auto) persist(std::string_view key) { return write<bool>("PERSIST", key); }
    /// Milliseconds that are left of its life; -1: it lives for ever, -2: it does not exist.
    decltype(auto) pttl(std::string_view key) { return read<std::int64_t>("PTTL", key); }
    /// The same in seconds.
    decltype(auto) ttl(std::string_view key) { return read<std::int64_t>("TTL", key); }
    decltype(auto) expireat(std::string_view key, std::chrono::system_clock::time_point when)
    {
        const auto since = when.time_since_epoch();
        return read<bool>("PEXPIREAT", key,
                          std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
    }
    /// The number of keys that exist.
    template <argument... Keys>
    decltype(auto) touch(const Keys&... keys)
    {
        return read<std::int64_t>("TOUCH", keys...);
    }
    decltype(auto) randomkey() { return read<std::optional<std::string>>("RANDOMKEY"); }
    decltype(auto) type(std::string_view key) { return read<std::string>("TYPE", key); }
    decltype(auto) rename(std::string_view from, std::string_view to)
    {
        return write<bool>("RENAME", from, to);
    }
    /// \return false if `to` exists.
    decltype(auto) renamenx(std::string_view from, std::string_view to)
    {
        return write<bool>("RENAMENX", from, to);
    }
    /// \return false if `to` exists.
    decltype(auto) copy(std::string_view from, std::string_view to)
    {
        return write<bool>("COPY", from, to);
    }
    decltype(auto) keys(std::string_view pattern)
    {
        return read<std::vector<std::string>>("KEYS", pattern);
    }
    decltype(auto) ping() { return read<bool>("PING"); }
    decltype(auto) dbsize() { return read<std::int64_t>("DBSIZE"); }
    decltype(auto) flushdb() { return read<bool>("FLUSHDB"); }
    /// @}

    /// \name Hashes
    /// @{
    /// \return the number of new fields.
    template <argument... Pairs>
    decltype(auto) hset(std::string_view key, const Pairs&... pairs)
    {
        return write<std::int64_t>("HSET", key, pairs...);
    }
    decltype(auto) hget(std::string_view key, std::string_view field)
    {
        return read<std::optional<std::string>>("HGET", key, field);
    }
    template <argument Fields>
    decltype(auto) hmget(std::string_view key, const Fields& fields)
    {
        return read<std::vector<std::optional<std::string>>>("HMGET", key, fields);
    }
    decltype(auto) hgetall(std::string_view key) { return read<text_map>("HGETALL", key); }
    template <argument... Fields>
    decltype(auto) hdel(std::string_view key, const Fields&... fields)
    {
        return write<std::int64_t>("HDEL", key, fields...);
    }
    decltype(auto) hexists(std::string_view key, std::string_view field)
    {
        return read<bool>("HEXISTS", key, field);
    }
    decltype(auto) hincrby(std::string_view key, std::string_view field, std::int64_t by = 1)
    {
        return write<std::int64_t>("HINCRBY", key, field, by);
    }
    decltype(auto) hincrbyfloat(std::string_view key, std::string_view field, double by)
    {
        return write<double>("HINCRBYFLOAT", key, field, by);
    }
    template <argument T>
    decltype(auto) hsetnx(std::string_view key, std::string_view field, const T& value)
    {
        return write<bool>("HSETNX", key, field, value);
    }
    decltype(auto) hkeys(std::string_view key)
    {
        return read<std::vector<std::string>>("HKEYS", key);
    }
    decltype(auto) hvals(std::string_view key)
    {
        return read<std::vector<std::string>>("HVALS", key);
    }
    decltype(auto) hlen(std::string_view key) { return read<std::int64_t>("HLEN", key); }
    /// @}

    /// \name Lists
    /// @{
    /// \return the list's length.
    template <argument... Values>
    decltype(auto) lpush(std::string_view key, const Values&... values)
    {
        return write<std::int64_t>("LPUSH", key, values...);
    }
    template <argument... Values>
    decltype(auto) rpush(std::string_view key, const Values&... values)
    {
        return write<std::int64_t>("RPUSH", key, values...);
    }
    decltype(auto) lpop(std::string_view key)
    {
        return write<std::optional<std::string>>("LPOP", key);
    }
    decltype(auto) rpop(std::string_view key)
    {
        return write<std::optional<std::string>>("RPOP", key);
    }
    /// `count` of them at most.
    decltype(auto) lpop(std::string_view key, std::int64_t count)
    {
        return write<std::optional<std::vector<std::string>>>("LPOP", key, count);
    }
    decltype(auto) rpop(std::string_view key, std::int64_t count)
    {
        return write<std::optional<std::vector<std::string>>>("RPOP", key, count);
    }
    /// Only if the list exists.
    template <argument... Values>
    decltype(auto) lpushx(std::string_view key, const Values&... values)
    {
        return write<std::int64_t>("LPUSHX", key, values...);
    }
    template <argument... Values>
    decltype(auto) rpushx(std::string_view key, const Values&... values)
    {
        return write<std::int64_t>("RPUSHX", key, values...);
    }
    decltype(auto) rpoplpush(std::string_view from, std::string_view to)
    {
        return write<std::optional<std::string>>("RPOPLPUSH", from, to);
    }
    template <argument T>
    decltype(auto) lset(std::string_view key, std::int64_t index, const T& value)
    {
        return read<bool>("LSET", key, index, value);
    }
    /// \return the list's length; -1 if `pivot` is not in it.
    template <argument Pivot, argument T>
    decltype(auto) linsert_before(std::string_view key, const Pivot& pivot, const T& value)
    {
        return write<std::int64_t>("LINSERT", key, "BEFORE", pivot, value);
    }
    template <argument Pivot, argument T>
    decltype(auto) linsert_after(std::string_view key, const Pivot& pivot, const T& value)
    {
        return write<std::int64_t>("LINSERT", key, "AFTER", pivot, value);
    }
    decltype(auto) llen(std::string_view key) { return read<std::int64_t>("LLEN", key); }
    decltype(auto) lrange(std::string_view key, std::int64_t first, std::int64_t last)
    {
        return read<std::vector<std::string>>("LRANGE", key, first, last);
    }
    decltype(auto) lindex(std::string_view key, std::int64_t index)
    {
        return read<std::optional<std::string>>("LINDEX", key, index);
    }
    template <argument T>
    decltype(auto) lpos(std::string_view key, const T& value)
    {
        return read<std::optional<std::int64_t>>("LPOS", key, value);
    }
    template <argument T>
    decltype(auto) lrem(std::string_view key, std::int64_t count, const T& value)
    {
        return write<std::int64_t>("LREM", key, count, value);
    }
    decltype(auto) ltrim(std::string_view key, std::int64_t first, std::int64_t last)
    {
        return write<bool>("LTRIM", key, first, last);
    }
    decltype(auto) lmove(std::string_view from, std::string_view to, list_end take, list_end put)
    {
        return write<std::optional<std::string>>("LMOVE", from, to, name_of(take), name_of(put));
    }
    /// @}

    /// \name Sets
    /// @{
    template <argument... Members>
    decltype(auto) sadd(std::string_view key, const Members&... members)
    {
        return write<std::int64_t>("SADD", key, members...);
    }
    template <argument... Members>
    decltype(auto) srem(std::string_view key, const Members&... members)
    {
        return write<std::int64_t>("SREM", key, members...);
    }
    decltype(auto) smembers(std::string_view key)
    {
        return read<std::set<std::string>>("SMEMBERS", key);
    }
    template <argument T>
    decltype(auto) sismember(std::string_view key, const T& member)
    {
        return read<bool>("SISMEMBER", key, member);
    }
    decltype(auto) scard(std::string_view key) { return read<std::int64_t>("SCARD", key); }
    decltype(auto) spop(std::string_view key)
    {
        return write<std::optional<std::string>>("SPOP", key);
    }
    decltype(auto) spop(std::string_view key, std::int64_t count)
    {
        return write<std::vector<std::string>>("SPOP", key, count);
    }
    /// `count` different ones at most; as many as -`count`, maybe the same, if it is negative.
    decltype(auto) srandmember(std::string_view key, std::int64_t count = 1)
    {
        return read<std::vector<std::string>>("SRANDMEMBER", key, count);
    }
    template <argument T>
    decltype(auto) smove(std::string_view from, std::string_view to, const T& member)
    {
        return write<bool>("SMOVE", from, to, member);
    }
    template <argument Members>
    decltype(auto) smismember(std::string_view key, const Members& members)
    {
        return read<std::vector<bool>>("SMISMEMBER", key, members);
    }
    template <argument... Keys>
    decltype(auto) sinter(const Keys&... keys)
    {
        return read<std::set<std::string>>("SINTER", keys...);
    }
    template <argument... Keys>
    decltype(auto) sunion(const Keys&... keys)
    {
        return read<std::set<std::string>>("SUNION", keys...);
    }
    template <argument... Keys>
    decltype(auto) sdiff(const Keys&... keys)
    {
        return read<std::set<std::string>>("SDIFF", keys...);
    }
    /// \return how many members the new set `to` has.
    template <argument... Keys>
    decltype(auto) sinterstore(std::string_view to, const Keys&... keys)
    {
        return write<std::int64_t>("SINTERSTORE", to, keys...);
    }
    template <argument... Keys>
    decltype(auto) sunionstore(std::string_view to, const Keys&... keys)
    {
        return write<std::int64_t>("SUNIONSTORE", to, keys...);
    }
    template <argument... Keys>
    decltype(auto) sdiffstore(std::string_view to, const Keys&... keys)
    {
        return write<std::int64_t>("SDIFFSTORE", to, keys...);
    }
    /// @}

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
        return send<std::int64_t>(std::move(c));
    }
    decltype(auto) zincrby(std::string_view key, double by, std::string_view member)
    {
        return write<double>("ZINCRBY", key, by, member);
    }
    template <argument... Members>
    decltype(auto) zrem(std::string_view key, const Members&... members)
    {
        return write<std::int64_t>("ZREM", key, members...);
    }
    decltype(auto) zrange(std::string_view key, std::int64_t first, std::int64_t last)
    {
        return read<std::vector<std::string>>("ZRANGE", key, first, last);
    }
    decltype(auto) zrange_withscores(std::string_view key, std::int64_t first, std::int64_t last)
    {
        return read<scored_members>("ZRANGE", key, first, last, "WITHSCORES");
    }
    /// The members with scores in `[low, high]`, lowest first; use infinities for open ends.
    decltype(auto) zrangebyscore(std::string_view key, double low, double high)
    {
        return read<std::vector<std::string>>("ZRANGE", key, low, high, "BYSCORE");
    }
    /// The same, highest first, `count` of them from the `offset`th on.
    decltype(auto) zrevrangebyscore(std::string_view key, double high, double low,
                                    std::int64_t offset, std::int64_t count)
    {
        return read<scored_members>("ZREVRANGEBYSCORE", key, high, low, "WITHSCORES", "LIMIT",
                                    offset, count);
    }
    /// The highest score first.
    decltype(auto) zrevrange(std::string_view key, std::int64_t first, std::int64_t last)
    {
        return read<std::vector<std::string>>("ZREVRANGE", key, first, last);
    }
    decltype(auto) zrevrange_withscores(std::string_view key, std::int64_t first, std::int64_t last)
    {
        return read<scored_members>("ZREVRANGE", key, first, last, "WITHSCORES");
    }
    template <argument Members>
    decltype(auto) zmscore(std::string_view key, const Members& members)
    {
        return read<std::vector<std::optional<double>>>("ZMSCORE", key, members);
    }
    decltype(auto) zrevrank(std::string_view key, std::string_view member)
    {
        return read<std::optional<std::int64_t>>("ZREVRANK", key, member);
    }
    /// \return how many were removed.
    decltype(auto) zremrangebyscore(std::string_view key, double low, double high)
    {
        return read<std::int64_t>("ZREMRANGEBYSCORE", key, low, high);
    }
    decltype(auto) zremrangebyrank(std::string_view key, std::int64_t first, std::int64_t last)
    {
        return write<std::int64_t>("ZREMRANGEBYRANK", key, first, last);
    }
    decltype(auto) zpopmax(std::string_view key, std::int64_t count = 1)
    {
        return write<scored_members>("ZPOPMAX", key, count);
    }
    /// Adds the scores up. \return how many members `to` has.
    template <argument Keys>
    decltype(auto) zunionstore(std::string_view to, const Keys& keys)
    {
        return write<std::int64_t>("ZUNIONSTORE", to, std::ranges::size(keys), keys);
    }
    template <argument Keys>
    decltype(auto) zinterstore(std::string_view to, const Keys& keys)
    {
        return write<std::int64_t>("ZINTERSTORE", to, std::ranges::size(keys), keys);
    }
    decltype(auto) zscore(std::string_view key, std::string_view member)
    {
        return read<std::optional<double>>("ZSCORE", key, member);
    }
    decltype(auto) zrank(std::string_view key, std::string_view member)
    {
        return read<std::optional<std::int64_t>>("ZRANK", key, member);
    }
    decltype(auto) zcard(std::string_view key) { return read<std::int64_t>("ZCARD", key); }
    decltype(auto) zcount(std::string_view key, double low, double high)
    {
        return read<std::int64_t>("ZCOUNT", key, low, high);
    }
    decltype(auto) zpopmin(std::string_view key, std::int64_t count = 1)
    {
        return write<scored_members>("ZPOPMIN", key, count);
    }
    /// @}

    /// \name Streams
    /// @{
    /// \param fields  a map, or a range of pairs. \return the entry's id.
    template <argument Fields>
    decltype(auto) xadd(std::string_view key, const Fields& fields,
                        const xadd_options& with = xadd_options())
    {
        command c("XADD", key);
        with.append_to(c);
        c.add(fields);
        return send<std::string>(std::move(c));
    }
    decltype(auto) xlen(std::string_view key) { return read<std::int64_t>("XLEN", key); }
    decltype(auto) xrange(std::string_view key, std::string_view first = "-",
                          std::string_view last = "+")
    {
        return read<std::vector<stream_entry>>("XRANGE", key, first, last);
    }
    /// The newest first.
    decltype(auto) xrevrange(std::string_view key, std::string_view last = "+",
                             std::string_view first = "-", std::int64_t count = 1000)
    {
        return read<std::vector<stream_entry>>("XREVRANGE", key, last, first, "COUNT", count);
    }
    template <argument... Ids>
    decltype(auto) xack(std::string_view key, std::string_view group, const Ids&... ids)
    {
        return read<std::int64_t>("XACK", key, group, ids...);
    }
    template <argument... Ids>
    decltype(auto) xdel(std::string_view key, const Ids&... ids)
    {
        return read<std::int64_t>("XDEL", key, ids...);
    }
    decltype(auto) xtrim(std::string_view key, std::int64_t max_length)
    {
        return read<std::int64_t>("XTRIM", key, "MAXLEN", max_length);
    }
    /// \param from  `0` for all that is in the stream, `$` for what comes from now on.
    decltype(auto) xgroup_create(std::string_view key, std::string_view group,
                                 std::string_view from = "$")
    {
        return write<bool>("XGROUP", "CREATE", key, group, from, "MKSTREAM");
    }
    decltype(auto) xgroup_destroy(std::string_view key, std::string_view group)
    {
        return write<bool>("XGROUP", "DESTROY", key, group);
    }
    /// \return how many entries it had got and not acknowledged.
    decltype(auto) xgroup_delconsumer(std::string_view key, std::string_view group,
                                      std::string_view consumer)
    {
        return write<std::int64_t>("XGROUP", "DELCONSUMER", key, group, consumer);
    }
    /// What the members of a group have got and not acknowledged: how much, and who.
    decltype(auto) xpending(std::string_view key, std::string_view group)
    {
        return read<pending_summary>("XPENDING", key, group);
    }
    /// The same, entry by entry.
    decltype(auto) xpending_range(std::string_view key, std::string_view group,
                                  std::string_view first = "-", std::string_view last = "+",
                                  std::int64_t count = 100)
    {
        return read<std::vector<pending_entry>>("XPENDING", key, group, first, last, count);
    }
    /// Takes over what others have left alone for `idle`.
    template <argument... Ids>
    decltype(auto) xclaim(std::string_view key, std::string_view group, std::string_view consumer,
                          std::chrono::milliseconds idle, const Ids&... ids)
    {
        return write<std::vector<stream_entry>>("XCLAIM", key, group, consumer, idle.count(),
                                                ids...);
    }
    /// The same for `count` of them at most, looked for from `start` on.
    decltype(auto) xautoclaim(std::string_view key, std::string_view group,
                              std::string_view consumer, std::chrono::milliseconds idle,
                              std::string_view start = "0-0", std::int64_t count = 100)
    {
        return write<claimed_entries>("XAUTOCLAIM", key, group, consumer, idle.count(), start,
                                      "COUNT", count);
    }
    decltype(auto) xinfo_stream(std::string_view key)
    {
        return read<reply_map>("XINFO", "STREAM", key);
    }
    decltype(auto) xinfo_groups(std::string_view key)
    {
        return read<std::vector<reply_map>>("XINFO", "GROUPS", key);
    }
    decltype(auto) xinfo_consumers(std::string_view key, std::string_view group)
    {
        return read<std::vector<reply_map>>("XINFO", "CONSUMERS", key, group);
    }
    /// @}

    /// \name HyperLogLogs and places
    /// @{
    /// \return whether the number of different ones may have changed.
    template <argument... Values>
    decltype(auto) pfadd(std::string_view key, const Values&... values)
    {
        return read<bool>("PFADD", key, values...);
    }
    template <argument... Keys>
    decltype(auto) pfcount(const Keys&... keys)
    {
        return read<std::int64_t>("PFCOUNT", keys...);
    }
    template <argument... Keys>
    decltype(auto) pfmerge(std::string_view to, const Keys&... keys)
    {
        return read<bool>("PFMERGE", to, keys...);
    }
    decltype(auto) geoadd(std::string_view key, double longitude, double latitude,
                          std::string_view member)
    {
        return read<std::int64_t>("GEOADD", key, longitude, latitude, member);
    }
    /// \param unit  m, km, mi or ft.
    decltype(auto) geodist(std::string_view key, std::string_view from, std::string_view to,
                           std::string_view unit = "m")
    {
        return read<std::optional<double>>("GEODIST", key, from, to, unit);
    }
    /// The members within `radius`, the nearest first.
    decltype(auto) geosearch(std::string_view key, double longitude, double latitude, double radius,
                             std::string_view unit = "m")
    {
        return read<std::vector<std::string>>("GEOSEARCH", key, "FROMLONLAT", longitude, latitude,
                                              "BYRADIUS", radius, unit, "ASC");
    }
    /// @}

    /// \name The server
    /// @{
    /// What it says about itself; `section` such as `memory`. Empty lines and titles are left out.
    decltype(auto) info(std::string_view section = "default")
    {
        return read<server_info>("INFO", section);
    }
    decltype(auto) config_get(std::string_view pattern)
    {
        return read<text_map>("CONFIG", "GET", pattern);
    }
    template <argument T>
    decltype(auto) config_set(std::string_view name, const T& value)
    {
        return read<bool>("CONFIG", "SET", name, value);
    }
    /// Names of channels that somebody listens to.
    decltype(auto) pubsub_channels(std::string_view pattern = "*")
    {
        return read<std::vector<std::string>>("PUBSUB", "CHANNELS", pattern);
    }
    template <argument... Channels>
    decltype(auto) pubsub_numsub(const Channels&... channels)
    {
        return read<std::map<std::string, std::int64_t>>("PUBSUB", "NUMSUB", channels...);
    }
    /// @}

    /// \return the number of subscribers that got it.
    template <argument T>
    decltype(auto) publish(std::string_view channel, const T& message)
    {
        return write<std::int64_t>("PUBLISH", channel, message);
    }
    /// Over a sharded channel.
    template <argument T>
    decltype(auto) spublish(std::string_view channel, const T& message)
    {
        return write<std::int64_t>("SPUBLISH", channel, message);
    }
    /// \param keys  a range of texts; `arguments` another.
    template <argument Keys, argument Arguments>
    decltype(auto) eval(std::string_view script, const Keys& keys, const Arguments& arguments)
    {
        return write<reply>("EVAL", script, std::ranges::size(keys), keys, arguments);
    }

    /// The same of a script that the server knows: see script_load(), or redis::script.
    template <argument Keys, argument Arguments>
    decltype(auto) evalsha(std::string_view sha1, const Keys& keys, const Arguments& arguments)
    {
        return write<reply>("EVALSHA", sha1, std::ranges::size(keys), keys, arguments);
    }
    /// \return its SHA-1.
    decltype(auto) script_load(std::string_view script)
    {
        return read<std::string>("SCRIPT", "LOAD", script);
    }
    /// Calls a function of a library that the server has. Redis 7.
    template <argument Keys, argument Arguments>
    decltype(auto) fcall(std::string_view function, const Keys& keys, const Arguments& arguments)
    {
        return write<reply>("FCALL", function, std::ranges::size(keys), keys, arguments);
    }
    /// \return the library's name.
    decltype(auto) function_load(std::string_view code)
    {
        return read<std::string>("FUNCTION", "LOAD", "REPLACE", code);
    }

private:
    // What may be sent again, and what may not: see command::repeatable.
    template <class T, class... Arguments>
    decltype(auto) read(const Arguments&... arguments)
    {
        command c(arguments...);
        c.repeatable();
        return send<T>(std::move(c));
    }
    template <class T, class... Arguments>
    decltype(auto) write(const Arguments&... arguments)
    {
        return send<T>(command(arguments...));
    }
    template <class T>
    decltype(auto) send(command c)
    {
        return static_cast<Self*>(this)->template run_command<T>(std::move(c));
    }
};

}  // namespace ferry::redis
