#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/json_digits.hpp"
#include "ferry/documents/detail/json_number.hpp"
#include "ferry/documents/detail/json_scan.hpp"
#include "ferry/documents/json.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <list>
#include <memory>
#include <utility>
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

using ferry::detail::cell;

constexpr char hex_digits[] = "0123456789abcdef";

}  // namespace

class dumper {
public:
    /// \param depth  how deep in a document the value will stand, for its indentation.
    explicit dumper(const dump_options& options, std::size_t depth = 0)
        : options_{options},
          plain_{!options.html_safe_},
          depth_{depth},
          out_{std::move(kept_buffer())}
    {
        to_ = out_.data();
        end_ = to_ + out_.size();
    }
    dumper(const dumper&) = delete;
    dumper& operator=(const dumper&) = delete;
    ~dumper()
    {
        if (out_.size() <= max_kept_buffer) kept_buffer() = std::move(out_);
    }

    std::string write(const value& root)
    {
        put_all(root);
        return text();
    }
    std::string text() const { return {out_.data(), used()}; }

    /// What follows is for those who bring the values one by one.
    void open(char bracket)
    {
        put(bracket);
        frames_.push_back({nullptr, 0, bracket == '{', sorted_.size()});
    }
    void close(char bracket, bool empty)
    {
        frames_.pop_back();
        if (options_.indent_ && !empty) put_line();
        put(bracket);
    }
    void put_separator(bool first)
    {
        to_ = with_room(to_);
        if (!first) put_comma();
        if (options_.indent_) put_line();
    }
    void put_name(std::string_view name)
    {
        put_string(name);
        put_colon();
    }
    void put_boolean(bool b) { put(b ? std::string_view{"true"} : std::string_view{"false"}); }
    void put_null() { put(std::string_view{"null"}); }
    void put_integer(std::int64_t n) { to_ = json::put_integer(with_room(to_), n); }
    void put_real(double n)
    {
        if (std::isfinite(n)) {
            to_ = json::put_real(with_room(to_), n);
        } else {
            put_number(value{n}, n);
        }
    }

    /// A value with all it holds.
    void put_all(const value& root)
    {
        const bool simple = plain_ && !options_.indent_ && !detail::needs_value(options_);
        if (simple) return put_in_one_line(root);
        const std::size_t outer = frames_.size();
        put_value(root);
        while (frames_.size() != outer) put_next();
    }

