#pragma once

#include "ferry/redis/error.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace ferry::redis {

class reply;

namespace detail {

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

template <class T>
concept sequence = requires(T& t, typename T::value_type v) { t.push_back(std::move(v)); } &&
                   !std::same_as<T, std::string>;
template <class T>
concept mapping = requires { typename T::mapped_type; };
template <class T>
concept key_set = requires { typename T::key_type; } && !mapping<T>;
template <class T>
struct is_pair : std::false_type {};
template <class A, class B>
struct is_pair<std::pair<A, B>> : std::true_type {};
template <class T>
concept made_from_reply = requires(reply r) {
    { T::from_reply(std::move(r)) } -> std::same_as<T>;
};
template <class T>
concept tuple_like = requires { std::tuple_size<T>::value; };

}  // namespace detail

/// One answer of the server, of either version of the protocol. A value.
///
///     auto members = r.as<std::set<std::string>>();
///
/// as<T>() takes every shape that Redis 6 and 7 give one and the same answer: a map or a flat list
/// of keys and values, a number or its text.
class reply {
public:
    enum class kind : unsigned char {
        null,
        status,  ///< a short text such as `OK`
        error,   ///< only as an element of another reply, or in a pipeline
        integer,
        bulk,  ///< a string of bytes
        array,
        map,  ///< items() are keys and values in turn
        set,
        push,  ///< not an answer to a command
        real,
        boolean,
        big_number,  ///< its decimal digits
        verbatim,    ///< its text, without the format in front
    };

    reply() = default;
    reply(kind k, std::string text) : kind_{k}, content_{std::move(text)} {}
    reply(kind k, std::vector<reply> items) : kind_{k}, content_{std::move(items)} {}
    explicit reply(std::int64_t n) : kind_{kind::integer}, content_{n} {}
    explicit reply(double d) : kind_{kind::real}, content_{d} {}
    explicit reply(bool b) : kind_{kind::boolean}, content_{std::int64_t{b}} {}

    kind type() const noexcept { return kind_; }
    bool is_null() const noexcept { return kind_ == kind::null; }
    bool is_error() const noexcept { return kind_ == kind::error; }
    bool is_text() const noexcept { return std::holds_alternative<std::string>(content_); }
    bool is_aggregate() const noexcept { return std::holds_alternative<list>(content_); }

    /// The text of a status, error, bulk, big number or verbatim; empty for all else.
    const std::string& text() const noexcept;

    /// The elements of an array, map, set or push; none for all else.
    const std::vector<reply>& items() const noexcept;

    /// \throws lookup_error
    const reply& operator[](std::size_t i) const;

    /// The answer as a C++ value: a text, a number, bool (any status is true), an optional of these
    /// (null), a vector, set, pair or tuple of elements, a map, or the reply itself.
    /// \throws response_error  this, or what is inside, is an error reply.
    /// \throws error(errc::bad_reply)  the answer has another shape, or the number does not fit.
    template <class T>
    T as() const&
    {
        return reply(*this).as<T>();
    }
    template <class T>
    T as() &&;

    /// As redis-cli prints it, one line for each element.
    std::string to_text() const;

    friend bool operator==(const reply&, const reply&) = default;

private:
    using list = std::vector<reply>;

    std::string take_text() &&;
    list take_items() &&;
    std::int64_t to_integer() const;
    double to_real() const;
    bool to_bool() const;
    void throw_if_error() const;
    [[noreturn]] void mismatch(std::string_view wanted) const;

    // Version 3 has maps and lists of pairs; version 2 has keys and values in turn.
    template <class T, class Pair>
    T as_pairs() &&
    {
        list all = std::move(*this).take_items();
        T pairs;
        if (!all.empty() && all.front().is_aggregate()) {
            for (reply& r : all) {
                pairs.insert(pairs.end(), std::move(r).template as<Pair>());
            }
            return pairs;
        }
        if (all.size() % 2 != 0) reply(kind::array, std::move(all)).mismatch("pairs");
        for (std::size_t i = 0; i < all.size(); i += 2) {
            auto first = std::move(all[i]).template as<typename Pair::first_type>();
            auto second = std::move(all[i + 1]).template as<typename Pair::second_type>();
            pairs.insert(pairs.end(), Pair(std::move(first), std::move(second)));
        }
        return pairs;
    }

    template <class T, std::size_t... I>
    T as_tuple(std::index_sequence<I...>) &&
    {
        list all = std::move(*this).take_items();
        if (all.size() != sizeof...(I)) reply(kind::array, std::move(all)).mismatch("a tuple");
        return T{std::move(all[I]).template as<std::tuple_element_t<I, T>>()...};
    }

    kind kind_ = kind::null;
    std::variant<std::monostate, std::int64_t, double, std::string, list> content_;
};

template <class T>
T reply::as() &&
{
    if constexpr (std::same_as<T, reply>) {
        throw_if_error();
        return std::move(*this);
    } else if constexpr (std::is_void_v<T>) {
        throw_if_error();
    } else if constexpr (detail::is_optional<T>::value) {
        if (is_null()) return std::nullopt;
        return std::move(*this).template as<typename T::value_type>();
    } else if constexpr (std::same_as<T, std::string>) {
        return std::move(*this).take_text();
    } else if constexpr (std::same_as<T, bool>) {
        return to_bool();
    } else if constexpr (std::integral<T>) {
        const std::int64_t n = to_integer();
        if (!std::in_range<T>(n)) mismatch("a smaller number");
        return static_cast<T>(n);
    } else if constexpr (std::floating_point<T>) {
        return static_cast<T>(to_real());
    } else if constexpr (detail::made_from_reply<T>) {
        throw_if_error();
        return T::from_reply(std::move(*this));
    } else if constexpr (detail::sequence<T>) {
        using element = typename T::value_type;
        if constexpr (detail::is_pair<element>::value) {
            return std::move(*this).template as_pairs<T, element>();
        } else {
            T all;
            for (reply& r : std::move(*this).take_items()) {
                all.push_back(std::move(r).template as<element>());
            }
            return all;
        }
    } else if constexpr (detail::mapping<T>) {
        return std::move(*this)
            .template as_pairs<T, std::pair<typename T::key_type, typename T::mapped_type>>();
    } else if constexpr (detail::key_set<T>) {
        T all;
        for (reply& r : std::move(*this).take_items()) {
            all.insert(std::move(r).template as<typename T::key_type>());
        }
        return all;
    } else {
        static_assert(detail::tuple_like<T>, "a reply cannot become this type");
        return std::move(*this).template as_tuple<T>(
            std::make_index_sequence<std::tuple_size_v<T>>());
    }
}

using text_map = std::map<std::string, std::string>;
using reply_map = std::map<std::string, reply>;

}  // namespace ferry::redis
