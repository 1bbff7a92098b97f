#include "ferry/core/detail/path.hpp"
#include "ferry/core/value_builder.hpp"

#include <algorithm>
#include <vector>

namespace ferry::detail {
namespace {

struct access {
    const cell* first = nullptr;
    const cell* last = nullptr;
    const arena* owner = nullptr;
};

thread_local access last_access;

constexpr std::size_t max_visited = 100'000;

bool is_name(std::string_view key) noexcept
{
    const auto letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
               static_cast<unsigned char>(c) >= 0x80;
    };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return !key.empty() && letter(key[0]) &&
           std::all_of(key.begin(), key.end(), [&](char c) { return letter(c) || digit(c); });
}

struct frame {
    const cell* container;
    std::size_t next;  ///< element to visit
};

std::string path_through(const std::vector<frame>& frames)
{
    std::string path = "$";
    for (const frame& f : frames) {
        const std::size_t visited = f.next - 1;
        if (f.container->kind == value_kind::object) {
            path = child_path(std::move(path), f.container->elements()[visited - 1].view());
        } else {
            path = child_path(std::move(path), static_cast<std::int64_t>(visited));
        }
    }
    return path;
}

std::string search(const cell& root, const cell& wanted)
{
    const auto found = [&](const cell& c) {
        return &c == &wanted ||
               (wanted.is_container() && wanted.is_indirect() && c.kind == wanted.kind &&
                c.is_indirect() && c.items == wanted.items);
    };
    if (found(root)) return "$";
    std::vector<frame> frames{{&root, 0}};
    for (std::size_t visited = 0; !frames.empty() && visited < max_visited; ++visited) {
        frame& top = frames.back();
        // Of an object only the values count, which follow their keys.
        const std::size_t step = top.container->kind == value_kind::object ? 1 : 0;
        if (top.next + step >= top.container->element_count()) {
            frames.pop_back();
            continue;
        }
        const cell& child = top.container->elements()[top.next + step];
        top.next += step + 1;
        if (found(child)) return path_through(frames);
        if (child.is_container() && child.size != 0) frames.push_back({&child, 0});
    }
    return "$";
}

}  // namespace

void note_access(const cell& container) noexcept
{
    if (container.items == nullptr || container.items->owner == nullptr) return;
    const cell* const first = container.elements();
    last_access = {first, first + container.element_count(), container.items->owner};
}

std::string path_of(const cell& c)
{
    if (c.is_container() && c.is_indirect()) {
        return c.form == cell::heap ? "$" : search(c.items->owner->root, c);
    }
    const access& last = last_access;
    // A live cell within the run shows that the run, and so its arena, is alive as well.
    const bool inside = std::greater_equal<>{}(&c, last.first) && std::less<>{}(&c, last.last);
    return inside ? search(last.owner->root, c) : "$";
}

std::string child_path(std::string path, std::string_view key)
{
    if (is_name(key)) {
        path += '.';
        path += key;
        return path;
    }
    path += "[\"";
    for (const char c : key) {
        if (c == '"' || c == '\\') path += '\\';
        path += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
    path += "\"]";
    return path;
}

std::string child_path(std::string path, std::int64_t index)
{
    return path + "[" + std::to_string(index) + "]";
}

std::string to_string(const path_step* at)
{
    std::vector<const path_step*> steps;
    for (; at != nullptr; at = at->parent) steps.push_back(at);
    std::string path = "$";
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
        path = (*step)->is_key
                   ? child_path(std::move(path), (*step)->key)
                   : child_path(std::move(path), static_cast<std::int64_t>((*step)->index));
    }
    return path;
}

}  // namespace ferry::detail
