#include "ferry/documents/html_forms.hpp"

#include "ferry/core/url_query.hpp"
#include "ferry/documents/detail/css_scanner.hpp"
#include "ferry/documents/detail/html_tags.hpp"
#include "ferry/documents/html_links.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace ferry::html {

namespace {

using documents::no_node;
using documents::node_id;
using documents::tree;
using ferry::css::detail::lowered;
namespace ns = documents::ns;
namespace tag = documents::detail::tag;

bool is_a(const tree& t, node_id n, documents::name_id name) noexcept
{
    return t.is_element(n) && t[n].name == name && t[n].space == ns::html;
}

/// Where the parser drops a form that stands directly in a table, the controls behind it there
/// still belong to it, as they do in a browser.
bool is_hollow(const tree& t, node_id form) noexcept
{
    const node_id up = t.parent(form);
    return t.end(form) == form + 1 && t.is_element(up) &&
           (documents::detail::traits_of(t[up].name) & documents::detail::is_table_part) != 0;
}

/// The form that each control belongs to: control and form, in one walk.
std::vector<std::pair<node_id, node_id>> owners(const tree& t)
{
    std::vector<std::pair<node_id, node_id>> found;
    std::vector<node_id> open;
    node_id hollow = no_node;
    std::map<std::string_view, node_id> ids;  // filled when a control names its form
    for (node_id n = 0; n < t.size(); ++n) {
        while (!open.empty() && t.end(open.back()) <= n) open.pop_back();
        if (t.kind(n) == node_kind::fragment) {
            n = t.end(n) - 1;
            continue;
        }
        if (is_a(t, n, tag::form)) {
            open.push_back(n);
            hollow = is_hollow(t, n) ? n : no_node;
            continue;
        }
        const bool is_control = is_a(t, n, tag::input) || is_a(t, n, tag::select) ||
                                is_a(t, n, tag::textarea) || is_a(t, n, tag::button);
        if (!is_control) continue;
        node_id owner = open.empty() ? no_node : open.back();
        if (owner == no_node && hollow != no_node && n < t.end(t.parent(hollow))) owner = hollow;
        if (const auto* a = t.find_attribute(n, tag::form)) {
            if (ids.empty())
                for (const element& e : element(t, 0).descendants())
                    if (const auto id = e.attr("id")) ids.try_emplace(*id, e.id());
            const auto named = ids.find(t.value(*a));
            owner =
                named != ids.end() && is_a(t, named->second, tag::form) ? named->second : no_node;
        }
        if (owner != no_node) found.emplace_back(n, owner);
    }
    return found;
}

std::string with_crlf(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' || (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')))
            out += "\r\n";
        else if (text[i] != '\n')
            out += text[i];
    }
    return out;
}

/// White space stripped and collapsed.
std::string collapsed(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (!ferry::css::detail::is_space(c))
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    }
    if (out.ends_with(' ')) out.pop_back();
    return out;
}

std::string input_type(std::string_view written)
{
    static constexpr auto known = std::to_array<std::string_view>(
        {"hidden",   "text",  "search", "tel",      "url",   "email",
         "password", "date",  "month",  "week",     "time",  "datetime-local",
         "number",   "range", "color",  "checkbox", "radio", "file",
         "submit",   "image", "reset",  "button"});
    std::string type = lowered(written);
    return std::find(known.begin(), known.end(), type) == known.end() ? "text" : type;
}

control made_select(const element& e)
{
    control made{e,     {}, e.has_attr("multiple") ? "select-multiple" : "select", {}, false,
                 false, {}};
    std::size_t selected = 0;
    for (const element& o : e.descendants("option")) {
        const std::string label = collapsed(o.text());
        const bool off =
            ferry::css::compile("optgroup[disabled] *, [disabled]").matches(o.tree(), o.id());
        made.choices.push_back(
            {std::string(o.attr("value").value_or(label)), label, o.has_attr("selected"), off});
        if (o.has_attr("selected")) ++selected;
    }
    if (made.type == "select-multiple") return made;
    // One is selected: the last that says so, or else the first that may be.
    for (auto& c : made.choices)
        if (c.selected && selected-- > 1) c.selected = false;
    const bool none = std::none_of(made.choices.begin(), made.choices.end(),
                                   [](const auto& c) { return c.selected; });
    const std::string_view size = e.attr("size", "1");
    if (none && (size == "1" || size.empty()))
        for (auto& c : made.choices)
            if (!c.disabled) {
                c.selected = true;
                break;
            }
    return made;
}

