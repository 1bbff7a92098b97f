#include "ferry/core/detail/decimal.hpp"
#include "ferry/core/detail/key_index.hpp"
#include "ferry/core/value.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <vector>

namespace ferry {
namespace detail {

std::optional<decimal_number> decimal_number::try_parse(std::string_view text)
{
    decimal_number made;
    if (text.starts_with('-') || text.starts_with('+')) {
        made.negative = text[0] == '-';
        text.remove_prefix(1);
    }
    bool point = false;
    bool any = false;
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '.' && !point) {
            point = true;
        } else if (c >= '0' && c <= '9') {
            any = true;
            if (c == '0' && made.digits.empty()) {
                if (point) --made.exponent;
                continue;
            }
            made.digits += c;
            if (!point) ++made.exponent;
        } else {
            break;
        }
    }
    if (!any) return std::nullopt;
    if (at < text.size()) {
        if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
        if (++at < text.size() && text[at] == '+') ++at;
        std::int64_t exponent = 0;
        const char* const last = text.data() + text.size();
        const auto [stop, problem] = std::from_chars(text.data() + at, last, exponent);
        constexpr std::int64_t most = std::int64_t{1} << 60U;
        if (stop != last || problem == std::errc::invalid_argument) return std::nullopt;
        if (problem == std::errc{} && std::abs(exponent) <= most) {
            made.exponent += exponent;
        } else {
            const bool small = text[at] == '-';
            made.exponent = small ? -most : most;
            made.beyond = text.substr(text.find_first_not_of('0', at + (small ? 1 : 0)));
        }
    }
    made.digits.erase(made.digits.find_last_not_of('0') + 1);
    if (made.digits.empty()) return decimal_number{};
    return made;
}

std::optional<decimal_number> decimal_number::exactly(double number)
{
    if (!std::isfinite(number)) return std::nullopt;
    char buffer[1100];
    const auto [end, problem] =
        std::to_chars(buffer, std::end(buffer), number, std::chars_format::scientific, 767);
    return try_parse({buffer, static_cast<std::size_t>(end - buffer)});
}

std::strong_ordering operator<=>(const decimal_number& a, const decimal_number& b)
{
    const auto sign = [](const decimal_number& n) {
        return n.digits.empty() ? 0 : n.negative ? -1 : 1;
    };
    if (sign(a) != sign(b) || sign(a) == 0) return sign(a) <=> sign(b);
    auto order = a.exponent <=> b.exponent;
    if (order == 0) {
        // The longer text is the larger exponent, which makes a number with a negative one smaller.
        order = a.beyond.size() <=> b.beyond.size();
        if (order == 0) order = a.beyond.compare(b.beyond) <=> 0;
        if (a.exponent < 0) order = 0 <=> order;
    }
    if (order == 0) order = a.digits.compare(b.digits) <=> 0;
    return a.negative ? 0 <=> order : order;
}

