#include "ferry/documents/tree_builder.hpp"

#include "ferry/documents/detail/html_names.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <unordered_map>

namespace ferry::documents {

namespace {

constexpr std::size_t first_name_block_bytes = 256;
constexpr std::size_t name_block_bytes = 4096;
constexpr std::size_t first_slots = 16;
constexpr std::size_t max_names = 0x00ff'ffff;

/// What every tree begins with: the constants of documents::ns, and the prefixes that HTML has.
const std::shared_ptr<const tree_words>& first_words()
{
    static const auto words = [] {
        auto made = std::make_shared<tree_words>();
        made->prefixes = {"", "xml", "xmlns", "xlink"};
        made->namespaces = {"",
                            "http://www.w3.org/1999/xhtml",
                            "http://www.w3.org/2000/svg",
                            "http://www.w3.org/1998/Math/MathML",
                            "http://www.w3.org/XML/1998/namespace",
                            "http://www.w3.org/2000/xmlns/",
                            "http://www.w3.org/1999/xlink"};
        return std::shared_ptr<const tree_words>(std::move(made));
    }();
    return words;
}

void add_slot(tree_words& words, std::uint64_t hash, std::size_t index)
{
    const std::size_t mask = words.name_slots.size() - 1;
    std::size_t at = hash & mask;
    while (words.name_slots[at] != 0) at = (at + 1) & mask;
    words.name_slots[at] = static_cast<std::uint32_t>(index + 1);
}

void grow_slots(tree_words& words)
{
    words.name_slots.assign(std::max(first_slots, words.name_slots.size() * 2), 0);
    for (std::size_t i = 0; i < words.names.size(); ++i)
        add_slot(words, detail::hash_name(words.names[i]), i);
}

bool is_inside(std::string_view text, std::string_view whole) noexcept
{
    const std::less_equal<> no_later;
    return no_later(whole.data(), text.data()) &&
           no_later(text.data() + text.size(), whole.data() + whole.size());
}

}  // namespace

tree_builder::tree_builder(std::string source)
{
    if (source.size() >= tree::side_bit) throw limit_error("max_bytes", tree::side_bit);
    tree_.source_ = std::move(source);
    tree_.words_ = first_words();
    reserve(tree_.source_.size() / 20 + 16, tree_.source_.size() / 48 + 16);
    start();
}

tree_builder::tree_builder(std::shared_ptr<const tree_words> words, std::size_t nodes,
                           std::size_t attributes, std::size_t text_bytes)
{
    tree_.words_ = words ? std::move(words) : first_words();
    reserve(nodes, attributes);
    tree_.side_.reserve(text_bytes);
    start();
}

void tree_builder::start()
{
    node root;
    root.end = no_node;
    tree_.nodes_.push_back(root);
}

void tree_builder::reserve(std::size_t nodes, std::size_t attributes)
{
    tree_.nodes_.reserve(nodes);
    tree_.attributes_.reserve(attributes);
}

std::size_t tree_builder::name_count() const noexcept
{
    return detail::tag::count + tree_.words_->names.size();
}

name_id tree_builder::intern(std::string_view name)
{
    const name_id known = tree_.find_name(name);
    return known != no_name ? known : add_name(name, detail::hash_name(name));
}

/// The words, to be added to: those of other trees are copied first.
tree_words& tree_builder::own_words()
{
    if (own_words_ != nullptr) return *own_words_;
    const tree_words& shared = *tree_.words_;
    auto own = std::make_shared<tree_words>();
    own_words_ = own.get();
    own->names.reserve(shared.names.size());
    for (const std::string_view name : shared.names) own->names.push_back(keep_name(name));
    own->name_slots = shared.name_slots;
    own->prefixes = shared.prefixes;
    own->namespaces = shared.namespaces;
    tree_.words_ = std::move(own);
    return *own_words_;
}

std::string_view tree_builder::keep_name(std::string_view name)
{
    if (name_free_bytes_ < name.size()) {
        auto& blocks = own_words_->name_blocks;
        name_free_bytes_ =
            std::max(name.size(), blocks.empty() ? first_name_block_bytes : name_block_bytes);
        blocks.push_back(std::make_unique<char[]>(name_free_bytes_));
        name_free_ = blocks.back().get();
    }
    char* const kept = name_free_;
    std::copy(name.begin(), name.end(), kept);
    name_free_ += name.size();
    name_free_bytes_ -= name.size();
    return {kept, name.size()};
}

name_id tree_builder::add_name(std::string_view name, std::uint64_t hash)
{
    tree_words& words = own_words();
    if (words.names.size() >= max_names) throw limit_error("max_names", max_names);
    if (words.names.size() * 2 >= words.name_slots.size()) grow_slots(words);
    words.names.push_back(keep_name(name));
    add_slot(words, hash, words.names.size() - 1);
    return static_cast<name_id>(name_count() - 1);
}

namespace_id tree_builder::intern_namespace(std::string_view uri)
{
    constexpr std::size_t many = 32;
    auto& index = many_namespaces_;
    const namespace_id known = index.empty() ? tree_.find_namespace(uri) : [&] {
        const auto found = index.find(std::string(uri));
        return found == index.end() ? ns::unknown : found->second;
    }();
    if (known != ns::unknown) return known;
    auto& all = own_words().namespaces;
    if (all.size() >= ns::unknown) throw limit_error("max_namespaces", ns::unknown);
    all.emplace_back(uri);
    const auto made = static_cast<namespace_id>(all.size() - 1);
    if (!index.empty()) {
        index.emplace(uri, made);
    } else if (made >= many) {
        for (std::size_t i = 0; i <= made; ++i) index.emplace(all[i], static_cast<namespace_id>(i));
    }
    return made;
}

std::uint8_t tree_builder::intern_prefix(std::string_view prefix)
{
    const auto& known = tree_.words_->prefixes;
    const auto found = std::find(known.begin(), known.end(), prefix);
    if (found != known.end()) return static_cast<std::uint8_t>(found - known.begin());
    auto& all = own_words().prefixes;
    if (all.size() > 0xff) throw limit_error("max_prefixes", 0xff);
    all.emplace_back(prefix);
    return static_cast<std::uint8_t>(all.size() - 1);
}

std::uint32_t tree_builder::place(std::string_view text)
{
    if (text.empty()) return 0;
    if (is_inside(text, source()))
        return static_cast<std::uint32_t>(text.data() - tree_.source_.data());
    if (tree_.side_.size() + text.size() >= tree::side_bit)
        throw limit_error("max_bytes", tree::side_bit);
    const auto at = static_cast<std::uint32_t>(tree_.side_.size());
    tree_.side_ += text;
    return at | tree::side_bit;
}

attribute tree_builder::make_attribute(name_id name, std::string_view value, namespace_id space,
                                       std::uint8_t prefix)
{
    return {name, space, prefix, place(value), static_cast<std::uint32_t>(value.size())};
}

node_id tree_builder::push(const node& fresh)
{
    if (tree_.nodes_.size() >= no_node) throw limit_error("max_nodes", no_node);
    tree_.nodes_.push_back(fresh);
    if (linked_) links_.emplace_back();
    return tree_.size() - 1;
}

node_id tree_builder::make_element(name_id name, namespace_id space,
                                   std::span<const attribute> attributes, std::size_t source_offset,
                                   std::uint8_t prefix)
{
    node fresh;
    fresh.kind = node_kind::element;
    fresh.prefix = prefix;
    fresh.space = space;
    fresh.name = name;
    fresh.end = no_node;
    fresh.first = static_cast<std::uint32_t>(tree_.attributes_.size());
    fresh.count = static_cast<std::uint32_t>(attributes.size());
    fresh.source = static_cast<std::uint32_t>(source_offset);
    tree_.attributes_.insert(tree_.attributes_.end(), attributes.begin(), attributes.end());
    return push(fresh);
}

node_id tree_builder::clone_element(node_id n)
{
    node fresh = tree_.nodes_[n];
    fresh.parent = no_node;
    fresh.previous = no_node;
    fresh.end = no_node;
    return push(fresh);
}

node_id tree_builder::make(node_kind kind, std::string_view text, std::size_t source_offset,
                           name_id name)
{
    node fresh;
    fresh.kind = kind;
    fresh.name = name;
    fresh.end = no_node;
    fresh.first = place(text);
    fresh.count = static_cast<std::uint32_t>(text.size());
    fresh.source = static_cast<std::uint32_t>(source_offset);
    if (kind == node_kind::fragment) tree_.has_fragments_ = true;
    return push(fresh);
}

node_id tree_builder::make_doctype(std::string_view name, std::optional<std::string_view> public_id,
                                   std::optional<std::string_view> system_id,
                                   std::optional<std::string_view> internal_subset)
{
    const node_id made = make(node_kind::doctype, {}, 0, intern(name));
    tree_.nodes_[made].first = static_cast<std::uint32_t>(tree_.attributes_.size());
    if (public_id) tree_.attributes_.push_back(make_attribute(detail::tag::public_, *public_id));
    if (system_id) tree_.attributes_.push_back(make_attribute(detail::tag::system_, *system_id));
    if (internal_subset)
        tree_.attributes_.push_back(make_attribute(intern("internal"), *internal_subset));
    tree_.nodes_[made].count =
        static_cast<std::uint32_t>(tree_.attributes_.size()) - tree_.nodes_[made].first;
    return made;
}

bool tree_builder::on_right_edge(node_id parent) noexcept
{
    // Whatever is stepped over is closed for good, so that the walks of one document add up to its
    // number of nodes.
    node_id at = edge_;
    while (at != parent) {
        at = tree_.nodes_[at].parent;
        if (at == no_node) return false;
    }
    edge_ = at;
    return true;
}

void tree_builder::link_nodes()
{
    if (linked_) return;
    linked_ = true;
    links_.resize(tree_.nodes_.size());
    for (node_id n = 1; n < tree_.size(); ++n) {
        const node& at = tree_.nodes_[n];
        if (at.previous != no_node)
            links_[at.previous].next = n;
        else if (at.parent != no_node)
            links_[at.parent].first = n;
    }
}

void tree_builder::insert(node_id n, node_id parent, node_id before)
{
    auto& nodes = tree_.nodes_;
    // In order: the newest node goes behind everything else.
    if (!linked_ && (before != no_node || n + 1 != tree_.size() || nodes[n].end != no_node ||
                     !on_right_edge(parent)))
        link_nodes();
    nodes[n].parent = parent;
    if (before == no_node) {
        nodes[n].previous = nodes[parent].end;
        nodes[parent].end = n;
    } else {
        nodes[n].previous = nodes[before].previous;
        nodes[before].previous = n;
    }
    edge_ = n;
    if (!linked_) return;
    links_[n].next = before;
    if (nodes[n].previous != no_node)
        links_[nodes[n].previous].next = n;
    else
        links_[parent].first = n;
}

void tree_builder::detach(node_id n)
{
    link_nodes();
    auto& nodes = tree_.nodes_;
    const node_id parent = nodes[n].parent;
    if (parent == no_node) return;
    const node_id previous = nodes[n].previous;
    const node_id next = links_[n].next;
    if (previous != no_node)
        links_[previous].next = next;
    else
        links_[parent].first = next;
    if (next != no_node)
        nodes[next].previous = previous;
    else
        nodes[parent].end = previous;
    nodes[n].parent = nodes[n].previous = links_[n].next = no_node;
}

void tree_builder::move_children(node_id from, node_id to)
{
    link_nodes();
    auto& nodes = tree_.nodes_;
    const node_id first = links_[from].first;
    if (first == no_node) return;
    for (node_id n = first; n != no_node; n = links_[n].next) nodes[n].parent = to;
    const node_id tail = nodes[to].end;
    nodes[first].previous = tail;
    if (tail != no_node)
        links_[tail].next = first;
    else
        links_[to].first = first;
    nodes[to].end = nodes[from].end;
    links_[from].first = nodes[from].end = no_node;
}

node_id tree_builder::next_in(node_id n, node_id within)
{
    link_nodes();
    if (links_[n].first != no_node) return links_[n].first;
    while (n != within && links_[n].next == no_node) n = tree_.nodes_[n].parent;
    return n == within ? no_node : links_[n].next;
}

bool tree_builder::replace_children(node_id n, node_id model, std::size_t& budget)
{
    std::vector<node_id> models;
    for (node_id m = next_in(model, model); m != no_node; m = next_in(m, model)) {
        if (m == n || models.size() == budget) return false;
        models.push_back(m);
    }
    budget -= models.size();
    while (links_[n].first != no_node) detach(links_[n].first);
    std::unordered_map<node_id, node_id> copy_of = {{model, n}};
    for (const node_id m : models) {
        const node_id made = clone_element(m);
        copy_of[m] = made;
        insert(made, copy_of.at(tree_.nodes_[m].parent));
    }
    return true;
}

void tree_builder::relocate(node_id n, std::size_t capacity)
{
    node& at = tree_.nodes_[n];
    auto& side = tree_.side_;
    const std::size_t to = side.size();
    if (to + capacity >= tree::side_bit) throw limit_error("max_bytes", tree::side_bit);
    const bool in_side = (at.first & tree::side_bit) != 0;
    side.resize(to + capacity);
    const char* from =
        (in_side ? side.data() : tree_.source_.data()) + (at.first & ~tree::side_bit);
    std::copy_n(from, at.count, side.data() + to);
    at.first = static_cast<std::uint32_t>(to) | tree::side_bit;
    at.source = static_cast<std::uint32_t>(capacity);
}

void tree_builder::extend(node_id n, std::string_view text)
{
    auto& side = tree_.side_;
    {
        node& at = tree_.nodes_[n];
        const bool in_side = (at.first & tree::side_bit) != 0;
        if (!in_side && text.data() == tree_.source_.data() + at.first + at.count &&
            is_inside(text, source())) {
            at.count += static_cast<std::uint32_t>(text.size());
            return;
        }
        if (!in_side) {
            relocate(n, at.count);
        } else if ((at.first & ~tree::side_bit) + std::max(at.count, at.source) != side.size() &&
                   at.count + text.size() > at.source) {
            relocate(n, 2 * (at.count + text.size()));
        }
    }
    node& at = tree_.nodes_[n];
    const std::size_t end = (at.first & ~tree::side_bit) + at.count;
    if (end + text.size() >= tree::side_bit) throw limit_error("max_bytes", tree::side_bit);
    if (end + text.size() > side.size()) side.resize(end + text.size());
    std::memcpy(side.data() + end, text.data(), text.size());
    at.count += static_cast<std::uint32_t>(text.size());
    at.source = std::max(at.source, at.count);
}

void tree_builder::insert_text(std::string_view text, node_id parent, node_id before)
{
    if (text.empty()) return;
    const node_id last =
        before == no_node ? tree_.nodes_[parent].end : tree_.nodes_[before].previous;
    if (last != no_node && tree_.nodes_[last].kind == node_kind::text) {
        extend(last, text);
        return;
    }
    insert(make(node_kind::text, text, text.size()), parent, before);
}

void tree_builder::merge_attributes(node_id n, std::span<const attribute> attributes)
{
    if (attributes.empty()) return;
    auto found = std::find_if(late_.begin(), late_.end(), [n](const auto& l) { return l.of == n; });
    if (found == late_.end()) {
        late_attributes fresh;
        fresh.of = n;
        fresh.all.assign(tree_.attributes(n).begin(), tree_.attributes(n).end());
        for (const attribute& a : fresh.all) fresh.names.insert(a.name);
        found = late_.insert(late_.end(), std::move(fresh));
    }
    for (const attribute& a : attributes)
        if (found->names.insert(a.name).second) found->all.push_back(a);
}

void tree_builder::settle_late_attributes()
{
    auto& all = tree_.attributes_;
    for (const late_attributes& late : late_) {
        tree_.nodes_[late.of].first = static_cast<std::uint32_t>(all.size());
        tree_.nodes_[late.of].count = static_cast<std::uint32_t>(late.all.size());
        all.insert(all.end(), late.all.begin(), late.all.end());
    }
}

void tree_builder::mark_cdata(node_id n, std::size_t from, std::size_t length)
{
    tree_.cdata_.push_back(
        {n, static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(length)});
}

void tree_builder::declare_id(name_id element, name_id attribute)
{
    auto& all = tree_.ids_;
    const std::pair made(element, attribute);
    const auto at = std::lower_bound(all.begin(), all.end(), made);
    if (at == all.end() || *at != made) all.insert(at, made);
}

void tree_builder::set_html(quirks_mode quirks, bool scripting) noexcept
{
    tree_.is_html_ = true;
    tree_.scripting_ = scripting;
    tree_.quirks_ = quirks;
}

void tree_builder::close_ranges()
{
    auto& nodes = tree_.nodes_;
    for (std::size_t n = nodes.size(); n-- > 0;)
        nodes[n].end =
            nodes[n].end == no_node ? static_cast<node_id>(n + 1) : nodes[nodes[n].end].end;
}

void tree_builder::reorder()
{
    const auto& old = tree_.nodes_;
    std::vector<node> ordered;
    ordered.reserve(old.size());
    std::vector<node_id> place_of(old.size(), no_node);
    for (node_id at = 0; at != no_node;) {
        const auto now = static_cast<node_id>(ordered.size());
        place_of[at] = now;
        node moved = old[at];
        if (moved.parent != no_node) moved.parent = place_of[moved.parent];
        if (moved.previous != no_node) moved.previous = place_of[moved.previous];
        moved.end = no_node;
        if (moved.parent != no_node) ordered[moved.parent].end = now;
        ordered.push_back(moved);
        if (links_[at].first != no_node) {
            at = links_[at].first;
            continue;
        }
        while (at != no_node && links_[at].next == no_node) at = old[at].parent;
        if (at != no_node) at = links_[at].next;
    }
    tree_.nodes_ = std::move(ordered);
}

tree tree_builder::finish() &&
{
    settle_late_attributes();
    if (linked_) reorder();
    close_ranges();
    const auto trim = [](auto& all) {
        if (all.capacity() > all.size() + all.size() / 4 + 64) all.shrink_to_fit();
    };
    trim(tree_.nodes_);
    trim(tree_.attributes_);
    trim(tree_.side_);
    return std::move(tree_);
}

}  // namespace ferry::documents
