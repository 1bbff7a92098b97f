#include "ferry/http/detail/range.hpp"

#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/syntax.hpp"

#include <algorithm>
#include <chrono>

namespace ferry::http::detail {
namespace {

constexpr std::size_t max_ranges = 16;

std::optional<byte_range> read_range(std::string_view spec, std::uint64_t size, bool& malformed)
{
    const std::size_t dash = spec.find('-');
    if (dash == std::string_view::npos) {
        malformed = true;
        return std::nullopt;
    }
    const std::string_view left = spec.substr(0, dash);
    const std::string_view right = spec.substr(dash + 1);
    const auto first = parse_decimal(left);
    const auto last = parse_decimal(right);
    if (left.empty() && last) {  // the last so many bytes
        const std::uint64_t count = std::min(*last, size);
        if (count == 0) return std::nullopt;
        return byte_range{size - count, count};
    }
    if (!first || (!right.empty() && !last) || (last && *last < *first)) {
        malformed = true;
        return std::nullopt;
    }
    if (*first >= size) return std::nullopt;
    return byte_range{*first, std::min(last.value_or(size - 1), size - 1) - *first + 1};
}

bool overlap(std::vector<byte_range> ranges)
{
    std::ranges::sort(ranges, {}, &byte_range::first);
    for (std::size_t i = 1; i < ranges.size(); ++i) {
        if (ranges[i].first < ranges[i - 1].first + ranges[i - 1].size) return true;
    }
    return false;
}

std::string_view opaque(std::string_view etag) noexcept
{
    if (etag.starts_with("W/")) etag.remove_prefix(2);
    return etag;
}

bool any_tag(const std::string& list, std::string_view etag, bool strong)
{
    if (list == "*") return true;
    std::string_view rest = list;
    while (!rest.empty()) {
        const std::string_view tag = take_element(rest);
        const bool equal =
            strong ? tag == etag && !tag.starts_with("W/") : opaque(tag) == opaque(etag);
        if (equal && !tag.empty()) return true;
    }
    return false;
}

std::optional<timestamp> date_of(const headers& fields, std::string_view name)
{
    const auto text = fields.get(name);
    return text ? http_date::try_parse(*text) : std::nullopt;
}

timestamp whole_seconds(timestamp t)
{
    return std::chrono::floor<std::chrono::seconds>(t);
}

}  // namespace

range_request parse_range(std::string_view header, std::uint64_t size)
{
    range_request asked;
    constexpr std::string_view unit = "bytes=";
    if (header.size() <= unit.size() || !same(header.substr(0, unit.size()), unit)) return asked;
    header.remove_prefix(unit.size());
    std::size_t count = 0;
    while (!header.empty()) {
        const std::string_view spec = take_element(header);
        if (spec.empty()) continue;
        bool malformed = false;
        const auto range = read_range(spec, size, malformed);
        if (malformed || ++count > max_ranges) return {};
        if (range) asked.ranges.push_back(*range);
    }
    if (count == 0) return asked;
    if (asked.ranges.empty()) {
        asked.kind = range_request::answer::unsatisfiable;
    } else if (!overlap(asked.ranges)) {
        asked.kind = range_request::answer::parts;
    } else {
        asked.ranges.clear();
    }
    return asked;
}

precondition check_preconditions(const headers& request, bool is_get_or_head, const validators& now)
{
    if (request.contains("If-Match")) {
        if (!any_tag(request.joined("If-Match"), now.etag, true)) return precondition::failed;
    } else if (const auto date = date_of(request, "If-Unmodified-Since")) {
        if (whole_seconds(now.modified) > *date) return precondition::failed;
    }
    if (request.contains("If-None-Match")) {
        if (any_tag(request.joined("If-None-Match"), now.etag, false)) {
            return is_get_or_head ? precondition::not_modified : precondition::failed;
        }
    } else if (const auto date = date_of(request, "If-Modified-Since"); date && is_get_or_head) {
        if (whole_seconds(now.modified) <= *date) return precondition::not_modified;
    }
    return precondition::proceed;
}

bool if_range_holds(const headers& request, const validators& now)
{
    const auto condition = request.get("If-Range");
    if (!condition) return true;
    if (condition->starts_with('"')) return *condition == now.etag;
    if (condition->starts_with("W/")) return false;
    const auto date = http_date::try_parse(*condition);
    return date && *date == whole_seconds(now.modified);
}

}  // namespace ferry::http::detail
