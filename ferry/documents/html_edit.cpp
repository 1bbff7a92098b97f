#include "ferry/documents/html_edit.hpp"

#include "ferry/documents/detail/html_names.hpp"
#include "ferry/documents/tree_builder.hpp"

#include <algorithm>
#include <functional>

namespace ferry::html {

using documents::no_node;
using documents::node_id;
using documents::tree;
using documents::tree_builder;

edits& edits::drop(const node& n)
{
    at(n).drop = true;
    return *this;
}

edits& edits::unwrap(const element& e)
{
    at(e).unwrap = true;
    return *this;
}

edits& edits::rename(const element& e, std::string_view name)
{
    at(e).name = name;
    return *this;
}

edits& edits::set_attr(const element& e, std::string_view name, std::string_view value)
{
    at(e).attributes.insert_or_assign(std::string(name), std::string(value));
    return *this;
}

edits& edits::remove_attr(const element& e, std::string_view name)
{
    at(e).attributes.insert_or_assign(std::string(name), std::nullopt);
    return *this;
}

edits& edits::set_text(const node& n, std::string_view text)
{
    at(n).text = text;
    return *this;
}

edits& edits::set_inner_html(const element& e, std::string_view html)
{
    at(e).inner = html;
    return *this;
}

edits& edits::replace(const node& n, std::string_view html)
{
    return insert_before(n, html).drop(n);
}

edits& edits::insert_before(const node& n, std::string_view html)
{
    at(n).before += html;
    return *this;
}

edits& edits::insert_after(const node& n, std::string_view html)
{
    change& c = at(n);
    c.after.insert(0, html);
    return *this;
}

edits& edits::prepend(const element& e, std::string_view html)
{
    change& c = at(e);
    c.first.insert(0, html);
    return *this;
}

edits& edits::append(const element& e, std::string_view html)
{
    at(e).last += html;
    return *this;
}

/// Copies a tree node by node, in document order, with the changes.
class edits::builder {
public:
    explicit builder(const edits& e)
        : edits_(e), old_(e.of_.tree()), made_(std::string(old_.source()))
    {
    }

    tree build()
    {
        auto next = edits_.changes_.begin();
        open_.push_back({0, 0, nullptr});
        for (node_id n = 1; n < old_.size();) {
            close(n);
            while (next != edits_.changes_.end() && next->first < n) ++next;
            const change* c =
                next != edits_.changes_.end() && next->first == n ? &next->second : nullptr;
            n = visit(n, c);
        }
        close(old_.size());
        if (old_.is_html()) made_.set_html(old_.quirks(), old_.scripting());
        return std::move(made_).finish();
    }

private:
    struct frame {
        node_id old;
        node_id made;  // where its children go
        const change* changed;
    };

    node_id parent() const noexcept { return open_.back().made; }

    void close(node_id n)
    {
        while (open_.size() > 1 && old_.end(open_.back().old) <= n) {
            const frame done = open_.back();
            if (done.changed != nullptr) insert(done.changed->last, done.old);
            open_.pop_back();
            if (done.changed != nullptr) insert(done.changed->after, old_.parent(done.old));
        }
    }

    /// \returns the node to go on with.
    node_id visit(node_id n, const change* c)
    {
        if (c != nullptr) insert(c->before, old_.parent(n));
        if (c != nullptr && c->drop) {
            insert(c->after, old_.parent(n));
            return old_.end(n);
        }
        if (!old_.is_element(n)) {
            copy(old_, n, c);
            if (old_.kind(n) == node_kind::fragment)
                open_.push_back({n, last_, c});
            else if (c != nullptr)
                insert(c->after, old_.parent(n));
            return n + 1;
        }
        if (c != nullptr && c->unwrap) {
            open_.push_back({n, parent(), c});
        } else {
            copy(old_, n, c);
            open_.push_back({n, last_, c});
        }
        if (c == nullptr) return n + 1;
        insert(c->first, n);
        if (c->text) made_.insert_text(*c->text, parent());
        if (c->inner) insert(*c->inner, n);
        return c->text || c->inner ? old_.end(n) : n + 1;
    }

    /// Parses HTML in the place of the old tree's node `around`, and puts it where we are.
    void insert(const std::string& html, node_id around)
    {
        if (html.empty()) return;
        std::string context = "body";
        if (old_.is_element(around)) {
            const auto space = old_[around].space;
            context = (space == documents::ns::svg      ? "svg "
                       : space == documents::ns::mathml ? "math "
                                                        : "") +
                      std::string(old_.local_name(around));
        }
        const document part = parse_fragment(html, context);
        const tree& from = part.tree();
        const std::size_t depth = open_.size();
        for (node_id n = 1; n < from.size(); ++n) {
            while (open_.size() > depth && from.end(open_.back().old) <= n) open_.pop_back();
            copy(from, n, nullptr);
            if (from.is_element(n) || from.kind(n) == node_kind::fragment)
                open_.push_back({n, last_, nullptr});
        }
        open_.resize(depth);
    }

