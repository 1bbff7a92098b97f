#include "ferry/tasks/detail/task_table.hpp"

#include "ferry/tasks/detail/chord_structure.hpp"
#include "ferry/tasks/detail/wire_json.hpp"

#include <algorithm>
#include <span>

namespace ferry::tasks::detail {
namespace {

constexpr std::int64_t schema_version = 2;
constexpr std::int64_t expired_at_once = 1000;

// The indexes are partial, so that each holds only what is looked for there: the tasks that are
// ready, those of a later time, those that somebody has. No number is used twice: a worker tells
// what it holds by them, and may settle a task after another one could have got the same number.
constexpr const char* schema = R"(
CREATE TABLE task(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    rank INTEGER NOT NULL,
    eta INTEGER NOT NULL,
    owner INTEGER NOT NULL DEFAULT 0,
    deliveries INTEGER NOT NULL DEFAULT 0,
    head TEXT NOT NULL,
    body BLOB NOT NULL);
CREATE INDEX task_ready ON task(queue, rank, id) WHERE owner=0 AND eta=0;
CREATE INDEX task_later ON task(eta) WHERE eta<>0;
CREATE INDEX task_claimed ON task(owner) WHERE owner<>0;
CREATE TABLE owner(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lease_ends INTEGER NOT NULL,
    name TEXT NOT NULL);
CREATE TABLE result(
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    ready INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    document TEXT NOT NULL);
CREATE INDEX result_expiry ON result(expires);
)";

// Since version 2. The one whose part was the last is remembered: if its message comes again, it
// must send the body again.
constexpr const char* chord_schema = R"(
CREATE TABLE chord(
    id TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    last_part TEXT);
CREATE INDEX chord_expiry ON chord(expires);
CREATE TABLE chord_part(
    chord TEXT NOT NULL REFERENCES chord(id) ON DELETE CASCADE,
    task_id TEXT NOT NULL,
    place INTEGER,
    status TEXT NOT NULL,
    result TEXT NOT NULL,
    PRIMARY KEY(chord, task_id));
)";

std::int64_t integer(sqlite::statement row)
{
    return row.step() ? row.integer(0) : 0;
}

std::span<const std::byte> bytes_of(const std::string& text)
{
    return std::as_bytes(std::span{text});
}

