#pragma once

/// \file
/// Structs from the tokens of a JSON text, without a `value` in between. Not for direct use: see
/// `json::parse<T>`.

#include "ferry/core/describe.hpp"
#include "ferry/documents/json_reader.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace ferry::json::detail {

using namespace ferry::detail;

/// Reads what `from_value` would read from the parsed text. As with `reader`, false means that the
/// text must be read again in the careful way, which decides what is wrong, if anything is.
class text_decoder {
public:
    text_decoder(reader& in, const decode_options& options) : in_{in}, options_{options} {}

    /// Something was met that the next alternative of a variant cannot make good.
    bool unsure() const noexcept { return unsure_; }

    /// \param depth  the containers around the present token.
    template <class T>
    bool read(T& out, std::size_t depth)
    {
        if constexpr (std::same_as<T, value>) {
            return in_.read(out, depth);
        } else if constexpr (custom_in<T>) {
            return read_by_value(out, depth);
        } else if constexpr (std::same_as<T, bool> || std::same_as<T, std::string>) {
            return in_.read(out);
        } else if constexpr (std::integral<T> && number<T>) {
            return read_integer(out);
        } else if constexpr (std::floating_point<T>) {
            double wide = 0;
            if (!in_.read(wide)) return false;
            out = static_cast<T>(wide);
            return true;
        } else if constexpr (is_a<T, std::optional> || is_a<T, std::unique_ptr>) {
            return read_maybe(out, depth);
        } else if constexpr (has_tag<T>) {
            return read_by_value(out, depth);
        } else if constexpr (is_a<T, std::variant>) {
            return read_variant(out, depth);
        } else if constexpr (is_a<T, std::pair> || is_a<T, std::tuple> || is_std_array<T>) {
            return in_.peek() == '[' && enter(depth) && read_tuple(out, depth);
        } else if constexpr (is_system_time<T> || is_duration<T> || scalar<T> || byte_list<T> ||
                             std::is_enum_v<T> || std::same_as<T, std::monostate>) {
            return read_by_value(out, depth);
        } else if constexpr (map_like<T>) {
            return in_.peek() == '{' && enter(depth) && read_map(out, depth);
        } else if constexpr (list_like<T> || set_like<T>) {
            return in_.peek() == '[' && enter(depth) && read_list(out, depth);
        } else {
            static_assert(described_struct<T>,
                          "describe the type with BOOST_DESCRIBE_STRUCT, or give it from_value");
            if constexpr (is_plain<T>) {
                return in_.peek() == '{' && enter(depth) && read_struct(out, depth);
            } else {
                return read_by_value(out, depth);
            }
        }
    }

private:
    bool give_up() noexcept
    {
        unsure_ = true;
        return false;
    }
    /// Opens the array or object at the present token.
    bool enter(std::size_t depth) noexcept
    {
        if (depth >= options_.depth_limit() || depth >= in_.max_depth()) return give_up();
        return in_.take(in_.peek());
    }
    /// Behind an element or a member: a comma, or the end, which is told in `more`.
    bool next(char end, std::size_t depth, bool& more) noexcept
    {
        more = in_.take(',');
        return more || in_.close(end, depth);
    }

    /// What describe.hpp alone knows how to read is made a value first.
    template <class T>
    bool read_by_value(T& out, std::size_t depth)
    {
        value made;
        if (!in_.read(made, depth)) return false;
        try {
            decoder{options_}.read_into(made, out, nullptr);
            return true;
        } catch (const type_error&) {
        } catch (const range_error&) {
        } catch (const lookup_error&) {
        } catch (const error&) {
            unsure_ = true;
        }
        return false;
    }

    template <class T>
    bool read_integer(T& out)
    {
        std::int64_t wide = 0;
        if (!in_.read(wide) || !std::in_range<T>(wide)) return false;
        out = static_cast<T>(wide);
        return true;
    }

    template <class T>
    bool read_maybe(T& out, std::size_t depth)
    {
        if (in_.peek() == 'n') {
            out.reset();
            return in_.read_null();
        }
        if constexpr (is_a<T, std::optional>) {
            return read(out.emplace(), depth);
        } else {
            out = std::make_unique<typename T::element_type>();
            return read(*out, depth);
        }
    }

    template <class... T>
    bool read_variant(std::variant<T...>& out, std::size_t depth)
    {
        const std::uint32_t* const place = in_.place();
        const auto fits = [&]<class A>(std::type_identity<A>) {
            if (unsure_) return false;
            A alternative{};
            in_.return_to(place);
            if (!read(alternative, depth)) return false;
            out = std::move(alternative);
            return true;
        };
        return (fits(std::type_identity<T>{}) || ...);
    }

    template <class T>
    bool read_tuple(T& out, std::size_t depth)
    {
        const auto element = [&](std::size_t i, auto& item) {
            return (i == 0 || in_.take(',')) && read(item, depth + 1);
        };
        constexpr std::size_t size = std::tuple_size_v<T>;
        if constexpr (is_std_array<T>) {
            for (std::size_t i = 0; i < size; ++i) {
                if (!element(i, out[i])) return false;
            }
        } else {
            const bool all = [&]<std::size_t... I>(std::index_sequence<I...>) {
                return (element(I, std::get<I>(out)) && ...);
            }(std::make_index_sequence<size>());
            if (!all) return false;
        }
        return in_.close(']', depth);
    }

