#include "ferry/documents/detail/xml_draft_impl.hpp"
#include "ferry/documents/tree_builder.hpp"

#include <algorithm>

// How a draft begins, from a tree, and how it ends, as one.
namespace ferry::xml {

// ---- from a tree

node_id draft::impl::copy_one(const documents::tree& from, node_id n)
{
    const node_id made = make(from.kind(n));
    part& p = parts_[made];
    if (from.kind(n) == node_kind::doctype) {
        p.name = intern("", from.text(n));
        for (const documents::attribute& a : from.attributes(n))
            p.attributes.push_back({intern("", from.name(a.name)), std::string(from.value(a))});
        return made;
    }
    if (!from.is_element(n)) {
        p.text = from.text(n);
        if (from.kind(n) == node_kind::processing_instruction)
            p.name = intern("", from.local_name(n));
        return made;
    }
    const documents::node& e = from[n];
    p.name = intern(from.namespace_uri(e.space), from.name(e.name), from.prefix(e.prefix));
    for (const documents::attribute& a : from.attributes(n)) {
        if (a.space == documents::ns::xmlns)
            p.declared.emplace_back(a.prefix == 0 ? std::string_view() : from.name(a.name),
                                    from.value(a));
        else
            p.attributes.push_back(
                {intern(from.namespace_uri(a.space), from.name(a.name), from.prefix(a.prefix)),
                 std::string(from.value(a))});
    }
    return made;
}

/// Copies a node with all below it under `to`; of a document, what is in it.
void draft::impl::copy(const documents::tree& from, node_id top, node_id to)
{
    struct open {
        node_id end;
        node_id made;
    };
    std::vector<open> around{{from.end(top), to}};
    const bool is_document = from.kind(top) == node_kind::document;
    for (node_id n = is_document ? top + 1 : top; n < from.end(top); ++n) {
        while (around.size() > 1 && around.back().end <= n) around.pop_back();
        const node_id parent = around.back().made;
        if (from.kind(n) == node_kind::text) {
            if (parts_[parent].kind == node_kind::document) continue;
            const node_id last = parts_[parent].last;
            (last == no_node ? parts_[parent].text : parts_[last].tail) += from.text(n);
            continue;
        }
        const node_id made = copy_one(from, n);
        link(made, parent);
        if (from.is_element(n)) around.push_back({from.end(n), made});
    }
}

// ---- to a tree

namespace {

constexpr std::string_view xml_uri = "http://www.w3.org/XML/1998/namespace";

struct bound {
    std::string prefix;
    std::string uri;
};

/// The namespaces in scope while a draft is written, innermost last.
class scope {
public:
    std::size_t size() const noexcept { return all_.size(); }
    void resize(std::size_t n)
    {
        all_.erase(all_.begin() + static_cast<std::ptrdiff_t>(n), all_.end());
    }
    void add(std::string prefix, std::string uri)
    {
        all_.push_back({std::move(prefix), std::move(uri)});
    }

    const std::string* uri_of(std::string_view prefix) const
    {
        for (auto b = all_.rbegin(); b != all_.rend(); ++b)
            if (b->prefix == prefix) return &b->uri;
        return nullptr;
    }

    /// A prefix that stands for `uri` here, the wished one if it does; nothing if there is none.
    std::optional<std::string> prefix_of(const std::string& uri, const std::string& wish,
                                         bool may_be_empty) const
    {
        if (may_be_empty || !wish.empty())
            if (const std::string* found = uri_of(wish); found != nullptr && *found == uri)
                return wish;
        for (auto b = all_.rbegin(); b != all_.rend(); ++b)
            if (b->uri == uri && (may_be_empty || !b->prefix.empty()) && *uri_of(b->prefix) == uri)
                return b->prefix;
        return std::nullopt;
    }

private:
    std::vector<bound> all_;
};

/// Makes the declarations and names of one element.
class namer {
public:
    namer(documents::tree_builder& to, scope& in,
          const std::map<std::string, std::string>& preferred)
        : to_(to), in_(in), preferred_(preferred)
    {
    }

    void declare(const std::string& prefix, const std::string& uri)
    {
        if (prefix == "xml" || prefix == "xmlns" || has_own(prefix)) return;
        in_.add(prefix, uri);
        own_.push_back(prefix);
        const documents::name_id name = to_.intern(prefix.empty() ? "xmlns" : prefix);
        attributes.push_back(
            to_.make_attribute(name, uri, documents::ns::xmlns,
                               prefix.empty() ? std::uint8_t{0} : to_.intern_prefix("xmlns")));
    }

