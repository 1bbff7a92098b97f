#include "ferry/core/file.hpp"
#include "ferry/core/sqlite.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/harvest/detail/reporting.hpp"
#include "ferry/harvest/detail/sink.hpp"
#include "ferry/harvest/run.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>

namespace ferry::harvest {
namespace {

constexpr int max_samples = 5;

std::string fact(sqlite::database& db, std::string_view name)
{
    auto row = db.query("SELECT text FROM fact WHERE name = ?", name);
    return row.step() ? std::string{row.text(0)} : std::string{};
}

std::vector<std::string> samples(sqlite::statement rows)
{
    std::vector<std::string> all;
    while (rows.step()) all.emplace_back(rows.text(0));
    return all;
}

using counters = std::map<std::string, std::uint64_t, std::less<>>;

std::uint64_t read(const counters& all, const std::string& name)
{
    const auto found = all.find(name);
    return found == all.end() ? 0 : found->second;
}

void read_urls(sqlite::database& db, report& into)
{
    auto statuses = db.query(
        "SELECT status, count(*) FROM url WHERE state <> 0 GROUP BY status ORDER BY count(*) DESC");
    while (statuses.step()) {
        const auto status = statuses.integer(0);
        into.statuses.push_back({status == 0 ? "no answer" : std::to_string(status),
                                 static_cast<std::uint64_t>(statuses.integer(1)),
                                 {}});
    }
    auto causes = db.query(
        "SELECT cause, count(*) FROM failure GROUP BY cause ORDER BY count(*) DESC, cause");
    while (causes.step()) {
        into.failures.push_back(
            {std::string{causes.text(0)}, static_cast<std::uint64_t>(causes.integer(1)), {}});
    }
    for (auto& f : into.failures) {
        f.samples = samples(db.query(
            "SELECT u.url || CASE f.detail WHEN '' THEN '' ELSE ' (' || f.detail || ')' END "
            "FROM failure f JOIN url u ON u.id = f.url WHERE f.cause = ? ORDER BY f.url LIMIT ?",
            f.name, max_samples));
    }
}

std::string size_text(std::uint64_t bytes)
{
    constexpr const char* units[] = {"B", "kB", "MB", "GB", "TB"};
    auto n = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (n >= 1000 && unit + 1 < std::size(units)) {
        n /= 1000;
        ++unit;
    }
    char text[32];
    std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", n, units[unit]);
    return text;
}

std::string number(double n)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", n);
    return text;
}

void line(std::string& to, std::string_view name, const std::string& text)
{
    to += name;
    to.append(name.size() < 18 ? 18 - name.size() : 1, ' ');
    to += text + '\n';
}

value to_value(const report::count& c)
{
    value made = value::object("name", c.name, "count", c.n);
    if (!c.samples.empty()) {
        value all = value::array();
        for (const auto& s : c.samples) all.push_back(s);
        made.insert("samples", std::move(all));
    }
    return made;
}

value to_value(const std::vector<report::count>& all)
{
    value made = value::array();
    for (const auto& c : all) made.push_back(to_value(c));
    return made;
}

std::string percent(std::uint64_t part, std::uint64_t whole)
{
    if (whole == 0) return "-";
    const double share = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
    char text[32];
    std::snprintf(text, sizeof text, "%.4g %%", share);
    return text;
}

}  // namespace

std::string detail::layout_of(const recipe& r)
{
    value records = value::array();
    for (const record* one : all_records(r)) {
        value fields = value::array();
        for (const auto& f : one->fields) fields.push_back(f.name);
        records.push_back(value::object("name", one->name, "fields", std::move(fields)));
    }
    value outputs = value::array();
    for (const auto& o : r.outputs) outputs.push_back(o.file);
    return json::dump(value::object("records", std::move(records), "outputs", std::move(outputs)));
}

report detail::make_report(sqlite::database& db, const std::string& directory)
{
    report made;
    made.directory = directory;
    made.recipe = fact(db, "name");
    made.complete = !fact(db, "complete").empty();
    counters all;
    auto rows = db.query("SELECT name, n FROM counter");
    while (rows.step()) {
        all.emplace(rows.text(0), static_cast<std::uint64_t>(rows.integer(1)));
    }
    auto known = db.query("SELECT count(*), count(*) FILTER (WHERE state = 0) FROM url");
    known.step();
    made.known = static_cast<std::uint64_t>(known.integer(0));
    made.waiting = static_cast<std::uint64_t>(known.integer(1));
    made.pages = read(all, "pages");
    made.redirects = read(all, "redirects");
    made.failed = read(all, "failed");
    made.retries = read(all, "retries");
    made.misencoded = read(all, "misencoded");
    made.duplicate_pages = read(all, "duplicate_pages");
    made.bytes = read(all, "bytes");
    made.wire_bytes = read(all, "wire_bytes");
    made.missed = read(all, "missed");
    made.wall_seconds = static_cast<double>(read(all, "wall_us")) * 1e-6;
    made.cpu_seconds = static_cast<double>(read(all, "cpu_us")) * 1e-6;
    read_urls(db, made);

    const value layout = json::parse(fact(db, "layout"));
    for (const value& r : layout.at("records")) {
        const auto name = r.at("name").as<std::string>();
        report::record_count one;
        one.name = name;
        one.made = read(all, "made." + name);
        one.written = read(all, "record." + name);
        one.duplicates = read(all, "duplicate." + name);
        for (const value& f : r.at("fields")) {
            const auto field = f.as<std::string>();
            one.fields.push_back({field, read(all, "field." + name + '.' + field), {}});
            const auto missing = name + '.' + field;
            if (const auto n = read(all, "miss." + missing); n > 0) {
                made.misses.push_back(
                    {missing, n,
                     samples(db.query("SELECT u.url FROM miss m JOIN url u ON u.id = m.url "
                                      "WHERE m.field = ?",
                                      missing))});
            }
        }
        made.records.push_back(std::move(one));
    }
    auto files = db.query("SELECT id, bytes, records, finished FROM output ORDER BY id");
    while (files.step()) {
        const auto& names = layout.at("outputs");
        if (files.integer(0) >= static_cast<std::int64_t>(names.size())) continue;
        const auto file = names.at(files.integer(0)).as<std::string>();
        const std::string path = (std::filesystem::path{directory} / file).string();
        std::error_code ignored;
        const bool finished = files.integer(3) != 0;
        const auto written = finished ? path : path + ".part";
        const auto size = std::filesystem::file_size(written, ignored);
        made.files.push_back(
            {written, static_cast<std::uint64_t>(files.integer(2)), ignored ? 0 : size});
    }
    return made;
}

