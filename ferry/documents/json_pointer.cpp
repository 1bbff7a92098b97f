#include "ferry/documents/json_pointer.hpp"

#include "ferry/core/percent.hpp"

#include <algorithm>
#include <charconv>

namespace ferry::json {
namespace {

/// \returns nothing for a `~` without 0 or 1 behind it.
std::optional<std::string> unescape(std::string_view token)
{
    std::string plain;
    for (std::size_t i = 0; i < token.size(); ++i) {
        if (token[i] != '~') {
            plain += token[i];
        } else if (++i < token.size() && (token[i] == '0' || token[i] == '1')) {
            plain += token[i] == '0' ? '~' : '/';
        } else {
            return std::nullopt;
        }
    }
    return plain;
}

const value* child_of(const value& v, const std::string& token)
{
    if (v.is_object()) return v.get_if(token);
    if (!v.is_sequence()) return nullptr;
    const auto index = detail::array_index(token);
    return index && *index < v.size() ? v.begin() + *index : nullptr;
}

}  // namespace

std::optional<std::size_t> detail::array_index(std::string_view token) noexcept
{
    if (token.empty() || token[0] < '0' || token[0] > '9') return std::nullopt;
    if (token[0] == '0' && token.size() > 1) return std::nullopt;
    std::size_t index = 0;
    const auto [end, problem] = std::from_chars(token.data(), token.data() + token.size(), index);
    if (problem != std::errc{} || end != token.data() + token.size()) return std::nullopt;
    return index;
}

std::string escape_pointer(std::string_view token)
{
    std::string escaped;
    for (const char c : token) {
        if (c == '~') {
            escaped += "~0";
        } else if (c == '/') {
            escaped += "~1";
        } else {
            escaped += c;
        }
    }
    return escaped;
}

pointer::pointer(std::string_view text)
{
    auto made = try_parse(text);
    if (!made) {
        throw parse_error{errc::malformed, "JSON Pointer: \"" + std::string{text} + '"', {}};
    }
    *this = std::move(*made);
}

std::optional<pointer> pointer::try_parse(std::string_view text)
{
    pointer made;
    while (!text.empty()) {
        if (text[0] != '/') return std::nullopt;
        const std::size_t end = std::min(text.find('/', 1), text.size());
        auto token = unescape(text.substr(1, end - 1));
        if (!token) return std::nullopt;
        made.tokens_.push_back(std::move(*token));
        text.remove_prefix(end);
    }
    return made;
}

pointer pointer::of_fragment(std::string_view fragment)
{
    if (fragment.starts_with('#')) fragment.remove_prefix(1);
    return pointer{percent::decode(fragment)};
}

pointer& pointer::append(std::string_view name)
{
    tokens_.emplace_back(name);
    return *this;
}

pointer pointer::parent() const
{
    pointer above = *this;
    above.tokens_.pop_back();
    return above;
}

bool pointer::contains(const pointer& other) const noexcept
{
    return tokens_.size() <= other.tokens_.size() &&
           std::equal(tokens_.begin(), tokens_.end(), other.tokens_.begin());
}

std::string pointer::text() const
{
    std::string text;
    for (const std::string& token : tokens_) text += '/' + escape_pointer(token);
    return text;
}

std::string pointer::fragment() const
{
    // What RFC 3986 allows in a fragment stays as it is.
    return '#' + percent::encode(text(), "/?:@!$&'()*+,;=");
}

const value* pointer::find(const value& root) const
{
    const value* at = &root;
    for (const std::string& token : tokens_) {
        at = child_of(*at, token);
        if (at == nullptr) return nullptr;
    }
    return at;
}

const value& pointer::at(const value& root) const
{
    const value* const found = find(root);
    if (found == nullptr) throw lookup_error{text()};
    return *found;
}

value& pointer::at(value& root) const
{
    value* at = &root;
    for (const std::string& token : tokens_) {
        if (child_of(*at, token) == nullptr) throw lookup_error{text()};
        at = at->is_object() ? &at->at(token) : &at->at(*detail::array_index(token));
    }
    return *at;
}

}  // namespace ferry::json