    /// A view into the old source, as one into the new, which is the same.
    std::string_view moved(const tree& from, std::string_view text) const noexcept
    {
        const std::string_view source = from.source();
        const std::less_equal<> no_later;
        if (&from != &old_ || !no_later(source.data(), text.data()) ||
            !no_later(text.data() + text.size(), source.data() + source.size()))
            return text;
        return made_.source().substr(static_cast<std::size_t>(text.data() - source.data()),
                                     text.size());
    }

    std::size_t place_of(const tree& from, node_id n) const noexcept
    {
        return &from == &old_ ? from[n].source : 0;
    }

    void copy(const tree& from, node_id n, const change* c)
    {
        switch (from.kind(n)) {
            case node_kind::text: {
                const std::string_view text = c != nullptr && c->text ? std::string_view(*c->text)
                                                                      : moved(from, from.text(n));
                made_.insert_text(text, parent());
                return;
            }
            case node_kind::element: last_ = copy_element(from, n, c); break;
            case node_kind::doctype: last_ = copy_doctype(from, n); break;
            default:
                last_ = made_.make(from.kind(n),
                                   c != nullptr && c->text ? std::string_view(*c->text)
                                                           : moved(from, from.text(n)),
                                   place_of(from, n),
                                   from[n].name == documents::no_name
                                       ? documents::no_name
                                       : made_.intern(from.local_name(n)));
        }
        made_.insert(last_, parent());
    }

    node_id copy_doctype(const tree& from, node_id n)
    {
        std::optional<std::string_view> ids[2];
        for (const auto& a : from.attributes(n))
            ids[a.name == documents::detail::tag::public_ ? 0 : 1] = from.value(a);
        return made_.make_doctype(from.text(n), ids[0], ids[1]);
    }

    node_id copy_element(const tree& from, node_id n, const change* c)
    {
        attributes_.clear();
        const auto* const wanted = c == nullptr ? nullptr : &c->attributes;
        for (const auto& a : from.attributes(n)) {
            const auto name = made_.intern(from.name(a.name));
            const auto space = made_.intern_namespace(from.namespace_uri(a.space));
            const auto prefix = made_.intern_prefix(from.prefix(a.prefix));
            std::string_view value = moved(from, from.value(a));
            if (wanted != nullptr) {
                const auto found = wanted->find(from.qualified_name(a));
                if (found != wanted->end()) {
                    if (!found->second) continue;
                    value = *found->second;
                }
            }
            attributes_.push_back(made_.make_attribute(name, value, space, prefix));
        }
        if (wanted != nullptr) {
            for (const auto& [name, value] : *wanted) {
                const bool is_new =
                    std::none_of(from.attributes(n).begin(), from.attributes(n).end(),
                                 [&](const auto& a) { return from.qualified_name(a) == name; });
                if (value && is_new)
                    attributes_.push_back(made_.make_attribute(made_.intern(name), *value));
            }
        }
        const std::string_view name =
            c != nullptr && c->name ? std::string_view(*c->name) : from.local_name(n);
        return made_.make_element(
            made_.intern(name), made_.intern_namespace(from.namespace_uri(from[n].space)),
            attributes_, place_of(from, n), made_.intern_prefix(from.prefix(from[n].prefix)));
    }

    const edits& edits_;
    const tree& old_;
    tree_builder made_;
    std::vector<frame> open_;
    std::vector<documents::attribute> attributes_;
    node_id last_ = no_node;
};

document edits::apply() const
{
    document made;
    made.tree_ = std::make_shared<const tree>(builder(*this).build());
    made.encoding_ = of_.encoding_;
    return made;
}

document fragment_fromstring(std::string_view text, std::string_view create_parent,
                             const options& with)
{
    if (!create_parent.empty()) {
        const std::string name(create_parent);
        // In a template every element may be, also a table's cell.
        const document parent = parse_fragment("<" + name + "></" + name + ">", "template", with);
        return edits(parent).set_inner_html(parent.root(), text).apply();
    }
    document made = parse_fragment(text, "body", with);
    std::size_t elements = 0;
    for (const node& n : made.children()) {
        if (n.is_element()) ++elements;
        if (n.kind() == documents::node_kind::text &&
            n.text().find_first_not_of(" \t\n\r\f") != std::string::npos)
            throw lookup_error("an element without text beside it");
    }
    if (elements != 1) throw lookup_error(elements == 0 ? "an element" : "one element alone");
    return made;
}

}  // namespace ferry::html
