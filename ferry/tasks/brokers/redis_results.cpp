#include "ferry/async/sync.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/redis/client.hpp"
#include "ferry/redis/script.hpp"
#include "ferry/redis/subscriber.hpp"
#include "ferry/tasks/brokers/redis.hpp"
#include "ferry/tasks/detail/chord_structure.hpp"
#include "ferry/tasks/detail/expected_results.hpp"
#include "ferry/tasks/detail/home.hpp"
#include "ferry/tasks/detail/result_table.hpp"
#include "ferry/tasks/detail/wire_json.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <utility>

namespace ferry::tasks {
namespace detail {
namespace {

using namespace std::chrono_literals;

// Should a message get lost while the connection of the channels is, the key is looked at.
constexpr auto look_each = 1s;

// Celery writes the status first, and so does ferry.
const redis::script& store_script()
{
    static const redis::script s{R"(
local old = redis.call('GETRANGE', KEYS[1], 0, 20)
if string.match(old, '^{"status": ?"SUCCESS"') then return 0 end
if ARGV[2] == '0' then
  redis.call('SET', KEYS[1], ARGV[1])
else
  redis.call('SETEX', KEYS[1], ARGV[2], ARGV[1])
end
redis.call('PUBLISH', KEYS[1], ARGV[1])
return 1)"};
    return s;
}

// KEYS: parts, size, extra size, who was last, header. ARGV: place, part, seconds, task id. Whoever
// was the last gets the header and the parts, and gets them again if its message comes again.
const redis::script& part_script()
{
    static const redis::script s{R"(
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
local count = redis.call('ZCARD', KEYS[1])
local size = tonumber(redis.call('GET', KEYS[2]) or '-1')
local extra = tonumber(redis.call('GET', KEYS[3]) or '0')
if ARGV[3] ~= '0' then
  for i = 1, 3 do redis.call('EXPIRE', KEYS[i], ARGV[3]) end
end
if size < 0 or count < size + extra then return {} end
local last = redis.call('GET', KEYS[4])
if last and last ~= ARGV[4] then return {} end
redis.call('SET', KEYS[4], ARGV[4])
if ARGV[3] ~= '0' then redis.call('EXPIRE', KEYS[4], ARGV[3]) end
return {redis.call('GET', KEYS[5]), redis.call('ZRANGE', KEYS[1], 0, -1)})"};
    return s;
}

/// `[1, "<id>", "SUCCESS", <result>]`, as Celery writes them in its `result_serializer`.
chord_part read_part(std::string_view text)
{
    const value all = parse_serialized(text);
    if (!all.is_sequence() || all.size() < 4) {
        throw error{ferry::errc::malformed, "chord: what was counted is no part"};
    }
    chord_part part;
    part.task_id = all[1].to<std::string>();
    part.status = all[2].to<std::string>();
    part.result = plain_failure(all[3]);
    return part;
}

chord_part part_of(std::string_view text)
{
    try {
        return read_part(text);
    } catch (const error& e) {
        log::error("the part of a chord cannot be read", "reason", e.what());
        chord_part unread;
        unread.status = state::failure;
        unread.result = exception_to_value(std::current_exception());
        return unread;
    }
}

std::optional<result_document> ready_document(const std::string& text)
{
    try {
        result_document d = result_from_bytes(text);
        if (d.ready()) return d;
    } catch (const error& e) {
        log::warning("result cannot be read", "reason", e.what());
    }
    return std::nullopt;
}

/// Mostly without reading it all: who waits does that.
bool is_ready(const std::string& text)
{
    constexpr std::array<std::string_view, 2> good = {R"({"status":"SUCCESS")",
                                                      R"({"status": "SUCCESS")"};
    const bool succeeded = std::ranges::any_of(good, [&](auto s) { return text.starts_with(s); });
    return succeeded || ready_document(text);
}

}  // namespace

/// Lives at home.
class redis_result_core : public std::enable_shared_from_this<redis_result_core> {
public:
    redis_result_core(redis::options server, std::chrono::seconds expiry, std::string prefix)
        : client_{std::move(server)}, news_{client_}, expiry_{expiry}, prefix_{std::move(prefix)}
    {
    }

    using self_pointer = std::shared_ptr<redis_result_core>;

