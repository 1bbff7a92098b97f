#pragma once

#include "ferry/redis/command.hpp"
#include "ferry/redis/command_options.hpp"
#include "ferry/redis/reply.hpp"
#include "ferry/redis/stream_types.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::redis {

/// Of keys that hold a stream: see commands.
template <class Self>
class stream_commands {
public:
    /// \param fields  a map, or a range of pairs. \return the entry's id.
    template <argument Fields>
    decltype(auto) xadd(std::string_view key, const Fields& fields,
                        const xadd_options& with = xadd_options())
    {
        command c("XADD", key);
        with.append_to(c);
        c.add(fields);
        return detail::send<std::string>(*this, std::move(c));
    }
    decltype(auto) xlen(std::string_view key)
    {
        return detail::read<std::int64_t>(*this, "XLEN", key);
    }
    decltype(auto) xrange(std::string_view key, std::string_view first = "-",
                          std::string_view last = "+")
    {
        return detail::read<std::vector<stream_entry>>(*this, "XRANGE", key, first, last);
    }
    /// The newest first.
    decltype(auto) xrevrange(std::string_view key, std::string_view last = "+",
                             std::string_view first = "-", std::int64_t count = 1000)
    {
        return detail::read<std::vector<stream_entry>>(*this, "XREVRANGE", key, last, first,
                                                       "COUNT", count);
    }
    template <argument... Ids>
    decltype(auto) xack(std::string_view key, std::string_view group, const Ids&... ids)
    {
        return detail::read<std::int64_t>(*this, "XACK", key, group, ids...);
    }
    template <argument... Ids>
    decltype(auto) xdel(std::string_view key, const Ids&... ids)
    {
        return detail::read<std::int64_t>(*this, "XDEL", key, ids...);
    }
    decltype(auto) xtrim(std::string_view key, std::int64_t max_length)
    {
        return detail::read<std::int64_t>(*this, "XTRIM", key, "MAXLEN", max_length);
    }
    /// \param from  `0` for all that is in the stream, `$` for what comes from now on.
    decltype(auto) xgroup_create(std::string_view key, std::string_view group,
                                 std::string_view from = "$")
    {
        return detail::write<bool>(*this, "XGROUP", "CREATE", key, group, from, "MKSTREAM");
    }
    decltype(auto) xgroup_destroy(std::string_view key, std::string_view group)
    {
        return detail::write<bool>(*this, "XGROUP", "DESTROY", key, group);
    }
    /// \return how many entries it had got and not acknowledged.
    decltype(auto) xgroup_delconsumer(std::string_view key, std::string_view group,
                                      std::string_view consumer)
    {
        return detail::write<std::int64_t>(*this, "XGROUP", "DELCONSUMER", key, group, consumer);
    }
    /// What the members of a group have got and not acknowledged: how much, and who.
    decltype(auto) xpending(std::string_view key, std::string_view group)
    {
        return detail::read<pending_summary>(*this, "XPENDING", key, group);
    }
    /// The same, entry by entry.
    decltype(auto) xpending_range(std::string_view key, std::string_view group,
                                  std::string_view first = "-", std::string_view last = "+",
                                  std::int64_t count = 100)
    {
        return detail::read<std::vector<pending_entry>>(*this, "XPENDING", key, group, first, last,
                                                        count);
    }
    /// Takes over what others have left alone for `idle`.
    template <argument... Ids>
    decltype(auto) xclaim(std::string_view key, std::string_view group, std::string_view consumer,
                          std::chrono::milliseconds idle, const Ids&... ids)
    {
        return detail::write<std::vector<stream_entry>>(*this, "XCLAIM", key, group, consumer,
                                                        idle.count(), ids...);
    }
    /// The same for `count` of them at most, looked for from `start` on.
    decltype(auto) xautoclaim(std::string_view key, std::string_view group,
                              std::string_view consumer, std::chrono::milliseconds idle,
                              std::string_view start = "0-0", std::int64_t count = 100)
    {
        return detail::write<claimed_entries>(*this, "XAUTOCLAIM", key, group, consumer,
                                              idle.count(), start, "COUNT", count);
    }
    decltype(auto) xinfo_stream(std::string_view key)
    {
        return detail::read<reply_map>(*this, "XINFO", "STREAM", key);
    }
    decltype(auto) xinfo_groups(std::string_view key)
    {
        return detail::read<std::vector<reply_map>>(*this, "XINFO", "GROUPS", key);
    }
    decltype(auto) xinfo_consumers(std::string_view key, std::string_view group)
    {
        return detail::read<std::vector<reply_map>>(*this, "XINFO", "CONSUMERS", key, group);
    }
};

}  // namespace ferry::redis
