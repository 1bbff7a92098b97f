#pragma once

/// \file
/// Structs to and from `value`, by their description alone:
///
///     struct order { int id; double price; std::optional<std::string> note; };
///     BOOST_DESCRIBE_STRUCT(order, (), (id, price, note))
///
///     value v = to_value(order{1, 9.5, {}});       // {"id": 1, "price": 9.5, "note": null}
///     order o = from_value<order>(v);
///
/// | C++ | value |
/// | --- | --- |
/// | bool, integers, floats, texts, `bytes`, `big_integer`, `value` | as they are, range checked |
/// | described struct (public and inherited members) | object |
/// | described enum | string, its name; a number is read too |
/// | `optional`, `unique_ptr` | null, or what it holds; as a member it may be missing |
/// | `vector`, `array`, `list`, `deque` | array; tuples and sets are read too |
/// | `pair`, `tuple` | tuple |
/// | `set`, `unordered_set` | set |
/// | `map`, `unordered_map` | object; keys that are integers are written as text |
/// | `variant` | the first alternative that can be read, or that of a tag; `monostate` is null |
/// | `system_clock` times | timestamp; ISO 8601 text is read too |
/// | `chrono` durations | seconds; text such as `1h30m` is read too |
///
/// Other names, members that may be missing, are left out, flat or converted, and where unknown
/// ones go: fields.hpp.
///
/// A type of one's own joins in with two functions in its namespace, found by its argument:
///
///     void to_value(ferry::value& out, const money& m);
///     void from_value(const ferry::value& in, money& m);

#include "ferry/core/fields.hpp"
#include "ferry/core/value.hpp"

#include <boost/describe/bases.hpp>
#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace ferry {

/// How `from_value` reads structs. Setters chain: `decode_options().reject_unknown()`.
class decode_options {
public:
    decode_options() = default;

    /// A member of the input that the struct does not have is an error, not ignored.
    decode_options& reject_unknown(bool on = true) noexcept
    {
        reject_unknown_ = on;
        return *this;
    }
    /// A member that is missing in the input keeps its initial value, instead of being an error.
    decode_options& allow_missing(bool on = true) noexcept
    {
        allow_missing_ = on;
        return *this;
    }
    /// Levels of nesting, for structs that contain their own kind. 500 by default.
    decode_options& max_depth(std::size_t levels) noexcept
    {
        max_depth_ = levels;
        return *this;
    }

    bool rejects_unknown() const noexcept { return reject_unknown_; }
    bool allows_missing() const noexcept { return allow_missing_; }
    std::size_t depth_limit() const noexcept { return max_depth_; }

private:
    bool reject_unknown_ = false;
    bool allow_missing_ = false;
    std::size_t max_depth_ = 500;
};

/// The value of anything in the table above. Cost: a copy of all texts over 14 bytes.
template <class T>
value to_value(const T& from);

/// The T in a value.
/// \throws type_error    another type; names the path, what was wanted and what was found.
/// \throws range_error   a number that does not fit.
/// \throws lookup_error  a member is missing.
/// \throws limit_error   `max_depth`.
template <class T>
T from_value(const value& v, const decode_options& options);
template <class T>
T from_value(const value& v)
{
    return from_value<T>(v, decode_options());
}

