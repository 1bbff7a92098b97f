#pragma once

/// \file
/// Structs to JSON text, without a `value` in between. Not for direct use: see `json::dump`.

#include "ferry/core/describe.hpp"

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

namespace ferry::json {

class dump_options;
class dumper;

namespace detail {

using namespace ferry::detail;

/// Writes what `dump(to_value(from))` would write.
class text_encoder {
public:
    explicit text_encoder(const dump_options& options);
    text_encoder(const text_encoder&) = delete;
    text_encoder& operator=(const text_encoder&) = delete;
    ~text_encoder();

    template <class T>
    void write(const T& from)
    {
        if constexpr (std::same_as<T, value>) {
            write_value(from);
        } else if constexpr (custom_out<T> || is_system_time<T> || is_duration<T>) {
            write_value(to_value(from));
        } else if constexpr (std::same_as<T, bool>) {
            write_boolean(from);
        } else if constexpr (std::floating_point<T>) {
            write_real(static_cast<double>(from));
        } else if constexpr (number<T>) {
            if (std::in_range<std::int64_t>(from)) {
                write_integer(static_cast<std::int64_t>(from));
            } else {
                write_value(value(from));
            }
        } else if constexpr (std::convertible_to<const T&, std::string_view>) {
            write_text(from);
        } else if constexpr (std::constructible_from<value, const T&> || byte_list<T> ||
                             std::is_enum_v<T>) {
            write_value(to_value(from));
        } else if constexpr (std::same_as<T, std::monostate>) {
            write_null();
        } else if constexpr (may_be_missing<T>) {
            if (from) {
                write(*from);
            } else {
                write_null();
            }
        } else if constexpr (has_tag<T>) {
            write_value(to_value(from));
        } else if constexpr (is_a<T, std::variant>) {
            std::visit([this](const auto& alternative) { this->write(alternative); }, from);
        } else if constexpr (is_a<T, std::pair> || is_a<T, std::tuple>) {
            open('[');
            std::apply([this](const auto&... item) { (this->write_element(item), ...); }, from);
            close(']');
        } else if constexpr (map_like<T>) {
            write_map(from);
        } else if constexpr (list_like<T> || set_like<T> || is_std_array<T>) {
            open('[');
            // vector<bool> has no references to its elements.
            for (const auto& item : from) {
                write_element(static_cast<const typename T::value_type&>(item));
            }
            close(']');
        } else {
            static_assert(described_struct<T>,
                          "describe the type with BOOST_DESCRIBE_STRUCT, or give it to_value");
            write_struct(from);
        }
    }
    std::string finish();

private:
    template <class T>
    void write_element(const T& item)
    {
        separate();
        write(item);
    }
    template <class T>
    void write_struct(const T& from)
    {
        if constexpr (is_plain<T>) {
            open('{');
            boost::mp11::mp_for_each<members_of<T>>([&](auto member) {
                write_name(traits_of<T, decltype(member)>.name);
                write(from.*member.pointer);
            });
            close('}');
        } else {
            write_value(to_value(from));
        }
    }
    template <class T>
    void write_map(const T& from)
    {
        using key_type = typename T::key_type;
        constexpr bool text = std::convertible_to<const key_type&, std::string_view>;
        if constexpr (text || std::integral<key_type>) {
            open('{');
            for (const auto& [key, item] : from) {
                if constexpr (text) {
                    write_name(key);
                } else {
                    write_name(key_text(key));
                }
                write(item);
            }
            close('}');
        } else {
            // Different keys may have the same text.
            write_value(to_value(from));
        }
    }

    void open(char bracket);
    void close(char bracket);
    void separate();
    void write_name(std::string_view name);
    void write_null();
    void write_boolean(bool b);
    void write_integer(std::int64_t n);
    void write_real(double n);
    void write_text(std::string_view text);
    void write_value(const value& v);

    std::unique_ptr<dumper> out_;
    bool first_ = true;
};

/// The members are to be in another order than that of their description.
bool needs_value(const dump_options& options) noexcept;

}  // namespace detail
}  // namespace ferry::json
