#include "ferry/amqp/properties.hpp"

#include "ferry/amqp/detail/wire.hpp"
#include "ferry/amqp/properties_writer.hpp"

#include <chrono>

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

properties::fields& properties::set()
{
    if (!fields_) {
        fields_ = std::make_shared<fields>();
    } else if (fields_.use_count() > 1) {
        fields_ = std::make_shared<fields>(*fields_);
    }
    return *fields_;
}

const properties::fields& properties::get() const noexcept
{
    static const fields none;
    return fields_ ? *fields_ : none;
}

void properties::append_to(std::string& out) const
{
    properties_writer w(out);
    if (!fields_) {
        if (delivery_mode_) w.delivery_mode(*delivery_mode_);
        if (priority_) w.priority(*priority_);
        return;
    }
    const fields& f = *fields_;
    w.content_type(f.content_type);
    w.content_encoding(f.content_encoding);
    w.headers(f.headers);
    if (delivery_mode_) w.delivery_mode(*delivery_mode_);
    if (priority_) w.priority(*priority_);
    w.correlation_id(f.correlation_id);
    w.reply_to(f.reply_to);
    w.expiration(f.expiration);
    w.message_id(f.message_id);
    if (f.timestamp) {
        const auto s = std::chrono::floor<std::chrono::seconds>(*f.timestamp).time_since_epoch();
        w.timestamp(static_cast<std::uint64_t>(s.count()));
    }
    w.type(f.type);
    w.user_id(f.user_id);
    w.app_id(f.app_id);
}

properties properties::parse(std::string_view in)
{
    properties p;
    fields& f = p.set();
    detail::wire_reader r(in);
    const unsigned flags = r.u16();
    // Nobody has more than one word of flags; what they would mean is unknown.
    for (unsigned more = flags; (more & 1U << more_bit) != 0;) more = r.u16();
    const auto has = [&](bit b) { return (flags & 1U << b) != 0; };
    if (has(content_type_bit)) f.content_type = r.short_text();
    if (has(content_encoding_bit)) f.content_encoding = r.short_text();
    if (has(headers_bit)) f.headers = r.table();
    if (has(delivery_mode_bit)) p.delivery_mode_ = r.octet();
    if (has(priority_bit)) p.priority_ = r.octet();
    if (has(correlation_id_bit)) f.correlation_id = r.short_text();
    if (has(reply_to_bit)) f.reply_to = r.short_text();
    if (has(expiration_bit)) f.expiration = r.short_text();
    if (has(message_id_bit)) f.message_id = r.short_text();
    if (has(timestamp_bit))
        f.timestamp = ferry::timestamp(std::chrono::seconds(r.u64() & 0xFFFFFFFFFFU));
    if (has(type_bit)) f.type = r.short_text();
    if (has(user_id_bit)) f.user_id = r.short_text();
    if (has(app_id_bit)) f.app_id = r.short_text();
    if (has(cluster_id_bit)) r.short_text();
    return p;
}

}  // namespace ferry::amqp
