#include "ferry/documents/html_table.hpp"

#include "ferry/documents/detail/html_tags.hpp"
#include "ferry/documents/json.hpp"

#include <algorithm>
#include <charconv>

namespace ferry::html {

namespace {

namespace tag = documents::detail::tag;

bool is_a(const element& e, documents::name_id name) noexcept
{
    const auto& n = e.tree()[e.id()];
    return n.name == name && n.space == documents::ns::html;
}

/// HTML Standard: spans are clamped.
std::size_t span(const element& e, std::string_view name, std::size_t least, std::size_t most)
{
    const std::string_view text = e.attr(name, "1");
    const auto first = std::find_if_not(text.begin(), text.end(), [](char c) { return c == ' '; });
    std::size_t n = 0;
    const auto end =
        std::from_chars(text.data() + (first - text.begin()), text.data() + text.size(), n);
    if (end.ec == std::errc::result_out_of_range) return most;
    return end.ec != std::errc() || n < least ? 1 : std::min(n, most);
}

struct row_of {
    element row;
    bool in_head;
    std::size_t group;  // rows do not span into another
};

/// The rows in their order: those of the first `tfoot` come last.
std::vector<row_of> rows_of(const element& of)
{
    std::vector<row_of> head_and_body, foot;
    std::size_t group = 0;
    for (const element& child : of.children()) {
        if (is_a(child, tag::tr)) {
            head_and_body.push_back({child, false, group});
            continue;
        }
        const bool in_head = is_a(child, tag::thead);
        const bool in_foot = is_a(child, tag::tfoot);
        if (!in_head && !in_foot && !is_a(child, tag::tbody)) continue;
        ++group;
        for (const element& r : child.children())
            if (is_a(r, tag::tr)) (in_foot ? foot : head_and_body).push_back({r, in_head, group});
        ++group;
    }
    head_and_body.insert(head_and_body.end(), foot.begin(), foot.end());
    return head_and_body;
}

}  // namespace

value cell_value(std::string_view text)
{
    if (text.empty()) return {};
    if (text == "true") return value(true);
    if (text == "false") return value(false);
    const char c = text.front();
    if (c == '-' || (c >= '0' && c <= '9')) {
        try {
            return json::parse(text);
        } catch (const error&) {
            // a date, a version: a text that begins with a digit
        }
    }
    return value(std::string(text));
}

table::table(const element& e, std::size_t max_cells)
{
    for (const element& child : e.children())
        if (is_a(child, tag::caption)) {
            caption_ = child.visible_text();
            break;
        }
    struct spanning {
        std::size_t rows = 0;  // left
        std::size_t group = 0;
        std::string text;
        std::optional<element> cell;
    };
    std::vector<spanning> down;  // by column
    std::size_t total = 0;
    std::size_t width = 0;
    std::vector<bool> heads;
    const std::vector<row_of> all = rows_of(e);
    for (const row_of& r : all) {
        std::vector<std::string> texts;
        std::vector<std::optional<element>> cells;
        const auto put = [&](const std::string& text, const std::optional<element>& cell) {
            // A long text that is repeated counts for more.
            if ((total += 1 + text.size() / 256) > max_cells)
                throw limit_error("max_cells", max_cells);
            texts.push_back(text);
            cells.push_back(cell);
        };
        const auto put_from_above = [&] {
            while (texts.size() < down.size()) {
                spanning& above = down[texts.size()];
                if (above.rows == 0 || above.group != r.group) return;
                --above.rows;
                put(above.text, above.cell);
            }
        };
        bool only_th = true;
        for (const element& cell : r.row.children()) {
            const bool is_th = is_a(cell, tag::th);
            if (!is_th && !is_a(cell, tag::td)) continue;
            only_th = only_th && is_th;
            put_from_above();
            const std::string text = cell.visible_text();
            const std::size_t across = span(cell, "colspan", 1, 1000);
            // 0 is to the end of the group.
            const std::size_t deep = span(cell, "rowspan", 0, 65534);
            for (std::size_t i = 0; i < across; ++i) {
                const std::size_t column = texts.size();
                if (down.size() <= column) down.resize(column + 1);
                if (deep != 1) down[column] = {deep == 0 ? 65534 : deep - 1, r.group, text, cell};
                put(text, cell);
            }
        }
        put_from_above();
        const bool first = rows_.empty();
        heads.push_back(r.in_head || (first && only_th && !texts.empty() && all.size() > 1));
        width = std::max(width, texts.size());
        rows_.push_back(std::move(texts));
        cells_.push_back(std::move(cells));
    }
    if (width * rows_.size() > max_cells) throw limit_error("max_cells", max_cells);
    std::size_t body = 0;
    while (body < heads.size() && heads[body]) ++body;
    if (body > 0) headers_ = rows_[body - 1];
    rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(body));
    cells_.erase(cells_.begin(), cells_.begin() + static_cast<std::ptrdiff_t>(body));
    if (!headers_.empty()) headers_.resize(width);
    for (auto& row : rows_) row.resize(width);
    for (auto& row : cells_) row.resize(width);
}

const std::string* table::find(std::size_t row, std::string_view column) const noexcept
{
    for (std::size_t i = 0; i < headers_.size(); ++i)
        if (headers_[i] == column) return &rows_[row][i];
    return nullptr;
}

value table::to_value() const
{
    value all = value::array();
    for (const auto& row : rows_) {
        value one = headers_.empty() ? value::array() : value::object();
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (headers_.empty())
                one.push_back(cell_value(row[i]));
            else
                one[headers_[i]] = cell_value(row[i]);
        }
        all.push_back(std::move(one));
    }
    return all;
}

std::vector<table> tables(const document& of)
{
    std::vector<table> all;
    for (const element& e : of.css("table:not(table table)")) all.emplace_back(e);
    return all;
}

}  // namespace ferry::html
