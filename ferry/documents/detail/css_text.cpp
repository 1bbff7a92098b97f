#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/css_matcher.hpp"
#include "ferry/documents/detail/css_scanner.hpp"
#include "ferry/documents/detail/css_words.hpp"
#include "ferry/documents/detail/html_names.hpp"

#include <algorithm>
#include <array>

// What an element's text says, in which language and direction.
namespace ferry::css::detail {

namespace tag = documents::detail::tag;
namespace ns = documents::ns;

namespace {

/// RFC 4647 section 3.3.2, with a range that may begin with `*`.
bool in_range(std::string_view language, std::string_view range) noexcept
{
    const auto take = [](std::string_view& from) {
        const std::size_t end = std::min(from.find('-'), from.size());
        const std::string_view part = from.substr(0, end);
        from.remove_prefix(std::min(end + 1, from.size()));
        return part;
    };
    if (range.empty()) return language.empty();
    if (language.empty()) return false;
    std::string_view wanted = take(range);
    if (!equal(take(language), wanted, true) && wanted != "*") return false;
    while (!range.empty()) {
        wanted = take(range);
        if (wanted == "*") continue;
        for (;;) {
            if (language.empty()) return false;
            const std::string_view part = take(language);
            if (equal(part, wanted, true)) break;
            if (part.size() == 1) return false;
        }
    }
    return true;
}

enum class direction : std::uint8_t { unknown, left_to_right, right_to_left };

/// Whether a character is a strong one; the scripts that Unicode has by block.
direction direction_of(char32_t c) noexcept
{
    struct block {
        char32_t first, last;
    };
    static constexpr auto right = std::to_array<block>({{0x0590, 0x065F},
                                                        {0x066D, 0x06DD},
                                                        {0x06E5, 0x06E6},
                                                        {0x06EE, 0x06EF},
                                                        {0x06FA, 0x08FF},
                                                        {0x200F, 0x200F},
                                                        {0xFB1D, 0xFDFF},
                                                        {0xFE70, 0xFEFE},
                                                        {0x10800, 0x10FFF},
                                                        {0x1E800, 0x1EFFF}});
    static constexpr auto neutral = std::to_array<block>(
        {{0x00D7, 0x00D7}, {0x00F7, 0x00F7},  {0x02B9, 0x02BA}, {0x02C2, 0x02CF}, {0x0300, 0x036F},
         {0x0600, 0x0605}, {0x0660, 0x066C},  {0x06DE, 0x06ED}, {0x06F0, 0x06F9}, {0x2000, 0x200D},
         {0x2010, 0x2070}, {0x2074, 0x207E},  {0x2080, 0x208E}, {0x20A0, 0x20CF}, {0x2190, 0x245F},
         {0x2500, 0x27FF}, {0x2900, 0x2BFF},  {0x3000, 0x3004}, {0x3008, 0x3020}, {0xFE00, 0xFE6F},
         {0xFF01, 0xFF20}, {0x1F000, 0x1FAFF}});
    const auto inside = [c](const auto& blocks) {
        return std::any_of(blocks.begin(), blocks.end(),
                           [c](const block& b) { return b.first <= c && c <= b.last; });
    };
    if (c < 0x80)
        return (c | 0x20U) >= 'a' && (c | 0x20U) <= 'z' ? direction::left_to_right
                                                        : direction::unknown;
    if (c < 0xC0 && c != 0xAA && c != 0xB5 && c != 0xBA) return direction::unknown;
    if (inside(neutral)) return direction::unknown;
    return inside(right) ? direction::right_to_left : direction::left_to_right;
}

direction direction_of(std::string_view text) noexcept
{
    for (std::size_t at = 0; at < text.size();) {
        const utf8::decoded next = utf8::decode(text, at);
        if (const direction d = direction_of(next.code_point); d != direction::unknown) return d;
        at += next.size;
    }
    return direction::unknown;
}

}  // namespace

// ---- :lang()

std::string_view matcher::language(node_id e)
{
    for (node_id at = e; at != no_node; at = parent(at)) {
        steps_.charge(1);
        if (tree_[at].count == 0) continue;
        if (const auto* a = tree_.find_attribute(at, tag::lang, ns::xml)) return tree_.value(*a);
        if (const auto* a = tree_.find_attribute(at, tag::lang);
            a != nullptr && (is_html_tree_ || tree_[at].space == ns::html))
            return tree_.value(*a);
    }
    if (page_language_) return *page_language_;
    // What the page says of itself: <meta http-equiv=content-language>.
    page_language_ = "";
    for (node_id n = 0; is_html_tree_ && n < tree_.size(); ++n) {
        if (!tree_.is_element(n) || tree_[n].name != tag::meta) continue;
        const auto of = tree_.attribute_value(n, "http-equiv");
        if (!of || !equal(*of, "content-language", true)) continue;
        const std::string_view value = tree_.attribute_value(n, "content").value_or("");
        if (value.find(',') != std::string_view::npos) continue;
        const auto first = std::find_if_not(value.begin(), value.end(), is_space);
        page_language_ = std::string(first, std::find_if(first, value.end(), is_space));
    }
    steps_.charge(tree_.size());
    return *page_language_;
}

bool matcher::test_lang(const simple& s, node_id e)
{
    const std::string_view is = language(e);
    return std::any_of(s.words.begin(), s.words.end(),
                       [is](const std::string& range) { return in_range(is, range); });
}

// ---- :dir()

/// HTML Standard section 3.2.6.4.
bool matcher::is_right_to_left(node_id e)
{
    for (node_id at = e; at != no_node; at = parent(at)) {
        steps_.charge(1);
        if (tree_[at].space != ns::html) continue;
        const documents::name_id name = tree_[at].name;
        const auto* a = tree_.find_attribute(at, tag::dir);
        const std::string_view value = a == nullptr ? std::string_view() : tree_.value(*a);
        if (equal(value, "rtl", true)) return true;
        if (equal(value, "ltr", true)) return false;
        const bool automatic = equal(value, "auto", true);
        if (!automatic && name != tag::bdi) {
            if (name == tag::input &&
                equal(tree_.attribute_value(at, "type").value_or(""), "tel", true))
                return false;
            continue;
        }
        if (name == tag::input)
            return direction_of(tree_.attribute_value(at, "value").value_or("")) ==
                   direction::right_to_left;
        for (node_id n = at + 1; n < tree_.end(at);) {
            const documents::node& here = tree_[n];
            steps_.charge(1);
            if (here.kind == node_kind::text) {
                steps_.charge(here.count / 8);
                if (const direction d = direction_of(tree_.text(n)); d != direction::unknown)
                    return d == direction::right_to_left;
            }
            const bool skipped =
                here.kind == node_kind::fragment ||
                (here.kind == node_kind::element && here.space == ns::html &&
                 (here.name == tag::bdi || here.name == tag::script || here.name == tag::style ||
                  here.name == tag::textarea || tree_.find_attribute(n, tag::dir) != nullptr));
            n = skipped ? here.end : n + 1;
        }
        return false;
    }
    return false;
}

bool matcher::test_dir(const simple& s, node_id e)
{
    if (!is_html_tree_ || (s.value != "ltr" && s.value != "rtl")) return false;
    return is_right_to_left(e) == (s.value == "rtl");
}

// ---- :contains() and its relatives

/// All text of the tree in one piece; the text of any node is a part of it.
const std::string& matcher::whole_text(bool in_lower_case)
{
    if (text_before_.empty()) {
        text_before_.resize(tree_.size() + 1);
        for (node_id n = 0; n < tree_.size(); ++n) {
            text_before_[n] = static_cast<std::uint32_t>(text_.size());
            if (tree_.kind(n) == node_kind::text) text_ += tree_.text(n);
        }
        text_before_[tree_.size()] = static_cast<std::uint32_t>(text_.size());
        steps_.charge(tree_.size() + text_.size() / 16);
    }
    if (!in_lower_case) return text_;
    if (lower_text_.size() != text_.size()) lower_text_ = lowered(text_);
    return lower_text_;
}

bool matcher::contains(const simple& s, node_id e)
{
    if (s.value.empty()) return true;
    const std::string& text = whole_text(s.what == test::icontains);
    const auto [all, is_new] = occurrences_.try_emplace(&s);
    if (is_new) {
        steps_.charge(text.size() / 16 * (1 + s.value.size() / 64));
        for (std::size_t at = text.find(s.value); at != std::string::npos;
             at = text.find(s.value, at + 1))
            all->second.push_back(at);
    }
    const auto first = std::lower_bound(all->second.begin(), all->second.end(), text_before_[e]);
    return first != all->second.end() && *first + s.value.size() <= text_before_[tree_.end(e)];
}

bool matcher::test_text(const simple& s, node_id e)
{
    if (remembers() && s.what != test::contains_own && s.what != test::matches_text &&
        !tree_.has_fragments())
        return contains(s, e);
    scratch_.clear();
    if (s.what == test::contains_own) {
        for (node_id at = tree_.first_child(e); at != no_node; at = tree_.next_sibling(at)) {
            steps_.charge(1);
            if (tree_.kind(at) == node_kind::text) scratch_ += tree_.text(at);
        }
    } else {
        steps_.charge(tree_.end(e) - e);
        tree_.append_text_content(e, scratch_);
    }
    steps_.charge(1 + scratch_.size() / 16);
    if (s.what == test::matches_text) {
        steps_.charge(scratch_.size() / 4);
        return RE2::PartialMatch(scratch_, *s.pattern);
    }
    charge_search(scratch_, s.value);
    return has_part(scratch_, s.value, s.what == test::icontains);
}

}  // namespace ferry::css::detail
