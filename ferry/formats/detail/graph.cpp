#include "ferry/formats/detail/graph.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <string>
#include <unordered_map>

namespace ferry::formats::detail {

node_id graph::add(const node& n)
{
    if (nodes_.size() >= max_nodes_) throw limit_error{"max_nodes", max_nodes_};
    nodes_.push_back(n);
    return static_cast<node_id>(nodes_.size() - 1);
}

node_id graph::add_text(node_kind kind, std::string_view text)
{
    if (text.size() > UINT32_MAX) throw limit_error{"max_string_bytes", UINT32_MAX};
    node made;
    made.kind = kind;
    made.hashable = kind != node_kind::bytearray;
    made.size = static_cast<std::uint32_t>(text.size());
    made.text = text.data();
    return add(made);
}

node_id graph::add_container(node_kind kind, std::span<const node_id> items)
{
    node made;
    made.kind = kind;
    made.items = nullptr;
    made.hashable = kind == node_kind::tuple || kind == node_kind::frozenset ||
                    kind == node_kind::global || kind == node_kind::member;
    const node_id id = add(made);
    append(id, items);
    return id;
}

void graph::append(node_id container, std::span<const node_id> items)
{
    node& to = nodes_[container];
    const std::size_t width = to.kind == node_kind::dict ? 2 : 1;
    const std::size_t used = to.size * width;
    const std::size_t wanted = used + items.size();
    if (wanted > UINT32_MAX) throw limit_error{"max_elements", UINT32_MAX};
    if (wanted > to.capacity) {
        const std::size_t room =
            used == 0 ? wanted : std::min<std::size_t>(UINT32_MAX, std::max(wanted, used * 2));
        auto* const grown =
            static_cast<node_id*>(memory_.allocate(room * sizeof(node_id), alignof(node_id)));
        if (used != 0) std::memcpy(grown, to.items, used * sizeof(node_id));
        to.items = grown;
        to.capacity = static_cast<std::uint32_t>(room);
    }
    std::ranges::copy(items, to.items + used);
    to.size = static_cast<std::uint32_t>(wanted / width);
    if (to.kind == node_kind::tuple) {
        to.hashable = to.hashable && std::ranges::all_of(items, [this](node_id item) {
                          return nodes_[item].hashable;
                      });
    }
}

std::string_view graph::keep(std::string_view text)
{
    if (text.empty()) return {};
    auto* const at = static_cast<char*>(memory_.allocate(text.size(), 1));
    std::memcpy(at, text.data(), text.size());
    return {at, text.size()};
}

namespace {

/// So many bytes of a text count as one more value: what is shared is copied.
constexpr std::size_t bytes_counted_as_one = 64;

/// Sets inside of sets; comparing their elements takes twice as long for each.
constexpr std::size_t max_set_depth = 16;

struct level {
    node_id id;
    std::span<const node_id> items;
    std::uint32_t next = 0;  ///< of the items
    std::size_t mark = 0;    ///< in the builder
    bool key_made_text = false;
};

class unfolding {
public:
    unfolding(graph& from, const tree_limits& limits, const lower_function& lower)
        : from_{from}, limits_{limits}, lower_{lower}
    {
    }

    value run(node_id root)
    {
        // Also after an exception no node stays marked.
        try {
            visit(root);
            while (!levels_.empty()) step();
        } catch (...) {
            for (const level& l : levels_) from_[l.id].on_path = false;
            throw;
        }
        return build_.finish();
    }

private:
    std::string path() const
    {
        std::string text = "$";
        for (const level& l : levels_) {
            if (l.next == 0) break;
            if (from_[l.id].kind != node_kind::dict) {
                text += '[' + std::to_string(l.next - 1) + ']';
                continue;
            }
            const node_id key = l.items[(l.next - 1) & ~1U];
            text += '.';
            text += from_[key].kind == node_kind::string ? from_.text(key) : "(key)";
        }
        return text;
    }

    static bool is_text(node_kind kind) noexcept
    {
        return kind == node_kind::string || kind == node_kind::binary ||
               kind == node_kind::bytearray || kind == node_kind::big_integer ||
               kind == node_kind::decimal;
    }

    void count(std::size_t nodes)
    {
        expanded_ += nodes;
        if (expanded_ > limits_.max_expanded) {
            throw limit_error{"max_expanded", limits_.max_expanded};
        }
    }

    void visit(node_id id)
    {
        const node n = from_[id];
        count(1);
        if (is_text(n.kind)) count(n.size / bytes_counted_as_one);
        switch (n.kind) {
            case node_kind::null: return build_.null();
            case node_kind::boolean: return build_.boolean(n.integer != 0);
            case node_kind::integer: return build_.integer(n.integer);
            case node_kind::big_integer: return build_.big_integer(from_.text(id));
            case node_kind::real: return build_.real(n.real);
            case node_kind::string: return string(id);
            case node_kind::binary:
            case node_kind::bytearray: return build_.binary(as_bytes(from_.text(id)));
            case node_kind::decimal: return build_.decimal(from_.text(id));
            case node_kind::time: return build_.time(time_of(n));
            case node_kind::tuple:
            case node_kind::list:
            case node_kind::dict:
            case node_kind::set:
            case node_kind::frozenset: return enter(id);
            default: return visit(lower(id));
        }
    }