    /// The prefix to write a name with.
    std::string prefix_for(const std::string& uri, const std::string& wish, bool is_element)
    {
        if (uri.empty()) {
            const std::string* const standard = in_.uri_of("");
            if (is_element && standard != nullptr && !standard->empty()) declare("", "");
            return {};
        }
        if (uri == xml_uri) return "xml";
        if (const auto found = in_.prefix_of(uri, wish, is_element)) return *found;
        std::string prefix = wish;
        if (const auto known = preferred_.find(uri); prefix.empty() && known != preferred_.end())
            prefix = known->second;
        // A default namespace was wished for if the name came without a prefix from a document; of
        // a name that was made, ElementTree's ns0.
        if (prefix.empty() || has_own(prefix)) {
            for (std::size_t i = 0;; ++i) {
                prefix = "ns" + std::to_string(i);
                if (in_.uri_of(prefix) == nullptr) break;
            }
        }
        declare(prefix, uri);
        return prefix;
    }

    std::vector<documents::attribute> attributes;

private:
    bool has_own(const std::string& prefix) const
    {
        return std::find(own_.begin(), own_.end(), prefix) != own_.end();
    }

    documents::tree_builder& to_;
    scope& in_;
    const std::map<std::string, std::string>& preferred_;
    std::vector<std::string> own_;
};

}  // namespace

document draft::impl::finish() const
{
    documents::tree_builder to("");
    struct open {
        node_id from;
        node_id made;
        std::size_t scope_size;
    };
    std::vector<open> around{{0, documents::tree::root(), 0}};
    scope names;
    for (node_id n = next_in(0, 0); n != no_node; n = next_in(n, 0)) {
        const part& p = parts_[n];
        while (around.back().from != p.parent) {
            const open& done = around.back();
            names.resize(done.scope_size);
            const node_id up = around[around.size() - 2].made;
            if (up != documents::tree::root()) to.insert_text(parts_[done.from].tail, up);
            around.pop_back();
        }
        const node_id parent = around.back().made;
        const auto leaf = [&](node_id made) {
            to.insert(made, parent);
            if (parent != documents::tree::root()) to.insert_text(p.tail, parent);
        };
        if (p.kind == node_kind::comment) {
            leaf(to.make(p.kind, p.text, 0));
        } else if (p.kind == node_kind::processing_instruction) {
            leaf(to.make(p.kind, p.text, 0, to.intern(names_[p.name].local)));
        } else if (p.kind == node_kind::doctype) {
            std::optional<std::string_view> ids[3];
            for (const attribute& a : p.attributes) {
                const std::string& name = names_[a.name].local;
                ids[name == "public" ? 0 : name == "system" ? 1 : 2] = a.value;
            }
            leaf(to.make_doctype(names_[p.name].local, ids[0], ids[1], ids[2]));
        } else {
            const std::size_t size = names.size();
            namer here(to, names, preferred);
            for (const auto& [prefix, uri] : p.declared) here.declare(prefix, uri);
            const full_name& name = names_[p.name];
            const std::string prefix = here.prefix_for(name.uri, name.prefix, true);
            std::vector<documents::attribute> attributes;
            for (const attribute& a : p.attributes) {
                const full_name& its = names_[a.name];
                const std::string with = here.prefix_for(its.uri, its.prefix, false);
                attributes.push_back(to.make_attribute(to.intern(its.local), a.value,
                                                       to.intern_namespace(its.uri),
                                                       to.intern_prefix(with)));
            }
            auto& all = here.attributes;
            all.insert(all.end(), attributes.begin(), attributes.end());
            const node_id made =
                to.make_element(to.intern(name.local), to.intern_namespace(name.uri), all, 0,
                                to.intern_prefix(prefix));
            to.insert(made, parent);
            to.insert_text(p.text, made);
            around.push_back({n, made, size});
        }
    }
    while (around.size() > 2) {
        to.insert_text(parts_[around.back().from].tail, around[around.size() - 2].made);
        around.pop_back();
    }
    return document(std::make_shared<const documents::tree>(std::move(to).finish()),
                    std::make_shared<const document::information>());
}

}  // namespace ferry::xml
