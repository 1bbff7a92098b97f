#pragma once

#include "ferry/harvest/recipe.hpp"

#include <toml++/toml.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::harvest::detail {

/// The nearest of `candidates` to what was typed, empty if none is near.
std::string nearest(std::string_view typed, std::span<const std::string_view> candidates);
std::string nearest(std::string_view typed, const std::vector<std::string>& candidates);

/// Something wrong inside a text that a recipe quotes.
struct syntax_problem {
    std::size_t offset = 0;  ///< bytes into the text
    std::string message;
};

/// Collects what is wrong in a recipe, with places.
class problem_list {
public:
    problem_list(std::string file, std::string_view text) : file_{std::move(file)}, text_{text} {}

    void add(const toml::source_region& where, std::string message, std::string suggestion = {});
    /// The place is `offset` bytes into the string that stands at `where`, if it is written
    /// plainly.
    void add_inside(const toml::source_region& where, const syntax_problem& what,
                    std::string_view role);
    /// \throws recipe_error  if anything was added.
    void raise();

private:
    std::string_view line(const toml::source_region& where) const;

    std::string file_;
    std::string_view text_;
    std::vector<recipe_problem> problems_;
};

/// One table of a recipe while it is read. Every value is checked as it is taken; a wrong one is a
/// problem and leaves the target as it was.
class section {
public:
    /// Keys that are neither `offered` nor `later` are problems at once; so are the `later` ones.
    section(const toml::table& table, std::string title, problem_list& problems,
            std::span<const std::string_view> offered,
            std::span<const std::string_view> later = {});

    const std::string& title() const noexcept { return title_; }
    bool has(std::string_view key) const { return table_->contains(key); }
    const toml::source_region& where() const noexcept { return table_->source(); }
    const toml::source_region& where(std::string_view key) const;

    bool take(std::string_view key, std::string& into) const;
    /// `${NAME}` becomes what the environment has under that name.
    bool take_expanded(std::string_view key, std::string& into) const;
    bool take(std::string_view key, bool& into) const;
    bool take(std::string_view key, double& into, double low, double high) const;
    bool take(std::string_view key, std::uint64_t& into, std::uint64_t low,
              std::uint64_t high) const;
    bool take(std::string_view key, std::uint32_t& into, std::uint32_t low,
              std::uint32_t high) const;
    /// `"250ms"`, `"5s"`, `"2m"`, `"1h"`, `"1d"`.
    bool take(std::string_view key, std::chrono::milliseconds& into) const;
    /// `"20MB"`, `"4KiB"`, or a number of bytes.
    bool take_size(std::string_view key, std::uint64_t& into) const;
    /// One string, or an array of strings.
    bool take(std::string_view key, std::vector<std::string>& into) const;
    /// One of the names; returns its index.
    std::optional<std::size_t> take_choice(std::string_view key,
                                           std::span<const std::string_view> names) const;
    /// A boolean, number, date or string, as text.
    std::optional<std::string> take_scalar(std::string_view key) const;

    const toml::table* table(std::string_view key) const;
    /// The tables of an array, or the one table that stands in its place.
    std::vector<const toml::table*> tables(std::string_view key) const;
    /// The members that are tables, in the order of the file; other members are problems.
    struct member {
        std::string name;
        const toml::table* table;
    };
    std::vector<member> members(std::string_view key) const;

    void problem(std::string_view key, std::string message, std::string suggestion = {}) const;
    problem_list& problems() const noexcept { return *problems_; }

private:
    const toml::node* find(std::string_view key) const { return table_->get(key); }
    void wrong_type(std::string_view key, const toml::node& found, std::string_view wanted) const;
    bool integer(std::string_view key, std::uint64_t& into, std::uint64_t low,
                 std::uint64_t high) const;

    const toml::table* table_;
    std::string title_;
    problem_list* problems_;
};

/// Reads "250ms" and its like, up to a year; nothing if it is none.
std::optional<std::chrono::milliseconds> read_duration(std::string_view text);

/// `${NAME}` replaced. \throws error  the environment has no such name, or a brace does not close.
std::string expand_environment(std::string_view text);

/// Puts `KEY=VALUE` into a document: `output.0.file=x.jsonl`. What does not fit is a problem.
void override_value(toml::table& root, const std::string& assignment, problem_list& problems);

}  // namespace ferry::harvest::detail
