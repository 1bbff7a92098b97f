#include "ferry/core/bytes.hpp"
#include "ferry/core/sqlite.hpp"
#include "ferry/tasks/detail/result_table.hpp"

#include <utility>

namespace ferry::tasks::detail {
namespace {

constexpr const char* schema = R"(
CREATE TABLE IF NOT EXISTS celery_taskmeta(
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    task_id VARCHAR(155),
    status VARCHAR(50),
    result BLOB,
    date_done DATETIME,
    traceback TEXT,
    name VARCHAR(155),
    args BLOB,
    kwargs BLOB,
    worker VARCHAR(155),
    retries INTEGER,
    queue VARCHAR(155),
    UNIQUE (task_id));
CREATE TABLE IF NOT EXISTS celery_tasksetmeta(
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    taskset_id VARCHAR(155),
    result BLOB,
    date_done DATETIME,
    UNIQUE (taskset_id));
)";

std::optional<std::string> text_at(const sqlite::statement& row, int column)
{
    if (row.is_null(column)) return std::nullopt;
    return std::string{row.text(column)};
}

/// Celery binds bytes, so they are blobs; of a text the bytes are what counts.
std::optional<std::string> bytes_at(const sqlite::statement& row, int column)
{
    if (row.is_null(column)) return std::nullopt;
    return std::string{as_text(row.blob(column))};
}

std::optional<std::span<const std::byte>> blob(const std::optional<std::string>& bytes)
{
    if (!bytes) return std::nullopt;
    return as_bytes(*bytes);
}

class sqlite_result_table final : public result_table {
public:
    explicit sqlite_result_table(const std::string& path) : db_{path, sqlite::options().wal(false)}
    {
        db_.script(schema);
        extended_ =
            db_.query("SELECT 1 FROM pragma_table_info('celery_taskmeta') WHERE name='worker'")
                .step();
    }

    void begin() override { open_.emplace(db_); }
    void commit() override
    {
        open_->commit();
        open_.reset();
    }
    void rollback() noexcept override { open_.reset(); }

    void store(const result_columns& r) override
    {
        std::optional<std::span<const std::byte>> result;
        if (!r.result.empty()) result = as_bytes(r.result);
        if (extended_) {
            db_.execute(
                "INSERT INTO celery_taskmeta(task_id,status,result,date_done,traceback,name,args,"
                "kwargs,worker,retries,queue) VALUES(?,?,?,?,?,?,?,?,?,?,?) "
                "ON CONFLICT(task_id) DO UPDATE SET status=excluded.status,result=excluded.result,"
                "date_done=excluded.date_done,traceback=excluded.traceback,name=excluded.name,"
                "args=excluded.args,kwargs=excluded.kwargs,worker=excluded.worker,"
                "retries=excluded.retries,queue=excluded.queue WHERE status IS NOT 'SUCCESS'",
                r.task_id, r.status, result, r.date_done, r.traceback, r.name, blob(r.args),
                blob(r.kwargs), r.worker, r.retries, r.queue);
            return;
        }
        db_.execute(
            "INSERT INTO celery_taskmeta(task_id,status,result,date_done,traceback) "
            "VALUES(?,?,?,?,?) "
            "ON CONFLICT(task_id) DO UPDATE SET status=excluded.status,result=excluded.result,"
            "date_done=excluded.date_done,traceback=excluded.traceback "
            "WHERE status IS NOT 'SUCCESS'",
            r.task_id, r.status, result, r.date_done, r.traceback);
    }

    std::vector<result_columns> find(std::span<const std::string> ids) override
    {
        std::vector<result_columns> all;
        const char* const sql = extended_
                                    ? "SELECT status,result,date_done,traceback,name,args,kwargs,"
                                      "worker,retries,queue FROM celery_taskmeta WHERE task_id=?"
                                    : "SELECT status,result,date_done,traceback "
                                      "FROM celery_taskmeta WHERE task_id=?";
        for (const std::string& id : ids) {
            const sqlite::statement row = first(db_.query(sql, id));
            if (!found_) continue;
            result_columns r;
            r.task_id = id;
            r.status = text_at(row, 0).value_or(std::string{state::pending});
            r.result = bytes_at(row, 1).value_or("");
            r.date_done = text_at(row, 2);
            r.traceback = text_at(row, 3);
            if (extended_) {
                r.name = text_at(row, 4);
                r.args = bytes_at(row, 5);
                r.kwargs = bytes_at(row, 6);
                r.worker = text_at(row, 7);
                if (!row.is_null(8)) r.retries = row.integer(8);
                r.queue = text_at(row, 9);
            }
            all.push_back(std::move(r));
        }
        return all;
    }

    void forget(const std::string& id) override
    {
        db_.execute("DELETE FROM celery_taskmeta WHERE task_id=?", id);
    }

    void drop_older(const std::string& date_done) override
    {
        db_.execute("DELETE FROM celery_taskmeta WHERE date_done<?", date_done);
        db_.execute("DELETE FROM celery_tasksetmeta WHERE date_done<?", date_done);
    }

private:
    sqlite::statement first(sqlite::statement row)
    {
        found_ = row.step();
        return row;
    }

    sqlite::database db_;
    std::optional<sqlite::transaction> open_;
    bool extended_ = false;
    bool found_ = false;
};

}  // namespace

std::unique_ptr<result_table> open_sqlite_results(const std::string& path)
{
    return std::make_unique<sqlite_result_table>(path);
}

}  // namespace ferry::tasks::detail
