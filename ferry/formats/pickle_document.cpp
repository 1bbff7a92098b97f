#include "ferry/formats/pickle_document.hpp"

#include "ferry/formats/detail/pickle_machine.hpp"

#include <utility>

namespace ferry::pickle {

using detail::no_node;
using formats::detail::node_id;
using formats::detail::node_kind;

namespace detail {

struct content {
    content(std::span<const std::byte> data, const load_options& with, bool keep)
        : own{keep ? to_bytes(data) : bytes{}}, options{with}, all{with.max_nodes_}
    {
        machine{all, keep ? std::span<const std::byte>{own} : data, options}.run();
    }

    value tree(node_id from)
    {
        lowering lower{all, options};
        const formats::detail::tree_limits limits{options.max_depth_, options.max_expanded_,
                                                  duplicate_keys::last, options.surrogates_};
        return formats::detail::to_value(all.nodes, from, limits, std::ref(lower));
    }

    bytes own;
    load_options options;
    contents all;
};

}  // namespace detail

document::document(std::unique_ptr<detail::content> c) noexcept : content_{std::move(c)} {}
document::document(document&&) noexcept = default;
document& document::operator=(document&&) noexcept = default;
document::~document() = default;

node document::root() const noexcept
{
    return {content_.get(), content_->all.root};
}

int document::protocol() const noexcept
{
    return content_->all.protocol;
}

std::size_t document::consumed() const noexcept
{
    return content_->all.consumed;
}

document parse(std::span<const std::byte> data, const load_options& options)
{
    return document{std::make_unique<detail::content>(data, options, true)};
}

prefix load_prefix(std::span<const std::byte> data, const load_options& options)
{
    detail::content read{data, options, false};
    value made = read.tree(read.all.root);
    return {std::move(made), read.all.consumed};
}

value load(std::span<const std::byte> data, const load_options& options)
{
    return load_prefix(data, options).loaded;
}

std::vector<global_name> scan(std::span<const std::byte> data, const load_options& options)
{
    const detail::content read{data, options, false};
    std::vector<global_name> names;
    for (const auto& [name, id] : read.all.globals) {
        names.push_back({std::string{name.first}, std::string{name.second}});
    }
    return names;
}

namespace {

[[noreturn]] void wrong_kind(std::string_view wanted)
{
    throw type_error{"$", std::string{wanted}, "another kind of node"};
}

}  // namespace

kind node::kind() const noexcept
{
    switch (of_->all.nodes[id_].kind) {
        case node_kind::null: return kind::none;
        case node_kind::boolean: return kind::boolean;
        case node_kind::integer:
        case node_kind::big_integer: return kind::integer;
        case node_kind::real: return kind::real;
        case node_kind::string:
        case node_kind::decimal:
        case node_kind::time: return kind::str;
        case node_kind::binary: return kind::bytes;
        case node_kind::bytearray: return kind::bytearray;
        case node_kind::tuple: return kind::tuple;
        case node_kind::list: return kind::list;
        case node_kind::dict: return kind::dict;
        case node_kind::set: return kind::set;
        case node_kind::frozenset: return kind::frozenset;
        case node_kind::global: return kind::global;
        case node_kind::member: return kind::member;
        case node_kind::object: return kind::object;
        case node_kind::persistent: return kind::persistent;
        case node_kind::extension: return kind::extension;
    }
    return kind::none;
}

std::string_view node::text() const
{
    const auto k = kind();
    if (k != kind::str && k != kind::bytes && k != kind::bytearray) wrong_kind("str or bytes");
    return of_->all.nodes.text(id_);
}

std::vector<node> node::wrap(std::span<const std::uint32_t> ids) const
{
    std::vector<node> all;
    all.reserve(ids.size());
    for (const node_id id : ids) all.push_back({of_, id});
    return all;
}

std::vector<std::pair<node, node>> node::wrap_pairs(std::span<const std::uint32_t> ids) const
{
    std::vector<std::pair<node, node>> all;
    all.reserve(ids.size() / 2);
    for (std::size_t i = 0; i + 1 < ids.size(); i += 2) {
        all.emplace_back(node{of_, ids[i]}, node{of_, ids[i + 1]});
    }
    return all;
}

std::vector<node> node::elements() const
{
    const auto k = kind();
    if (k != kind::tuple && k != kind::list && k != kind::set && k != kind::frozenset) {
        wrong_kind("tuple, list or set");
    }
    return wrap(of_->all.nodes.items(id_));
}

std::vector<std::pair<node, node>> node::members() const
{
    if (kind() != kind::dict) wrong_kind("dict");
    return wrap_pairs(of_->all.nodes.items(id_));
}

std::optional<node> node::find(std::string_view key) const
{
    if (kind() != kind::dict) wrong_kind("dict");
    const auto ids = of_->all.nodes.items(id_);
    for (std::size_t i = ids.size(); i >= 2; i -= 2) {
        const node name{of_, ids[i - 2]};
        if (name.kind() == kind::str && name.text() == key) return node{of_, ids[i - 1]};
    }
    return std::nullopt;
}

std::string_view node::module() const
{
    if (kind() != kind::global) wrong_kind("global");
    return of_->all.nodes.text(of_->all.nodes.items(id_)[0]);
}

std::string_view node::qualified_name() const
{
    if (kind() != kind::global) wrong_kind("global");
    return of_->all.nodes.text(of_->all.nodes.items(id_)[1]);
}

const detail::object_data& node::object() const
{
    if (kind() != kind::object) wrong_kind("object");
    return of_->all.objects[static_cast<std::size_t>(of_->all.nodes[id_].integer)];
}

node node::callable() const
{
    if (kind() == kind::member) return {of_, of_->all.nodes.items(id_)[0]};
    return {of_, object().callable};
}

construction node::how() const
{
    return object().how;
}

node node::arguments() const
{
    const auto k = kind();
    if (k == kind::member) return {of_, of_->all.nodes.items(id_)[1]};
    if (k == kind::persistent || k == kind::extension) {
        return {of_, static_cast<node_id>(of_->all.nodes[id_].integer)};
    }
    return {of_, object().args};
}

std::optional<node> node::keyword_arguments() const
{
    const node_id id = object().kwargs;
    return id == no_node ? std::nullopt : std::optional{node{of_, id}};
}

std::vector<node> node::states() const
{
    return wrap(of_->all.nodes.items(object().states));
}

std::vector<node> node::appended() const
{
    return wrap(of_->all.nodes.items(object().appended));
}

std::vector<std::pair<node, node>> node::items_set() const
{
    return wrap_pairs(of_->all.nodes.items(object().items));
}

value node::to_value() const
{
    return of_->tree(id_);
}

}  // namespace ferry::pickle
