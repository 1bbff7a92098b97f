#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/json_number.hpp"
#include "ferry/documents/detail/json_scan.hpp"
#include "ferry/documents/detail/json_special.hpp"
#include "ferry/documents/detail/json_text.hpp"
#include "ferry/documents/json.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace ferry::json {

/// One pass over a text, without recursion: containers that are open are marks on a stack.
class parser {
public:
    parser(std::string_view text, std::size_t from, std::size_t to, const parse_options& options)
        : text_{text},
          from_{from},
          at_{text.data() + from},
          end_{text.data() + to},
          options_{options},
          build_{to - from, std::clamp<std::size_t>(to - from, 512, 65536)}
    {
        if (!simdjson::validate_utf8(at_, to - from)) {
            fail("Invalid UTF-8", at_ + utf8::find_invalid({at_, to - from}));
        }
    }

    value parse_all()
    {
        skip_mark();
        parse_value();
        skip_space();
        if (at_ != end_) fail("Extra data", at_);
        return build_.finish();
    }
    prefix parse_first()
    {
        skip_mark();
        parse_value();
        value parsed = build_.finish();
        return {std::move(parsed), static_cast<std::size_t>(at_ - text_.data())};
    }

private:
    /// An open container: where its elements begin on the builder's stack.
    struct frame {
        std::size_t mark;
        bool object;
    };
    enum class step : std::uint8_t { value, next, done };

    [[noreturn]] void fail(std::string_view message, const char* where,
                           errc code = errc::malformed) const
    {
        const auto offset = static_cast<std::size_t>(where - text_.data());
        throw parse_error{code, message, position_of(text_, offset), excerpt_of(text_, offset),
                          pointer_at(text_, from_, offset)};
    }
    [[noreturn]] void fail_limit(const char* name, std::size_t limit) const
    {
        limit_error e{name, limit};
        e.add_position(position_of(text_, static_cast<std::size_t>(at_ - text_.data())));
        throw e;
    }

    void skip_mark() noexcept
    {
        constexpr std::string_view mark = "\xEF\xBB\xBF";
        if (std::string_view{at_, end_}.starts_with(mark)) at_ += mark.size();
    }
    void skip_space() noexcept { at_ = scan::skip_space(at_, end_); }
    bool at(char c) const noexcept { return at_ != end_ && *at_ == c; }

    /// Reads one value with all it holds. A scalar ends the loop if no container is open.
    void parse_value()
    {
        skip_space();
        step next = parse_start();
        while (next != step::done) {
            next = next == step::value ? parse_start() : parse_separator();
        }
    }

    /// At the first character of a value.
    step parse_start()
    {
        if (at_ == end_) fail("Expecting value", at_);
        switch (*at_) {
            case '"': parse_string(); break;
            case '{': return open_object();
            case '[': return open_array();
            case 't':
                parse_word("true");
                build_.boolean(true);
                break;
            case 'f':
                parse_word("false");
                build_.boolean(false);
                break;
            case 'n':
                parse_word("null");
                build_.null();
                break;
            default: parse_number(); break;
        }
        return frames_.empty() ? step::done : step::next;
    }

    step open_array()
    {
        open(false);
        if (at(']')) return close_array();
        return step::value;
    }
    step open_object()
    {
        open(true);
        if (at('}')) return close_object();
        parse_key();
        return step::value;
    }
    void open(bool object)
    {
        if (frames_.size() == options_.max_depth_) fail_limit("max_depth", options_.max_depth_);
        frames_.push_back({build_.mark(), object});
        ++at_;
        skip_space();
    }
    step close_array()
    {
        ++at_;
        build_.array(frames_.back().mark);
        frames_.pop_back();
        return frames_.empty() ? step::done : step::next;
    }
    step close_object()
    {
        ++at_;
        const std::size_t mark = frames_.back().mark;
        const std::size_t members = (build_.mark() - mark) / 2;
        const auto again = build_.object(mark, options_.duplicates_);
        if (options_.duplicates_ == duplicate_keys::error) {
            if (again) fail("Duplicate key", keys_[keys_.size() - members + *again]);
            keys_.resize(keys_.size() - members);
        }
        frames_.pop_back();
        return frames_.empty() ? step::done : step::next;
    }

