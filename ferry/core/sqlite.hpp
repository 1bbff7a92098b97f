#pragma once

#include "ferry/core/error.hpp"

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

/// A thin, exact face of SQLite: what the embedded broker, the result store and the harvester keep
/// on disk goes through here. As Python's sqlite3.
namespace ferry::sqlite {

/// SQLite's primary result codes that a caller may want to tell apart; the numbers are SQLite's.
/// Others appear with their own number. `what()` carries SQLite's text.
enum class errc {
    failed = 1,           ///< the SQL is wrong, or a function in it failed
    denied = 3,           ///< no permission for the file
    busy = 5,             ///< another connection held its lock longer than the busy timeout
    locked = 6,           ///< a statement of this connection is in the way
    no_memory = 7,        ///< out of memory
    read_only = 8,        ///< a write to a database that is read-only
    io = 10,              ///< the operating system failed to read or write
    corrupt = 11,         ///< the file is damaged
    full = 13,            ///< the disk is full, or max_pages is reached
    cannot_open = 14,     ///< the file or its folder does not exist or cannot be made
    constraint = 19,      ///< UNIQUE, NOT NULL, CHECK or a foreign key
    misuse = 21,          ///< the connection is used in a way that it does not allow
    not_a_database = 26,  ///< the file is something else
};
std::error_code make_error_code(errc e) noexcept;

/// How hard a commit pushes towards the disk. A killed process loses nothing with any of them.
enum class durability {
    off,     ///< the operating system writes when it likes: a power cut may corrupt the file
    normal,  ///< a power cut may lose the last commits, never the file
    full,    ///< a commit is on the disk when it returns: one fsync each
};

/// How to open a database.
class options {
public:
    options() = default;

    /// Keep changes in a write-ahead log, so that readers and one writer do not wait for each
    /// other. On by default; wants a local file system.
    options& wal(bool on)
    {
        wal_ = on;
        return *this;
    }
    options& durable(durability level)
    {
        durability_ = level;
        return *this;
    }
    /// How long to wait for another connection's lock; 5 s by default.
    options& busy_timeout(std::chrono::milliseconds limit)
    {
        busy_timeout_ = limit;
        return *this;
    }
    /// Open an existing file for reading only.
    options& read_only(bool on = true)
    {
        read_only_ = on;
        return *this;
    }
    /// The file never grows over this many pages of 4096 bytes; 0 means SQLite's own limit.
    options& max_pages(std::int64_t count)
    {
        max_pages_ = count;
        return *this;
    }

    bool wal() const noexcept { return wal_; }
    durability durable() const noexcept { return durability_; }
    std::chrono::milliseconds busy_timeout() const noexcept { return busy_timeout_; }
    bool read_only() const noexcept { return read_only_; }
    std::int64_t max_pages() const noexcept { return max_pages_; }

private:
    bool wal_ = true;
    bool read_only_ = false;
    durability durability_ = durability::normal;
    std::chrono::milliseconds busy_timeout_ = std::chrono::seconds{5};
    std::int64_t max_pages_ = 0;
};

namespace detail {
class connection;
struct prepared;
}  // namespace detail

/// A prepared statement while it runs. It must not outlive its database. Parameters and columns are
/// counted as SQLite does: parameters from 1, columns from 0.
class statement {
public:
    statement(statement&& other) noexcept;
    statement& operator=(statement&& other) noexcept;
    ~statement();

    statement& bind(int parameter, std::nullptr_t);
    statement& bind(int parameter, double value);
    statement& bind(int parameter, std::string_view text);
    statement& bind(int parameter, const std::string& text)
    {
        return bind(parameter, std::string_view{text});
    }
    statement& bind(int parameter, const char* text)
    {
        return bind(parameter, std::string_view{text});
    }
    statement& bind(int parameter, std::span<const std::byte> blob);
    template <std::integral T>
    statement& bind(int parameter, T value)
    {
        return bind_integer(parameter, static_cast<std::int64_t>(value));
    }
    template <class T>
    statement& bind(int parameter, const std::optional<T>& value)
    {
        return value ? bind(parameter, *value) : bind(parameter, nullptr);
    }

    /// Moves to the next row; false when there is none. \throws error  code() says why.
    bool step();
    /// Makes the statement ready to run again; parameters keep their values.
    void reset() noexcept;

    int columns() const noexcept;
    bool is_null(int column) const;
    /// The column of the current row, converted as SQLite converts: NULL is 0 or empty. Views hold
    /// until the next step().
    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string_view text(int column) const;
    std::span<const std::byte> blob(int column) const;

private:
    friend class database;
    statement(detail::connection& owner, std::unique_ptr<detail::prepared> prepared);
    statement& bind_integer(int parameter, std::int64_t value);

    detail::connection* owner_;
    std::unique_ptr<detail::prepared> prepared_;
};

/// One connection to one database file. Movable. One thread at a time; several connections, also of
/// several processes, may have the same file open.
class database {
public:
    /// Opens or makes the file; `:memory:` is a private database in memory.
    /// \throws error  cannot_open, denied, not_a_database, busy.
    explicit database(const std::string& path, const options& with = options());
    database(database&&) noexcept;
    database& operator=(database&&) noexcept;
    ~database();

    const std::string& path() const noexcept;

    /// Runs one or several statements separated by `;`, without parameters; rows are dropped.
    void script(const std::string& sql);

    /// Prepares a statement, or takes it from those prepared before, and binds the arguments in
    /// order. The first step() runs it. A statement that is dropped goes back to the cache.
    template <class... Args>
    statement query(std::string_view sql, const Args&... args)
    {
        statement s = prepare(sql);
        int parameter = 0;
        (s.bind(++parameter, args), ...);
        return s;
    }

    /// Runs a statement to its end; returns how many rows it changed.
    template <class... Args>
    std::int64_t execute(std::string_view sql, const Args&... args)
    {
        statement s = query(sql, args...);
        while (s.step()) {
        }
        return changes();
    }

    /// The row id that the last INSERT made.
    std::int64_t last_row_id() const noexcept;
    /// Rows changed by the last INSERT, UPDATE or DELETE.
    std::int64_t changes() const noexcept;
    bool in_transaction() const noexcept;

private:
    statement prepare(std::string_view sql);

    std::unique_ptr<detail::connection> connection_;
};

/// A transaction that takes the write lock at once (BEGIN IMMEDIATE), so that it cannot fail half
/// way for another writer's sake. Rolled back at the end unless committed.
class transaction {
public:
    /// \throws error  busy: another connection kept the lock for the whole busy timeout.
    explicit transaction(database& in);
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;
    ~transaction();

    /// \throws error  full, io; then the transaction is rolled back.
    void commit();

private:
    database* in_;
};

}  // namespace ferry::sqlite

template <>
struct std::is_error_code_enum<ferry::sqlite::errc> : std::true_type {};
