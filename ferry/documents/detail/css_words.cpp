#include "ferry/documents/detail/css_words.hpp"

#include "ferry/documents/detail/css_scanner.hpp"

#include <algorithm>
#include <array>

namespace ferry::css::detail {

namespace {

bool equal_folded(char a, char b) noexcept
{
    return lower(a) == lower(b);
}

std::size_t find(std::string_view text, std::string_view part, std::size_t from, bool fold) noexcept
{
    if (!fold) return text.find(part, from);
    const auto at = std::search(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(),
                                part.begin(), part.end(), equal_folded);
    return at == text.end() ? std::string_view::npos : static_cast<std::size_t>(at - text.begin());
}

}  // namespace

bool equal(std::string_view a, std::string_view b, bool fold) noexcept
{
    if (!fold) return a == b;
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), equal_folded);
}

bool has_word(std::string_view text, std::string_view word, bool fold) noexcept
{
    if (word.empty() || text.size() < word.size()) return false;
    if (text.size() == word.size())
        return equal(text, word, fold) && std::none_of(word.begin(), word.end(), is_space);
    for (std::size_t at = find(text, word, 0, fold); at != std::string_view::npos;
         at = find(text, word, at + word.size(), fold)) {
        const std::size_t end = at + word.size();
        if ((at == 0 || is_space(text[at - 1])) && (end == text.size() || is_space(text[end])))
            return std::none_of(word.begin(), word.end(), is_space);
        // A word that overlaps itself cannot begin inside a word that is too long.
        if (end >= text.size()) return false;
    }
    return false;
}

bool has_part(std::string_view text, std::string_view part, bool fold) noexcept
{
    return find(text, part, 0, fold) != std::string_view::npos;
}

bool has_folded_values(std::string_view attribute) noexcept
{
    static constexpr auto names = std::to_array<std::string_view>(
        {"accept",     "accept-charset", "align",     "alink",    "axis",     "bgcolor", "charset",
         "checked",    "clear",          "codetype",  "color",    "compact",  "declare", "defer",
         "dir",        "direction",      "disabled",  "enctype",  "face",     "frame",   "hreflang",
         "http-equiv", "lang",           "language",  "link",     "media",    "method",  "multiple",
         "nohref",     "noresize",       "noshade",   "nowrap",   "readonly", "rel",     "rev",
         "rules",      "scope",          "scrolling", "selected", "shape",    "target",  "text",
         "type",       "valign",         "valuetype", "vlink"});
    static_assert(std::ranges::is_sorted(names));
    return std::ranges::binary_search(names, attribute);
}

}  // namespace ferry::css::detail
