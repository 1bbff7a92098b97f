#include "ferry/documents/tree.hpp"

#include "ferry/documents/detail/html_names.hpp"

#include <algorithm>

namespace ferry::documents {

node_id tree::last_child(node_id n) const noexcept
{
    if (first_child(n) == no_node) return no_node;
    node_id last = nodes_[n].end - 1;
    while (nodes_[last].parent != n) last = nodes_[last].parent;
    return last;
}

std::string_view tree::text(node_id n) const noexcept
{
    const node& at = nodes_[n];
    switch (at.kind) {
        case node_kind::text:
        case node_kind::comment:
        case node_kind::processing_instruction: return view(at.first, at.count);
        case node_kind::doctype: return name(at.name);
        default: return {};
    }
}

void tree::append_text_content(node_id n, std::string& out) const
{
    const node_kind kind = nodes_[n].kind;
    if (kind != node_kind::element && kind != node_kind::document && kind != node_kind::fragment) {
        out += text(n);
        return;
    }
    for (node_id at = n + 1, end = nodes_[n].end; at < end;) {
        const node& here = nodes_[at];
        if (here.kind == node_kind::text) out += view(here.first, here.count);
        at = here.kind == node_kind::fragment ? here.end : at + 1;
    }
}

std::string tree::text_content(node_id n) const
{
    std::string out;
    append_text_content(n, out);
    return out;
}

std::optional<std::string_view> tree::attribute_value(node_id n,
                                                      std::string_view name) const noexcept
{
    const name_id id = find_name(name);
    if (id == no_name) return std::nullopt;
    const attribute* found = find_attribute(n, id);
    return found == nullptr ? std::nullopt : std::optional(value(*found));
}

std::span<const cdata_range> tree::cdata(node_id n) const noexcept
{
    const auto before = [](const cdata_range& a, const cdata_range& b) { return a.of < b.of; };
    const auto found = std::equal_range(cdata_.begin(), cdata_.end(), cdata_range{n, 0, 0}, before);
    return {cdata_.data() + (found.first - cdata_.begin()),
            static_cast<std::size_t>(found.second - found.first)};
}

bool tree::is_id(node_id n, const attribute& a) const noexcept
{
    return !ids_.empty() &&
           std::binary_search(ids_.begin(), ids_.end(), std::pair(nodes_[n].name, a.name));
}

std::string_view tree::name(name_id id) const noexcept
{
    if (id < detail::tag::count) return detail::static_name(id);
    return id == no_name ? std::string_view() : words_->names[id - detail::tag::count];
}

std::string tree::qualified_name(node_id n) const
{
    const node& at = nodes_[n];
    if (at.prefix == 0) return std::string(name(at.name));
    return words_->prefixes[at.prefix] + ':' + std::string(name(at.name));
}

std::string tree::qualified_name(const attribute& a) const
{
    if (a.prefix == 0) return std::string(name(a.name));
    return words_->prefixes[a.prefix] + ':' + std::string(name(a.name));
}

name_id tree::find_name(std::string_view name) const noexcept
{
    const name_id known = detail::find_static_name(name);
    const auto& slots = words_->name_slots;
    if (known != no_name || slots.empty()) return known;
    const std::size_t mask = slots.size() - 1;
    for (std::size_t at = detail::hash_name(name) & mask;; at = (at + 1) & mask) {
        if (slots[at] == 0) return no_name;
        if (words_->names[slots[at] - 1] == name)
            return static_cast<name_id>(detail::tag::count + slots[at] - 1);
    }
}

namespace_id tree::find_namespace(std::string_view uri) const noexcept
{
    const auto& all = words_->namespaces;
    const auto found = std::find(all.begin(), all.end(), uri);
    return found == all.end() ? ns::unknown : static_cast<namespace_id>(found - all.begin());
}

text_position tree::position(node_id n) const noexcept
{
    return position_of(source_, nodes_[n].source);
}

std::size_t tree::memory_bytes() const noexcept
{
    std::size_t total = nodes_.capacity() * sizeof(node) +
                        attributes_.capacity() * sizeof(attribute) + source_.capacity() +
                        side_.capacity() + words_->names.capacity() * sizeof(std::string_view) +
                        words_->name_slots.capacity() * sizeof(std::uint32_t);
    for (const std::string_view name : words_->names) total += name.size();
    return total;
}

}  // namespace ferry::documents
