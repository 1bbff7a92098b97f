#include "ferry/core/utf8.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/formats/detail/pickle_machine.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace ferry::pickle::detail {
namespace {

/// No value needs more objects inside one another than an aware datetime of Python 2.
constexpr std::size_t max_objects_in_object = 8;

constexpr auto known_names = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"_codecs", "encode"},
    {"_operator", "or_"},
    {"array", "_array_reconstructor"},
    {"array", "array"},
    {"builtins", "Ellipsis"},
    {"builtins", "NotImplemented"},
    {"builtins", "bool"},
    {"builtins", "bytearray"},
    {"builtins", "bytes"},
    {"builtins", "complex"},
    {"builtins", "dict"},
    {"builtins", "float"},
    {"builtins", "frozenset"},
    {"builtins", "getattr"},
    {"builtins", "int"},
    {"builtins", "list"},
    {"builtins", "object"},
    {"builtins", "range"},
    {"builtins", "set"},
    {"builtins", "slice"},
    {"builtins", "str"},
    {"builtins", "tuple"},
    {"collections", "Counter"},
    {"collections", "OrderedDict"},
    {"collections", "defaultdict"},
    {"collections", "deque"},
    {"copyreg", "__newobj__"},
    {"copyreg", "__newobj_ex__"},
    {"copyreg", "_reconstructor"},
    {"datetime", "date"},
    {"datetime", "datetime"},
    {"datetime", "time"},
    {"datetime", "timedelta"},
    {"datetime", "timezone"},
    {"decimal", "Decimal"},
    {"fractions", "Fraction"},
    {"ipaddress", "IPv4Address"},
    {"ipaddress", "IPv6Address"},
    {"numpy", "dtype"},
    {"numpy", "ndarray"},
    {"numpy._core.multiarray", "_reconstruct"},
    {"numpy._core.multiarray", "scalar"},
    {"numpy._core.numeric", "_frombuffer"},
    {"numpy.core.multiarray", "_reconstruct"},
    {"numpy.core.multiarray", "scalar"},
    {"numpy.core.numeric", "_frombuffer"},
    {"pathlib", "PosixPath"},
    {"pathlib", "PurePosixPath"},
    {"pathlib", "PureWindowsPath"},
    {"pathlib", "WindowsPath"},
    {"pytz", "_UTC"},
    {"types", "SimpleNamespace"},
    {"uuid", "UUID"},
});

}  // namespace

bool is_known(std::string_view module, std::string_view name) noexcept
{
    return std::ranges::binary_search(known_names, std::pair{module, name});
}

node_id lowering::operator()(node_id id)
{
    if (const auto found = done_.find(id); found != done_.end()) return found->second;
    if (++depth_ > max_objects_in_object) refuse(id);
    const node_id made = lower(id);
    --depth_;
    done_.emplace(id, made);
    return made;
}

node_id lowering::plain(node_id id)
{
    return nodes_[id].kind < node_kind::global ? id : (*this)(id);
}

void lowering::refuse(node_id id) const
{
    throw error{make_error_code(errc::forbidden_global),
                "pickle: " + all_.name_of(id) + " is no plain data"};
}

node_id lowering::lower(node_id id)
{
    const raw_node n = nodes_[id];
    if (n.kind == node_kind::object) {
        const object_data o = all_.objects[static_cast<std::size_t>(n.integer)];
        if (const auto made = known(o)) return *made;
        const node_id cls = class_of(o);
        if (is_allowed(cls)) return allowed(o);
    } else if (n.kind == node_kind::member) {
        const auto parts = nodes_.items(id);
        if (is_allowed(parts[0])) return parts[1];
    }
    if (with_.describe_) return described(id);
    refuse(id);
}

bool lowering::is_allowed(node_id global) const
{
    if (nodes_[global].kind != node_kind::global) return false;
    const auto names = nodes_.items(global);
    return with_.allowed_.contains(
        {std::string{nodes_.text(names[0])}, std::string{nodes_.text(names[1])}});
}

/// What copyreg makes an instance of, or what is called.
node_id lowering::class_of(const object_data& o) const
{
    const auto given = args(o);
    return all_.is_global(o.callable, "copyreg", "_reconstructor") && !given.empty() ? given[0]
                                                                                     : o.callable;
}

node_id lowering::attributes(const object_data& o)
{
    const node_id made = nodes_.add_container(node_kind::dict, {});
    const auto add = [&](node_id from) {
        if (nodes_[from].kind == node_kind::dict) nodes_.append(made, nodes_.items(from));
    };
    if (o.states == no_node) return made;
    for (std::size_t i = 0; i < nodes_[o.states].size; ++i) {
        const node_id state = nodes_.items(o.states)[i];
        if (nodes_[state].kind == node_kind::tuple) {
            // (attributes or None, slots)
            for (std::size_t k = 0; k < nodes_[state].size; ++k) add(nodes_.items(state)[k]);
        } else {
            add(state);
        }
    }
    return made;
}

