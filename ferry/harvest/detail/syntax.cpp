#include "ferry/harvest/detail/syntax.hpp"

#include "ferry/documents/xpath.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>

namespace ferry::harvest::detail {
namespace {

struct type_row {
    std::string_view name;
    field_kind kind;
};
constexpr type_row type_names[] = {
    {"bool", field_kind::boolean},        {"int32", field_kind::int32},
    {"int64", field_kind::int64},         {"float", field_kind::real},
    {"double", field_kind::real},         {"decimal", field_kind::decimal},
    {"string", field_kind::string},       {"url", field_kind::url},
    {"date", field_kind::date},           {"time", field_kind::time},
    {"timestamp", field_kind::timestamp}, {"duration", field_kind::duration},
    {"enum", field_kind::choice},
};
constexpr std::string_view later_types[] = {"bytes", "map", "json"};
constexpr int max_precision = 38;

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

std::vector<std::string_view> split(std::string_view text, char at)
{
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(at);
        parts.push_back(trimmed(text.substr(0, end)));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

template <class Integer>
bool read(std::string_view text, Integer& into)
{
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), into);
    return failed == std::errc{} && end == text.data() + text.size();
}

std::optional<syntax_problem> parse_arguments(std::string_view name, std::string_view arguments,
                                              field_type& into)
{
    const auto parts = split(arguments, ',');
    if (name == "decimal") {
        if (parts.size() != 2 || !read(parts[0], into.precision) || !read(parts[1], into.scale) ||
            into.precision < 1 || into.precision > max_precision || into.scale < 0 ||
            into.scale > into.precision) {
            return syntax_problem{0,
                                  "decimal takes digits and places, such as decimal(10,2), with "
                                  "at most 38 digits"};
        }
        return {};
    }
    for (const auto part : parts) {
        if (part.empty()) return syntax_problem{0, "enum takes names, such as enum(new, used)"};
        into.choices.emplace_back(part);
    }
    return {};
}

/// The elements of one pair of braces.
std::vector<std::string> alternatives(std::string_view inside)
{
    const auto dots = inside.find("..");
    if (dots == std::string_view::npos) {
        if (inside.find(',') == std::string_view::npos) {
            throw error{errc::malformed, "braces hold a range {1..50} or alternatives {a,b}"};
        }
        std::vector<std::string> all;
        for (const auto part : split(inside, ',')) all.emplace_back(part);
        return all;
    }
    const auto first_text = inside.substr(0, dots);
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    if (!read(first_text, first) || !read(inside.substr(dots + 2), last) || last < first) {
        throw error{errc::malformed, "a range counts upwards, such as {1..50}"};
    }
    if (last - first >= max_expansions) throw limit_error{"max_expansions", max_expansions};
    const bool padded = first_text.size() > 1 && first_text.front() == '0';
    std::vector<std::string> all;
    for (std::uint64_t n = first; n <= last; ++n) {
        std::string digits = std::to_string(n);
        if (padded && digits.size() < first_text.size()) {
            digits.insert(0, first_text.size() - digits.size(), '0');
        }
        all.push_back(std::move(digits));
    }
    return all;
}

}  // namespace

std::optional<syntax_problem> check_pattern(const std::string& pattern)
{
    RE2::Options quiet;
    quiet.set_log_errors(false);
    const RE2 compiled{pattern, quiet};
    if (compiled.ok()) return {};
    const auto at =
        compiled.error_arg().empty() ? std::string::npos : pattern.find(compiled.error_arg());
    return syntax_problem{at == std::string::npos ? 0 : at, compiled.error()};
}

std::optional<syntax_problem> check_xpath(const std::string& expression)
{
    try {
        const auto compiled = xpath::expression::compile(expression);
        return {};
    } catch (const parse_error& e) {
        std::string message = e.what();
        message.resize(std::min(message.rfind(" (line "), message.size()));
        return syntax_problem{e.where().offset, std::move(message)};
    } catch (const error& e) {
        return syntax_problem{0, e.what()};
    }
}

std::optional<syntax_problem> parse_type(std::string_view text, field_type& into)
{
    field_type type;
    std::string_view rest = trimmed(text);
    if (rest.starts_with("list<") && rest.ends_with('>')) {
        type.list = true;
        rest = trimmed(rest.substr(5, rest.size() - 6));
    }
    const auto open = rest.find('(');
    const std::string_view name = trimmed(rest.substr(0, open));
    const auto row = std::find_if(std::begin(type_names), std::end(type_names),
                                  [&](const type_row& r) { return r.name == name; });
    if (row == std::end(type_names)) {
        if (std::find(std::begin(later_types), std::end(later_types),
                      name.substr(0, name.find('<'))) != std::end(later_types)) {
            return syntax_problem{0, "the type " + std::string{name} + " is not offered yet"};
        }
        std::vector<std::string_view> names;
        for (const auto& r : type_names) names.push_back(r.name);
        std::string message = "unknown type \"" + std::string{name} + '"';
        const auto near = nearest(name, std::span<const std::string_view>{names});
        if (!near.empty()) message += "; did you mean \"" + near + "\"?";
        return syntax_problem{0, std::move(message)};
    }
    type.kind = row->kind;
    const bool takes_arguments =
        type.kind == field_kind::decimal || type.kind == field_kind::choice;
    if (takes_arguments != (open != std::string_view::npos) ||
        (takes_arguments && !rest.ends_with(')'))) {
        return syntax_problem{0, type.kind == field_kind::decimal
                                     ? "decimal needs its digits, such as decimal(10,2)"
                                 : type.kind == field_kind::choice
                                     ? "enum needs its names, such as enum(new, used)"
                                     : std::string{name} + " takes nothing in parentheses"};
    }
    if (takes_arguments) {
        const auto arguments = rest.substr(open + 1, rest.size() - open - 2);
        if (auto problem = parse_arguments(name, arguments, type)) return problem;
    }
    into = std::move(type);
    return {};
}

std::vector<std::string> expand(std::string_view pattern)
{
    std::vector<std::string> made{std::string{}};
    while (!pattern.empty()) {
        const auto open = pattern.find('{');
        for (auto& text : made) text += pattern.substr(0, open);
        if (open == std::string_view::npos) break;
        const auto close = pattern.find('}', open);
        if (close == std::string_view::npos) throw error{errc::malformed, "'{' is not closed"};
        const auto choices = alternatives(pattern.substr(open + 1, close - open - 1));
        if (choices.size() > max_expansions / made.size()) {
            throw limit_error{"max_expansions", max_expansions};
        }
        std::vector<std::string> next;
        next.reserve(made.size() * choices.size());
        for (const auto& head : made) {
            for (const auto& tail : choices) next.push_back(head + tail);
        }
        made = std::move(next);
        pattern.remove_prefix(close + 1);
    }
    return made;
}

}  // namespace ferry::harvest::detail
