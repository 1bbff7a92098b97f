#include "ferry/core/sqlite.hpp"
#include "ferry/http/cache.hpp"
#include "ferry/http/detail/codec.hpp"
#include "ferry/http/session_options.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace ferry::http::cache {
namespace {

constexpr std::uint64_t entry_overhead = 512;

std::uint64_t size_of(const entry& e)
{
    std::uint64_t size = entry_overhead + e.url.size() + e.body.size();
    for (const auto [name, value] : e.headers) size += name.size() + value.size();
    return size;
}

class memory_store final : public store {
public:
    explicit memory_store(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

    std::vector<entry> find(const std::string& url) override
    {
        const std::lock_guard lock(mutex_);
        std::vector<entry> found;
        const auto [first, last] = by_url_.equal_range(url);
        for (auto at = first; at != last; ++at) {
            found.push_back(*at->second);
            by_use_.splice(by_use_.begin(), by_use_, at->second);
        }
        return found;
    }

    void put(entry one) override
    {
        const std::lock_guard lock(mutex_);
        const auto [first, last] = by_url_.equal_range(one.url);
        for (auto at = first; at != last; ++at) {
            if (at->second->variant != one.variant) continue;
            drop(at);
            break;
        }
        used_ += size_of(one);
        by_use_.push_front(std::move(one));
        by_url_.emplace(by_use_.front().url, by_use_.begin());
        while (used_ > max_bytes_ && !by_use_.empty()) drop_last();
    }

    void erase(const std::string& url) override
    {
        const std::lock_guard lock(mutex_);
        for (auto at = by_url_.find(url); at != by_url_.end(); at = by_url_.find(url)) drop(at);
    }

    void clear() override
    {
        const std::lock_guard lock(mutex_);
        by_url_.clear();
        by_use_.clear();
        used_ = 0;
    }

    std::uint64_t max_body_bytes() const noexcept override { return max_bytes_ / 8; }
    bool blocks() const noexcept override { return false; }

private:
    using places = std::unordered_multimap<std::string, std::list<entry>::iterator>;

    void drop(places::iterator at)
    {
        used_ -= size_of(*at->second);
        by_use_.erase(at->second);
        by_url_.erase(at);
    }

    void drop_last()
    {
        const auto oldest = std::prev(by_use_.end());
        const auto [first, last] = by_url_.equal_range(oldest->url);
        drop(std::find_if(first, last, [&](const auto& p) { return p.second == oldest; }));
    }

    std::mutex mutex_;
    std::uint64_t max_bytes_;
    std::uint64_t used_ = 0;
    std::list<entry> by_use_;  ///< the one used last in front
    places by_url_;
};

std::int64_t microseconds_of(timestamp time)
{
    return time.time_since_epoch().count();
}

timestamp timestamp_of(std::int64_t microseconds)
{
    return timestamp(std::chrono::microseconds(microseconds));
}

std::string written(const headers& fields)
{
    std::string text;
    for (const auto [name, value] : fields) {
        text.append(name).append(": ").append(value).append("\r\n");
    }
    return text;
}

headers read_fields(std::string_view text)
{
    headers fields;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find("\r\n"), text.size());
        const std::string_view line = text.substr(0, end);
        const std::size_t colon = line.find(": ");
        if (colon != line.npos) fields.add(line.substr(0, colon), line.substr(colon + 2));
        text.remove_prefix(std::min(end + 2, text.size()));
    }
    return fields;
}

std::vector<std::string> read_names(std::string_view text)
{
    std::vector<std::string> names;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        names.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return names;
}

ferry::sqlite::database open_private(const std::string& path)
{
    const int made = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (made >= 0) ::close(made);
    return ferry::sqlite::database(path);
}

class sqlite_store final : public store {
public:
    sqlite_store(const std::string& path, std::uint64_t max_bytes)
        : db_(open_private(path)), max_bytes_(max_bytes)
    {
        db_.script(
            "CREATE TABLE IF NOT EXISTS entries(url TEXT, variant TEXT, vary TEXT, status INTEGER, "
            "reason TEXT, fields BLOB, body BLOB, requested INTEGER, received INTEGER, "
            "used INTEGER, size INTEGER, PRIMARY KEY(url, variant)) WITHOUT ROWID;"
            "CREATE INDEX IF NOT EXISTS by_use ON entries(used, size)");
    }

    std::vector<entry> find(const std::string& url) override
    {
        const std::lock_guard lock(mutex_);
        std::vector<entry> found;
        {
            auto row = db_.query(
                "SELECT variant, vary, status, reason, fields, body, requested, received "
                "FROM entries WHERE url = ?",
                url);
            while (row.step()) {
                entry e;
                e.url = url;
                e.variant = row.text(0);
                e.vary = read_names(row.text(1));
                e.status = static_cast<int>(row.integer(2));
                e.reason = row.text(3);
                e.headers = read_fields(as_text(row.blob(4)));
                e.body = buffer::copy(row.blob(5));
                e.requested = timestamp_of(row.integer(6));
                e.received = timestamp_of(row.integer(7));
                found.push_back(std::move(e));
            }
        }
        if (!found.empty()) {
            // To the minute is exact enough for eviction, and saves most of the writes.
            const std::int64_t now = microseconds_of(ferry::now());
            db_.execute("UPDATE entries SET used = ? WHERE url = ? AND used < ?", now, url,
                        now - 60'000'000);
        }
        return found;
    }

    void put(entry one) override
    {
        const std::lock_guard lock(mutex_);
        std::string vary;
        for (const std::string& name : one.vary) vary.append(name).append("\n");
        ferry::sqlite::transaction change(db_);
        db_.execute("INSERT OR REPLACE INTO entries VALUES(?,?,?,?,?,?,?,?,?,?,?)", one.url,
                    one.variant, vary, one.status, one.reason, as_bytes(written(one.headers)),
                    one.body.span(), microseconds_of(one.requested), microseconds_of(one.received),
                    microseconds_of(ferry::now()), static_cast<std::int64_t>(size_of(one)));
        evict();
        change.commit();
    }

    void erase(const std::string& url) override
    {
        const std::lock_guard lock(mutex_);
        db_.execute("DELETE FROM entries WHERE url = ?", url);
    }

    void clear() override
    {
        const std::lock_guard lock(mutex_);
        db_.execute("DELETE FROM entries");
    }

    std::uint64_t max_body_bytes() const noexcept override { return max_bytes_ / 8; }
    bool blocks() const noexcept override { return true; }

private:
    void evict()
    {
        for (;;) {
            auto sum = db_.query("SELECT total(size) FROM entries");
            if (!sum.step() || sum.real(0) <= static_cast<double>(max_bytes_)) return;
            db_.execute(
                "DELETE FROM entries WHERE (url, variant) IN "
                "(SELECT url, variant FROM entries ORDER BY used LIMIT 8)");
        }
    }

    std::mutex mutex_;
    ferry::sqlite::database db_;
    std::uint64_t max_bytes_;
};

}  // namespace

void option::apply_to(session_options& to) const
{
    to.cache = store_;
}

option memory(std::uint64_t max_bytes)
{
    return option(std::make_shared<memory_store>(max_bytes));
}

option sqlite(const std::string& path, std::uint64_t max_bytes)
{
    return option(std::make_shared<sqlite_store>(path, max_bytes));
}

}  // namespace ferry::http::cache
