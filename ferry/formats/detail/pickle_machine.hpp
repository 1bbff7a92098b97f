#pragma once

#include "ferry/formats/detail/graph.hpp"
#include "ferry/formats/pickle_document.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ferry::pickle::detail {

using formats::detail::graph;
using formats::detail::node_id;
using formats::detail::node_kind;
using raw_node = formats::detail::node;

/// The node that is there before all others is None, so that 0 also says "absent".
inline constexpr node_id no_node = 0;

struct object_data {
    node_id callable = no_node;
    node_id args = no_node;
    node_id kwargs = no_node;
    node_id states = no_node;    ///< a list
    node_id appended = no_node;  ///< a list
    node_id items = no_node;     ///< a dict
    construction how = construction::call;
};

/// What a pickle holds.
struct contents {
    explicit contents(std::size_t max_nodes) : nodes{max_nodes} { nodes.add({}); }

    graph nodes;
    std::vector<object_data> objects;
    std::map<std::pair<std::string_view, std::string_view>, node_id> globals;
    node_id root = no_node;
    int protocol = 0;
    std::size_t consumed = 0;

    bool is_global(node_id id, std::string_view module, std::string_view name) const noexcept;
    /// Module and qualified name of a global, joined by a dot; a kind's name for all else.
    std::string name_of(node_id id) const;
};

/// Runs a pickle: bytes in, nodes out. All that it decides is which nodes there are.
class machine {
public:
    machine(contents& into, std::span<const std::byte> data, const load_options& options);

    /// \throws parse_error, limit_error
    void run();

private:
    [[noreturn]] void fail(errc code, std::string_view what) const;

    // What follows the opcode.
    std::uint8_t u8();
    template <class T>
    T little();
    double big_endian_real();
    std::string_view take(std::uint64_t count);
    std::string_view line();
    std::size_t index_line();

    // The stack.
    std::size_t fence() const noexcept { return marks_.empty() ? 0 : marks_.back(); }
    void push(node_id id) { stack_.push_back(id); }
    node_id pop();
    node_id& top();
    /// The values above the topmost mark, which goes. They stay where they are.
    std::span<const node_id> since_mark();
    void drop(std::size_t count) { stack_.resize(stack_.size() - count); }

    void execute(std::uint8_t opcode);
    bool execute_scalar(std::uint8_t opcode);
    bool execute_container(std::uint8_t opcode);
    bool execute_object(std::uint8_t opcode);

    void start(int protocol);
    void frame();
    void integer(std::int64_t n);
    void text_integer(std::string_view digits, bool may_be_bool);
    void binary_integer(std::string_view little_endian);
    void text_real();
    void python2_text(std::string_view text);
    void quoted_text();
    void escaped_unicode();
    void text(std::string_view utf8);
    void binary(node_kind kind, std::string_view data) { push(nodes_.add_text(kind, data)); }
    void next_buffer();
    void read_only();

    void small_tuple(std::size_t count);
    void container(node_kind kind);
    void append(std::span<const node_id> items);
    void set_items(std::span<const node_id> keys_and_values);
    void add_items(std::span<const node_id> items);
    void require_hashable(node_id id) const;

    void put(std::size_t index);
    void get(std::size_t index);

    void global(std::string_view module, std::string_view name);
    void stack_global();
    void extension(std::int64_t code);
    void persistent(node_id id);
    void object(construction how, node_id callable, node_id args, node_id kwargs = no_node);
    void reduce();
    void new_object(bool with_kwargs);
    void build();
    object_data& object_at(node_id id) { return made_.objects[id_of(id)]; }
    std::size_t id_of(node_id id) const noexcept
    {
        return static_cast<std::size_t>(nodes_[id].integer);
    }
    node_id& part(node_id& place, node_kind kind);