    /// Behind a value inside of a container.
    step parse_separator()
    {
        skip_space();
        const bool object = frames_.back().object;
        if (at(',')) {
            ++at_;
            skip_space();
            if (object) parse_key();
            return step::value;
        }
        if (at(object ? '}' : ']')) return object ? close_object() : close_array();
        fail("Expecting ',' delimiter", at_);
    }

    /// A name and its colon, up to the value.
    void parse_key()
    {
        if (!at('"')) fail("Expecting property name enclosed in double quotes", at_);
        if (options_.duplicates_ == duplicate_keys::error) keys_.push_back(at_);
        parse_string();
        skip_space();
        if (!at(':')) fail("Expecting ':' delimiter", at_);
        ++at_;
        skip_space();
    }

    void parse_word(std::string_view word)
    {
        if (!std::string_view{at_, end_}.starts_with(word)) fail("Expecting value", at_);
        at_ += word.size();
    }

    void parse_number()
    {
        const char* const start = at_;
        const scanned_number n = scan_number(start, end_);
        if (n.end == start) return parse_constant();
        at_ = n.end;
        const std::string_view text{start, n.end};
        if (n.whole) {
            if (n.is_small()) {
                build_.integer(n.small());
            } else {
                if (n.digit_count > options_.max_digits_) {
                    at_ = start;
                    fail_limit("max_digits", options_.max_digits_);
                }
                build_.big_integer(text);
            }
        } else if (options_.decimals_) {
            build_.decimal(text);
        } else {
            const double number = to_double(n, start);
            if (std::isinf(number) && !options_.overflow_) {
                fail("Number out of range", start, errc::out_of_range);
            }
            build_.real(number);
        }
    }

    void parse_constant()
    {
        if (options_.allow_nan_) {
            constexpr double infinity = std::numeric_limits<double>::infinity();
            const std::string_view rest{at_, end_};
            for (const auto& [name, number] :
                 {std::pair<std::string_view, double>{"NaN", std::nan("")},
                  {"Infinity", infinity},
                  {"-Infinity", -infinity}}) {
                if (rest.starts_with(name)) {
                    at_ += name.size();
                    return build_.real(number);
                }
            }
        }
        fail("Expecting value", at_);
    }

    void parse_string()
    {
        const char* const start = ++at_;
        // Most strings, and nearly all keys, end within the first block.
        if (static_cast<std::size_t>(end_ - start) >= scan::width) [[likely]] {
            const unsigned mask = scan::special(scan::load(start));
            if (mask != 0) {
                const std::size_t length = scan::first(mask);
                if (start[length] == '"' && length <= 14 && length <= options_.max_string_bytes_) {
                    build_.short_string(start, length);
                    at_ = start + length + 1;
                    return;
                }
            }
        }
        parse_long_string(start);
    }

    void parse_long_string(const char* start)
    {
        // The text never grows, so the room for the whole document is room for this string.
        char* const begin = build_.text_room(0);
        char* to = begin;
        const char* from = start;
        for (;;) {
            while (static_cast<std::size_t>(end_ - from) >= scan::width) {
                const scan::block block = scan::load(from);
                scan::store(to, block);
                const unsigned mask = scan::special(block);
                const std::size_t plain = mask == 0 ? scan::width : scan::first(mask);
                from += plain;
                to += plain;
                if (mask != 0) break;
            }
            while (from != end_ && *from != '"' && *from != '\\' &&
                   static_cast<unsigned char>(*from) >= 0x20) {
                *to++ = *from++;
            }
            if (from == end_) fail("Unterminated string starting at", start - 1);
            if (*from == '"') break;
            if (*from == '\\') {
                from = parse_escape(from, start, to);
            } else if (options_.strict_) {
                fail("Invalid control character at", from);
            } else {
                *to++ = *from++;
            }
        }
        at_ = from + 1;
        const auto length = static_cast<std::size_t>(to - begin);
        if (length > options_.max_string_bytes_ || length > UINT32_MAX) {
            at_ = start - 1;
            fail_limit("max_string_bytes",
                       std::min<std::size_t>(options_.max_string_bytes_, UINT32_MAX));
        }
        build_.string_here(length);
    }

