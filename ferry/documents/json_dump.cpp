#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/json_number.hpp"
#include "ferry/documents/detail/json_scan.hpp"
#include "ferry/documents/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <deque>
#include <vector>

namespace ferry::json {
namespace {

using buffer = std::vector<char, ferry::detail::uninitialised_allocator<char>>;

constexpr std::size_t max_kept_buffer = std::size_t{1} << 22U;

/// Each thread keeps one buffer, so that writing allocates only the result.
buffer& kept_buffer() noexcept
{
    thread_local buffer kept;
    return kept;
}

constexpr char hex_digits[] = "0123456789abcdef";

/// Longest text of a double: `-2.2250738585072014e-308`.
constexpr std::size_t max_real = 32;

/// As Python's repr: the shortest digits that read back the same, plain from 1e-4 up to 1e16.
char* put_real(char* to, double n) noexcept
{
    const double magnitude = std::fabs(n);
    const bool plain = magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e16);
    const auto [end, problem] = std::to_chars(
        to, to + max_real, n, plain ? std::chars_format::fixed : std::chars_format::scientific);
    if (plain && std::find(to, end, '.') == end) {
        end[0] = '.';
        end[1] = '0';
        return end + 2;
    }
    return end;
}

}  // namespace

class dumper {
public:
    explicit dumper(const dump_options& options)
        : options_{options}, plain_{!options.html_safe_}, out_{std::move(kept_buffer())}
    {
    }
    dumper(const dumper&) = delete;
    dumper& operator=(const dumper&) = delete;
    ~dumper()
    {
        if (out_.size() <= max_kept_buffer) kept_buffer() = std::move(out_);
    }

    std::string write(const value& root)
    {
        to_ = out_.data();
        end_ = to_ + out_.size();
        put_value(root);
        while (!frames_.empty()) put_next();
        return {out_.data(), used()};
    }

private:
    /// An open container.
    struct frame {
        const value* next;  ///< the next element, or key and then value
        std::size_t left;   ///< elements or members
        bool object;
        std::size_t sorted_from;  ///< with sort_keys: its members are sorted_ from here on
    };

    std::size_t used() const noexcept { return static_cast<std::size_t>(to_ - out_.data()); }
    void reserve(std::size_t size)
    {
        if (static_cast<std::size_t>(end_ - to_) < size) grow(size);
    }
    void grow(std::size_t size)
    {
        const std::size_t before = used();
        constexpr std::size_t least = 256;
        out_.resize(std::max({least, out_.size() * 2, before + size}));
        to_ = out_.data() + before;
        end_ = out_.data() + out_.size();
    }
    void put(char c)
    {
        reserve(1);
        *to_++ = c;
    }
    void put(std::string_view text)
    {
        reserve(text.size());
        std::memcpy(to_, text.data(), text.size());
        to_ += text.size();
    }
    void put_line()
    {
        put('\n');
        for (std::size_t i = 0; i < frames_.size(); ++i) put(*options_.indent_);
    }

    void put_next()
    {
        frame& top = frames_.back();
        if (top.left == 0) {
            const char last = top.object ? '}' : ']';
            if (top.object && options_.sort_keys_) sorted_.resize(top.sorted_from);
            frames_.pop_back();
            if (options_.indent_) put_line();
            put(last);
            return;
        }
        if (!first_) {
            put(',');
            if (options_.spaces_ && !options_.indent_) put(' ');
        }
        first_ = false;
        if (options_.indent_) put_line();
        const value* item = top.next;
        if (top.object) {
            if (options_.sort_keys_) item = sorted_[sorted_.size() - top.left];
            put_text(ferry::detail::value_access::get(*item));
            put(':');
            if (options_.spaces_ || options_.indent_) put(' ');
            ++item;
            top.next += 2;
        } else {
            ++top.next;
        }
        --top.left;
        put_value(*item);
    }

    void open(const value& v)
    {
        const bool object = v.is_object();
        if (v.empty()) return put(object ? std::string_view{"{}"} : std::string_view{"[]"});
        put(object ? '{' : '[');
        const auto* const first =
            reinterpret_cast<const value*>(ferry::detail::value_access::get(v).elements());
        frames_.push_back({first, v.size(), object, sorted_.size()});
        first_ = true;
        if (object && options_.sort_keys_) {
            for (std::size_t i = 0; i < v.size(); ++i) sorted_.push_back(first + 2 * i);
            std::sort(sorted_.begin() + static_cast<std::ptrdiff_t>(frames_.back().sorted_from),
                      sorted_.end(), [](const value* a, const value* b) {
                          return a->as<std::string_view>() < b->as<std::string_view>();
                      });
        }
    }

    void put_value(const value& v)
    {
        const ferry::detail::cell& c = ferry::detail::value_access::get(v);
        switch (c.kind) {
            case value_kind::null: put(std::string_view{"null"}); break;
            case value_kind::boolean:
                put(c.integer != 0 ? std::string_view{"true"} : std::string_view{"false"});
                break;
            case value_kind::integer: put_integer(v, c); break;
            case value_kind::real: put_number(v, c.real); break;
            case value_kind::decimal: put_decimal(c.view()); break;
            case value_kind::string: put_text(c); break;
            case value_kind::datetime: put_string(v.to<std::string>()); break;
            case value_kind::binary: put_fallback(v); break;
            default: open(v); break;
        }
    }

    void put_integer(const value& v, const ferry::detail::cell& c)
    {
        if (v.is_big()) return put(c.view());
        constexpr std::size_t longest = 20;
        reserve(longest);
        to_ = std::to_chars(to_, end_, c.integer).ptr;
    }

