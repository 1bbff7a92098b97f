#include "ferry/core/value_builder.hpp"

#include "ferry/core/detail/key_index.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <numeric>

namespace ferry {
namespace {

using detail::cell;

/// Duplicates are found by comparing all, by comparing those that a filter lets through, or with an
/// index, by the number of members.
constexpr std::size_t max_compared_members = 8;
constexpr std::size_t max_filtered_members = 128;
constexpr std::size_t max_inner_text = 4096;
constexpr std::size_t first_stack = 256;
constexpr std::size_t max_kept_stack = std::size_t{1} << 17U;  // 2 MiB

std::vector<cell>& kept_stack() noexcept
{
    thread_local std::vector<cell> kept;
    return kept;
}

bool same_key(const cell& a, const cell& b) noexcept
{
    // Short texts are equal exactly if their cells are, and differ from every long one.
    if (!a.is_indirect()) return std::memcmp(&a, &b, sizeof a) == 0;
    return b.is_indirect() && a.size == b.size && std::memcmp(a.text, b.text, a.size) == 0;
}

/// A cheap hash for the filter: equal keys have equal hashes, and most others differ.
std::uint32_t filter_hash(const cell& key) noexcept
{
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    if (key.is_indirect()) {
        std::memcpy(&a, key.text, 8);
        std::memcpy(&b, key.text + key.size - 8, 8);
        b += key.size;
    } else {
        std::memcpy(&a, &key, 8);
        std::memcpy(&b, key.inline_text() + 6, 8);
    }
    return static_cast<std::uint32_t>(((a * 0x9E3779B97F4A7C15U) ^ (b * 0xC2B2AE3D27D4EB4FU)) >>
                                      40U);
}

/// Says for each key in turn whether there was an equal one, and where.
class seen_keys {
public:
    explicit seen_keys(std::size_t members) : members_{members}
    {
        if (members > max_filtered_members) {
            index_ = detail::key_index::make(members);
        } else if (members > max_compared_members) {
            std::fill(std::begin(filter_), std::end(filter_), 0);
        }
    }
    seen_keys(const seen_keys&) = delete;
    seen_keys& operator=(const seen_keys&) = delete;
    ~seen_keys()
    {
        if (index_ != nullptr) detail::key_index::destroy(index_);
    }

