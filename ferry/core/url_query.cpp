#include "ferry/core/url_query.hpp"

#include "ferry/core/percent.hpp"
#include "ferry/core/utf8.hpp"

#include <algorithm>

namespace ferry {
namespace {

std::string decoded(std::string_view text)
{
    std::string raw = percent::decode_plus(text);
    return utf8::valid(raw) ? raw : utf8::repair(raw);
}

void append_form_encoded(std::string& to, std::string_view text)
{
    const std::size_t begin = to.size();
    percent::append_encoded(to, text, percent::form.without(" "));
    std::replace(to.begin() + static_cast<std::ptrdiff_t>(begin), to.end(), ' ', '+');
}

}  // namespace

query_pairs query_pairs::parse(std::string_view text)
{
    query_pairs result;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        const std::string_view piece = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (piece.empty()) continue;
        const std::size_t equals = std::min(piece.find('='), piece.size());
        result.append(decoded(piece.substr(0, equals)),
                      decoded(piece.substr(std::min(equals + 1, piece.size()))));
    }
    return result;
}

std::string query_pairs::to_string() const
{
    std::string text;
    for (const auto& [name, value] : pairs_) {
        if (!text.empty()) text += '&';
        append_form_encoded(text, name);
        text += '=';
        append_form_encoded(text, value);
    }
    return text;
}

void query_pairs::set(std::string_view name, std::string value)
{
    const auto first = std::ranges::find(pairs_, name, &pair::first);
    if (first == pairs_.end()) {
        append(std::string{name}, std::move(value));
        return;
    }
    first->second = std::move(value);
    pairs_.erase(
        std::remove_if(first + 1, pairs_.end(), [&](const pair& p) { return p.first == name; }),
        pairs_.end());
}

std::size_t query_pairs::erase(std::string_view name)
{
    return std::erase_if(pairs_, [&](const pair& p) { return p.first == name; });
}

std::optional<std::string_view> query_pairs::find(std::string_view name) const noexcept
{
    const auto at = std::ranges::find(pairs_, name, &pair::first);
    if (at == pairs_.end()) return std::nullopt;
    return at->second;
}

std::vector<std::string_view> query_pairs::all(std::string_view name) const
{
    std::vector<std::string_view> values;
    for (const pair& p : pairs_) {
        if (p.first == name) values.emplace_back(p.second);
    }
    return values;
}

}  // namespace ferry