    void put_number(const value& v, double n)
    {
        if (std::isfinite(n)) {
            reserve(max_real);
            to_ = put_real(to_, n);
        } else if (options_.nan_ == nan_policy::error) {
            ferry::detail::throw_type_error(v, "finite number", nullptr);
        } else if (options_.nan_ == nan_policy::null) {
            put(std::string_view{"null"});
        } else {
            put(std::isnan(n) ? std::string_view{"NaN"}
                : n < 0       ? std::string_view{"-Infinity"}
                              : std::string_view{"Infinity"});
        }
    }

    /// Its text was never checked: what is no JSON number is written as a string.
    void put_decimal(std::string_view text)
    {
        const char* const end = text.data() + text.size();
        if (!text.empty() && scan_number(text.data(), end).end == end) {
            put(text);
        } else {
            put_string(text);
        }
    }

    void put_fallback(const value& v)
    {
        if (!options_.fallback_) ferry::detail::throw_type_error(v, "JSON value", nullptr);
        kept_.push_back(options_.fallback_(v));
        const value& other = kept_.back();
        if (other.is_bytes()) ferry::detail::throw_type_error(other, "JSON value", nullptr);
        put_value(other);
    }

    void put_text(const ferry::detail::cell& c)
    {
        // A short text lies within one block, the cell itself, two bytes behind its start.
        if (plain_ && !c.is_indirect()) {
            const scan::block block = scan::load(reinterpret_cast<const char*>(&c));
            const unsigned mask = escaped(block) >> 2U & ((1U << c.form) - 1U);
            if (mask == 0) {
                reserve(scan::width + 2);
                *to_ = '"';
                std::memcpy(to_ + 1, c.inline_text(), ferry::detail::cell::inline_capacity);
                to_ += c.form + 1;
                *to_++ = '"';
                return;
            }
        }
        put_string(c.view());
    }

    void put_string(std::string_view text)
    {
        const char* from = text.data();
        const char* const end = from + text.size();
        put('"');
        while (from != end) {
            if (plain_) {
                while (static_cast<std::size_t>(end - from) >= scan::width) {
                    reserve(scan::width);
                    const scan::block block = scan::load(from);
                    scan::store(to_, block);
                    const unsigned mask = escaped(block);
                    const std::size_t same = mask == 0 ? scan::width : scan::first(mask);
                    from += same;
                    to_ += same;
                    if (mask != 0) break;
                }
                if (from == end) break;
                if (text.size() >= scan::width) {
                    // The rest is the end of a block that begins before it.
                    const auto rest = static_cast<std::size_t>(end - from);
                    const scan::block block = scan::load(end - scan::width);
                    if (rest < scan::width && escaped(block) >> (scan::width - rest) == 0) {
                        put(std::string_view{from, rest});
                        break;
                    }
                }
            }
            constexpr std::size_t longest = 12;  // two units, \uXXXX\uXXXX
            reserve(longest);
            put_character(from, end);
        }
        put('"');
    }

    unsigned escaped(const scan::block& block) const noexcept
    {
        return options_.ascii_ ? scan::special(block) | scan::above_tilde(block)
                               : scan::special(block);
    }

    void put_character(const char*& from, const char* end)
    {
        const char c = *from;
        if (c == '"' || c == '\\') {
            *to_++ = '\\';
            *to_++ = c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            put_control(c);
        } else if (static_cast<unsigned char>(c) >= 0x80) {
            return put_multibyte(from, end);
        } else if ((options_.ascii_ && c == 0x7F) ||
                   (!plain_ && (c == '<' || c == '>' || c == '&'))) {
            put_unit(static_cast<unsigned char>(c));
        } else {
            *to_++ = c;
        }
        ++from;
    }

    void put_control(char c)
    {
        constexpr std::string_view named = "\b\t\n\f\r";
        constexpr std::string_view letters = "btnfr";
        const std::size_t at = named.find(c);
        if (at == std::string_view::npos) return put_unit(static_cast<unsigned char>(c));
        *to_++ = '\\';
        *to_++ = letters[at];
    }

    void put_multibyte(const char*& from, const char* end)
    {
        const std::string_view rest{from, end};
        // A surrogate half may have been kept as WTF-8.
        const bool half =
            rest.size() >= 3 && rest[0] == '\xED' && static_cast<unsigned char>(rest[1]) >= 0xA0;
        const auto [code_point, size, valid] = utf8::decode(rest);
        const bool line_end = code_point == 0x2028 || code_point == 0x2029;
        if (half && options_.ascii_) {
            put_unit(0xD000U | (static_cast<unsigned char>(rest[1]) & 0x3FU) << 6U |
                     (static_cast<unsigned char>(rest[2]) & 0x3FU));
            from += 3;
            return;
        }
        if (options_.ascii_ || (!plain_ && line_end)) {
            if (code_point >= 0x10000) {
                put_unit(0xD800U + (static_cast<unsigned>(code_point - 0x10000) >> 10U));
                put_unit(0xDC00U + (static_cast<unsigned>(code_point - 0x10000) & 0x3FFU));
            } else {
                put_unit(static_cast<unsigned>(code_point));
            }
        } else {
            to_ = std::copy(from, from + size, to_);
        }
        from += size;
    }

    void put_unit(unsigned unit) noexcept
    {
        *to_++ = '\\';
        *to_++ = 'u';
        for (int shift = 12; shift >= 0; shift -= 4) {
            *to_++ = hex_digits[unit >> static_cast<unsigned>(shift) & 15U];
        }
    }

    const dump_options& options_;
    bool plain_;
    bool first_ = true;
    std::deque<value> kept_;  // what the fallback made
    buffer out_;
    char* to_ = nullptr;
    char* end_ = nullptr;
    std::vector<frame> frames_;
    std::vector<const value*> sorted_;
};

std::string dump(const value& v, const dump_options& options)
{
    return dumper{options}.write(v);
}

}  // namespace ferry::json
