#include "ferry/core/bytes.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/tasks/detail/python_text.hpp"
#include "ferry/tasks/message.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>

namespace ferry::tasks {
namespace {

constexpr std::size_t most_levels = 3;

/// So many bytes at the beginning of the text are `count` characters; all, if there are fewer.
std::size_t bytes_of(std::string_view text, std::size_t count)
{
    if (text.size() <= count) return text.size();
    std::size_t at = 0;
    for (; at < text.size() && count > 0; --count) {
        do ++at;
        while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U);
    }
    return at;
}

std::size_t characters_in(std::string_view text)
{
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// As `celery.utils.text.truncate`: whole words, if it is longer than that or as long.
std::string truncated(std::string_view text, std::size_t most)
{
    const std::size_t end = bytes_of(text, most);
    if (end == text.size() && characters_in(text) < most) return std::string{text};
    std::string_view kept = text.substr(0, end);
    kept = kept.substr(0, kept.rfind(' '));
    return std::string{kept} + "...";
}

struct list {
    const value* next = nullptr;
    const value* end = nullptr;
    std::string_view closing = {};
};
struct map {
    using iterator = decltype(std::declval<const value&>().items().begin());
    iterator next;
    iterator end;
};
struct container {
    std::variant<list, map> what;
    bool first = true;
};

/// Brings out one token of Celery's `reprstream` after the other, until they are as long as it may
/// be; then only the brackets that are still to be closed.
class stream {
public:
    explicit stream(std::size_t most) : left_{static_cast<std::ptrdiff_t>(most)} {}

    std::string write(const value& top, bool as_tuple)
    {
        begin(top, as_tuple);
        while (depth_ > 0) advance();
        return std::move(out_);
    }

private:
    container& innermost() noexcept { return open_[depth_ - 1]; }
    void push(container c) noexcept { open_[depth_++] = std::move(c); }

    static std::string_view closing_of(const container& c)
    {
        const auto* const l = std::get_if<list>(&c.what);
        return l == nullptr ? "}" : l->closing;
    }

    /// Whether there is room for a further token; the first for which there is none ends it all.
    bool room()
    {
        if (left_ > 0) return true;
        out_ += ", ...";
        for (; depth_ > 0; --depth_) out_ += closing_of(innermost());
        return false;
    }
    void put(std::string_view token)
    {
        out_ += token;
        left_ -= static_cast<std::ptrdiff_t>(characters_in(token));
    }
    std::size_t most() const noexcept { return static_cast<std::size_t>(left_); }

    void literal(std::string_view token)
    {
        if (room()) put(token);
    }
    void plain(std::string_view token)
    {
        if (!room()) return;
        if (token.size() < most()) return put(token);
        put(truncated(token, most()));
    }

    void number(std::int64_t n)
    {
        std::array<char, 20> digits;
        const char* const end = std::to_chars(digits.begin(), digits.end(), n).ptr;
        plain({digits.data(), end});
    }

    void text(std::string_view s)
    {
        if (!room()) return;
        std::string shown = "'";
        const auto add = [&shown](std::string_view all) {
            for (const char c : all) {
                if (c == '\'') shown += '\\';
                shown += c;
            }
        };
        s.size() < most() ? add(s) : add(truncated(s, most()));
        put(shown += '\'');
    }

    void bytes(const value& v)
    {
        if (!room()) return;
        const auto all = v.as<std::span<const std::byte>>();
        const auto shown = all.first(std::min(all.size(), most()));
        std::string token = "b'";
        if (const std::string_view read = as_text(shown); utf8::valid(read)) {
            token += read;
        } else {
            detail::append_hex(token, shown);
        }
        if (shown.size() < all.size()) token += "...";
        put(token += '\'');
    }

    void begin(const value& v, bool as_tuple = false)
    {
        switch (v.kind()) {
            case value_kind::string: return text(v.as<std::string_view>());
            case value_kind::binary: return bytes(v);
            case value_kind::array:
                if (!as_tuple) return open(v, "[", "]");
                [[fallthrough]];
            case value_kind::tuple: return open(v, "(", v.size() == 1 ? ",)" : ")");
            case value_kind::set:
                if (v.empty()) return plain("set()");
                return open(v, "{", "}");
            case value_kind::object: {
                if (too_deep("{", "}")) return;
                const auto range = v.items();
                push({map{range.begin(), range.end()}});
                return literal("{");
            }
            case value_kind::integer:
                if (!v.is_big()) return number(v.as<std::int64_t>());
                [[fallthrough]];
            default: return plain(python_repr(v));
        }
    }

    bool too_deep(std::string_view opening, std::string_view closing)
    {
        if (depth_ < most_levels) return false;
        std::string token{opening};
        plain(token.append("...").append(closing));
        return true;
    }

    void open(const value& v, std::string_view opening, std::string_view closing)
    {
        if (too_deep(opening, closing)) return;
        push({list{v.begin(), v.end(), closing}});
        literal(opening);
    }

    void advance()
    {
        container& c = innermost();
        auto* const l = std::get_if<list>(&c.what);
        auto* const m = std::get_if<map>(&c.what);
        if (l != nullptr ? l->next == l->end : m->next == m->end) {
            const std::string_view closing = closing_of(c);
            --depth_;
            return literal(closing);
        }
        if (!std::exchange(c.first, false)) literal(", ");
        if (depth_ == 0) return;
        if (l != nullptr) return begin(*l->next++);
        const auto [key, item] = *m->next;
        ++m->next;
        text(key);
        if (depth_ > 0) literal(": ");
        if (depth_ > 0) begin(item);
    }

    std::ptrdiff_t left_;  ///< characters
    std::string out_;
    std::array<container, most_levels> open_;
    std::size_t depth_ = 0;  ///< of those
};

}  // namespace

std::string saferepr(const value& v, std::size_t max_characters)
{
    return stream{max_characters}.write(v, false);
}

std::string args_saferepr(const value& args, std::size_t max_characters)
{
    return stream{max_characters}.write(args, true);
}

}  // namespace ferry::tasks
