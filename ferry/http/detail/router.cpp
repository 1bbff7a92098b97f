#include "ferry/http/detail/router.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/status.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ferry::http::detail {
namespace {

int hex_digit(char c) noexcept
{
    if (is_digit(c)) return c - '0';
    const char low = lower(c);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

std::string decode_segment(std::string_view raw)
{
    std::string text;
    text.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] != '%') {
            text += raw[i];
            continue;
        }
        const int high = i + 2 < raw.size() ? hex_digit(raw[i + 1]) : -1;
        const int low = i + 2 < raw.size() ? hex_digit(raw[i + 2]) : -1;
        if (high < 0 || low < 0) throw problem(status::bad_request, "malformed escape in the path");
        text += static_cast<char>(high * 16 + low);
        i += 2;
    }
    if (text == "." || text == "..") throw problem(status::bad_request, "dot segment in the path");
    if (text.find('\0') != std::string::npos || !utf8::valid(text)) {
        throw problem(status::bad_request, "the path is not text");
    }
    return text;
}

bool is_integer(std::string_view text) noexcept
{
    if (text.starts_with('-')) text.remove_prefix(1);
    return !text.empty() && text.size() <= 20 && std::ranges::all_of(text, is_digit);
}

std::vector<std::string_view> split(std::string_view path)
{
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t slash = path.find('/');
        parts.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return parts;
        path.remove_prefix(slash + 1);
    }
}

[[noreturn]] void bad_pattern(std::string_view pattern, const char* why)
{
    throw error(ferry::errc::invalid_state, fmt::format("route {}: {}", pattern, why));
}

}  // namespace

target_path parse_target(std::string_view target)
{
    target_path parsed;
    if (target == "*") {
        parsed.text = "*";
        return parsed;
    }
    if (!target.starts_with('/')) {
        const std::size_t authority = target.find("://");
        const bool absolute =
            authority != std::string_view::npos && (same(target.substr(0, authority), "http") ||
                                                    same(target.substr(0, authority), "https"));
        if (!absolute) throw problem(status::bad_request, "bad request target");
        target.remove_prefix(authority + 3);
        target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
    }
    const std::size_t hash = std::min(target.find('#'), target.size());
    target = target.substr(0, hash);
    const std::size_t mark = std::min(target.find('?'), target.size());
    if (mark < target.size()) parsed.query = target.substr(mark + 1);
    std::string_view path = target.substr(0, mark);
    if (!path.empty()) path.remove_prefix(1);
    for (const std::string_view raw : split(path)) {
        parsed.segments.push_back(decode_segment(raw));
        parsed.text.append("/").append(parsed.segments.back());
    }
    return parsed;
}

void router::add(std::string_view method, std::string_view pattern, std::size_t handler)
{
    if (!pattern.starts_with('/')) bad_pattern(pattern, "begins without a slash");
    node* at = &root_;
    std::vector<std::string> names;
    const auto parts = split(pattern.substr(1));
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::string_view part = parts[i];
        std::unique_ptr<node>* next = nullptr;
        if (part.starts_with('{') && part.ends_with('}')) {
            const std::string_view inside = part.substr(1, part.size() - 2);
            const std::size_t colon = std::min(inside.find(':'), inside.size());
            const std::string_view kind =
                colon < inside.size() ? inside.substr(colon + 1) : std::string_view();
            names.emplace_back(inside.substr(0, colon));
            if (names.back().empty()) bad_pattern(pattern, "a parameter has no name");
            if (kind == "path" && i + 1 < parts.size()) {
                bad_pattern(pattern, "something follows the rest of the path");
            }
            if (colon == inside.size()) next = &at->name;
            if (kind == "int") next = &at->integer;
            if (kind == "path") next = &at->rest;
            if (next == nullptr) bad_pattern(pattern, "a parameter is an int, a path or neither");
        } else {
            if (part.find_first_of("{}") != std::string_view::npos) {
                bad_pattern(pattern, "a parameter is a whole segment");
            }
            next = &at->literals[std::string(part)];
        }
        if (!*next) *next = std::make_unique<node>();
        at = next->get();
    }
    if (!at->methods.empty() && at->names != names) {
        bad_pattern(pattern, "the same path has other parameter names");
    }
    at->names = std::move(names);
    if (!at->methods.emplace(method, handler).second) bad_pattern(pattern, "is there twice");
}

// Recursion is as deep as the longest pattern, not as the path.
const router::node* router::walk(const node& at, const std::vector<std::string>& segments,
                                 std::size_t index, std::vector<std::string>& values)
{
    if (index == segments.size()) return at.methods.empty() ? nullptr : &at;
    const std::string& segment = segments[index];
    if (const auto literal = at.literals.find(segment); literal != at.literals.end()) {
        const node* found = walk(*literal->second, segments, index + 1, values);
        if (found != nullptr) return found;
    }
    const std::size_t mark = values.size();
    for (const node* next : {is_integer(segment) ? at.integer.get() : nullptr, at.name.get()}) {
        if (next == nullptr || segment.empty()) continue;
        values.push_back(segment);
        const node* found = walk(*next, segments, index + 1, values);
        if (found != nullptr) return found;
        values.resize(mark);
    }
    if (at.rest) {
        std::string rest = segment;
        for (std::size_t i = index + 1; i < segments.size(); ++i) rest += "/" + segments[i];
        values.push_back(std::move(rest));
        return at.rest.get();
    }
    return nullptr;
}

std::optional<router::match> router::find(const std::vector<std::string>& segments) const
{
    std::vector<std::string> values;
    const node* found = walk(root_, segments, 0, values);
    if (found == nullptr) return std::nullopt;
    match m{&found->methods, {}};
    for (std::size_t i = 0; i < values.size(); ++i) {
        m.parameters.emplace_back(found->names[i], std::move(values[i]));
    }
    return m;
}

}  // namespace ferry::http::detail