control made_control(const element& e)
{
    control made{e, {}, {}, {}, false, false, {}};
    if (e.name() == "select") {
        made = made_select(e);
    } else if (e.name() == "textarea") {
        made.type = "textarea";
        made.value = e.text();
    } else if (e.name() == "button") {
        const std::string type = lowered(e.attr("type", {}));
        made.type = type == "reset" || type == "button" ? type : "submit";
        made.value = e.attr("value", {});
    } else {
        made.type = input_type(e.attr("type", {}));
        made.value = e.attr("value", made.is_checkable() ? "on" : "");
        made.checked = made.is_checkable() && e.has_attr("checked");
    }
    made.name = e.attr("name", {});
    made.disabled = e.matches(":disabled");
    return made;
}

}  // namespace

bool control::is_button() const noexcept
{
    return type == "submit" || type == "image" || type == "reset" || type == "button";
}

std::string submission::body() const
{
    if (enctype != "text/plain") return query_pairs(pairs).to_string();
    std::string out;
    for (const auto& [name, value] : pairs) out += name + '=' + value + "\r\n";
    return out;
}

form::form(const html::element& e) : element_(e)
{
    for (const auto& [at, owner] : owners(e.tree()))
        if (owner == e.id()) controls_.push_back(made_control(html::element(e.tree(), at)));
    settle_radio_buttons();
}

/// Of the radio buttons of a group the last one that is checked stays so.
void form::settle_radio_buttons()
{
    std::set<std::string_view> settled;
    for (auto c = controls_.rbegin(); c != controls_.rend(); ++c)
        if (c->type == "radio" && c->checked && !c->name.empty())
            c->checked = settled.insert(c->name).second;
}

std::string form::method() const
{
    const std::string m = lowered(element_.attr("method", {}));
    return m == "post" ? "POST" : m == "dialog" ? "DIALOG" : "GET";
}

std::string form::enctype() const
{
    const std::string e = lowered(element_.attr("enctype", {}));
    return e == "multipart/form-data" || e == "text/plain" ? e
                                                           : "application/x-www-form-urlencoded";
}

bool form::contains(std::string_view name) const noexcept
{
    return std::any_of(controls_.begin(), controls_.end(),
                       [name](const control& c) { return c.name == name && !c.is_button(); });
}

control& form::need(std::string_view name)
{
    const auto found = std::find_if(controls_.begin(), controls_.end(), [name](const control& c) {
        return c.name == name && !c.is_button();
    });
    if (found == controls_.end()) throw lookup_error("form field " + std::string(name));
    return *found;
}

std::optional<std::string> form::value(std::string_view name) const
{
    for (const control& c : controls_) {
        if (c.name != name || c.is_button() || (c.is_checkable() && !c.checked)) continue;
        if (!c.is_select()) return c.value;
        for (const auto& choice : c.choices)
            if (choice.selected) return choice.value;
        return std::nullopt;
    }
    return std::nullopt;
}

form& form::set(std::string_view name, std::string_view value)
{
    control& first = need(name);
    if (first.is_select() || first.is_checkable())
        return set(name, std::vector<std::string>{std::string(value)});
    first.value = value;
    return *this;
}

form& form::set(std::string_view name, const std::vector<std::string>& values)
{
    control& first = need(name);
    const bool one_only = first.type == "select" || first.type == "radio";
    if (one_only && values.size() > 1)
        throw lookup_error("form field " + std::string(name) + ": only one value can be chosen");
    for (const std::string& v : values) {
        const bool known = std::any_of(controls_.begin(), controls_.end(), [&](const control& c) {
            if (c.name != name) return false;
            if (c.is_checkable()) return c.value == v;
            return std::any_of(c.choices.begin(), c.choices.end(),
                               [&](const auto& choice) { return choice.value == v; });
        });
        if (!known) throw lookup_error("form field " + std::string(name) + ": option " + v);
    }
    const auto wanted = [&](const std::string& v) {
        return std::find(values.begin(), values.end(), v) != values.end();
    };
    for (control& c : controls_) {
        if (c.name != name || c.is_button()) continue;
        if (c.is_checkable()) c.checked = wanted(c.value);
        bool chosen = false;
        for (auto& choice : c.choices) {
            choice.selected = wanted(choice.value) && !(chosen && c.type == "select");
            chosen = chosen || choice.selected;
        }
    }
    return *this;
}