    static awaitable<void> store(self_pointer self, std::string id, std::string document)
    {
        std::vector<std::string> keys;
        keys.push_back(self->key(id));
        std::vector<std::string> arguments;
        arguments.push_back(std::move(document));
        arguments.push_back(std::to_string(self->expiry_.count()));
        auto storing = store_script().run(self->client_, std::move(keys), std::move(arguments));
        co_await std::move(storing);
    }

    static awaitable<result_document> find(self_pointer self, std::string id)
    {
        auto asking = self->client_.get(self->key(id));
        const std::optional<std::string> text = co_await std::move(asking);
        if (text) co_return result_from_bytes(*text);
        result_document unknown;
        unknown.task_id = std::move(id);
        co_return unknown;
    }

    static awaitable<void> forget(self_pointer self, std::string id)
    {
        auto deleting = self->client_.cmd("DEL", self->key(id));
        co_await std::move(deleting);
    }

    static awaitable<void> begin_chord(self_pointer self, std::string group, std::int64_t size,
                                       value header)
    {
        if (!header.is_null()) {
            auto keeping = keep(self, self->group_key(group, ""), kept_header(std::move(header)));
            co_await std::move(keeping);
        }
        auto counting = keep(self, self->group_key(group, ".s"), std::to_string(size));
        co_await std::move(counting);
    }

    /// As long as results are kept.
    static awaitable<void> keep(self_pointer self, std::string key, std::string content)
    {
        std::vector<std::string> command;
        command.push_back(std::move(key));
        command.push_back(std::move(content));
        if (self->expiry_.count() > 0) {
            command.push_back("EX");
            command.push_back(std::to_string(self->expiry_.count()));
        }
        auto setting = self->client_.cmd("SET", command);
        co_await std::move(setting);
    }

    static awaitable<void> add_part(self_pointer self, std::string group)
    {
        auto counting = self->client_.cmd("INCR", self->group_key(group, ".t"));
        co_await std::move(counting);
    }

    static awaitable<std::vector<chord_part>> end_part(self_pointer self, std::string group,
                                                       chord_part part)
    {
        std::vector<std::string> keys;
        for (const char* which : {".j", ".s", ".t", ".ferry-last", ""}) {
            keys.push_back(self->group_key(group, which));
        }
        std::vector<std::string> arguments;
        arguments.push_back(part.index ? std::to_string(*part.index) : "+inf");
        arguments.push_back(
            dump_wire(value::array(1, part.task_id, part.status, std::move(part.result))));
        arguments.push_back(std::to_string(self->expiry_.count()));
        arguments.push_back(part.task_id);
        auto counting = part_script().run(self->client_, std::move(keys), std::move(arguments));
        const redis::reply counted = co_await std::move(counting);
        std::vector<chord_part> all;
        if (counted.items().empty()) co_return all;
        for (const redis::reply& one : counted[1].items()) all.push_back(part_of(one.text()));
        const redis::reply& header = counted[0];
        co_return header.is_null() ? all : arranged(std::move(all), header.text());
    }

    /// First the channel, then the key, then the channel's messages: nothing falls in between.
    static awaitable<result_document> wait(self_pointer self, std::string id)
    {
        const std::string key = self->key(id);
        place mine{*self, key};
        self->keep_listening();
        if (mine.is_first()) {
            std::vector<std::string> channels(1, key);
            auto subscribing = self->news_.subscribe(std::move(channels));
            co_await std::move(subscribing);
        } else {
            // Whoever was first may not be heard by Redis yet.
            auto confirming = self->client_.cmd("PING");
            co_await std::move(confirming);
        }
        auto asking = self->client_.get(key);
        const std::optional<std::string> text = co_await std::move(asking);
        if (text) {
            if (auto ready = ready_document(*text)) co_return std::move(*ready);
        }
        co_await mine.arrived.wait();
        co_return *mine.document;
    }

    std::string key(const std::string& id) const { return prefix_ + "celery-task-meta-" + id; }

    /// The results that are listened for before somebody waits for them.
    expected_results expected;