node_id lowering::allowed(const object_data& o)
{
    if (o.items != no_node) return o.items;
    if (o.appended != no_node) return o.appended;
    const bool reconstructed = class_of(o) != o.callable;
    // copyreg._reconstructor(cls, base, what the base is made of)
    if (reconstructed && args(o).size() == 3 && args(o)[2] != no_node) return plain(args(o)[2]);
    if (o.states != no_node || reconstructed || args(o).empty()) return attributes(o);
    if (o.how == construction::call && args(o).size() == 1) return plain(args(o)[0]);
    return o.args;
}

node_id lowering::described(node_id id)
{
    const raw_node n = nodes_[id];
    const node_id made = nodes_.add_container(node_kind::dict, {});
    const auto add = [&](std::string_view key, node_id item) {
        const node_id pair[2] = {text(key), item};
        nodes_.append(made, pair);
    };
    if (n.kind == node_kind::persistent) return add("$persistent", as_id(n.integer)), made;
    if (n.kind == node_kind::extension) return add("$extension", as_id(n.integer)), made;
    add("$class", text(all_.name_of(id)));
    if (n.kind != node_kind::object) return made;
    const object_data o = all_.objects[static_cast<std::size_t>(n.integer)];
    add("args", o.args);
    if (o.kwargs != no_node) add("kwargs", o.kwargs);
    if (o.states != no_node) {
        const auto states = nodes_.items(o.states);
        add("state", states.size() == 1 ? states[0] : o.states);
    }
    if (o.appended != no_node) add("appended", o.appended);
    if (o.items != no_node) add("items", o.items);
    return made;
}

std::optional<node_id> lowering::arg(const object_data& o, std::size_t i, node_kind kind)
{
    if (i >= args(o).size()) return std::nullopt;
    const node_id id = plain(args(o)[i]);
    if (nodes_[id].kind != kind) return std::nullopt;
    return id;
}

std::optional<std::int64_t> lowering::integer_arg(const object_data& o, std::size_t i) const
{
    if (i >= args(o).size()) return std::nullopt;
    const raw_node& n = nodes_[args(o)[i]];
    if (n.kind != node_kind::integer && n.kind != node_kind::boolean) return std::nullopt;
    return n.integer;
}

/// Bytes, or what Python 2 had of them: a text of Latin-1.
std::optional<std::string> lowering::bytes_arg(const object_data& o, std::size_t i)
{
    if (i >= args(o).size()) return std::nullopt;
    const node_id id = plain(args(o)[i]);
    const node_kind kind = nodes_[id].kind;
    const std::string_view raw = nodes_.text(id);
    if (kind == node_kind::binary || kind == node_kind::bytearray) return std::string{raw};
    if (kind != node_kind::string || nodes_[id].surrogates) return std::nullopt;
    std::string data;
    for (std::size_t at = 0; at < raw.size();) {
        const auto [code_point, size, valid] = utf8::decode(raw, at);
        if (code_point > 0xff) return std::nullopt;
        data += static_cast<char>(code_point);
        at += size;
    }
    return data;
}

std::optional<node_id> lowering::known(const object_data& o)
{
    const node_id cls = class_of(o);
    if (nodes_[cls].kind != node_kind::global) return std::nullopt;
    const auto names = nodes_.items(cls);
    const std::string_view module = nodes_.text(names[0]);
    const std::string_view name = nodes_.text(names[1]);
    if (module == "builtins") return builtin(o, name);
    if (module == "collections") return collection(o, name);
    if (module == "datetime") return date_or_time(o, name);
    if (module == "array") return array(o, name);
    if (module.starts_with("numpy")) return numpy(o, name);
    if (module == "_codecs" && name == "encode") {
        if (auto data = bytes_arg(o, 0)) return binary(*data);
    }
    if (module == "decimal" && name == "Decimal") {
        if (const auto t = arg(o, 0, node_kind::string)) {
            return nodes_.add_text(node_kind::decimal, nodes_.text(*t));
        }
    }
    if (module == "fractions" && name == "Fraction") return o.args;
    if (module == "types" && name == "SimpleNamespace") return attributes(o);
    if (module == "pathlib") return path(o, name.find("Windows") != std::string_view::npos);
    if (module == "uuid" && name == "UUID") return uuid_text(o);
    if (module == "ipaddress") return address(o, name);
    return std::nullopt;
}

std::optional<node_id> lowering::builtin(const object_data& o, std::string_view name)
{
    const auto given = args(o);
    if (name == "bytes" || name == "bytearray") {
        if (given.empty()) return binary("");
        if (const auto data = bytes_arg(o, 0)) return binary(*data);
        return std::nullopt;
    }
    if (name == "complex" || name == "range" || name == "slice") return o.args;
    const node_kind kind = name == "set"         ? node_kind::set
                           : name == "frozenset" ? node_kind::frozenset
                           : name == "tuple"     ? node_kind::tuple
                           : name == "list"      ? node_kind::list
                                                 : node_kind::null;
    if (kind != node_kind::null) {
        if (given.empty() && o.appended == no_node) return nodes_.add_container(kind, {});
        const node_id from = o.appended != no_node ? o.appended : given[0];
        const node_kind source = nodes_[from].kind;
        if (source != node_kind::list && source != node_kind::tuple) return std::nullopt;
        return nodes_.add_container(kind, nodes_.items(from));
    }
    if (name == "dict" && given.empty()) return mapping(o, no_node);
    return std::nullopt;
}

