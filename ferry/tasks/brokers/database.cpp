#include "ferry/tasks/brokers/database.hpp"

#include "ferry/tasks/detail/database_core.hpp"
#include "ferry/tasks/detail/gate.hpp"

#include <filesystem>
#include <utility>
#include <variant>

namespace ferry::tasks {
namespace {

using detail::database_core;
using detail::outcome;
using detail::result_table;

/// What SQLAlchemy puts between the database and `://` names a Python driver.
std::unique_ptr<result_table> open_table(const std::string& url)
{
    std::string rest = url;
    for (const std::string_view prefix : {"db+", "database+"}) {
        if (rest.starts_with(prefix)) rest.erase(0, prefix.size());
    }
    const std::size_t end = rest.find("://");
    const std::string scheme = rest.substr(0, end == std::string::npos ? rest.find(':') : end);
    const std::string kind = scheme.substr(0, scheme.find('+'));
    if (end == std::string::npos || (kind != "sqlite" && kind != "postgresql")) {
        throw error{ferry::errc::unsupported,
                    "no result database for the scheme '" + scheme +
                        "', known: db+sqlite:///PATH, db+postgresql://HOST/NAME"};
    }
    rest = rest.substr(end + 3);
    if (kind == "postgresql") return detail::open_postgres_results("postgresql://" + rest);
    // Three slashes are for a relative path, four for an absolute one.
    std::string path = rest.substr(0, rest.find('?'));
    if (path.starts_with('/')) path.erase(0, 1);
    if (path.empty() || path == ":memory:") {
        throw error{ferry::errc::unsupported,
                    "db+sqlite: results in memory are seen by nobody else; name a file"};
    }
    return detail::open_sqlite_results(std::filesystem::absolute(path).string());
}

awaitable<void> write(std::shared_ptr<database_core> to, database_core::work act)
{
    const outcome<std::monostate> done;
    database_core::completion tell = [done](std::exception_ptr e) {
        done.set(std::move(e), std::monostate());
    };
    to->submit(std::move(act), std::move(tell));
    auto written = outcome<std::monostate>::get(done);
    co_await std::move(written);
}

awaitable<result_document> find_in(std::shared_ptr<database_core> core, std::string task_id)
{
    const auto found = std::make_shared<result_document>();
    found->task_id = task_id;
    database_core::work look =
        [found, ids = std::vector<std::string>(1, std::move(task_id))](result_table& t) {
            for (const detail::result_columns& row : t.find(ids)) *found = detail::document_of(row);
        };
    auto looked = write(std::move(core), std::move(look));
    co_await std::move(looked);
    co_return std::move(*found);
}

awaitable<result_document> wait_in(std::shared_ptr<database_core> core, std::string task_id)
{
    class watch {
    public:
        watch(database_core& in, std::string id, database_core::answer done)
            : core_{in}, number_{in.watch(std::move(id), std::move(done))}
        {
        }
        watch(const watch&) = delete;
        watch& operator=(const watch&) = delete;
        ~watch() { core_.unwatch(number_); }

    private:
        database_core& core_;
        std::uint64_t number_;
    };

    const outcome<result_document> done;
    database_core::answer tell = [done](std::exception_ptr failure,
                                        std::optional<result_document> found) {
        done.set(std::move(failure), std::move(found));
    };
    const watch watching{*core, std::move(task_id), std::move(tell)};
    auto ready = outcome<result_document>::get(done);
    result_document found = co_await std::move(ready);
    co_return found;
}

}  // namespace

database_results::database_results(const std::string& url, std::chrono::seconds expiry)
    : core_{std::make_shared<database_core>(open_table(url))}, expiry_{expiry}
{
}

database_results::~database_results() = default;

awaitable<void> database_results::store(result_document d)
{
    database_core::work act = [row = detail::columns_of(d)](result_table& t) { t.store(row); };
    return write(core_, std::move(act));
}

awaitable<result_document> database_results::find(std::string task_id)
{
    return find_in(core_, std::move(task_id));
}

awaitable<result_document> database_results::wait(std::string task_id)
{
    return wait_in(core_, std::move(task_id));
}

awaitable<void> database_results::forget(std::string task_id)
{
    database_core::work act = [id = std::move(task_id)](result_table& t) { t.forget(id); };
    return write(core_, std::move(act));
}

awaitable<void> database_results::clean_up()
{
    database_core::work act = [expiry = expiry_](result_table& t) {
        if (expiry.count() > 0) t.drop_older(detail::column_time(now() - expiry));
    };
    return write(core_, std::move(act));
}

}  // namespace ferry::tasks