    /// \param from  at the backslash. \returns what follows the escape.
    const char* parse_escape(const char* from, const char* start, char*& to) const
    {
        if (end_ - from < 2) fail("Unterminated string starting at", start - 1);
        switch (from[1]) {
            case '"': *to++ = '"'; break;
            case '\\': *to++ = '\\'; break;
            case '/': *to++ = '/'; break;
            case 'b': *to++ = '\b'; break;
            case 'f': *to++ = '\f'; break;
            case 'n': *to++ = '\n'; break;
            case 'r': *to++ = '\r'; break;
            case 't': *to++ = '\t'; break;
            case 'u': return parse_unicode(from, to);
            default: fail("Invalid \\escape", from);
        }
        return from + 2;
    }

    const char* parse_unicode(const char* from, char*& to) const
    {
        std::uint32_t c = parse_hex(from + 1);
        const char* const escape = from;
        from += 6;
        if (c >= 0xD800 && c < 0xE000) {
            if (c < 0xDC00 && end_ - from >= 2 && from[0] == '\\' && from[1] == 'u') {
                const std::uint32_t low = parse_hex(from + 1);
                if (low >= 0xDC00 && low < 0xE000) {
                    c = 0x10000 + ((c - 0xD800) << 10U) + (low - 0xDC00);
                    from += 6;
                }
            }
            if (c < 0x10000) {
                if (options_.surrogates_ == surrogates::error) {
                    fail("Unpaired surrogate in \\uXXXX escape", escape);
                }
                if (options_.surrogates_ == surrogates::replace) c = 0xFFFD;
            }
        }
        to = put_code_point(to, c);
        return from;
    }

    /// \param u  at the u, four digits behind it, and at least one character more, as in Python.
    std::uint32_t parse_hex(const char* u) const
    {
        if (end_ - u <= 5) fail("Invalid \\uXXXX escape", u);
        std::uint32_t c = 0;
        for (int i = 1; i <= 4; ++i) {
            const char d = u[i];
            const int digit = d >= '0' && d <= '9'   ? d - '0'
                              : d >= 'a' && d <= 'f' ? d - 'a' + 10
                              : d >= 'A' && d <= 'F' ? d - 'A' + 10
                                                     : -1;
            if (digit < 0) fail("Invalid \\uXXXX escape", u);
            c = c << 4U | static_cast<std::uint32_t>(digit);
        }
        return c;
    }

    std::string_view text_;
    std::size_t from_;
    const char* at_;
    const char* end_;
    const parse_options& options_;
    value_builder build_;
    std::vector<frame> frames_;
    std::vector<const char*> keys_;  // where they began, if equal ones are errors
};

using detail::special_options;

value parse(std::string_view text, const parse_options& options)
{
    if (special_options::are_set(options))
        return special_options::parse(text, 0, text.size(), options);
    value made;
    if (detail::read_document(text, options, made)) return made;
    return detail::parse_carefully(text, options);
}

value detail::parse_carefully(std::string_view text, const parse_options& options)
{
    return parser{text, 0, text.size(), options}.parse_all();
}

value parse(std::span<const std::byte> data, const parse_options& options)
{
    return parse(std::string_view{detail::text_of(data)}, options);
}

std::optional<value> try_parse(std::string_view text, const parse_options& options)
{
    try {
        return parse(text, options);
    } catch (const parse_error&) {
        return std::nullopt;
    }
}

prefix parse_prefix(std::string_view text, const parse_options& options)
{
    if (special_options::are_set(options)) return special_options::parse_prefix(text, options);
    return parser{text, 0, text.size(), options}.parse_first();
}

value detail::parse_part(std::string_view text, std::size_t from, std::size_t to,
                         const parse_options& options)
{
    if (special_options::are_set(options)) return special_options::parse(text, from, to, options);
    value made;
    if (read_document(text.substr(from, to - from), options, made)) return made;
    return parser{text, from, to, options}.parse_all();
}

}  // namespace ferry::json
