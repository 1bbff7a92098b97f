#include "ferry/http/header_values.hpp"

#include "ferry/core/bytes.hpp"
#include "ferry/core/charset.hpp"
#include "ferry/core/percent.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/http/detail/syntax.hpp"

#include <algorithm>
#include <cstdint>

namespace ferry::http {
namespace {

constexpr std::size_t max_filename_bytes = 255;
constexpr std::size_t max_relation_types = 16;  // of one link: each is a copy of it
constexpr std::int64_t max_delta_seconds = std::int64_t{1} << 31;

std::string lowered(std::string_view text)
{
    std::string low(text);
    std::ranges::transform(low, low.begin(), detail::lower);
    return low;
}

std::string unquoted(std::string_view raw)
{
    if (!raw.starts_with('"')) return std::string(raw);
    raw.remove_prefix(1);
    std::string value;
    for (std::size_t i = 0; i < raw.size() && raw[i] != '"'; ++i) {
        if (raw[i] == '\\' && i + 1 < raw.size()) ++i;
        value += raw[i];
    }
    return value;
}

// `name=value`, or a name alone.
void add_pair(parameters& to, std::string_view text)
{
    const std::size_t equals = std::min(text.find('='), text.size());
    std::string name = lowered(detail::trim(text.substr(0, equals)));
    if (name.empty()) return;
    const std::string_view raw = text.substr(std::min(equals + 1, text.size()));
    to.add(std::move(name), unquoted(detail::trim(raw)));
}

parameters read_parameters(std::string_view rest)
{
    parameters all;
    while (!rest.empty()) add_pair(all, detail::take_element(rest, ';'));
    return all;
}

std::string from_latin1(std::string_view text)
{
    return charset::decode(as_bytes(text), charset::encoding::windows_1252);
}

// RFC 8187: charset'language'percent-encoded bytes.
std::optional<std::string> read_extended(std::string_view text)
{
    const std::size_t first = text.find('\'');
    if (first == text.npos) return std::nullopt;
    const std::size_t second = text.find('\'', first + 1);
    if (second == text.npos) return std::nullopt;
    const auto encoding = charset::find(text.substr(0, first));
    if (!encoding) return std::nullopt;
    const std::string bytes = percent::decode(text.substr(second + 1));
    return charset::decode(as_bytes(bytes), *encoding);
}

bool is_white(char c) noexcept
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// The relation types between blanks; one empty type for a link without any.
std::vector<std::string> relation_types(std::string_view list)
{
    std::vector<std::string> types;
    while (!list.empty() && types.size() < max_relation_types) {
        const auto end =
            static_cast<std::size_t>(std::ranges::find_if(list, is_white) - list.begin());
        if (end > 0) types.push_back(lowered(list.substr(0, end)));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    if (types.empty()) types.emplace_back();
    return types;
}

}  // namespace

std::optional<std::string_view> parameters::find(std::string_view name) const noexcept
{
    for (const auto& [key, value] : pairs_) {
        if (detail::same(key, name)) return value;
    }
    return std::nullopt;
}

std::optional<std::string> parameters::find_extended(std::string_view name) const
{
    if (const auto extended = find(std::string(name) + "*")) {
        if (auto decoded = read_extended(*extended)) return decoded;
    }
    const auto plain = find(name);
    if (!plain) return std::nullopt;
    return utf8::valid(*plain) ? std::string(*plain) : from_latin1(*plain);
}

media_type::media_type(std::string_view field)
{
    essence_ = lowered(detail::take_element(field, ';'));
    parameters_ = read_parameters(field);
}

std::string_view media_type::type() const noexcept
{
    return std::string_view(essence_).substr(0, std::min(essence_.find('/'), essence_.size()));
}

std::string_view media_type::subtype() const noexcept
{
    const std::size_t slash = std::min(essence_.find('/'), essence_.size());
    return std::string_view(essence_).substr(std::min(slash + 1, essence_.size()));
}

content_disposition::content_disposition(std::string_view field)
{
    // Some servers forget the type.
    std::string_view rest = field;
    const std::string_view first = detail::take_element(rest, ';');
    const bool has_type = first.find('=') == first.npos;
    if (has_type) type_ = lowered(first);
    parameters_ = read_parameters(has_type ? rest : field);
}

std::string safe_filename(std::string_view name)
{
    name = name.substr(name.find_last_of("/\\") + 1);
    std::string safe;
    for (const char c : name) {
        const auto u = static_cast<unsigned char>(c);
        if (u >= 0x20 && u != 0x7f) safe += c;
    }
    safe.erase(0, safe.find_first_not_of(". "));
    safe.erase(safe.find_last_not_of(' ') + 1);
    if (!utf8::valid(safe)) safe = from_latin1(safe);
    if (safe.size() > max_filename_bytes) {
        std::size_t end = max_filename_bytes;
        while ((static_cast<unsigned char>(safe[end]) & 0xC0U) == 0x80U) --end;
        safe.resize(end);
    }
    return safe;
}

const link_value* links::find(std::string_view rel) const noexcept
{
    for (const link_value& l : all_) {
        if (detail::same(l.rel, rel)) return &l;
    }
    return nullptr;
}

const link_value& links::operator[](std::string_view rel) const
{
    const link_value* const found = find(rel);
    if (found == nullptr) throw lookup_error("link " + std::string(rel));
    return *found;
}

links parse_links(std::string_view field)
{
    std::vector<link_value> all;
    for (;;) {
        // Behind the target, commas may stand in quotes; inside it, they are part of it.
        const std::size_t open = field.find('<');
        if (open == field.npos) break;
        field.remove_prefix(open + 1);
        const std::size_t close = field.find('>');
        if (close == field.npos) break;
        link_value one;
        one.url = detail::trim(field.substr(0, close));
        field.remove_prefix(close + 1);
        std::string_view rest = detail::take_element(field);
        if (rest.starts_with(';')) rest.remove_prefix(1);
        one.parameters = read_parameters(rest);
        one.title = one.parameters.find_extended("title").value_or(std::string());
        for (std::string& rel : relation_types(one.parameters.find("rel").value_or(""))) {
            one.rel = std::move(rel);
            all.push_back(one);
        }
    }
    return links(std::move(all));
}

cache_control::cache_control(std::string_view field)
{
    while (!field.empty()) add_pair(directives_, detail::take_element(field));
}

std::optional<std::chrono::seconds> cache_control::seconds(
    std::string_view directive) const noexcept
{
    const auto text = directives_.find(directive);
    if (!text || text->empty() || !std::ranges::all_of(*text, detail::is_digit)) {
        return std::nullopt;
    }
    std::int64_t n = 0;
    for (const char d : *text) n = std::min(n * 10 + (d - '0'), max_delta_seconds);
    return std::chrono::seconds(n);
}

std::string entity_tag::text() const
{
    return std::string(weak ? "W/\"" : "\"") + value + '"';
}

std::optional<entity_tag> parse_entity_tag(std::string_view field)
{
    field = detail::trim(field);
    entity_tag tag;
    tag.weak = field.starts_with("W/");
    if (tag.weak) field.remove_prefix(2);
    if (field.size() < 2 || !field.starts_with('"') || !field.ends_with('"')) return std::nullopt;
    tag.value = field.substr(1, field.size() - 2);
    if (tag.value.find('"') != std::string::npos) return std::nullopt;
    return tag;
}

}  // namespace ferry::http
