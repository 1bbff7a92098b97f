#include "ferry/documents/xpath.hpp"

#include "ferry/core/error.hpp"
#include "ferry/documents/detail/xpath_evaluator.hpp"
#include "ferry/documents/detail/xpath_number.hpp"
#include "ferry/documents/detail/xpath_parser.hpp"

#include <algorithm>

namespace ferry::xpath {

// ---- node

namespace {

bool has_name(documents::node_kind kind) noexcept
{
    return kind == documents::node_kind::element ||
           kind == documents::node_kind::processing_instruction;
}

detail::scoped_namespace scope_of(const node& n)
{
    return detail::namespace_of(n.tree(), n.id(), (n.attribute() + 1) ^ detail::namespace_bit);
}

}  // namespace

std::string node::name() const
{
    if (is_namespace()) return std::string(local_name());
    if (is_attribute()) return tree_->qualified_name(tree_->attributes(id_)[attribute_]);
    return has_name(tree_->kind(id_)) ? tree_->qualified_name(id_) : std::string();
}

std::string_view node::local_name() const noexcept
{
    if (is_namespace()) return scope_of(*this).prefix;
    if (is_attribute()) return tree_->name(tree_->attributes(id_)[attribute_].name);
    return has_name(tree_->kind(id_)) ? tree_->local_name(id_) : std::string_view();
}

std::string_view node::namespace_uri() const noexcept
{
    if (is_namespace()) return {};
    if (is_attribute()) return tree_->namespace_uri(tree_->attributes(id_)[attribute_].space);
    return is_element() ? tree_->namespace_uri((*tree_)[id_].space) : std::string_view();
}

bool node::is_tail() const noexcept
{
    if (!is_text()) return false;
    const documents::node_id before = tree_->previous_sibling(id_);
    return before != documents::no_node && tree_->kind(before) != documents::node_kind::doctype;
}

bool node::is_namespace() const noexcept
{
    return is_attribute() && ((attribute_ + 1) & detail::namespace_bit) != 0;
}

std::string node::string() const
{
    if (is_namespace()) return std::string(scope_of(*this).uri);
    if (is_attribute()) return std::string(tree_->value(tree_->attributes(id_)[attribute_]));
    return tree_->text_content(id_);
}

std::optional<node> node::parent() const noexcept
{
    if (is_attribute()) return node(*tree_, id_);
    const documents::node_id up = tree_->kind(id_) == documents::node_kind::fragment
                                      ? documents::no_node
                                      : tree_->parent(id_);
    return up == documents::no_node ? std::nullopt : std::optional(node(*tree_, up));
}

std::strong_ordering operator<=>(const node& a, const node& b) noexcept
{
    if (a.tree_ != b.tree_) {
        return std::less<>()(a.tree_, b.tree_) ? std::strong_ordering::less
                                               : std::strong_ordering::greater;
    }
    // An element comes before its attributes: no_attribute plus one is zero.
    return detail::item{a.id_, a.attribute_ + 1} <=> detail::item{b.id_, b.attribute_ + 1};
}

// ---- result

void result::fail(const char* wanted, const std::string& found)
{
    throw type_error("XPath result", wanted, "'" + found + "'");
}

const std::vector<node>& result::nodes() const&
{
    if (!is_nodes()) fail("node-set", to_string());
    return std::get<std::vector<node>>(value_);
}

std::vector<node> result::nodes() &&
{
    if (!is_nodes()) fail("node-set", to_string());
    return std::get<std::vector<node>>(std::move(value_));
}

std::string result::to_string() const
{
    switch (type()) {
        case kind::nodes: {
            const auto& all = std::get<std::vector<node>>(value_);
            return all.empty() ? std::string() : all.front().string();
        }
        case kind::string: return std::get<std::string>(value_);
        case kind::number: {
            std::string out;
            detail::append_number(out, std::get<double>(value_));
            return out;
        }
        case kind::boolean: break;
    }
    return std::get<bool>(value_) ? "true" : "false";
}

double result::to_number() const
{
    if (type() == kind::number) return std::get<double>(value_);
    if (type() == kind::boolean) return std::get<bool>(value_) ? 1 : 0;
    return detail::to_number(to_string());
}

bool result::to_boolean() const noexcept
{
    switch (type()) {
        case kind::nodes: return !empty();
        case kind::string: return !std::get<std::string>(value_).empty();
        case kind::number: {
            const double n = std::get<double>(value_);
            return n != 0 && !std::isnan(n);
        }
        case kind::boolean: break;
    }
    return std::get<bool>(value_);
}

std::vector<std::string> result::strings() const
{
    if (!is_nodes()) return {to_string()};
    std::vector<std::string> out;
    out.reserve(size());
    for (const node& n : nodes()) out.push_back(n.string());
    return out;
}

std::vector<double> result::numbers() const
{
    if (!is_nodes()) return {to_number()};
    std::vector<double> out;
    out.reserve(size());
    for (const node& n : nodes()) out.push_back(detail::to_number(n.string()));
    return out;
}

// ---- context

context& context::ns(std::string prefix, std::string uri)
{
    namespaces_.insert_or_assign(std::move(prefix), std::move(uri));
    return *this;
}

context& context::default_ns(std::string uri)
{
    default_ns_ = std::move(uri);
    return *this;
}

context& context::variable(std::string name, result value)
{
    variables_.insert_or_assign(std::move(name), std::move(value));
    return *this;
}

context& context::function(std::string uri, std::string name, extension call)
{
    functions_.insert_or_assign('{' + std::move(uri) + '}' + std::move(name), std::move(call));
    return *this;
}

context& context::libxml2_numbers(bool on)
{
    libxml2_numbers_ = on;
    return *this;
}

context& context::max_steps(std::uint64_t count)
{
    max_steps_ = count;
    return *this;
}

context& context::timeout(std::chrono::milliseconds limit)
{
    timeout_ = limit;
    return *this;
}

context& context::max_nodes(std::uint64_t count)
{
    max_nodes_ = count;
    return *this;
}

context& context::max_string_bytes(std::size_t bytes)
{
    max_string_bytes_ = bytes;
    return *this;
}

const std::string* context::find_ns(std::string_view prefix) const noexcept
{
    static const std::string xml = "http://www.w3.org/XML/1998/namespace";
    if (prefix == "xml") return &xml;
    const auto found = namespaces_.find(prefix);
    return found == namespaces_.end() ? nullptr : &found->second;
}

const result* context::find_variable(std::string_view name) const noexcept
{
    const auto found = variables_.find(name);
    return found == variables_.end() ? nullptr : &found->second;
}

const extension* context::find_function(std::string_view uri, std::string_view name) const
{
    const auto found = functions_.find('{' + std::string(uri) + '}' + std::string(name));
    return found == functions_.end() ? nullptr : &found->second;
}

// ---- expression

expression expression::compile(std::string_view text, std::size_t max_depth)
{
    return expression(std::make_shared<const detail::program>(
        detail::parse(std::string(text), max_depth, max_expression_bytes)));
}

result expression::evaluate(const node& from, const context& with) const
{
    const std::uint32_t attribute = from.is_attribute() ? from.attribute() + 1 : 0;
    return detail::evaluator(*program_, from.tree(), with, {from.id(), attribute}).evaluate();
}

const std::string& expression::text() const noexcept
{
    return program_->text;
}

}  // namespace ferry::xpath