    /// \param count  members kept so far. \returns the number of the equal one, or -1.
    std::ptrdiff_t find(const cell* members, std::size_t count, const cell& key) noexcept
    {
        if (index_ != nullptr) {
            const std::ptrdiff_t found = index_->find(members, key.view());
            if (found < 0) index_->add(count, key.view());
            return found;
        }
        if (members_ > max_compared_members) {
            const std::uint32_t bit = filter_hash(key) % (64 * std::size(filter_));
            std::uint64_t& word = filter_[bit / 64];
            const std::uint64_t mask = std::uint64_t{1} << (bit % 64);
            if ((word & mask) == 0) {
                word |= mask;
                return -1;
            }
        }
        for (std::size_t i = 0; i < count; ++i) {
            if (same_key(members[2 * i], key)) return static_cast<std::ptrdiff_t>(i);
        }
        return -1;
    }
    detail::key_index* release() noexcept { return std::exchange(index_, nullptr); }

private:
    std::size_t members_;
    detail::key_index* index_ = nullptr;
    std::uint64_t filter_[32];  // zero if it is used
};

}  // namespace

value_builder::value_builder(std::size_t text_bytes, std::size_t arena_bytes)
    : arena_{detail::arena::make(text_bytes <= max_inner_text ? arena_bytes + text_bytes + 24
                                                              : arena_bytes)},
      stack_{std::move(kept_stack())}
{
    if (stack_.empty()) stack_.resize(first_stack);
    first_ = top_ = stack_.data();
    last_ = first_ + stack_.size();
    if (text_bytes == 0) return;
    // Small documents are one block.
    text_ = text_bytes <= max_inner_text ? static_cast<char*>(arena_->allocate(text_bytes + 16))
                                         : arena_->allocate_block(text_bytes + 16);
    text_end_ = text_ + text_bytes + 16;
}

value_builder::~value_builder()
{
    arena_->unpin();
    if (stack_.size() <= max_kept_stack) kept_stack() = std::move(stack_);
}

void value_builder::grow_stack()
{
    const std::size_t used = mark();
    stack_.resize(stack_.size() * 2);
    first_ = stack_.data();
    top_ = first_ + used;
    last_ = first_ + stack_.size();
}

void value_builder::add_text_block(std::size_t size)
{
    constexpr std::size_t least = 4096;
    size = std::max(size, least);
    text_ = arena_->allocate_block(size);
    text_end_ = text_ + size;
}

void value_builder::put_long_text(value_kind kind, std::string_view text)
{
    if (text.size() > UINT32_MAX) throw limit_error{"max_string_bytes", UINT32_MAX};
    char* const at = text_room(text.size());
    std::memcpy(at, text.data(), text.size());
    push(cell::of_long(kind, cell::borrowed, at, text.size()));
    text_ += text.size();
}

void value_builder::unsigned_integer(std::uint64_t n)
{
    if (n <= INT64_MAX) return integer(static_cast<std::int64_t>(n));
    big_integer(ferry::big_integer::of_unsigned(n).to_string());
}

void value_builder::big_integer(std::string_view digits)
{
    put_long_text(value_kind::integer, digits);
}

cell value_builder::make_run(const cell* elements, std::size_t count, value_kind kind)
{
    if (count > UINT32_MAX) throw limit_error{"max_elements", UINT32_MAX};
    cell made = cell::of(kind, 0);
    made.items = nullptr;
    if (count != 0) {
        cell* const kept = start_run(count);
        std::copy(elements, elements + count, kept);
        made = run_of(kept, count, kind);
    }
    return made;
}

void value_builder::long_array(std::size_t from, value_kind kind)
{
    cell* const elements = first_ + from;
    const cell made = make_run(elements, static_cast<std::size_t>(top_ - elements), kind);
    top_ = elements;
    push(made);
}

void value_builder::pairs(std::size_t from)
{
    cell* const members = first_ + from;
    const auto count = static_cast<std::size_t>(top_ - members) / 2;
    for (std::size_t i = 0; i < count; ++i) {
        members[i] = make_run(members + 2 * i, 2, value_kind::tuple);
    }
    top_ = members + count;
    array(from);
}

/// Makes arrays of the values of equal keys; the members before `checked` all differ.
void value_builder::collect(std::size_t from, std::size_t checked)
{
    cell* const members = first_ + from;
    const auto given = static_cast<std::size_t>(top_ - members) / 2;
    seen_keys seen{given};
    // Which of the keys that differ each member has, and how often it is there.
    std::vector<std::size_t> key_of(given);
    std::vector<std::size_t> counts;
    std::vector<cell> values(given);
    counts.reserve(checked + 1);
    for (std::size_t i = 0; i < given; ++i) {
        const cell member[2] = {members[2 * i], members[2 * i + 1]};
        const std::ptrdiff_t same = seen.find(members, counts.size(), member[0]);
        key_of[i] = same < 0 ? counts.size() : static_cast<std::size_t>(same);
        values[i] = member[1];
        if (same >= 0) {
            ++counts[key_of[i]];
            continue;
        }
        std::memcpy(members + 2 * counts.size(), member, sizeof member);
        counts.push_back(1);
    }
    std::vector<std::size_t> next(counts.size());
    std::exclusive_scan(counts.begin(), counts.end(), next.begin(), std::size_t{0});
    std::vector<cell> grouped(given);
    for (std::size_t i = 0; i < given; ++i) grouped[next[key_of[i]]++] = values[i];
    for (std::size_t k = 0; k < counts.size(); ++k)
        if (counts[k] > 1)
            members[2 * k + 1] =
                make_run(grouped.data() + (next[k] - counts[k]), counts[k], value_kind::array);
    top_ = members + 2 * counts.size();
}

std::optional<std::size_t> value_builder::object(std::size_t from, duplicate_keys duplicates)
{
    cell* const members = first_ + from;
    const auto given = static_cast<std::size_t>(top_ - members) / 2;
    if (given > UINT32_MAX) throw limit_error{"max_elements", UINT32_MAX};
    cell made = cell::of(value_kind::object, 0);
    made.members = nullptr;
    if (given != 0) {
        seen_keys seen{given};
        std::size_t count = 0;
        for (std::size_t i = 0; i < given; ++i) {
            const cell* const member = members + 2 * i;
            const std::ptrdiff_t same = seen.find(members, count, *member);
            if (same < 0) {
                if (count != i) std::memcpy(members + 2 * count, member, 2 * sizeof(cell));
                ++count;
            } else if (duplicates == duplicate_keys::error) {
                return i;
            } else if (duplicates == duplicate_keys::all) {
                pairs(from);
                return std::nullopt;
            } else if (duplicates == duplicate_keys::list) {
                collect(from, i);
                return object(from);
            } else if (duplicates == duplicate_keys::last) {
                members[2 * same + 1] = member[1];
            }
        }
        auto* const run =
            ::new (arena_->allocate(sizeof(detail::object_run) + count * 2 * sizeof(cell)))
                detail::object_run;
        run->owner = arena_;
        run->capacity = static_cast<std::uint32_t>(count);
        run->pending = 0;
        std::memcpy(static_cast<void*>(run + 1), members, count * 2 * sizeof(cell));
        detail::key_index* const index = seen.release();
        run->index.store(index, std::memory_order_relaxed);
        if (index != nullptr) arena_->adopt(index);
        made.form = cell::borrowed;
        made.size = run->capacity;
        made.members = run;
    }
    top_ = members;
    push(made);
    return std::nullopt;
}

value value_builder::finish()
{
    cell made = top_[-1];
    top_ = first_;
    if (made.is_container() && made.is_indirect()) {
        arena_->root = made;
        arena_->pin();
        made.form = cell::pinned;
        return detail::value_access::make(made);
    }
    if (!made.is_indirect()) return detail::value_access::make(made);
    cell copy = made;
    copy.form = cell::heap;
    copy.text = static_cast<char*>(std::malloc(made.size));
    if (copy.text == nullptr) throw std::bad_alloc{};
    std::memcpy(copy.text, made.text, made.size);
    return detail::value_access::make(copy);
}

}  // namespace ferry
