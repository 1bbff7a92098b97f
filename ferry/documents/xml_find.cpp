#include "ferry/documents/detail/xml_path.hpp"

namespace ferry::xml {

namespace {

using documents::no_node;
using documents::node_id;

/// What detail::path_selector sees of a tree.
class tree_view {
public:
    explicit tree_view(const documents::tree& of) noexcept : t_(of) {}

    node_id first_element(node_id n) const noexcept { return settle(t_.first_child(n)); }
    node_id next_element(node_id n) const noexcept { return settle(t_.next_sibling(n)); }
    node_id parent_element(node_id n) const noexcept
    {
        const node_id up = t_.parent(n);
        return up != no_node && t_.is_element(up) ? up : no_node;
    }
    node_id next_in(node_id n, node_id top) const noexcept
    {
        const node_id end = t_.end(top);
        for (++n; n < end; ++n)
            if (t_.is_element(n)) return n;
        return no_node;
    }
    bool matches(node_id n, const detail::path_name& name) const noexcept
    {
        return (!name.local || t_.local_name(n) == *name.local) &&
               (!name.uri || t_.namespace_uri(t_[n].space) == *name.uri);
    }
    std::optional<std::string_view> value(node_id n, const detail::path_name& name) const noexcept
    {
        for (const documents::attribute& a : t_.attributes(n)) {
            if (a.space == documents::ns::xmlns) continue;
            if ((!name.local || t_.name(a.name) == *name.local) &&
                (!name.uri || t_.namespace_uri(a.space) == *name.uri))
                return t_.value(a);
        }
        return std::nullopt;
    }
    std::string whole_text(node_id n) const { return t_.text_content(n); }
    std::uint64_t tag(node_id n) const noexcept
    {
        return (std::uint64_t{t_[n].space} << 32U) | t_[n].name;
    }
    void in_order(std::vector<node_id>& nodes) const { std::sort(nodes.begin(), nodes.end()); }

private:
    node_id settle(node_id n) const noexcept
    {
        while (n != no_node && !t_.is_element(n)) n = t_.next_sibling(n);
        return n;
    }

    const documents::tree& t_;
};

}  // namespace

std::vector<element> element::findall(std::string_view path, const ns_map& with) const
{
    const tree_view view(tree());
    detail::path_selector<tree_view> selector(view);
    std::vector<element> all;
    for (const node_id n : selector.select(detail::parse_path(path, with), id()))
        all.emplace_back(tree(), n);
    return all;
}

std::optional<element> element::find(std::string_view path, const ns_map& with) const
{
    const auto all = findall(path, with);
    return all.empty() ? std::nullopt : std::optional(all.front());
}

std::string element::findtext(std::string_view path, std::string_view otherwise,
                              const ns_map& with) const
{
    const auto found = find(path, with);
    return std::string(found ? found->text() : otherwise);
}

}  // namespace ferry::xml