    template <class T>
    bool read_list(T& out, std::size_t depth)
    {
        using item_type = typename T::value_type;
        out.clear();
        if (in_.peek() == ']') return in_.close(']', depth);
        for (bool more = true; more;) {
            if constexpr (list_like<T> && !std::same_as<item_type, bool>) {
                out.push_back(item_type{});
                if (!read(out.back(), depth + 1)) return false;
            } else {
                item_type item{};
                if (!read(item, depth + 1)) return false;
                if constexpr (list_like<T>) {
                    out.push_back(std::move(item));
                } else {
                    out.insert(std::move(item));
                }
            }
            if (!next(']', depth, more)) return false;
        }
        return true;
    }

    template <class T>
    bool read_map(T& out, std::size_t depth)
    {
        using key_type = typename T::key_type;
        out.clear();
        if (in_.peek() == '}') return in_.close('}', depth);
        for (bool more = true; more;) {
            std::string_view name;
            if (!in_.read_name(name)) return false;
            std::optional<key_type> key;
            try {
                key.emplace(key_from<key_type>(name, nullptr));
            } catch (const error&) {
                return false;
            }
            const auto [place, is_new] = out.try_emplace(std::move(*key));
            // Which of equal names counts is for the careful way to say.
            if (!is_new) return give_up();
            if (!read(place->second, depth + 1) || !next('}', depth, more)) return false;
        }
        return true;
    }

    template <class T>
    bool read_struct(T& out, std::size_t depth)
    {
        constexpr std::size_t count = boost::mp11::mp_size<members_of<T>>::value;
        constexpr auto indexes = std::make_index_sequence<count>();
        std::bitset<count == 0 ? 1 : count> seen;
        std::size_t expected = 0;
        bool more = in_.peek() != '}';
        while (more) {
            if (!read_member<T>(out, depth, expected, seen, indexes)) return false;
            more = in_.take(',');
        }
        return in_.close('}', depth) && (options_.allows_missing() || all_seen<T>(seen, indexes));
    }

    template <class T, std::size_t N>
    static constexpr std::string_view name_of_member()
    {
        return traits_of<T, boost::mp11::mp_at_c<members_of<T>, N>>.name;
    }
    template <class T, std::size_t N>
    static constexpr auto quoted_name = [] {
        constexpr std::string_view name = name_of_member<T, N>();
        std::array<char, name.size() + 2> made{};
        made.front() = made.back() = '"';
        std::copy(name.begin(), name.end(), made.begin() + 1);
        return made;
    }();
    /// A comparison whose length the compiler knows.
    template <class T, std::size_t N>
    static bool is_member(std::string_view name) noexcept
    {
        constexpr std::string_view own = name_of_member<T, N>();
        return name.size() == own.size() && std::memcmp(name.data(), own.data(), own.size()) == 0;
    }

    /// The member at the present token, most likely the one behind the last, or those up to the
    /// next that may be known.
    template <class T, class Seen, std::size_t... I>
    [[gnu::always_inline]] bool read_member(T& out, std::size_t depth, std::size_t& expected,
                                            Seen& seen, std::index_sequence<I...>)
    {
        bool good = false;
        [[maybe_unused]] const auto take =
            [&]<std::size_t N>(std::integral_constant<std::size_t, N>) {
                using member = boost::mp11::mp_at_c<members_of<T>, N>;
                if (seen[N]) {
                    give_up();
                    return true;
                }
                seen.set(N);
                expected = N + 1;
                good = read(out.*member::pointer, depth + 1);
                return true;
            };
        const bool as_expected = ((expected == I && in_.take_name(quoted_name<T, I>) &&
                                   take(std::integral_constant<std::size_t, I>{})) ||
                                  ...);
        if (as_expected) return good;
        if (!options_.rejects_unknown()) {
            constexpr std::uint64_t lengths =
                ((std::uint64_t{1} << std::min<std::size_t>(name_of_member<T, I>().size(), 63)) |
                 ... | 0U);
            if (!in_.skip_members(lengths, depth + 1)) return false;
            if (in_.peek() == '}') return true;
        }
        std::string_view name;
        if (!in_.read_name(name)) return false;
        if (((is_member<T, I>(name) && take(std::integral_constant<std::size_t, I>{})) || ...)) {
            return good;
        }
        return !options_.rejects_unknown() && in_.skip(depth + 1);
    }

    template <class T, class Seen, std::size_t... I>
    static bool all_seen(const Seen& seen, std::index_sequence<I...>)
    {
        return ((seen[I] || !is_required<T, boost::mp11::mp_at_c<members_of<T>, I>>) && ...);
    }

    reader& in_;
    const decode_options& options_;
    bool unsure_ = false;
};

/// \returns whether the careful way is not needed.
template <class T>
bool decode_document(std::string_view text, const read_settings& settings,
                     const decode_options& options, T& into)
{
    if (settings.careful || settings.decimals || text.size() > settings.max_string_bytes)
        return false;
    reader in{text, settings};
    return in.ready() && text_decoder{in, options}.read(into, 0) && in.at_end();
}

}  // namespace ferry::json::detail