    void put_string(std::string_view text)
    {
        const char* from = text.data();
        const char* const end = from + text.size();
        reserve(text.size() + 2 * scan::width);
        *to_++ = '"';
        if (plain_ && text.size() < scan::width) {
            char whole[scan::width] = {};
            std::memcpy(whole, from, text.size());
            const scan::block block = scan::load(whole);
            if ((escaped(block) & ((1U << text.size()) - 1U)) == 0) {
                scan::store(to_, block);
                to_ += text.size();
                *to_++ = '"';
                return;
            }
        }
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
    /// Moves what is written if there is not room for a separator, a short text and a number.
    char* with_room(char* to)
    {
        constexpr std::ptrdiff_t room = 128;
        if (end_ - to < room) [[unlikely]] {
            to_ = to;
            grow(room);
            to = to_;
        }
        return to;
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
        for (std::size_t i = 0; i < depth_ + frames_.size(); ++i) put(*options_.indent_);
    }

    void put_comma()
    {
        if (options_.separators_) return put(options_.separators_->first);
        put(',');
        if (options_.spaces_ && !options_.indent_) put(' ');
    }
    void put_colon()
    {
        if (options_.separators_) return put(options_.separators_->second);
        put(':');
        if (options_.spaces_ || options_.indent_) put(' ');
    }

    /// The same for the styles that need no more than separators. The place to write to is a local
    /// variable, which no character written can be thought to change.
    void put_in_one_line(const value& root)
    {
        const std::size_t outer = frames_.size();
        const std::size_t separator = options_.spaces_ ? 2 : 1;
        frame at{nullptr, 0, false, 0};
        const value* item = &root;
        char* to = with_room(to_);
        for (;;) {
            const cell& c = ferry::detail::value_access::get(*item);
            if (c.is_container() && c.size != 0) {
                frames_.push_back(at);
                at = {reinterpret_cast<const value*>(c.elements()), c.size, item->is_object(), 0};
                *to++ = at.object ? '{' : '[';
            } else {
                to = put_leaf(to, *item, c);
                while (at.left == 0) {
                    to = with_room(to);
                    if (frames_.size() == outer) {
                        to_ = to;
                        return;
                    }
                    *to++ = at.object ? '}' : ']';
                    at = frames_.back();
                    frames_.pop_back();
                }
                std::memcpy(to, ", ", 2);
                to += separator;
            }
            to = with_room(to);
            item = at.next++;
            --at.left;
            if (at.object) {
                to = put_text(to, ferry::detail::value_access::get(*item));
                std::memcpy(to, ": ", 2);
                to += separator;
                item = at.next++;
            }
        }
    }

    /// Anything but a container with elements. There is room for a number, also afterwards.
    char* put_leaf(char* to, const value& v, const cell& c)
    {
        switch (c.kind) {
            case value_kind::null: std::memcpy(to, "null", 4); return to + 4;
            case value_kind::boolean:
                std::memcpy(to, c.integer != 0 ? "true " : "false", 5);
                return to + (c.integer != 0 ? 4 : 5);
            case value_kind::integer:
                if (!c.is_indirect()) return json::put_integer(to, c.integer);
                break;
            case value_kind::real:
                if (std::isfinite(c.real)) return json::put_real(to, c.real);
                break;
            case value_kind::string: return put_text(to, c);
            case value_kind::array:
            case value_kind::object:
                std::memcpy(to, c.kind == value_kind::array ? "[]" : "{}", 2);
                return to + 2;
            default: break;
        }
        to_ = to;
        const std::size_t outer = frames_.size();
        put_value(v);
        // What a fallback made may have elements.
        while (frames_.size() != outer) put_next();
        return with_room(to_);
    }

    char* put_text(char* to, const cell& c)
    {
        // A short text lies within one block, the cell itself, two bytes behind its start.
        if (!c.is_indirect()) [[likely]] {
            const scan::block block = scan::load(reinterpret_cast<const char*>(&c));
            const unsigned mask = escaped(block) >> 2U & ((1U << c.form) - 1U);
            if (mask == 0) {
                *to = '"';
                std::memcpy(to + 1, c.inline_text(), cell::inline_capacity);
                to[c.form + 1] = '"';
                return to + c.form + 2;
            }
        }
        to_ = to;
        put_string(c.view());
        return with_room(to_);
    }

    void put_next()
    {
        frame& top = frames_.back();
        if (top.left == 0) {
            if (top.object && options_.sort_keys_) sorted_.resize(top.sorted_from);
            return close(top.object ? '}' : ']', false);
        }
        put_separator(std::exchange(first_, false));
        const value* item = top.next;
        if (top.object) {
            if (options_.sort_keys_) item = sorted_[sorted_.size() - top.left];
            put_text(ferry::detail::value_access::get(*item));
            put_colon();
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
        if (depth_ + frames_.size() >= options_.max_depth_) {
            throw limit_error{"max_depth", options_.max_depth_};
        }
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
        const cell& c = ferry::detail::value_access::get(v);
        switch (c.kind) {
            case value_kind::null: put_null(); break;
            case value_kind::boolean: put_boolean(c.integer != 0); break;
            case value_kind::integer: put_integer(v, c); break;
            case value_kind::real: put_number(v, c.real); break;
            case value_kind::decimal: put_decimal(c.view()); break;
            case value_kind::string: put_text(c); break;
            case value_kind::datetime: put_string(v.to<std::string>()); break;
            case value_kind::binary: put_fallback(v); break;
            default: open(v); break;
        }
    }

    void put_integer(const value& v, const cell& c)
    {
        if (v.is_big()) return put(c.view());
        reserve(max_integer);
        to_ = json::put_integer(to_, c.integer);
    }

    void put_number(const value& v, double n)
    {
        if (std::isfinite(n)) {
            reserve(max_real);
            to_ = json::put_real(to_, n);
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

    void put_text(const cell& c)
    {
        if (plain_) {
            to_ = put_text(with_room(to_), c);
        } else {
            put_string(c.view());
        }
    }

    unsigned escaped(const scan::block& block) const noexcept
    {
        return options_.ascii_ ? scan::special(block) | scan::above_tilde(block)
                               : scan::special_or_surrogate(block);
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
        if (const auto half = utf8::surrogate_at(rest, 0)) {
            put_unit(*half);
            from += 3;
            return;
        }
        const auto [code_point, size, valid] = utf8::decode(rest);
        const bool line_end = code_point == 0x2028 || code_point == 0x2029;
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
    std::size_t depth_;
    bool first_ = true;
    std::list<value> kept_;  // what the fallback made
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

namespace detail {

text_encoder::text_encoder(const dump_options& options) : out_{std::make_unique<dumper>(options)} {}

text_encoder::~text_encoder() = default;

std::string text_encoder::finish()
{
    return out_->text();
}

void text_encoder::open(char bracket)
{
    out_->open(bracket);
    first_ = true;
}

void text_encoder::close(char bracket)
{
    // Only an opening bracket sets it.
    out_->close(bracket, std::exchange(first_, false));
}

void text_encoder::separate()
{
    out_->put_separator(std::exchange(first_, false));
}

void text_encoder::write_name(std::string_view name)
{
    separate();
    out_->put_name(name);
}

void text_encoder::write_null()
{
    out_->put_null();
}

void text_encoder::write_boolean(bool b)
{
    out_->put_boolean(b);
}

void text_encoder::write_integer(std::int64_t n)
{
    out_->put_integer(n);
}

void text_encoder::write_real(double n)
{
    out_->put_real(n);
}

void text_encoder::write_text(std::string_view text)
{
    out_->put_string(text);
}

void text_encoder::write_value(const value& v)
{
    out_->put_all(v);
}

bool needs_value(const dump_options& options) noexcept
{
    return options.sort_keys_ || options.separators_ ||
           options.max_depth_ != std::numeric_limits<std::size_t>::max();
}

}  // namespace detail

std::string detail::dump_at(const value& v, const dump_options& options, std::size_t depth)
{
    return dumper{options, depth}.write(v);
}

}  // namespace ferry::json
