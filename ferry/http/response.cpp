#include "ferry/http/response.hpp"

#include "ferry/core/charset.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/line_splitter.hpp"
#include "ferry/http/detail/redirect.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace ferry::http {
namespace {

constexpr std::size_t excerpt_bytes = 2048;
constexpr std::size_t sniffed_bytes = 1024;

std::string lowered(std::string_view text)
{
    std::string low(text);
    std::ranges::transform(low, low.begin(), detail::lower);
    return low;
}

// The label after `key` in an HTML meta element or an XML declaration.
std::string_view label_after(std::string_view head, std::string_view key)
{
    const std::size_t at = head.find(key);
    if (at == std::string_view::npos) return {};
    head.remove_prefix(at + key.size());
    while (head.starts_with(' ')) head.remove_prefix(1);
    if (!head.starts_with('=')) return {};
    head.remove_prefix(1);
    while (!head.empty() && (head[0] == ' ' || head[0] == '"' || head[0] == '\'')) {
        head.remove_prefix(1);
    }
    return head.substr(0, std::min(head.find_first_of("\"' />;?"), head.size()));
}

std::optional<charset::encoding> declared_inside(const response& r)
{
    const std::string type = media_type(r.headers.get("Content-Type").value_or("")).essence();
    const bool is_markup = type.empty() || type.ends_with("html") || type.ends_with("xml");
    if (!is_markup) return std::nullopt;
    const auto data = r.bytes();
    const std::string head = lowered(as_text(data.first(std::min(data.size(), sniffed_bytes))));
    const std::string_view declaration =
        std::string_view(head).substr(0, std::min(head.find("?>"), head.size()));
    const std::string_view label = head.starts_with("<?xml") ? label_after(declaration, "encoding")
                                                             : label_after(head, "charset");
    return charset::find(label);
}

}  // namespace

response response::with(std::string_view name, std::string_view value) &&
{
    headers.add(name, value);
    return std::move(*this);
}

void response::raise_for_status() const
{
    if (ok()) return;
    const std::string_view body = as_text(bytes());
    const std::string_view shown = reason.empty() ? reason_of(status) : std::string_view(reason);
    throw status_error(status, shown, url_ ? url_->redacted() : std::string(),
                       std::string(body.substr(0, excerpt_bytes)));
}

const ferry::url& response::url() const
{
    if (!url_) throw error(ferry::errc::invalid_state, "the response did not come from a session");
    return *url_;
}

std::optional<follow_up> response::next_request() const
{
    auto step = detail::plan_redirect(status, headers, url(), method_, true);
    if (!step) return std::nullopt;
    follow_up next;
    next.method = std::move(step->method);
    next.url = std::move(step->to);
    next.keeps_body = step->keeps_body;
    next.same_origin = step->same_origin;
    return next;
}

std::string response::charset() const
{
    return std::string(media_type(headers.get("Content-Type").value_or("")).parameter("charset"));
}

bool response::charset_guessed() const
{
    return !charset::sniff_bom(bytes()) && !charset::find(charset()) && !declared_inside(*this);
}

std::string response::text() const
{
    const auto data = bytes();
    if (charset::sniff_bom(data)) return charset::decode_text(data);
    auto encoding = charset::find(charset());
    if (!encoding) encoding = declared_inside(*this);
    if (!encoding) {
        const bool is_utf8 = utf8::valid(as_text(data));
        encoding = is_utf8 ? charset::encoding::utf_8 : charset::encoding::windows_1252;
    }
    return charset::decode(data, *encoding);
}

std::string response::text(std::string_view encoding) const
{
    const auto known = charset::find(encoding);
    if (!known) {
        throw error(ferry::errc::unsupported,
                    fmt::format("{} is no encoding", detail::quoted(encoding)));
    }
    return charset::decode(bytes(), *known);
}

std::vector<cookie> response::cookies() const
{
    std::vector<cookie> all;
    for (const std::string_view line : headers.get_all("Set-Cookie")) {
        if (auto read = parse_set_cookie(line)) all.push_back(std::move(*read));
    }
    return all;
}

void response::rethrow_about_body() const
{
    try {
        throw;
    } catch (error& e) {
        const std::string_view type = headers.get("Content-Type").value_or("none");
        e.add_context(fmt::format("body of type {}, {}", type, detail::quoted(as_text(bytes()))));
        throw;
    }
}

sent_request response::request() const
{
    sent_request sent;
    std::string_view rest = sent_head_;
    const auto take_line = [&rest] {
        const std::size_t end = std::min(rest.find("\r\n"), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 2, rest.size()));
        return line;
    };
    const std::string_view first = take_line();
    const std::size_t blank = std::min(first.find(' '), first.size());
    sent.method = first.substr(0, blank);
    sent.target = first.substr(std::min(blank + 1, first.size()));
    sent.target.erase(std::min(sent.target.rfind(' '), sent.target.size()));
    while (!rest.empty()) {
        const std::string_view line = take_line();
        const std::size_t colon = line.find(": ");
        if (colon != line.npos) sent.headers.add(line.substr(0, colon), line.substr(colon + 2));
    }
    return sent;
}

std::vector<buffer> response::chunks(std::size_t bytes) const
{
    std::vector<buffer> all;
    const buffer& whole = content.data();
    const std::size_t step = std::max<std::size_t>(bytes, 1);
    for (std::size_t at = 0; at < whole.size(); at += step) all.push_back(whole.slice(at, step));
    return all;
}

std::vector<std::string> response::lines() const
{
    std::vector<std::string> all;
    const std::string decoded = text();
    detail::line_splitter splitter(decoded.size());
    splitter.feed(decoded);
    while (const auto line = splitter.next()) all.emplace_back(*line);
    if (const auto last = splitter.rest()) all.emplace_back(*last);
    return all;
}

http::links response::links() const
{
    std::vector<link_value> resolved;
    for (const link_value& l : headers.link()) {
        const auto absolute = url().try_resolve(l.url);
        if (!absolute) continue;
        resolved.push_back(l);
        resolved.back().url = absolute->href();
    }
    return http::links(std::move(resolved));
}

}  // namespace ferry::http
