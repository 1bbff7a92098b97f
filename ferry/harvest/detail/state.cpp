#include "ferry/harvest/detail/state.hpp"

#include "ferry/core/random.hpp"

#include <cstring>

namespace ferry::harvest::detail {
namespace {

constexpr std::string_view version = "1";

constexpr auto schema = R"(
CREATE TABLE fact(name TEXT PRIMARY KEY, text) WITHOUT ROWID;
CREATE TABLE host(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE url(
    id INTEGER PRIMARY KEY, url TEXT NOT NULL, host INTEGER NOT NULL, page INTEGER NOT NULL,
    depth INTEGER NOT NULL, hops INTEGER NOT NULL, parent INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0,
    status INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0);
CREATE INDEX url_waiting ON url(host, id) WHERE state = 0;
CREATE TABLE failure(url INTEGER PRIMARY KEY, cause TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE miss(field TEXT NOT NULL, url INTEGER NOT NULL);
CREATE TABLE record_key(record INTEGER, high INTEGER, low INTEGER,
    PRIMARY KEY(record, high, low)) WITHOUT ROWID;
CREATE TABLE body(hash BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE counter(name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE output(id INTEGER PRIMARY KEY, bytes INTEGER NOT NULL, tail BLOB NOT NULL,
    records INTEGER NOT NULL, finished INTEGER NOT NULL);
)";

constexpr int max_samples = 5;

/// What `url.state` holds.
enum : int { is_waiting = 0, is_done = 1, is_redirect = 2, is_failed = 3 };

std::span<const std::byte> as_bytes(std::string_view text)
{
    return std::as_bytes(std::span{text.data(), text.size()});
}

std::string as_text(std::span<const std::byte> blob)
{
    return {reinterpret_cast<const char*>(blob.data()), blob.size()};
}

fingerprint of_record(const fingerprint& f, std::uint64_t record)
{
    // One set holds the keys of all records; the record is folded in.
    return {f.high + record * 0x9e3779b97f4a7c15ULL, f.low ^ record};
}

}  // namespace

state::state(const std::string& directory) : db_{directory + "/state.db"}
{
    auto tables = db_.query("SELECT count(*) FROM sqlite_master WHERE name = 'fact'");
    tables.step();
    if (tables.integer(0) == 0) create();
    tables.reset();
    const auto found = fact("version");
    if (found != version) {
        throw error{errc::unsupported, directory + "/state.db: made by another version of ferry"};
    }
}

void state::create()
{
    sqlite::transaction making{db_};
    db_.script(schema);
    fingerprint_key key{};
    fill_random(std::as_writable_bytes(std::span{key}));
    db_.execute("INSERT INTO fact VALUES('key', ?)", std::as_bytes(std::span{key}));
    db_.execute("INSERT INTO fact VALUES('version', ?)", version);
    making.commit();
}

std::optional<std::string> state::fact(std::string_view name)
{
    auto row = db_.query("SELECT text FROM fact WHERE name = ?", name);
    if (!row.step()) return {};
    return std::string{row.text(0)};
}

void state::set_fact(std::string_view name, std::string_view text)
{
    db_.execute("INSERT OR REPLACE INTO fact VALUES(?, ?)", name, text);
}

void state::load()
{
    auto key = db_.query("SELECT text FROM fact WHERE name = 'key'");
    if (!key.step() || key.blob(0).size() != sizeof key_) {
        throw error{errc::malformed, db_.path() + ": damaged: no key"};
    }
    std::memcpy(key_.data(), key.blob(0).data(), sizeof key_);
    auto hosts = db_.query("SELECT id, name FROM host ORDER BY id");
    while (hosts.step()) {
        host_ids_.emplace(hosts.text(1), static_cast<std::uint32_t>(hosts_.size()));
        hosts_.emplace_back(hosts.text(1));
        per_host_.push_back(0);
    }
    auto urls = db_.query("SELECT url, host FROM url");
    while (urls.step()) {
        known_.insert(fingerprint_of(urls.text(0), key_));
        const auto host = static_cast<std::size_t>(urls.integer(1));
        if (host >= per_host_.size()) throw error{errc::malformed, db_.path() + ": damaged"};
        ++per_host_[host];
    }
    auto keys = db_.query("SELECT record, high, low FROM record_key");
    while (keys.step()) {
        const fingerprint f{static_cast<std::uint64_t>(keys.integer(1)),
                            static_cast<std::uint64_t>(keys.integer(2))};
        keys_.insert(of_record(f, static_cast<std::uint64_t>(keys.integer(0))));
    }
}

std::vector<waiting_url> state::waiting(std::uint32_t host, std::int64_t after, std::size_t limit)
{
    auto rows = db_.query(
        "SELECT id, url, page, depth, hops, tries, parent, "
        "(SELECT p.url FROM url p WHERE p.id = u.parent) FROM url u "
        "WHERE host = ? AND state = 0 AND id > ? ORDER BY id LIMIT ?",
        host, after, limit);
    std::vector<waiting_url> found;
    while (rows.step()) {
        waiting_url u;
        u.id = rows.integer(0);
        u.url = rows.text(1);
        u.host = host;
        u.page = static_cast<std::uint16_t>(rows.integer(2));
        u.depth = static_cast<std::uint32_t>(rows.integer(3));
        u.hops = static_cast<std::uint32_t>(rows.integer(4));
        u.tries = static_cast<std::uint32_t>(rows.integer(5));
        u.parent = rows.integer(6);
        u.referrer = rows.text(7);
        found.push_back(std::move(u));
    }
    return found;
}

std::uint64_t state::waiting_count()
{
    auto row = db_.query("SELECT count(*) FROM url WHERE state = 0");
    row.step();
    return static_cast<std::uint64_t>(row.integer(0));
}

void state::begin()
{
    batch_.emplace(db_);
}

void state::commit()
{
    batch_->commit();
    batch_.reset();
}

void state::roll_back() noexcept
{
    batch_.reset();
}

std::uint32_t state::host_id(std::string_view host)
{
    if (const auto found = host_ids_.find(host); found != host_ids_.end()) return found->second;
    const auto id = static_cast<std::uint32_t>(hosts_.size());
    db_.execute("INSERT INTO host VALUES(?, ?)", id, host);
    host_ids_.emplace(host, id);
    hosts_.emplace_back(host);
    per_host_.push_back(0);
    return id;
}

bool state::is_new(std::string_view url)
{
    return known_.insert(fingerprint_of(url, key_));
}

bool state::is_new_key(std::uint16_t record, std::string_view key)
{
    const auto f = fingerprint_of(key, key_);
    if (!keys_.insert(of_record(f, record))) return false;
    db_.execute("INSERT INTO record_key VALUES(?, ?, ?)", record, static_cast<std::int64_t>(f.high),
                static_cast<std::int64_t>(f.low));
    return true;
}

bool state::is_new_body(std::string_view hash)
{
    return db_.execute("INSERT OR IGNORE INTO body VALUES(?)", as_bytes(hash)) == 1;
}

std::int64_t state::add(const waiting_url& u)
{
    db_.execute("INSERT INTO url(url, host, page, depth, hops, parent) VALUES(?, ?, ?, ?, ?, ?)",
                u.url, u.host, u.page, u.depth, u.hops, u.parent);
    ++per_host_[u.host];
    return db_.last_row_id();
}

bool state::done(std::int64_t id, const page_outcome& got)
{
    const int now = got.what == page_outcome::kind::page       ? is_done
                    : got.what == page_outcome::kind::redirect ? is_redirect
                                                               : is_failed;
    const auto changed =
        db_.execute("UPDATE url SET state = ?, status = ?, bytes = ? WHERE id = ? AND state = 0",
                    now, got.status, got.bytes, id);
    if (changed == 0) return false;
    if (now == is_failed) {
        db_.execute("INSERT OR REPLACE INTO failure VALUES(?, ?, ?)", id, got.cause, got.detail);
    }
    return true;
}

void state::retry(std::int64_t id, std::uint32_t tries)
{
    db_.execute("UPDATE url SET tries = ? WHERE id = ?", tries, id);
}

std::uint64_t state::fail_host(std::uint32_t host, std::string_view cause)
{
    db_.execute(
        "INSERT OR REPLACE INTO failure SELECT id, ?, '' FROM url WHERE host = ? AND state = 0",
        cause, host);
    return static_cast<std::uint64_t>(
        db_.execute("UPDATE url SET state = 3 WHERE host = ? AND state = 0", host));
}

void state::count(std::string_view counter, std::int64_t more)
{
    if (more == 0) return;
    db_.execute(
        "INSERT INTO counter VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET n = n + excluded.n",
        counter, more);
}

void state::missed(std::string_view field, std::int64_t url)
{
    db_.execute(
        "INSERT INTO miss SELECT ?1, ?2 WHERE (SELECT count(*) FROM miss WHERE field = ?1) < ?3",
        field, url, max_samples);
}

void state::set_output(std::size_t index, const output_position& at)
{
    db_.execute("INSERT OR REPLACE INTO output VALUES(?, ?, ?, ?, ?)", index, at.bytes,
                as_bytes(at.tail), at.records, at.finished);
}

std::vector<output_position> state::outputs(std::size_t count)
{
    std::vector<output_position> all(count);
    auto rows = db_.query("SELECT id, bytes, tail, records, finished FROM output");
    while (rows.step()) {
        const auto index = static_cast<std::size_t>(rows.integer(0));
        if (index >= count) continue;
        all[index].bytes = static_cast<std::uint64_t>(rows.integer(1));
        all[index].tail = as_text(rows.blob(2));
        all[index].records = static_cast<std::uint64_t>(rows.integer(3));
        all[index].finished = rows.integer(4) != 0;
    }
    return all;
}

std::map<std::string, std::int64_t> state::counters()
{
    std::map<std::string, std::int64_t> all;
    auto rows = db_.query("SELECT name, n FROM counter");
    while (rows.step()) all.emplace(rows.text(0), rows.integer(1));
    return all;
}

}  // namespace ferry::harvest::detail
