#include "ferry/http/params.hpp"

#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/options.hpp"

#include <charconv>

namespace ferry::http {
namespace {

// The application/x-www-form-urlencoded percent-encode set of the URL Standard.
void append_encoded(std::string& to, std::string_view text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : text) {
        const auto u = static_cast<unsigned char>(c);
        const char low = detail::lower(c);
        if ((low >= 'a' && low <= 'z') || detail::is_digit(c) || c == '*' || c == '-' || c == '.' ||
            c == '_') {
            to += c;
        } else if (c == ' ') {
            to += '+';
        } else {
            to += '%';
            to += digits[u >> 4U];
            to += digits[u & 15U];
        }
    }
}

}  // namespace

void detail::append_pair(std::string& to, std::string_view name, std::string_view value)
{
    if (!to.empty()) to += '&';
    append_encoded(to, name);
    to += '=';
    append_encoded(to, value);
}

std::string detail::number_text(double number)
{
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, number).ptr;
    return {text, end};
}

void params::apply_to(request_options& to) const
{
    if (encoded_.empty()) return;
    if (!to.query.empty()) to.query += '&';
    to.query += encoded_;
}

}  // namespace ferry::http
