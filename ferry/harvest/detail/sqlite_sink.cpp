#include "ferry/harvest/detail/sqlite_sink.hpp"

#include "ferry/documents/json.hpp"

namespace ferry::harvest::detail {
namespace {

std::string quoted(std::string_view name)
{
    std::string made = "\"";
    for (const char c : name) made.append(c == '"' ? 2 : 1, c);
    return made + '"';
}

std::string_view column_type(const field_type& type)
{
    if (type.list) return "TEXT";
    switch (type.kind) {
        case field_kind::boolean:
        case field_kind::int32:
        case field_kind::int64: return "INTEGER";
        case field_kind::real: return "REAL";
        case field_kind::duration: return "NUMERIC";
        default: return "TEXT";
    }
}

void bind(sqlite::statement& into, int parameter, const value& v)
{
    if (v.is_null()) {
        into.bind(parameter, nullptr);
    } else if (v.is_boolean()) {
        into.bind(parameter, v.as<bool>());
    } else if (v.is_integer() && !v.is_big()) {
        into.bind(parameter, v.as<std::int64_t>());
    } else if (v.is_real()) {
        into.bind(parameter, v.as<double>());
    } else if (v.is_string()) {
        into.bind(parameter, v.as<std::string_view>());
    } else {
        into.bind(parameter, json::dump(v));  // lists; decimals, digit for digit
    }
}

}  // namespace

sqlite_sink::sqlite_sink(const recipe& r, const output& what, const std::string& path,
                         const output_position& committed)
    : db_{path}, at_{committed}
{
    const value known = at_.tail.empty() ? value::object() : json::parse(at_.tail);
    sqlite::transaction opening{db_};
    for (const record* one : all_records(r)) {
        table& t = tables_.emplace_back();
        if (!what.record.empty() && what.record != one->name) continue;
        t.rows = known.get(one->name, std::int64_t{0});
        make_table(*one, t);
    }
    opening.commit();
}

void sqlite_sink::make_table(const record& r, table& t)
{
    t.name = r.name;
    std::string columns;
    std::string marks;
    for (const auto& f : r.fields) {
        columns +=
            (columns.empty() ? "" : ", ") + quoted(f.name) + ' ' + std::string{column_type(f.type)};
        marks += marks.empty() ? "?" : ", ?";
        t.columns.push_back(f.name);
    }
    const auto name = quoted(r.name);
    db_.script("CREATE TABLE IF NOT EXISTS " + name + '(' + columns + ')');
    db_.execute("DELETE FROM " + name + " WHERE rowid > ?", t.rows);
    t.insert = "INSERT INTO " + name + " VALUES(" + marks + ')';
}

void sqlite_sink::append(const made_record& r)
{
    table& t = tables_[r.record];
    if (t.insert.empty()) return;
    if (!batch_) batch_.emplace(db_);
    const value whole = json::parse(r.line, json::parse_options().decimals());
    auto row = db_.query(t.insert);
    for (std::size_t i = 0; i < t.columns.size(); ++i) {
        bind(row, static_cast<int>(i) + 1, whole.at(t.columns[i]));
    }
    row.step();
    t.rows = db_.last_row_id();
    ++at_.records;
}

std::string sqlite_sink::position() const
{
    value rows = value::object();
    for (const auto& t : tables_) {
        if (!t.insert.empty()) rows.insert(t.name, t.rows);
    }
    return json::dump(rows);
}

output_position sqlite_sink::flush()
{
    if (batch_) {
        batch_->commit();
        batch_.reset();
        at_.tail = position();
    }
    return at_;
}

output_position sqlite_sink::finish()
{
    flush();
    // One file, without the log beside it, can be renamed.
    db_.script("PRAGMA journal_mode = DELETE");
    at_.tail.clear();
    at_.finished = true;
    return at_;
}

}  // namespace ferry::harvest::detail