form& form::check(std::string_view name, bool on)
{
    for (control& c : controls_) {
        if (c.name != name || c.type != "checkbox") continue;
        c.checked = on;
        return *this;
    }
    throw lookup_error("checkbox " + std::string(name));
}

const control* form::button_named(std::string_view button) const
{
    if (button.empty()) return nullptr;
    for (const control& c : controls_)
        if ((c.type == "submit" || c.type == "image") && !c.disabled &&
            (c.name == button || c.element.attr("id", {}) == button))
            return &c;
    throw lookup_error("submit button " + std::string(button));
}

std::vector<std::pair<std::string, std::string>> form::form_values(std::string_view button) const
{
    std::vector<std::pair<std::string, std::string>> out;
    const control* const pressed = button_named(button);
    const auto add = [&](const std::string& name, std::string_view value) {
        out.emplace_back(with_crlf(name), with_crlf(value));
    };
    for (const control& c : controls_) {
        if (c.disabled || c.element.closest("datalist") || (c.is_button() && &c != pressed))
            continue;
        if (c.type == "image") {
            const std::string prefix = c.name.empty() ? "" : c.name + '.';
            add(prefix + 'x', "0");
            add(prefix + 'y', "0");
            continue;
        }
        if (c.name.empty() || c.type == "file" || (c.is_checkable() && !c.checked)) continue;
        if (c.is_select()) {
            for (const auto& choice : c.choices)
                if (choice.selected && !choice.disabled) add(c.name, choice.value);
        } else {
            const bool is_charset = c.type == "hidden" && lowered(c.name) == "_charset_";
            add(c.name, is_charset ? "UTF-8" : std::string_view(c.value));
        }
        const std::string_view dir = c.element.attr("dirname", {});
        if (!dir.empty() && (c.type == "text" || c.type == "search" || c.type == "textarea"))
            add(std::string(dir), c.element.matches(":dir(rtl)") ? "rtl" : "ltr");
    }
    return out;
}

submission form::submit(std::string_view document_url, std::string_view button) const
{
    submission out{method(), {}, enctype(), form_values(button)};
    std::string_view target = action();
    // A button may say otherwise.
    if (const control* const pressed = button_named(button)) {
        target = pressed->element.attr("formaction", target);
        if (const auto m = pressed->element.attr("formmethod"))
            out.method = lowered(*m) == "post" ? "POST" : "GET";
        if (const auto e = pressed->element.attr("formenctype")) {
            const std::string low = lowered(*e);
            out.enctype = low == "multipart/form-data" || low == "text/plain"
                              ? low
                              : "application/x-www-form-urlencoded";
        }
    }
    ferry::url at;
    const auto own = ferry::url::try_parse(document_url);
    auto base = own;
    if (const auto b = html::node(element_.tree(), tree::root()).select_one("base[href]"))
        if (auto given = own ? own->try_resolve(b->attr("href", {}))
                             : ferry::url::try_parse(b->attr("href", {})))
            base = given;
    // Without an action the page itself is the target, whatever its base is.
    if (target.empty() && own)
        at = *own;
    else
        at = base ? base->resolve(target) : ferry::url::parse(target);
    at.set_fragment(std::nullopt);
    if (out.method != "POST") {
        if (out.method == "DIALOG") out.method = "GET";
        at.set_query(query_pairs(out.pairs).to_string());
    }
    out.url = at.href();
    return out;
}

std::vector<form> forms(const document& of)
{
    std::vector<form> all;
    std::map<node_id, std::size_t> places;
    for (const element& e : of.css("form")) {
        places[e.id()] = all.size();
        all.push_back(form(e, form::empty_tag()));
    }
    for (const auto& [at, owner] : owners(of.tree()))
        if (const auto found = places.find(owner); found != places.end())
            all[found->second].controls_.push_back(made_control(element(of.tree(), at)));
    for (form& f : all) f.settle_radio_buttons();
    return all;
}

}  // namespace ferry::html