    /// Listens for what is expected by now.
    void listen_ahead()
    {
        keep_listening();
        expected_results::changes c = expected.listen();
        if (!c.begin.empty()) spawn(enter(shared_from_this(), std::move(c.begin)), "redis results");
        for (const std::string& one : c.end) leave_channel(one);
    }

private:
    /// A result may be there before Redis has heard of it: while the connection is made, the task
    /// may run. Later on Redis hears of it before the broker hears of the task.
    static awaitable<void> enter(self_pointer self, std::vector<std::string> channels)
    {
        std::vector<std::string> maybe_there;
        if (!self->heard_) maybe_there = channels;
        try {
            auto subscribing = self->news_.subscribe(std::move(channels));
            co_await std::move(subscribing);
            self->heard_ = true;
            auto looking = look_at(self, std::move(maybe_there));
            co_await std::move(looking);
        } catch (const error& e) {
            log::debug("redis: channels not entered", "reason", e.what());
        }
    }

    /// One who waits, and has its place among those that do.
    class place {
    public:
        place(redis_result_core& in, std::string key) : core_{in}, key_{std::move(key)}
        {
            first_ = !core_.waiting_.contains(key_);
            core_.waiting_.emplace(key_, this);
        }
        place(const place&) = delete;
        place& operator=(const place&) = delete;
        ~place()
        {
            const auto [from, to] = core_.waiting_.equal_range(key_);
            core_.waiting_.erase(
                std::find_if(from, to, [this](const auto& entry) { return entry.second == this; }));
            if (!core_.waiting_.contains(key_)) core_.leave_channel(key_);
        }
        bool is_first() const noexcept { return first_; }

        event arrived;
        std::optional<result_document> document;

    private:
        redis_result_core& core_;
        std::string key_;
        bool first_;
    };

    std::string group_key(const std::string& id, const char* which) const
    {
        return prefix_ + "celery-taskset-meta-" + id + which;
    }

    void keep_listening()
    {
        if (listening_) return;
        listening_ = true;
        spawn(listen(weak_from_this(), &news_), "redis results");
        spawn(look(weak_from_this()), "redis results");
    }

    void leave_channel(const std::string& key)
    {
        leaving_.push_back(key);
        if (leaving_.size() > 1) return;
        if (const auto self = weak_from_this().lock()) spawn(leave_channels(self), "redis results");
    }

    /// Those of one turn of the loop, unless somebody waits there again.
    static awaitable<void> leave_channels(self_pointer self)
    {
        std::vector<std::string> channels = std::exchange(self->leaving_, {});
        std::erase_if(channels, [&](const auto& c) { return self->waiting_.contains(c); });
        try {
            auto leaving = self->news_.unsubscribe(std::move(channels));
            co_await std::move(leaving);
        } catch (const error& e) {
            log::debug("redis: channels not left", "reason", e.what());
        }
    }

    void deliver(const std::string& key, const std::string& text)
    {
        if (!is_ready(text)) return;
        // Its channel is left with the next one that is entered.
        expected.came(key, text);
        const auto [from, to] = waiting_.equal_range(key);
        if (from == to) return;
        const std::optional<result_document> ready = ready_document(text);
        if (!ready) return;
        for (auto at = from; at != to; ++at) {
            at->second->document = ready;
            at->second->arrived.set();
        }
    }

    static awaitable<void> listen(std::weak_ptr<redis_result_core> weak, redis::subscriber* news)
    {
        while (true) {
            auto coming = news->next();
            const std::optional<redis::message> m = co_await std::move(coming);
            const self_pointer self = weak.lock();
            if (!m || !self) co_return;
            self->deliver(m->channel(), m->data());
        }
    }

    static awaitable<void> look(std::weak_ptr<redis_result_core> weak)
    {
        while (true) {
            co_await sleep(look_each);
            const self_pointer self = weak.lock();
            if (!self) co_return;
            auto looking = look_once(self);
            co_await std::move(looking);
            self->listen_ahead();
        }
    }

    static awaitable<void> look_once(self_pointer self)
    {
        std::vector<std::string> keys = self->expected.awaited();
        for (const auto& [key, who] : self->waiting_) {
            if (keys.empty() || keys.back() != key) keys.push_back(key);
        }
        try {
            auto looking = look_at(self, std::move(keys));
            co_await std::move(looking);
        } catch (const error& e) {
            log::debug("redis results", "reason", e.what());
        }
    }

    static awaitable<void> look_at(self_pointer self, std::vector<std::string> keys)
    {
        constexpr std::size_t at_once = 1000;
        for (std::size_t i = 0; i < keys.size(); i += at_once) {
            const std::vector<std::string> part(
                keys.begin() + static_cast<std::ptrdiff_t>(i),
                keys.begin() + static_cast<std::ptrdiff_t>(std::min(keys.size(), i + at_once)));
            auto asking = self->client_.cmd("MGET", part);
            const redis::reply found = co_await std::move(asking);
            for (std::size_t n = 0; n < found.items().size() && n < part.size(); ++n) {
                if (!found[n].is_null()) self->deliver(part[n], found[n].text());
            }
        }
    }