namespace detail {

template <class T, template <class...> class Template>
inline constexpr bool is_a = false;
template <template <class...> class Template, class... T>
inline constexpr bool is_a<Template<T...>, Template> = true;

template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t N>
inline constexpr bool is_std_array<std::array<T, N>> = true;

template <class T>
inline constexpr bool is_duration = false;
template <class R, class P>
inline constexpr bool is_duration<std::chrono::duration<R, P>> = true;

template <class T>
inline constexpr bool is_system_time = false;
template <class D>
inline constexpr bool is_system_time<std::chrono::time_point<std::chrono::system_clock, D>> = true;

template <class T>
concept custom_out = requires(value& out, const T& from) { to_value(out, from); };
template <class T>
concept custom_in = requires(const value& in, T& to) { from_value(in, to); };

template <class T>
concept map_like = requires(T& t) {
    typename T::mapped_type;
    t.try_emplace(std::declval<typename T::key_type>());
};
template <class T>
concept set_like = requires(T& t) {
    typename T::key_type;
    t.insert(std::declval<typename T::value_type>());
} && !map_like<T>;
template <class T>
concept list_like = requires(T& t) {
    typename T::value_type;
    t.push_back(std::declval<typename T::value_type>());
    t.begin();
};
template <class T>
concept byte_list = list_like<T> && std::same_as<typename T::value_type, std::byte>;

template <class T>
concept described_struct = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;
template <class T>
concept described_enum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

template <class T>
inline constexpr bool may_be_missing = is_a<T, std::optional> || is_a<T, std::unique_ptr>;

/// Whether the member D of T must be there.
template <class T, class D>
inline constexpr bool is_required =
    traits_of<T, D>.presence == presence::required ||
    (traits_of<T, D>.presence == presence::usual &&
     !may_be_missing<std::remove_cvref_t<decltype(std::declval<T&>().*D::pointer)>>);

template <class T>
void encode_members(const T& from, value& into)
{
    static_assert(described_struct<T>, "only members of described structs can be written here");
    boost::mp11::mp_for_each<members_of<T>>([&](auto member) {
        using member_type = decltype(member);
        using converter = converter_of<T, member_type>;
        constexpr const field_traits& f = traits_of<T, member_type>;
        const auto& item = from.*member.pointer;
        if constexpr (f.flat) {
            encode_members(item, into);
        } else if constexpr (f.collects) {
            const value more = to_value(item);
            if (more.is_null()) return;
            for (const auto& [name, v] : more.items()) {
                if (!into.contains(name)) into.insert(name, v);
            }
        } else if constexpr (std::is_void_v<converter>) {
            into.insert(f.name, to_value(item));
        } else {
            into.insert(f.name, converter::to_value(item));
        }
    });
}

template <class T>
value encode_struct(const T& from)
{
    value made = value::object();
    encode_members(from, made);
    return made;
}

template <class T>
value encode_tagged(const T& from)
{
    constexpr auto tag = describe_tag(static_cast<const T*>(nullptr));
    static_assert(tag.names.size() == std::variant_size_v<T>, "a text for each alternative");
    value made = value::object(tag.key, tag.names[from.index()]);
    std::visit([&made](const auto& alternative) { encode_members(alternative, made); }, from);
    return made;
}

template <class T>
value encode_enum(T from)
{
    value made{static_cast<std::underlying_type_t<T>>(from)};
    if constexpr (described_enum<T>) {
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto e) {
            if (e.value == from) made = value{e.name};
        });
    }
    return made;
}

template <class T>
value encode_duration(T from)
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(from);
    if (seconds == from) return value{static_cast<std::int64_t>(seconds.count())};
    return value{std::chrono::duration<double>(from).count()};
}

template <class K>
std::string key_text(const K& key)
{
    if constexpr (std::convertible_to<const K&, std::string_view>) {
        return std::string{std::string_view{key}};
    } else {
        return to_value(key).template to<std::string>();
    }
}

template <class K>
K key_from(std::string_view text, const path_step* at)
{
    if constexpr (std::constructible_from<K, std::string_view>) {
        return K(text);
    } else {
        try {
            return value{text}.template to<K>();
        } catch (const error&) {
            throw_type_error(value{text}, "integer as key", at);
        }
    }
}

class decoder {
public:
    explicit decoder(const decode_options& options) : options_{options} {}

