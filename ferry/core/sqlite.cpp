#include "ferry/core/sqlite.hpp"

#include <sqlite3.h>

#include <climits>
#include <functional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ferry::sqlite {
namespace {

class sqlite_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "sqlite"; }
    std::string message(int e) const override { return sqlite3_errstr(e); }
    std::error_condition default_error_condition(int e) const noexcept override
    {
        return make_error_condition(meaning(e));
    }

private:
    static condition meaning(int e) noexcept
    {
        switch (e) {
            case SQLITE_BUSY:
            case SQLITE_LOCKED: return condition::timed_out;
            case SQLITE_FULL:
            case SQLITE_NOMEM: return condition::overloaded;
            case SQLITE_PERM:
            case SQLITE_AUTH:
            case SQLITE_READONLY: return condition::denied;
            case SQLITE_CANTOPEN:
            case SQLITE_NOTFOUND: return condition::not_found;
            case SQLITE_IOERR: return condition::disconnected;
            default: return condition::bad_input;
        }
    }
};

const sqlite_category& category() noexcept
{
    static const sqlite_category instance;
    return instance;
}

}  // namespace

std::error_code make_error_code(errc e) noexcept
{
    return {static_cast<int>(e), category()};
}

namespace detail {

struct prepared {
    sqlite3_stmt* handle = nullptr;
    std::string sql;

    prepared() = default;
    prepared(const prepared&) = delete;
    prepared& operator=(const prepared&) = delete;
    ~prepared() { sqlite3_finalize(handle); }
};

class connection {
public:
    connection(const std::string& path, const options& with) : path_{path}
    {
        const int flags =
            SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
            (with.read_only() ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
        const int opened = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
        try {
            check(opened, "open");
            configure(with);
        } catch (...) {
            sqlite3_close(handle_);
            throw;
        }
    }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection()
    {
        idle_.clear();
        sqlite3_close_v2(handle_);
    }

    sqlite3* handle() const noexcept { return handle_; }
    const std::string& path() const noexcept { return path_; }

    void check(int result, std::string_view doing) const
    {
        if (result != SQLITE_OK) fail(result, doing);
    }

    [[noreturn]] void fail(int result, std::string_view doing) const
    {
        std::string text = path_;
        text += ": ";
        text += doing;
        text += ": ";
        text += handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(result);
        throw error{{result & 0xFF, category()}, std::move(text)};
    }

    void script(const char* sql)
    {
        if (const int r = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr); r != SQLITE_OK) {
            fail(r, std::string_view{sql}.substr(0, max_quoted_sql));
        }
    }

    std::unique_ptr<prepared> take(std::string_view sql)
    {
        if (const auto at = idle_.find(sql); at != idle_.end() && !at->second.empty()) {
            auto found = std::move(at->second.back());
            at->second.pop_back();
            return found;
        }
        if (sql.size() > INT_MAX) throw limit_error{"sql_bytes", INT_MAX};
        auto made = std::make_unique<prepared>();
        made->sql = sql;
        check(sqlite3_prepare_v3(handle_, made->sql.data(), static_cast<int>(sql.size()),
                                 SQLITE_PREPARE_PERSISTENT, &made->handle, nullptr),
              sql.substr(0, max_quoted_sql));
        return made;
    }

    void give_back(std::unique_ptr<prepared> used) noexcept
    try {
        sqlite3_reset(used->handle);
        sqlite3_clear_bindings(used->handle);
        if (idle_.size() >= max_cached) idle_.clear();
        std::vector<std::unique_ptr<prepared>>& same = idle_[used->sql];
        same.push_back(std::move(used));
    } catch (const std::bad_alloc&) {
        return;  // not cached, then
    }

    static constexpr std::size_t max_quoted_sql = 80;

private:
    static constexpr std::size_t max_cached = 256;

    struct hash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    void configure(const options& with)
    {
        sqlite3_busy_timeout(handle_, static_cast<int>(with.busy_timeout().count()));
        if (with.wal() && !with.read_only()) enter_wal(with.busy_timeout());
        switch (with.durable()) {
            case durability::off: script("PRAGMA synchronous=OFF"); break;
            case durability::normal: script("PRAGMA synchronous=NORMAL"); break;
            case durability::full: script("PRAGMA synchronous=FULL"); break;
        }
        script("PRAGMA foreign_keys=ON");
        if (with.max_pages() > 0) {
            script(("PRAGMA max_page_count=" + std::to_string(with.max_pages())).c_str());
        }
    }