    node_id lower(node_id id)
    {
        try {
            return lower_(id);
        } catch (error& e) {
            e.add_context(path());
            throw;
        }
    }

    static zoned_time time_of(const node& n)
    {
        zoned_time time{timestamp{std::chrono::microseconds{n.integer}}, std::nullopt};
        if (n.has_offset) time.offset = std::chrono::seconds{n.offset};
        return time;
    }

    void string(node_id id)
    {
        if (from_[id].surrogates && !limits_.lone_surrogates) {
            throw type_error{path(), "UTF-8", "a lone surrogate"};
        }
        build_.string(from_.text(id));
    }

    void enter(node_id id)
    {
        if (from_[id].on_path) throw type_error{path(), "a tree", "a container that holds itself"};
        if (levels_.size() >= limits_.max_depth) throw limit_error{"max_depth", limits_.max_depth};
        from_[id].on_path = true;
        levels_.push_back({id, from_.items(id), 0, build_.mark()});
        const node& n = from_[id];
        const bool set = n.kind == node_kind::set || n.kind == node_kind::frozenset;
        if (!set || n.size < 2) return;
        distinct_.push_back(distinct(levels_.back().items));
        levels_.back().items = distinct_.back();
    }

    /// Of equal elements the first.
    std::vector<node_id> distinct(std::span<const node_id> elements)
    {
        if (set_depth_ == max_set_depth) throw limit_error{"max_depth", max_set_depth};
        std::vector<node_id> kept;
        std::unordered_multimap<std::size_t, value> seen;
        for (const node_id id : elements) {
            unfolding one{from_, limits_, lower_};
            one.set_depth_ = set_depth_ + 1;
            one.expanded_ = expanded_;
            value element = one.run(id);
            expanded_ = one.expanded_;
            const std::size_t hash = element.hash();
            const auto [first, last] = seen.equal_range(hash);
            if (std::any_of(first, last, [&](const auto& s) { return s.second == element; })) {
                continue;
            }
            seen.emplace(hash, std::move(element));
            kept.push_back(id);
        }
        return kept;
    }

    void step()
    {
        level& top = levels_.back();
        if (top.next == top.items.size()) return leave();
        const node_id item = top.items[top.next];
        const bool is_key = from_[top.id].kind == node_kind::dict && top.next % 2 == 0;
        ++top.next;
        if (!is_key) return visit(item);
        if (from_[item].kind == node_kind::string) {
            count(from_[item].size / bytes_counted_as_one);
            return string(item);
        }
        top.key_made_text = true;
        key(item);
    }

    void key(node_id id)
    {
        // What json.dumps takes, and what has a text of its own.
        const node n = from_[id];
        switch (n.kind) {
            case node_kind::null: return build_.string("null");
            case node_kind::boolean: return build_.string(n.integer != 0 ? "true" : "false");
            case node_kind::integer: return build_.string(std::to_string(n.integer));
            case node_kind::real: return build_.string(value{n.real}.to<std::string>());
            case node_kind::big_integer:
            case node_kind::decimal: return build_.string(from_.text(id));
            case node_kind::time: return build_.string(value{time_of(n)}.to<std::string>());
            default: break;
        }
        if (n.kind >= node_kind::global) {
            const node_id plain = lower(id);
            return from_[plain].kind == node_kind::string ? string(plain) : key(plain);
        }
        throw type_error{path(), "a text or a number as key", "another kind"};
    }

    void leave()
    {
        const level done = levels_.back();
        const node& n = from_[done.id];
        if (n.kind == node_kind::dict) {
            const auto policy = done.key_made_text ? duplicate_keys::error : limits_.duplicates;
            if (const auto second = build_.object(done.mark, policy)) {
                levels_.back().next = static_cast<std::uint32_t>(*second * 2 + 1);
                throw type_error{path(), "different keys", "the same key twice"};
            }
        } else if (n.kind == node_kind::list || n.kind == node_kind::tuple) {
            build_.array(done.mark,
                         n.kind == node_kind::list ? value_kind::array : value_kind::tuple);
        } else {
            build_.array(done.mark, value_kind::set);
        }
        from_[done.id].on_path = false;
        levels_.pop_back();
    }

    graph& from_;
    const tree_limits& limits_;
    const lower_function& lower_;
    value_builder build_;
    std::vector<level> levels_;
    std::deque<std::vector<node_id>> distinct_;
    std::size_t expanded_ = 0;
    std::size_t set_depth_ = 0;
};

}  // namespace

value to_value(graph& from, node_id root, const tree_limits& limits, const lower_function& lower)
{
    return unfolding{from, limits, lower}.run(root);
}

}  // namespace ferry::formats::detail