    template <class T>
    void read_into(const value& in, T& out, const path_step* at) const
    {
        if (at != nullptr && at->depth > options_.depth_limit()) {
            throw limit_error{"max_depth", options_.depth_limit()};
        }
        if constexpr (std::same_as<T, value>) {
            out = in;
        } else if constexpr (custom_in<T>) {
            read_custom(in, out, at);
        } else if constexpr (is_system_time<T>) {
            const bool text = in.is_string();
            const auto time = text ? time_in(in, at) : read<timestamp>(in, at);
            out = std::chrono::time_point_cast<typename T::duration>(time);
        } else if constexpr (is_duration<T>) {
            read_duration(in, out, at);
        } else if constexpr (scalar<T>) {
            static_assert(!view<T>, "a view would not own its text");
            out = read<T>(in, at);
        } else if constexpr (byte_list<T>) {
            const auto data = read<std::span<const std::byte>>(in, at);
            out.assign(data.begin(), data.end());
        } else if constexpr (std::is_enum_v<T>) {
            read_enum(in, out, at);
        } else if constexpr (std::same_as<T, std::monostate>) {
            if (!in.is_null()) throw_type_error(in, "null", at);
        } else if constexpr (is_a<T, std::optional>) {
            if (in.is_null()) return out.reset();
            read_into(in, out.emplace(), at);
        } else if constexpr (is_a<T, std::unique_ptr>) {
            if (in.is_null()) return out.reset();
            out = std::make_unique<typename T::element_type>();
            read_into(in, *out, at);
        } else if constexpr (has_tag<T>) {
            read_tagged(in, out, at);
        } else if constexpr (is_a<T, std::variant>) {
            read_variant(in, out, at);
        } else if constexpr (is_a<T, std::pair> || is_a<T, std::tuple> || is_std_array<T>) {
            read_tuple(in, out, at);
        } else if constexpr (map_like<T>) {
            if (!in.is_object()) throw_type_error(in, "object", at);
            out.clear();
            for (const auto& [key, item] : in.items()) {
                const auto here = path_step::member(at, key);
                auto& place = out[key_from<typename T::key_type>(key, &here)];
                read_into(item, place, &here);
            }
        } else if constexpr (list_like<T> || set_like<T>) {
            read_list(in, out, at);
        } else {
            static_assert(described_struct<T>,
                          "describe the type with BOOST_DESCRIBE_STRUCT, or give it from_value");
            read_struct(in, out, at);
        }
    }

private:
    template <class T>
    static void read_custom(const value& in, T& out, const path_step* at)
    {
        try {
            from_value(in, out);
        } catch (error& e) {
            if (at != nullptr) e.add_context(to_string(at));
            throw;
        }
    }

    static timestamp time_in(const value& in, const path_step* at)
    {
        const auto time = iso8601::try_parse(read<std::string_view>(in, at));
        if (!time) throw_type_error(in, "timestamp", at);
        return time->utc;
    }

    template <class T>
    static void read_duration(const value& in, T& out, const path_step* at)
    {
        using namespace std::chrono;
        if (in.is_string()) {
            const auto time = try_parse_duration(read<std::string_view>(in, at));
            if (!time) throw_type_error(in, "duration", at);
            out = duration_cast<T>(*time);
            return;
        }
        const double limit = duration<double>(T::max()).count();
        const double given = read<double>(in, at);
        if (!(std::fabs(given) < limit)) throw_range_error(in, "duration", at);
        out = in.is_integer() ? duration_cast<T>(seconds{read<std::int64_t>(in, at)})
                              : duration_cast<T>(duration<double>(given));
    }

