#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/redis/commands.hpp"
#include "ferry/redis/options.hpp"
#include "ferry/redis/pipeline.hpp"
#include "ferry/redis/reply.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::redis {

namespace detail {
class client_core;
}

/// A list's name and what was taken from it.
using popped = std::pair<std::string, std::string>;

/// A stream's name and what came in it.
using stream_batch = std::pair<std::string, std::vector<stream_entry>>;

/// A Redis server, version 5 and later. As redis.asyncio.Redis.
///
///     redis::client r("redis://127.0.0.1:6379/0");
///     co_await r.set("greeting", "hello", redis::set_options().ex(60s));
///     std::optional<std::string> text = co_await r.get("greeting");
///
/// Connects when it is first used. Any number of coroutines may use it at the same time: they share
/// one connection, and what they send in the same turn of the loop leaves in one write. Commands
/// that wait on the server, transactions and subscribers get connections of their own. A handle;
/// copies share the connections. Belongs to the loop that first uses it.
///
/// A lost connection is made again, with pauses of 50 ms to 5 s, within the time limit. A command
/// whose answer had not come is then repeated if that does no harm (GET, SET without NX, and what
/// else is marked so), and fails with connection_lost if it could (INCR, LPUSH): it may have been
/// carried out.
///
/// \throws response_error     the server refused; nothing else is affected
/// \throws connection_error   there is no connection; connection_lost: see above
/// \throws timeout_error      no answer in time (options::timeout); the connection stays
/// Cancelled: the command may have been carried out; the connection stays.
class client : public commands<client> {
public:
    explicit client(options with = options());
    explicit client(std::string_view url) : client(options::from_url(url)) {}
    explicit client(const char* url) : client(std::string_view(url)) {}

    /// Any command: `co_await r.cmd("OBJECT", "ENCODING", key)`.
    template <argument... Arguments>
    awaitable<reply> cmd(std::string_view name, const Arguments&... arguments)
    {
        return execute(command(name, arguments...));
    }
    awaitable<reply> execute(command c);

    /// Sends all commands at once. Error replies stay among the answers. As Pipeline.execute
    /// without a transaction.
    awaitable<std::vector<reply>> execute(pipeline all);

    /// The same between MULTI and EXEC: all are carried out, or none.
    /// \throws response_error  EXECABORT: the server refused one of them.
    awaitable<std::vector<reply>> transaction(pipeline all);

    /// What a watched transaction does: reads, and takes down what is to be written.
    using transaction_body = std::function<awaitable<void>(client&, pipeline&)>;

    /// Watches keys, lets `body` read through the client that it is given and fill the pipeline,
    /// and carries that out if nobody has changed the keys meanwhile; otherwise does it all again.
    /// As Redis.transaction.
    /// \throws error(errc::conflict)  the keys changed `attempts` times.
    awaitable<std::vector<reply>> transaction(std::vector<std::string> watch, transaction_body body,
                                              int attempts = 16);

    /// \name Commands that wait on the server
    /// None if nothing came in that time; zero waits for ever. On a connection of their own.
    /// Cancelled: what the server was about to give may be lost.
    /// @{
    awaitable<std::optional<popped>> blpop(std::vector<std::string> keys,
                                           std::chrono::milliseconds wait);
    awaitable<std::optional<popped>> brpop(std::vector<std::string> keys,
                                           std::chrono::milliseconds wait);
    awaitable<std::optional<std::string>> blmove(std::string from, std::string to, list_end take,
                                                 list_end put, std::chrono::milliseconds wait);
    /// What came in the streams behind the ids given; `$`: from now on.
    awaitable<std::vector<stream_batch>> xread(
        std::vector<std::pair<std::string, std::string>> streams, std::chrono::milliseconds wait,
        std::int64_t count = 100);
    /// The same for a member of a consumer group; `>`: what no member has got yet.
    awaitable<std::vector<stream_batch>> xreadgroup(
        std::string group, std::string consumer,
        std::vector<std::pair<std::string, std::string>> streams, std::chrono::milliseconds wait,
        std::int64_t count = 100);
    awaitable<reply> execute_blocking(command c, std::chrono::milliseconds wait);
    /// @}

    /// Closes all connections; what is under way fails. The client can be used again.
    void close() noexcept;

private:
    friend class detail::command_access;
    friend class subscriber;
    explicit client(std::shared_ptr<detail::client_core> core) : core_{std::move(core)} {}

    static awaitable<std::vector<reply>> run_watched(std::shared_ptr<detail::client_core> core,
                                                     std::vector<std::string> keys,
                                                     transaction_body body, int attempts);

    template <class T>
    awaitable<T> run_command(command c)
    {
        return convert<T>(execute(std::move(c)));
    }
    template <class T>
    static awaitable<T> convert(awaitable<reply> operation)
    {
        reply r = co_await std::move(operation);
        co_return std::move(r).template as<T>();
    }

    std::shared_ptr<detail::client_core> core_;
};

}  // namespace ferry::redis
