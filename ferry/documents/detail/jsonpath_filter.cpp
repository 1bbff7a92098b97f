#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/jsonpath_cursor.hpp"

#include <algorithm>

namespace ferry::jsonpath::detail {
namespace {

/// A value or Nothing: one that lies in the document or the query, or one that was calculated.
class operand {
public:
    operand() = default;
    explicit operand(const value* found) : found_{found} {}
    explicit operand(std::size_t calculated) : own_{calculated}, found_{&own_} {}
    operand(const operand&) = delete;
    operand& operator=(const operand&) = delete;

    const value* get() const noexcept { return found_; }
    const value& operator*() const noexcept { return *found_; }
    bool is_string() const noexcept { return found_ != nullptr && found_->is_string(); }

private:
    value own_;
    const value* found_ = nullptr;
};

class evaluator {
public:
    evaluator(const value& root, const value& node, budget& shared) noexcept
        : root_{root}, node_{node}, shared_{shared}
    {
    }

    bool test(const filter& f) const
    {
        const auto holds = [this](const filter& part) { return test(part); };
        switch (f.is) {
            case filter::kind::any: return std::any_of(f.operands.begin(), f.operands.end(), holds);
            case filter::kind::all: return std::all_of(f.operands.begin(), f.operands.end(), holds);
            case filter::kind::negate: return !test(f.operands[0]);
            case filter::kind::compare: return compare(f);
            case filter::kind::exists: return find(f.path) != nullptr;
            case filter::kind::call: return match(f);
            default: return false;
        }
    }

private:
    walk walk_of(const query& path) const
    {
        return {path, root_, path.relative ? node_ : root_, shared_};
    }
    const value* find(const query& path) const
    {
        if (path.singular) return find_one(path, path.relative ? node_ : root_);
        return walk_of(path).next();
    }

    operand read(const filter& f) const
    {
        switch (f.is) {
            case filter::kind::literal: return operand{&f.constant};
            case filter::kind::query: return operand{find(f.path)};
            case filter::kind::call: return call(f);
            default: return operand{};
        }
    }

    operand call(const filter& f) const
    {
        if (f.callee == function::length) return length(f.operands[0]);
        walk nodes = walk_of(f.operands[0].path);
        if (f.callee == function::count) {
            std::size_t count = 0;
            while (nodes.next() != nullptr) ++count;
            return operand{count};
        }
        const value* const first = nodes.next();
        const bool only = first != nullptr && nodes.next() == nullptr;
        return operand{only ? first : nullptr};
    }

    operand length(const filter& f) const
    {
        const operand of = read(f);
        if (of.is_string()) return operand{utf8::count((*of).as<std::string_view>())};
        const bool container = of.get() != nullptr && ((*of).is_object() || (*of).is_sequence());
        if (container) return operand{(*of).size()};
        return operand{};
    }

    bool match(const filter& f) const
    {
        const operand text = read(f.operands[0]);
        const operand pattern = read(f.operands[1]);
        if (!text.is_string() || !pattern.is_string()) return false;
        const iregexp& compiled =
            f.pattern ? *f.pattern : shared_.pattern((*pattern).as<std::string_view>());
        const auto in = (*text).as<std::string_view>();
        return f.callee == function::match ? compiled.matches(in) : compiled.finds(in);
    }

    bool compare(const filter& f) const
    {
        const operand left = read(f.operands[0]);
        const operand right = read(f.operands[1]);
        const value* const a = left.get();
        const value* const b = right.get();
        switch (f.compares) {
            case filter::relation::equal: return equal(a, b);
            case filter::relation::not_equal: return !equal(a, b);
            case filter::relation::less: return less(a, b);
            case filter::relation::less_equal: return less(a, b) || equal(a, b);
            case filter::relation::greater: return less(b, a);
            case filter::relation::greater_equal: return less(b, a) || equal(a, b);
        }
        return false;
    }

    static bool equal(const value* a, const value* b)
    {
        if (a == nullptr || b == nullptr) return a == b;
        return *a == *b;
    }
    static bool less(const value* a, const value* b)
    {
        if (a == nullptr || b == nullptr) return false;
        const bool ordered =
            (a->is_number() && b->is_number()) || (a->is_string() && b->is_string());
        return ordered && *a < *b;
    }

    const value& root_;
    const value& node_;
    budget& shared_;
};

}  // namespace

bool holds(const filter& condition, const value& root, const value& node, budget& shared)
{
    return evaluator{root, node, shared}.test(condition);
}

}  // namespace ferry::jsonpath::detail
