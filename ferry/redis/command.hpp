#pragma once

#include "ferry/core/bytes.hpp"
#include "ferry/core/error.hpp"

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace ferry::redis {

/// What may stand in a command: texts, bytes, numbers, and ranges of these or of pairs of these,
/// such as a map, which are spread.
template <class T>
concept argument =
    std::convertible_to<const T&, std::string_view> || std::integral<T> || std::floating_point<T> ||
    std::convertible_to<const T&, std::span<const std::byte>> || std::ranges::input_range<const T>;

/// A command as it goes over the wire: an array of strings, of any bytes. Numbers are written in
/// the shortest decimal form. Cheap to move; building one costs an allocation or two.
class command {
public:
    template <argument... Arguments>
    explicit command(std::string_view name, const Arguments&... arguments)
    {
        add(name);
        (add(arguments), ...);
    }

    template <argument T>
    command& add(const T& value)
    {
        if constexpr (std::convertible_to<const T&, std::string_view>) {
            put(value);
        } else if constexpr (std::convertible_to<const T&, std::span<const std::byte>>) {
            put(as_text(value));
        } else if constexpr (std::same_as<T, bool>) {
            put(value ? "1" : "0");
        } else if constexpr (std::is_arithmetic_v<T>) {
            std::array<char, 32> digits;
            const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
            put({digits.data(), end});
        } else {
            for (const auto& element : value) {
                if constexpr (requires { element.first, element.second; }) {
                    add(element.first);
                    add(element.second);
                } else {
                    add(element);
                }
            }
        }
        return *this;
    }

    /// Carrying it out twice does no harm: it is sent again if the connection was lost before the
    /// answer came.
    command& repeatable()
    {
        repeatable_ = true;
        return *this;
    }
    bool is_repeatable() const noexcept { return repeatable_; }

    std::size_t arguments() const noexcept { return count_; }

    /// The name, for error messages: never an argument.
    std::string_view name() const noexcept;

    void append_to(std::string& out) const;

private:
    void put(std::string_view text);

    std::string body_;
    std::size_t count_ = 0;
    bool repeatable_ = false;
};
static_assert(awaitable_argument<command>);

namespace detail {

/// Lets the parts of commands reach what a client or a pipeline does with one.
class command_access {
public:
    template <class T, template <class> class Part, class Self>
    static decltype(auto) run(Part<Self>& part, command c)
    {
        return static_cast<Self&>(part).template run_command<T>(std::move(c));
    }
};

template <class T, template <class> class Part, class Self>
decltype(auto) send(Part<Self>& part, command c)
{
    return command_access::run<T>(part, std::move(c));
}

/// A command that may be sent again: see command::repeatable.
template <class T, template <class> class Part, class Self, class... Arguments>
decltype(auto) read(Part<Self>& part, const Arguments&... arguments)
{
    command c(arguments...);
    c.repeatable();
    return send<T>(part, std::move(c));
}

/// One that may not.
template <class T, template <class> class Part, class Self, class... Arguments>
decltype(auto) write(Part<Self>& part, const Arguments&... arguments)
{
    return send<T>(part, command(arguments...));
}

}  // namespace detail

}  // namespace ferry::redis
