#pragma once

#include "ferry/formats/pickle.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::pickle {

namespace detail {
struct content;
struct object_data;
}  // namespace detail

/// What a node of a pickle is.
enum class kind : std::uint8_t {
    none,
    boolean,
    integer,
    real,
    str,
    bytes,
    bytearray,  ///< also a writable out-of-band buffer
    tuple,
    list,
    dict,
    set,
    frozenset,
    global,      ///< a class or function, by name
    member,      ///< `getattr(owner, name)`, as enumerators are written
    object,      ///< what a call would make
    persistent,  ///< stands for something outside, by its id
    extension,   ///< a class or function, by its number in copyreg
};

/// How the call of an object was written.
enum class construction : std::uint8_t {
    call,        ///< callable(*args)
    new_object,  ///< cls.__new__(cls, *args, **kwargs)
};

/// One value of a pickle, as it was written and with its identity: what two places share is the
/// same node, `==`. A small handle that is valid as long as its document.
class node {
public:
    pickle::kind kind() const noexcept;
    bool is_none() const noexcept { return kind() == pickle::kind::none; }

    /// Of a str or bytes. A str may hold lone surrogates, as three bytes each.
    std::string_view text() const;
    /// Elements of a tuple, list, set or frozenset.
    std::vector<node> elements() const;
    /// Members of a dict in the order in which they were set; a key set twice is there twice.
    std::vector<std::pair<node, node>> members() const;
    /// The last member with that str as its key.
    std::optional<node> find(std::string_view key) const;

    /// Of a global: `collections`, `OrderedDict`. Names of Python 2 are those of Python 3 here.
    std::string_view module() const;
    std::string_view qualified_name() const;

    /// Of an object: what would be called, or the owner of a member.
    node callable() const;
    construction how() const;
    /// The arguments; the name of a member; the id of a persistent or extension.
    node arguments() const;
    std::optional<node> keyword_arguments() const;
    /// What BUILD was given, each time.
    std::vector<node> states() const;
    /// What was appended to the object, or added to it as to a set.
    std::vector<node> appended() const;
    /// What was set in it as in a dict.
    std::vector<std::pair<node, node>> items_set() const;

    /// The plain data in it, under the options that the document was read with. As `load`.
    value to_value() const;

    friend bool operator==(const node& a, const node& b) noexcept
    {
        return a.of_ == b.of_ && a.id_ == b.id_;
    }

private:
    friend class document;
    node(detail::content* of, std::uint32_t id) noexcept : of_{of}, id_{id} {}
    const detail::object_data& object() const;
    std::vector<node> wrap(std::span<const std::uint32_t> ids) const;
    std::vector<std::pair<node, node>> wrap_pairs(std::span<const std::uint32_t> ids) const;

    detail::content* of_;
    std::uint32_t id_;
};

/// A pickle as it was written, inert. Movable; nodes stay valid. Const use by several threads is
/// safe, but for `to_value`.
class document {
public:
    document(document&&) noexcept;
    document& operator=(document&&) noexcept;
    ~document();

    node root() const noexcept;
    /// The number that PROTO gives, 0 without one.
    int protocol() const noexcept;
    /// Bytes up to the end of the pickle.
    std::size_t consumed() const noexcept;

private:
    friend class node;
    friend document parse(std::span<const std::byte>, const load_options&);
    explicit document(std::unique_ptr<detail::content> c) noexcept;
    std::unique_ptr<detail::content> content_;
};

/// Reads a pickle without making anything of it. Takes a copy of `data`.
/// \throws parse_error, limit_error  as `load`.
document parse(std::span<const std::byte> data, const load_options& options = load_options());

/// A class or function that a pickle names.
struct global_name {
    std::string module;
    std::string qualified_name;

    friend auto operator<=>(const global_name&, const global_name&) = default;
};

/// Every class and function that a pickle names, each once, sorted: what loading it in Python
/// would import and could call.
std::vector<global_name> scan(std::span<const std::byte> data,
                              const load_options& options = load_options());

/// One opcode a line with its place and argument, as `pickletools.dis` without its annotations.
/// Unlike `parse` it does not look at the stack; ends at STOP.
std::string disassemble(std::span<const std::byte> data);

}  // namespace ferry::pickle
