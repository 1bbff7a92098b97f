#include "ferry/core/percent.hpp"
#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/download.hpp"
#include "ferry/http/detail/syntax.hpp"

#include <filesystem>

namespace ferry::http::detail {

std::optional<content_range> parse_content_range(std::string_view field) noexcept
{
    constexpr std::string_view unit = "bytes ";
    field = trim(field);
    if (!same(field.substr(0, unit.size()), unit)) return std::nullopt;
    field.remove_prefix(unit.size());
    const std::size_t slash = field.find('/');
    if (slash == field.npos) return std::nullopt;
    const std::string_view range = field.substr(0, slash);
    const std::string_view total = field.substr(slash + 1);
    content_range read;
    if (total != "*") {
        read.total = parse_decimal(total);
        if (!read.total) return std::nullopt;
    }
    if (range == "*") return read;
    const std::size_t dash = range.find('-');
    if (dash == range.npos) return std::nullopt;
    const auto first = parse_decimal(range.substr(0, dash));
    const auto last = parse_decimal(range.substr(dash + 1));
    if (!first || !last || *last < *first || *last == ~std::uint64_t{0}) return std::nullopt;
    if (read.total && *last >= *read.total) return std::nullopt;
    read.first = *first;
    read.size = *last - *first + 1;
    return read;
}

std::string target_path(const std::string& path, const response& head)
{
    if (!path.ends_with('/') && !std::filesystem::is_directory(path)) return path;
    std::string name =
        safe_filename(head.headers.content_disposition().filename().value_or(std::string()));
    if (name.empty()) {
        const std::string_view whole = head.url().path();
        name = safe_filename(percent::decode(whole.substr(whole.rfind('/') + 1)));
    }
    if (name.empty()) name = "index.html";
    return (std::filesystem::path(path) / name).string();
}

}  // namespace ferry::http::detail
