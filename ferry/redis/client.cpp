#include "ferry/redis/client.hpp"

#include "ferry/redis/detail/client_core.hpp"
#include "ferry/redis/error.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ferry::redis {
namespace {

using detail::client_core;
using detail::connection;
using core_pointer = std::shared_ptr<client_core>;
using milliseconds = std::chrono::milliseconds;

double seconds(milliseconds d)
{
    return static_cast<double>(d.count()) / 1000;
}

std::vector<command> between_multi_and_exec(pipeline all)
{
    std::vector<command> wrapped;
    std::vector<command> inside = std::move(all).take();
    wrapped.reserve(inside.size() + 2);
    wrapped.emplace_back("MULTI");
    std::ranges::move(inside, std::back_inserter(wrapped));
    wrapped.emplace_back("EXEC");
    return wrapped;
}

// The answers of EXEC; none if a watched key had changed.
std::optional<std::vector<reply>> outcome_of(std::vector<reply> answers)
{
    reply& last = answers.back();
    if (last.is_null()) return std::nullopt;
    if (last.is_error()) {
        // The refusal of a single command says more than EXECABORT.
        for (const reply& r : answers) {
            if (r.is_error()) throw response_error(r.text());
        }
    }
    if (!last.is_aggregate()) throw protocol_error(errc::bad_reply, "redis: EXEC gave no array");
    return last.items();
}

awaitable<std::vector<reply>> run_transaction(core_pointer core, std::vector<command> all)
{
    auto sending = client_core::execute_all(std::move(core), std::move(all));
    auto answers = co_await std::move(sending);
    auto outcome = outcome_of(std::move(answers));
    if (!outcome) throw error(errc::conflict, "redis: EXEC was refused");
    co_return std::move(*outcome);
}

awaitable<std::optional<popped>> pop(core_pointer core, std::string name,
                                     std::vector<std::string> keys, milliseconds wait)
{
    auto asking =
        client_core::execute_blocking(std::move(core), command(name, keys, seconds(wait)), wait);
    reply r = co_await std::move(asking);
    co_return std::move(r).as<std::optional<popped>>();
}

command reading(command c, const std::vector<std::pair<std::string, std::string>>& streams,
                milliseconds wait, std::int64_t count)
{
    c.add("COUNT").add(count).add("BLOCK").add(wait.count()).add("STREAMS");
    for (const auto& [key, id] : streams) c.add(key);
    for (const auto& [key, id] : streams) c.add(id);
    return c;
}

awaitable<std::vector<stream_batch>> read_streams(core_pointer core, command c, milliseconds wait)
{
    auto asking = client_core::execute_blocking(std::move(core), std::move(c), wait);
    reply r = co_await std::move(asking);
    if (r.is_null()) co_return std::vector<stream_batch>();
    co_return std::move(r).as<std::vector<stream_batch>>();
}

}  // namespace

client::client(options with) : core_{std::make_shared<client_core>(std::move(with))} {}

awaitable<reply> client::execute(command c)
{
    return client_core::execute(core_, std::move(c));
}

awaitable<std::vector<reply>> client::execute(pipeline all)
{
    return client_core::execute_all(core_, std::move(all).take());
}

awaitable<std::vector<reply>> client::transaction(pipeline all)
{
    return run_transaction(core_, between_multi_and_exec(std::move(all)));
}

awaitable<std::vector<reply>> client::transaction(std::vector<std::string> watch,
                                                  transaction_body body, int attempts)
{
    return run_watched(core_, std::move(watch), std::move(body), attempts);
}

awaitable<std::vector<reply>> client::run_watched(core_pointer core, std::vector<std::string> keys,
                                                  transaction_body body, int attempts)
{
    const auto limit = core->settings().timeout();
    auto getting = client_core::dedicated(core);
    const client_core::lease own = co_await std::move(getting);
    // What is read through this client is read on the connection that watches.
    client reader(std::make_shared<client_core>(core->settings(), own.get()));
    for (; attempts > 0; --attempts) {
        const command watch("WATCH", keys);
        auto beginning = connection::send(own.get(), &watch, limit);
        const reply begun = co_await std::move(beginning);
        begun.as<void>();
        pipeline writes;
        auto filling = body(reader, writes);
        co_await std::move(filling);
        const std::vector<command> all = between_multi_and_exec(std::move(writes));
        auto sending = connection::send_all(own.get(), all, limit);
        auto answers = co_await std::move(sending);
        auto outcome = outcome_of(std::move(answers));
        if (outcome) co_return std::move(*outcome);
    }
    throw error(errc::conflict, "redis: the watched keys change again and again");
}

awaitable<std::optional<popped>> client::blpop(std::vector<std::string> keys, milliseconds wait)
{
    return pop(core_, "BLPOP", std::move(keys), wait);
}

awaitable<std::optional<popped>> client::brpop(std::vector<std::string> keys, milliseconds wait)
{
    return pop(core_, "BRPOP", std::move(keys), wait);
}

awaitable<std::optional<std::string>> client::blmove(std::string from, std::string to,
                                                     list_end take, list_end put, milliseconds wait)
{
    command c("BLMOVE", from, to, name_of(take), name_of(put), seconds(wait));
    return convert<std::optional<std::string>>(execute_blocking(std::move(c), wait));
}

awaitable<std::vector<stream_batch>> client::xread(
    std::vector<std::pair<std::string, std::string>> streams, milliseconds wait, std::int64_t count)
{
    return read_streams(core_, reading(command("XREAD"), streams, wait, count), wait);
}

awaitable<std::vector<stream_batch>> client::xreadgroup(
    std::string group, std::string consumer,
    std::vector<std::pair<std::string, std::string>> streams, milliseconds wait, std::int64_t count)
{
    command c("XREADGROUP", "GROUP", group, consumer);
    return read_streams(core_, reading(std::move(c), streams, wait, count), wait);
}

awaitable<reply> client::execute_blocking(command c, milliseconds wait)
{
    return client_core::execute_blocking(core_, std::move(c), wait);
}

void client::close() noexcept
{
    core_->close();
}

}  // namespace ferry::redis
