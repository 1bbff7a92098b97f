#include "ferry/documents/json_reader.hpp"

#include "ferry/core/value_builder.hpp"
#include "ferry/documents/detail/json_escape.hpp"
#include "ferry/documents/detail/json_number.hpp"
#include "ferry/documents/detail/json_scan.hpp"
#include "ferry/documents/detail/json_special.hpp"
#include "ferry/documents/json.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <tuple>
#include <utility>
#include <vector>

namespace ferry::json::detail {
namespace {

std::string_view without_mark(std::string_view text) noexcept
{
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

/// Makes values of what is walked over.
class building {
public:
    building(value_builder& build, const char* end, const read_settings& settings)
        : build_{build}, end_{end}, settings_{settings}
    {
    }

    std::size_t mark() const noexcept { return build_.mark(); }
    void null() { build_.null(); }
    void boolean(bool b) { build_.boolean(b); }
    void integer(std::int64_t n) { build_.integer(n); }
    void big_integer(std::string_view digits) { build_.big_integer(digits); }
    [[gnu::always_inline]] bool real(const scanned_number& n, const char* start)
    {
        if (settings_.decimals) return build_.decimal({start, n.end}), true;
        const double number = to_double(n, start);
        build_.real(number);
        return settings_.overflow || !std::isinf(number);
    }
    bool string(const char* start, const char* next)
    {
        // Most strings, and nearly all keys, end within the first block.
        if (static_cast<std::size_t>(end_ - start) >= scan::width) [[likely]] {
            const unsigned mask = scan::quote_or_escape(scan::load(start));
            if (mask != 0) {
                const std::size_t length = scan::first(mask);
                if (start[length] == '"' && length <= 14) {
                    build_.short_string(start, length);
                    return true;
                }
            }
        }
        char* const begin = build_.text_room(static_cast<std::size_t>(next - start));
        const char* const end = unescape_string(start, end_, begin, settings_.lone);
        if (end == nullptr) return false;
        build_.string_here(static_cast<std::size_t>(end - begin));
        return true;
    }
    void array(std::size_t mark) { build_.array(mark); }
    void object(std::size_t mark) { build_.object(mark, settings_.duplicates); }

private:
    value_builder& build_;
    const char* end_;
    const read_settings& settings_;
};

/// The containers around the present one, each a mark and whether it is an object.
class outer_containers {
public:
    void push(std::size_t mark, bool object)
    {
        if (size_ == capacity_) [[unlikely]]
            grow();
        first_[size_++] = mark << 1U | (object ? 1U : 0U);
    }
    std::pair<std::size_t, bool> pop() noexcept
    {
        const std::size_t packed = first_[--size_];
        return {packed >> 1U, (packed & 1U) != 0};
    }
    std::size_t size() const noexcept { return size_; }

private:
    static constexpr std::size_t inline_capacity = 64;

    void grow()
    {
        const bool first = more_.empty();
        more_.resize(capacity_ * 2);
        if (first) std::copy(inline_, inline_ + size_, more_.begin());
        first_ = more_.data();
        capacity_ = more_.size();
    }

    std::size_t inline_[inline_capacity];
    std::vector<std::size_t> more_;
    std::size_t* first_ = inline_;
    std::size_t capacity_ = inline_capacity;
    std::size_t size_ = 0;
};

/// The text and its tokens, without which no walk can be made.
struct walked_text {
    const char* text;
    const char* end;
    const std::uint32_t* last;
    const read_settings& settings;
};

[[gnu::always_inline]] inline bool walk_number(building& sink, const char* at,
                                               const walked_text& in)
{
    const scanned_number n = scan_number(at, in.end);
    if (n.end == at || !scan::ends_scalar(*n.end)) return false;
    if (!n.whole) return sink.real(n, at);
    if (n.is_small()) {
        sink.integer(n.small());
        return true;
    }
    sink.big_integer({at, n.end});
    return n.digit_count <= in.settings.max_digits;
}

/// A value that is no container.
[[gnu::always_inline]] inline bool walk_scalar(building& sink, const char* at,
                                               const std::uint32_t* token, const walked_text& in)
{
    const char c = *at;
    if (c == '"') return sink.string(at + 1, in.text + token[1]);
    if (c == '-' || is_digit(c)) return walk_number(sink, at, in);
    switch (c) {
        case 't': return sink.boolean(true), scan::is_word(at, in.end, "true");
        case 'f': return sink.boolean(false), scan::is_word(at, in.end, "false");
        case 'n': return sink.null(), scan::is_word(at, in.end, "null");
        default: return false;
    }
}

/// Walks over one value within `depth` containers, without recursion. \returns the token behind it,
/// or null if it is not as it should be.
const std::uint32_t* walk(building& sink, const std::uint32_t* token, const walked_text& in,
                          std::size_t depth)
{
    const auto at = [&](const std::uint32_t* t) { return in.text + *t; };
    const auto walk_name = [&] {
        const char* const name = at(token);
        if (*name != '"' || *at(token + 1) != ':') return false;
        token += 2;
        return sink.string(name + 1, at(token - 1));
    };
    if (*at(token) != '{' && *at(token) != '[') {
        return walk_scalar(sink, at(token), token, in) ? token + 1 : nullptr;
    }
    outer_containers outer;
    std::size_t mark = 0;
    bool object = false;
    bool inside = false;
    for (;;) {
        // A value.
        const char* const start = at(token);
        bool closing = false;
        if (*start == '{' || *start == '[') {
            if (depth + outer.size() + (inside ? 1 : 0) >= in.settings.max_depth) return nullptr;
            if (inside) outer.push(mark, object);
            mark = sink.mark();
            object = *start == '{';
            inside = true;
            ++token;
            closing = *at(token) == (object ? '}' : ']');
            if (!closing) {
                if (object && !walk_name()) return nullptr;
                continue;
            }
        } else {
            if (!walk_scalar(sink, start, token, in)) return nullptr;
            ++token;
        }
        // What follows it.
        for (;;) {
            if (!closing) {
                const char c = *at(token);
                if (c == ',') break;
                if (c != (object ? '}' : ']')) return nullptr;
            }
            closing = false;
            ++token;
            if (object) {
                sink.object(mark);
            } else {
                sink.array(mark);
            }
            if (outer.size() == 0) {
                return depth == 0 || token != in.last ? token : nullptr;
            }
            if (token == in.last) return nullptr;
            std::tie(mark, object) = outer.pop();
        }
        ++token;
        if (object && !walk_name()) return nullptr;
    }
}

}  // namespace

read_settings::read_settings(const parse_options& options) noexcept
    : max_depth{options.max_depth_},
      max_digits{options.max_digits_},
      max_string_bytes{options.max_string_bytes_},
      duplicates{options.duplicates_},
      lone{options.surrogates_},
      decimals{options.decimals_},
      overflow{options.overflow_},
      careful{special_options::are_set(options) || duplicates == duplicate_keys::error ||
              duplicates == duplicate_keys::all}
{
}

reader::reader(std::string_view whole, const read_settings& settings)
    : text_{without_mark(whole).data()},
      end_{whole.data() + whole.size()},
      index_{{text_, end_}},
      settings_{settings}
{
    token_ = index_.first();
    last_ = index_.last();
    if (token_ == nullptr) return;
    const char opening = peek();
    const char closing = text_[last_[-1]];
    // So whatever is no closing bracket has a token behind it.
    ready_ = (opening == '{' && closing == '}') || (opening == '[' && closing == ']');
}

bool reader::read_null() noexcept
{
    return scan::is_word(text_ + *token_++, end_, "null");
}

bool reader::read(bool& into) noexcept
{
    const char* const at = text_ + *token_++;
    into = *at == 't';
    return into ? scan::is_word(at, end_, "true") : scan::is_word(at, end_, "false");
}

bool reader::read(std::int64_t& into) noexcept
{
    const char* const at = text_ + *token_++;
    const scanned_number n = scan_integer(at, end_);
    into = n.small();
    return n.end != at && n.is_small() && scan::ends_scalar(*n.end);
}

bool reader::read(double& into) noexcept
{
    const char* const at = text_ + *token_++;
    const scanned_number n = scan_number(at, end_);
    if (n.end == at || !scan::ends_scalar(*n.end)) return false;
    if (n.whole) {
        // Of integers there is no negative zero.
        into = static_cast<double>(n.small());
        return n.is_small();
    }
    into = to_double(n, at);
    return !std::isinf(into);
}

bool reader::has_escape(std::string_view raw) const noexcept
{
    if (raw.size() < scan::width && static_cast<std::size_t>(end_ - raw.data()) >= scan::width)
        [[likely]] {
        const unsigned mask = scan::escape(scan::load(raw.data()));
        return (mask & ((1U << raw.size()) - 1U)) != 0;
    }
    const char* const last = raw.data() + raw.size();
    return find_backslash(raw.data(), last) != last;
}

bool reader::unescape(std::string_view raw, std::string_view& into)
{
    scratch_.resize(raw.size() + scan::width);
    const char* const written = unescape_string(raw.data(), end_, scratch_.data(), settings_.lone);
    if (written == nullptr) return false;
    into = {scratch_.data(), written};
    return true;
}

bool reader::read(std::string& into)
{
    std::string_view text;
    if (!read_text(text)) return false;
    into.assign(text);
    return true;
}

bool reader::read(value& into, std::size_t depth)
{
    value_builder build;
    building sink{build, end_, settings_};
    token_ = walk(sink, token_, {text_, end_, last_, settings_}, depth);
    if (token_ == nullptr) return false;
    into = build.finish();
    return true;
}

bool reader::read_all(value& into)
{
    const auto size = static_cast<std::size_t>(end_ - text_);
    value_builder build{size, std::clamp<std::size_t>(size, 512, 65536)};
    building sink{build, end_, settings_};
    token_ = walk(sink, token_, {text_, end_, last_, settings_}, 0);
    if (token_ != last_) return false;
    into = build.finish();
    return true;
}

bool read_document(std::string_view text, const parse_options& options, value& into)
{
    const read_settings settings{options};
    if (settings.careful || text.size() > settings.max_string_bytes) return false;
    reader in{text, settings};
    return in.ready() && in.read_all(into);
}

}  // namespace ferry::json::detail