    contents& made_;
    graph& nodes_;
    const load_options& options_;
    const char* data_;
    std::size_t size_;
    std::size_t at_ = 0;
    std::size_t opcode_at_ = 0;
    bool started_ = false;
    bool done_ = false;
    std::vector<node_id> stack_;
    std::vector<std::size_t> marks_;
    std::vector<node_id> memo_;
    std::unordered_map<std::size_t, node_id> sparse_memo_;
    std::size_t memo_entries_ = 0;
    std::size_t next_buffer_ = 0;
    node_id false_;
    node_id true_;
    node_id empty_tuple_;
};

/// How an array holds a number: `i`, `u`, `f` or `b` for bool, and its bytes.
struct number_format {
    char type;
    std::size_t width;
    bool big_endian;
};

/// UTF-8 that may have lone surrogates.
enum class text_state : std::uint8_t { utf8, surrogates, bad };
text_state check_text(std::string_view text) noexcept;

/// Makes plain data of the objects that stand for such.
class lowering {
public:
    lowering(contents& of, const load_options& options) : all_{of}, nodes_{of.nodes}, with_{options}
    {
    }

    /// \throws error  errc::forbidden_global.
    node_id operator()(node_id id);

private:
    node_id lower(node_id id);
    node_id plain(node_id id);
    [[noreturn]] void refuse(node_id id) const;
    bool is_allowed(node_id global) const;
    node_id class_of(const object_data& o) const;
    node_id attributes(const object_data& o);
    node_id allowed(const object_data& o);
    node_id described(node_id id);

    // Nothing if the object is not made as Python makes it.
    std::optional<node_id> known(const object_data& o);
    std::optional<node_id> builtin(const object_data& o, std::string_view name);
    std::optional<node_id> collection(const object_data& o, std::string_view name);
    std::optional<node_id> mapping(const object_data& o, node_id first);
    std::optional<node_id> path(const object_data& o, bool windows);
    std::optional<node_id> uuid_text(const object_data& o);
    std::optional<node_id> address(const object_data& o, std::string_view name);
    std::optional<node_id> date_or_time(const object_data& o, std::string_view name);
    std::optional<node_id> duration(const object_data& o);
    std::optional<std::int32_t> offset_of(node_id zone);
    std::optional<node_id> array(const object_data& o, std::string_view name);
    std::optional<node_id> numpy(const object_data& o, std::string_view name);
    std::optional<node_id> shaped(std::vector<node_id> flat, node_id shape, bool fortran);
    std::optional<number_format> format_of(node_id dtype);
    std::vector<node_id> numbers(std::string_view data, const number_format& format);
    node_id number(std::string_view raw, const number_format& format);

    node_id text(std::string_view t)
    {
        const node_id made = nodes_.add_text(node_kind::string, nodes_.keep(t));
        nodes_[made].surrogates = check_text(t) != text_state::utf8;
        return made;
    }
    node_id binary(std::string_view t)
    {
        return nodes_.add_text(node_kind::binary, nodes_.keep(t));
    }
    static node_id as_id(std::int64_t n) noexcept { return static_cast<node_id>(n); }
    std::span<const node_id> args(const object_data& o) const { return nodes_.items(o.args); }
    /// An argument of that kind.
    std::optional<node_id> arg(const object_data& o, std::size_t i, node_kind kind);
    std::optional<std::int64_t> integer_arg(const object_data& o, std::size_t i) const;
    std::optional<std::string> bytes_arg(const object_data& o, std::size_t i);
    std::optional<std::array<std::byte, 16>> wide(node_id id) const;

    contents& all_;
    graph& nodes_;
    const load_options& with_;
    std::unordered_map<node_id, node_id> done_;
    std::size_t depth_ = 0;
};

/// A class or function that loading may name under `strict` without being allowed.
bool is_known(std::string_view module, std::string_view name) noexcept;

/// Python 3's name of what Python 2 calls so.
std::pair<std::string_view, std::string_view> python3_name(std::string_view module,
                                                           std::string_view name) noexcept;

}  // namespace ferry::pickle::detail
