#include "ferry/amqp/properties_writer.hpp"

#include "ferry/amqp/detail/wire.hpp"
#include "ferry/amqp/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ferry::amqp {
namespace {

using detail::wire_writer;

constexpr unsigned headers_bit = 13;
constexpr unsigned timestamp_bit = 6;
constexpr std::size_t max_short_text = 255;

[[noreturn]] void throw_too_long(std::string_view name)
{
    throw error(errc::bad_argument, fmt::format("amqp: a name of {} bytes, 255 at most: {}...",
                                                name.size(), name.substr(0, 40)));
}

}  // namespace

properties_writer::properties_writer(std::string& out) : out_{out}, at_{out.size()}
{
    wire_writer(out_).u16(0);
}

properties_writer::~properties_writer()
{
    out_[at_] = static_cast<char>(flags_ >> 8U);
    out_[at_ + 1] = static_cast<char>(flags_ & 0xFFU);
}

void properties_writer::short_text(unsigned bit, std::string_view text)
{
    if (text.empty()) return;
    set(bit);
    wire_writer(out_).short_text(text);
}

void properties_writer::octet(unsigned bit, std::uint8_t v)
{
    set(bit);
    wire_writer(out_).octet(v);
}

void properties_writer::timestamp(std::uint64_t seconds)
{
    set(timestamp_bit);
    wire_writer(out_).u64(seconds);
}

void properties_writer::headers(const value& table)
{
    if (table.is_null()) return;
    set(headers_bit);
    wire_writer(out_).table(table);
}

void properties_writer::begin_headers()
{
    set(headers_bit);
    table_ = out_.size();
    wire_writer(out_).u32(0);
}

void properties_writer::header(std::string_view name, std::string_view text)
{
    // Most of what such messages say: put together first, and appended at once.
    std::array<char, 1 + max_short_text + 1 + 4> before;
    if (name.size() > max_short_text) throw_too_long(name);
    char* at = before.data();
    *at++ = static_cast<char>(name.size());
    at = std::ranges::copy(name, at).out;
    *at++ = 'S';
    for (unsigned shift = 32; shift > 0;) *at++ = static_cast<char>(text.size() >> (shift -= 8));
    out_.append(before.data(), at);
    out_.append(text);
}

void properties_writer::header(std::string_view name, const value& v)
{
    wire_writer w(out_);
    w.short_text(name);
    w.field(v);
}

void properties_writer::end_headers()
{
    wire_writer(out_).patch_u32(
        table_, static_cast<std::uint32_t>(out_.size() - table_ - sizeof(std::uint32_t)));
}

}  // namespace ferry::amqp
