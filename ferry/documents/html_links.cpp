#include "ferry/documents/html_links.hpp"

#include "ferry/documents/detail/css_words.hpp"
#include "ferry/documents/detail/html_scan.hpp"
#include "ferry/documents/detail/html_tags.hpp"

#include <algorithm>

namespace ferry::html {

namespace {

using documents::node_id;
using documents::tree;
using documents::detail::has_class;
using documents::detail::is_space;
namespace ns = documents::ns;
namespace tag = documents::detail::tag;

bool folded_equal(std::string_view a, std::string_view b) noexcept
{
    return ferry::css::detail::equal(a, b, true);
}

/// How an attribute holds links.
enum class form : std::uint8_t { one, words, source_set };

/// \returns nothing for an attribute that holds none.
std::optional<form> form_of(const tree& t, node_id n, const documents::attribute& a)
{
    if (a.space == ns::xlink) return a.name == tag::href ? std::optional(form::one) : std::nullopt;
    if (a.space != ns::none) return std::nullopt;
    if (t[n].space == ns::svg) return a.name == tag::href ? std::optional(form::one) : std::nullopt;
    if (t[n].space != ns::html) return std::nullopt;
    switch (a.name) {
        case tag::href:
        case tag::src:
        case tag::action:
        case tag::formaction:
        case tag::background:
        case tag::cite:
        case tag::codebase:
        case tag::classid:
        case tag::longdesc:
        case tag::profile:
        case tag::usemap:
        case tag::poster:
        case tag::manifest: return form::one;
        case tag::data: return t[n].name == tag::object ? std::optional(form::one) : std::nullopt;
        case tag::archive:
        case tag::ping: return form::words;
        case tag::srcset:
        case tag::imagesrcset: return form::source_set;
        case tag::value:
            return t[n].name == tag::param &&
                           folded_equal(t.attribute_value(n, "valuetype").value_or(""), "ref")
                       ? std::optional(form::one)
                       : std::nullopt;
        default: break;
    }
    const std::string_view name = t.name(a.name);
    return name == "dynsrc" || name == "lowsrc" ? std::optional(form::one) : std::nullopt;
}

class finder {
public:
    finder(const tree& t, std::vector<link>& into) : tree_(t), into_(into) {}

    void element_links(node_id n)
    {
        at_ = n;
        const bool is_html = tree_[n].space == ns::html;
        const bool is_meta = is_html && tree_[n].name == tag::meta;
        for (const auto& a : tree_.attributes(n)) {
            whole_ = tree_.value(a);
            if (a.name == tag::style && a.space == ns::none) {
                name_ = "style";
                style(whole_);
            } else if (const auto how = form_of(tree_, n, a)) {
                name_ = tree_.qualified_name(a);
                switch (*how) {
                    case form::one: add(whole_); break;
                    case form::words: words(whole_); break;
                    case form::source_set: source_set(whole_); break;
                }
            } else if (is_meta && a.name == tag::content) {
                name_ = "content";
                refresh(whole_);
            }
        }
        if (!is_html || tree_[n].name != tag::style) return;
        const node_id text = tree_.first_child(n);
        if (text == documents::no_node || tree_.kind(text) != node_kind::text) return;
        name_.clear();
        whole_ = tree_.text(text);
        style(whole_);
    }

private:
    void add(std::string_view url)
    {
        while (!url.empty() && has_class(url.front(), is_space)) url.remove_prefix(1);
        while (!url.empty() && has_class(url.back(), is_space)) url.remove_suffix(1);
        into_.push_back({html::element(tree_, at_), name_, url,
                         static_cast<std::size_t>(url.data() - whole_.data())});
    }

    static std::size_t skip_space(std::string_view text, std::size_t at) noexcept
    {
        while (at < text.size() && has_class(text[at], is_space)) ++at;
        return at;
    }

    static std::size_t skip_word(std::string_view text, std::size_t at) noexcept
    {
        while (at < text.size() && !has_class(text[at], is_space)) ++at;
        return at;
    }

    void words(std::string_view text)
    {
        for (std::size_t at = skip_space(text, 0); at < text.size();) {
            const std::size_t end = skip_word(text, at);
            add(text.substr(at, end - at));
            at = skip_space(text, end);
        }
    }

    /// HTML Standard section 4.8.4.3.10.
    void source_set(std::string_view text)
    {
        for (std::size_t at = 0;;) {
            while (at < text.size() && (has_class(text[at], is_space) || text[at] == ',')) ++at;
            if (at == text.size()) return;
            const std::size_t end = skip_word(text, at);
            std::string_view url = text.substr(at, end - at);
            at = end;
            if (url.ends_with(',')) {
                while (url.ends_with(',')) url.remove_suffix(1);
            } else {  // descriptors, up to the comma that is not in parentheses
                for (bool inside = false; at < text.size() && (inside || text[at] != ','); ++at)
                    inside = text[at] == '(' || (inside && text[at] != ')');
            }
            add(url);
        }
    }

    /// `5; url=next.html`
    void refresh(std::string_view text)
    {
        if (!folded_equal(tree_.attribute_value(at_, "http-equiv").value_or(""), "refresh")) return;
        std::size_t at = text.find_first_of(";,");
        if (at == std::string_view::npos) return;
        at = skip_space(text, at + 1);
        if (text.size() - at >= 3 && folded_equal(text.substr(at, 3), "url")) {
            const std::size_t sign = skip_space(text, at + 3);
            if (sign < text.size() && text[sign] == '=') at = skip_space(text, sign + 1);
        }
        std::size_t end = text.size();
        if (at < end && (text[at] == '"' || text[at] == '\'')) {
            end = std::min(text.find(text[at], at + 1), end);
            ++at;
        }
        if (at < end) add(text.substr(at, end - at));
    }

