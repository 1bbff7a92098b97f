#include "ferry/amqp/properties_reader.hpp"

#include "ferry/amqp/detail/wire.hpp"

#include <algorithm>

namespace ferry::amqp {
namespace {

// The bits of the flags, first property highest.
enum bit : unsigned {
    content_type_bit = 15,
    content_encoding_bit = 14,
    headers_bit = 13,
    delivery_mode_bit = 12,
    priority_bit = 11,
    correlation_id_bit = 10,
    reply_to_bit = 9,
    expiration_bit = 8,
    message_id_bit = 7,
    timestamp_bit = 6,
    type_bit = 5,
    user_id_bit = 4,
    app_id_bit = 3,
    cluster_id_bit = 2,
    more_bit = 0
};

}  // namespace

bool header_reader::next()
{
    if (rest_.empty()) return false;
    detail::wire_reader r(rest_);
    name_ = r.short_text();
    const std::string_view from = r.rest();
    type_ = static_cast<char>(r.octet());
    text_ = r.skip_field(type_);
    rest_ = r.rest();
    field_ = from.substr(0, from.size() - rest_.size());
    return true;
}

std::optional<std::int64_t> header_reader::integer() const
{
    detail::wire_reader r(text_);
    switch (type_) {
        case 'b': return static_cast<std::int8_t>(r.octet());
        case 'B': return r.octet();
        case 's':
        case 'U': return static_cast<std::int16_t>(r.u16());
        case 'u': return r.u16();
        case 'I': return static_cast<std::int32_t>(r.u32());
        case 'i': return r.u32();
        case 'l':
        case 'L': return static_cast<std::int64_t>(r.u64());
        default: return std::nullopt;
    }
}

bool header_reader::holds_nulls(std::size_t count) const noexcept
{
    return type_ == 'A' && text_.size() == count &&
           std::ranges::all_of(text_, [](char c) { return c == 'V'; });
}

value header_reader::get() const
{
    return detail::wire_reader(field_).field();
}

properties_reader::properties_reader(std::string_view text)
{
    detail::wire_reader r(text);
    const unsigned flags = r.u16();
    // Nobody has more than one word of flags; what they would mean is unknown.
    for (unsigned more = flags; (more & 1U << more_bit) != 0;) more = r.u16();
    const auto has = [&](bit b) { return (flags & 1U << b) != 0; };
    if (has(content_type_bit)) content_type_ = r.short_text();
    if (has(content_encoding_bit)) content_encoding_ = r.short_text();
    if (has(headers_bit)) {
        has_headers_ = true;
        table_ = r.rest();
        headers_ = r.long_text();
    }
    if (has(delivery_mode_bit)) delivery_mode_ = r.octet();
    if (has(priority_bit)) priority_ = r.octet();
    if (has(correlation_id_bit)) correlation_id_ = r.short_text();
    if (has(reply_to_bit)) reply_to_ = r.short_text();
    if (has(expiration_bit)) expiration_ = r.short_text();
    if (has(message_id_bit)) message_id_ = r.short_text();
    if (has(timestamp_bit)) timestamp_ = r.u64();
    if (has(type_bit)) type_ = r.short_text();
    if (has(user_id_bit)) user_id_ = r.short_text();
    if (has(app_id_bit)) app_id_ = r.short_text();
    if (has(cluster_id_bit)) r.short_text();
}

value properties_reader::all_headers() const
{
    return has_headers_ ? detail::wire_reader(table_).table() : value();
}

}  // namespace ferry::amqp