report status(const std::string& directory)
{
    const std::string path = directory + "/state.db";
    if (!std::filesystem::exists(path)) {
        throw error{errc::not_found, directory + ": there is no state of a run"};
    }
    sqlite::database db{path, sqlite::options().read_only()};
    report made = detail::make_report(db, directory);
    if (!made.complete) {
        const int other = file_lock::holder(directory + "/lock");
        made.stopped_because =
            other != 0 ? "running in process " + std::to_string(other) : "not running";
    }
    return made;
}

value to_value(const report& r)
{
    value records = value::array();
    for (const auto& one : r.records) {
        records.push_back(value::object("name", one.name, "written", one.written, "duplicates",
                                        one.duplicates, "made", one.made, "fields",
                                        to_value(one.fields)));
    }
    value files = value::array();
    for (const auto& f : r.files) {
        files.push_back(value::object("path", f.path, "records", f.records, "bytes", f.bytes));
    }
    return value::object(
        "recipe", r.recipe, "directory", r.directory, "complete", r.complete, "stopped_because",
        r.stopped_because, "known", r.known, "pages", r.pages, "redirects", r.redirects, "failed",
        r.failed, "waiting", r.waiting, "retries", r.retries, "misencoded", r.misencoded,
        "duplicate_pages", r.duplicate_pages, "missed", r.missed, "bytes", r.bytes, "wire_bytes",
        r.wire_bytes, "statuses", to_value(r.statuses), "records", std::move(records), "failures",
        to_value(r.failures), "misses", to_value(r.misses), "files", std::move(files),
        "wall_seconds", r.wall_seconds, "cpu_seconds", r.cpu_seconds, "exit_code", r.exit_code);
}

std::string to_text(const report& r)
{
    std::string text;
    line(text, "recipe", r.recipe);
    line(text, "state", r.directory + (r.complete ? ", complete" : ", " + r.stopped_because));
    line(text, "URLs",
         std::to_string(r.known) + " known: " + std::to_string(r.pages) + " pages, " +
             std::to_string(r.redirects) + " redirects, " + std::to_string(r.failed) + " failed, " +
             std::to_string(r.waiting) + " waiting");
    std::string statuses;
    for (const auto& s : r.statuses) {
        statuses += (statuses.empty() ? "" : ", ") + s.name + ": " + std::to_string(s.n);
    }
    if (!statuses.empty()) line(text, "by status", statuses);
    line(text, "bytes", size_text(r.bytes));
    if (r.retries > 0) line(text, "tried again", std::to_string(r.retries));
    if (r.duplicate_pages > 0) line(text, "equal pages", std::to_string(r.duplicate_pages));
    if (r.misencoded > 0) line(text, "mis-encoded", std::to_string(r.misencoded) + " pages");
    for (const auto& one : r.records) {
        line(text, "records",
             one.name + ": " + std::to_string(one.written) +
                 (one.duplicates > 0 ? ", " + std::to_string(one.duplicates) + " duplicates dropped"
                                     : std::string{}));
        for (const auto& f : one.fields) {
            line(text, "", f.name + ' ' + percent(f.n, one.made) + " filled");
        }
    }
    for (const auto& m : r.misses) {
        line(text, "missing", m.name + " on " + std::to_string(m.n) + " pages");
        for (const auto& s : m.samples) line(text, "", s);
    }
    for (const auto& f : r.failures) {
        line(text, "failed", f.name + ": " + std::to_string(f.n));
        for (const auto& s : f.samples) line(text, "", s);
    }
    for (const auto& f : r.files) {
        line(text, "file",
             f.path + ", " + std::to_string(f.records) + " records, " + size_text(f.bytes));
    }
    std::string time = number(r.wall_seconds) + " s wall, " + number(r.cpu_seconds) + " s CPU";
    if (r.pages > 0) {
        time += ", " + number(r.cpu_seconds * 1000 / static_cast<double>(r.pages)) + " ms a page";
    }
    line(text, "time", time);
    return text;
}

}  // namespace ferry::harvest
