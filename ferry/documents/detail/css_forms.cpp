#include "ferry/documents/detail/css_forms.hpp"

#include "ferry/documents/detail/css_matcher.hpp"
#include "ferry/documents/detail/css_words.hpp"
#include "ferry/documents/detail/html_names.hpp"

#include <algorithm>
#include <array>

namespace ferry::css::detail {

namespace tag = documents::detail::tag;
namespace ns = documents::ns;

namespace {

/// What the states of inputs depend on.
enum class input_kind : std::uint8_t { text, dated, checkbox, radio, file, submit, image, other };

bool has(const tree& t, node_id e, documents::name_id attribute) noexcept
{
    return t.find_attribute(e, attribute) != nullptr;
}

std::string_view get(const tree& t, node_id e, documents::name_id attribute) noexcept
{
    const auto* a = t.find_attribute(e, attribute);
    return a == nullptr ? std::string_view() : t.value(*a);
}

input_kind kind_of(const tree& t, node_id e) noexcept
{
    struct row {
        std::string_view type;
        input_kind kind;
    };
    static constexpr auto rows = std::to_array<row>({{"date", input_kind::dated},
                                                     {"month", input_kind::dated},
                                                     {"week", input_kind::dated},
                                                     {"time", input_kind::dated},
                                                     {"datetime-local", input_kind::dated},
                                                     {"checkbox", input_kind::checkbox},
                                                     {"radio", input_kind::radio},
                                                     {"file", input_kind::file},
                                                     {"submit", input_kind::submit},
                                                     {"image", input_kind::image},
                                                     {"hidden", input_kind::other},
                                                     {"range", input_kind::other},
                                                     {"color", input_kind::other},
                                                     {"reset", input_kind::other},
                                                     {"button", input_kind::other}});
    const std::string_view type = get(t, e, tag::type);
    const auto found = std::find_if(rows.begin(), rows.end(),
                                    [type](const row& r) { return equal(r.type, type, true); });
    return found == rows.end() ? input_kind::text : found->kind;
}

bool is_submit_button(const tree& t, node_id e) noexcept
{
    if (t[e].name == tag::button) {
        const std::string_view type = get(t, e, tag::type);
        return !equal(type, "reset", true) && !equal(type, "button", true);
    }
    if (t[e].name != tag::input) return false;
    const input_kind kind = kind_of(t, e);
    return kind == input_kind::submit || kind == input_kind::image;
}

bool is_a(const tree& t, node_id e, documents::name_id name) noexcept
{
    return t.is_element(e) && t[e].name == name && t[e].space == ns::html;
}

node_id parent(const tree& t, node_id e) noexcept
{
    const node_id up = t.parent(e);
    return up != no_node && t.is_element(up) ? up : no_node;
}

}  // namespace

bool form_states::holds(test what, node_id e, step_count& steps)
{
    const documents::name_id name = tree_[e].name;
    const bool is_input = name == tag::input;
    const bool is_field = is_input || name == tag::select || name == tag::textarea;
    const bool can_be_optional = is_field || name == tag::button;
    switch (what) {
        case test::any_link:
            return (name == tag::a || name == tag::area) && has(tree_, e, tag::href);
        case test::checked: return is_checked(e, steps);
        case test::disabled: return can_be_disabled(e) && is_disabled(e, steps);
        case test::enabled: return can_be_disabled(e) && !is_disabled(e, steps);
        case test::required:
        case test::optional: {
            if (!can_be_optional) return false;
            const input_kind kind = is_input ? kind_of(tree_, e) : input_kind::text;
            const bool can_be = is_field && kind != input_kind::other &&
                                kind != input_kind::submit && kind != input_kind::image;
            const bool is = can_be && has(tree_, e, tag::required);
            return what == test::required ? is : !is;
        }
        case test::read_write: return is_read_write(e, steps);
        case test::read_only: return !is_read_write(e, steps);
        case test::default_: return is_default(e, steps);
        case test::indeterminate: return is_indeterminate(e, steps);
        case test::placeholder_shown: return shows_placeholder(e);
        case test::open:
            return (name == tag::details || name == tag::dialog) && has(tree_, e, tag::open);
        case test::defined:
            return tree_.name(name).find('-') == std::string_view::npos && !has_is(e);
        default: return false;
    }
}

bool form_states::has_is(node_id e) const noexcept
{
    return tree_.attribute_value(e, "is").has_value();
}

// ---- enabled or not

bool form_states::can_be_disabled(node_id e) const noexcept
{
    static constexpr auto names =
        std::to_array<documents::name_id>({tag::button, tag::input, tag::select, tag::textarea,
                                           tag::optgroup, tag::option, tag::fieldset});
    return std::find(names.begin(), names.end(), tree_[e].name) != names.end();
}

/// Whether an option, or the optgroup around it, says that it is disabled.
bool form_states::is_off(node_id option, step_count& steps) const
{
    if (has(tree_, option, tag::disabled)) return true;
    for (node_id up = parent(tree_, option); up != no_node && !is_a(tree_, up, tag::select);
         up = parent(tree_, up)) {
        steps.charge(1);
        if (is_a(tree_, up, tag::optgroup)) return has(tree_, up, tag::disabled);
    }
    return false;
}

form_states::node_id form_states::select_of(node_id e, step_count& steps) const
{
    node_id up = parent(tree_, e);
    while (up != no_node && !is_a(tree_, up, tag::select)) {
        steps.charge(1);
        up = parent(tree_, up);
    }
    return up;
}

bool form_states::is_disabled(node_id e, step_count& steps) const
{
    if (has(tree_, e, tag::disabled)) return true;
    if (tree_[e].name == tag::optgroup || tree_[e].name == tag::option) {
        if (tree_[e].name == tag::option && is_off(e, steps)) return true;
        e = select_of(e, steps);
        if (e == no_node) return false;
        if (has(tree_, e, tag::disabled)) return true;
    }
    // A disabled fieldset disables what is in it, but for its first legend.
    for (node_id below = e, up = parent(tree_, e); up != no_node;
         below = up, up = parent(tree_, up)) {
        steps.charge(1);
        if (!is_a(tree_, up, tag::fieldset) || !has(tree_, up, tag::disabled)) continue;
        node_id legend = tree_.first_child(up);
        while (legend != no_node && !is_a(tree_, legend, tag::legend)) {
            steps.charge(1);
            legend = tree_.next_sibling(legend);
        }
        if (legend != below || e == below) return true;
    }
    return false;
}

// ---- checked or not

bool form_states::is_checked(node_id e, step_count& steps)
{
    if (tree_[e].name == tag::option) return is_selected(e, steps);
    if (tree_[e].name != tag::input || !has(tree_, e, tag::checked)) return false;
    const input_kind kind = kind_of(tree_, e);
    if (kind != input_kind::radio) return kind == input_kind::checkbox;
    if (!in_group(e)) return true;
    // Of the radio buttons of a group the last one that was checked stays so.
    find_groups(steps);
    return groups_[{form_of(e, steps), get(tree_, e, tag::name)}].checked == e;
}

bool form_states::in_group(node_id e) const noexcept
{
    return !get(tree_, e, tag::name).empty();
}

bool form_states::is_selected(node_id option, step_count& steps)
{
    const node_id select = select_of(option, steps);
    if (select == no_node || has(tree_, select, tag::multiple))
        return has(tree_, option, tag::selected);
    if (select != last_select_) {
        last_select_ = select;
        last_selected_ = no_node;
        const std::string_view size = get(tree_, select, tag::size);
        node_id first = no_node;
        for (node_id at = select; at < tree_.end(select); ++at) {
            steps.charge(1);
            if (!is_a(tree_, at, tag::option)) continue;
            if (has(tree_, at, tag::selected)) last_selected_ = at;
            if (first == no_node && !is_off(at, steps)) first = at;
        }
        if (last_selected_ == no_node && (size.empty() || size == "1")) last_selected_ = first;
    }
    return last_selected_ == option;
}

node_id form_states::form_of(node_id e, step_count& steps)
{
    if (const auto* a = tree_.find_attribute(e, tag::form)) {
        find_groups(steps);
        const auto found = forms_by_id_.find(tree_.value(*a));
        return found == forms_by_id_.end() ? no_node : found->second;
    }
    node_id up = parent(tree_, e);
    while (up != no_node && !is_a(tree_, up, tag::form)) {
        steps.charge(1);
        up = parent(tree_, up);
    }
    return up;
}

/// Finds the forms, their default buttons and the groups of radio buttons, once.
void form_states::find_groups(step_count& steps)
{
    if (found_groups_) return;
    found_groups_ = true;
    steps.charge(tree_.size());
    for (node_id n = 0; n < tree_.size(); ++n)
        if (is_a(tree_, n, tag::form))
            if (const auto* id = tree_.find_attribute(n, tag::id))
                forms_by_id_.try_emplace(tree_.value(*id), n);
    for (node_id n = 0; n < tree_.size(); ++n) {
        if (!is_a(tree_, n, tag::input) && !is_a(tree_, n, tag::button)) continue;
        if (is_submit_button(tree_, n)) {
            if (const node_id form = form_of(n, steps); form != no_node)
                default_buttons_.try_emplace(form, n);
        } else if (is_a(tree_, n, tag::input) && kind_of(tree_, n) == input_kind::radio &&
                   has(tree_, n, tag::checked) && in_group(n)) {
            groups_[{form_of(n, steps), get(tree_, n, tag::name)}].checked = n;
        }
    }
}

// ---- the rest

bool form_states::is_default(node_id e, step_count& steps)
{
    if (is_submit_button(tree_, e)) {
        find_groups(steps);
        const auto found = default_buttons_.find(form_of(e, steps));
        return found != default_buttons_.end() && found->second == e;
    }
    if (tree_[e].name == tag::option) return has(tree_, e, tag::selected);
    if (tree_[e].name != tag::input || !has(tree_, e, tag::checked)) return false;
    const input_kind kind = kind_of(tree_, e);
    return kind == input_kind::checkbox || kind == input_kind::radio;
}

bool form_states::is_indeterminate(node_id e, step_count& steps)
{
    if (tree_[e].name == tag::progress) return !has(tree_, e, tag::value);
    if (tree_[e].name != tag::input || kind_of(tree_, e) != input_kind::radio) return false;
    if (!in_group(e)) return !has(tree_, e, tag::checked);
    find_groups(steps);
    return groups_[{form_of(e, steps), get(tree_, e, tag::name)}].checked == no_node;
}

bool form_states::is_read_write(node_id e, step_count& steps) const
{
    if (tree_[e].name == tag::input || tree_[e].name == tag::textarea) {
        const input_kind kind = tree_[e].name == tag::input ? kind_of(tree_, e) : input_kind::text;
        return (kind == input_kind::text || kind == input_kind::dated) &&
               !has(tree_, e, tag::readonly) && !is_disabled(e, steps);
    }
    for (node_id at = e; at != no_node; at = parent(tree_, at)) {
        steps.charge(1);
        const auto* a = tree_.find_attribute(at, tag::contenteditable);
        if (a == nullptr) continue;
        const std::string_view value = tree_.value(*a);
        if (value.empty() || equal(value, "true", true) || equal(value, "plaintext-only", true))
            return true;
        if (equal(value, "false", true)) return false;
    }
    return false;
}

bool form_states::shows_placeholder(node_id e) const
{
    if (!has(tree_, e, tag::placeholder)) return false;
    if (tree_[e].name == tag::textarea) return tree_.end(e) == e + 1;
    return tree_[e].name == tag::input && kind_of(tree_, e) == input_kind::text &&
           get(tree_, e, tag::value).empty();
}

}  // namespace ferry::css::detail
