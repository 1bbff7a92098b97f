#include "ferry/harvest/detail/toml_reader.hpp"

#include "ferry/core/time.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <sstream>
#include <tuple>
#include <utility>

namespace ferry::harvest::detail {
namespace {

constexpr std::size_t max_problems = 50;
constexpr std::size_t max_compared = 64;  ///< bytes of a key that are compared for a suggestion

/// Insertions, deletions, changes and swaps of neighbours that make one of the other.
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before_last.swap(last);
        last.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
    }
    return row[b.size()];
}

template <class Range>
std::string nearest_of(std::string_view typed, const Range& candidates)
{
    typed = typed.substr(0, max_compared);
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(1, typed.size() / 3) + 1;
    for (const std::string_view candidate : candidates) {
        const std::size_t d = distance(typed, candidate.substr(0, max_compared));
        if (d < best_distance) {
            best_distance = d;
            best = candidate;
        }
    }
    return best;
}

std::string_view type_name(const toml::node& node)
{
    switch (node.type()) {
        case toml::node_type::table: return "a table";
        case toml::node_type::array: return "an array";
        case toml::node_type::string: return "a string";
        case toml::node_type::integer: return "an integer";
        case toml::node_type::floating_point: return "a number";
        case toml::node_type::boolean: return "a boolean";
        case toml::node_type::date: return "a date";
        case toml::node_type::time: return "a time";
        case toml::node_type::date_time: return "a date and time";
        default: return "nothing";
    }
}

struct unit {
    std::string_view name;
    std::uint64_t factor;
};

/// A whole number directly followed by one of the units.
std::optional<std::uint64_t> with_unit(std::string_view text, std::span<const unit> units)
{
    std::uint64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc{}) return {};
    const std::string_view rest{end, static_cast<std::size_t>(text.data() + text.size() - end)};
    for (const auto& [name, factor] : units) {
        if (rest == name) {
            constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
            if (number > largest / factor) return {};
            return number * factor;
        }
    }
    return {};
}

/// The table `{v = text}`: the text is TOML, or else a string.
toml::table parse_value(const std::string& text, const std::string& label)
{
    try {
        toml::table made = toml::parse("v = " + text, label);
        if (made.size() == 1) return made;
    } catch (const toml::parse_error&) {
        // It is a string then.
    }
    std::ostringstream quoted;
    quoted << toml::value<std::string>{text};
    return toml::parse("v = " + quoted.str(), label);
}

