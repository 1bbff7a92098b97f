#include "ferry/redis/reply.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace ferry::redis {
namespace {

std::string_view name_of(reply::kind k)
{
    switch (k) {
        case reply::kind::null: return "null";
        case reply::kind::status: return "a status";
        case reply::kind::error: return "an error";
        case reply::kind::integer: return "an integer";
        case reply::kind::bulk: return "a string";
        case reply::kind::array: return "an array";
        case reply::kind::map: return "a map";
        case reply::kind::set: return "a set";
        case reply::kind::push: return "a push message";
        case reply::kind::real: return "a double";
        case reply::kind::boolean: return "a boolean";
        case reply::kind::big_number: return "a big number";
        case reply::kind::verbatim: return "a verbatim string";
    }
    return "?";
}

template <class T>
std::optional<T> parse_number(const std::string& text)
{
    T value{};
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string quoted(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\r') {
            out += "\\r";
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    return out + '"';
}

}  // namespace

const std::string& reply::text() const noexcept
{
    static const std::string none;
    const auto* text = std::get_if<std::string>(&content_);
    return text == nullptr ? none : *text;
}

const std::vector<reply>& reply::items() const noexcept
{
    static const list none;
    const auto* all = std::get_if<list>(&content_);
    return all == nullptr ? none : *all;
}

const reply& reply::operator[](std::size_t i) const
{
    const list& all = items();
    if (i >= all.size()) throw lookup_error(fmt::format("$[{}]", i));
    return all[i];
}

void reply::throw_if_error() const
{
    if (is_error()) throw response_error(text());
}

void reply::mismatch(std::string_view wanted) const
{
    throw_if_error();
    throw protocol_error(errc::bad_reply,
                         fmt::format("redis: expected {}, got {}", wanted, name_of(kind_)));
}

std::string reply::take_text() &&
{
    if (kind_ == kind::integer) return fmt::format("{}", std::get<std::int64_t>(content_));
    if (kind_ == kind::real) return fmt::format("{}", std::get<double>(content_));
    if (!is_text() || is_error()) mismatch("a string");
    return std::move(std::get<std::string>(content_));
}

reply::list reply::take_items() &&
{
    if (!is_aggregate()) mismatch("an array");
    return std::move(std::get<list>(content_));
}

std::int64_t reply::to_integer() const
{
    if (const auto* n = std::get_if<std::int64_t>(&content_)) return *n;
    if (is_text() && !is_error()) {
        if (const auto n = parse_number<std::int64_t>(text())) return *n;
    }
    mismatch("an integer");
}

double reply::to_real() const
{
    if (const auto* d = std::get_if<double>(&content_)) return *d;
    if (const auto* n = std::get_if<std::int64_t>(&content_)) return static_cast<double>(*n);
    if (is_text() && !is_error()) {
        if (const auto d = parse_number<double>(text())) return *d;
    }
    mismatch("a number");
}

bool reply::to_bool() const
{
    if (is_null()) return false;
    if (kind_ == kind::status) return true;
    return to_integer() != 0;
}

namespace {

void print(const reply& r, std::string& out, const std::string& indent)
{
    switch (r.type()) {
        case reply::kind::null: out += "(nil)"; return;
        case reply::kind::error: out += "(error) " + r.text(); return;
        case reply::kind::integer: out += fmt::format("(integer) {}", r.as<std::int64_t>()); return;
        case reply::kind::real: out += fmt::format("(double) {}", r.as<double>()); return;
        case reply::kind::boolean: out += r.as<bool>() ? "(true)" : "(false)"; return;
        case reply::kind::status:
        case reply::kind::big_number:
        case reply::kind::verbatim: out += r.text(); return;
        case reply::kind::bulk: out += quoted(r.text()); return;
        default: break;
    }
    const bool map = r.type() == reply::kind::map;
    const auto& all = r.items();
    if (all.empty()) out += map ? "(empty map)" : "(empty array)";
    const std::size_t step = map ? 2 : 1;
    for (std::size_t i = 0; i + step <= all.size(); i += step) {
        if (i > 0) out += '\n' + indent;
        const std::string number = fmt::format("{}{} ", i / step + 1, map ? '#' : ')');
        out += number;
        const std::string deeper = indent + std::string(number.size(), ' ');
        print(all[i], out, deeper);
        if (!map) continue;
        out += " => ";
        print(all[i + 1], out, deeper);
    }
}

}  // namespace

// Replies are at most max_depth deep: see the parser.
std::string reply::to_text() const
{
    std::string out;
    print(*this, out, {});
    return out;
}

}  // namespace ferry::redis
