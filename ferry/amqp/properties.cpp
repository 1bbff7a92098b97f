#include "ferry/amqp/properties.hpp"

#include "ferry/amqp/detail/wire.hpp"

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

// Writes the values that are set, and remembers which.
class property_writer {
public:
    explicit property_writer(std::string& out) : out_{out}, at_{out.size()}, wire_{out}
    {
        wire_.u16(0);
    }
    ~property_writer()
    {
        out_[at_] = static_cast<char>(flags_ >> 8U);
        out_[at_ + 1] = static_cast<char>(flags_ & 0xFFU);
    }
    property_writer(const property_writer&) = delete;
    property_writer& operator=(const property_writer&) = delete;

    void text(bit b, const std::string& s)
    {
        if (s.empty()) return;
        set(b);
        wire_.short_text(s);
    }
    void octet(bit b, const std::optional<std::uint8_t>& v)
    {
        if (!v) return;
        set(b);
        wire_.octet(*v);
    }
    void table(bit b, const value& v)
    {
        if (v.is_null()) return;
        set(b);
        wire_.table(v);
    }
    void time(bit b, const std::optional<timestamp>& t)
    {
        if (!t) return;
        set(b);
        const auto s = std::chrono::floor<std::chrono::seconds>(*t).time_since_epoch().count();
        wire_.u64(static_cast<std::uint64_t>(s));
    }

private:
    void set(bit b) { flags_ |= 1U << b; }

    std::string& out_;
    std::size_t at_;
    detail::wire_writer wire_;
    unsigned flags_ = 0;
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
    const fields& f = get();
    property_writer w(out);
    w.text(content_type_bit, f.content_type);
    w.text(content_encoding_bit, f.content_encoding);
    w.table(headers_bit, f.headers);
    w.octet(delivery_mode_bit, delivery_mode_);
    w.octet(priority_bit, priority_);
    w.text(correlation_id_bit, f.correlation_id);
    w.text(reply_to_bit, f.reply_to);
    w.text(expiration_bit, f.expiration);
    w.text(message_id_bit, f.message_id);
    w.time(timestamp_bit, f.timestamp);
    w.text(type_bit, f.type);
    w.text(user_id_bit, f.user_id);
    w.text(app_id_bit, f.app_id);
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
