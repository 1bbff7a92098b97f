#pragma once

#include "ferry/core/time.hpp"
#include "ferry/tasks/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::tasks::detail {

/// A row of Celery's `celery_taskmeta`. Results are pickles there, whatever the serializer of the
/// tasks is, and times are UTC without saying so.
struct result_columns {
    std::string task_id;
    std::string status;
    std::string result;                    ///< a pickle; empty: NULL
    std::optional<std::string> date_done;  ///< `2026-11-22 06:43:45.461024`
    std::optional<std::string> traceback;
    // Beside them where `result_extended` is on.
    std::optional<std::string> name;
    std::optional<std::string> args;    ///< JSON, as bytes
    std::optional<std::string> kwargs;  ///< JSON, as bytes
    std::optional<std::string> worker;
    std::optional<std::int64_t> retries;
    std::optional<std::string> queue;
};

/// \throws type_error  the result holds something that no pickle can say.
result_columns columns_of(const result_document& d);

/// \throws error  the columns are not what Celery writes. An exception that was pickled as an
/// object becomes Celery's document of it: nothing of it is looked up or called.
result_document document_of(const result_columns& row);

/// Reads what one of Celery's serializers wrote, an object or a list, told apart by how it begins.
/// \throws error  it is none of these.
value parse_serialized(std::string_view bytes);

/// An exception that a pickle describes as Celery's document of it; any other value as it is.
value plain_failure(value result);

/// A time as the column `date_done` has it.
std::string column_time(timestamp t);

/// Celery's tables of results in one database, and all SQL on them. Belongs to one thread; every
/// call blocks it.
class result_table {
public:
    virtual ~result_table() = default;

    virtual void begin() = 0;
    virtual void commit() = 0;
    /// Does not fail: what a lost connection leaves is rolled back by the server.
    virtual void rollback() noexcept = 0;

    /// A stored SUCCESS stays as it is.
    virtual void store(const result_columns& row) = 0;
    /// The rows of those that are known.
    virtual std::vector<result_columns> find(std::span<const std::string> ids) = 0;
    virtual void forget(const std::string& id) = 0;
    /// Drops what was done before that time.
    virtual void drop_older(const std::string& date_done) = 0;
};

/// Opens the file, and makes the tables unless they are there, with or without the columns of
/// `result_extended`. \throws error  it cannot be opened.
std::unique_ptr<result_table> open_sqlite_results(const std::string& path);

/// The same of a PostgreSQL. Connects when it is first used, and again when the connection was
/// lost. \param url  as libpq takes it.
std::unique_ptr<result_table> open_postgres_results(const std::string& url);

}  // namespace ferry::tasks::detail
