#include "ferry/http/har.hpp"

#include "ferry/core/base64.hpp"
#include "ferry/core/time.hpp"
#include "ferry/core/url_query.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/detail/masking.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/session_options.hpp"

#include <cerrno>
#include <fstream>
#include <mutex>
#include <string_view>
#include <utility>

namespace ferry::http {
namespace {

double in_milliseconds(recorded_exchange::duration d)
{
    // HAR's word for "does not apply" is -1.
    return d.count() < 0 ? -1.0 : std::chrono::duration<double, std::milli>(d).count();
}

value fields_of(const headers& fields)
{
    value list = value::array();
    for (const auto [name, content] : fields) {
        list.push_back(value::object("name", name, "value", detail::mask_field(name, content)));
    }
    return list;
}

// The cookies of `a=1; b=2`, whose values are nobody's business.
value cookies_of(const headers& fields, std::string_view name)
{
    value list = value::array();
    for (std::string_view field : fields.get_all(name)) {
        while (!field.empty()) {
            const std::string_view pair = detail::take_element(field, ';');
            const std::size_t equals = pair.find('=');
            if (equals != pair.npos) {
                list.push_back(value::object("name", pair.substr(0, equals), "value", "***"));
            }
            if (detail::same(name, "Set-Cookie")) break;
        }
    }
    return list;
}

value query_of(const std::string& masked)
{
    value list = value::array();
    const std::size_t mark = masked.find('?');
    if (mark == masked.npos) return list;
    for (const auto& [name, content] : query_pairs::parse(masked.substr(mark + 1))) {
        list.push_back(value::object("name", name, "value", content));
    }
    return list;
}

std::string type_of(const headers& fields)
{
    return std::string(fields.get("Content-Type").value_or("application/octet-stream"));
}

value request_of(const recorded_exchange& x, std::size_t max_body)
{
    const prepared_request& q = x.request;
    const std::string url = detail::mask_url(q.url);
    value made =
        value::object("method", q.method, "url", url, "httpVersion", x.version, "cookies",
                      cookies_of(q.headers, "Cookie"), "headers", fields_of(q.headers),
                      "queryString", query_of(url), "headersSize", -1, "bodySize",
                      q.streamed ? std::int64_t{-1} : static_cast<std::int64_t>(q.content.size()));
    const std::string_view body = q.content.text();
    if (!body.empty() && body.size() <= max_body && utf8::valid(body)) {
        const std::string type = type_of(q.headers);
        const bool is_form = type.starts_with("application/x-www-form-urlencoded");
        made.insert("postData",
                    value::object("mimeType", type, "text",
                                  is_form ? detail::mask_pairs(body) : std::string(body)));
    }
    return made;
}

value response_of(const recorded_exchange& x, std::size_t max_body)
{
    value content = value::object("size", x.body.size(), "mimeType", type_of(x.headers));
    if (x.body.size() <= max_body) {
        const bool is_text = utf8::valid(as_text(x.body));
        content.insert("text", is_text ? to_string(x.body) : base64::encode(x.body));
        if (!is_text) content.insert("encoding", "base64");
    }
    return value::object("status", x.status, "statusText", x.reason, "httpVersion", x.version,
                         "cookies", cookies_of(x.headers, "Set-Cookie"), "headers",
                         fields_of(x.headers), "content", content, "redirectURL",
                         x.headers.get("Location").value_or(""), "headersSize", -1, "bodySize",
                         x.body.size());
}

value entry_of(const recorded_exchange& x, std::size_t max_body)
{
    const auto made = [](recorded_exchange::duration d) {
        return std::max(d, recorded_exchange::duration(0));
    };
    const auto total = made(x.connect) + made(x.tls) + x.send + x.wait + x.receive;
    // By HAR's definition the time of connect includes that of ssl.
    const auto connect = x.connect.count() < 0 ? x.connect : x.connect + made(x.tls);
    value entry = value::object(
        "startedDateTime",
        iso8601::format(std::chrono::floor<std::chrono::milliseconds>(x.started)), "time",
        in_milliseconds(total), "request", request_of(x, max_body), "response",
        response_of(x, max_body), "cache", value::object(), "timings",
        value::object("blocked", -1, "dns", -1, "connect", in_milliseconds(connect), "ssl",
                      in_milliseconds(x.tls), "send", in_milliseconds(x.send), "wait",
                      in_milliseconds(x.wait), "receive", in_milliseconds(x.receive)));
    const std::size_t colon = x.peer.rfind(':');
    if (colon != x.peer.npos) entry.insert("serverIPAddress", x.peer.substr(0, colon));
    return entry;
}

}  // namespace

class har_log::keeper final : public exchange_observer {
public:
    explicit keeper(std::size_t max) : max_body_(max) {}

    void finished(const recorded_exchange& what) override
    {
        value entry = entry_of(what, max_body_);
        const std::lock_guard lock(mutex_);
        entries_.push_back(std::move(entry));
        ++size_;
    }

    std::size_t size() const
    {
        const std::lock_guard lock(mutex_);
        return size_;
    }

    value entries() const
    {
        const std::lock_guard lock(mutex_);
        return entries_;
    }

private:
    std::size_t max_body_;
    mutable std::mutex mutex_;
    value entries_ = value::array();
    std::size_t size_ = 0;
};

har_log::har_log(std::size_t max_body) : keeper_(std::make_shared<keeper>(max_body)) {}

std::size_t har_log::size() const
{
    return keeper_->size();
}

value har_log::document() const
{
    return value::object("log", value::object("version", "1.2", "creator",
                                              value::object("name", "ferry", "version", "0.1"),
                                              "entries", keeper_->entries()));
}

std::string har_log::text() const
{
    return json::dump(document());
}

void har_log::save(const std::string& file) const
{
    std::ofstream out(file, std::ios::binary);
    out << text();
    out.close();
    if (!out) throw system_failure(errno, "write " + file);
}

void har_log::apply_to(session_options& to) const
{
    to.observers.push_back(keeper_);
}

}  // namespace ferry::http
