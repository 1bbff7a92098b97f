#include "ferry/formats/detail/pickle_machine.hpp"

#include "ferry/core/utf8.hpp"
#include "ferry/formats/detail/pickle_opcode.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ferry::pickle::detail {

bool contents::is_global(node_id id, std::string_view module, std::string_view name) const noexcept
{
    if (nodes[id].kind != node_kind::global) return false;
    const auto names = nodes.items(id);
    return nodes.text(names[0]) == module && nodes.text(names[1]) == name;
}

std::string contents::name_of(node_id id) const
{
    std::string text;
    // Nothing else has a name, and an owner's owner is told no more.
    for (int depth = 0; depth < 3; ++depth) {
        const raw_node& n = nodes[id];
        if (n.kind == node_kind::global || n.kind == node_kind::member) {
            const auto parts = nodes.items(id);
            const std::string_view last = nodes.text(parts[1]);
            text.insert(0, std::string{last} + (text.empty() ? "" : "."));
            if (n.kind == node_kind::global) {
                return std::string{nodes.text(parts[0])} + "." + text;
            }
            id = parts[0];
        } else if (n.kind == node_kind::object) {
            id = objects[static_cast<std::size_t>(n.integer)].callable;
        } else {
            break;
        }
    }
    const node_kind kind = nodes[id].kind;
    if (kind == node_kind::persistent) return "a persistent object";
    if (kind == node_kind::extension) return "an extension";
    return text.empty() ? "an object" : text;
}

machine::machine(contents& into, std::span<const std::byte> data, const load_options& options)
    : made_{into},
      nodes_{into.nodes},
      options_{options},
      data_{as_text(data).data()},
      size_{data.size()}
{
    if (size_ > options.max_bytes_) throw limit_error{"max_bytes", options.max_bytes_};
    raw_node boolean;
    boolean.kind = node_kind::boolean;
    false_ = nodes_.add(boolean);
    boolean.integer = 1;
    true_ = nodes_.add(boolean);
    empty_tuple_ = nodes_.add_container(node_kind::tuple, {});
}

void machine::fail(errc code, std::string_view what) const
{
    throw parse_error{make_error_code(code), "pickle: " + std::string{what},
                      text_position{opcode_at_, 0, 0}};
}

std::string_view machine::take(std::uint64_t count)
{
    if (count > size_ - at_) fail(errc::truncated, "it ends too early");
    const std::string_view taken{data_ + at_, static_cast<std::size_t>(count)};
    at_ += taken.size();
    return taken;
}

std::uint8_t machine::u8()
{
    return static_cast<std::uint8_t>(take(1)[0]);
}

template <class T>
T machine::little()
{
    const std::string_view raw = take(sizeof(T));
    std::make_unsigned_t<T> n = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) {
        n = static_cast<std::make_unsigned_t<T>>(n << 8U | static_cast<std::uint8_t>(raw[i]));
    }
    return static_cast<T>(n);
}
// Those that pickle_machine_objects.cpp uses.
template std::uint16_t machine::little<std::uint16_t>();
template std::int32_t machine::little<std::int32_t>();

double machine::big_endian_real()
{
    const std::string_view raw = take(8);
    std::uint64_t bits = 0;
    for (const char c : raw) bits = bits << 8U | static_cast<std::uint8_t>(c);
    return std::bit_cast<double>(bits);
}

std::string_view machine::line()
{
    const std::string_view rest{data_ + at_, size_ - at_};
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) fail(errc::truncated, "a line has no end");
    at_ += end + 1;
    return rest.substr(0, end);
}

node_id machine::pop()
{
    if (stack_.size() <= fence()) fail(errc::bad_stack, "a value is missing on the stack");
    const node_id id = stack_.back();
    stack_.pop_back();
    return id;
}

node_id& machine::top()
{
    if (stack_.size() <= fence()) fail(errc::bad_stack, "a value is missing on the stack");
    return stack_.back();
}

std::span<const node_id> machine::since_mark()
{
    if (marks_.empty()) fail(errc::bad_stack, "there is no mark");
    const std::size_t from = marks_.back();
    marks_.pop_back();
    return std::span{stack_}.subspan(from);
}

void machine::run()
{
    while (!done_) {
        if (at_ == size_) {
            opcode_at_ = at_;
            fail(errc::truncated, "it ends too early");
        }
        opcode_at_ = at_;
        execute(static_cast<std::uint8_t>(data_[at_++]));
    }
    made_.consumed = at_;
    if (!options_.strict_) return;
    if (at_ != size_) fail(errc::leftovers, "something follows its end");
    if (!stack_.empty() || !marks_.empty()) fail(errc::leftovers, "values are left over");
}

