#include "ferry/documents/detail/xml_tree.hpp"

#include "ferry/documents/detail/xml_chars.hpp"

#include <algorithm>

namespace ferry::xml::detail {

using documents::name_id;
using documents::node_id;

name_id tree_sink::name_of(name_entry& name)
{
    if (!is_only_) return to_.intern(name.local_text());
    if (name.cookie == no_index) name.cookie = to_.intern(name.local_text());
    return name.cookie;
}

std::uint8_t tree_sink::prefix_of(const name_entry& name)
{
    if (name.prefix == name_table::no_prefix) return 0;
    if (name.prefix >= prefixes_.size()) prefixes_.resize(name.prefix + 1, no_index);
    std::uint32_t& known = prefixes_[name.prefix];
    if (known == no_index) known = to_.intern_prefix(from_->prefix(name.prefix));
    return static_cast<std::uint8_t>(known);
}

documents::namespace_id tree_sink::space_of(std::uint32_t space)
{
    if (space == no_space) return documents::ns::none;
    if (space >= spaces_.size()) spaces_.resize(space + 1, no_index);
    std::uint32_t& known = spaces_[space];
    if (known == no_index) known = to_.intern_namespace(from_->uri(space));
    return static_cast<documents::namespace_id>(known);
}

void tree_sink::on_doctype(const doctype_event& found)
{
    to_.insert(
        to_.make_doctype(found.name, found.public_id, found.system_id, found.internal_subset), at_);
}

void tree_sink::on_start(name_entry& name, std::uint32_t space,
                         std::span<const attribute_event> attributes)
{
    if (!blank_.empty()) flush_blank(false);
    attributes_.clear();
    for (const attribute_event& a : attributes)
        attributes_.push_back(
            to_.make_attribute(name_of(*a.name), a.value, space_of(a.space), prefix_of(*a.name)));
    const node_id made = to_.make_element(name_of(name), space_of(space), attributes_,
                                          from_->offset(), prefix_of(name));
    to_.insert(made, at_);
    at_ = made;
}

void tree_sink::on_end(name_entry&)
{
    if (!blank_.empty()) flush_blank(to_.last_child(at_) == documents::no_node);
    at_ = to_[at_].parent;
}

void tree_sink::on_text(std::string_view text)
{
    if (with_.remove_blank_text()) {
        const node_id last = to_.last_child(at_);
        const bool goes_on =
            last != documents::no_node && to_[last].kind == documents::node_kind::text;
        if (!goes_on &&
            std::all_of(text.begin(), text.end(), [](char c) { return has_class(c, is_space); })) {
            blank_ += text;
            return;
        }
        flush_blank(true);
    }
    to_.insert_text(text, at_);
}

void tree_sink::flush_blank(bool keep)
{
    if (keep) to_.insert_text(blank_, at_);
    blank_.clear();
}

void tree_sink::on_cdata(std::string_view text)
{
    if (!with_.keep_cdata()) {
        on_text(text);
        return;
    }
    flush_blank(true);
    if (text.empty()) return;
    to_.insert_text(text, at_);
    const node_id n = to_.last_child(at_);
    to_.mark_cdata(n, to_[n].count - text.size(), text.size());
}

void tree_sink::leave(documents::node_kind kind, std::string_view text, name_id name)
{
    if (!blank_.empty()) flush_blank(false);
    to_.insert(to_.make(kind, text, from_->offset(), name), at_);
}

void tree_sink::on_comment(std::string_view text)
{
    if (with_.keep_comments()) leave(documents::node_kind::comment, text);
}

void tree_sink::on_instruction(std::string_view target, std::string_view data)
{
    if (with_.keep_instructions())
        leave(documents::node_kind::processing_instruction, data, to_.intern(target));
}

void tree_sink::declare_ids()
{
    for (const element_definition& of : from_->definitions())
        for (const attribute_definition& a : of.attributes)
            if (a.is_id) to_.declare_id(name_of(*of.of), name_of(*a.name));
}

}  // namespace ferry::xml::detail