    /// `url(...)` and `@import "..."` of CSS; comments are stepped over.
    void style(std::string_view text)
    {
        for (std::size_t at = 0; at < text.size();) {
            if (text.substr(at, 2) == "/*") {
                const std::size_t end = text.find("*/", at + 2);
                if (end == std::string_view::npos) return;
                at = end + 2;
            } else if (folded_equal(text.substr(at, 4), "url(")) {
                at = css_url(text, skip_space(text, at + 4), ')');
            } else if (folded_equal(text.substr(at, 7), "@import")) {
                at = skip_space(text, at + 7);
                if (at < text.size() && (text[at] == '"' || text[at] == '\''))
                    at = css_url(text, at, ';');
            } else {
                ++at;
            }
        }
    }

    std::size_t css_url(std::string_view text, std::size_t at, char end)
    {
        if (at < text.size() && (text[at] == '"' || text[at] == '\'')) {
            const std::size_t close = text.find(text[at], at + 1);
            if (close == std::string_view::npos) return text.size();
            add(text.substr(at + 1, close - at - 1));
            return close + 1;
        }
        const std::size_t close = text.find(end, at);
        if (close == std::string_view::npos) return text.size();
        add(text.substr(at, close - at));
        return close + 1;
    }

    const tree& tree_;
    std::vector<link>& into_;
    node_id at_ = 0;
    std::string name_;
    std::string_view whole_;
};

/// The text with those parts replaced; they are in order and do not overlap.
std::string with_replaced(std::string_view text,
                          const std::vector<std::pair<const link*, std::string>>& parts)
{
    std::string out;
    std::size_t from = 0;
    for (const auto& [l, by] : parts) {
        out.append(text, from, l->position - from).append(by);
        from = l->position + l->url.size();
    }
    return out.append(text, from);
}

}  // namespace

std::vector<link> links(const node& from)
{
    std::vector<link> found;
    finder find(from.tree(), found);
    const tree& t = from.tree();
    for (node_id n = from.id(); n < t.end(from.id());) {
        const node_kind kind = t.kind(n);
        if (kind == node_kind::element) find.element_links(n);
        n = kind == node_kind::fragment && n != from.id() ? t.end(n) : n + 1;
    }
    return found;
}

std::optional<ferry::url> base_url(const document& of, std::string_view document_url)
{
    auto own = ferry::url::try_parse(document_url);
    const auto base = of.select_one("base[href]");
    if (!base) return own;
    const std::string_view href = base->attr("href", {});
    auto given = own ? own->try_resolve(href) : ferry::url::try_parse(href);
    return given ? given : own;
}

std::optional<ferry::url> resolve(const link& l, const std::optional<ferry::url>& base)
{
    return base ? base->try_resolve(l.url) : ferry::url::try_parse(l.url);
}

document rewrite_links(const document& of, const rewriter& rewrite)
{
    edits changes(of);
    const std::vector<link> all = links(of);
    for (std::size_t i = 0; i < all.size();) {
        // All that are in one attribute, or in one text.
        std::vector<std::pair<const link*, std::string>> parts;
        bool gone = false;
        bool changed = false;
        const link& first = all[i];
        for (; i < all.size() && all[i].element == first.element &&
               all[i].attribute == first.attribute;
             ++i) {
            auto by = rewrite(all[i]);
            gone = gone || !by;
            changed = changed || (by && *by != all[i].url);
            parts.emplace_back(&all[i], by ? std::move(*by) : std::string());
        }
        if (first.attribute.empty()) {
            const auto text = first.element.first_child();
            if (changed || gone) changes.set_text(*text, with_replaced(text->data(), parts));
        } else if (gone) {
            changes.remove_attr(first.element, first.attribute);
        } else if (changed) {
            std::string_view value;
            for (const auto& a : first.element.attributes())
                if (a.name == first.attribute) value = a.value;
            changes.set_attr(first.element, first.attribute, with_replaced(value, parts));
        }
    }
    return changes.apply();
}

document make_links_absolute(const document& of, std::string_view document_url,
                             std::vector<std::string>* invalid)
{
    const std::optional<ferry::url> base = base_url(of, document_url);
    const document made = rewrite_links(of, [&](const link& l) -> std::optional<std::string> {
        if (l.element.name() == "base") return std::string(l.url);
        std::optional<ferry::url> against = base;
        // The links of an object are relative to its codebase.
        if (l.attribute == "classid" || l.attribute == "data" || l.attribute == "archive")
            if (const auto code = l.element.attr("codebase"))
                if (auto found = base ? base->try_resolve(*code) : ferry::url::try_parse(*code))
                    against = std::move(found);
        if (const auto absolute = resolve(l, against)) return absolute->href();
        if (invalid != nullptr) invalid->emplace_back(l.url);
        return std::string(l.url);
    });
    edits changes(made);
    for (const element& b : made.css("base[href]")) changes.remove_attr(b, "href");
    return changes.empty() ? made : changes.apply();
}

}  // namespace ferry::html
