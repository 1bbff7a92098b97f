#pragma once

#include "ferry/redis/client.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/brokers/redis.hpp"
#include "ferry/tasks/detail/broker_core.hpp"
#include "ferry/tasks/detail/home.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::tasks::detail {

/// The priorities from which a further list of a queue begins; the first list is served first.
inline constexpr std::array<int, 4> priority_steps = {0, 3, 6, 9};

/// Between a queue's name and its step, and between the parts of a binding.
inline constexpr std::string_view separator = "\x06\x16";

/// kombu's keys in one Redis, and what is done with them. Lives at home.
class redis_core final : public broker_core, public std::enable_shared_from_this<redis_core> {
public:
    redis_core(redis::options server, const redis_broker_options& with)
        : database{server.db()}, client{std::move(server)}, options{with}
    {
    }

    std::string key(std::string_view name) const
    {
        return options.key_prefix() + std::string{name};
    }
    std::string list_key(const std::string& queue, int step) const;
    /// The list that messages of this priority lie in.
    std::string list_for(const std::string& queue, int priority) const;
    /// The channel of an exchange whose messages go to all: `/0.celery.pidbox`.
    std::string channel(std::string_view exchange, std::string_view routing_key) const;

    parcel pack(std::string queue, envelope e) const override;
    parcel pack(std::string queue, const message& m) const override;
    awaitable<void> publish(std::string queue, envelope e) override
    {
        return publish(shared_from_this(), std::move(queue), std::move(e));
    }
    void publish(std::vector<std::shared_ptr<letter>> all) override;
    awaitable<std::unique_ptr<consumer>> consume(std::shared_ptr<home> at,
                                                 std::vector<std::string> queues,
                                                 std::size_t prefetch,
                                                 std::shared_ptr<result_store> results) override;
    awaitable<std::int64_t> size(std::string queue) override
    {
        return size(shared_from_this(), std::move(queue));
    }
    awaitable<std::int64_t> purge(std::string queue) override
    {
        return purge(shared_from_this(), std::move(queue));
    }
    awaitable<std::unique_ptr<listener>> listen(std::shared_ptr<home> at, bus on, std::string name,
                                                std::string key) override;
    awaitable<void> announce(bus on, std::string key, envelope e) override
    {
        return announce(shared_from_this(), on, std::move(key), std::move(e));
    }
    std::unique_ptr<lease> open_lease(std::shared_ptr<home> at, std::string name,
                                      std::chrono::milliseconds length) override;

    /// Makes a queue known as kombu does.
    static awaitable<void> bind(std::shared_ptr<redis_core> self, std::string exchange,
                                std::string key, std::string queue);
    /// The same with an exchange of another name, whose type is known from then on.
    static awaitable<void> bind(std::shared_ptr<redis_core> self, std::string queue,
                                queue_binding from);
    /// Undoes it, and drops what is in the queue.
    static awaitable<void> discard(std::shared_ptr<redis_core> self, std::string queue,
                                   queue_binding from);
    static awaitable<void> unbind(std::shared_ptr<redis_core> self, std::string exchange,
                                  std::string key, std::string queue);

    const int database;
    redis::client client;
    const redis_broker_options options;

private:
    using self_pointer = std::shared_ptr<redis_core>;

    static awaitable<void> publish(self_pointer self, std::string queue, envelope e);
    /// Does what kombu does with an exchange: to all who subscribe, or into the lists that are
    /// bound to the key.
    static awaitable<void> route(self_pointer self, parcel what);
    static awaitable<void> push(self_pointer self, std::vector<std::shared_ptr<letter>> all);

    /// Letters that go in one command; the answer is for all of them.
    struct letter_run {
        std::size_t first;
        std::size_t last;
        std::string list;
    };
    letter_run next_run(const std::vector<std::shared_ptr<letter>>& all, std::size_t first) const;
    static awaitable<std::int64_t> size(self_pointer self, std::string queue);
    static awaitable<std::int64_t> purge(self_pointer self, std::string queue);
    static awaitable<void> announce(self_pointer self, bus on, std::string key, envelope e);
    /// Puts a message into the queue that an exchange has bound to the key; drops it if none is.
    static awaitable<void> reply(self_pointer self, std::string exchange, std::string key,
                                 envelope e);

    std::set<std::string> bound_;
    std::map<std::string, std::string, std::less<>> types_;  ///< of exchanges with other names
};

/// Messages that were taken from the lists.
struct redis_batch {
    redis_batch() = default;

    struct taken {
        std::size_t list;
        std::uint64_t number;
        std::string text;
    };
    std::vector<taken> messages;
};

struct redis_claim {
    redis_claim() = default;

    std::vector<std::string> lists;   ///< the keys, in the order of service
    std::vector<std::string> queues;  ///< of each list
    std::size_t group = 1;            ///< so many lists are equal
    std::string tag_prefix;
    std::uint64_t first_number = 1;
    std::size_t count = 1;
};

/// Takes up to so many messages out of the lists, a group of lists after the other, turn by turn in
/// each group, and notes them down as taken. A text that cannot be JSON is taken without a note.
awaitable<redis_batch> claim(std::shared_ptr<redis_core> from, redis_claim what);

/// Forgets that messages were taken: they are settled.
awaitable<void> forget_claims(std::shared_ptr<redis_core> in, std::vector<std::string> tags);

/// Says that messages are still held.
awaitable<void> renew_claims(std::shared_ptr<redis_core> in, std::vector<std::string> tags);

/// Puts messages that were taken back to the end of their lists that is served next, the first of
/// them to be served first.
awaitable<void> give_back(std::shared_ptr<redis_core> in, std::vector<std::string> tags);

/// The same for all whose claim is older than the visibility timeout, unless somebody is at it.
awaitable<void> restore_expired(std::shared_ptr<redis_core> in);

}  // namespace ferry::tasks::detail
