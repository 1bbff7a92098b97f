#include "ferry/core/error.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/result_table.hpp"

#include <libpq-fe.h>

#include <array>
#include <cstring>
#include <utility>

namespace ferry::tasks::detail {
namespace {

// As Celery's models make them. The lock keeps two processes from making them at the same time,
// which PostgreSQL answers with an error in spite of IF NOT EXISTS.
constexpr const char* schema = R"(
BEGIN;
SELECT pg_advisory_xact_lock(7233168211);
CREATE SEQUENCE IF NOT EXISTS task_id_sequence;
CREATE SEQUENCE IF NOT EXISTS taskset_id_sequence;
CREATE TABLE IF NOT EXISTS celery_taskmeta(
    id INTEGER NOT NULL,
    task_id VARCHAR(155),
    status VARCHAR(50),
    result BYTEA,
    date_done TIMESTAMP WITHOUT TIME ZONE,
    traceback TEXT,
    name VARCHAR(155),
    args BYTEA,
    kwargs BYTEA,
    worker VARCHAR(155),
    retries INTEGER,
    queue VARCHAR(155),
    PRIMARY KEY (id),
    UNIQUE (task_id));
CREATE TABLE IF NOT EXISTS celery_tasksetmeta(
    id INTEGER NOT NULL,
    taskset_id VARCHAR(155),
    result BYTEA,
    date_done TIMESTAMP WITHOUT TIME ZONE,
    PRIMARY KEY (id),
    UNIQUE (taskset_id));
COMMIT)";

constexpr const char* store_extended =
    "INSERT INTO celery_taskmeta AS t(id,task_id,status,result,date_done,traceback,name,args,"
    "kwargs,worker,retries,queue) VALUES(nextval('task_id_sequence'),$1,$2,$3,$4,$5,$6,$7,$8,$9,"
    "$10,$11) ON CONFLICT(task_id) DO UPDATE SET status=excluded.status,result=excluded.result,"
    "date_done=excluded.date_done,traceback=excluded.traceback,name=excluded.name,"
    "args=excluded.args,kwargs=excluded.kwargs,worker=excluded.worker,retries=excluded.retries,"
    "queue=excluded.queue WHERE t.status IS DISTINCT FROM 'SUCCESS'";
constexpr const char* store_plain =
    "INSERT INTO celery_taskmeta AS t(id,task_id,status,result,date_done,traceback) "
    "VALUES(nextval('task_id_sequence'),$1,$2,$3,$4,$5) ON CONFLICT(task_id) DO UPDATE SET "
    "status=excluded.status,result=excluded.result,date_done=excluded.date_done,"
    "traceback=excluded.traceback WHERE t.status IS DISTINCT FROM 'SUCCESS'";
constexpr const char* find_extended =
    "SELECT status,result,to_char(date_done,'YYYY-MM-DD HH24:MI:SS.US'),traceback,name,args,"
    "kwargs,worker,retries::text,queue FROM celery_taskmeta WHERE task_id=$1";
constexpr const char* find_plain =
    "SELECT status,result,to_char(date_done,'YYYY-MM-DD HH24:MI:SS.US'),traceback "
    "FROM celery_taskmeta WHERE task_id=$1";

enum class statement : unsigned char { store, find, forget, drop_tasks, drop_groups };

struct freed {
    void operator()(PGconn* c) const noexcept { ::PQfinish(c); }
    void operator()(PGresult* r) const noexcept { ::PQclear(r); }
};
using connection = std::unique_ptr<PGconn, freed>;
using reply = std::unique_ptr<PGresult, freed>;

std::string one_line(std::string_view text)
{
    std::string line;
    for (const char c : text) {
        if (c != '\n') {
            line += c;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    return line;
}

/// A parameter; bytes are sent as they are, all else as text.
struct parameter {
    parameter(const std::string& text, bool is_bytes = false)  // NOLINT(*-explicit-*)
        : data{text.c_str()}, size{static_cast<int>(text.size())}, format{is_bytes ? 1 : 0}
    {
    }
    parameter(const std::optional<std::string>& text, bool is_bytes = false)
        : data{text ? text->c_str() : nullptr},
          size{text ? static_cast<int>(text->size()) : 0},
          format{is_bytes ? 1 : 0}
    {
    }
    const char* data;
    int size;
    int format;
};

class postgres_result_table final : public result_table {
public:
    explicit postgres_result_table(std::string url) : url_{std::move(url)} {}

    void begin() override
    {
        if (!to_) open();
        command("BEGIN");
    }
    void commit() override { command("COMMIT"); }
    void rollback() noexcept override
    {
        if (!to_) return;
        const reply ended{::PQexec(to_.get(), "ROLLBACK")};
        if (::PQresultStatus(ended.get()) != PGRES_COMMAND_OK) to_.reset();
    }

    void store(const result_columns& r) override
    {
        std::optional<std::string> retries;
        if (r.retries) retries = std::to_string(*r.retries);
        const std::optional<std::string> result =
            r.result.empty() ? std::nullopt : std::optional{r.result};
        std::vector<parameter> given = {r.task_id, r.status, parameter{result, true}, r.date_done,
                                        r.traceback};
        if (extended_) {
            for (const parameter& p :
                 {parameter{r.name}, parameter{r.args, true}, parameter{r.kwargs, true},
                  parameter{r.worker}, parameter{retries}, parameter{r.queue}}) {
                given.push_back(p);
            }
        }
        execute(statement::store, given);
    }

    std::vector<result_columns> find(std::span<const std::string> ids) override
    {
        std::vector<result_columns> all;
        for (const std::string& id : ids) {
            const reply rows = execute(statement::find, std::vector<parameter>{id});
            if (::PQntuples(rows.get()) == 0) continue;
            const auto at = [&rows](int column) -> std::optional<std::string> {
                if (::PQgetisnull(rows.get(), 0, column) != 0) return std::nullopt;
                return std::string(::PQgetvalue(rows.get(), 0, column),
                                   static_cast<std::size_t>(::PQgetlength(rows.get(), 0, column)));
            };
            result_columns r;
            r.task_id = id;
            r.status = at(0).value_or(std::string{state::pending});
            r.result = at(1).value_or("");
            r.date_done = at(2);
            r.traceback = at(3);
            if (extended_) {
                r.name = at(4);
                r.args = at(5);
                r.kwargs = at(6);
                r.worker = at(7);
                if (const auto retries = at(8)) r.retries = std::stoll(*retries);
                r.queue = at(9);
            }
            all.push_back(std::move(r));
        }
        return all;
    }

    void forget(const std::string& id) override
    {
        execute(statement::forget, std::vector<parameter>{id});
    }

    void drop_older(const std::string& date_done) override
    {
        execute(statement::drop_tasks, std::vector<parameter>{date_done});
        execute(statement::drop_groups, std::vector<parameter>{date_done});
    }

private:
    void open()
    {
        // What the URL says goes before these.
        const std::array<const char*, 6> names = {"connect_timeout",  "keepalives_idle",
                                                  "tcp_user_timeout", "application_name",
                                                  "dbname",           nullptr};
        const std::array<const char*, 6> values = {"10",    "30",         "30000",
                                                   "ferry", url_.c_str(), nullptr};
        to_.reset(::PQconnectdbParams(names.data(), values.data(), 1));
        if (::PQstatus(to_.get()) != CONNECTION_OK) fail(nullptr);
        ::PQsetNoticeProcessor(to_.get(), [](void*, const char*) {}, nullptr);
        try {
            make_ready();
        } catch (const error&) {
            to_.reset();
            throw;
        }
    }

    void make_ready()
    {
        // Who may use the tables need not be allowed to make any.
        if (!finds("SELECT 1 WHERE to_regclass('celery_taskmeta') IS NOT NULL AND "
                   "to_regclass('celery_tasksetmeta') IS NOT NULL")) {
            command(schema);
        }
        extended_ = finds(
            "SELECT 1 FROM pg_attribute WHERE attrelid='celery_taskmeta'::regclass AND "
            "attname='worker' AND NOT attisdropped");
        prepare(statement::store, extended_ ? store_extended : store_plain);
        prepare(statement::find, extended_ ? find_extended : find_plain);
        prepare(statement::forget, "DELETE FROM celery_taskmeta WHERE task_id=$1");
        prepare(statement::drop_tasks, "DELETE FROM celery_taskmeta WHERE date_done<$1");
        prepare(statement::drop_groups, "DELETE FROM celery_tasksetmeta WHERE date_done<$1");
    }

    bool finds(const char* sql)
    {
        const reply rows = checked(reply{::PQexec(to_.get(), sql)});
        return ::PQntuples(rows.get()) > 0;
    }

    static std::string name_of(statement which)
    {
        return "ferry" + std::to_string(static_cast<int>(which));
    }

    void prepare(statement which, const char* sql)
    {
        checked(reply{::PQprepare(to_.get(), name_of(which).c_str(), sql, 0, nullptr)});
    }

    void command(const char* sql)
    {
        if (!to_) throw error{ferry::errc::disconnected, "postgresql: the connection is lost"};
        checked(reply{::PQexec(to_.get(), sql)});
    }

    reply execute(statement which, const std::vector<parameter>& given)
    {
        std::vector<const char*> data;
        std::vector<int> sizes;
        std::vector<int> formats;
        for (const parameter& p : given) {
            data.push_back(p.data);
            sizes.push_back(p.size);
            formats.push_back(p.format);
        }
        constexpr int binary_result = 1;
        return checked(reply{::PQexecPrepared(to_.get(), name_of(which).c_str(),
                                              static_cast<int>(given.size()), data.data(),
                                              sizes.data(), formats.data(), binary_result)});
    }

    reply checked(reply r)
    {
        const ExecStatusType status = ::PQresultStatus(r.get());
        if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return r;
        fail(r.get());
    }

    /// \param r  null: the connection itself has failed.
    [[noreturn]] void fail(const PGresult* r)
    {
        const std::string why =
            "postgresql: " + one_line(r != nullptr && *::PQresultErrorMessage(r) != '\0'
                                          ? ::PQresultErrorMessage(r)
                                          : ::PQerrorMessage(to_.get()));
        const char* const code = r == nullptr ? nullptr : ::PQresultErrorField(r, PG_DIAG_SQLSTATE);
        const std::string_view kind = code == nullptr ? "" : std::string_view{code}.substr(0, 2);
        if (r == nullptr || ::PQstatus(to_.get()) != CONNECTION_OK) {
            to_.reset();
            throw error{ferry::errc::disconnected, why};
        }
        // Data exceptions and broken constraints stay what they are, however often one tries.
        if (kind == "22" || kind == "23") throw error{ferry::errc::malformed, why};
        if (kind == "28" || kind == "42") throw error{ferry::errc::denied, why};
        throw error{ferry::errc::disconnected, why};
    }

    std::string url_;
    connection to_;
    bool extended_ = false;
};

}  // namespace

std::unique_ptr<result_table> open_postgres_results(const std::string& url)
{
    return std::make_unique<postgres_result_table>(url);
}

}  // namespace ferry::tasks::detail