    redis::client client_;
    redis::subscriber news_;
    std::chrono::seconds expiry_;
    std::string prefix_;
    std::multimap<std::string, place*> waiting_;
    std::vector<std::string> leaving_;
    bool listening_ = false;
    bool heard_ = false;  ///< Redis has heard of a channel that was listened for ahead
};

}  // namespace detail

using detail::home;
using detail::redis_result_core;

redis_results::redis_results(redis::options server, std::chrono::seconds expiry,
                             std::string key_prefix, std::shared_ptr<home> beside)
    : home_{beside ? std::move(beside) : std::make_shared<home>()},
      core_{std::make_shared<redis_result_core>(std::move(server), expiry, std::move(key_prefix))}
{
}

redis_results::~redis_results()
{
    home_->post([core = std::move(core_)]() mutable { core.reset(); });
}

awaitable<void> redis_results::store(result_document d)
{
    std::string document = to_json(d);
    return home::call<void>(
        home_, [core = core_, id = std::move(d.task_id), document = std::move(document)] {
            return redis_result_core::store(core, id, document);
        });
}

awaitable<result_document> redis_results::find(std::string task_id)
{
    return home::call<result_document>(home_, [core = core_, id = std::move(task_id)] {
        return redis_result_core::find(core, id);
    });
}

std::shared_ptr<detail::arrival> redis_results::expect(const std::string& task_id)
{
    auto news = std::make_shared<detail::arrival>();
    const auto present = detail::expected_results::clock::now();
    if (core_->expected.expect(core_->key(task_id), present, news)) {
        home_->post([core = core_] { core->listen_ahead(); });
    }
    return news;
}

namespace {

awaitable<result_document> at_once(std::string text)
{
    co_return result_from_bytes(text);
}

awaitable<result_document> wait_at_home(std::shared_ptr<home> at,
                                        std::shared_ptr<redis_result_core> core, std::string id)
{
    return home::call<result_document>(std::move(at), [core = std::move(core), id = std::move(id)] {
        return redis_result_core::wait(core, id);
    });
}

/// Waits here for what is listened for already: home has nothing to do for it.
awaitable<result_document> wait_for_expected(std::shared_ptr<home> at,
                                             std::shared_ptr<redis_result_core> core,
                                             std::string id, std::shared_ptr<detail::gate> come)
{
    auto coming = detail::gate::wait(std::move(come));
    co_await std::move(coming);
    if (auto there = core->expected.take(core->key(id))) co_return result_from_bytes(*there);
    // Somebody else has taken it, or it was not expected any more.
    auto waiting = wait_at_home(std::move(at), std::move(core), std::move(id));
    co_return co_await std::move(waiting);
}

}  // namespace

awaitable<result_document> redis_results::wait(std::string task_id)
{
    const std::string key = core_->key(task_id);
    if (auto there = core_->expected.take(key)) return at_once(std::move(*there));
    if (auto come = core_->expected.wait(key)) {
        return wait_for_expected(home_, core_, std::move(task_id), std::move(come));
    }
    return wait_at_home(home_, core_, std::move(task_id));
}

awaitable<void> redis_results::forget(std::string task_id)
{
    return home::call<void>(home_, [core = core_, id = std::move(task_id)] {
        return redis_result_core::forget(core, id);
    });
}

awaitable<void> redis_results::begin_chord(std::string group, std::int64_t size, value header)
{
    return home::call<void>(
        home_, [core = core_, group = std::move(group), size, header = std::move(header)] {
            return redis_result_core::begin_chord(core, group, size, header);
        });
}

awaitable<void> redis_results::add_part(std::string group)
{
    return home::call<void>(home_, [core = core_, group = std::move(group)] {
        return redis_result_core::add_part(core, group);
    });
}

awaitable<std::vector<chord_part>> redis_results::end_part(std::string group, chord_part part)
{
    return home::call<std::vector<chord_part>>(
        home_, [core = core_, group = std::move(group), part = std::move(part)] {
            return redis_result_core::end_part(core, group, part);
        });
}

}  // namespace ferry::tasks