std::string text_of(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

task_table::task_table(sqlite::database& in) : db_{&in}
{
    in.script("PRAGMA wal_autocheckpoint=4000");
    if (integer(in.query("PRAGMA user_version")) == schema_version) return;
    sqlite::transaction t{in};
    const std::int64_t found = integer(in.query("PRAGMA user_version"));
    if (found > schema_version) {
        throw error{ferry::errc::unsupported, in.path() + ": made by a later version of ferry"};
    }
    if (found == 0) in.script(schema);
    if (found < schema_version) {
        in.script(chord_schema);
        in.script("PRAGMA user_version=" + std::to_string(schema_version));
    }
    t.commit();
}

void task_table::insert(const new_task& task)
{
    db_->execute("INSERT INTO task(queue,rank,eta,head,body) VALUES(?,?,?,?,?)", task.queue,
                 -task.priority, task.eta, task.head, bytes_of(task.body));
}

bool task_table::any_ready(std::string_view queue)
{
    return db_->query("SELECT 1 FROM task WHERE owner=0 AND eta=0 AND queue=? LIMIT 1", queue)
        .step();
}

std::vector<claimed_task> task_table::claim(std::string_view queue, std::int64_t owner,
                                            std::size_t count)
{
    struct ranked {
        std::int64_t rank;
        claimed_task task;
    };
    std::vector<ranked> found;
    sqlite::statement row = db_->query(
        "UPDATE task SET owner=?, deliveries=deliveries+1 WHERE id IN "
        "(SELECT id FROM task WHERE owner=0 AND eta=0 AND queue=? ORDER BY rank,id LIMIT ?) "
        "RETURNING id, rank, deliveries, head, body",
        owner, queue, count);
    while (row.step()) {
        found.push_back({row.integer(1), claimed_task{.id = row.integer(0),
                                                      .owner = owner,
                                                      .deliveries = row.integer(2),
                                                      .queue = std::string{queue},
                                                      .head = std::string{row.text(3)},
                                                      .body = text_of(row.blob(4))}});
    }
    // RETURNING has no order.
    std::ranges::sort(found, [](const ranked& a, const ranked& b) {
        return a.rank != b.rank ? a.rank < b.rank : a.task.id < b.task.id;
    });
    std::vector<claimed_task> tasks;
    tasks.reserve(found.size());
    for (ranked& r : found) tasks.push_back(std::move(r.task));
    return tasks;
}

bool task_table::ack(std::int64_t id, std::int64_t owner)
{
    return db_->execute("DELETE FROM task WHERE id=? AND owner=?", id, owner) == 1;
}

void task_table::release(std::int64_t id, std::int64_t owner, bool unseen)
{
    db_->execute("UPDATE task SET owner=0, deliveries=deliveries-? WHERE id=? AND owner=?",
                 unseen ? 1 : 0, id, owner);
}

bool task_table::admit_due(stored_time now)
{
    return db_->execute("UPDATE task SET eta=0 WHERE eta<>0 AND eta<=?", now) > 0;
}

std::optional<stored_time> task_table::next_eta()
{
    sqlite::statement row = db_->query("SELECT eta FROM task WHERE eta<>0 ORDER BY eta LIMIT 1");
    if (!row.step()) return std::nullopt;
    return row.integer(0);
}

std::int64_t task_table::size(std::string_view queue)
{
    return integer(db_->query("SELECT count(*) FROM task WHERE queue=? AND owner=0", queue));
}

std::int64_t task_table::purge(std::string_view queue)
{
    return db_->execute("DELETE FROM task WHERE queue=? AND owner=0", queue);
}

std::int64_t task_table::add_owner(stored_time lease_ends, std::string_view name)
{
    db_->execute("INSERT INTO owner(lease_ends,name) VALUES(?,?)", lease_ends, name);
    return db_->last_row_id();
}

bool task_table::owner_exists(std::int64_t owner)
{
    return db_->query("SELECT 1 FROM owner WHERE id=?", owner).step();
}

void task_table::renew_owner(std::int64_t owner, stored_time lease_ends)
{
    db_->execute("UPDATE owner SET lease_ends=? WHERE id=?", lease_ends, owner);
}

void task_table::remove_owner(std::int64_t owner)
{
    db_->execute("UPDATE task SET owner=0 WHERE owner=? AND owner<>0", owner);
    db_->execute("DELETE FROM owner WHERE id=?", owner);
}

std::vector<std::int64_t> task_table::lost_owners(const owner_locks& locks, stored_time now,
                                                  std::int64_t self)
{
    std::vector<std::int64_t> lost;
    sqlite::statement row = db_->query("SELECT id, lease_ends FROM owner WHERE id<>?", self);
    while (row.step()) {
        if (row.integer(1) < now || !locks.held_elsewhere(row.integer(0))) {
            lost.push_back(row.integer(0));
        }
    }
    return lost;
}

void task_table::store(const result_row& r)
{
    db_->execute(
        "INSERT OR REPLACE INTO result(task_id,status,ready,expires,document) SELECT "
        "?1,?2,?3,?4,?5 "
        "WHERE NOT EXISTS (SELECT 1 FROM result WHERE task_id=?1 AND status='SUCCESS')",
        r.task_id, r.status, r.ready ? 1 : 0, r.expires, r.document);
}

std::optional<result_row> task_table::result(std::string_view task_id)
{
    sqlite::statement row =
        db_->query("SELECT status,ready,expires,document FROM result WHERE task_id=?", task_id);
    if (!row.step()) return std::nullopt;
    return result_row{.task_id = std::string{task_id},
                      .status = std::string{row.text(0)},
                      .ready = row.integer(1) != 0,
                      .expires = row.integer(2),
                      .document = std::string{row.text(3)}};
}

void task_table::forget(std::string_view task_id)
{
    db_->execute("DELETE FROM result WHERE task_id=?", task_id);
}

void task_table::drop_expired(stored_time now)
{
    db_->execute(
        "DELETE FROM result WHERE number IN (SELECT number FROM result WHERE expires<? LIMIT ?)",
        now, expired_at_once);
    db_->execute("DELETE FROM chord_part WHERE chord IN (SELECT id FROM chord WHERE expires<?)",
                 now);
    db_->execute("DELETE FROM chord WHERE expires<?", now);
}

void task_table::begin_chord(std::string_view group, std::int64_t size, const value& header,
                             stored_time expires)
{
    db_->execute("INSERT OR IGNORE INTO chord(id,size,expires) VALUES(?,?,?)", group, size,
                 expires);
    if (header.is_null()) return;
    // A table that few files need, and that an older ferry does not mind.
    db_->execute(
        "CREATE TABLE IF NOT EXISTS chord_header(chord TEXT PRIMARY KEY REFERENCES chord(id) "
        "ON DELETE CASCADE, content TEXT NOT NULL)");
    db_->execute("INSERT OR IGNORE INTO chord_header(chord,content) VALUES(?,?)", group,
                 kept_header(header));
}

std::optional<std::string> task_table::header_of_chord(std::string_view group)
{
    constexpr const char* there = "SELECT count(*) FROM sqlite_master WHERE name='chord_header'";
    if (integer(db_->query(there)) == 0) return {};
    sqlite::statement row = db_->query("SELECT content FROM chord_header WHERE chord=?", group);
    if (!row.step()) return std::nullopt;
    return std::string{row.text(0)};
}

void task_table::add_part(std::string_view group)
{
    db_->execute("UPDATE chord SET size=size+1 WHERE id=?", group);
}

std::vector<chord_part> task_table::end_part(std::string_view group, const chord_part& part)
{
    std::int64_t size = 0;
    std::string last;
    {
        sqlite::statement row =
            db_->query("SELECT size, ifnull(last_part,'') FROM chord WHERE id=?", group);
        if (!row.step()) return {};
        size = row.integer(0);
        last = row.text(1);
    }
    db_->execute(
        "INSERT OR IGNORE INTO chord_part(chord,task_id,place,status,result) VALUES(?,?,?,?,?)",
        group, part.task_id, part.index, part.status, dump_wire(part.result));
    const std::int64_t ended =
        integer(db_->query("SELECT count(*) FROM chord_part WHERE chord=?", group));
    if (ended < size || (!last.empty() && last != part.task_id)) return {};
    db_->execute("UPDATE chord SET last_part=? WHERE id=?", part.task_id, group);
    std::vector<chord_part> all;
    sqlite::statement row = db_->query(
        "SELECT task_id, place, status, result FROM chord_part WHERE chord=? "
        "ORDER BY place IS NULL, place, rowid",
        group);
    while (row.step()) {
        chord_part found;
        found.task_id = row.text(0);
        if (!row.is_null(1)) found.index = row.integer(1);
        found.status = row.text(2);
        found.result = parse_wire(row.text(3));
        all.push_back(std::move(found));
    }
    const std::optional<std::string> header = header_of_chord(group);
    return header ? arranged(std::move(all), *header) : all;
}

std::optional<std::string> task_table::claim_lease(std::string_view name, std::string_view holder,
                                                   stored_time now, stored_time ends)
{
    // A table that few files need, and that an older ferry does not mind.
    db_->execute(
        "CREATE TABLE IF NOT EXISTS lease(name TEXT PRIMARY KEY, holder TEXT NOT NULL, "
        "ends INTEGER NOT NULL, note TEXT NOT NULL DEFAULT '')");
    sqlite::statement row = db_->query(
        "INSERT INTO lease(name,holder,ends) VALUES(?1,?2,?3) ON CONFLICT(name) DO UPDATE "
        "SET holder=?2, ends=?3 WHERE holder=?2 OR ends<?4 RETURNING note",
        name, holder, ends, now);
    if (!row.step()) return std::nullopt;
    std::string note{row.text(0)};
    while (row.step()) {
    }
    return note;
}

bool task_table::keep_lease(std::string_view name, std::string_view holder, std::string_view note,
                            stored_time ends)
{
    return db_->execute("UPDATE lease SET note=?, ends=? WHERE name=? AND holder=?", note, ends,
                        name, holder) == 1;
}

void task_table::leave_lease(std::string_view name, std::string_view holder)
{
    db_->execute("UPDATE lease SET ends=0 WHERE name=? AND holder=?", name, holder);
}

std::int64_t task_table::last_result()
{
    return integer(db_->query("SELECT max(number) FROM result"));
}

std::vector<std::string> task_table::results_after(std::int64_t number)
{
    std::vector<std::string> ids;
    sqlite::statement row =
        db_->query("SELECT task_id FROM result WHERE number>? AND ready=1 ORDER BY number", number);
    while (row.step()) ids.emplace_back(row.text(0));
    return ids;
}

}  // namespace ferry::tasks::detail
