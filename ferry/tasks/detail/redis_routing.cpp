// Which queues an exchange's messages go to, as kombu keeps it in Redis.
#include "ferry/tasks/detail/redis_routing.hpp"

#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/kombu_message.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using core_pointer = std::shared_ptr<redis_core>;

constexpr const char* undeliverable = "ae.undeliver";  // kombu's

/// The regular expression that kombu keeps beside the key of a topic.
std::string topic_pattern(std::string_view key)
{
    std::string pattern = "^";
    for (std::size_t at = 0; at <= key.size();) {
        const std::size_t end = std::min(key.size(), key.find('.', at));
        const std::string_view word = key.substr(at, end - at);
        if (at > 0) pattern += R"(\.)";
        if (word == "*") {
            pattern += R"(.*?[^\.])";
        } else if (word == "#") {
            pattern += ".*?";
        } else {
            for (const char c : word) {
                const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                   (c >= '0' && c <= '9') || c < 0 || c == '#' || c == '*';
                if (!plain) pattern += '\\';
                pattern += c;
            }
        }
        at = end + 1;
    }
    return pattern + "$";
}

/// A line of an exchange's table, `key SEP pattern SEP queue`.
struct bound_queue {
    explicit bound_queue(std::string_view member)
        : key{member.substr(0, member.find(separator))},
          queue{member.substr(std::min(member.size(), member.rfind(separator) + separator.size()))}
    {
        const std::size_t from = key.size() + separator.size();
        const std::size_t end = member.rfind(separator);
        if (end != std::string_view::npos && end > from) pattern = member.substr(from, end - from);
    }

    bool takes(std::string_view routing_key) const
    {
        if (pattern.empty()) return key == routing_key;
        re2::RE2::Options quiet;
        quiet.set_log_errors(false);
        return re2::RE2::PartialMatch(routing_key, re2::RE2{pattern, quiet});
    }

    std::string_view key;
    std::string_view pattern;
    std::string_view queue;
};

}  // namespace

std::string binding(const std::string& key, const std::string& queue, const std::string& pattern)
{
    return key + std::string{separator} + pattern + std::string{separator} + queue;
}

std::string binding_key(const redis_core& core, const std::string& exchange)
{
    return core.key("_kombu.binding." + exchange);
}

awaitable<void> redis_core::route(core_pointer self, parcel what)
{
    const auto known = self->types_.find(what.exchange);
    const std::string type = what.exchange_type.empty() && known != self->types_.end()
                                 ? known->second
                                 : what.exchange_type;
    if (type == "fanout") {
        auto telling =
            self->client.cmd("PUBLISH", self->channel(what.exchange, what.queue), what.body);
        co_await std::move(telling);
        co_return;
    }
    auto asking = self->client.cmd("SMEMBERS", binding_key(*self, what.exchange));
    const redis::reply table = co_await std::move(asking);
    std::set<std::string> queues;
    for (const redis::reply& member : table.items()) {
        const bound_queue to(member.text());
        if (to.takes(what.queue)) queues.emplace(to.queue);
    }
    if (queues.empty()) {
        log::warning("no queue for a message", "exchange", what.exchange, "routing_key",
                     what.queue);
        queues.emplace(undeliverable);
    }
    redis::pipeline all;
    for (const std::string& queue : queues) {
        all.cmd("LPUSH", self->list_for(queue, what.priority), what.body);
    }
    auto sending = self->client.execute(std::move(all));
    const std::vector<redis::reply> answers = co_await std::move(sending);
    for (const redis::reply& r : answers) r.as<void>();
}

awaitable<void> redis_core::bind(core_pointer self, std::string exchange, std::string key,
                                 std::string queue)
{
    auto adding = self->client.cmd("SADD", binding_key(*self, exchange), binding(key, queue));
    co_await std::move(adding);
}

awaitable<void> redis_core::bind(core_pointer self, std::string queue, queue_binding from)
{
    if (from.type != "direct" && from.type != "topic" && from.type != "fanout") {
        throw error{ferry::errc::unsupported,
                    from.exchange + ": Redis has no exchange of type " + from.type + " for tasks"};
    }
    self->types_.insert_or_assign(from.exchange, from.type);
    const std::string pattern = from.type == "topic" ? topic_pattern(from.routing_key) : "";
    auto adding = self->client.cmd("SADD", binding_key(*self, from.exchange),
                                   binding(from.routing_key, queue, pattern));
    co_await std::move(adding);
}

awaitable<void> redis_core::discard(core_pointer self, std::string queue, queue_binding from)
{
    auto removing = unbind(self, std::move(from.exchange), std::move(from.routing_key), queue);
    co_await std::move(removing);
    auto purging = purge(self, std::move(queue));
    co_await std::move(purging);
}

awaitable<void> redis_core::unbind(core_pointer self, std::string exchange, std::string key,
                                   std::string queue)
{
    auto removing = self->client.cmd("SREM", binding_key(*self, exchange), binding(key, queue));
    co_await std::move(removing);
}

awaitable<void> redis_core::reply(core_pointer self, std::string exchange, std::string key,
                                  envelope e)
{
    auto asking = self->client.cmd("SMEMBERS", binding_key(*self, exchange));
    const redis::reply members = co_await std::move(asking);
    const std::string wanted = key + std::string{separator};
    for (const redis::reply& r : members.items()) {
        const std::string& member = r.text();
        if (!member.starts_with(wanted)) continue;
        const std::string queue = member.substr(member.rfind(separator) + separator.size());
        auto pushing = self->client.cmd("LPUSH", self->list_for(queue, e.priority),
                                        to_kombu(e, exchange, key));
        co_await std::move(pushing);
    }
}

}  // namespace ferry::tasks::detail