    // Switching to WAL needs the file alone for a moment, and SQLite does not wait for that by
    // itself: of several processes that open a new file at once, all but one would fail.
    void enter_wal(std::chrono::milliseconds limit)
    {
        const auto end = std::chrono::steady_clock::now() + limit;
        for (;;) {
            const int r =
                sqlite3_exec(handle_, "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr);
            if (r == SQLITE_OK) return;
            if ((r & 0xFF) != SQLITE_BUSY || std::chrono::steady_clock::now() >= end) {
                fail(r, "PRAGMA journal_mode=WAL");
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
    }

    std::string path_;
    sqlite3* handle_ = nullptr;
    std::unordered_map<std::string, std::vector<std::unique_ptr<prepared>>, hash, std::equal_to<>>
        idle_;
};

}  // namespace detail

statement::statement(detail::connection& owner, std::unique_ptr<detail::prepared> prepared)
    : owner_{&owner}, prepared_{std::move(prepared)}
{
}

statement::statement(statement&& other) noexcept = default;

statement& statement::operator=(statement&& other) noexcept
{
    std::swap(owner_, other.owner_);
    std::swap(prepared_, other.prepared_);
    return *this;
}

statement::~statement()
{
    if (prepared_) owner_->give_back(std::move(prepared_));
}

statement& statement::bind(int parameter, std::nullptr_t)
{
    owner_->check(sqlite3_bind_null(prepared_->handle, parameter), prepared_->sql);
    return *this;
}

statement& statement::bind(int parameter, double value)
{
    owner_->check(sqlite3_bind_double(prepared_->handle, parameter, value), prepared_->sql);
    return *this;
}

statement& statement::bind_integer(int parameter, std::int64_t value)
{
    owner_->check(sqlite3_bind_int64(prepared_->handle, parameter, value), prepared_->sql);
    return *this;
}

statement& statement::bind(int parameter, std::string_view text)
{
    owner_->check(sqlite3_bind_text64(prepared_->handle, parameter, text.data() ? text.data() : "",
                                      text.size(), SQLITE_TRANSIENT, SQLITE_UTF8),
                  prepared_->sql);
    return *this;
}

statement& statement::bind(int parameter, std::span<const std::byte> blob)
{
    // A null pointer would bind NULL where an empty blob is meant.
    const void* data = blob.empty() ? static_cast<const void*>("") : blob.data();
    owner_->check(
        sqlite3_bind_blob64(prepared_->handle, parameter, data, blob.size(), SQLITE_TRANSIENT),
        prepared_->sql);
    return *this;
}

bool statement::step()
{
    const int result = sqlite3_step(prepared_->handle);
    if (result == SQLITE_ROW) return true;
    if (result != SQLITE_DONE) {
        const std::string_view sql{prepared_->sql};
        owner_->fail(result, sql.substr(0, detail::connection::max_quoted_sql));
    }
    return false;
}

void statement::reset() noexcept
{
    sqlite3_reset(prepared_->handle);
}

int statement::columns() const noexcept
{
    return sqlite3_column_count(prepared_->handle);
}

bool statement::is_null(int column) const
{
    return sqlite3_column_type(prepared_->handle, column) == SQLITE_NULL;
}

std::int64_t statement::integer(int column) const
{
    return sqlite3_column_int64(prepared_->handle, column);
}

double statement::real(int column) const
{
    return sqlite3_column_double(prepared_->handle, column);
}

std::string_view statement::text(int column) const
{
    const auto* data = sqlite3_column_text(prepared_->handle, column);
    if (data == nullptr) return {};
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(prepared_->handle, column));
    return {reinterpret_cast<const char*>(data), size};
}

std::span<const std::byte> statement::blob(int column) const
{
    const void* data = sqlite3_column_blob(prepared_->handle, column);
    if (data == nullptr) return {};
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(prepared_->handle, column));
    return {static_cast<const std::byte*>(data), size};
}

database::database(const std::string& path, const options& with)
    : connection_{std::make_unique<detail::connection>(path, with)}
{
}

database::database(database&&) noexcept = default;
database& database::operator=(database&&) noexcept = default;
database::~database() = default;

const std::string& database::path() const noexcept
{
    return connection_->path();
}

void database::script(const std::string& sql)
{
    connection_->script(sql.c_str());
}

statement database::prepare(std::string_view sql)
{
    return statement{*connection_, connection_->take(sql)};
}

std::int64_t database::last_row_id() const noexcept
{
    return sqlite3_last_insert_rowid(connection_->handle());
}

std::int64_t database::changes() const noexcept
{
    return sqlite3_changes64(connection_->handle());
}

bool database::in_transaction() const noexcept
{
    return sqlite3_get_autocommit(connection_->handle()) == 0;
}

transaction::transaction(database& in) : in_{&in}
{
    in.execute("BEGIN IMMEDIATE");
}

transaction::~transaction()
{
    if (in_ == nullptr || !in_->in_transaction()) return;
    try {
        in_->execute("ROLLBACK");
    } catch (const error&) {
        return;  // SQLite has rolled back by itself, or will when the connection closes
    }
}

void transaction::commit()
{
    in_->execute("COMMIT");
    in_ = nullptr;
}

}  // namespace ferry::sqlite
