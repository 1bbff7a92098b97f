#include "ferry/tasks/detail/kombu_message.hpp"

#include "ferry/core/base64.hpp"
#include "ferry/core/bytes.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/tasks/detail/task_headers.hpp"
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

namespace {

/// Writes the members of JSON objects.
class member_writer {
public:
    explicit member_writer(std::string& out) : out_{out} {}

    void begin(std::string_view name)
    {
        key(name);
        begin();
    }
    void begin()
    {
        out_ += '{';
        first_ = true;
    }
    void end()
    {
        out_ += '}';
        first_ = false;
    }
    void text(std::string_view name, std::string_view v)
    {
        key(name);
        string(v);
    }
    void null(std::string_view name) { raw(name, "null"); }
    void integer(std::string_view name, std::int64_t v) { raw(name, std::to_string(v)); }
    void boolean(std::string_view name, bool v) { raw(name, v ? "true" : "false"); }
    void limits(std::string_view name, std::optional<double> a, std::optional<double> b)
    {
        const auto seconds = [](const std::optional<double>& v) {
            return v ? dump_wire(value{*v}) : std::string{"null"};
        };
        raw(name, '[' + seconds(a) + ',' + seconds(b) + ']');
    }

private:
    void key(std::string_view name)
    {
        if (!std::exchange(first_, false)) out_ += ',';
        out_ += '"';
        out_ += name;
        out_ += "\":";
    }
    void raw(std::string_view name, std::string_view json)
    {
        key(name);
        out_ += json;
    }
    void string(std::string_view v)
    {
        const bool plain = std::ranges::all_of(
            v, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
        if (!plain) {
            out_ += dump_wire(value{v});
            return;
        }
        out_ += '"';
        out_ += v;
        out_ += '"';
    }

    std::string& out_;
    bool first_ = true;
};

constexpr std::size_t usual_head_bytes = 1024;

}  // namespace

std::string to_kombu(const message& m, std::string_view queue)
{
    // Headers of one's own may take the place of others.
    if (!m.headers.empty()) return to_kombu(encode(m), "", queue);
    const encoded_body body = encode_body(m);
    std::string out;
    out.reserve(usual_head_bytes + body.text.size() * 4 / 3);
    member_writer w(out);
    w.begin();
    w.text("body", base64::encode(body.text));
    w.text("content-encoding", body.content_encoding);
    w.text("content-type", body.content_type);
    w.begin("headers");
    write_headers(m, body, w);
    w.end();
    w.begin("properties");
    w.text("correlation_id", m.id);
    w.text("reply_to", m.reply_to);
    w.integer("delivery_mode", 2);
    w.begin("delivery_info");
    w.text("exchange", "");
    w.text("routing_key", queue);
    w.end();
    w.integer("priority", m.priority);
    w.text("body_encoding", "base64");
    w.text("delivery_tag", uuid4());
    if (m.expires) w.text("expiration", expiration_of(m));
    w.end();
    w.end();
    return out;
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
    if (info != nullptr) {
        m.exchange = text_or_empty(info->get_if("exchange"));
        if (!m.exchange.empty()) m.routing_key = text_or_empty(info->get_if("routing_key"));
    }
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
