#pragma once

#include "ferry/redis/options.hpp"
#include "ferry/tasks/brokers/remote.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace ferry::tasks {

namespace detail {
class home;
class redis_result_core;
}  // namespace detail

/// How kombu's keys in a Redis are used.
class redis_broker_options {
public:
    redis_broker_options() = default;

    /// When a message that a worker took and did not settle goes back to its queue: the worker has
    /// died. The same for all workers of one Redis; 1 h by default. Workers of ferry renew their
    /// claim on what they hold, so that tasks and ETAs may be longer.
    redis_broker_options& visibility_timeout(std::chrono::milliseconds d)
    {
        visibility_timeout_ = d;
        return *this;
    }
    /// Stands before every key and channel. As Celery's `global_keyprefix`.
    redis_broker_options& key_prefix(std::string text)
    {
        key_prefix_ = std::move(text);
        return *this;
    }

    std::chrono::milliseconds visibility_timeout() const noexcept { return visibility_timeout_; }
    const std::string& key_prefix() const noexcept { return key_prefix_; }

private:
    std::chrono::milliseconds visibility_timeout_ = std::chrono::hours{1};
    std::string key_prefix_;
};

/// Redis as kombu uses it: Python's workers and clients share it. Redis 6.2 and later.
///
/// A queue is four lists, for the priorities from 0, 3, 6 and 9; **0 goes first**, unlike anywhere
/// else. A message is taken and noted down as taken in one step, so a killed worker loses none.
class redis_broker final : public remote_broker {
public:
    explicit redis_broker(redis::options server,
                          redis_broker_options with = redis_broker_options());

    broker_info info() const override;

    const redis::options& server() const noexcept { return server_; }
    const redis_broker_options& options() const noexcept { return with_; }

private:
    redis::options server_;
    redis_broker_options with_;
};

/// Results in Redis, as Celery's Redis backend keeps them: under `celery-task-meta-<id>`, for so
/// long as `expiry` says, and announced on the channel of that name.
class redis_results final : public result_store {
public:
    /// \param beside  runs on the thread of this broker; null: on one of its own.
    explicit redis_results(redis::options server,
                           std::chrono::seconds expiry = default_result_expiry,
                           std::string key_prefix = {},
                           std::shared_ptr<detail::home> beside = nullptr);
    ~redis_results() override;

    awaitable<void> store(result_document d) override;
    awaitable<result_document> find(std::string task_id) override;
    awaitable<result_document> wait(std::string task_id) override;
    awaitable<void> forget(std::string task_id) override;
    /// Listens for the result before the task can have it, as Celery does.
    std::shared_ptr<detail::arrival> expect(const std::string& task_id) override;
    /// Counted under `celery-taskset-meta-<group>`, so that Python's workers count along.
    awaitable<void> begin_chord(std::string group, std::int64_t size, value header) override;
    awaitable<void> add_part(std::string group) override;
    awaitable<std::vector<chord_part>> end_part(std::string group, chord_part part) override;

private:
    std::shared_ptr<detail::home> home_;
    std::shared_ptr<detail::redis_result_core> core_;
};

}  // namespace ferry::tasks
