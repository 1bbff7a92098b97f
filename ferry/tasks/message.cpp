#include "ferry/tasks/message.hpp"

#include "ferry/core/value_builder.hpp"
#include "ferry/tasks/detail/message_fields.hpp"
#include "ferry/tasks/detail/task_headers.hpp"
#include "ferry/tasks/detail/wire_json.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace ferry::tasks {
namespace {

using detail::integer;
using detail::member;
using detail::refuse;
using detail::text_of;

/// What follows the arguments in the body of protocol 2.
value embed_of(const message& m)
{
    return value::object("callbacks", m.callbacks, "errbacks", m.errbacks, "chain", m.chain,
                         "chord", m.chord);
}

constexpr std::size_t usual_body_bytes = 128;

/// The body of protocol 2. In a pickle it is as Python makes it, a tuple with a tuple of arguments.
std::string write_body(const message& m, const codec& how)
{
    if (how.name == "json") {
        // Mostly nothing follows, and the arguments need not be copied.
        const bool alone =
            m.callbacks.is_null() && m.errbacks.is_null() && m.chain.is_null() && m.chord.is_null();
        std::string text;
        text.reserve(usual_body_bytes);
        text += '[';
        text += how.dump(m.args);
        text += ',';
        text += m.kwargs.empty() ? "{}" : how.dump(m.kwargs);
        text += ',';
        text += alone ? R"({"callbacks":null,"errbacks":null,"chain":null,"chord":null})"
                      : how.dump(embed_of(m));
        text += ']';
        return text;
    }
    value args = m.args;
    if (how.name == "pickle" && args.is_array()) {
        args = value::tuple();
        args.reserve(m.args.size());
        for (const value& arg : m.args) args.push_back(arg);
    }
    return how.dump(value::tuple(std::move(args), m.kwargs, embed_of(m)));
}

/// The headers of protocol 2, in one piece of memory.
class header_builder {
public:
    header_builder() : build_{512, 1024}, from_{build_.mark()} {}

    void text(std::string_view name, std::string_view v)
    {
        build_.string(name);
        build_.string(v);
    }
    void null(std::string_view name)
    {
        build_.string(name);
        build_.null();
    }
    void integer(std::string_view name, std::int64_t v)
    {
        build_.string(name);
        build_.integer(v);
    }
    void boolean(std::string_view name, bool v)
    {
        build_.string(name);
        build_.boolean(v);
    }
    void limits(std::string_view name, std::optional<double> a, std::optional<double> b)
    {
        build_.string(name);
        const std::size_t from = build_.mark();
        a ? build_.real(*a) : build_.null();
        b ? build_.real(*b) : build_.null();
        build_.array(from);
    }
    value finish()
    {
        build_.object(from_);
        return build_.finish();
    }

private:
    value_builder build_;
    std::size_t from_;
};

}  // namespace

namespace detail {

encoded_body encode_body(const message& m)
{
    const codec& how = find_codec(m.serializer);
    encoded_body b;
    b.content_type = how.content_type;
    b.content_encoding = how.content_encoding;
    b.text = write_body(m, how);
    if (!m.compression.empty()) {
        b.compression = find_compression(m.compression);
        b.text = compress_body(b.compression, b.text);
    }
    return b;
}

std::string expiration_of(const message& m)
{
    using std::chrono::milliseconds;
    if (!m.expires) return {};
    const auto left = std::chrono::duration_cast<milliseconds>(*m.expires - now());
    return std::to_string(std::max(left, milliseconds{0}).count());
}

}  // namespace detail

envelope encode(const message& m)
{
    detail::encoded_body body = detail::encode_body(m);
    header_builder headers;
    detail::write_headers(m, body, headers);
    envelope e;
    e.headers = headers.finish();
    for (const auto& [name, v] : m.headers.items()) e.headers.insert(name, v);
    e.correlation_id = m.id;
    e.reply_to = m.reply_to;
    e.priority = m.priority;
    e.expiration = detail::expiration_of(m);
    e.exchange = m.exchange;
    e.exchange_type = m.exchange_type;
    e.content_type = body.content_type;
    e.content_encoding = body.content_encoding;
    e.body = std::move(body.text);
    return e;
}

std::string head_to_text(const envelope& e)
{
    value properties = value::object("correlation_id", e.correlation_id, "reply_to", e.reply_to,
                                     "delivery_mode", e.delivery_mode, "priority", e.priority);
    if (!e.expiration.empty()) properties.insert("expiration", e.expiration);
    return detail::dump_wire(value::object("content-type", e.content_type, "content-encoding",
                                           e.content_encoding, "headers", e.headers, "properties",
                                           std::move(properties)));
}

envelope envelope_from_text(std::string_view head, std::string body)
{
    return envelope_from_value(detail::parse_wire(head), std::move(body));
}

namespace {

std::int64_t integer_of(const value& object, std::string_view name, std::int64_t otherwise)
{
    const value& v = member(object, name);
    return v.is_null() ? otherwise : integer(v, name);
}

}  // namespace

envelope envelope_from_value(const value& all, std::string body)
{
    if (!all.is_object()) refuse("head", "not a mapping");
    envelope e;
    e.content_type = text_of(all, "content-type");
    e.content_encoding = text_of(all, "content-encoding");
    if (const value& headers = member(all, "headers"); headers.is_object()) {
        e.headers = headers;
    } else if (!headers.is_null()) {
        refuse("headers", "not a mapping");
    }
    const value& properties = member(all, "properties");
    e.correlation_id = text_of(properties, "correlation_id");
    e.reply_to = text_of(properties, "reply_to");
    e.expiration = text_of(properties, "expiration");
    e.priority =
        static_cast<int>(std::clamp<std::int64_t>(integer_of(properties, "priority", 0), 0, 255));
    e.delivery_mode = integer_of(properties, "delivery_mode", 2) == 1 ? 1 : 2;
    e.body = std::move(body);
    return e;
}

}  // namespace ferry::tasks
