#pragma once

#include "ferry/redis/command.hpp"
#include "ferry/redis/reply.hpp"

#include <cstdint>
#include <map>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::redis {

/// The answer of INFO: `name:value` lines. As the dictionary of Redis.info.
class server_info : public text_map {
public:
    static server_info from_reply(reply r);
};

/// Of the server, its channels and its scripts: see commands.
template <class Self>
class server_commands {
public:
    /// \name The server
    /// @{
    /// What it says about itself; `section` such as `memory`. Empty lines and titles are left out.
    decltype(auto) info(std::string_view section = "default")
    {
        return detail::read<server_info>(*this, "INFO", section);
    }
    decltype(auto) config_get(std::string_view pattern)
    {
        return detail::read<text_map>(*this, "CONFIG", "GET", pattern);
    }
    template <argument T>
    decltype(auto) config_set(std::string_view name, const T& value)
    {
        return detail::read<bool>(*this, "CONFIG", "SET", name, value);
    }
    /// Names of channels that somebody listens to.
    decltype(auto) pubsub_channels(std::string_view pattern = "*")
    {
        return detail::read<std::vector<std::string>>(*this, "PUBSUB", "CHANNELS", pattern);
    }
    template <argument... Channels>
    decltype(auto) pubsub_numsub(const Channels&... channels)
    {
        return detail::read<std::map<std::string, std::int64_t>>(*this, "PUBSUB", "NUMSUB",
                                                                 channels...);
    }
    /// @}

    /// \name Channels
    /// @{
    /// \return the number of subscribers that got it.
    template <argument T>
    decltype(auto) publish(std::string_view channel, const T& message)
    {
        return detail::write<std::int64_t>(*this, "PUBLISH", channel, message);
    }
    /// Over a sharded channel.
    template <argument T>
    decltype(auto) spublish(std::string_view channel, const T& message)
    {
        return detail::write<std::int64_t>(*this, "SPUBLISH", channel, message);
    }
    /// @}

    /// \name Scripts
    /// @{
    /// \param keys  a range of texts; `arguments` another.
    template <argument Keys, argument Arguments>
    decltype(auto) eval(std::string_view script, const Keys& keys, const Arguments& arguments)
    {
        return detail::write<reply>(*this, "EVAL", script, std::ranges::size(keys), keys,
                                    arguments);
    }

    /// The same of a script that the server knows: see script_load(), or redis::script.
    template <argument Keys, argument Arguments>
    decltype(auto) evalsha(std::string_view sha1, const Keys& keys, const Arguments& arguments)
    {
        return detail::write<reply>(*this, "EVALSHA", sha1, std::ranges::size(keys), keys,
                                    arguments);
    }
    /// \return its SHA-1.
    decltype(auto) script_load(std::string_view script)
    {
        return detail::read<std::string>(*this, "SCRIPT", "LOAD", script);
    }
    /// Calls a function of a library that the server has. Redis 7.
    template <argument Keys, argument Arguments>
    decltype(auto) fcall(std::string_view function, const Keys& keys, const Arguments& arguments)
    {
        return detail::write<reply>(*this, "FCALL", function, std::ranges::size(keys), keys,
                                    arguments);
    }
    /// \return the library's name.
    decltype(auto) function_load(std::string_view code)
    {
        return detail::read<std::string>(*this, "FUNCTION", "LOAD", "REPLACE", code);
    }
    /// @}
};

}  // namespace ferry::redis
