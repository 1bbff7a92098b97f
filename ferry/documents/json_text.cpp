#include "ferry/documents/detail/json_text.hpp"

#include "ferry/documents/detail/json_scan.hpp"
#include "ferry/documents/json.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace ferry::json {

char* put_code_point(char* to, std::uint32_t c) noexcept
{
    const auto put = [&to](std::uint32_t byte) { *to++ = static_cast<char>(byte); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | c >> 6U);
        put(0x80 | (c & 0x3FU));
    } else if (c < 0x10000) {
        put(0xE0 | c >> 12U);
        put(0x80 | (c >> 6U & 0x3FU));
        put(0x80 | (c & 0x3FU));
    } else {
        put(0xF0 | c >> 18U);
        put(0x80 | (c >> 12U & 0x3FU));
        put(0x80 | (c >> 6U & 0x3FU));
        put(0x80 | (c & 0x3FU));
    }
    return to;
}

std::string excerpt_of(std::string_view text, std::size_t offset)
{
    constexpr std::size_t around = 40;
    offset = std::min(offset, text.size());
    const auto inside = [&](std::size_t i) {
        return (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U;
    };
    std::size_t first = offset;
    while (first > 0 && offset - first < around && text[first - 1] != '\n') --first;
    while (first < offset && inside(first)) ++first;
    std::size_t last = offset;
    while (last < text.size() && last - offset < around && text[last] != '\n') ++last;
    while (last > offset && last < text.size() && inside(last)) --last;
    return std::string{text.substr(first, last - first)};
}

namespace {

/// An array or object around a place, and where in it the place is.
struct surrounding {
    bool is_object;
    bool has_colon = false;
    std::size_t index = 0;
    std::string_view key = {};  // as it is written
};

std::string key_of(std::string_view written)
{
    const bool is_quoted = written.starts_with('"') || written.starts_with('\'');
    if (!is_quoted) return std::string{written};
    const auto as_kept =
        parse_options().relaxed(written[0] == '\'').lone_surrogates(surrogates::wtf8).strict(false);
    const auto key = try_parse(written, as_kept);
    return key ? key->as<std::string>() : std::string{written};
}

std::string pointer_of(const std::vector<surrounding>& open)
{
    std::string out;
    for (const surrounding& s : open) {
        if (!s.is_object) {
            out += '/' + std::to_string(s.index);
        } else if (s.has_colon) {
            out += '/';
            for (const char c : key_of(s.key))
                out += c == '~' ? "~0" : c == '/' ? "~1" : std::string{c};
        }
    }
    return out;
}

/// Behind the string, comment or word that begins at `at`.
std::size_t end_of_token(std::string_view text, std::size_t at)
{
    const char c = text[at];
    if (c == '"' || c == '\'') {
        for (++at; at < text.size() && text[at] != c; ++at)
            if (text[at] == '\\') ++at;
        return std::min(at, text.size() - 1) + 1;
    }
    if (text.substr(at).starts_with("//")) return std::min(text.find('\n', at), text.size());
    if (text.substr(at).starts_with("/*")) {
        return std::min(text.find("*/", at + 2), text.size() - 2) + 2;
    }
    return std::min(text.find_first_of("{}[],:\"'/ \t\r\n", at + 1), text.size());
}

}  // namespace

std::string pointer_at(std::string_view text, std::size_t from, std::size_t offset)
{
    std::vector<surrounding> open;
    const std::string_view before = text.substr(0, offset);
    for (std::size_t at = from; at < before.size();) {
        const char c = before[at];
        if (c == '{' || c == '[') {
            open.push_back({.is_object = c == '{'});
            ++at;
        } else if (c == '}' || c == ']') {
            if (!open.empty()) open.pop_back();
            ++at;
        } else if (c == ',' && !open.empty()) {
            ++open.back().index;
            open.back().has_colon = false;
            ++at;
        } else if (c == ':' && !open.empty()) {
            open.back().has_colon = true;
            ++at;
        } else if (std::string_view{" \t\r\n,:"}.find(c) != std::string_view::npos) {
            ++at;
        } else {
            const std::size_t end = end_of_token(before, at);
            if (!open.empty() && !open.back().has_colon && c != '/') {
                open.back().key = before.substr(at, end - at);
            }
            at = end;
        }
    }
    return pointer_of(open);
}

namespace {

/// Steps through valid JSON without building anything.
class walker {
public:
    explicit walker(std::string_view text) : at_{text.data()}, end_{at_ + text.size()} {}

    const char* at() const noexcept { return at_; }
    bool is(char c) const noexcept { return at_ != end_ && *at_ == c; }
    void step() noexcept
    {
        if (at_ != end_) ++at_;
    }
    void skip_space() noexcept { at_ = scan::skip_space(at_, end_); }

    /// At a quote. \returns the string's source, quotes included.
    std::string_view string() noexcept
    {
        const char* const start = at_;
        for (step(); at_ != end_ && *at_ != '"'; step()) {
            if (*at_ == '\\') step();
        }
        step();
        return {start, at_};
    }
    /// Behind one value and what it holds.
    void skip_value() noexcept
    {
        std::size_t depth = 0;
        do {
            skip_space();
            if (at_ == end_) return;
            switch (*at_) {
                case '"': string(); break;
                case '[':
                case '{':
                    ++depth;
                    step();
                    break;
                case ']':
                case '}':
                    --depth;
                    step();
                    break;
                case ',':
                case ':': step(); break;
                default:
                    while (at_ != end_ &&
                           std::string_view{",]} \t\r\n"}.find(*at_) == std::string_view::npos) {
                        ++at_;
                    }
            }
        } while (depth != 0);
    }

private:
    const char* at_;
    const char* end_;
};

struct path_part {
    std::string key;
    std::size_t index = 0;
    bool is_key = true;
};

std::vector<path_part> parts_of(std::string_view path)
{
    std::vector<path_part> parts;
    std::size_t at = path.starts_with('$') ? 1 : 0;
    while (at < path.size()) {
        path_part part;
        if (path[at] == '.') {
            const std::size_t end = std::min(path.find_first_of(".[", at + 1), path.size());
            part.key = path.substr(at + 1, end - at - 1);
            at = end;
        } else if (path.substr(at).starts_with("[\"")) {
            for (at += 2; at < path.size() && path[at] != '"'; ++at) {
                if (path[at] == '\\') ++at;
                if (at < path.size()) part.key += path[at];
            }
            at += 2;
        } else {
            const std::size_t end = std::min(path.find(']', at), path.size());
            part.is_key = false;
            std::from_chars(path.data() + at + 1, path.data() + end, part.index);
            at = end + 1;
        }
        parts.push_back(std::move(part));
    }
    return parts;
}

/// Moves from the start of a container to the start of one of its values.
bool descend(walker& at, const path_part& part)
{
    if (!at.is(part.is_key ? '{' : '[')) return false;
    walker found = at;
    bool any = false;
    at.step();
    at.skip_space();
    for (std::size_t index = 0; !at.is('}') && !at.is(']'); ++index) {
        const char* const before = at.at();
        bool wanted = index == part.index;
        if (part.is_key) {
            const auto name = try_parse(at.string());
            wanted = name && name->is_string() && name->as<std::string_view>() == part.key;
            at.skip_space();
            at.step();
            at.skip_space();
        }
        if (wanted) {
            // Of equal names the last one counts.
            found = at;
            any = true;
            if (!part.is_key) break;
        }
        at.skip_value();
        at.skip_space();
        if (at.is(',')) at.step();
        at.skip_space();
        if (at.at() == before) break;
    }
    at = found;
    return any;
}

std::size_t mark_size(std::string_view text) noexcept
{
    return text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
}

}  // namespace

std::size_t offset_of_path(std::string_view text, std::string_view path)
{
    walker at{text.substr(mark_size(text))};
    at.skip_space();
    for (const path_part& part : parts_of(path)) {
        if (!descend(at, part)) break;
    }
    return static_cast<std::size_t>(at.at() - text.data());
}

namespace detail {

void rethrow_with_position(std::string_view text)
{
    const auto place = [text](const std::string& path) {
        return position_of(text, offset_of_path(text, path));
    };
    try {
        throw;
    } catch (type_error& e) {
        e.add_position(place(e.path()));
        throw;
    } catch (range_error& e) {
        e.add_position(place(e.path()));
        throw;
    } catch (lookup_error& e) {
        e.add_position(place(e.path()));
        throw;
    }
}

namespace {

enum class width : std::uint8_t { utf8, utf16, utf32 };

struct encoding {
    width unit;
    bool big_endian;
    std::size_t mark;  ///< bytes of its byte order mark
};

/// By the mark, else by where the zero bytes of the first two ASCII characters are.
encoding encoding_of(std::string_view data) noexcept
{
    using namespace std::string_view_literals;
    if (data.starts_with("\x00\x00\xFE\xFF"sv)) return {width::utf32, true, 4};
    if (data.starts_with("\xFF\xFE\x00\x00"sv)) return {width::utf32, false, 4};
    if (data.starts_with("\xFE\xFF"sv)) return {width::utf16, true, 2};
    if (data.starts_with("\xFF\xFE"sv)) return {width::utf16, false, 2};
    const auto zero = [data](std::size_t i) { return data[i] == '\0'; };
    if (data.size() >= 4) {
        if (zero(0)) return {zero(1) ? width::utf32 : width::utf16, true, 0};
        if (zero(1)) return {zero(2) && zero(3) ? width::utf32 : width::utf16, false, 0};
    } else if (data.size() == 2) {
        if (zero(0)) return {width::utf16, true, 0};
        if (zero(1)) return {width::utf16, false, 0};
    }
    return {width::utf8, false, 0};
}

/// \param before  what was decoded
[[noreturn]] void fail_encoding(const char* message, std::string_view before)
{
    throw parse_error{errc::malformed, message, position_of(before, before.size()),
                      excerpt_of(before, before.size()), pointer_at(before, 0, before.size())};
}

}  // namespace

std::string text_of(std::span<const std::byte> data)
{
    const std::string_view in = as_text(data);
    const encoding from = encoding_of(in);
    if (from.unit == width::utf8) return std::string{in};
    const std::size_t size = from.unit == width::utf16 ? 2 : 4;
    const auto unit = [&](std::size_t at) {
        std::uint32_t c = 0;
        for (std::size_t i = 0; i < size; ++i) {
            const std::size_t place = from.big_endian ? i : size - 1 - i;
            c = c << 8U | static_cast<unsigned char>(in[at + place]);
        }
        return c;
    };
    std::string text;
    text.reserve(in.size());
    for (std::size_t at = from.mark; at < in.size(); at += size) {
        if (in.size() - at < size) {
            fail_encoding(size == 2 ? "Truncated UTF-16" : "Truncated UTF-32", text);
        }
        std::uint32_t c = unit(at);
        if (size == 2 && c >= 0xD800 && c < 0xDC00 && in.size() - at >= 4) {
            const std::uint32_t low = unit(at + 2);
            if (low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10U) + (low - 0xDC00);
                at += 2;
            }
        }
        if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) {
            fail_encoding(size == 2 ? "Invalid UTF-16" : "Invalid UTF-32", text);
        }
        char encoded[4];
        text.append(encoded, put_code_point(encoded, c));
    }
    return text;
}

}  // namespace detail
}  // namespace ferry::json