    template <class T>
    static void read_enum(const value& in, T& out, const path_step* at)
    {
        using number = std::underlying_type_t<T>;
        if constexpr (described_enum<T>) {
            bool found = false;
            const bool by_name = in.is_string();
            const auto wanted = by_name ? number{} : read<number>(in, at);
            boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto e) {
                const bool same = by_name ? read<std::string_view>(in, at) == e.name
                                          : static_cast<number>(e.value) == wanted;
                if (same) out = e.value;
                found = found || same;
            });
            if (!found) {
                throw type_error{
                    to_string(at), names_of<T>(),
                    by_name ? "\"" + read<std::string>(in, at) + "\"" : std::to_string(wanted)};
            }
        } else {
            out = static_cast<T>(read<number>(in, at));
        }
    }

    template <class T>
    static std::string names_of()
    {
        std::string names = "one of";
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
            [&](auto e) { names += std::string{" "} + e.name; });
        return names;
    }

    template <class T>
    void read_tuple(const value& in, T& out, const path_step* at) const
    {
        constexpr std::size_t wanted = std::tuple_size_v<T>;
        if (!in.is_array() && !in.is_tuple()) throw_type_error(in, "array", at);
        if (in.size() != wanted) {
            throw type_error{to_string(at), std::to_string(wanted) + " elements",
                             std::to_string(in.size())};
        }
        if constexpr (is_std_array<T>) {
            for (std::size_t i = 0; i < wanted; ++i) read_element(in, i, out[i], at);
        } else {
            [&]<std::size_t... I>(std::index_sequence<I...>) {
                (read_element(in, I, std::get<I>(out), at), ...);
            }(std::make_index_sequence<wanted>());
        }
    }
    template <class T>
    void read_element(const value& in, std::size_t i, T& out, const path_step* at) const
    {
        const auto here = path_step::element(at, i);
        read_into(in.at(i), out, &here);
    }

    template <class T>
    void read_list(const value& in, T& out, const path_step* at) const
    {
        if (!in.is_sequence()) throw_type_error(in, "array", at);
        out.clear();
        if constexpr (requires { out.reserve(in.size()); }) out.reserve(in.size());
        std::size_t index = 0;
        for (const value& element : in) {
            const auto here = path_step::element(at, index++);
            typename T::value_type item{};
            read_into(element, item, &here);
            if constexpr (list_like<T>) {
                out.push_back(std::move(item));
            } else {
                out.insert(std::move(item));
            }
        }
    }

    template <class... T>
    void read_variant(const value& in, std::variant<T...>& out, const path_step* at) const
    {
        const auto fits = [&]<class A>(std::type_identity<A>) {
            try {
                A alternative{};
                read_into(in, alternative, at);
                out = std::move(alternative);
                return true;
            } catch (const type_error&) {
            } catch (const range_error&) {
            } catch (const lookup_error&) {
            }
            return false;
        };
        const bool found = (fits(std::type_identity<T>{}) || ...);
        if (!found) throw_type_error(in, "an alternative of the variant", at);
    }

    template <class... T>
    void read_tagged(const value& in, std::variant<T...>& out, const path_step* at) const
    {
        constexpr auto tag = describe_tag(static_cast<const std::variant<T...>*>(nullptr));
        static_assert(tag.names.size() == sizeof...(T), "a text for each alternative");
        if (!in.is_object()) throw_type_error(in, "object", at);
        const auto here = path_step::member(at, tag.key);
        const value* const found = in.get_if(tag.key);
        if (found == nullptr) throw lookup_error{to_string(&here)};
        const auto name = read<std::string_view>(*found, &here);
        std::size_t index = 0;
        const auto fits = [&]<class A>(std::type_identity<A>) {
            if (name != tag.names[index++]) return false;
            read_alternative(in, tag.key, out.template emplace<A>(), at);
            return true;
        };
        if ((fits(std::type_identity<T>{}) || ...)) return;
        std::string names = "one of";
        for (const std::string_view one : tag.names) (names += ' ') += one;
        throw type_error{to_string(&here), names, '"' + std::string(name) + '"'};
    }
    /// The tag is none of the unknown members.
    template <class A>
    void read_alternative(const value& in, std::string_view tag, A& out, const path_step* at) const
    {
        static_assert(described_struct<A>, "alternatives with a tag are described structs");
        if ((collects_unknown<A> || options_.rejects_unknown()) && !has_member<A>(tag)) {
            value rest = in;
            rest.erase(tag);
            read_into(rest, out, at);
        } else {
            read_into(in, out, at);
        }
    }

    template <class T>
    void read_struct(const value& in, T& out, const path_step* at) const
    {
        if (!in.is_object()) throw_type_error(in, "object", at);
        std::size_t known = 0;
        read_members(in, out, at, known);
        if constexpr (collects_unknown<T>) {
            if (known != in.size()) collect_unknown(in, out, at);
        } else if (options_.rejects_unknown() && known != in.size()) {
            reject_unknown<T>(in, at);
        }
    }
    template <class T>
    void read_members(const value& in, T& out, const path_step* at, std::size_t& known) const
    {
        boost::mp11::mp_for_each<members_of<T>>([&](auto member) {
            using member_type = decltype(member);
            constexpr const field_traits& f = traits_of<T, member_type>;
            auto& place = out.*member.pointer;
            if constexpr (f.flat) {
                using inner = std::remove_cvref_t<decltype(place)>;
                static_assert(described_struct<inner>, "only a described struct can be flat");
                static_assert(!collects_unknown<inner>, "what is flat cannot collect");
                read_members(in, place, at, known);
            } else if constexpr (!f.collects) {
                const auto here = path_step::member(at, f.name);
                if (const value* const found = in.get_if(f.name)) {
                    ++known;
                    read_member<converter_of<T, member_type>>(*found, place, &here);
                } else if (is_required<T, member_type> && !options_.allows_missing()) {
                    throw lookup_error{to_string(&here)};
                }
            }
        });
    }
    template <class Converter, class M>
    void read_member(const value& in, M& out, const path_step* at) const
    {
        if constexpr (std::is_void_v<Converter>) {
            read_into(in, out, at);
        } else {
            try {
                out = Converter::from_value(in);
            } catch (error& e) {
                e.add_context(to_string(at));
                throw;
            }
        }
    }
    template <class T>
    void collect_unknown(const value& in, T& out, const path_step* at) const
    {
        value more = value::object();
        for (const auto& [key, item] : in.items()) {
            if (!has_member<T>(key)) more.insert(key, item);
        }
        boost::mp11::mp_for_each<members_of<T>>([&](auto member) {
            if constexpr (traits_of<T, decltype(member)>.collects) {
                read_into(more, out.*member.pointer, at);
            }
        });
    }
    template <class T>
    [[noreturn]] static void reject_unknown(const value& in, const path_step* at)
    {
        for (const auto& [key, item] : in.items()) {
            if (has_member<T>(key)) continue;
            const auto here = path_step::member(at, key);
            throw type_error{to_string(&here), "a known member", "an unknown one"};
        }
        throw type_error{to_string(at), "known members", "unknown ones"};
    }

    const decode_options& options_;
};

}  // namespace detail

