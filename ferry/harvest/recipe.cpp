#include "ferry/harvest/recipe.hpp"

#include "ferry/harvest/detail/recipe_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>

namespace ferry::harvest {
namespace {

constexpr std::size_t max_recipe_bytes = 1'000'000;

std::string summary(const std::vector<recipe_problem>& problems)
{
    std::string text = problems.empty() ? "bad recipe" : problems.front().text();
    if (problems.size() > 1) {
        text += " (and " + std::to_string(problems.size() - 1) + " more)";
    }
    return text;
}

constexpr std::string_view kind_name(field_kind kind)
{
    switch (kind) {
        case field_kind::boolean: return "bool";
        case field_kind::int32: return "int32";
        case field_kind::int64: return "int64";
        case field_kind::real: return "double";
        case field_kind::decimal: return "decimal";
        case field_kind::string: return "string";
        case field_kind::url: return "url";
        case field_kind::date: return "date";
        case field_kind::time: return "time";
        case field_kind::timestamp: return "timestamp";
        case field_kind::duration: return "duration";
        case field_kind::choice: return "enum";
    }
    return "string";
}

}  // namespace

std::string recipe_problem::text() const
{
    std::string all = file;
    if (line > 0) all += ':' + std::to_string(line) + ':' + std::to_string(column);
    all += ": " + message;
    if (!suggestion.empty()) all += "; did you mean \"" + suggestion + "\"?";
    return all;
}

recipe_error::recipe_error(std::vector<recipe_problem> problems)
    : error{errc::malformed, summary(problems)}, problems_{std::move(problems)}
{
}

std::string field_type::text() const
{
    std::string all{kind_name(kind)};
    if (kind == field_kind::decimal) {
        all += '(' + std::to_string(precision) + ',' + std::to_string(scale) + ')';
    } else if (kind == field_kind::choice) {
        all += '(';
        for (const auto& name : choices) all += (&name == choices.data() ? "" : ", ") + name;
        all += ')';
    }
    return list ? "list<" + all + '>' : all;
}

const page* recipe::find_page(std::string_view with_name) const noexcept
{
    const auto found = std::find_if(pages.begin(), pages.end(),
                                    [&](const page& p) { return p.name == with_name; });
    return found == pages.end() ? nullptr : &*found;
}

recipe recipe::parse(std::string_view toml, const std::string& file_name,
                     std::span<const std::string> overrides)
{
    if (toml.size() > max_recipe_bytes) throw limit_error{"max_recipe_bytes", max_recipe_bytes};
    return detail::read_recipe(toml, file_name, overrides);
}

recipe recipe::load(const std::string& file, std::span<const std::string> overrides)
{
    std::ifstream in{file, std::ios::binary};
    if (!in) throw system_failure(errno, "open " + file);
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    if (in.bad()) throw system_failure(errno, "read " + file);
    return parse(text, file, overrides);
}

}  // namespace ferry::harvest
