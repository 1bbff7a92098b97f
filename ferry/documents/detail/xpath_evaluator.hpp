#pragma once

#include "ferry/documents/detail/xpath_ast.hpp"
#include "ferry/documents/detail/xpath_axes.hpp"
#include "ferry/documents/xpath.hpp"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ferry::xpath::detail {

/// XPath's context of an expression: a node, and its place among those that are filtered with it.
struct focus {
    item at;
    std::uint64_t position = 1;
    std::uint64_t size = 1;
};

/// A reference to something that is called with an item and returns whether to go on.
class visitor {
public:
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, visitor>)
    visitor(F&& f) noexcept
        : object_(const_cast<void*>(static_cast<const void*>(&f))), call_([](void* object, item x) {
              return (*static_cast<std::remove_reference_t<F>*>(object))(x);
          })
    {
    }

    bool operator()(item x) const { return call_(object_, x); }

private:
    void* object_;
    bool (*call_)(void*, item);
};

/// Borrows a set or a string for a scope, so that what they have allocated is used again.
template <class T>
class lease {
public:
    explicit lease(std::vector<T>& pool) : pool_(pool)
    {
        if (pool.empty()) return;
        value_.swap(pool.back());
        pool.pop_back();
    }
    ~lease()
    {
        value_.clear();
        pool_.push_back(std::move(value_));
    }
    lease(const lease&) = delete;
    lease& operator=(const lease&) = delete;
    T& operator*() noexcept { return value_; }
    T* operator->() noexcept { return &value_; }

private:
    std::vector<T>& pool_;
    T value_;
};

/// Nodes of other trees that functions gave, and the trees that they keep alive.
struct foreign_nodes {
    std::vector<node> all;
    std::vector<std::shared_ptr<const void>> owners;
};

/// Forgets at its end what came since its beginning.
class foreign_scope {
public:
    explicit foreign_scope(foreign_nodes& of) noexcept
        : of_(of), nodes_(of.all.size()), owners_(of.owners.size())
    {
    }
    ~foreign_scope()
    {
        if (of_.all.size() > nodes_) of_.all.resize(nodes_);
        if (of_.owners.size() > owners_) of_.owners.resize(owners_);
    }
    foreign_scope(const foreign_scope&) = delete;
    foreign_scope& operator=(const foreign_scope&) = delete;

private:
    foreign_nodes& of_;
    std::size_t nodes_;
    std::size_t owners_;
};

/// One evaluation of a program over a tree. Values are asked for in the type that is needed, so
/// that node-sets and strings are made only where nothing less will do.
///
/// Strings are views: into the tree, into the expression, or into the `scratch` that was given.
class evaluator {
public:
    evaluator(const program& p, const tree& t, const context& with, item from);

    result evaluate();

private:
    // xpath_evaluator.cpp: expressions, in the type that is asked for
    bool boolean(const expr& e, const focus& f);
    double number(const expr& e, const focus& f);
    std::string_view string(const expr& e, const focus& f, std::string& scratch);
    result any(const expr& e, const focus& f);
    const result& variable(const expr& e) const;
    result extension(const expr& e, const focus& f);
    std::string string_of(const result& r);
    double number_of(const result& r);

    // xpath_calls.cpp: the core functions
    bool boolean_call(const expr& e, const focus& f);
    double number_call(const expr& e, const focus& f);
    std::string_view string_call(const expr& e, const focus& f, std::string& scratch);
    std::string_view argument(const expr& e, const focus& f, std::string& scratch);
    std::string_view translate(const expr& e, const focus& f, std::string& scratch);
    std::string_view substring(const expr& e, const focus& f, std::string& scratch);
    std::string_view name_call(const expr& e, const focus& f, std::string& scratch);
    bool has_language(item x, std::string_view wanted);
    void by_id(const expr& e, const focus& f, node_set& out);

    // xpath_compare.cpp
    struct operand;
    bool compare(const expr& e, const focus& f);
    bool compare(op how, const operand& left, const operand& right, const focus& f);
    bool compare_sets(op how, const operand& left, const operand& right, const focus& f);
    bool for_each(const operand& o, const focus& f, visitor visit);

    // xpath_steps.cpp: node-sets
    /// The nodes in document order, each once.
    void nodes(const expr& e, const focus& f, node_set& out);
    void path(const expr& e, const focus& f, node_set& out);
    void filter(const expr& e, const focus& f, node_set& out);
    /// Visits the nodes in any order, some perhaps more than once; false if the visitor ended it.
    bool for_each(const expr& e, const focus& f, visitor visit);
    std::optional<item> first_node(const expr& e, const focus& f);
    std::uint64_t count(const expr& e, const focus& f);
    bool streams(const expr& e) const noexcept { return e.streams && e.args.empty(); }
    item start(const expr& e, const focus& f) const noexcept;
    bool stream(const expr& path, std::size_t index, item from, const visitor& visit);
    void stream(const expr& path, std::size_t index, item from, node_set& out);
    void apply(const step& s, const node_set& from, node_set& out);
    bool apply_merged(const step& s, const node_set& from, node_set& out);
    bool select(const step& s, item from, const visitor& visit);
    void collect(const step& s, item from, node_set& out);
    void collect_ancestors(const step& s, const node_set& from, node_set& out);
    bool select_sized(const step& s, item from, const visitor& visit);
    bool select_deep(const step& s, item from, const visitor& visit);
    template <class Visit>
    bool walk(const step& s, axis along, item from, Visit& visit);
    template <class Test, class Visit>
    bool walk_test(axis along, item from, const Test& test, Visit& visit);
    template <class Visit>
    bool walk_attributes(const step& s, item from, Visit& visit);
    template <class Visit>
    bool walk_namespaces(const step& s, item from, Visit& visit);
    bool holds(const predicate& p, const focus& f);
    void keep(const predicate& p, node_set& set);
    void put_in_order(node_set& set);

    // xpath_values.cpp: what a node says
    std::string_view string_value(item x, std::string& scratch);
    bool equals(item x, std::string_view text);
    double number_value(item x);
    const documents::attribute* find(item x, std::uint32_t slot) const noexcept;
    const documents::attribute& attribute_of(item x) const noexcept;
    void import(const result& r, node_set& out);
    result exported(const node_set& set) const;
    node handle(item x) const;

    void bind_names();
    const std::string& namespace_of(std::string_view prefix, std::uint32_t offset) const;
    void charge(std::uint64_t steps)
    {
        visited_ += steps;
        if (visited_ > next_look_) look_at_limits();
    }
    void look_at_limits();
    void check_size(std::size_t nodes) const
    {
        if (nodes > context_.max_nodes()) throw limit_error("max_nodes", context_.max_nodes());
    }
    void check_string(std::size_t bytes) const;

    const program& program_;
    const tree& tree_;
    const context& context_;
    item from_;
    item root_;
    std::vector<bound_name> names_;
    std::uint64_t visited_ = 0;
    std::uint64_t next_look_;  // at the limits, when so many were visited
    std::chrono::steady_clock::time_point began_;
    std::vector<node_set> sets_;  // to borrow from
    std::vector<std::string> strings_;
    std::optional<std::unordered_map<std::string_view, node_id>> ids_;
    foreign_nodes foreign_;
};

constexpr bool is_continuation(char c) noexcept
{
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace ferry::xpath::detail
