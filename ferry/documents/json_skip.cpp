#include "ferry/documents/detail/json_escape.hpp"
#include "ferry/documents/detail/json_number.hpp"
#include "ferry/documents/detail/json_scan.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/documents/json_reader.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ferry::json::detail {
namespace {

/// Whether each of the containers around the present one is an object: a bit each, the innermost
/// the lowest.
class outer_kinds {
public:
    void push(bool object)
    {
        if (++size_ % word == 0) more_.push_back(bits_);
        bits_ = bits_ << 1U | (object ? 1U : 0U);
    }
    bool pop() noexcept
    {
        const bool object = (bits_ & 1U) != 0;
        bits_ >>= 1U;
        if (size_-- % word == 0) {
            bits_ = more_.back();
            more_.pop_back();
        }
        return object;
    }

private:
    static constexpr std::size_t word = 64;

    std::uint64_t bits_ = 0;
    std::size_t size_ = 0;
    std::vector<std::uint64_t> more_;  // what was in bits_ before each full word
};

/// Steps from token to token over whole values. They are checked, but for the escapes in strings,
/// which come afterwards, all at once.
class stepper {
public:
    stepper(const char* text, const char* end, const std::uint32_t* last,
            const read_settings& settings)
        : text_{text}, end_{end}, last_{last}, settings_{settings}
    {
    }

    /// \param depth  the containers around the value.
    /// \returns the token behind it, or null if it is not as it should be.
    [[gnu::always_inline]] const std::uint32_t* over_value(const std::uint32_t* token,
                                                           std::size_t depth) const
    {
        const char c = at(token);
        if (c != '{' && c != '[') return is_scalar(text_ + *token) ? token + 1 : nullptr;
        const bool empty = at(token + 1) == closing(c);
        if (!empty || depth >= settings_.max_depth) return over_container(token, depth);
        token += 2;
        return depth == 0 || token != last_ ? token : nullptr;
    }

private:
    char at(const std::uint32_t* token) const noexcept { return text_[*token]; }
    static char closing(char opening) noexcept { return opening == '{' ? '}' : ']'; }
    bool is_name(const std::uint32_t* token) const noexcept
    {
        return at(token) == '"' && at(token + 1) == ':';
    }

    [[gnu::always_inline]] bool is_scalar(const char* from) const noexcept
    {
        switch (*from) {
            case '"': return true;
            case 't': return scan::is_word(from, end_, "true");
            case 'f': return scan::is_word(from, end_, "false");
            case 'n': return scan::is_word(from, end_, "null");
            default: return is_number(from);
        }
    }
    [[gnu::always_inline]] bool is_number(const char* from) const noexcept
    {
        const char* const first = *from == '-' ? from + 1 : from;
        const char* const behind = behind_digits(first, end_);
        constexpr std::ptrdiff_t surely_small = 18;
        const bool usual = behind != first && behind - first <= surely_small &&
                           (*first != '0' || behind - first == 1) && scan::ends_scalar(*behind);
        return usual || is_unusual_number(from);
    }
    [[gnu::noinline]] bool is_unusual_number(const char* from) const noexcept
    {
        const scanned_number n = scan_number(from, end_);
        if (n.end == from || !scan::ends_scalar(*n.end)) return false;
        if (n.whole) return n.is_small() || n.digit_count <= settings_.max_digits;
        constexpr std::int64_t surely_finite = 300;
        return settings_.overflow || settings_.decimals ||
               n.exponent + static_cast<std::int64_t>(n.digit_count) < surely_finite ||
               !std::isinf(to_double(n, from));
    }

    /// Without recursion.
    const std::uint32_t* over_container(const std::uint32_t* token, std::size_t depth) const
    {
        outer_kinds outer;
        std::size_t open = 0;
        bool object = false;
        for (;;) {
            const char c = at(token);
            if (c == '{' || c == '[') {
                if (depth + open >= settings_.max_depth) return nullptr;
                ++token;
                outer.push(object);
                ++open;
                object = c == '{';
                if (at(token) != closing(c)) {
                    if (!object) continue;
                    if (!is_name(token)) return nullptr;
                    token += 2;
                    continue;
                }
            } else {
                if (!is_scalar(text_ + *token)) return nullptr;
                ++token;
            }
            while (at(token) != ',') {
                if (at(token) != (object ? '}' : ']')) return nullptr;
                ++token;
                if (--open == 0) return depth == 0 || token != last_ ? token : nullptr;
                if (token == last_) return nullptr;
                object = outer.pop();
            }
            ++token;
            if (!object) continue;
            if (!is_name(token)) return nullptr;
            token += 2;
        }
    }

    const char* text_;
    const char* end_;
    const std::uint32_t* last_;
    const read_settings& settings_;
};

}  // namespace

bool reader::skip(std::size_t depth)
{
    const char* const start = text_ + *token_;
    token_ = stepper{text_, end_, last_, settings_}.over_value(token_, depth);
    return token_ != nullptr &&
           check_escapes(start, text_ + *token_, settings_.lone) != escapes::wrong;
}

template <bool StopAtEscapes>
[[gnu::always_inline]] inline bool reader::skip_to_member(std::uint64_t lengths, std::size_t depth)
{
    const stepper step{text_, end_, last_, settings_};
    const std::uint32_t* token = token_;
    for (;;) {
        std::string_view name;
        if (!raw_string(token, name) || text_[token[1]] != ':') return false;
        constexpr std::size_t longest = 63;
        if ((lengths >> std::min(name.size(), longest) & 1U) != 0 ||
            (StopAtEscapes && has_escape(name))) {
            break;
        }
        token = step.over_value(token + 2, depth);
        if (token == nullptr) return false;
        if (text_[*token] == '}') break;
        if (text_[*token] != ',') return false;
        ++token;
    }
    token_ = token;
    return true;
}

bool reader::skip_members(std::uint64_t lengths, std::size_t depth)
{
    const std::uint32_t* const first = token_;
    if (!skip_to_member<false>(lengths, depth)) return false;
    // All at once, since most text has none.
    const char* const from = text_ + *first;
    const char* const to = text_ + *token_;
    constexpr std::ptrdiff_t few = 4 * scan::width;
    if (to - from <= few && end_ - from >= few && !scan::has_escape_in_four(from)) return true;
    switch (check_escapes(from, to, settings_.lone)) {
        case escapes::wrong: return false;
        case escapes::simple: return true;
        case escapes::unicode: break;
    }
    // A letter may have been written as `\u0061`.
    token_ = first;
    return skip_to_member<true>(lengths, depth);
}

}  // namespace ferry::json::detail
