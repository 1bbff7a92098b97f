#pragma once

#include "ferry/tasks/broker.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace ferry::tasks {

namespace detail {
class database_core;
}

/// Results in the tables of Celery's result backend `database`, in a SQLite file or a PostgreSQL:
/// `celery_taskmeta` and `celery_tasksetmeta`, which are made unless they are there. C++ and Python
/// read each other's results.
///
///     db+sqlite:////var/lib/shop/results.db      db+postgresql://shop@db.example/shop
///
/// Stores in flight at the same time are committed together, on a thread of its own. A database
/// tells nobody what is new, so those who wait for results of other processes look for them, all in
/// one go: every 20 ms at first, later every 500 ms, which is Celery's own interval. Chords are
/// counted by the task `celery.chord_unlock`, as in Celery.
class database_results final : public result_store {
public:
    /// \param url     as above; `db+postgresql+psycopg2` and the like mean the same. What is behind
    ///                `?` is libpq's.
    /// \param expiry  what clean_up() keeps; zero: everything.
    /// \throws error  unsupported: another kind of database; a SQLite file cannot be opened. A
    ///                PostgreSQL that cannot be reached fails the operations.
    explicit database_results(const std::string& url,
                              std::chrono::seconds expiry = default_result_expiry);
    ~database_results() override;

    awaitable<void> store(result_document d) override;
    awaitable<result_document> find(std::string task_id) override;
    awaitable<result_document> wait(std::string task_id) override;
    awaitable<void> forget(std::string task_id) override;
    bool counts_chords() const override { return false; }
    bool keeps_json() const override { return false; }
    bool expires_by_itself() const override { return false; }
    awaitable<void> clean_up() override;

private:
    std::shared_ptr<detail::database_core> core_;
    std::chrono::seconds expiry_;
};

}  // namespace ferry::tasks
