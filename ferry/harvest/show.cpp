#include "ferry/harvest/show.hpp"

#include "ferry/compress/codec.hpp"
#include "ferry/compress/decoder.hpp"
#include "ferry/harvest/detail/table.hpp"
#include "ferry/harvest/run.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <vector>

namespace ferry::harvest {
namespace {

/// The first `count` lines of a file, expanded as its name says.
std::string first_lines(const std::string& path, std::size_t count)
{
    std::ifstream file{path, std::ios::binary};
    if (!file) throw system_failure(errno, "open " + path);
    std::string_view name = path;
    if (name.ends_with(".part")) name.remove_suffix(5);
    std::optional<compress::decoder> decoder;
    if (const auto c = compress::find_by_name(name)) {
        decoder.emplace(*c, compress::limits::none());
    }
    bytes text;
    std::vector<char> chunk(64 * 1024);
    std::size_t lines = 0;
    while (lines < count && file) {
        file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
        const auto got = as_bytes({chunk.data(), static_cast<std::size_t>(file.gcount())});
        const std::size_t before = text.size();
        if (decoder) {
            decoder->update(got, text);
        } else {
            append(text, got);
        }
        lines += static_cast<std::size_t>(std::count(
            text.begin() + static_cast<std::ptrdiff_t>(before), text.end(), std::byte{'\n'}));
    }
    std::size_t end = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto at = as_text(text).find('\n', end);
        if (at == std::string_view::npos) break;
        end = at + 1;
    }
    return std::string{as_text(text).substr(0, end)};
}

bool is_json_lines(std::string_view path)
{
    if (path.ends_with(".part")) path.remove_suffix(5);
    if (const auto c = compress::find_by_name(path)) {
        path.remove_suffix(compress::suffix(*c).size());
    }
    return path.ends_with(".jsonl");
}

}  // namespace

std::string show(const std::string& directory, std::size_t count, std::size_t width)
{
    const report known = status(directory);
    std::string text;
    for (const report::file& file : known.files) {
        if (!is_json_lines(file.path) || file.records == 0) continue;
        if (!text.empty()) text += '\n';
        text += detail::table(first_lines(file.path, count), width);
        if (file.records > count) {
            text += "and " + std::to_string(file.records - count) + " more in " + file.path + '\n';
        }
    }
    if (text.empty()) {
        throw error{errc::not_found, directory + ": no records in JSON Lines to show"};
    }
    return text;
}

}  // namespace ferry::harvest
