#pragma once

#include "ferry/core/sqlite.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/detail/owner_locks.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::tasks::detail {

/// Milliseconds since 1970 UTC, as all times in the file.
using stored_time = std::int64_t;

struct new_task {
    std::string queue;
    int priority = 0;     ///< higher first, as RabbitMQ
    stored_time eta = 0;  ///< not before this time; 0: at once
    std::string head;     ///< headers and properties, as text
    std::string body;
};

struct claimed_task {
    std::int64_t id = 0;
    std::int64_t owner = 0;
    std::int64_t deliveries = 0;  ///< 1 the first time
    std::string queue;
    std::string head;
    std::string body;
};

struct result_row {
    std::string task_id;
    std::string status;
    bool ready = false;  ///< no other state will follow
    stored_time expires = 0;
    std::string document;
};

/// The tables of the embedded broker and result store, and all SQL on them. Every call is one step
/// of the caller's transaction.
class task_table {
public:
    /// Makes the tables in a new file. \throws error  unsupported: a later version made the file.
    explicit task_table(sqlite::database& in);

    void insert(const new_task& task);

    bool any_ready(std::string_view queue);
    /// Up to `count` tasks of the queue, highest priority first, then oldest.
    std::vector<claimed_task> claim(std::string_view queue, std::int64_t owner, std::size_t count);
    /// Removes a claimed task; false if the owner has lost it meanwhile.
    bool ack(std::int64_t id, std::int64_t owner);
    /// Gives a claimed task back to its place in the queue. `unseen`: as if never delivered.
    void release(std::int64_t id, std::int64_t owner, bool unseen);

    /// Moves tasks whose time has come to their queues; true if there were any.
    bool admit_due(stored_time now);
    std::optional<stored_time> next_eta();

    std::int64_t size(std::string_view queue);
    std::int64_t purge(std::string_view queue);

    std::int64_t add_owner(stored_time lease_ends, std::string_view name);
    /// False if the owner was taken for dead, and its tasks were given to others.
    bool owner_exists(std::int64_t owner);
    void renew_owner(std::int64_t owner, stored_time lease_ends);
    /// Gives everything that the owner still has back.
    void remove_owner(std::int64_t owner);
    /// Owners that are dead, or late with their lease.
    std::vector<std::int64_t> lost_owners(const owner_locks& locks, stored_time now,
                                          std::int64_t self);

    /// A stored SUCCESS stays as it is.
    void store(const result_row& result);
    std::optional<result_row> result(std::string_view task_id);
    void forget(std::string_view task_id);
    void drop_expired(stored_time now);

    void begin_chord(std::string_view group, std::int64_t size, const value& header,
                     stored_time expires);
    void add_part(std::string_view group);
    /// As kept_header() made it, if it has begun with one.
    std::optional<std::string> header_of_chord(std::string_view group);
    /// As result_store::end_part.
    std::vector<chord_part> end_part(std::string_view group, const chord_part& part);

    /// The note of a lease that is now the holder's, until `ends`; nothing if somebody else has it.
    std::optional<std::string> claim_lease(std::string_view name, std::string_view holder,
                                           stored_time now, stored_time ends);
    /// False: it is not the holder's.
    bool keep_lease(std::string_view name, std::string_view holder, std::string_view note,
                    stored_time ends);
    void leave_lease(std::string_view name, std::string_view holder);

    /// Grows with every result stored.
    std::int64_t last_result();
    std::vector<std::string> results_after(std::int64_t number);

private:
    sqlite::database* db_;
};

}  // namespace ferry::tasks::detail