namespace {

std::optional<decimal_number> decimal_of(const value& v)
{
    const cell& c = value_access::get(v);
    if (v.is_real()) return decimal_number::exactly(c.real);
    if (v.is_decimal() || c.is_indirect()) return decimal_number::try_parse(c.view());
    return decimal_number::try_parse(std::to_string(c.integer));
}

std::partial_ordering compare_integer(std::int64_t a, double b)
{
    if (std::isnan(b)) return std::partial_ordering::unordered;
    constexpr double limit = 9223372036854775808.0;
    if (b >= limit) return std::partial_ordering::less;
    if (b < -limit) return std::partial_ordering::greater;
    const auto whole = static_cast<std::int64_t>(b);
    if (a != whole) return a <=> whole;
    return static_cast<double>(whole) <=> b;
}

std::partial_ordering compare_numbers(const value& a, const value& b)
{
    const cell& x = value_access::get(a);
    const cell& y = value_access::get(b);
    const bool small_x = a.is_integer() && !x.is_indirect();
    const bool small_y = b.is_integer() && !y.is_indirect();
    if (small_x && small_y) return x.integer <=> y.integer;
    if (a.is_real() && b.is_real()) return x.real <=> y.real;
    if (small_x && b.is_real()) return compare_integer(x.integer, y.real);
    if (a.is_real() && small_y) return 0 <=> compare_integer(y.integer, x.real);
    const auto p = decimal_of(a);
    const auto q = decimal_of(b);
    if (p && q) return *p <=> *q;
    // An infinity beside a number of any size compares as beside 0.
    const double r = p ? 0.0 : a.is_real() ? x.real : std::nan("");
    const double s = q ? 0.0 : b.is_real() ? y.real : std::nan("");
    return r <=> s;
}

std::partial_ordering compare_times(const cell& a, const cell& b)
{
    if (a.zone != b.zone) return std::partial_ordering::unordered;
    return a.integer <=> b.integer;
}

using value_pair = std::pair<const value*, const value*>;

constexpr std::size_t max_set_depth = 64;

bool equal(const value& a, const value& b, std::size_t set_depth);

bool same_elements(const value& a, const value& b, std::size_t set_depth)
{
    // The elements of sets have no places, so this one comparison has to call itself.
    if (set_depth > max_set_depth) throw limit_error{"max_set_depth", max_set_depth};
    std::unordered_multimap<std::size_t, const value*> ours;
    for (const value& element : a) ours.emplace(element.hash(), &element);
    return std::all_of(b.begin(), b.end(), [&](const value& element) {
        const auto [first, last] = ours.equal_range(element.hash());
        return std::any_of(first, last, [&](const auto& candidate) {
            return equal(*candidate.second, element, set_depth + 1);
        });
    });
}

bool equal_leaves(const value& a, const value& b, std::size_t set_depth)
{
    const cell& x = value_access::get(a);
    const cell& y = value_access::get(b);
    if (a.is_number() && b.is_number()) return compare_numbers(a, b) == 0;
    if (x.kind != y.kind) return false;
    switch (x.kind) {
        case value_kind::null: return true;
        case value_kind::boolean: return x.integer == y.integer;
        case value_kind::datetime: return compare_times(x, y) == 0;
        case value_kind::string:
        case value_kind::binary: return x.view() == y.view();
        case value_kind::set: return a.size() == b.size() && same_elements(a, b, set_depth);
        default: return a.size() == b.size();
    }
}

bool equal(const value& a, const value& b, std::size_t set_depth)
{
    std::vector<value_pair> jobs{{&a, &b}};
    while (!jobs.empty()) {
        const auto [x, y] = jobs.back();
        jobs.pop_back();
        if (!equal_leaves(*x, *y, set_depth)) return false;
        if (x->is_object()) {
            for (const auto& [key, mine] : x->items()) {
                const value* const other = y->get_if(key);
                if (other == nullptr) return false;
                jobs.emplace_back(&mine, other);
            }
        } else if (x->is_array() || x->is_tuple()) {
            for (std::size_t i = 0; i < x->size(); ++i) {
                jobs.emplace_back(x->begin() + i, y->begin() + i);
            }
        }
    }
    return true;
}

std::size_t mix(std::size_t a, std::size_t b) noexcept
{
    a ^= b + 0x9E3779B97F4A7C15U + (a << 6U) + (a >> 2U);
    return a * 0xFF51AFD7ED558CCDU;
}

std::size_t hash_integer(std::int64_t n) noexcept
{
    return hash_text({reinterpret_cast<const char*>(&n), sizeof n});
}

/// Infinite if it is beyond the doubles.
double nearest_double(std::string_view text) noexcept
{
    double number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    return problem == std::errc{} ? number : std::numeric_limits<double>::infinity();
}

/// Equal numbers are the same 64-bit integer or else the same double.
std::size_t hash_number(const value& v)
{
    const cell& c = value_access::get(v);
    if (v.is_integer() && !c.is_indirect()) return hash_integer(c.integer);
    double number = v.is_real() ? c.real : 0;
    if (v.is_integer()) number = nearest_double(c.view());
    if (v.is_decimal()) {
        const auto exact = decimal_number::try_parse(c.view());
        if (!exact) return hash_text(c.view());
        if (exact->exponent <= 19 &&
            exact->exponent >= static_cast<std::int64_t>(exact->digits.size())) {
            std::string whole = (exact->negative ? "-" : "") + exact->digits;
            whole.append(static_cast<std::size_t>(exact->exponent) - exact->digits.size(), '0');
            if (whole == "" || whole == "-") whole = "0";
            const auto n = big_integer::try_parse(whole);
            if (n && n->to_int64()) return hash_integer(*n->to_int64());
        }
        number = nearest_double(c.view());
    }
    constexpr double limit = 9223372036854775808.0;
    if (number >= -limit && number < limit && number == std::trunc(number)) {
        return hash_integer(static_cast<std::int64_t>(number));
    }
    return hash_text({reinterpret_cast<const char*>(&number), sizeof number});
}

std::size_t hash_leaf(const value& v)
{
    const cell& c = value_access::get(v);
    const auto kind = static_cast<std::size_t>(c.kind);
    if (v.is_number()) return hash_number(v);
    if (v.is_string() || v.is_bytes()) return mix(kind, hash_text(c.view()));
    if (v.is_boolean() || v.is_timestamp()) {
        return mix(kind, hash_integer(c.integer));
    }
    return mix(kind, v.size());
}

struct hash_frame {
    const value* container;
    std::size_t next;
    std::size_t state;
};

}  // namespace
}  // namespace detail