void machine::execute(std::uint8_t opcode)
{
    switch (opcode) {
        case op::mark: return marks_.push_back(stack_.size());
        case op::stop:
            made_.root = pop();
            done_ = true;
            return;
        case op::pop:
            if (!marks_.empty() && marks_.back() == stack_.size()) return marks_.pop_back();
            pop();
            return;
        case op::pop_mark: return drop(since_mark().size());
        case op::dup: return push(top());
        case op::proto: return start(u8());
        case op::frame: return frame();
        case op::get: return get(index_line());
        case op::binget: return get(u8());
        case op::long_binget: return get(little<std::uint32_t>());
        case op::put: return put(index_line());
        case op::binput: return put(u8());
        case op::long_binput: return put(little<std::uint32_t>());
        case op::memoize: return put(memo_entries_);
        default: break;
    }
    if (execute_scalar(opcode) || execute_container(opcode) || execute_object(opcode)) return;
    fail(errc::bad_opcode, "unknown opcode " + std::to_string(opcode));
}

bool machine::execute_scalar(std::uint8_t opcode)
{
    switch (opcode) {
        case op::none: push(no_node); return true;
        case op::newtrue: push(true_); return true;
        case op::newfalse: push(false_); return true;
        case op::integer: text_integer(line(), true); return true;
        case op::long_: text_integer(line(), false); return true;
        case op::binint: integer(little<std::int32_t>()); return true;
        case op::binint1: integer(u8()); return true;
        case op::binint2: integer(little<std::uint16_t>()); return true;
        case op::long1: binary_integer(take(u8())); return true;
        case op::long4: {
            const auto size = little<std::int32_t>();
            if (size < 0) fail(errc::bad_argument, "an integer of negative length");
            binary_integer(take(static_cast<std::uint32_t>(size)));
            return true;
        }
        case op::float_: text_real(); return true;
        case op::binfloat: {
            raw_node real;
            real.kind = node_kind::real;
            real.real = big_endian_real();
            push(nodes_.add(real));
            return true;
        }
        case op::string: quoted_text(); return true;
        case op::binstring: {
            const auto size = little<std::int32_t>();
            if (size < 0) fail(errc::bad_argument, "a text of negative length");
            python2_text(take(static_cast<std::uint32_t>(size)));
            return true;
        }
        case op::short_binstring: python2_text(take(u8())); return true;
        case op::unicode: escaped_unicode(); return true;
        case op::binunicode: text(take(little<std::uint32_t>())); return true;
        case op::short_binunicode: text(take(u8())); return true;
        case op::binunicode8: text(take(little<std::uint64_t>())); return true;
        case op::short_binbytes: binary(node_kind::binary, take(u8())); return true;
        case op::binbytes: binary(node_kind::binary, take(little<std::uint32_t>())); return true;
        case op::binbytes8: binary(node_kind::binary, take(little<std::uint64_t>())); return true;
        case op::bytearray8:
            binary(node_kind::bytearray, take(little<std::uint64_t>()));
            return true;
        case op::next_buffer: next_buffer(); return true;
        case op::readonly_buffer: read_only(); return true;
        default: return false;
    }
}

bool machine::execute_container(std::uint8_t opcode)
{
    switch (opcode) {
        case op::empty_tuple: push(empty_tuple_); return true;
        case op::tuple1: small_tuple(1); return true;
        case op::tuple2: small_tuple(2); return true;
        case op::tuple3: small_tuple(3); return true;
        case op::tuple: container(node_kind::tuple); return true;
        case op::empty_list: push(nodes_.add_container(node_kind::list, {})); return true;
        case op::list: container(node_kind::list); return true;
        case op::append: {
            const node_id item = pop();
            append({&item, 1});
            return true;
        }
        case op::appends: {
            const auto items = since_mark();
            drop(items.size());  // the span stays valid: nothing is pushed before it is used
            append(items);
            return true;
        }
        case op::empty_dict: push(nodes_.add_container(node_kind::dict, {})); return true;
        case op::dict: container(node_kind::dict); return true;
        case op::setitem: {
            const node_id item = pop();
            const node_id pair[2] = {pop(), item};
            set_items(pair);
            return true;
        }
        case op::setitems: {
            const auto items = since_mark();
            drop(items.size());
            set_items(items);
            return true;
        }
        case op::empty_set: push(nodes_.add_container(node_kind::set, {})); return true;
        case op::additems: {
            const auto items = since_mark();
            drop(items.size());
            add_items(items);
            return true;
        }
        case op::frozenset: container(node_kind::frozenset); return true;
        default: return false;
    }
}

void machine::start(int protocol)
{
    if (protocol > 5) fail(errc::bad_protocol, "protocol " + std::to_string(protocol));
    if (options_.strict_ && started_) fail(errc::leftovers, "a second PROTO");
    started_ = true;
    made_.protocol = protocol;
}

