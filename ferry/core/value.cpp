#include "ferry/core/value.hpp"

#include "ferry/core/detail/key_index.hpp"
#include "ferry/core/detail/path.hpp"
#include "ferry/core/value_builder.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <new>
#include <vector>

namespace ferry {
namespace {

using detail::cell;

std::uint32_t checked_size(std::size_t size, const char* limit)
{
    if (size > UINT32_MAX) throw limit_error{limit, UINT32_MAX};
    return static_cast<std::uint32_t>(size);
}

char* copy_of_text(std::string_view text)
{
    auto* const copy = static_cast<char*>(std::malloc(text.size()));
    if (copy == nullptr) throw std::bad_alloc{};
    std::memcpy(copy, text.data(), text.size());
    return copy;
}

cell text_cell(value_kind kind, std::string_view text)
{
    if (text.size() <= cell::inline_capacity) {
        return cell::of_short(kind, text.data(), text.size());
    }
    checked_size(text.size(), "max_string_bytes");
    return cell::of_long(kind, cell::heap, copy_of_text(text), text.size());
}

/// Gives `c`, a container, a new run on the heap, for `capacity` elements and without any.
void start_run(cell& c, std::size_t capacity)
{
    const bool object = c.kind == value_kind::object;
    const std::size_t length = object ? sizeof(detail::object_run) + capacity * 2 * sizeof(cell)
                                      : sizeof(detail::run) + capacity * sizeof(cell);
    void* const memory = std::malloc(length);
    if (memory == nullptr) throw std::bad_alloc{};
    if (object) {
        c.members = ::new (memory) detail::object_run;
        c.members->index.store(nullptr, std::memory_order_relaxed);
    } else {
        c.items = ::new (memory) detail::run;
    }
    c.items->owner = nullptr;
    c.items->capacity = static_cast<std::uint32_t>(capacity);
    c.items->pending = 0;
    c.form = cell::heap;
    c.size = 0;
}

/// A cell, and the place its copy belongs to, which holds null until then.
struct copy_job {
    cell from;
    cell* to;
};

/// Makes `to` an owner of what `from` has. Containers on the heap, and with `share` unset all of
/// them, get a copy of their run, whose elements come back as further jobs.
void copy_one(const copy_job& job, bool share, std::vector<copy_job>& jobs)
{
    cell made = job.from;
    if (!made.is_indirect()) {
        *job.to = made;
    } else if (!made.is_container()) {
        made.form = cell::heap;
        made.text = copy_of_text(made.view());
        *job.to = made;
    } else if (share && made.form != cell::heap) {
        made.items->owner->pin();
        made.form = cell::pinned;
        *job.to = made;
    } else {
        const cell* const source = job.from.elements();
        const std::size_t count = job.from.element_count();
        start_run(made, job.from.size);
        made.size = job.from.size;
        cell* const target = made.elements();
        for (std::size_t i = 0; i < count; ++i) {
            target[i] = source[i].is_indirect() ? cell::null() : source[i];
        }
        *job.to = made;
        for (std::size_t i = 0; i < count; ++i) {
            if (source[i].is_indirect()) jobs.push_back({source[i], &target[i]});
        }
    }
}

/// A copy that owns what it has. Leaves nothing behind when memory runs out.
cell copy_of(const cell& from, bool share)
{
    std::vector<copy_job> jobs;
    cell first = cell::null();
    jobs.push_back({from, &first});
    try {
        while (!jobs.empty()) {
            const copy_job job = jobs.back();
            jobs.pop_back();
            copy_one(job, share, jobs);
        }
    } catch (...) {
        detail::value_access::make(first);
        throw;
    }
    return first;
}

void drop_index(const cell& object) noexcept
{
    detail::key_index* const index =
        object.members->index.exchange(nullptr, std::memory_order_acq_rel);
    if (index != nullptr) detail::key_index::destroy(index);
}

value& as_value(cell& c) noexcept
{
    return reinterpret_cast<value&>(c);
}

}  // namespace

value::value(const big_integer& n) : value{}
{
    if (const auto small = n.to_int64()) {
        c_ = cell::of(value_kind::integer, *small);
    } else {
        const std::string digits = n.to_string();
        c_ = cell::of_long(value_kind::integer, cell::heap, copy_of_text(digits), digits.size());
    }
}

value::value(std::string_view text) : c_{text_cell(value_kind::string, text)} {}

value::value(std::span<const std::byte> data) : c_{text_cell(value_kind::binary, as_text(data))} {}

value::value(const zoned_time& time) noexcept
    : c_{cell::of(value_kind::datetime, time.utc.time_since_epoch().count())}
{
    if (time.offset) {
        c_.zone = 1;
        c_.size = static_cast<std::uint32_t>(time.offset->count());
    }
}

value::value(timestamp time) noexcept : value{zoned_time{time, std::chrono::seconds{0}}} {}

value::value(std::initializer_list<entry> members) : value{empty(value_kind::object)}
{
    reserve(members.size());
    for (const entry& e : members) insert(e.key_, std::move(e.value_));
}

value value::empty(value_kind kind) noexcept
{
    cell c = cell::of(kind, 0);
    c.items = nullptr;
    return value{c};
}

cell value::of_unsigned(std::uint64_t n)
{
    value made{big_integer::of_unsigned(n)};
    return std::exchange(made.c_, cell::null());
}

value value::set_of(value elements)
{
    if (!elements.is_sequence()) detail::throw_type_error(elements, "array", nullptr);
    elements.c_.kind = value_kind::set;
    return elements;
}

value value::decimal(std::string_view text)
{
    return value{text_cell(value_kind::decimal, text)};
}

value value::integer(std::string_view decimal)
{
    std::int64_t small = 0;
    const char* const end = decimal.data() + decimal.size();
    const auto [at, problem] = std::from_chars(decimal.data(), end, small);
    if (problem == std::errc{} && at == end) return value{small};
    const auto n = big_integer::try_parse(decimal);
    if (!n) throw parse_error{errc::malformed, "not an integer", text_position{}};
    return value{*n};
}

void value::copy_indirect()
{
    // Until the copy is made, this cell must not own what it names.
    const cell from = std::exchange(c_, cell::null());
    if (from.is_container() && from.form != cell::heap) {
        from.items->owner->pin();
        c_ = from;
        c_.form = cell::pinned;
    } else {
        c_ = copy_of(from, true);
    }
}

value value::deep_copy() const
{
    return value{copy_of(c_, false)};
}

void value::release() noexcept
{
    if (!c_.is_container()) return std::free(c_.text);
    if (c_.form == cell::pinned) return c_.items->owner->unpin();
    // Runs to be freed form a list through `owner`; `capacity` says whether they have keys.
    const auto add = [](const cell& c, detail::run* list) {
        detail::run* const added = c.items;
        added->pending = static_cast<std::uint32_t>(c.size);
        added->capacity = c.kind == value_kind::object ? 1 : 0;
        if (added->capacity == 1) drop_index(c);
        // The list's link takes the place of the owner, which a run on the heap does not have.
        added->owner = reinterpret_cast<detail::arena*>(list);
        return added;
    };
    for (detail::run* list = add(c_, nullptr); list != nullptr;) {
        detail::run* const current = list;
        list = reinterpret_cast<detail::run*>(current->owner);
        const bool object = current->capacity == 1;
        const cell* const elements =
            object ? reinterpret_cast<cell*>(static_cast<detail::object_run*>(current) + 1)
                   : reinterpret_cast<cell*>(current + 1);
        const std::size_t count = object ? std::size_t{current->pending} * 2 : current->pending;
        for (std::size_t i = 0; i < count; ++i) {
            const cell& child = elements[i];
            if (child.form <= cell::borrowed) continue;
            if (!child.is_container()) {
                std::free(child.text);
            } else if (child.form == cell::pinned) {
                child.items->owner->unpin();
            } else {
                list = add(child, list);
            }
        }
        std::free(current);
    }
}

void value::make_own()
{
    if (c_.form != cell::pinned) return;
    // One level: the copies of the elements share the arena.
    value own = empty(c_.kind);
    start_run(own.c_, c_.size);
    const cell* const source = c_.elements();
    cell* const target = own.c_.elements();
    std::vector<copy_job> none;
    const std::size_t step = c_.kind == value_kind::object ? 2 : 1;
    for (std::size_t i = 0; i < c_.size; ++i) {
        for (std::size_t part = i * step; part < (i + 1) * step; ++part) {
            target[part] = cell::null();
        }
        ++own.c_.size;
        for (std::size_t part = i * step; part < (i + 1) * step; ++part) {
            copy_one({source[part], &target[part]}, true, none);
        }
    }
    swap(own);
}

void value::grow(std::size_t count)
{
    checked_size(count, "max_elements");
    if (c_.items == nullptr) return start_run(c_, count);
    if (count <= c_.items->capacity) return;
    const std::size_t capacity =
        std::min<std::size_t>(UINT32_MAX, std::max<std::size_t>(count, c_.items->capacity * 2UL));
    const bool object = is_object();
    const std::size_t length = object ? sizeof(detail::object_run) + capacity * 2 * sizeof(cell)
                                      : sizeof(detail::run) + capacity * sizeof(cell);
    void* const memory = std::realloc(static_cast<void*>(c_.items), length);
    if (memory == nullptr) throw std::bad_alloc{};
    if (object) {
        c_.members = static_cast<detail::object_run*>(memory);
    } else {
        c_.items = static_cast<detail::run*>(memory);
    }
    c_.items->capacity = static_cast<std::uint32_t>(capacity);
}

void value::expect(value_kind kind) const
{
    if (c_.kind != kind) detail::throw_type_error(*this, name_of(kind), nullptr);
}

const value& value::at(std::string_view key) const&
{
    const value* const found = get_if(key);
    if (found != nullptr) return *found;
    expect(value_kind::object);
    throw lookup_error{detail::child_path(detail::path_of(c_), key)};
}

value& value::at(std::string_view key) &
{
    static_cast<const value&>(*this).at(key);
    make_own();
    return as_value(c_.elements()[2 * detail::find_member(c_, key) + 1]);
}

value value::at(std::string_view key) &&
{
    return take(static_cast<const value&>(*this).at(key));
}

value value::take(const value& child)
{
    if (c_.form == cell::heap) return std::move(const_cast<value&>(child));
    return child;
}

value& value::operator[](std::string_view key) &
{
    if (is_null()) c_ = empty(value_kind::object).c_;
    expect(value_kind::object);
    make_own();
    const std::ptrdiff_t found = detail::find_member(c_, key);
    if (found >= 0) return as_value(c_.elements()[2 * found + 1]);
    return insert(key, value{});
}

const value* value::get_if(std::string_view key) const&
{
    if (!is_object()) return nullptr;
    const std::ptrdiff_t found = detail::find_member(c_, key);
    if (found < 0) return nullptr;
    detail::note_access(c_);
    return &as_value(c_.elements()[2 * found + 1]);
}

const value& value::element(std::int64_t index) const
{
    if (!is_sequence()) detail::throw_type_error(*this, "array", nullptr);
    const std::int64_t place = index < 0 ? index + std::int64_t{c_.size} : index;
    if (place < 0 || place >= std::int64_t{c_.size}) {
        throw lookup_error{detail::child_path(detail::path_of(c_), index)};
    }
    detail::note_access(c_);
    return as_value(c_.elements()[place]);
}

value& value::mutable_element(std::int64_t index)
{
    element(index);
    make_own();
    return as_value(c_.elements()[index < 0 ? index + std::int64_t{c_.size} : index]);
}

const value* value::find(std::string_view pointer) const&
{
    const value* at = this;
    while (!pointer.empty()) {
        if (pointer[0] != '/') return nullptr;
        const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
        const std::string_view token = pointer.substr(1, end - 1);
        pointer.remove_prefix(end);
        if (at->is_object()) {
            if (token.find('~') == std::string_view::npos) {
                at = at->get_if(token);
            } else {
                std::string key;
                for (std::size_t i = 0; i < token.size(); ++i) {
                    if (token[i] != '~') {
                        key += token[i];
                    } else if (++i < token.size() && (token[i] == '0' || token[i] == '1')) {
                        key += token[i] == '0' ? '~' : '/';
                    } else {
                        return nullptr;
                    }
                }
                at = at->get_if(key);
            }
        } else if (at->is_sequence()) {
            std::uint32_t index = 0;
            const char* const last = token.data() + token.size();
            const auto [stop, problem] = std::from_chars(token.data(), last, index);
            if (problem != std::errc{} || stop != last || index >= at->c_.size ||
                (token.size() > 1 && token[0] == '0')) {
                return nullptr;
            }
            at = &at->element(index);
        } else {
            return nullptr;
        }
        if (at == nullptr) return nullptr;
    }
    return at;
}

value& value::insert(std::string_view key, value v)
{
    if (is_null()) c_ = empty(value_kind::object).c_;
    expect(value_kind::object);
    make_own();
    const std::ptrdiff_t found = detail::find_member(c_, key);
    if (found >= 0) {
        value& place = as_value(c_.elements()[2 * found + 1]);
        place = std::move(v);
        return place;
    }
    value name{key};
    grow(std::size_t{c_.size} + 1);
    cell* const member = c_.elements() + 2 * std::size_t{c_.size};
    member[0] = std::exchange(name.c_, cell::null());
    member[1] = std::exchange(v.c_, cell::null());
    detail::key_index* const index = c_.members->index.load(std::memory_order_relaxed);
    if (index != nullptr) {
        if (index->has_room(std::size_t{c_.size} + 1)) {
            index->add(c_.size, member[0].view());
        } else {
            drop_index(c_);
        }
    }
    ++c_.size;
    return as_value(member[1]);
}

value& value::push_back(value v)
{
    if (is_null()) c_ = empty(value_kind::array).c_;
    if (is_set()) {
        for (value& element : *this) {
            if (element == v) return element;
        }
    }
    if (!is_sequence()) detail::throw_type_error(*this, "array", nullptr);
    make_own();
    grow(std::size_t{c_.size} + 1);
    cell& place = c_.elements()[c_.size];
    place = std::exchange(v.c_, cell::null());
    ++c_.size;
    return as_value(place);
}

value& value::insert(std::size_t index, value v)
{
    if (!is_array() && !is_tuple()) detail::throw_type_error(*this, "array", nullptr);
    if (index > c_.size) {
        throw lookup_error{
            detail::child_path(detail::path_of(c_), static_cast<std::int64_t>(index))};
    }
    push_back(std::move(v));
    cell* const elements = c_.elements();
    std::rotate(elements + index, elements + c_.size - 1, elements + c_.size);
    return as_value(elements[index]);
}

bool value::erase(std::string_view key)
{
    const std::ptrdiff_t found = is_object() ? detail::find_member(c_, key) : -1;
    if (found < 0) return false;
    const auto at = static_cast<std::size_t>(found);
    make_own();
    drop_index(c_);
    cell* const elements = c_.elements();
    const value old_key{std::move(as_value(elements[2 * at]))};
    const value old_value{std::move(as_value(elements[2 * at + 1]))};
    std::copy(elements + 2 * (at + 1), elements + 2 * std::size_t{c_.size}, elements + 2 * at);
    --c_.size;
    return true;
}

void value::erase(std::size_t index)
{
    value& element = mutable_element(to_index(index));
    const value old{std::move(element)};
    cell* const elements = c_.elements();
    std::copy(elements + index + 1, elements + c_.size, elements + index);
    --c_.size;
}

void value::clear()
{
    if (!c_.is_container()) detail::throw_type_error(*this, "array or object", nullptr);
    *this = empty(c_.kind);
}

void value::reserve(std::size_t count)
{
    if (!c_.is_container()) detail::throw_type_error(*this, "array or object", nullptr);
    if (count == 0) return;
    make_own();
    grow(count);
}

void value::merge(const value& other)
{
    if (this == &other) return;
    std::vector<std::pair<value*, const value*>> jobs{{this, &other}};
    while (!jobs.empty()) {
        const auto [into, from] = jobs.back();
        jobs.pop_back();
        if (!into->is_object() || !from->is_object()) {
            *into = *from;
            continue;
        }
        // First what may move the members about, then what needs them at rest.
        std::vector<std::pair<std::string_view, const value*>> nested;
        for (const auto& [key, theirs] : from->items()) {
            const value* const ours = std::as_const(*into).get_if(key);
            if (ours != nullptr && ours->is_object() && theirs.is_object()) {
                nested.emplace_back(key, &theirs);
            } else {
                into->insert(key, theirs);
            }
        }
        for (const auto& [key, theirs] : nested) jobs.emplace_back(&into->at(key), theirs);
    }
}

const value* value::begin() const&
{
    if (!is_sequence()) detail::throw_type_error(*this, "array", nullptr);
    detail::note_access(c_);
    return reinterpret_cast<const value*>(c_.elements());
}

value* value::begin() &
{
    if (!is_sequence()) detail::throw_type_error(*this, "array", nullptr);
    make_own();
    return reinterpret_cast<value*>(c_.elements());
}

detail::member_range<false> value::items() &
{
    expect(value_kind::object);
    make_own();
    return {reinterpret_cast<value*>(c_.elements()), c_.size};
}

}  // namespace ferry