template <class T>
value to_value(const T& from)
{
    if constexpr (std::same_as<T, value>) {
        return from;
    } else if constexpr (detail::custom_out<T>) {
        value made;
        to_value(made, from);
        return made;
    } else if constexpr (detail::is_system_time<T>) {
        return value{std::chrono::time_point_cast<std::chrono::microseconds>(from)};
    } else if constexpr (detail::is_duration<T>) {
        return detail::encode_duration(from);
    } else if constexpr (std::constructible_from<value, const T&> && !std::is_enum_v<T>) {
        return value(from);
    } else if constexpr (detail::byte_list<T>) {
        return value{std::span<const std::byte>{from}};
    } else if constexpr (std::is_enum_v<T>) {
        return detail::encode_enum(from);
    } else if constexpr (std::same_as<T, std::monostate>) {
        return value{};
    } else if constexpr (detail::may_be_missing<T>) {
        return from ? to_value(*from) : value{};
    } else if constexpr (detail::has_tag<T>) {
        return detail::encode_tagged(from);
    } else if constexpr (detail::is_a<T, std::variant>) {
        return std::visit([](const auto& alternative) { return to_value(alternative); }, from);
    } else if constexpr (detail::is_a<T, std::pair> || detail::is_a<T, std::tuple>) {
        return std::apply([](const auto&... item) { return value::tuple(to_value(item)...); },
                          from);
    } else if constexpr (detail::map_like<T>) {
        value made = value::object();
        for (const auto& [key, item] : from) {
            made.insert(detail::key_text(key), to_value(item));
        }
        return made;
    } else if constexpr (detail::list_like<T> || detail::set_like<T> || detail::is_std_array<T>) {
        value made = detail::set_like<T> ? value::tuple() : value::array();
        made.reserve(from.size());
        // vector<bool> has no references to its elements.
        for (const auto& item : from) {
            made.push_back(to_value(static_cast<const typename T::value_type&>(item)));
        }
        return detail::set_like<T> ? value::set_of(std::move(made)) : made;
    } else {
        static_assert(detail::described_struct<T>,
                      "describe the type with BOOST_DESCRIBE_STRUCT, or give it to_value");
        return detail::encode_struct(from);
    }
}

template <class T>
T from_value(const value& v, const decode_options& options)
{
    T made{};
    detail::decoder{options}.read_into(v, made, nullptr);
    return made;
}

}  // namespace ferry
