#pragma once

#include "ferry/async/sync.hpp"
#include "ferry/async/task.hpp"
#include "ferry/redis/subscriber.hpp"
#include "ferry/tasks/detail/redis_core.hpp"
#include "ferry/tasks/detail/remote_consumer.hpp"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace ferry::tasks::detail {

/// Takes messages out of Redis as kombu does, but so that none is lost in between.
///
/// One coroutine claims messages while there is room. When the lists are empty it waits for one of
/// the sentries, each of which watches a list with a BLMOVE from the list's end to the same end: it
/// waits until there is something, and changes nothing.
class redis_consumer final : public consumer_core {
public:
    redis_consumer(std::shared_ptr<redis_core> over, std::vector<std::string> queues,
                   std::size_t prefetch, std::shared_ptr<result_store> results);

    void start();

    awaitable<void> publish(std::string queue, envelope e) override
    {
        return core_->publish(std::move(queue), std::move(e));
    }
    void finish(std::uint64_t tag, verdict how) override;
    void limit(std::size_t usual, std::size_t waiting) override;
    awaitable<void> set_queue(std::string name, bool consume, queue_binding from) override;
    awaitable<void> leave() override;

private:
    using self_pointer = std::shared_ptr<redis_consumer>;

    /// Watches one list.
    struct sentry {
        explicit sentry(std::string list) : key{std::move(list)} {}
        std::string key;
        event armed;
        std::optional<ferry::task<void>> running;
    };

    self_pointer self();
    std::string tag_of(std::uint64_t number) const { return tag_prefix_ + std::to_string(number); }
    std::vector<std::string> held_tags() const;
    redis_claim next_claim(std::size_t count);
    void watch(const std::string& queue);
    void arm();
    /// \return whether there may be more.
    bool take(redis_batch batch, const redis_claim& asked);

    static awaitable<void> pump(self_pointer self);
    static awaitable<void> give_back_unseen(self_pointer self);
    static awaitable<void> stand_guard(self_pointer self, std::shared_ptr<sentry> at);
    static awaitable<void> tell_settled(self_pointer self);
    static awaitable<void> maintain(self_pointer self);
    static awaitable<void> add_queue(self_pointer self, std::string name);
    static awaitable<void> bind(self_pointer self, std::string name);
    /// Hears what is told to all, and puts it into the queue.
    static awaitable<void> overhear(std::shared_ptr<redis_core> core,
                                    std::shared_ptr<redis::subscriber> from, std::string list);
    awaitable<void> stop(std::string name);

    std::shared_ptr<redis_core> core_;
    std::vector<std::string> queues_;
    std::map<std::string, queue_binding> bindings_;  ///< of queues with exchanges of other names
    std::size_t turn_ = 0;
    std::string tag_prefix_;
    std::uint64_t next_number_ = 1;
    std::set<std::uint64_t> held_;
    std::vector<std::string> settled_;   ///< to be forgotten in Redis
    std::vector<std::string> returned_;  ///< to be put back there
    bool telling_ = false;
    event room_;
    event news_;
    event told_;
    std::vector<std::shared_ptr<sentry>> sentries_;
    std::map<std::string, ferry::task<void>> overhearing_;  ///< of queues of fanout exchanges
    std::vector<ferry::task<void>> running_;
};

}  // namespace ferry::tasks::detail
