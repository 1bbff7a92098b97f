#include "ferry/tasks/detail/redis_core.hpp"

#include "ferry/core/log.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/redis/script.hpp"
#include "ferry/tasks/detail/kombu_message.hpp"
#include "ferry/tasks/detail/redis_consumer.hpp"
#include "ferry/tasks/detail/redis_routing.hpp"
#include "ferry/tasks/detail/wire_json.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using core_pointer = std::shared_ptr<redis_core>;

// So many tags go into one call of a script.
constexpr std::size_t tags_at_once = 500;
constexpr std::size_t messages_at_once = 64;
constexpr std::size_t letters_at_once = 128;
constexpr double at_any_time = 1e15;
constexpr std::string_view unacked = "unacked";
constexpr std::string_view unacked_index = "unacked_index";
constexpr std::string_view unacked_mutex = "unacked_mutex";

const redis::script& claim_script()
{
    static const redis::script s{R"(
local taken, number, left, group = {}, tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
for first = 3, #KEYS, group do
  local found = true
  while found and left > 0 do
    found = false
    for i = first, first + group - 1 do
      if left > 0 then
        local text = redis.call('RPOP', KEYS[i])
        if text then
          found = true
          left = left - 1
          taken[#taken + 1] = i - 3
          taken[#taken + 1] = number
          taken[#taken + 1] = text
          if string.sub(text, 1, 1) == '{' then
            local tag = ARGV[1] .. string.format('%.0f', number)
            redis.call('ZADD', KEYS[2], now, tag)
            redis.call('HSET', KEYS[1], tag, '[' .. text .. ', "", ' .. ARGV[i + 2] .. ']')
          end
          number = number + 1
        end
      end
    end
  end
end
return taken)"};
    return s;
}

const redis::script& forget_script()
{
    static const redis::script s{R"(
redis.call('ZREM', KEYS[2], unpack(ARGV))
return redis.call('HDEL', KEYS[1], unpack(ARGV)))"};
    return s;
}

const redis::script& renew_script()
{
    static const redis::script s{R"(
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
for i = 1, #ARGV do redis.call('ZADD', KEYS[1], 'XX', now, ARGV[i]) end
return #ARGV)"};
    return s;
}

// Whoever gives a message back must still find the claim, no younger than it believes.
const redis::script& give_back_script()
{
    static const redis::script s{R"(
local score = redis.call('ZSCORE', KEYS[2], ARGV[1])
if score and tonumber(score) > tonumber(ARGV[2]) then return 0 end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('RPUSH', KEYS[3], ARGV[3])
return 1)"};
    return s;
}

// An entry of the index without its message would be found for ever.
const redis::script& unlist_script()
{
    static const redis::script s{R"(
for i = 1, #ARGV do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 0 then redis.call('ZREM', KEYS[2], ARGV[i]) end
end
return #ARGV)"};
    return s;
}

const redis::script& unlock_script()
{
    static const redis::script s{
        "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end "
        "return 0"};
    return s;
}

// Claims go by Redis's clock: those of the machines of workers may differ.
awaitable<double> time_of(core_pointer in)
{
    auto asking = in->client.cmd("TIME");
    const redis::reply time = co_await std::move(asking);
    co_return time[0].as<double>() + time[1].as<double>() / 1e6;
}

std::string number_text(double d)
{
    return std::to_string(d);
}

std::vector<std::vector<std::string>> in_parts(std::vector<std::string> tags)
{
    std::vector<std::vector<std::string>> parts;
    for (std::size_t i = 0; i < tags.size(); i += tags_at_once) {
        const std::size_t end = std::min(tags.size(), i + tags_at_once);
        parts.emplace_back(
            std::make_move_iterator(tags.begin() + static_cast<std::ptrdiff_t>(i)),
            std::make_move_iterator(tags.begin() + static_cast<std::ptrdiff_t>(end)));
    }
    return parts;
}

/// Where the messages are that were taken, and when that was.
std::vector<std::string> claim_keys(const redis_core& of)
{
    std::vector<std::string> keys;
    keys.push_back(of.key(unacked));
    keys.push_back(of.key(unacked_index));
    return keys;
}

/// None if there is no message, or none that can be read.
std::optional<restored_message> restored(const redis::reply& found, const std::string& tag)
{
    if (found.is_null()) return std::nullopt;
    try {
        return restore_kombu(found.text());
    } catch (const error& e) {
        log::error("a message that was taken cannot be given back", "tag", tag, "reason", e.what());
        return std::nullopt;
    }
}

/// Puts messages back whose claims are not younger than `not_after`, the last of them first: each
/// goes before the one that went back last.
awaitable<void> give_back_part(core_pointer in, std::vector<std::string> tags, double not_after)
{
    auto asking = in->client.cmd("HMGET", in->key(unacked), tags);
    const redis::reply found = co_await std::move(asking);
    std::vector<std::string> unreadable;
    std::vector<std::string> missing;
    for (std::size_t i = tags.size(); i-- > 0;) {
        const std::optional<restored_message> m = restored(found[i], tags[i]);
        if (!m) {
            (found[i].is_null() ? missing : unreadable).push_back(std::move(tags[i]));
            continue;
        }
        std::vector<std::string> keys = claim_keys(*in);
        keys.push_back(in->list_for(m->queue, m->priority));
        std::vector<std::string> arguments;
        arguments.push_back(std::move(tags[i]));
        arguments.push_back(number_text(not_after));
        arguments.push_back(m->text);
        auto giving = give_back_script().run(in->client, std::move(keys), std::move(arguments));
        co_await std::move(giving);
    }
    auto forgetting = forget_claims(in, std::move(unreadable));
    co_await std::move(forgetting);
    if (missing.empty()) co_return;
    auto tidying = unlist_script().run(in->client, claim_keys(*in), std::move(missing));
    co_await std::move(tidying);
}

awaitable<void> give_back(core_pointer in, std::vector<std::string> tags, double not_after)
{
    while (!tags.empty()) {
        const std::size_t left = tags.size() - std::min(tags.size(), messages_at_once);
        std::vector<std::string> part(
            std::make_move_iterator(tags.begin() + static_cast<std::ptrdiff_t>(left)),
            std::make_move_iterator(tags.end()));
        tags.resize(left);
        auto giving = give_back_part(in, std::move(part), not_after);
        co_await std::move(giving);
    }
}

}  // namespace

std::string redis_core::list_key(const std::string& queue, int step) const
{
    std::string name = options.key_prefix() + queue;
    if (step == 0) return name;
    name += separator;
    name += std::to_string(step);
    return name;
}

std::string redis_core::list_for(const std::string& queue, int priority) const
{
    const auto step = std::find_if(priority_steps.rbegin(), priority_steps.rend(),
                                   [&](int s) { return s <= priority; });
    return list_key(queue, step == priority_steps.rend() ? 0 : *step);
}

std::string redis_core::channel(std::string_view exchange, std::string_view routing_key) const
{
    std::string name = options.key_prefix() + "/" + std::to_string(database) + ".";
    name += exchange;
    if (!routing_key.empty()) {
        name += '/';
        name += routing_key;
    }
    return name;
}

awaitable<void> redis_core::publish(core_pointer self, std::string queue, envelope e)
{
    if (!e.exchange.empty()) {
        auto routing = route(self, self->pack(std::move(queue), std::move(e)));
        co_await std::move(routing);
        co_return;
    }
    redis::pipeline both;
    // Every queue is bound to an exchange of its name; kombu's tools look there.
    if (self->bound_.insert(queue).second) {
        both.cmd("SADD", binding_key(*self, queue), binding(queue, queue));
    }
    both.cmd("LPUSH", self->list_for(queue, e.priority), to_kombu(e, "", queue));
    auto sending = self->client.execute(std::move(both));
    const std::vector<redis::reply> answers = co_await std::move(sending);
    for (const redis::reply& r : answers) r.as<void>();
}

namespace {

parcel packed(std::string queue, int priority, std::string text)
{
    parcel p;
    p.queue = std::move(queue);
    p.priority = priority;
    p.body = std::move(text);
    return p;
}

}  // namespace

parcel redis_core::pack(std::string queue, envelope e) const
{
    std::string text = to_kombu(e, e.exchange, queue);
    parcel p = packed(std::move(queue), e.priority, std::move(text));
    p.exchange = std::move(e.exchange);
    p.exchange_type = std::move(e.exchange_type);
    return p;
}

parcel redis_core::pack(std::string queue, const message& m) const
{
    if (!m.exchange.empty()) return pack(std::move(queue), encode(m));
    std::string text = to_kombu(m, queue);
    return packed(std::move(queue), m.priority, std::move(text));
}

void redis_core::publish(std::vector<std::shared_ptr<letter>> all)
{
    std::erase_if(all, [this](const auto& l) {
        if (l->content.exchange.empty()) return false;
        carry_out(l, route(shared_from_this(), l->content));
        return true;
    });
    if (!all.empty()) spawn(push(shared_from_this(), std::move(all)), "redis publish");
}

namespace {

std::exception_ptr failure_of(const redis::reply& r)
{
    try {
        r.as<void>();
        return nullptr;
    } catch (...) {
        return std::current_exception();
    }
}

}  // namespace

/// One command for those that follow one another into a list.
awaitable<void> redis_core::push(core_pointer self, std::vector<std::shared_ptr<letter>> all)
{
    std::vector<letter_run> runs;
    std::vector<redis::reply> answers;
    std::exception_ptr failure;
    std::size_t bindings = 0;
    try {
        redis::pipeline together;
        for (const auto& l : all) {
            if (!self->bound_.insert(l->content.queue).second) continue;
            together.cmd("SADD", binding_key(*self, l->content.queue),
                         binding(l->content.queue, l->content.queue));
            ++bindings;
        }
        for (std::size_t i = 0; i < all.size();) {
            const letter_run run = self->next_run(all, i);
            redis::command c("LPUSH", run.list);
            for (; i < run.last; ++i) c.add(all[i]->content.body);
            together.add(std::move(c));
            runs.push_back(run);
        }
        auto sending = self->client.execute(std::move(together));
        answers = co_await std::move(sending);
    } catch (const cancelled&) {
        failure =
            std::make_exception_ptr(error{ferry::errc::disconnected, "the broker was closed"});
    } catch (...) {
        failure = std::current_exception();
    }
    for (std::size_t n = 0; n < bindings && !failure; ++n) failure = failure_of(answers[n]);
    if (failure) {
        for (const auto& l : all) {
            self->bound_.erase(l->content.queue);
            letter::end(l, failure);
        }
        co_return;
    }
    for (std::size_t n = 0; n < runs.size(); ++n) {
        const std::exception_ptr why = failure_of(answers[bindings + n]);
        for (std::size_t i = runs[n].first; i < runs[n].last; ++i) letter::end(all[i], why);
    }
}

redis_core::letter_run redis_core::next_run(const std::vector<std::shared_ptr<letter>>& all,
                                            std::size_t first) const
{
    const auto list_of = [this](const letter& l) {
        return list_for(l.content.queue, l.content.priority);
    };
    letter_run run{first, first, list_of(*all[first])};
    const std::size_t end = std::min(all.size(), first + letters_at_once);
    while (run.last < end && (run.last == first || list_of(*all[run.last]) == run.list)) ++run.last;
    return run;
}

awaitable<std::int64_t> redis_core::size(core_pointer self, std::string queue)
{
    redis::pipeline all;
    for (const int step : priority_steps) all.cmd("LLEN", self->list_key(queue, step));
    auto asking = self->client.execute(std::move(all));
    std::int64_t count = 0;
    for (const redis::reply& r : co_await std::move(asking)) count += r.as<std::int64_t>();
    co_return count;
}

awaitable<std::int64_t> redis_core::purge(core_pointer self, std::string queue)
{
    redis::pipeline all;
    for (const int step : priority_steps) {
        all.cmd("LLEN", self->list_key(queue, step)).cmd("DEL", self->list_key(queue, step));
    }
    auto asking = self->client.transaction(std::move(all));
    const std::vector<redis::reply> answers = co_await std::move(asking);
    std::int64_t count = 0;
    for (std::size_t i = 0; i < answers.size(); i += 2) count += answers[i].as<std::int64_t>();
    co_return count;
}

awaitable<void> redis_core::announce(core_pointer self, bus on, std::string key, envelope e)
{
    if (on == bus::replies) {
        auto replying = reply(self, "reply.celery.pidbox", std::move(key), std::move(e));
        co_await std::move(replying);
        co_return;
    }
    const std::string exchange = on == bus::control ? "celery.pidbox" : "celeryev";
    auto sending =
        self->client.cmd("PUBLISH", self->channel(exchange, key), to_kombu(e, exchange, key));
    co_await std::move(sending);
}

namespace {

awaitable<std::unique_ptr<consumer>> open_consumer(std::shared_ptr<home> at,
                                                   std::shared_ptr<redis_consumer> made)
{
    made->start();
    std::unique_ptr<consumer> held = std::make_unique<remote_consumer>(std::move(at), made);
    co_return held;
}

}  // namespace

awaitable<std::unique_ptr<consumer>> redis_core::consume(std::shared_ptr<home> at,
                                                         std::vector<std::string> queues,
                                                         std::size_t prefetch,
                                                         std::shared_ptr<result_store> results)
{
    return open_consumer(std::move(at),
                         std::make_shared<redis_consumer>(shared_from_this(), std::move(queues),
                                                          prefetch, std::move(results)));
}

awaitable<redis_batch> claim(core_pointer from, redis_claim what)
{
    std::vector<std::string> keys = claim_keys(*from);
    keys.reserve(what.lists.size() + 2);
    for (std::string& list : what.lists) keys.push_back(std::move(list));
    std::vector<std::string> arguments;
    arguments.reserve(what.queues.size() + 5);
    arguments.push_back(what.tag_prefix);
    arguments.push_back(std::to_string(what.first_number));
    arguments.push_back(std::to_string(what.count));
    arguments.push_back(std::to_string(what.group));
    for (const std::string& queue : what.queues) arguments.push_back(dump_wire(value(queue)));
    auto claiming = claim_script().run(from->client, std::move(keys), std::move(arguments));
    const redis::reply answer = co_await std::move(claiming);
    redis_batch batch;
    const std::vector<redis::reply>& items = answer.items();
    for (std::size_t i = 0; i + 2 < items.size(); i += 3) {
        batch.messages.push_back(redis_batch::taken{
            items[i].as<std::size_t>(), items[i + 1].as<std::uint64_t>(), items[i + 2].text()});
    }
    co_return batch;
}

awaitable<void> forget_claims(core_pointer in, std::vector<std::string> tags)
{
    for (std::vector<std::string>& part : in_parts(std::move(tags))) {
        auto forgetting = forget_script().run(in->client, claim_keys(*in), std::move(part));
        co_await std::move(forgetting);
    }
}

awaitable<void> renew_claims(core_pointer in, std::vector<std::string> tags)
{
    for (std::vector<std::string>& part : in_parts(std::move(tags))) {
        std::vector<std::string> keys;
        keys.push_back(in->key(unacked_index));
        auto renewing = renew_script().run(in->client, std::move(keys), std::move(part));
        co_await std::move(renewing);
    }
}

awaitable<void> give_back(core_pointer in, std::vector<std::string> tags)
{
    return give_back(std::move(in), std::move(tags), at_any_time);
}

awaitable<void> restore_expired(core_pointer in)
{
    const std::string token = uuid4();
    auto locking = in->client.cmd("SET", in->key(unacked_mutex), token, "PX", 300'000, "NX");
    const redis::reply locked = co_await std::move(locking);
    if (locked.is_null()) co_return;
    auto timing = time_of(in);
    const double now = co_await std::move(timing);
    const double limit = now - static_cast<double>(in->options.visibility_timeout().count()) / 1000;
    while (true) {
        auto asking = in->client.cmd("ZREVRANGEBYSCORE", in->key(unacked_index), number_text(limit),
                                     "-inf", "LIMIT", 0, 100);
        const redis::reply expired = co_await std::move(asking);
        std::vector<std::string> tags;
        for (const redis::reply& tag : expired.items()) tags.push_back(tag.text());
        std::ranges::reverse(tags);  // the oldest first
        auto giving = give_back(in, std::move(tags), limit);
        co_await std::move(giving);
        if (!expired.items().empty()) {
            log::info("messages of a lost worker are back in their queues", "count",
                      expired.items().size());
        }
        if (expired.items().size() < 100) break;
    }
    std::vector<std::string> keys;
    keys.push_back(in->key(unacked_mutex));
    std::vector<std::string> arguments;
    arguments.push_back(token);
    auto unlocking = unlock_script().run(in->client, std::move(keys), std::move(arguments));
    co_await std::move(unlocking);
}

}  // namespace ferry::tasks::detail