void machine::frame()
{
    const auto size = little<std::uint64_t>();
    if (size > size_ - at_) fail(errc::truncated, "a frame is cut short");
}

void machine::text(std::string_view utf8)
{
    const auto state = check_text(utf8);
    if (state == text_state::bad) fail(errc::bad_utf8, "a text is not UTF-8");
    const node_id id = nodes_.add_text(node_kind::string, utf8);
    nodes_[id].surrogates = state == text_state::surrogates;
    push(id);
}

void machine::next_buffer()
{
    if (next_buffer_ == options_.buffers_.size()) {
        fail(errc::no_buffer, "it wants more out-of-band buffers than were given");
    }
    const auto view = options_.buffers_[next_buffer_++];
    binary(node_kind::bytearray, as_text(view));
    nodes_[stack_.back()].writable = true;
}

void machine::read_only()
{
    const raw_node& n = nodes_[top()];
    if (n.kind == node_kind::binary) return;
    if (n.kind != node_kind::bytearray) fail(errc::bad_argument, "no buffer to make read-only");
    const std::string_view view = nodes_.text(pop());
    binary(node_kind::binary, view);
}

void machine::require_hashable(node_id id) const
{
    if (!nodes_[id].hashable) fail(errc::unhashable, "a key or element that cannot be hashed");
}

void machine::small_tuple(std::size_t count)
{
    if (stack_.size() < fence() + count) fail(errc::bad_stack, "a value is missing on the stack");
    const node_id made = nodes_.add_container(node_kind::tuple, std::span{stack_}.last(count));
    drop(count);
    push(made);
}

void machine::container(node_kind kind)
{
    const auto items = since_mark();
    if (kind == node_kind::dict) {
        if (items.size() % 2 != 0) fail(errc::bad_stack, "a key has no value");
        for (std::size_t i = 0; i < items.size(); i += 2) require_hashable(items[i]);
    }
    if (kind == node_kind::frozenset) {
        for (const node_id item : items) require_hashable(item);
    }
    const node_id made = items.empty() && kind == node_kind::tuple
                             ? empty_tuple_
                             : nodes_.add_container(kind, items);
    drop(items.size());
    push(made);
}

node_id& machine::part(node_id& place, node_kind kind)
{
    if (place == no_node) place = nodes_.add_container(kind, {});
    return place;
}

void machine::append(std::span<const node_id> items)
{
    const node_id to = top();
    const node_kind kind = nodes_[to].kind;
    if (kind == node_kind::list) return nodes_.append(to, items);
    if (kind != node_kind::object) fail(errc::bad_argument, "nothing can be appended to this");
    nodes_.append(part(object_at(to).appended, node_kind::list), items);
}

void machine::set_items(std::span<const node_id> keys_and_values)
{
    if (keys_and_values.size() % 2 != 0) fail(errc::bad_stack, "a key has no value");
    for (std::size_t i = 0; i < keys_and_values.size(); i += 2) {
        require_hashable(keys_and_values[i]);
    }
    const node_id to = top();
    const node_kind kind = nodes_[to].kind;
    if (kind == node_kind::dict) return nodes_.append(to, keys_and_values);
    if (kind != node_kind::object) fail(errc::bad_argument, "no item can be set in this");
    nodes_.append(part(object_at(to).items, node_kind::dict), keys_and_values);
}

void machine::add_items(std::span<const node_id> items)
{
    for (const node_id item : items) require_hashable(item);
    const node_id to = top();
    const node_kind kind = nodes_[to].kind;
    if (kind == node_kind::set) return nodes_.append(to, items);
    if (kind != node_kind::object) fail(errc::bad_argument, "nothing can be added to this");
    nodes_.append(part(object_at(to).appended, node_kind::list), items);
}

void machine::put(std::size_t index)
{
    const node_id id = top();
    constexpr node_id unused = UINT32_MAX;
    // Dense as long as most indexes are in use.
    if (index < memo_.size() || index <= memo_entries_ * 4 + 1024) {
        if (index >= memo_.size()) memo_.resize(index + 1 + index / 2, unused);
        if (memo_[index] == unused) ++memo_entries_;
        memo_[index] = id;
    } else if (sparse_memo_.insert_or_assign(index, id).second) {
        ++memo_entries_;
    }
    if (memo_entries_ > options_.max_memo_) throw limit_error{"max_memo", options_.max_memo_};
}

void machine::get(std::size_t index)
{
    if (index < memo_.size() && memo_[index] != UINT32_MAX) return push(memo_[index]);
    const auto found = sparse_memo_.find(index);
    if (found == sparse_memo_.end()) {
        fail(errc::bad_memo, "memo entry " + std::to_string(index) + " is not there");
    }
    push(found->second);
}

}  // namespace ferry::pickle::detail
