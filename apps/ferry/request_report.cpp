#include "apps/ferry/request_report.hpp"

#include "ferry/core/error.hpp"
#include "ferry/documents/json.hpp"

#include "apps/ferry/commands.hpp"
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

namespace ferry::command {
namespace {

constexpr std::string_view reset = "\033[0m";
constexpr std::string_view green = "\033[32m";
constexpr std::string_view yellow = "\033[33m";
constexpr std::string_view red = "\033[31m";
constexpr std::string_view blue = "\033[34m";
constexpr std::string_view cyan = "\033[36m";

std::string painted(std::string_view text, std::string_view colour, bool yes)
{
    if (!yes) return std::string(text);
    return fmt::format("{}{}{}", colour, text, reset);
}

std::string_view colour_of(int status)
{
    return status < 300 ? green : status < 400 ? yellow : red;
}

std::string fields_of(const http::headers& all, const report_style& style)
{
    std::string out;
    for (const auto [name, content] : all) {
        out += painted(name, cyan, style.colours) + ": " + std::string(content) + '\n';
    }
    return out;
}

bool has_json(const http::response& r)
{
    const auto type = r.headers.get("Content-Type");
    return type && (type->find("/json") != type->npos || type->find("+json") != type->npos);
}

}  // namespace

report_style report_style::from(const std::string& pretty, bool formats)
{
    report_style s;
    s.terminal = ::isatty(STDOUT_FILENO) != 0;
    if (pretty.empty()) {
        s.colours = s.terminal;
        s.formatted = s.terminal || formats;
    } else if (pretty == "all") {
        s.colours = s.formatted = true;
    } else if (pretty == "colors") {
        s.colours = true;
    } else if (pretty == "format") {
        s.formatted = true;
    } else if (pretty != "none") {
        throw usage_error("--pretty: one of all, colors, format, none");
    }
    const char* none = std::getenv("NO_COLOR");
    if (pretty.empty() && none != nullptr && *none != '\0') s.colours = false;
    return s;
}

std::string head_of(const http::prepared_request& q, const report_style& style)
{
    return painted(q.method, green, style.colours) + ' ' + std::string(q.url.path_and_query()) +
           " HTTP/1.1\n" + fields_of(q.headers, style) + '\n';
}

std::string head_of(const http::response& r, const report_style& style)
{
    const std::string status = fmt::format("{} {}", r.status, r.reason);
    return std::string(r.http_version()) + ' ' +
           painted(status, colour_of(r.status), style.colours) + '\n' +
           fields_of(r.headers, style) + '\n';
}

bool is_binary(std::string_view body) noexcept
{
    return body.substr(0, 8192).find('\0') != body.npos;
}

std::string body_of(const http::response& r, const report_style& style)
{
    const std::string_view raw = as_text(r.bytes());
    if (style.formatted && has_json(r)) {
        try {
            const std::string text =
                ferry::json::dump(r.json(), ferry::json::dump_options().indent(2)) + '\n';
            return style.colours ? coloured_json(text) : text;
        } catch (const error&) {
            // What calls itself JSON and is not is shown as it is.
        }
    }
    if (is_binary(raw) && r.charset().empty()) return {};
    return r.text();
}

std::string body_of(const http::prepared_request& q)
{
    if (q.streamed) return "(a body that is made while it is sent)\n\n";
    const std::string_view text = q.content.text();
    if (text.empty()) return {};
    if (is_binary(text)) return fmt::format("({} bytes that are no text)\n\n", text.size());
    return std::string(text) + "\n\n";
}

std::string formatted_line(std::string_view line, const report_style& style)
{
    const bool may_be_json = line.starts_with('{') || line.starts_with('[');
    if (!style.colours || !may_be_json) return std::string(line);
    try {
        return coloured_json(ferry::json::dump(ferry::json::parse(line)));
    } catch (const error&) {
        return std::string(line);
    }
}

std::string coloured_json(std::string_view text)
{
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        std::size_t end = at + 1;
        if (c == '"') {
            while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
            end = std::min(end + 1, text.size());
            const bool key = end < text.size() && text[end] == ':';
            out += painted(text.substr(at, end - at), key ? blue : green, true);
        } else if (c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) {
            while (end < text.size() &&
                   std::string_view(",]} \n").find(text[end]) == std::string_view::npos) {
                ++end;
            }
            out += painted(text.substr(at, end - at), yellow, true);
        } else {
            out += c;
        }
        at = end;
    }
    return out;
}

}  // namespace ferry::command
