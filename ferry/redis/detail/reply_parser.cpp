#include "ferry/redis/detail/reply_parser.hpp"

#include "ferry/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace ferry::redis::detail {
namespace {

// Room for a long string grows in such steps as its bytes arrive.
constexpr std::size_t text_step = 1U << 20U;
constexpr std::size_t reserved_items = 4096;

[[noreturn]] void throw_bad(std::string_view what, char type, std::string_view line)
{
    std::string shown;
    for (const char c : line.substr(0, 60)) shown += c >= 0x20 && c < 0x7F ? c : '?';
    throw protocol_error(errc::bad_reply,
                         fmt::format("redis: {} in the reply '{}{}'", what,
                                     type >= 0x20 && type < 0x7F ? type : '?', shown));
}

template <class T>
T number(char type, std::string_view line)
{
    if (line.starts_with('+')) line.remove_prefix(1);
    T value{};
    const char* end = line.data() + line.size();
    const auto [stop, ec] = std::from_chars(line.data(), end, value);
    if (ec != std::errc() || stop != end) throw_bad("a bad number", type, line);
    return value;
}

double real(std::string_view line)
{
    constexpr double infinite = std::numeric_limits<double>::infinity();
    if (line == "inf") return infinite;
    if (line == "-inf") return -infinite;
    if (line == "nan" || line == "-nan") return std::numeric_limits<double>::quiet_NaN();
    return number<double>(',', line);
}

bool is_big_number(std::string_view line)
{
    if (line.starts_with('-') || line.starts_with('+')) line.remove_prefix(1);
    return !line.empty() && std::ranges::all_of(line, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::size_t reply_parser::parse(std::string_view in)
{
    std::size_t at = 0;
    while (!ready_) {
        if (in_text_) {
            const std::size_t taken = take_text(in.substr(at));
            at += taken;
            if (in_text_) return at;
            continue;
        }
        if (at == in.size()) return at;
        const std::string_view rest = in.substr(at, limits_.line_bytes + 2);
        const std::size_t end = rest.find('\r');
        if (end == 0) throw_bad("an empty line", ' ', "");
        if (end > limits_.line_bytes && rest.size() > limits_.line_bytes) {
            throw limit_error("line_bytes", limits_.line_bytes);
        }
        if (end == rest.npos || end + 1 == rest.size()) return at;
        const char type = rest[0];
        const std::string_view line = rest.substr(1, end - 1);
        if (rest[end + 1] != '\n') throw_bad("a bad line end", type, line);
        at += end + 2;
        take_line(type, line);
    }
    return at;
}

reply reply_parser::take()
{
    ready_ = false;
    return std::move(result_);
}

void reply_parser::take_line(char type, std::string_view line)
{
    if (streaming_text_ && type != ';') throw_bad("no part of a string", type, line);
    switch (type) {
        case '+': return put(reply(reply::kind::status, std::string(line)));
        case '-': return put(reply(reply::kind::error, std::string(line)));
        case ':': return put(reply(number<std::int64_t>(type, line)));
        case '$': return begin_text(text_kind::bulk, line);
        case '!': return begin_text(text_kind::error, line);
        case '=': return begin_text(text_kind::verbatim, line);
        case '*': return begin_aggregate(reply::kind::array, line, 1, false);
        case '%': return begin_aggregate(reply::kind::map, line, 2, false);
        case '~': return begin_aggregate(reply::kind::set, line, 1, false);
        case '>': return begin_aggregate(reply::kind::push, line, 1, false);
        case '|': return begin_aggregate(reply::kind::map, line, 2, true);
        case ',': return put(reply(real(line)));
        case '_':
            if (!line.empty()) break;
            return put(reply());
        case '#':
            if (line != "t" && line != "f") break;
            return put(reply(line == "t"));
        case '(':
            if (!is_big_number(line)) break;
            return put(reply(reply::kind::big_number, std::string(line)));
        case ';':
            if (!streaming_text_) break;
            return begin_text(text_kind::chunk, line);
        case '.':
            if (!line.empty() || stack_.empty() || !stack_.back().streamed) break;
            if (stack_.back().kind == reply::kind::map && stack_.back().items.size() % 2 != 0)
                break;
            return close_frame();
        default: break;
    }
    throw_bad("nothing known", type, line);
}

std::size_t reply_parser::length(std::string_view line) const
{
    std::size_t value = 0;
    const char* end = line.data() + line.size();
    const auto [stop, ec] = std::from_chars(line.data(), end, value);
    if (ec == std::errc::result_out_of_range)
        value = std::numeric_limits<std::size_t>::max();
    else if (ec != std::errc() || stop != end)
        throw_bad("a bad length", '$', line);
    return value;
}

void reply_parser::begin_text(text_kind kind, std::string_view line)
{
    if (kind == text_kind::bulk && line == "-1") return put(reply());
    if (kind == text_kind::bulk && line == "?") {
        streaming_text_ = true;
        text_.clear();
        text_filled_ = 0;
        return;
    }
    const std::size_t size = length(line);
    if (kind == text_kind::chunk) {
        if (size == 0) {
            streaming_text_ = false;
            return put(reply(reply::kind::bulk, std::move(text_)));
        }
        if (size > limits_.bulk_bytes - text_filled_) {
            throw limit_error("bulk_bytes", limits_.bulk_bytes);
        }
        text_size_ = text_filled_ + size;
    } else {
        if (size > limits_.bulk_bytes) throw limit_error("bulk_bytes", limits_.bulk_bytes);
        text_.clear();
        text_filled_ = 0;
        text_size_ = size;
    }
    text_kind_ = kind;
    in_text_ = true;
}

// A string and the line end behind it.
std::size_t reply_parser::take_text(std::string_view in)
{
    const std::size_t taken = std::min(text_size_ - text_filled_, in.size());
    text_.resize(text_filled_);
    text_.append(in, 0, taken);
    text_filled_ += taken;
    if (text_filled_ < text_size_ || in.size() - taken < 2) return taken;
    if (in[taken] != '\r' || in[taken + 1] != '\n')
        throw_bad("a string of another length", '$', "");
    end_text();
    return taken + 2;
}

std::span<std::byte> reply_parser::bulk_space()
{
    const std::size_t wanted = text_size_ - text_filled_;
    if (!in_text_ || wanted < text_step / 16) return {};
    // What is zeroed here is at most twice what arrives.
    const std::size_t room = std::min(wanted, std::max(text_step, text_filled_));
    if (text_.size() < text_filled_ + room) text_.resize(text_filled_ + room);
    return std::as_writable_bytes(std::span(text_)).subspan(text_filled_, room);
}

void reply_parser::bulk_received(std::size_t count)
{
    text_filled_ += count;
}

void reply_parser::end_text()
{
    in_text_ = false;
    switch (text_kind_) {
        case text_kind::chunk: return;
        case text_kind::bulk: return put(reply(reply::kind::bulk, std::exchange(text_, {})));
        case text_kind::error: return put(reply(reply::kind::error, std::exchange(text_, {})));
        case text_kind::verbatim:
            if (text_.size() < 4 || text_[3] != ':') throw_bad("no format", '=', text_);
            return put(reply(reply::kind::verbatim, text_.substr(4)));
    }
}

void reply_parser::begin_aggregate(reply::kind kind, std::string_view line, std::size_t per_element,
                                   bool attribute)
{
    if (line == "-1" && kind == reply::kind::array) return put(reply());
    const bool streamed = line == "?";
    const std::size_t count = streamed ? 0 : length(line);
    if (count > limits_.elements / per_element) throw limit_error("elements", limits_.elements);
    if (stack_.size() >= limits_.depth) throw limit_error("depth", limits_.depth);
    stack_.push_back({kind, attribute, streamed, count * per_element, {}});
    if (streamed) return;
    if (count == 0) return close_frame();
    stack_.back().items.reserve(std::min(count * per_element, reserved_items));
}

void reply_parser::close_frame()
{
    frame done = std::move(stack_.back());
    stack_.pop_back();
    if (!done.attribute) put(reply(done.kind, std::move(done.items)));
}

void reply_parser::put(reply r)
{
    for (;;) {
        if (stack_.empty()) {
            result_ = std::move(r);
            ready_ = true;
            return;
        }
        frame& top = stack_.back();
        top.items.push_back(std::move(r));
        if (top.streamed) {
            if (top.items.size() > limits_.elements) {
                throw limit_error("elements", limits_.elements);
            }
            return;
        }
        if (--top.remaining > 0) return;
        frame done = std::move(top);
        stack_.pop_back();
        if (done.attribute) return;
        r = reply(done.kind, std::move(done.items));
    }
}

}  // namespace ferry::redis::detail
