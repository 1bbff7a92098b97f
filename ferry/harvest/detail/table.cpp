#include "ferry/harvest/detail/table.hpp"

#include "ferry/core/utf8.hpp"
#include "ferry/documents/json_lines.hpp"

#include <algorithm>
#include <vector>

namespace ferry::harvest::detail {
namespace {

constexpr std::size_t min_cell = 6;
constexpr std::size_t max_header_bytes = 64;

using row = std::vector<std::string>;

std::string cell_text(const value& v)
{
    if (v.is_null()) return "";
    return v.is_string() ? v.as<std::string>() : json::dump(v);
}

/// Cuts a text to `width` code points, with `…` where something is missing, or fills it up.
std::string fit(const std::string& text, std::size_t width)
{
    std::string out;
    std::size_t used = 0;
    for (std::size_t i = 0; i < text.size();) {
        std::size_t next = i + 1;
        while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0U) == 0x80U)
            ++next;
        if (used + 1 == width && next < text.size()) {
            out += "…";
            ++used;
            break;
        }
        if (used == width) break;
        out += static_cast<unsigned char>(text[i]) < 0x20 ? " " : text.substr(i, next - i);
        ++used;
        i = next;
    }
    return out + std::string(width - std::min(width, used), ' ');
}

/// Column widths: as wide as the content, then the widest is narrowed until the table fits.
std::vector<std::size_t> widths_of(const std::vector<row>& rows, std::size_t width)
{
    std::vector<std::size_t> widths(rows.front().size(), 1);
    for (const row& r : rows) {
        for (std::size_t c = 0; c < r.size(); ++c) {
            widths[c] = std::max(widths[c], utf8::count(r[c]));
        }
    }
    const auto total = [&] {
        std::size_t sum = 2 * (widths.size() - 1);
        for (const std::size_t w : widths) sum += w;
        return sum;
    };
    while (total() > width) {
        auto& widest = *std::max_element(widths.begin(), widths.end());
        if (widest <= min_cell) break;
        --widest;
    }
    return widths;
}

}  // namespace

std::string table(std::string_view lines, std::size_t width)
{
    std::vector<row> rows(1);
    for (const value& record : json::lines<>(lines)) {
        if (rows.size() == 1) {
            for (auto [name, unused] : record.items()) {
                rows.front().emplace_back(std::string_view{name}.substr(0, max_header_bytes));
            }
        }
        row& cells = rows.emplace_back();
        for (auto [unused, cell] : record.items()) cells.push_back(cell_text(cell));
        cells.resize(rows.front().size());
    }
    const auto widths = widths_of(rows, width);
    std::string text;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        std::string line;
        for (std::size_t c = 0; c < widths.size(); ++c) {
            line += fit(rows[r][c], widths[c]) + (c + 1 < widths.size() ? "  " : "");
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + '\n';
        if (r > 0) continue;
        for (std::size_t c = 0; c < widths.size(); ++c) {
            text += std::string(widths[c], '-') + (c + 1 < widths.size() ? "  " : "\n");
        }
    }
    return text;
}

}  // namespace ferry::harvest::detail
