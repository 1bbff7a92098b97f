#include "ferry/documents/detail/xpath_functions.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

namespace ferry::xpath::detail {

namespace {

constexpr std::array<signature, 28> functions{{
    {"boolean", function::boolean, type::boolean, 1, 1, false},
    {"ceiling", function::ceiling, type::number, 1, 1, false},
    {"concat", function::concat, type::string, 2, any_number, false},
    {"contains", function::contains, type::boolean, 2, 2, false},
    {"count", function::count, type::number, 1, 1, true},
    {"current", function::current, type::nodes, 0, 0, false},
    {"false", function::false_, type::boolean, 0, 0, false},
    {"floor", function::floor, type::number, 1, 1, false},
    {"id", function::id, type::nodes, 1, 1, false},
    {"lang", function::lang, type::boolean, 1, 1, false},
    {"last", function::last, type::number, 0, 0, false},
    {"local-name", function::local_name, type::string, 0, 1, true},
    {"name", function::name, type::string, 0, 1, true},
    {"namespace-uri", function::namespace_uri, type::string, 0, 1, true},
    {"normalize-space", function::normalize_space, type::string, 0, 1, false},
    {"not", function::not_, type::boolean, 1, 1, false},
    {"number", function::number, type::number, 0, 1, false},
    {"position", function::position, type::number, 0, 0, false},
    {"round", function::round, type::number, 1, 1, false},
    {"starts-with", function::starts_with, type::boolean, 2, 2, false},
    {"string", function::string, type::string, 0, 1, false},
    {"string-length", function::string_length, type::number, 0, 1, false},
    {"substring", function::substring, type::string, 2, 3, false},
    {"substring-after", function::substring_after, type::string, 2, 2, false},
    {"substring-before", function::substring_before, type::string, 2, 2, false},
    {"sum", function::sum, type::number, 1, 1, true},
    {"translate", function::translate, type::string, 3, 3, false},
    {"true", function::true_, type::boolean, 0, 0, false},
}};

/// Insertions, removals and replacements that make one word the other.
std::size_t edit_distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row[b.size()];
}

}  // namespace

std::span<const signature> core_functions() noexcept
{
    return functions;
}

const signature* find_function(std::string_view name) noexcept
{
    for (const signature& s : functions) {
        if (s.name == name) return &s;
    }
    return nullptr;
}

std::string suggestion(std::string_view typed, std::span<const std::string_view> words)
{
    constexpr std::size_t longest = 32;
    if (typed.size() > longest) return {};
    const std::size_t allowed = typed.size() < 4 ? 1 : 2;
    std::size_t best = allowed + 1;
    std::string_view found;
    for (const std::string_view word : words) {
        const std::size_t distance = edit_distance(typed, word);
        if (distance < best) {
            best = distance;
            found = word;
        }
    }
    return found.empty() ? std::string() : "; did you mean '" + std::string(found) + "'?";
}

}  // namespace ferry::xpath::detail
