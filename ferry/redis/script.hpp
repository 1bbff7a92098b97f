#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/redis/client.hpp"

#include <string>
#include <vector>

namespace ferry::redis {

/// A Lua script that runs on the server, sent in full only if the server does not know it. As
/// Redis.register_script.
///
///     const redis::script add("return redis.call('INCRBY', KEYS[1], ARGV[1])");
///     auto sum = (co_await add.run(r, {"total"}, {"5"})).as<int>();
class script {
public:
    explicit script(std::string text);

    const std::string& sha1() const noexcept { return sha1_; }

    /// \throws as client; response_error if the script fails.
    awaitable<reply> run(client over, std::vector<std::string> keys,
                         std::vector<std::string> arguments) const;

private:
    std::string text_;
    std::string sha1_;
};

}  // namespace ferry::redis