bool operator==(const value& a, const value& b)
{
    return detail::equal(a, b, 0);
}

std::size_t value::hash() const
{
    if (!c_.is_container()) return detail::hash_leaf(*this);
    std::vector<detail::hash_frame> frames{{this, 0, detail::hash_leaf(*this)}};
    for (;;) {
        detail::hash_frame& top = frames.back();
        const detail::cell& c = top.container->c_;
        std::size_t done = 0;
        if (top.next == c.size) {
            done = top.state;
            frames.pop_back();
            if (frames.empty()) return done;
        } else {
            const std::size_t place = c.kind == value_kind::object ? 2 * top.next + 1 : top.next;
            const auto& child = reinterpret_cast<const value&>(c.elements()[place]);
            if (child.c_.is_container()) {
                frames.push_back({&child, 0, detail::hash_leaf(child)});
                continue;
            }
            done = detail::hash_leaf(child);
        }
        // What is done belongs to the element `next` of the container on top.
        detail::hash_frame& parent = frames.back();
        const detail::cell& container = parent.container->c_;
        if (container.kind == value_kind::object) {
            done =
                detail::mix(detail::hash_text(container.elements()[2 * parent.next].view()), done);
            parent.state += done;
        } else if (container.kind == value_kind::set) {
            parent.state += done;
        } else {
            parent.state = detail::mix(parent.state, done);
        }
        ++parent.next;
    }
}

std::partial_ordering operator<=>(const value& a, const value& b)
{
    struct frame {
        const value* a;
        const value* b;
        std::size_t next;
    };
    const auto compare_leaf = [](const value& x, const value& y) -> std::partial_ordering {
        const detail::cell& c = x.c_;
        const detail::cell& d = y.c_;
        if (x.is_number() && y.is_number()) return detail::compare_numbers(x, y);
        if (c.kind != d.kind) return std::partial_ordering::unordered;
        switch (c.kind) {
            case value_kind::null: return std::partial_ordering::equivalent;
            case value_kind::boolean: return c.integer <=> d.integer;
            case value_kind::datetime: return detail::compare_times(c, d);
            case value_kind::string:
            case value_kind::binary: return c.view() <=> d.view();
            default:
                return x == y ? std::partial_ordering::equivalent
                              : std::partial_ordering::unordered;
        }
    };
    const auto lexical = [](const value& x, const value& y) {
        return x.kind() == y.kind() && (x.is_array() || x.is_tuple());
    };
    if (!lexical(a, b)) return compare_leaf(a, b);
    std::vector<frame> frames{{&a, &b, 0}};
    while (!frames.empty()) {
        frame& top = frames.back();
        const std::size_t common = std::min(top.a->size(), top.b->size());
        if (top.next == common) {
            const auto order = top.a->size() <=> top.b->size();
            if (order != 0) return order;
            frames.pop_back();
            continue;
        }
        const value& x = top.a->begin()[top.next];
        const value& y = top.b->begin()[top.next];
        ++top.next;
        if (lexical(x, y)) {
            frames.push_back({&x, &y, 0});
        } else if (const auto order = compare_leaf(x, y); order != 0) {
            return order;
        }
    }
    return std::partial_ordering::equivalent;
}

}  // namespace ferry