constexpr unit size_units[] = {{"B", 1},
                               {"KB", 1'000},
                               {"MB", 1'000'000},
                               {"KiB", 1U << 10},
                               {"GB", 1'000'000'000},
                               {"MiB", 1U << 20},
                               {"GiB", 1U << 30},
                               {"", 1}};

}  // namespace

std::string nearest(std::string_view typed, std::span<const std::string_view> candidates)
{
    return nearest_of(typed, candidates);
}

std::string nearest(std::string_view typed, const std::vector<std::string>& candidates)
{
    return nearest_of(typed, candidates);
}

std::optional<std::chrono::milliseconds> read_duration(std::string_view text)
{
    const auto read = try_parse_duration(text);
    if (!read || *read < std::chrono::nanoseconds{0} || *read > std::chrono::hours{366 * 24}) {
        return {};
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(*read);
}

std::string expand_environment(std::string_view text)
{
    std::string made;
    for (;;) {
        const auto open = text.find("${");
        made += text.substr(0, open);
        if (open == std::string_view::npos) return made;
        const auto close = text.find('}', open);
        if (close == std::string_view::npos) throw error{errc::malformed, "'${' is not closed"};
        const std::string name{text.substr(open + 2, close - open - 2)};
        // The command sets no variable while it reads them.
        const char* found = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
        if (!found) throw error{errc::not_found, "the environment has no variable " + name};
        made += found;
        text.remove_prefix(close + 1);
    }
}

void problem_list::add(const toml::source_region& where, std::string message,
                       std::string suggestion)
{
    if (problems_.size() >= max_problems) return;
    recipe_problem p;
    p.file = where.path ? *where.path : file_;
    if (p.file == file_) {
        p.line = std::max<std::size_t>(1, where.begin.line);
        p.column = std::max<std::size_t>(1, where.begin.column);
    }
    p.message = std::move(message);
    p.suggestion = std::move(suggestion);
    problems_.push_back(std::move(p));
}

std::string_view problem_list::line(const toml::source_region& where) const
{
    if (where.path && *where.path != file_) return {};
    std::string_view rest = text_;
    for (std::size_t n = 1; n < where.begin.line; ++n) {
        const auto end = rest.find('\n');
        if (end == std::string_view::npos) return {};
        rest.remove_prefix(end + 1);
    }
    return rest.substr(0, rest.find('\n'));
}

void problem_list::add_inside(const toml::source_region& where, const syntax_problem& what,
                              std::string_view role)
{
    toml::source_region at = where;
    std::string_view rest = line(where);
    for (std::size_t skipped = 1; skipped < where.begin.column && !rest.empty(); ++skipped) {
        do rest.remove_prefix(1);
        while (!rest.empty() && (static_cast<unsigned char>(rest[0]) & 0xC0U) == 0x80U);
    }
    // A place inside is exact only where the text stands in the file as it is.
    if (rest.size() > what.offset && (rest[0] == '"' || rest[0] == '\'') &&
        rest.substr(0, 3) != "\"\"\"" && rest.substr(0, 3) != "'''") {
        const std::string_view before = rest.substr(1, what.offset);
        if (rest[0] == '\'' || before.find('\\') == std::string_view::npos) {
            const auto inside = position_of(before, before.size());
            at.begin.column += static_cast<toml::source_index>(inside.column);
        }
    }
    add(at, std::string{role} + ": " + what.message);
}

void problem_list::raise()
{
    if (problems_.empty()) return;
    std::sort(
        problems_.begin(), problems_.end(), [](const recipe_problem& a, const recipe_problem& b) {
            return std::tie(a.line, a.column, a.message) < std::tie(b.line, b.column, b.message);
        });
    throw recipe_error{std::move(problems_)};
}

section::section(const toml::table& table, std::string title, problem_list& problems,
                 std::span<const std::string_view> offered, std::span<const std::string_view> later)
    : table_{&table}, title_{std::move(title)}, problems_{&problems}
{
    for (const auto& [key, value] : table) {
        const std::string_view name = key.str();
        const auto quoted = '"' + std::string{name} + '"';
        if (std::find(offered.begin(), offered.end(), name) != offered.end()) continue;
        if (std::find(later.begin(), later.end(), name) != later.end()) {
            problems.add(key.source(), quoted + " in " + title_ + " is not offered yet");
        } else {
            problems.add(key.source(), "unknown key " + quoted + " in " + title_,
                         nearest(name, offered));
        }
    }
}

const toml::source_region& section::where(std::string_view key) const
{
    const toml::node* node = find(key);
    return node ? node->source() : table_->source();
}

void section::problem(std::string_view key, std::string message, std::string suggestion) const
{
    problems_->add(where(key), std::move(message), std::move(suggestion));
}

void section::wrong_type(std::string_view key, const toml::node& found,
                         std::string_view wanted) const
{
    problems_->add(found.source(), std::string{key} + " in " + title_ + " must be " +
                                       std::string{wanted} + ", not " +
                                       std::string{type_name(found)});
}

bool section::take(std::string_view key, std::string& into) const
{
    const toml::node* node = find(key);
    if (!node) return false;
    const auto* text = node->as_string();
    if (!text) {
        wrong_type(key, *node, "a string");
        return false;
    }
    into = text->get();
    return true;
}

bool section::take_expanded(std::string_view key, std::string& into) const
{
    std::string text;
    if (!take(key, text)) return false;
    try {
        into = expand_environment(text);
        return true;
    } catch (const error& e) {
        problem(key, e.what());
        return false;
    }
}

bool section::take(std::string_view key, bool& into) const
{
    const toml::node* node = find(key);
    if (!node) return false;
    const auto* truth = node->as_boolean();
    if (!truth) {
        wrong_type(key, *node, "true or false");
        return false;
    }
    into = truth->get();
    return true;
}

bool section::take(std::string_view key, double& into, double low, double high) const
{
    const toml::node* node = find(key);
    if (!node) return false;
    const auto number = node->value<double>();
    if (!node->is_number() || !number) {
        wrong_type(key, *node, "a number");
        return false;
    }
    if (!(*number >= low && *number <= high)) {
        std::ostringstream text;
        text << key << " in " << title_ << " must be from " << low << " to " << high;
        problem(key, text.str());
        return false;
    }
    into = *number;
    return true;
}

bool section::integer(std::string_view key, std::uint64_t& into, std::uint64_t low,
                      std::uint64_t high) const
{
    const toml::node* node = find(key);
    if (!node) return false;
    const auto* number = node->as_integer();
    if (!number) {
        wrong_type(key, *node, "an integer");
        return false;
    }
    const std::int64_t n = number->get();
    if (n < 0 || static_cast<std::uint64_t>(n) < low || static_cast<std::uint64_t>(n) > high) {
        problem(key, std::string{key} + " in " + title_ + " must be from " + std::to_string(low) +
                         " to " + std::to_string(high));
        return false;
    }
    into = static_cast<std::uint64_t>(n);
    return true;
}

bool section::take(std::string_view key, std::uint64_t& into, std::uint64_t low,
                   std::uint64_t high) const
{
    return integer(key, into, low, high);
}

bool section::take(std::string_view key, std::uint32_t& into, std::uint32_t low,
                   std::uint32_t high) const
{
    std::uint64_t wide = 0;
    if (!integer(key, wide, low, high)) return false;
    into = static_cast<std::uint32_t>(wide);
    return true;
}

bool section::take(std::string_view key, std::chrono::milliseconds& into) const
{
    std::string text;
    if (const toml::node* node = find(key); node && !node->is_string()) {
        wrong_type(key, *node, "a duration such as \"250ms\"");
        return false;
    }
    if (!take(key, text)) return false;
    const auto duration = read_duration(text);
    if (!duration) {
        problem(key, std::string{key} + " in " + title_ +
                         " must be a duration such as \"250ms\", \"5s\", \"2m\" or \"1h\"");
        return false;
    }
    into = *duration;
    return true;
}

bool section::take_size(std::string_view key, std::uint64_t& into) const
{
    const toml::node* node = find(key);
    if (!node) return false;
    if (node->is_integer()) {
        return integer(key, into, 1, std::numeric_limits<std::int64_t>::max());
    }
    std::string text;
    if (!take(key, text)) return false;
    const auto size = with_unit(text, size_units);
    if (!size || *size == 0) {
        problem(key, std::string{key} + " in " + title_ + " must be a size such as \"20MB\"");
        return false;
    }
    into = *size;
    return true;
}

bool section::take(std::string_view key, std::vector<std::string>& into) const
{
    const toml::node* node = find(key);
    if (!node) return false;
    if (const auto* one = node->as_string()) {
        into = {one->get()};
        return true;
    }
    const toml::array* array = node->as_array();
    if (!array) {
        wrong_type(key, *node, "an array of strings");
        return false;
    }
    std::vector<std::string> all;
    for (const toml::node& element : *array) {
        const auto* text = element.as_string();
        if (!text) {
            wrong_type(key, element, "an array of strings");
            return false;
        }
        all.push_back(text->get());
    }
    into = std::move(all);
    return true;
}

std::optional<std::size_t> section::take_choice(std::string_view key,
                                                std::span<const std::string_view> names) const
{
    std::string text;
    if (!take(key, text)) return {};
    const auto found = std::find(names.begin(), names.end(), text);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    std::string all;
    for (const auto name : names) all += (all.empty() ? "\"" : ", \"") + std::string{name} + '"';
    problem(key, std::string{key} + " in " + title_ + " must be one of " + all,
            nearest(text, names));
    return {};
}

std::optional<std::string> section::take_scalar(std::string_view key) const
{
    const toml::node* node = find(key);
    if (!node) return {};
    if (const auto* text = node->as_string()) return text->get();
    if (const auto* truth = node->as_boolean()) return truth->get() ? "true" : "false";
    if (const auto* number = node->as_integer()) return std::to_string(number->get());
    if (node->is_table() || node->is_array()) {
        wrong_type(key, *node, "a single value");
        return {};
    }
    std::ostringstream text;
    node->visit([&](const auto& held) {
        if constexpr (toml::is_value<decltype(held)>) text << held.get();
    });
    return text.str();
}

const toml::table* section::table(std::string_view key) const
{
    const toml::node* node = find(key);
    if (!node) return nullptr;
    if (!node->is_table()) wrong_type(key, *node, "a table");
    return node->as_table();
}

std::vector<const toml::table*> section::tables(std::string_view key) const
{
    std::vector<const toml::table*> all;
    const toml::node* node = find(key);
    if (!node) return all;
    if (const auto* one = node->as_table()) return {one};
    const toml::array* array = node->as_array();
    if (!array) {
        wrong_type(key, *node, "a table or an array of tables");
        return all;
    }
    for (const toml::node& element : *array) {
        if (element.is_table()) {
            all.push_back(element.as_table());
        } else {
            wrong_type(key, element, "an array of tables");
        }
    }
    return all;
}

std::vector<section::member> section::members(std::string_view key) const
{
    std::vector<member> all;
    const toml::table* inner = table(key);
    if (!inner) return all;
    std::vector<std::pair<toml::source_position, member>> placed;
    for (const auto& [name, node] : *inner) {
        if (node.is_table()) {
            placed.emplace_back(name.source().begin,
                                member{std::string{name.str()}, node.as_table()});
        } else {
            wrong_type(name.str(), node, "a table");
        }
    }
    std::sort(placed.begin(), placed.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [place, m] : placed) all.push_back(std::move(m));
    return all;
}

void override_value(toml::table& root, const std::string& assignment, problem_list& problems)
{
    const std::string label = "--set " + assignment;
    toml::source_region place;
    place.begin = {1, 1};
    place.path = std::make_shared<const std::string>(label);
    const auto equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) {
        problems.add(place, "expected KEY=VALUE");
        return;
    }
    toml::table parsed = parse_value(assignment.substr(equals + 1), label);

    toml::node* at = &root;
    std::string_view path{assignment.data(), equals};
    while (true) {
        const auto dot = path.find('.');
        const std::string step{path.substr(0, dot)};
        const bool last = dot == std::string_view::npos;
        if (auto* array = at->as_array()) {
            std::size_t index = 0;
            const auto [end, failed] =
                std::from_chars(step.data(), step.data() + step.size(), index);
            if (failed != std::errc{} || end != step.data() + step.size() ||
                index >= array->size()) {
                problems.add(place, "there is no element " + step + " in \"" +
                                        assignment.substr(0, equals) + '"');
                return;
            }
            if (last) {
                array->replace(array->begin() + static_cast<std::ptrdiff_t>(index),
                               std::move(*parsed.get("v")));
                return;
            }
            at = array->get(index);
        } else if (auto* table = at->as_table()) {
            if (last) {
                table->insert_or_assign(toml::key{step, toml::source_region{place}},
                                        std::move(*parsed.get("v")));
                return;
            }
            if (!table->contains(step)) {
                table->insert(toml::key{step, toml::source_region{place}}, toml::table{});
            }
            at = table->get(step);
        } else {
            problems.add(place, '"' + step + "\" has nothing inside it");
            return;
        }
        path.remove_prefix(dot + 1);
    }
}

}  // namespace ferry::harvest::detail