/// A dictionary of what `first` holds, a dict or a list of pairs, and of what was set later.
std::optional<node_id> lowering::mapping(const object_data& o, node_id first)
{
    const node_id made = nodes_.add_container(node_kind::dict, {});
    if (nodes_[first].kind == node_kind::dict) {
        nodes_.append(made, nodes_.items(first));
    } else if (first != no_node) {
        for (std::size_t i = 0; i < nodes_[first].size; ++i) {
            const node_id pair = nodes_.items(first)[i];
            const node_kind kind = nodes_[pair].kind;
            const bool is_pair = kind == node_kind::list || kind == node_kind::tuple;
            if (!is_pair || nodes_[pair].size != 2) return std::nullopt;
            nodes_.append(made, nodes_.items(pair));
        }
    }
    if (o.items != no_node) nodes_.append(made, nodes_.items(o.items));
    return made;
}

std::optional<node_id> lowering::collection(const object_data& o, std::string_view name)
{
    const auto given = args(o);
    if (name == "deque") {
        const node_id made = nodes_.add_container(node_kind::list, {});
        if (!given.empty()) {
            const node_kind kind = nodes_[given[0]].kind;
            if (kind != node_kind::list && kind != node_kind::tuple) return std::nullopt;
            nodes_.append(made, nodes_.items(given[0]));
        }
        if (o.appended != no_node) nodes_.append(made, nodes_.items(o.appended));
        return made;
    }
    if (name == "defaultdict") return mapping(o, no_node);
    if (name != "OrderedDict" && name != "Counter") return std::nullopt;
    const node_id first = given.empty() ? no_node : given[0];
    const node_kind kind = nodes_[first].kind;
    if (first != no_node && kind != node_kind::dict && kind != node_kind::list) {
        return std::nullopt;
    }
    return mapping(o, first);
}

std::optional<node_id> lowering::path(const object_data& o, bool windows)
{
    std::string joined;
    for (const node_id id : args(o)) {
        if (nodes_[id].kind != node_kind::string) return std::nullopt;
        const char last = joined.empty() ? '/' : joined.back();
        if (last != '/' && last != '\\') joined += windows ? '\\' : '/';
        joined += nodes_.text(id);
    }
    return text(joined.empty() ? "." : joined);
}

/// The 16 bytes of a number below 2^128, most significant first.
std::optional<std::array<std::byte, 16>> lowering::wide(node_id id) const
{
    const raw_node& n = nodes_[id];
    if (n.kind != node_kind::integer && n.kind != node_kind::big_integer) return std::nullopt;
    const auto number = n.kind == node_kind::integer
                            ? big_integer{n.integer}
                            : big_integer::try_parse(nodes_.text(id)).value_or(big_integer{-1});
    const auto little = number.to_bytes();
    if (number.is_negative() || little.size() > 17) return std::nullopt;
    std::array<std::byte, 16> big{};
    for (std::size_t i = 0; i < std::min<std::size_t>(16, little.size()); ++i) {
        big[15 - i] = little[i];
    }
    return big;
}

std::optional<node_id> lowering::uuid_text(const object_data& o)
{
    const node_id state = attributes(o);
    const auto members = nodes_.items(state);
    for (std::size_t i = 0; i < members.size(); i += 2) {
        if (nodes_[members[i]].kind != node_kind::string || nodes_.text(members[i]) != "int") {
            continue;
        }
        const auto raw = wide(members[i + 1]);
        if (!raw) return std::nullopt;
        constexpr std::string_view digits = "0123456789abcdef";
        std::string written;
        for (std::size_t k = 0; k < 16; ++k) {
            if (k == 4 || k == 6 || k == 8 || k == 10) written += '-';
            written += digits[std::to_integer<unsigned>((*raw)[k]) >> 4U];
            written += digits[std::to_integer<unsigned>((*raw)[k]) & 15U];
        }
        return text(written);
    }
    return std::nullopt;
}

std::optional<node_id> lowering::address(const object_data& o, std::string_view name)
{
    const bool v4 = name == "IPv4Address";
    if ((!v4 && name != "IPv6Address") || args(o).empty()) return std::nullopt;
    const auto raw = wide(args(o)[0]);
    if (!raw) return std::nullopt;
    std::array<char, INET6_ADDRSTRLEN> written{};
    if (::inet_ntop(v4 ? AF_INET : AF_INET6, raw->data() + (v4 ? 12 : 0), written.data(),
                    written.size()) == nullptr) {
        return std::nullopt;
    }
    return text(written.data());
}

}  // namespace ferry::pickle::detail
