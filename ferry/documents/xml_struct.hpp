#pragma once

/// \file
/// XML into described structs (BOOST_DESCRIBE_STRUCT), by the names of their members:
///
///     struct book { std::string id; std::string title; std::optional<double> price; };
///     BOOST_DESCRIBE_STRUCT(book, (), (id, title, price))
///
///     auto books = xml::parse<std::vector<book>>(
///         "<books><book id='b1'><title>Tides</title><price>9.5</price></book></books>");
///
/// Out again they go by way of `xmltodict::unparse(value{{"book", to_value(b)}})`, where
/// ferry::field gives names such as `@id` and `#text` to what is to be no element.

#include "ferry/core/describe.hpp"
#include "ferry/documents/xml.hpp"

namespace ferry::xml {

namespace detail {

using namespace ferry::detail;

/// What a text says: a number, `true`, `false`, or else the text; without white space around it.
value plain_value(std::string_view text);
/// The text without white space around it.
std::string_view stripped(std::string_view text) noexcept;
/// The element in xmltodict's form.
value dictionary_of(const element& e);
/// Whether it has neither text nor attributes nor child elements.
bool is_empty(const element& e);
/// The child elements of that name: `local`, `prefix:local` or `{uri}local`.
std::vector<element> named(const element& e, std::string_view name);
[[noreturn]] void throw_several(std::string_view name, std::size_t count);

template <class T>
struct held {
    using type = T;
};
template <class T>
struct held<std::optional<T>> : held<T> {};
template <class T>
struct held<std::unique_ptr<T>> : held<T> {};

template <class T>
inline constexpr bool takes_several =
    (list_like<T> || set_like<T>) && !byte_list<T> && !std::same_as<T, std::string>;

class element_reader {
public:
    explicit element_reader(std::size_t max_depth) : max_depth_(max_depth) {}

    /// What from_value<T> wants to see for that element.
    template <class T>
    value read(const element& e, std::size_t depth) const
    {
        if (depth > max_depth_) throw limit_error{"max_depth", max_depth_};
        using type = typename held<T>::type;
        if constexpr (std::same_as<type, value>) {
            return dictionary_of(e);
        } else if constexpr (custom_in<type>) {
            return value(e.text_content());
        } else if constexpr (may_be_missing<T>) {
            return is_empty(e) ? value() : read<type>(e, depth);
        } else if constexpr (takes_several<type>) {
            value made = value::array();
            for (const element& child : e.children())
                made.push_back(read<typename type::value_type>(child, depth + 1));
            return made;
        } else if constexpr (map_like<type>) {
            value made = value::object();
            for (const element& child : e.children()) {
                const std::string_view name = child.local_name();
                if (made.contains(name)) throw_several(name, 2);
                made.insert(name, read<typename type::mapped_type>(child, depth + 1));
            }
            return made;
        } else if constexpr (described_struct<type>) {
            value made = value::object();
            put_members<type>(e, made, depth);
            return made;
        } else {
            return of_text<type>(e.text_content());
        }
    }

private:
    template <class T>
    static value of_text(std::string_view text)
    {
        using type = typename held<T>::type;
        if constexpr (std::same_as<type, std::string>) {
            return value(std::string(text));
        } else if constexpr (number<type> || std::same_as<type, bool> || std::is_enum_v<type> ||
                             std::same_as<type, value> || is_duration<type>) {
            return plain_value(text);
        } else {
            return value(std::string(stripped(text)));
        }
    }

    template <class T>
    void put_members(const element& e, value& into, std::size_t depth) const
    {
        boost::mp11::mp_for_each<members_of<T>>([&](auto member) {
            constexpr const field_traits& f = traits_of<T, decltype(member)>;
            using type = std::remove_cvref_t<decltype(std::declval<T&>().*member.pointer)>;
            if constexpr (f.flat) {
                put_members<type>(e, into, depth);
            } else if constexpr (f.collects) {
                put_unknown<T>(e, into);
            } else {
                put_member<type>(e, f.name, into, depth);
            }
        });
    }
    template <class M>
    void put_member(const element& e, std::string_view name, value& into, std::size_t depth) const
    {
        using type = typename held<M>::type;
        if (name == "#text") {
            into.insert(name, of_text<M>(e.text()));
            return;
        }
        if (name.starts_with('@')) {
            if (const auto text = e.get(name.substr(1))) into.insert(name, of_text<M>(*text));
            return;
        }
        const std::vector<element> found = named(e, name);
        if constexpr (takes_several<type>) {
            value all = value::array();
            for (const element& child : found)
                all.push_back(read<typename type::value_type>(child, depth + 1));
            into.insert(name, std::move(all));
        } else if (found.size() > 1) {
            throw_several(name, found.size());
        } else if (!found.empty()) {
            into.insert(name, read<M>(found.front(), depth + 1));
        } else if (const auto text = e.get(name)) {
            into.insert(name, of_text<M>(*text));
        }
    }
    /// As xmltodict has them.
    template <class T>
    void put_unknown(const element& e, value& into) const
    {
        const value all = dictionary_of(e);
        if (!all.is_object()) return;
        for (const auto& [name, v] : all.items()) {
            const bool known =
                has_member<T>(name) || (name.starts_with('@') && has_member<T>(name.substr(1)));
            if (!known) into.insert(name, v);
        }
    }

    std::size_t max_depth_;
};

}  // namespace detail

/// Reads an element into anything that describe.hpp maps.
///
/// | in the struct | in the element |
/// | --- | --- |
/// | a member | the one child element of that name, or else the attribute |
/// | a vector, list or set | all child elements of that name, none if there are none |
/// | a member with the name `@x`, `#text` | the attribute x, the text before the first child |
/// | `optional` of an element that is empty | nothing |
/// | a text, a number, a time | all the text in the element; numbers without white space around |
/// | `value` | xmltodict's form |
/// | a vector or map of its own, not as a member | the child elements, by their local names |
///
/// \throws type_error, range_error, lookup_error  with the path in the struct and the place of the
///             element: `element 'book' (line 1 column 8): $.price: expected number, got string`.
/// Cost: linear, by way of a value; each member looks through the children.
template <class T>
T from_element(const element& e, const decode_options& options = decode_options())
{
    try {
        return from_value<T>(detail::element_reader(options.depth_limit()).read<T>(e, 0), options);
    } catch (error& wrong) {
        const text_position at = e.position();
        wrong.add_context("element '" + std::string(e.local_name()) + "' (line " +
                          std::to_string(at.line) + " column " + std::to_string(at.column) + ")");
        throw;
    }
}

/// Parses a text and reads its element. \throws parse_error, limit_error  as parse().
template <class T>
T parse(std::string_view text, const options& with = options(),
        const decode_options& decode = decode_options())
{
    return from_element<T>(parse(text, with).root(), decode);
}

}  // namespace ferry::xml
