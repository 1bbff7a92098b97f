#include "ferry/documents/detail/jsonpath_cursor.hpp"

#include "ferry/core/error.hpp"

#include <algorithm>

namespace ferry::jsonpath::detail {
namespace {

constexpr std::size_t max_kept_patterns = 8;

/// The elements of a sequence, or names and values of an object in turn.
const value* cells_of(const value& v) noexcept
{
    return reinterpret_cast<const value*>(ferry::detail::value_access::get(v).elements());
}

bool has_children(const value& v) noexcept
{
    return v.is_object() || v.is_sequence();
}

std::int64_t length_of(const value& v) noexcept
{
    return has_children(v) ? static_cast<std::int64_t>(v.size()) : 0;
}

/// An element of a sequence, null if there is none.
const value* element_of(const value& v, std::int64_t index) noexcept
{
    const std::int64_t length = length_of(v);
    if (index < 0) index += length;
    return index >= 0 && index < length ? cells_of(v) + index : nullptr;
}

}  // namespace

const value* find_one(const query& path, const value& start)
{
    const value* at = &start;
    for (const segment& s : path.segments) {
        const selector& by = s.selectors[0];
        if (by.is == selector::kind::name) {
            at = at->is_object() ? at->get_if(by.name) : nullptr;
        } else {
            at = at->is_sequence() ? element_of(*at, *by.start) : nullptr;
        }
        if (at == nullptr) return nullptr;
    }
    return at;
}

void budget::throw_exceeded() const
{
    throw limit_error{"max_steps", max_steps};
}

const iregexp& budget::pattern(std::string_view text)
{
    const auto known = std::find_if(patterns.begin(), patterns.end(),
                                    [text](const auto& kept) { return kept.first == text; });
    if (known != patterns.end()) return known->second;
    if (patterns.size() == max_kept_patterns) patterns.pop_front();
    return patterns.emplace_back(std::string{text}, iregexp{text}).second;
}

walk::walk(const query& path, const value& root, const value& start, budget& shared)
    : path_{path},
      root_{root},
      start_{&start},
      shared_{shared},
      root_pending_{path.segments.empty()}
{
    if (!root_pending_) frames_.push_back({.node = start_, .from = {}, .segment = 0});
}

const value* walk::next()
{
    if (root_pending_) {
        root_pending_ = false;
        return start_;
    }
    while (!frames_.empty()) {
        frame& top = frames_.back();
        const std::uint32_t segment = top.segment;
        const auto found = advance(top);
        if (!found) {
            frames_.pop_back();
        } else if (top.selector == path_.segments[segment].selectors.size()) {
            frames_.push_back({.node = found->node, .from = found->from, .segment = segment});
        } else if (segment + 1 == path_.segments.size()) {
            last_ = found->from;
            return found->node;
        } else if (has_children(*found->node)) {
            frames_.push_back({.node = found->node, .from = found->from, .segment = segment + 1});
        }
    }
    return nullptr;
}

std::vector<step> walk::steps() const
{
    std::vector<step> steps;
    if (frames_.empty()) return steps;
    for (auto f = frames_.begin() + 1; f != frames_.end(); ++f) steps.push_back(f->from);
    steps.push_back(last_);
    return steps;
}

/// The next child by the selectors, then, in a descendant segment, the next one to descend into.
std::optional<walk::child> walk::advance(frame& at)
{
    const segment& here = path_.segments[at.segment];
    while (at.selector < here.selectors.size()) {
        if (auto found = select(at, here.selectors[at.selector])) return found;
        ++at.selector;
        at.position = 0;
    }
    while (here.descendant) {
        auto found = select_next(at, nullptr);
        if (!found || has_children(*found->node)) return found;
    }
    return std::nullopt;
}

std::optional<walk::child> walk::select(frame& at, const selector& by)
{
    switch (by.is) {
        case selector::kind::name: return select_name(at, by);
        case selector::kind::index:
            return at.position++ == 0 ? select_index(at, *by.start) : std::nullopt;
        case selector::kind::slice: return select_slice(at, by);
        case selector::kind::wildcard: return select_next(at, nullptr);
        case selector::kind::filter: return select_next(at, by.test.get());
    }
    return std::nullopt;
}

std::optional<walk::child> walk::select_name(frame& at, const selector& by)
{
    if (at.position++ != 0 || !at.node->is_object()) return std::nullopt;
    const value* const found = at.node->get_if(by.name);
    if (found == nullptr) return std::nullopt;
    return child{found, {.name = found - 1}};
}

std::optional<walk::child> walk::select_index(const frame& at, std::int64_t index)
{
    const value* const found = at.node->is_sequence() ? element_of(*at.node, index) : nullptr;
    if (found == nullptr) return std::nullopt;
    return child{found, {.index = static_cast<std::size_t>(found - cells_of(*at.node))}};
}

/// RFC 9535 section 2.3.4.2.2.
std::optional<walk::child> walk::select_slice(frame& at, const selector& by)
{
    if (by.step == 0 || !at.node->is_sequence()) return std::nullopt;
    const std::int64_t length = length_of(*at.node);
    const auto normal = [length](std::int64_t i) { return i >= 0 ? i : length + i; };
    const bool up = by.step > 0;
    const std::int64_t least = up ? 0 : -1;
    const std::int64_t most = up ? length : length - 1;
    const std::int64_t start =
        by.start ? std::clamp(normal(*by.start), least, most) : (up ? 0 : length - 1);
    const std::int64_t end = by.end ? std::clamp(normal(*by.end), least, most) : (up ? length : -1);
    // Steps are below 2^53 and lengths below 2^32; the position stops growing at the first miss.
    const std::int64_t left = up ? end - start : start - end;
    const std::int64_t stride = up ? by.step : -by.step;
    if (left <= 0 || at.position > (left - 1) / stride) return std::nullopt;
    shared_.spend();
    return select_index(at, start + at.position++ * by.step);
}

/// The next child for which `test` holds.
std::optional<walk::child> walk::select_next(frame& at, const filter* test)
{
    const std::int64_t length = length_of(*at.node);
    const value* const cells = cells_of(*at.node);
    const bool object = at.node->is_object();
    while (at.position < length) {
        const auto i = static_cast<std::size_t>(at.position++);
        const value& node = object ? cells[2 * i + 1] : cells[i];
        shared_.spend();
        if (test != nullptr && !holds(*test, root_, node, shared_)) continue;
        return child{&node, {.name = object ? &cells[2 * i] : nullptr, .index = i}};
    }
    return std::nullopt;
}

}  // namespace ferry::jsonpath::detail
