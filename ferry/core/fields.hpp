#pragma once

/// \file
/// What is special of a described struct's members, in every format that describe.hpp reaches:
///
///     struct offer { int id; std::string kind; int stock = 1; int cache; address to; value more;
///     }; BOOST_DESCRIBE_STRUCT(offer, (), (id, kind, stock, cache, to, more))
///
///     constexpr auto describe_fields(const offer*)
///     {
///         return ferry::fields(ferry::field<&offer::kind>().name("@type"),   // another name
///                              ferry::field<&offer::stock>().optional(),     // else it stays 1
///                              ferry::field<&offer::cache>().ignore(),       // stays out
///                              ferry::field<&offer::to>().flatten(),         // its members here
///                              ferry::field<&offer::more>().collect());      // all unknown ones
///     }
///
/// and which alternative of a variant an object is:
///
///     using shape = std::variant<circle, square>;
///     constexpr auto describe_tag(const shape*) { return ferry::tag("type", "circle", "square"); }
///
/// The functions are found by their argument: they stand in the namespace of the struct, or of an
/// alternative. A struct without such a function has that of its base, if there is one. As the
/// fields and discriminators of pydantic.

#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace ferry {

namespace detail {

enum class presence : unsigned char { usual, required, optional };

struct field_traits {
    std::string_view name;
    detail::presence presence = detail::presence::usual;
    bool ignored = false;
    bool flat = false;
    bool collects = false;
};

template <auto A, auto B>
constexpr bool same_member() noexcept
{
    if constexpr (std::is_same_v<decltype(A), decltype(B)>) {
        return A == B;
    } else {
        return false;
    }
}

}  // namespace detail

/// One member. The calls give a changed copy, so that they can be chained.
template <auto Member, class Converter = void>
class field {
public:
    constexpr field() = default;
    constexpr explicit field(const detail::field_traits& traits) noexcept : traits_(traits) {}

    /// What it is called outside. \param text  a literal.
    constexpr field name(std::string_view text) const noexcept
    {
        field made = *this;
        made.traits_.name = text;
        return made;
    }
    /// Must be there, even if it is a std::optional.
    constexpr field required() const noexcept { return with(detail::presence::required); }
    /// May be missing: then it keeps its initial value.
    constexpr field optional() const noexcept { return with(detail::presence::optional); }
    /// Neither read nor written.
    constexpr field ignore() const noexcept
    {
        field made = *this;
        made.traits_.ignored = true;
        return made;
    }
    /// A described struct whose members are read and written as if they were members here.
    constexpr field flatten() const noexcept
    {
        field made = *this;
        made.traits_.flat = true;
        return made;
    }
    /// A `value`, or a map from texts: it takes the members that the struct does not have.
    constexpr field collect() const noexcept
    {
        field made = *this;
        made.traits_.collects = true;
        return made;
    }
    /// Is written and read by functions of its own, `static value C::to_value(const M&)` and
    /// `static M C::from_value(const value&)`, M being the member's type. What they throw gets the
    /// member's path.
    template <class C>
    constexpr field<Member, C> convert() const noexcept
    {
        return field<Member, C>(traits_);
    }

    using converter = Converter;
    template <auto Other>
    static constexpr bool is_of() noexcept
    {
        return detail::same_member<Member, Other>();
    }
    constexpr const detail::field_traits& traits() const noexcept { return traits_; }

private:
    constexpr field with(detail::presence p) const noexcept
    {
        field made = *this;
        made.traits_.presence = p;
        return made;
    }

    detail::field_traits traits_;
};

/// What `describe_fields()` returns.
template <class... Field>
constexpr std::tuple<Field...> fields(const Field&... all) noexcept
{
    return {all...};
}

namespace detail {

template <std::size_t N>
struct variant_tag {
    std::string_view key;
    std::array<std::string_view, N> names;
};

template <class T>
concept has_fields = requires { describe_fields(static_cast<const T*>(nullptr)); };
template <class T>
concept has_tag = requires { describe_tag(static_cast<const T*>(nullptr)); };

template <class T>
using all_members_of = boost::describe::describe_members<T, boost::describe::mod_public |
                                                                boost::describe::mod_inherited>;

/// \tparam D  a member as Boost.Describe describes it.
template <class T, class D>
constexpr field_traits find_traits() noexcept
{
    field_traits made;
    if constexpr (has_fields<T>) {
        const auto look = [&made](const auto& f) {
            if (f.template is_of<D::pointer>()) made = f.traits();
        };
        std::apply([&look](const auto&... f) { (look(f), ...); },
                   describe_fields(static_cast<const T*>(nullptr)));
    }
    if (made.name.empty()) made.name = D::name;
    return made;
}
template <class T, class D>
inline constexpr field_traits traits_of = find_traits<T, D>();

template <class D, class... Field>
struct find_converter {
    using type = void;
};
template <class D, class First, class... Rest>
struct find_converter<D, First, Rest...> {
    using type = typename std::conditional_t<First::template is_of<D::pointer>(),
                                             std::type_identity<typename First::converter>,
                                             find_converter<D, Rest...>>::type;
};
template <class T, class D>
struct converter_in {
    using type = void;
};
template <has_fields T, class D>
struct converter_in<T, D> {
    template <class... Field>
    static find_converter<D, Field...> look(const std::tuple<Field...>&);
    using type = typename decltype(look(describe_fields(static_cast<const T*>(nullptr))))::type;
};
/// Void if there is none.
template <class T, class D>
using converter_of = typename converter_in<T, D>::type;

template <class T>
struct is_ignored {
    template <class D>
    using fn = boost::mp11::mp_bool<traits_of<T, D>.ignored>;
};
/// The members that are read and written.
template <class T>
using members_of = boost::mp11::mp_remove_if_q<all_members_of<T>, is_ignored<T>>;

template <class T>
struct collects {
    template <class D>
    using fn = boost::mp11::mp_bool<traits_of<T, D>.collects>;
};
/// Whether a member takes those that are unknown.
template <class T>
inline constexpr bool collects_unknown =
    boost::mp11::mp_any_of_q<members_of<T>, collects<T>>::value;

template <class T>
struct is_special {
    template <class D>
    using fn = boost::mp11::mp_bool<traits_of<T, D>.flat || traits_of<T, D>.collects ||
                                    !std::is_void_v<converter_of<T, D>>>;
};
/// Whether the struct is no more than names and members.
template <class T>
inline constexpr bool is_plain = !boost::mp11::mp_any_of_q<members_of<T>, is_special<T>>::value;

/// Whether a struct, with what is flat in it, has a member of that name.
template <class T>
bool has_member(std::string_view name) noexcept
{
    bool found = false;
    boost::mp11::mp_for_each<members_of<T>>([&]([[maybe_unused]] auto member) {
        using member_type = decltype(member);
        constexpr const field_traits& f = traits_of<T, member_type>;
        if constexpr (f.flat) {
            using inner = std::remove_cvref_t<decltype(std::declval<T&>().*member_type::pointer)>;
            found = found || has_member<inner>(name);
        } else if constexpr (!f.collects) {
            found = found || name == f.name;
        }
    });
    return found;
}

}  // namespace detail

/// What `describe_tag()` returns: the member that tells the alternatives apart, and its text for
/// each of them in order. It is written first; it need not be a member of the alternatives.
template <class... Text>
constexpr detail::variant_tag<sizeof...(Text)> tag(std::string_view key, Text... names) noexcept
{
    return {key, {std::string_view(names)...}};
}

}  // namespace ferry
