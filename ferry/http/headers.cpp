#include "ferry/http/headers.hpp"

#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace ferry::http {
namespace {

constexpr std::size_t max_text = std::numeric_limits<std::uint32_t>::max() / 2;

void check(std::string_view name, std::string_view value)
{
    if (!detail::is_token(name)) {
        throw error(errc::bad_header, fmt::format("header name {:?} is not a token", name));
    }
    if (!detail::is_field_value(value)) {
        throw error(errc::bad_header,
                    fmt::format("the value of header {} holds a control character", name));
    }
}

}  // namespace

std::optional<std::string_view> headers::get(std::string_view name) const noexcept
{
    for (const header_field f : *this) {
        if (detail::same(f.name, name)) return f.value;
    }
    return std::nullopt;
}

std::string_view headers::operator[](std::string_view name) const
{
    const auto value = get(name);
    if (!value) throw lookup_error(std::string(name));
    return *value;
}

std::vector<std::string_view> headers::get_all(std::string_view name) const
{
    std::vector<std::string_view> values;
    for (const header_field f : *this) {
        if (detail::same(f.name, name)) values.push_back(f.value);
    }
    return values;
}

std::string headers::joined(std::string_view name) const
{
    std::string all;
    bool first = true;
    for (const header_field f : *this) {
        if (!detail::same(f.name, name)) continue;
        if (!first) all += ", ";
        all += f.value;
        first = false;
    }
    return all;
}

void headers::add(std::string_view name, std::string_view value)
{
    value = detail::trim(value);
    check(name, value);
    if (text_.size() + name.size() + value.size() > max_text) {
        throw limit_error("header text", max_text);
    }
    const auto at = static_cast<std::uint32_t>(text_.size());
    // In one piece, because the arguments may be views into text_, which grows.
    std::string piece;
    piece.reserve(name.size() + value.size());
    piece.append(name).append(value);
    text_ += piece;
    fields_.push_back({at, at + static_cast<std::uint32_t>(name.size()),
                       static_cast<std::uint32_t>(name.size()),
                       static_cast<std::uint32_t>(value.size())});
}

void headers::set(std::string_view name, std::string_view value)
{
    add(name, value);
    const place last = fields_.back();
    fields_.pop_back();
    // The field keeps the place of the first one it replaces.
    const auto is_old = [&](const place& p) {
        return detail::same({text_.data() + p.name, p.name_size},
                            {text_.data() + last.name, last.name_size});
    };
    const auto first = std::ranges::find_if(fields_, is_old);
    if (first == fields_.end()) {
        fields_.push_back(last);
        return;
    }
    *first = last;
    fields_.erase(std::remove_if(first + 1, fields_.end(), is_old), fields_.end());
}

std::size_t headers::erase(std::string_view name) noexcept
{
    return std::erase_if(fields_, [&](const place& p) {
        return detail::same({text_.data() + p.name, p.name_size}, name);
    });
}

void headers::clear() noexcept
{
    text_.clear();
    fields_.clear();
}

bool operator==(const headers& a, const headers& b) noexcept
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const header_field& x, const header_field& y) {
                          return detail::same(x.name, y.name) && x.value == y.value;
                      });
}

media_type headers::content_type() const
{
    return media_type(get("Content-Type").value_or(std::string_view()));
}

content_disposition headers::content_disposition() const
{
    return http::content_disposition(get("Content-Disposition").value_or(std::string_view()));
}

links headers::link() const
{
    return parse_links(joined("Link"));
}

cache_control headers::cache_control() const
{
    return http::cache_control(joined("Cache-Control"));
}

std::optional<entity_tag> headers::etag() const
{
    return parse_entity_tag(get("ETag").value_or(std::string_view()));
}

std::optional<timestamp> headers::date() const
{
    return http_date::try_parse(get("Date").value_or(std::string_view()));
}

std::optional<timestamp> headers::last_modified() const
{
    return http_date::try_parse(get("Last-Modified").value_or(std::string_view()));
}

std::optional<std::chrono::seconds> headers::retry_after(timestamp now) const
{
    using std::chrono::seconds;
    const auto text = get("Retry-After");
    if (!text) return std::nullopt;
    constexpr std::int64_t furthest = std::int64_t{1} << 31;
    if (!text->empty() && std::ranges::all_of(*text, detail::is_digit)) {
        std::int64_t n = 0;
        for (const char d : *text) n = std::min(n * 10 + (d - '0'), furthest);
        return seconds(n);
    }
    const auto date = http_date::try_parse(*text, now);
    if (!date) return std::nullopt;
    return std::max(seconds(0), std::chrono::ceil<seconds>(*date - now));
}

}  // namespace ferry::http
