#include "ferry/http/detail/sse_parser.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/http/detail/syntax.hpp"

#include <algorithm>
#include <utility>

namespace ferry::http::detail {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::int64_t max_retry_ms = 24LL * 3600 * 1000;

std::string as_utf8(std::string text)
{
    return utf8::valid(text) ? std::move(text) : utf8::repair(text);
}

}  // namespace

sse_parser::sse_parser(std::size_t max_event_bytes, std::string last_id)
    : lines_(max_event_bytes),
      max_event_bytes_(max_event_bytes),
      id_(last_id),
      last_id_(std::move(last_id))
{
}

void sse_parser::feed(std::string_view text)
{
    if (begun_) {
        lines_.feed(text);
        return;
    }
    head_ += text;
    if (head_.size() < byte_order_mark.size() && byte_order_mark.starts_with(head_)) return;
    begun_ = true;
    if (head_.starts_with(byte_order_mark)) head_.erase(0, byte_order_mark.size());
    lines_.feed(head_);
    head_.clear();
}

std::optional<sse_event> sse_parser::next()
{
    for (;;) {
        std::optional<std::string_view> line;
        try {
            line = lines_.next();
        } catch (const limit_error&) {
            throw limit_error("max_event_bytes", max_event_bytes_);
        }
        if (!line) return std::nullopt;
        if (!line->empty()) {
            take_line(*line);
            continue;
        }
        if (auto event = dispatch()) return event;
    }
}

void sse_parser::take_line(std::string_view line)
{
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view field = line.substr(0, colon);
    std::string_view text = line.substr(std::min(colon + 1, line.size()));
    if (text.starts_with(' ')) text.remove_prefix(1);
    if (field == "data") {
        if (data_.size() + text.size() >= max_event_bytes_) {
            throw limit_error("max_event_bytes", max_event_bytes_);
        }
        data_.append(text).append("\n");
    } else if (field == "event") {
        type_ = text;
    } else if (field == "id") {
        if (text.find('\0') == text.npos) id_ = text;
    } else if (field == "retry") {
        if (text.empty() || !std::ranges::all_of(text, is_digit)) return;
        std::int64_t ms = 0;
        for (const char d : text) ms = std::min(ms * 10 + (d - '0'), max_retry_ms);
        retry_ = std::chrono::milliseconds(ms);
        retry_is_new_ = true;
    }
}

// An event without data says nothing, but its id counts.
std::optional<sse_event> sse_parser::dispatch()
{
    last_id_ = as_utf8(id_);
    sse_event event;
    if (!type_.empty()) event.event = as_utf8(std::exchange(type_, {}));
    if (data_.empty()) return std::nullopt;
    data_.pop_back();
    event.data = as_utf8(std::exchange(data_, {}));
    event.id = last_id_;
    if (std::exchange(retry_is_new_, false)) event.retry = retry_;
    return event;
}

}  // namespace ferry::http::detail
