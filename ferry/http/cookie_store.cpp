#include "ferry/core/file.hpp"
#include "ferry/core/sqlite.hpp"
#include "ferry/http/cookie_file.hpp"
#include "ferry/http/detail/cookie_rules.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <string>

/// What a jar writes to disk, and reads from there.
namespace ferry::http {
namespace {

constexpr std::size_t max_file_bytes = 64 * 1024 * 1024;
constexpr std::string_view sqlite_magic = "SQLite format 3";
constexpr std::string_view lwp_magic = "#LWP-Cookies-";

std::int64_t microseconds_of(timestamp time)
{
    return time.time_since_epoch().count();
}

std::vector<cookie> read_database(const std::string& path)
{
    sqlite::database db(path, sqlite::options().read_only());
    auto row = db.query(
        "SELECT name, value, domain, path, expires, created, host_only, secure, http_only, "
        "same_site FROM cookies");
    std::vector<cookie> all;
    while (row.step()) {
        cookie c(row.text(0), row.text(1));
        c.domain = row.text(2);
        c.path = row.text(3);
        if (!row.is_null(4)) c.expires = timestamp(std::chrono::microseconds(row.integer(4)));
        c.created = timestamp(std::chrono::microseconds(row.integer(5)));
        c.host_only = row.integer(6) != 0;
        c.secure = row.integer(7) != 0;
        c.http_only = row.integer(8) != 0;
        const std::int64_t site = row.integer(9);
        if (site >= 0 && site <= 3) c.same_site = static_cast<same_site>(site);
        all.push_back(std::move(c));
    }
    return all;
}

void write_database(const std::string& path, const std::vector<cookie>& all)
{
    // A new file is made here, so that only its owner may read it; SQLite reports what goes wrong.
    const int made = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (made >= 0) ::close(made);
    sqlite::database db(path, sqlite::options().wal(false));
    db.script(
        "CREATE TABLE IF NOT EXISTS cookies(name TEXT, value TEXT, domain TEXT, path TEXT, "
        "expires INTEGER, created INTEGER, host_only INTEGER, secure INTEGER, http_only INTEGER, "
        "same_site INTEGER, PRIMARY KEY(domain, path, name, host_only))");
    sqlite::transaction change(db);
    db.execute("DELETE FROM cookies");
    for (const cookie& c : all) {
        const auto expires =
            c.expires ? std::optional(microseconds_of(*c.expires)) : std::optional<std::int64_t>();
        db.execute("INSERT INTO cookies VALUES(?,?,?,?,?,?,?,?,?,?)", c.name, c.value, c.domain,
                   c.path, expires, microseconds_of(c.created), c.host_only, c.secure, c.http_only,
                   static_cast<int>(c.same_site));
    }
    change.commit();
}

std::string first_bytes(const std::string& path, std::size_t count)
{
    std::ifstream file(path, std::ios::binary);
    std::string head(count, '\0');
    file.read(head.data(), static_cast<std::streamsize>(count));
    head.resize(static_cast<std::size_t>(file.gcount()));
    return head;
}

std::vector<cookie> read_any(const std::string& path)
{
    const std::string head = first_bytes(path, sqlite_magic.size());
    if (head == sqlite_magic) return read_database(path);
    const std::string text = read_whole_file(path, max_file_bytes);
    return head.starts_with(lwp_magic) ? read_lwp_cookies(text) : read_cookies_txt(text);
}

}  // namespace

void cookie_jar::load(const std::string& path)
{
    std::vector<cookie> all;
    try {
        all = read_any(path);
        std::erase_if(all, [](const cookie& c) { return !detail::may_keep(c); });
    } catch (error& e) {
        e.add_context("cookies " + path);
        throw;
    }
    for (cookie& c : all) set(std::move(c));
}

void cookie_jar::save(const std::string& path, cookie_format format) const
{
    const std::vector<cookie> every = all();
    if (format == cookie_format::sqlite) {
        write_database(path, every);
    } else {
        replace_file(path, write_cookies_txt(every));
    }
}

}  // namespace ferry::http
