#pragma once

#include "ferry/tasks/options.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace ferry::tasks {

/// How a worker works; each option below sets a part of it.
struct worker_settings {
    worker_settings() = default;

    std::size_t concurrency = 0;  ///< threads; 0: as many as there are cores
    std::size_t coroutines = 1;
    std::size_t prefetch_multiplier = 4;
    std::vector<std::string> queues;  ///< empty: the app's default queue
    std::vector<broadcast_queue> broadcasts;
    std::string name;  ///< empty: `celery@<host>`
    bool processes = false;
    std::size_t max_tasks_per_child = 0;
    bool task_events = false;
    bool mingle = true;
    bool gossip = true;
    std::chrono::milliseconds heartbeat_interval = std::chrono::seconds{2};  ///< 0: none
    bool purge = false;
    std::vector<std::string> excluded_queues;
    std::size_t max_kib_per_child = 0;      ///< 0: any
    std::optional<double> hard_time_limit;  ///< seconds, of tasks that have none themselves
    std::optional<double> soft_time_limit;  ///< seconds
    std::size_t autoscale_max = 0;          ///< 0: the pool stays as large as `concurrency` says
    std::size_t autoscale_min = 1;
    std::chrono::milliseconds autoscale_keepalive = std::chrono::seconds{30};
    std::string state_db;  ///< a file; empty: nothing is remembered
    bool pool_restarts = false;
};

namespace detail {

/// An option that is one member.
template <auto Member>
class worker_member {
public:
    using value_type = std::remove_reference_t<decltype(std::declval<worker_settings&>().*Member)>;

    explicit worker_member(value_type v) : value_{std::move(v)} {}
    void operator()(worker_settings& s) const { s.*Member = value_; }

private:
    value_type value_;
};

/// One that says yes unless it is told otherwise.
template <bool worker_settings::* Member>
class worker_flag : public worker_member<Member> {
public:
    explicit worker_flag(bool on = true) : worker_member<Member>{on} {}
};

/// One that takes any number of names.
template <std::vector<std::string> worker_settings::* Member>
class worker_names : public worker_member<Member> {
public:
    template <class... Names>
    explicit worker_names(const Names&... names)
        : worker_member<Member>{std::vector<std::string>{std::string{names}...}}
    {
    }
};

}  // namespace detail

/// How many threads run tasks; as many as there are cores by default. As `celery worker -c`.
class concurrency : public detail::worker_member<&worker_settings::concurrency> {
public:
    using worker_member::worker_member;
};

/// The name by which remote control and events know the worker, `name@host`; `%h` is the host. No
/// two workers of a broker may have the same. As `celery worker -n`.
class node_name : public detail::worker_member<&worker_settings::name> {
public:
    using worker_member::worker_member;
};

/// Runs each task in a process: one that crashes fails alone, and time limits and revoke(terminate)
/// end functions, too. The processes are forked by one that is forked when run() begins: what the
/// program has opened until then should bear that. As Celery's prefork pool.
class processes {
public:
    /// \param max_tasks  a process is replaced after so many; 0: never.
    explicit processes(std::size_t max_tasks = 0) : max_tasks_{max_tasks} {}
    void operator()(worker_settings& s) const
    {
        s.processes = true;
        s.max_tasks_per_child = max_tasks_;
    }

private:
    std::size_t max_tasks_;
};

/// A process is replaced, once its task has ended, when it has so many KiB of memory. As `celery
/// worker --max-memory-per-child`.
class max_memory_per_child : public detail::worker_member<&worker_settings::max_kib_per_child> {
public:
    using worker_member::worker_member;
};

/// The limits of tasks that have none themselves: see time_limit. As `celery worker --time-limit
/// --soft-time-limit`.
class default_time_limit {
public:
    explicit default_time_limit(std::chrono::milliseconds hard,
                                std::chrono::milliseconds soft = std::chrono::milliseconds{0})
        : limit_{hard, soft}
    {
    }
    void operator()(worker_settings& s) const
    {
        task_settings both;
        limit_(both);
        s.hard_time_limit = both.hard_time_limit;
        s.soft_time_limit = both.soft_time_limit;
    }

private:
    time_limit limit_;
};

/// Tells of each task as it is received, begins and ends; off until somebody asks for it by remote
/// control. As `celery worker -E`.
class task_events : public detail::worker_flag<&worker_settings::task_events> {
public:
    using worker_flag::worker_flag;
};

/// How many coroutine tasks each thread runs side by side; 1 by default. Tasks that mostly wait
/// want many.
class coroutines : public detail::worker_member<&worker_settings::coroutines> {
public:
    using worker_member::worker_member;
};

/// The queues to take tasks from. As `celery worker -Q`.
class queues : public detail::worker_names<&worker_settings::queues> {
public:
    using worker_names::worker_names;
};

/// Queues not to take tasks from, of those that queues() names. As `celery worker -X`.
class exclude_queues : public detail::worker_names<&worker_settings::excluded_queues> {
public:
    using worker_names::worker_names;
};

/// Drops what waits in its queues before it begins. As `celery worker --purge`.
class purge_first : public detail::worker_flag<&worker_settings::purge> {
public:
    using worker_flag::worker_flag;
};

/// Whether it asks the other workers at its start what is revoked; it does by default. As `celery
/// worker --without-mingle`.
class mingle : public detail::worker_member<&worker_settings::mingle> {
public:
    using worker_member::worker_member;
};

/// Whether it votes when workers of Python elect one; it does by default, since they wait for all.
/// As `celery worker --without-gossip`.
class gossip : public detail::worker_member<&worker_settings::gossip> {
public:
    using worker_member::worker_member;
};

/// How often it tells that it lives, every 2 s by default; zero: never, and then Flower does not
/// know it. As `celery worker --heartbeat-interval`, `--without-heartbeat`.
class heartbeat_interval : public detail::worker_member<&worker_settings::heartbeat_interval> {
public:
    using worker_member::worker_member;
};

/// Messages held in advance for each task that can run at once; 4 by default, as in Celery. More
/// while tasks are so short that these would be gone within 20 ms, unless it is 1.
class prefetch_multiplier : public detail::worker_member<&worker_settings::prefetch_multiplier> {
public:
    using worker_member::worker_member;
};

/// As many threads or processes as there are tasks at hand, at most `most`, at least `least`; fewer
/// again once they were not needed for `keepalive`. As `celery worker --autoscale=10,3`.
class autoscale {
public:
    explicit autoscale(std::size_t most, std::size_t least = 1,
                       std::chrono::milliseconds keepalive = std::chrono::seconds{30})
        : most_{most}, least_{least}, keepalive_{keepalive}
    {
    }
    void operator()(worker_settings& s) const
    {
        s.autoscale_max = most_;
        s.autoscale_min = least_;
        s.autoscale_keepalive = keepalive_;
    }

private:
    std::size_t most_;
    std::size_t least_;
    std::chrono::milliseconds keepalive_;
};

/// What was revoked is remembered in this file when the worker starts again, for the 3 hours that
/// it counts. As `celery worker --statedb`; the file is ferry's own, JSON.
class state_db : public detail::worker_member<&worker_settings::state_db> {
public:
    using worker_member::worker_member;
};

/// Remote control may replace the processes: `celery control pool_restart`. As Celery's
/// `worker_pool_restarts`.
class pool_restarts : public detail::worker_flag<&worker_settings::pool_restarts> {
public:
    using worker_flag::worker_flag;
};

template <class T>
concept worker_option = requires(const T& option, worker_settings& s) { option(s); };

}  // namespace ferry::tasks
