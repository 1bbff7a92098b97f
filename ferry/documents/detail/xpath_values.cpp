#include "ferry/documents/detail/xpath_evaluator.hpp"
#include "ferry/documents/detail/xpath_lexer.hpp"
#include "ferry/documents/detail/xpath_names.hpp"
#include "ferry/documents/detail/xpath_number.hpp"

#include <algorithm>

namespace ferry::xpath::detail {

namespace {

bool has_children(node_kind k) noexcept
{
    return k == node_kind::element || k == node_kind::document || k == node_kind::fragment;
}

}  // namespace

evaluator::evaluator(const program& p, const tree& t, const context& with, item from)
    : program_(p),
      tree_(t),
      context_(with),
      from_(from),
      root_{tree::root(), 0},
      next_look_(with.max_steps())
{
    if (with.timeout()) {
        began_ = std::chrono::steady_clock::now();
        next_look_ = 0;
    }
    if (t.has_fragments()) {
        // The root of what is in a template is its contents.
        node_id up = from.node;
        while (t.kind(up) != node_kind::fragment && t.parent(up) != no_node) up = t.parent(up);
        root_.node = up;
    }
    bind_names();
}

void evaluator::look_at_limits()
{
    constexpr std::uint64_t interval = 100'000;  // about a millisecond
    if (visited_ > context_.max_steps()) throw limit_error("max_steps", context_.max_steps());
    const auto limit = context_.timeout();
    if (limit && std::chrono::steady_clock::now() - began_ > *limit)
        throw timeout_error("XPath " + program_.text.substr(0, 80), *limit);
    next_look_ = std::min(context_.max_steps(), visited_ + interval);
}

const std::string& evaluator::namespace_of(std::string_view prefix, std::uint32_t offset) const
{
    const std::string* uri = context_.find_ns(prefix);
    if (uri == nullptr) {
        fail(program_.text, offset,
             "the prefix '" + std::string(prefix) + "' is not bound: see context::ns()");
    }
    return *uri;
}

void evaluator::bind_names()
{
    names_.reserve(program_.names.size());
    for (const name_use& use : program_.names) {
        bound_name b;
        if (!use.prefix.empty()) {
            b.space = tree_.find_namespace(namespace_of(use.prefix, use.offset));
        } else if (!use.is_attribute && context_.default_ns()) {
            b.space = tree_.find_namespace(*context_.default_ns());
        } else {
            b.any_space = tree_.is_html() && !use.is_attribute;
        }
        b.name = tree_.find_name(use.local);
        b.other = tree_.is_html() ? tree_.find_name(lowered(use.local)) : b.name;
        if (b.name == documents::no_name) b.name = b.other;
        if (b.other == documents::no_name) b.other = b.name;
        b.possible =
            b.name != documents::no_name && (b.any_space || b.space != documents::ns::unknown);
        names_.push_back(b);
    }
}

const documents::attribute* evaluator::find(item x, std::uint32_t slot) const noexcept
{
    const bound_name& name = names_[slot];
    if (!name.possible || x.attribute != 0 || !tree_.is_element(x.node)) return nullptr;
    for (const documents::attribute& a : tree_.attributes(x.node)) {
        if (name(a.name, a.space)) return &a;
    }
    return nullptr;
}

const documents::attribute& evaluator::attribute_of(item x) const noexcept
{
    return tree_.attributes(x.node)[x.attribute - 1];
}

std::string_view evaluator::string_value(item x, std::string& scratch)
{
    if (x.is_foreign()) return scratch = handle(x).string();
    if (x.is_namespace())
        return detail::namespace_of(tree_, x.node, x.attribute ^ namespace_bit).uri;
    if (x.attribute != 0) return tree_.value(attribute_of(x));
    if (!has_children(tree_.kind(x.node))) return tree_.text(x.node);

    // Most elements hold one text, or none.
    std::string_view only;
    std::size_t texts = 0;
    const node_id end = tree_.end(x.node);
    for (node_id at = x.node + 1; at < end; ++at) {
        const node_kind kind = tree_.kind(at);
        if (kind == node_kind::fragment) {
            at = tree_.end(at) - 1;
        } else if (kind == node_kind::text) {
            if (++texts == 1) {
                only = tree_.text(at);
            } else {
                if (texts == 2) scratch.assign(only);
                scratch += tree_.text(at);
                check_string(scratch.size());
            }
        }
    }
    charge(end - x.node + (texts > 1 ? scratch.size() / 64 : 0));
    return texts > 1 ? std::string_view(scratch) : only;
}

bool evaluator::equals(item x, std::string_view text)
{
    if (x.is_foreign()) return handle(x).string() == text;
    if (x.is_namespace())
        return detail::namespace_of(tree_, x.node, x.attribute ^ namespace_bit).uri == text;
    if (x.attribute != 0) return tree_.value(attribute_of(x)) == text;
    if (!has_children(tree_.kind(x.node))) return tree_.text(x.node) == text;
    const node_id end = tree_.end(x.node);
    node_id at = x.node + 1;
    bool same = true;
    for (; at < end && same; ++at) {
        const node_kind kind = tree_.kind(at);
        if (kind == node_kind::fragment) {
            at = tree_.end(at) - 1;
        } else if (kind == node_kind::text) {
            const std::string_view part = tree_.text(at);
            same = text.starts_with(part);
            if (same) text.remove_prefix(part.size());
        }
    }
    charge(at - x.node);
    return same && text.empty();
}

double evaluator::number_value(item x)
{
    lease scratch(strings_);
    return to_number(string_value(x, *scratch));
}

void evaluator::check_string(std::size_t bytes) const
{
    if (bytes > context_.max_string_bytes()) {
        throw limit_error("max_string_bytes", context_.max_string_bytes());
    }
}

void evaluator::import(const result& r, node_set& out)
{
    if (!r.is_nodes()) throw type_error("XPath", "node-set", r.to_string());
    bool keeps_owner = false;
    for (const node& n : r.nodes()) {
        if (&n.tree() == &tree_) {
            out.push_back({n.id(), n.is_attribute() ? n.attribute() + 1 : 0});
            continue;
        }
        if (r.owner() == nullptr) {
            throw error(errc::invalid_state, "XPath: a node of another document");
        }
        foreign_.all.push_back(n);
        check_size(foreign_.all.size());
        charge(1);
        out.push_back({no_node, static_cast<std::uint32_t>(foreign_.all.size())});
        keeps_owner = true;
    }
    if (keeps_owner) foreign_.owners.push_back(r.owner());
}

result evaluator::exported(const node_set& set) const
{
    std::vector<node> out;
    out.reserve(set.size());
    for (const item x : set) out.push_back(handle(x));
    if (set.empty() || !set.back().is_foreign()) return out;
    using owners = std::vector<std::shared_ptr<const void>>;
    return {std::move(out), std::make_shared<const owners>(foreign_.owners)};
}

node evaluator::handle(item x) const
{
    if (x.is_foreign()) return foreign_.all[x.attribute - 1];
    return {tree_, x.node, x.attribute == 0 ? node::no_attribute : x.attribute - 1};
}

}  // namespace ferry::xpath::detail
