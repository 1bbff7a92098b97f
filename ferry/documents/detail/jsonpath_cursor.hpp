#pragma once

#include "ferry/documents/detail/jsonpath_ast.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::jsonpath::detail {

/// One step down: a member or an element.
struct step {
    const value* name = nullptr;  ///< the member's name; null for an element
    std::size_t index = 0;
};

/// What all the walks of one selection share.
struct budget {
    std::uint64_t steps;
    std::uint64_t max_steps;
    std::deque<std::pair<std::string, iregexp>> patterns;  ///< those of the document, last used

    void spend()
    {
        if (steps++ == max_steps) throw_exceeded();
    }
    const iregexp& pattern(std::string_view text);

private:
    [[noreturn]] void throw_exceeded() const;
};

/// Walks the nodes that a query finds, depth first: since every segment maps each of its input
/// nodes to a list by itself, that is the order of RFC 9535, and nothing needs to be kept but the
/// way down to the current node.
class walk {
public:
    /// \param root    what `$` means
    /// \param start   what the query starts from: the same, or what `@` means
    walk(const query& path, const value& root, const value& start, budget& shared);

    /// \returns the next node, null at the end.
    const value* next();
    /// From the start to the current node.
    std::vector<step> steps() const;

private:
    struct frame {
        const value* node;
        step from;
        std::uint32_t segment;
        std::uint32_t selector = 0;  ///< one beyond the last: descending into the children
        std::int64_t position = 0;
    };
    struct child {
        const value* node;
        step from;
    };

    std::optional<child> advance(frame& at);
    std::optional<child> select(frame& at, const selector& by);
    static std::optional<child> select_name(frame& at, const selector& by);
    static std::optional<child> select_index(const frame& at, std::int64_t index);
    std::optional<child> select_slice(frame& at, const selector& by);
    std::optional<child> select_next(frame& at, const filter* test);

    const query& path_;
    const value& root_;
    const value* start_;
    budget& shared_;
    std::vector<frame> frames_;
    step last_;
    bool root_pending_;
};

/// What a selection owns.
class cursor {
public:
    cursor(std::shared_ptr<const query> path, const value& root)
        : path_{std::move(path)}, walk_{*path_, root, root, budget_}
    {
    }
    cursor(const cursor&) = delete;
    cursor& operator=(const cursor&) = delete;

    const value* next() { return walk_.next(); }
    std::vector<step> steps() const { return walk_.steps(); }
    void max_steps(std::uint64_t count) noexcept { budget_.max_steps = count; }

private:
    std::shared_ptr<const query> path_;
    budget budget_{};
    walk walk_;
};

/// What a query of names and indexes finds, null if nothing.
const value* find_one(const query& path, const value& start);

/// Whether a filter holds for a node.
bool holds(const filter& condition, const value& root, const value& node, budget& shared);

}  // namespace ferry::jsonpath::detail
