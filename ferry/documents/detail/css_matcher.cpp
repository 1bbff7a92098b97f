#include "ferry/documents/detail/css_matcher.hpp"

#include "ferry/core/error.hpp"
#include "ferry/documents/detail/css_scanner.hpp"
#include "ferry/documents/detail/css_words.hpp"
#include "ferry/documents/detail/html_names.hpp"

#include <algorithm>

namespace ferry::css::detail {

namespace tag = documents::detail::tag;
namespace ns = documents::ns;

matcher::matcher(const program& p, const tree& t, const context& with, node_id from)
    : program_(p),
      tree_(t),
      steps_(with.max_steps()),
      scope_(with.scope()),
      is_html_tree_(t.is_html()),
      is_quirky_(t.is_html() && t.quirks() == documents::quirks_mode::quirks),
      known_(p.slots),
      places_(p.slots),
      found_(p.slots),
      forms_(t)
{
    names_.reserve(p.names.size());
    for (const written_name& n : p.names) {
        const documents::name_id id = t.find_name(is_html_tree_ ? n.lower : n.exact);
        names_.push_back({id, id, id});
        if (!is_html_tree_) continue;
        names_.back().svg_element = documents::detail::svg_element_name(id);
        names_.back().svg_attribute = documents::detail::svg_attribute_name(id);
    }
    for (const auto& [prefix, at] : p.prefixes) {
        const std::string* uri = with.find_ns(prefix);
        if (uri == nullptr && prefix != "xml")
            scanner(p.text).fail("the namespace prefix '" + prefix + "' is not bound", at);
        prefixes_.push_back(uri == nullptr ? ns::xml : t.find_namespace(*uri));
    }
    if (with.default_ns()) default_space_ = t.find_namespace(*with.default_ns());
    if (scope_ == no_node) {
        scope_ = from;
        if (!t.is_element(scope_)) {
            scope_ = t.first_child(scope_);
            while (scope_ != no_node && !t.is_element(scope_)) scope_ = t.next_sibling(scope_);
        }
    }
}

node_id matcher::parent(node_id e) const noexcept
{
    const node_id up = tree_.parent(e);
    return up != no_node && tree_.is_element(up) ? up : no_node;
}

node_id matcher::previous(node_id e)
{
    node_id at = tree_.previous_sibling(e);
    while (at != no_node && !tree_.is_element(at)) {
        steps_.charge(1);
        at = tree_.previous_sibling(at);
    }
    return at;
}

node_id matcher::next(node_id e)
{
    node_id at = tree_.next_sibling(e);
    while (at != no_node && !tree_.is_element(at)) {
        steps_.charge(1);
        at = tree_.next_sibling(at);
    }
    return at;
}

// ---- what is remembered

bool matcher::remembers()
{
    // A single question is answered without tables as long as it is cheap.
    constexpr std::uint64_t cheap = 256;
    if (!remembers_ && steps_.done() > cheap + tree_.size() / 8) remembers_ = true;
    return remembers_;
}

matcher::known matcher::recall(std::uint32_t slot, node_id n) const noexcept
{
    const auto& all = known_[slot];
    return all.empty() ? known::nothing : all[n];
}

void matcher::record(std::uint32_t slot, node_id n, known what)
{
    if (slot >= max_tables) return;
    auto& all = known_[slot];
    if (all.empty()) {
        steps_.charge(tree_.size() / 16);
        all.resize(tree_.size(), known::nothing);
    }
    all[n] = what;
}

void matcher::record(const std::vector<entry>& trail, known what)
{
    for (const entry& e : trail) record(e.slot, e.node, what);
}

// ---- complex selectors

bool matcher::matches(const std::vector<complex>& list, node_id e)
{
    return std::any_of(list.begin(), list.end(), [&](const complex& c) { return matches(c, e); });
}

/// Goes on with a search through ancestors or earlier siblings, from where it was.
/// \param found  set if what is left of the selector is known to match.
/// \returns whether there is a next element to try.
bool matcher::search_on(search& s, bool up, std::vector<entry>& trail, bool& found, node_id& next)
{
    if (remembers()) {
        const known k = recall(s.at->slot, s.node);
        if (k == known::yes) found = true;
        if (k != known::nothing) return false;
        trail.push_back({s.at->slot, s.node});
    }
    steps_.charge(1);
    next = s.node = up ? parent(s.node) : previous(s.node);
    return s.node != no_node;
}

bool matcher::matches(const complex& c, node_id e)
{
    const compound* const first = c.compounds.data();
    const compound* at = first + c.compounds.size() - 1;
    if (!matches(*at, e)) return false;
    if (at == first) return true;

    // The members lend their storage; a nested selector that comes here meanwhile finds them empty.
    std::vector<entry> up_trail, side_trail;
    up_trail.swap(up_trail_);
    side_trail.swap(side_trail_);
    up_trail.clear();
    side_trail.clear();
    search up, side;
    bool good = true;  // whether `at` matches `e`
    bool found = false;
    while (!found) {
        if (good && at == first) {
            found = true;
            break;
        }
        if (good) {
            const combinator to = at->before;
            --at;
            if (to == combinator::child || to == combinator::next_sibling) {
                // The siblings of what was found have the same parent: trying them is no use.
                if (to == combinator::child) side.at = nullptr;
                steps_.charge(1);
                e = to == combinator::child ? parent(e) : previous(e);
                good = e != no_node && matches(*at, e);
                continue;
            }
            if (to == combinator::descendant) {
                up_trail.insert(up_trail.end(), side_trail.begin(), side_trail.end());
                side_trail.clear();
                side.at = nullptr;
                up = {at, e};
            } else {
                side = {at, e};
            }
        }
        if (side.at != nullptr && search_on(side, false, side_trail, found, e)) {
            at = side.at;
        } else if (found) {
            break;
        } else {
            side.at = nullptr;
            record(side_trail, known::no);
            side_trail.clear();
            if (up.at == nullptr || !search_on(up, true, up_trail, found, e)) break;
            at = up.at;
        }
        good = matches(*at, e);
    }
    const known what = found ? known::yes : known::no;
    record(up_trail, what);
    record(side_trail, what);
    up_trail.swap(up_trail_);
    side_trail.swap(side_trail_);
    return found;
}

bool matcher::matches(const compound& c, node_id e)
{
    return std::all_of(c.tests.begin(), c.tests.end(),
                       [&](const simple& s) { return test_one(s, e); });
}

bool matcher::test_one(const simple& s, node_id e)
{
    switch (s.what) {
        case test::never: return false;
        case test::type: return is_type(s, e);
        case test::any_type: return in_space(s, tree_[e].space);
        case test::id: return has_id(s, e);
        case test::class_: return has_class(s, e);
        case test::attribute: return test_attribute(s, e);
        case test::root: return tree_.parent(e) == tree::root();
        case test::scope: return e == scope_;
        case test::empty: return is_empty(e);
        case test::first_child: return previous(e) == no_node;
        case test::last_child: return next(e) == no_node;
        case test::nth_child:
        case test::nth_last_child:
        case test::nth_of_type:
        case test::nth_last_of_type: return test_nth(s, e);
        case test::lang: return test_lang(s, e);
        case test::dir: return test_dir(s, e);
        case test::is: return matches(s.list, e);
        case test::not_: return !matches(s.list, e);
        case test::has:
            return std::any_of(s.list.begin(), s.list.end(),
                               [&](const complex& c) { return has(c, 0, e); });
        case test::contains:
        case test::contains_own:
        case test::icontains:
        case test::matches_text: return test_text(s, e);
        case test::defined: return tree_[e].space != ns::html || forms_.holds(s.what, e, steps_);
        case test::any_link:
            if (tree_[e].space == ns::svg && tree_[e].name == tag::a)
                return tree_.find_attribute(e, tag::href) != nullptr ||
                       tree_.find_attribute(e, tag::href, ns::xlink) != nullptr;
            [[fallthrough]];
        default: return tree_[e].space == ns::html && forms_.holds(s.what, e, steps_);
    }
}

// ---- names and attributes

bool matcher::in_space(const simple& s, documents::namespace_id space) const noexcept
{
    switch (s.space) {
        case space_rule::unprefixed: return !default_space_ || space == *default_space_;
        case space_rule::any: return true;
        case space_rule::none: return space == ns::none;
        case space_rule::prefixed: return space == prefixes_[s.prefix];
    }
    return false;
}

bool matcher::is_type(const simple& s, node_id e) const noexcept
{
    const documents::node& at = tree_[e];
    const bound_name& wanted = names_[s.name];
    const bool named =
        at.name == wanted.plain || (at.name == wanted.svg_element && at.space != ns::html);
    return named && in_space(s, at.space);
}

bool matcher::is_named(const simple& s, const documents::attribute& a, node_id e) const noexcept
{
    const bound_name& wanted = names_[s.name];
    return a.name == wanted.plain || (a.name == wanted.svg_attribute && tree_[e].space != ns::html);
}

const documents::attribute* matcher::find(const simple& s, node_id e) const noexcept
{
    for (const documents::attribute& a : tree_.attributes(e)) {
        if (!is_named(s, a, e)) continue;
        // Attributes without a prefix are in no namespace, whatever the default is.
        if (s.space == space_rule::unprefixed ? a.space == ns::none : in_space(s, a.space))
            return &a;
    }
    return nullptr;
}

bool matcher::test_attribute(const simple& s, node_id e)
{
    if (s.space == space_rule::any) {  // any one of several may do
        const auto all = tree_.attributes(e);
        const bool found = std::any_of(all.begin(), all.end(), [&](const documents::attribute& a) {
            return is_named(s, a, e) &&
                   (s.match == attribute_match::exists ||
                    compare(s, a, is_html(e)) != (s.match == attribute_match::differs));
        });
        return found != (s.match == attribute_match::differs);
    }
    const documents::attribute* a = find(s, e);
    if (a == nullptr) return s.match == attribute_match::differs;
    return s.match == attribute_match::exists || compare(s, *a, is_html(e));
}

bool matcher::compare(const simple& s, const documents::attribute& a, bool html)
{
    const std::string_view value = tree_.value(a);
    charge_search(value, s.value);
    const std::string_view wanted = s.value;
    const bool fold = s.letters == case_rule::insensitive ||
                      (s.letters == case_rule::by_name && html && a.space == ns::none &&
                       has_folded_values(tree_.name(a.name)));
    switch (s.match) {
        case attribute_match::exists: return true;
        case attribute_match::equals: return equal(value, wanted, fold);
        case attribute_match::differs: return !equal(value, wanted, fold);
        case attribute_match::includes: return has_word(value, wanted, fold);
        case attribute_match::dash:
            return equal(value.substr(0, wanted.size()), wanted, fold) &&
                   (value.size() == wanted.size() || value[wanted.size()] == '-');
        case attribute_match::prefix:
            return !wanted.empty() && equal(value.substr(0, wanted.size()), wanted, fold);
        case attribute_match::suffix:
            return !wanted.empty() && value.size() >= wanted.size() &&
                   equal(value.substr(value.size() - wanted.size()), wanted, fold);
        case attribute_match::substring: return !wanted.empty() && has_part(value, wanted, fold);
    }
    return false;
}

/// Long values are looked through in time that a page and a selector can make quadratic.
void matcher::charge_search(std::string_view text, std::string_view part)
{
    constexpr std::size_t at_once = 64;
    if (text.size() > at_once) steps_.charge(text.size() / at_once * (1 + part.size() / at_once));
}

bool matcher::has_class(const simple& s, node_id e)
{
    const documents::attribute* a = tree_.find_attribute(e, tag::class_);
    if (a != nullptr) charge_search(tree_.value(*a), s.value);
    return a != nullptr && has_word(tree_.value(*a), s.value, is_quirky_);
}

bool matcher::has_id(const simple& s, node_id e) const noexcept
{
    const documents::attribute* a = tree_.find_attribute(e, tag::id);
    return a != nullptr && equal(tree_.value(*a), s.value, is_quirky_);
}

bool matcher::is_empty(node_id e) const noexcept
{
    for (node_id at = tree_.first_child(e); at != no_node; at = tree_.next_sibling(at))
        if (tree_.is_element(at) || (tree_.kind(at) == node_kind::text && !tree_.text(at).empty()))
            return false;
    return true;
}

}  // namespace ferry::css::detail
