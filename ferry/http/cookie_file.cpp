#include "ferry/http/cookie_file.hpp"

#include "ferry/http/detail/syntax.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

namespace ferry::http {
namespace {

constexpr std::string_view http_only_mark = "#HttpOnly_";
constexpr std::string_view lwp_magic = "#LWP-Cookies-2.";
constexpr std::string_view lwp_line = "Set-Cookie3:";
constexpr std::size_t netscape_fields = 7;

std::string_view take_line(std::string_view& text)
{
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

[[noreturn]] void malformed(std::string_view why, std::size_t line)
{
    throw parse_error(ferry::errc::malformed, why, text_position{0, line, 1});
}

std::int64_t seconds_of(timestamp time)
{
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// Python writes the time 0 and nothing at all for a session cookie; others write fractions.
std::optional<timestamp> read_seconds(std::string_view text, std::size_t line)
{
    const std::string_view whole = text.substr(0, std::min(text.find('.'), text.size()));
    if (whole.empty()) return std::nullopt;
    std::int64_t n = 0;
    const auto [end, failed] = std::from_chars(whole.data(), whole.data() + whole.size(), n);
    if (failed != std::errc() || end != whole.data() + whole.size()) malformed("bad time", line);
    if (n == 0) return std::nullopt;
    constexpr std::int64_t furthest = 253'402'300'799;  // the end of the year 9999
    return timestamp(std::chrono::seconds(std::clamp<std::int64_t>(n, -furthest, furthest)));
}

// Python's jars write the host `localhost` as `localhost.local`.
std::string clean_domain(std::string_view text)
{
    if (text.starts_with('.')) text.remove_prefix(1);
    if (text == "localhost.local") text = "localhost";
    std::string domain(text);
    std::ranges::transform(domain, domain.begin(), detail::lower);
    return domain;
}

cookie read_netscape_line(std::string_view line, std::size_t number)
{
    const bool http_only = line.starts_with(http_only_mark);
    if (http_only) line.remove_prefix(http_only_mark.size());
    std::array<std::string_view, netscape_fields> fields;
    std::size_t count = 0;
    for (; count < netscape_fields; ++count) {
        const bool last = count == netscape_fields - 1;
        const std::size_t end = last ? line.size() : std::min(line.find('\t'), line.size());
        fields[count] = line.substr(0, end);
        if (end == line.size()) break;
        line.remove_prefix(end + 1);
    }
    // curl leaves out the last tab before an empty value.
    if (count + 2 < netscape_fields) malformed("a line of cookies.txt has seven fields", number);
    cookie c(fields[5], fields[6]);
    // Python writes a cookie without a name as a name only, in the place of the value.
    if (c.name.empty()) c.name.swap(c.value);
    c.http_only = http_only;
    c.domain = clean_domain(fields[0]);
    c.host_only = !detail::same(fields[1], "TRUE");
    c.path = fields[2].starts_with('/') ? fields[2] : "/";
    c.secure = detail::same(fields[3], "TRUE");
    c.expires = read_seconds(fields[4], number);
    return c;
}

// One `name=value` of a Set-Cookie3 line; the value may be quoted, or absent.
std::pair<std::string_view, std::string> take_pair(std::string_view& line)
{
    const std::size_t end = std::min(line.find_first_of("=;"), line.size());
    std::pair<std::string_view, std::string> pair(detail::trim(line.substr(0, end)), {});
    const bool has_value = end < line.size() && line[end] == '=';
    line.remove_prefix(has_value ? end + 1 : end);
    if (has_value && line.starts_with('"')) {
        std::size_t i = 1;
        for (; i < line.size() && line[i] != '"'; ++i) {
            if (line[i] == '\\' && i + 1 < line.size()) ++i;
            pair.second += line[i];
        }
        line.remove_prefix(std::min(i + 1, line.size()));
    } else if (has_value) {
        pair.second = detail::trim(line.substr(0, std::min(line.find(';'), line.size())));
    }
    line.remove_prefix(std::min(line.find(';'), line.size()));
    if (!line.empty()) line.remove_prefix(1);
    return pair;
}

cookie read_lwp_line(std::string_view line, std::size_t number)
{
    const auto [name, value] = take_pair(line);
    if (name.empty()) malformed("a cookie without a name", number);
    cookie c(name, value);
    while (!line.empty()) {
        const auto [key, text] = take_pair(line);
        if (detail::same(key, "path") && text.starts_with('/')) c.path = text;
        if (detail::same(key, "domain")) {
            c.domain = clean_domain(text);
            c.host_only = !text.starts_with('.');
        }
        if (detail::same(key, "secure")) c.secure = true;
        if (detail::same(key, "httponly")) c.http_only = true;
        if (detail::same(key, "expires")) {
            const auto time = iso8601::try_parse(text);
            if (!time) malformed("bad time", number);
            c.expires = time->utc;
        }
    }
    return c;
}

bool fits_a_line(const cookie& c)
{
    return (c.name + c.value + c.path + c.domain).find_first_of("\t\r\n") == std::string::npos;
}

}  // namespace

std::string write_cookies_txt(std::span<const cookie> cookies)
{
    std::string text = "# Netscape HTTP Cookie File\n# Made by ferry. Do not edit.\n\n";
    for (const cookie& c : cookies) {
        if (!fits_a_line(c)) continue;
        fmt::format_to(std::back_inserter(text), "{}{}{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
                       c.http_only ? http_only_mark : "", c.host_only ? "" : ".", c.domain,
                       c.host_only ? "FALSE" : "TRUE", c.path, c.secure ? "TRUE" : "FALSE",
                       c.expires ? seconds_of(*c.expires) : 0, c.name, c.value);
    }
    return text;
}

std::vector<cookie> read_cookies_txt(std::string_view text)
{
    std::vector<cookie> all;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::string_view line = take_line(text);
        const bool comment = line.starts_with('#') && !line.starts_with(http_only_mark);
        if (comment || detail::trim(line).empty()) continue;
        all.push_back(read_netscape_line(line, number));
    }
    return all;
}

std::vector<cookie> read_lwp_cookies(std::string_view text)
{
    if (!take_line(text).starts_with(lwp_magic)) malformed("not a file of LWP cookies", 1);
    std::vector<cookie> all;
    for (std::size_t number = 2; !text.empty(); ++number) {
        std::string_view line = take_line(text);
        if (!line.starts_with(lwp_line)) continue;
        line.remove_prefix(lwp_line.size());
        all.push_back(read_lwp_line(line, number));
    }
    return all;
}

}  // namespace ferry::http
