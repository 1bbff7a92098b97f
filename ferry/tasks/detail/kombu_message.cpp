#include "ferry/tasks/detail/kombu_message.hpp"

#include "ferry/core/base64.hpp"
#include "ferry/core/bytes.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/tasks/detail/wire_json.hpp"

#include <algorithm>
#include <utility>

namespace ferry::tasks::detail {
namespace {

[[noreturn]] void refuse(const char* why)
{
    throw error{ferry::errc::malformed, std::string{"kombu message: "} + why};
}

std::string text_or_empty(const value* v)
{
    return v != nullptr && v->is_string() ? v->as<std::string>() : std::string{};
}

std::string body_of(const value& all, const value* encoding)
{
    const value* body = all.get_if("body");
    if (body == nullptr || !body->is_string()) refuse("no body");
    const auto text = body->as<std::string_view>();
    if (encoding == nullptr || encoding->is_null()) return std::string{text};
    if (!encoding->is_string() || encoding->as<std::string_view>() != "base64") {
        refuse("unknown body_encoding");
    }
    return std::string{as_text(base64::decode_lenient(text))};
}

}  // namespace

std::string to_kombu(const envelope& e, std::string_view exchange, std::string_view routing_key)
{
    value properties =
        value::object("correlation_id", e.correlation_id, "reply_to", e.reply_to, "delivery_mode",
                      e.delivery_mode, "delivery_info",
                      value::object("exchange", exchange, "routing_key", routing_key), "priority",
                      e.priority, "body_encoding", "base64", "delivery_tag", uuid4());
    if (!e.expiration.empty()) properties.insert("expiration", e.expiration);
    return dump_wire(value::object("body", base64::encode(e.body), "content-encoding",
                                   e.content_encoding, "content-type", e.content_type, "headers",
                                   e.headers, "properties", std::move(properties)));
}

kombu_message from_kombu(std::string_view text)
{
    if (text.size() > 2 * max_body_bytes) throw limit_error{"max_body_bytes", max_body_bytes};
    const value all = parse_wire(text);
    if (!all.is_object()) refuse("not a mapping");
    static const value no_properties = value::object();
    const value* properties = all.get_if("properties");
    if (properties == nullptr) properties = &no_properties;
    if (!properties->is_object()) refuse("properties: not a mapping");
    kombu_message m;
    m.content = envelope_from_value(all, body_of(all, properties->get_if("body_encoding")));
    const value* info = properties->get_if("delivery_info");
    const value* again = info != nullptr ? info->get_if("redelivered") : nullptr;
    m.redelivered = again != nullptr && again->is_boolean() && again->as<bool>();
    return m;
}

restored_message restore_kombu(std::string_view unacked_entry)
{
    value entry = parse_wire(unacked_entry);
    if (!entry.is_sequence() || entry.size() != 3 || !entry.at(0).is_object()) refuse("no entry");
    value& all = entry[0];
    restored_message m;
    m.queue = text_or_empty(&entry.at(2));
    if (m.queue.empty()) refuse("no queue");
    if (value& headers = all["headers"]; headers.is_object() || headers.is_null()) {
        headers.insert("redelivered", true);
    }
    if (value& properties = all["properties"]; properties.is_object() || properties.is_null()) {
        if (value& info = properties["delivery_info"]; info.is_object() || info.is_null()) {
            info.insert("redelivered", true);
        }
        const value* priority = properties.get_if("priority");
        if (priority != nullptr && priority->is_integer() && !priority->is_big()) {
            m.priority =
                static_cast<int>(std::clamp<std::int64_t>(priority->as<std::int64_t>(), 0, 255));
        }
    }
    m.text = dump_wire(all);
    return m;
}

}  // namespace ferry::tasks::detail
