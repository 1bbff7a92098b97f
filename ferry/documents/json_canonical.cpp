#include "ferry/documents/json_canonical.hpp"

#include "ferry/core/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace ferry::json {
namespace {

/// By UTF-16 code units. UTF-8 has the same order, except that what takes four bytes in it, a pair
/// of surrogates in UTF-16, comes before U+E000 to U+FFFF, which begin with EE or EF.
bool is_less(std::string_view a, std::string_view b) noexcept
{
    const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (x == a.end() || y == b.end()) return x == a.end() && y != b.end();
    const auto first = static_cast<unsigned char>(*x);
    const auto second = static_cast<unsigned char>(*y);
    const bool first_is_pair = first >= 0xF0;
    const bool second_is_pair = second >= 0xF0;
    if (first_is_pair && !second_is_pair) return second >= 0xEE;
    if (second_is_pair && !first_is_pair) return first < 0xEE;
    return first < second;
}

/// Number::toString of ECMAScript.
std::string text_of(double n)
{
    if (n == 0) return "0";
    char digits[32];
    const auto [end, problem] =
        std::to_chars(digits, std::end(digits), std::fabs(n), std::chars_format::scientific);
    const std::string_view written{digits, static_cast<std::size_t>(end - digits)};
    const std::size_t e = written.find('e');
    std::string mantissa{written.substr(0, e)};
    std::erase(mantissa, '.');
    int exponent = 0;
    const char* const from = digits + e + (written[e + 1] == '+' ? 2 : 1);
    std::from_chars(from, end, exponent);
    const int count = static_cast<int>(mantissa.size());
    const int point = exponent + 1;  // where it stands in the digits
    std::string text = n < 0 ? "-" : "";
    const auto size = [](int i) { return static_cast<std::size_t>(i); };
    if (count <= point && point <= 21)
        return text + mantissa + std::string(size(point - count), '0');
    if (0 < point && point <= 21) {
        return text + mantissa.substr(0, size(point)) + '.' + mantissa.substr(size(point));
    }
    if (-6 < point && point <= 0) return text + "0." + std::string(size(-point), '0') + mantissa;
    text += mantissa[0];
    if (count > 1) text += '.' + mantissa.substr(1);
    return text + 'e' + (point > 0 ? "+" : "-") + std::to_string(std::abs(point - 1));
}

class canonicaliser {
public:
    std::string write(const value& root)
    {
        put(root);
        while (!open_.empty()) put_next();
        return std::move(out_);
    }

private:
    using member = std::pair<std::string_view, const value*>;

    /// An open container, what is left of it last first.
    struct frame {
        std::vector<member> left;
        bool object;
        bool first = true;
    };

    void put_next()
    {
        frame& top = open_.back();
        if (top.left.empty()) {
            out_ += top.object ? '}' : ']';
            open_.pop_back();
            return;
        }
        const auto [key, item] = top.left.back();
        top.left.pop_back();
        if (!top.first) out_ += ',';
        top.first = false;
        if (top.object) {
            put_text(*item, key);
            out_ += ':';
        }
        put(*item);
    }

    void put(const value& v)
    {
        switch (v.kind()) {
            case value_kind::null: out_ += "null"; break;
            case value_kind::boolean: out_ += v.as<bool>() ? "true" : "false"; break;
            case value_kind::integer:
            case value_kind::decimal: put_exact(v); break;
            case value_kind::real: put_real(v); break;
            case value_kind::string: put_text(v, v.as<std::string_view>()); break;
            case value_kind::datetime: put_text(v, v.to<std::string>()); break;
            case value_kind::array:
            case value_kind::tuple: open_array(v); break;
            case value_kind::object: open_object(v); break;
            default: ferry::detail::throw_type_error(v, "JSON value", nullptr);
        }
    }

    void put_real(const value& v)
    {
        const auto n = v.as<double>();
        if (!std::isfinite(n)) ferry::detail::throw_type_error(v, "finite number", nullptr);
        out_ += text_of(n);
    }

    void put_exact(const value& v)
    {
        const auto n = v.to<double>();
        if (!std::isfinite(n) || (v.is_integer() && v != value{n})) {
            throw range_error{"$", v.to<std::string>(), "double"};
        }
        out_ += text_of(n);
    }

    /// \param around  what the text belongs to, for errors.
    void put_text(const value& around, std::string_view text)
    {
        if (!utf8::valid(text)) ferry::detail::throw_type_error(around, "Unicode text", nullptr);
        constexpr std::string_view named = "\b\t\n\f\r\"\\";
        constexpr std::string_view letters = "btnfr\"\\";
        constexpr char hex[] = "0123456789abcdef";
        out_ += '"';
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            if (const auto i = named.find(c); i != std::string_view::npos) {
                out_ += '\\';
                out_ += letters[i];
            } else if (byte < 0x20) {
                out_ += "\\u00";
                out_ += hex[byte >> 4U];
                out_ += hex[byte & 15U];
            } else {
                out_ += c;
            }
        }
        out_ += '"';
    }

    void open_array(const value& v)
    {
        out_ += '[';
        frame made{{}, false};
        for (const value& element : v) made.left.emplace_back("", &element);
        std::reverse(made.left.begin(), made.left.end());
        open_.push_back(std::move(made));
    }

    void open_object(const value& v)
    {
        out_ += '{';
        frame made{{}, true};
        for (const auto& [key, item] : v.items()) made.left.emplace_back(key, &item);
        std::sort(made.left.begin(), made.left.end(),
                  [](const member& a, const member& b) { return is_less(b.first, a.first); });
        open_.push_back(std::move(made));
    }

    std::string out_;
    std::vector<frame> open_;
};

}  // namespace

std::string canonical(const value& v)
{
    return canonicaliser{}.write(v);
}

}  // namespace ferry::json
