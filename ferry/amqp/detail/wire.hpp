#pragma once

#include "ferry/core/value.hpp"
#include "ferry/core/value_builder.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// The primitive types of AMQP 0-9-1 section 4.2.5, as RabbitMQ reads them: numbers big-endian.
namespace ferry::amqp::detail {

/// Tables may hold tables so deep, and no deeper.
inline constexpr std::size_t max_table_depth = 64;

/// Appends to a text.
class wire_writer {
public:
    explicit wire_writer(std::string& to) noexcept : out_{to} {}

    void octet(std::uint8_t v) { out_ += static_cast<char>(v); }
    void u16(std::uint16_t v) { number<2>(v); }
    void u32(std::uint32_t v) { number<4>(v); }
    void u64(std::uint64_t v) { number<8>(v); }

    /// \throws error(errc::bad_argument)  over 255 bytes, or no UTF-8.
    void short_text(std::string_view text);
    void long_text(std::string_view text);
    void raw(std::string_view text) { out_.append(text); }

    /// An object, or null for an empty one. \throws error(errc::bad_argument)  a member that AMQP
    /// cannot carry: an integer beyond 64 bits, a nesting beyond max_table_depth, a set...
    void table(const value& members);
    /// A member of a table behind its name: its type, and it. \throws as table()
    void field(const value& v) { field(v, 0); }

    std::size_t size() const noexcept { return out_.size(); }

    /// Writes a 32-bit number over what is at `at`.
    void patch_u32(std::size_t at, std::uint32_t v);

private:
    template <int Bytes>
    void number(std::uint64_t v)
    {
        char raw[Bytes];
        for (int i = 0; i < Bytes; ++i) {
            raw[i] = static_cast<char>(v >> (8 * (Bytes - 1 - i)));
        }
        out_.append(raw, Bytes);
    }
    void field(const value& v, std::size_t depth);
    void members(const value& v, std::size_t depth);
    void elements(const value& v, std::size_t depth);

    std::string& out_;
};

/// Reads from a part of memory. \throws protocol_error with errc::syntax_error  it ends too early,
/// or holds what AMQP does not have.
class wire_reader {
public:
    explicit wire_reader(std::string_view in) noexcept : in_{in} {}

    std::uint8_t octet() { return static_cast<std::uint8_t>(number<1>()); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(number<2>()); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(number<4>()); }
    std::uint64_t u64() { return number<8>(); }
    std::string_view short_text() { return take(octet()); }
    std::string_view long_text() { return take(u32()); }
    std::string_view take(std::size_t count)
    {
        if (count > in_.size()) throw_too_short();
        const std::string_view taken = in_.substr(0, count);
        in_.remove_prefix(count);
        return taken;
    }

    /// Of members with the same name the first counts.
    value table();
    /// What wire_writer::field() writes.
    value field();
    /// Goes beyond a field of that type. \return what follows its type, of a text, a table or an
    /// array without its length.
    std::string_view skip_field(char type);

    std::string_view rest() const noexcept { return in_; }
    bool done() const noexcept { return in_.empty(); }

private:
    // Some twenty of them in each delivery: inline, and without a loop that is left over.
    template <std::size_t Bytes>
    std::uint64_t number()
    {
        const std::string_view raw = take(Bytes);
        std::uint64_t v = 0;
        for (std::size_t i = 0; i < Bytes; ++i) v = v << 8U | static_cast<unsigned char>(raw[i]);
        return v;
    }
    [[noreturn]] static void throw_too_short();
    [[noreturn]] static void throw_unknown(char type);
    void table(value_builder& into, std::size_t depth);
    void field(value_builder& into, std::size_t depth);

    std::string_view in_;
};

}  // namespace ferry::amqp::detail
