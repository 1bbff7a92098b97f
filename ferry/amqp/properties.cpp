#include "ferry/amqp/properties.hpp"

#include "ferry/amqp/properties_reader.hpp"
#include "ferry/amqp/properties_writer.hpp"

#include <chrono>

namespace ferry::amqp {

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
    const properties_reader r(in);
    properties p;
    p.delivery_mode_ = r.delivery_mode();
    p.priority_ = r.priority();
    fields& f = p.set();
    f.content_type = r.content_type();
    f.content_encoding = r.content_encoding();
    f.headers = r.all_headers();
    f.correlation_id = r.correlation_id();
    f.reply_to = r.reply_to();
    f.expiration = r.expiration();
    f.message_id = r.message_id();
    if (r.timestamp()) {
        f.timestamp = ferry::timestamp(std::chrono::seconds(*r.timestamp() & 0xFFFFFFFFFFU));
    }
    f.type = r.type();
    f.user_id = r.user_id();
    f.app_id = r.app_id();
    return p;
}

}  // namespace ferry::amqp
