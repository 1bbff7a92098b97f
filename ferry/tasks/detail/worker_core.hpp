#pragma once

#include "ferry/async/scope.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/async/waiter.hpp"
#include "ferry/tasks/detail/app_core.hpp"
#include "ferry/tasks/detail/feed.hpp"
#include "ferry/tasks/detail/held_delivery.hpp"
#include "ferry/tasks/detail/pool.hpp"
#include "ferry/tasks/detail/roster.hpp"
#include "ferry/tasks/worker.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ferry::tasks::detail {

/// `10/s`, `100/m`, `2/h`, `5` as times a second; 0: no limit.
std::optional<double> parse_rate(std::string_view text);

/// A worker while it serves: takes deliveries in, holds back what must wait, feeds the pool, and
/// tells of it all. Belongs to the loop of serve(), the witness's part excepted.
class worker_core final : public witness {
public:
    worker_core(std::shared_ptr<app_core> of, worker_settings settings);

    /// Serves until it is stopped; what is called there belongs to it.
    static awaitable<void> serve(worker_core* self);
    /// Receives until it is cancelled.
    static awaitable<void> receive(worker_core* self);
    /// Feeds the pool with what is due.
    static awaitable<void> release(worker_core* self);
    /// Tells every now and then that it lives.
    static awaitable<void> beat(worker_core* self);
    /// Answers remote control; keeps trying. \see control.cpp
    static awaitable<void> answer(worker_core* self);
    /// Answers elections of Python's workers, which wait for everybody's word.
    static awaitable<void> gossip(worker_core* self);
    /// Asks the other workers what is revoked.
    static awaitable<void> mingle(worker_core* self);
    /// Keeps the pool as large as the tasks at hand want it. \see autoscale.cpp
    static awaitable<void> scale(worker_core* self);
    /// Writes down what is revoked. \see state_db.cpp
    static awaitable<void> remember(worker_core* self);
    void recall();
    /// Does not fail.
    void write_down() noexcept;

    /// Sets the bounds of the pool; those that are 0 stay. \throws error  the least is more than
    /// the most.
    void set_scale(std::size_t most, std::size_t least);
    void adjust_pool();
    /// The tasks that could run now: running, or waiting for a place.
    std::size_t at_hand() const { return people.count(); }
    /// Those that wait for their time.
    roster::list scheduled() const;
    /// Wherever they are here.

    std::optional<std::unique_ptr<performed>> begins(request& what) override;
    void ended(const std::shared_ptr<request>& what, const performed& how, double seconds) override;

    bool heartbeats() const { return settings.heartbeat_interval.count() > 0; }
    void put_heartbeat(std::string_view type);
    /// Gives the consumer its limit: what fits the pool, and what is held beside that.
    void set_prefetch();
    std::size_t prefetch() const;

    std::string rate_of(const std::string& task) const;
    void set_rate(const std::string& task, std::string rate);

    struct time_limits {
        std::optional<double> hard;
        std::optional<double> soft;
    };
    /// By task, as set from afar; over the task's own.
    std::map<std::string, time_limits> limits;

    const std::shared_ptr<app_core> app;
    const worker_settings settings;
    const std::string node;
    std::shared_ptr<message_broker> broker;
    std::shared_ptr<result_store> results;
    std::shared_ptr<nursery> processes;
    std::unique_ptr<consumer> receiver;
    std::unique_ptr<pool> running;
    std::vector<std::string> queues;
    std::map<std::string, queue_binding> bindings;  ///< of queues with exchanges of other names
    roster people;
    revocations revoked_ids;
    revoked_stamps revoked_by_stamp;
    struct scaling {
        scaling() = default;

        std::size_t most = 0;  ///< 0: off
        std::size_t least = 1;
        std::chrono::steady_clock::time_point last_needed;
    };
    scaling scaled;
    std::shared_ptr<logical_clock> clock = std::make_shared<logical_clock>();
    std::shared_ptr<feed> events;
    std::shared_ptr<gate> stop = std::make_shared<gate>();
    std::atomic<std::uint64_t> processed = 0;
    const std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
    scope settling;

private:
    struct bucket {
        double rate = 0;
        double tokens = 1;
        std::chrono::steady_clock::time_point at;
        std::deque<std::shared_ptr<request>> waiting;
    };

    /// Sees whether the jobs that were left to one lane are done.
    class look final : public timer {
    public:
        explicit look(worker_core& at) noexcept : at_{at} {}

    private:
        void expired() noexcept override
        {
            if (at_.running) at_.running->jobs().wake_all();
        }
        worker_core& at_;
    };

    static awaitable<void> serve_until_stopped(worker_core* self, scope* receiving, scope* talking);
    enum class moment : bool { early, due };
    void accept(delivery d, moment when);
    void hold(delivery d, timestamp until);
    void tell_received(const request& r);
    std::shared_ptr<request> request_of(const delivery& d) const;
    void enqueue(std::shared_ptr<request> r);
    void push_ready();
    void follow_pace();
    std::string_view rate_of(const request& r) const;
    bool take_token(bucket& from);
    void end_unrun(const std::shared_ptr<request>& r, const performed& how);
    void tell_end(const request& what, const performed& how, double seconds);
    timestamp release_due();

    std::vector<std::shared_ptr<request>> ready_;  ///< not with the pool yet
    std::multimap<timestamp, held_delivery> held_;
    std::map<std::string, bucket> buckets_;
    std::map<std::string, std::string> rates_;  ///< as set from afar
    std::size_t extra_ = 0;
    std::uint64_t written_down_ = 0;
    std::size_t ahead_ = 0;  ///< as the pace allows
    std::uint64_t paced_ = 0;
    std::chrono::steady_clock::time_point paced_at_;
    std::atomic<double> usual_seconds_ = 1;  ///< of a task, as the latest ones took
    look look_{*this};
    event changed_;
    const std::atomic<bool> giving_up_ = false;
};

}  // namespace ferry::tasks::detail
