#include "ferry/tasks/message.hpp"

#include "ferry/core/value_builder.hpp"
#include "ferry/tasks/detail/task_headers.hpp"
#include "ferry/tasks/detail/wire_json.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace ferry::tasks {
namespace {

[[noreturn]] void refuse(std::string_view field, std::string_view why)
{
    std::string text = "task message: ";
    text += field;
    text += ": ";
    text += why;
    throw error{ferry::errc::malformed, std::move(text)};
}

/// Empty for null, so that a sender may leave out what it has nothing to say of.
std::string text_or_empty(const value& v, std::string_view name)
{
    if (v.is_null()) return {};
    if (!v.is_string()) refuse(name, "not a text");
    return std::string{v.as<std::string_view>()};
}

/// Null for a member that is missing, so that a sender may leave out what it has nothing to say of.
const value& member(const value& object, std::string_view name)
{
    static const value null;
    const value* found = object.get_if(name);
    return found == nullptr ? null : *found;
}

std::string text_of(const value& object, std::string_view name)
{
    return text_or_empty(member(object, name), name);
}

/// A header that message has a member for, or that is made anew from its members.
struct known_header {
    std::string_view name;
    bool in_body;  ///< of protocol 1, too
    void (*read)(const value& v, std::string_view name, message& into);
};

template <std::string message::* Member>
void read_text(const value& v, std::string_view name, message& into)
{
    into.*Member = text_or_empty(v, name);
}

template <std::optional<timestamp> message::* Member>
void read_time(const value& v, std::string_view name, message& into)
{
    const std::string written = text_or_empty(v, name);
    if (written.empty()) return;
    const auto time = iso8601::try_parse(written);
    if (!time) refuse(name, "not a time");
    into.*Member = time->utc;
}

void read_nothing(const value&, std::string_view, message&) {}

std::int64_t integer(const value& v, std::string_view name)
{
    if (!v.is_integer() || v.is_big()) refuse(name, "not an integer");
    return v.as<std::int64_t>();
}

void read_group_index(const value& v, std::string_view name, message& into)
{
    if (!v.is_null()) into.group_index = integer(v, name);
}

void read_retries(const value& v, std::string_view name, message& into)
{
    if (!v.is_null()) into.retries = std::max<std::int64_t>(0, integer(v, name));
}

std::optional<double> seconds_of(const value& v, std::string_view name)
{
    if (v.is_null()) return std::nullopt;
    if (!v.is_integer() && !v.is_real()) refuse(name, "not a number");
    return v.to<double>();
}

void read_time_limits(const value& v, std::string_view name, message& into)
{
    if (v.is_null()) return;
    if (!v.is_sequence() || v.size() != 2) refuse(name, "not two numbers");
    into.hard_time_limit = seconds_of(v.at(0), name);
    into.soft_time_limit = seconds_of(v.at(1), name);
}

void read_ignore_result(const value& v, std::string_view, message& into)
{
    into.ignore_result = v.is_boolean() && v.as<bool>();
}

// In the order in which Celery and ferry write them.
constexpr std::array known_headers = {
    known_header{"lang", false, read_nothing},
    known_header{"task", true, read_text<&message::task>},
    known_header{"id", true, read_text<&message::id>},
    known_header{"shadow", false, read_text<&message::shadow>},
    known_header{"eta", true, read_time<&message::eta>},
    known_header{"expires", true, read_time<&message::expires>},
    known_header{"group", true, read_text<&message::group>},
    known_header{"group_index", true, read_group_index},
    known_header{"retries", true, read_retries},
    known_header{"timelimit", true, read_time_limits},
    known_header{"root_id", false, read_text<&message::root_id>},
    known_header{"parent_id", false, read_text<&message::parent_id>},
    known_header{"argsrepr", false, read_text<&message::args_repr>},
    known_header{"kwargsrepr", false, read_text<&message::kwargs_repr>},
    known_header{"origin", false, read_text<&message::origin>},
    known_header{"ignore_result", false, read_ignore_result},
    known_header{"compression", false, read_nothing},
};

void require_name_and_id(const message& m)
{
    if (m.task.empty()) refuse("task", "missing");
    if (m.id.empty()) refuse("id", "missing");
}

void read_headers(const value& headers, message& into)
{
    const auto* expected = known_headers.begin();
    for (const auto& [name, v] : headers.items()) {
        const auto* at = expected;
        if (at == known_headers.end() || at->name != name) {
            at = std::ranges::find(known_headers, name, &known_header::name);
        }
        if (at == known_headers.end()) {
            into.headers.insert(name, v);
            continue;
        }
        at->read(v, at->name, into);
        expected = std::next(at);
    }
    require_name_and_id(into);
}

void read_body_of_protocol_1(const value& body, message& into)
{
    for (const known_header& h : known_headers) {
        if (h.in_body) h.read(member(body, h.name), h.name, into);
    }
    if (into.group.empty()) into.group = text_of(body, "taskset");
    require_name_and_id(into);
}

void read_arguments(const value& args, const value& kwargs, message& into)
{
    if (args.is_sequence()) {
        into.args = args;
    } else if (!args.is_null()) {
        refuse("args", "not a list");
    }
    if (kwargs.is_object()) {
        into.kwargs = kwargs;
    } else if (!kwargs.is_null()) {
        refuse("kwargs", "not a mapping");
    }
}

void read_embed(const value& embed, message& into)
{
    if (embed.is_null()) return;
    if (!embed.is_object()) refuse("embed", "not a mapping");
    into.callbacks = member(embed, "callbacks");
    into.errbacks = member(embed, "errbacks");
    into.chain = member(embed, "chain");
    into.chord = member(embed, "chord");
}

value read_body(const envelope& e, const accept_content& accept, message& into)
{
    if (!accept.contains(e.content_type)) {
        throw error{ferry::errc::denied,
                    "task message: content type " + e.content_type + " is not accepted"};
    }
    if (e.body.size() > max_body_bytes) throw limit_error{"max_body_bytes", max_body_bytes};
    const codec& how = find_codec(e.content_type);
    into.serializer = how.name;
    into.compression = text_of(e.headers, "compression");
    try {
        if (into.compression.empty()) return how.load(e.body);
        return how.load(expand_body(into.compression, e.body));
    } catch (error& failure) {
        failure.add_context("task message");
        throw;
    }
}

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

message decode(const envelope& e, const accept_content& accept)
{
    message m;
    m.reply_to = e.reply_to;
    m.priority = e.priority;
    const value body = read_body(e, accept, m);
    const bool has_headers = e.headers.contains("task");
    if (has_headers) read_headers(e.headers, m);
    if (body.is_object()) {
        // Protocol 1, or its body below the headers of protocol 2.
        if (!has_headers) {
            read_body_of_protocol_1(body, m);
        }
        read_arguments(member(body, "args"), member(body, "kwargs"), m);
        read_embed(body, m);
    } else if (has_headers && body.is_sequence() && body.size() >= 2) {
        read_arguments(body.at(0), body.at(1), m);
        read_embed(body.size() > 2 ? body.at(2) : value{}, m);
    } else {
        refuse("body", has_headers ? "not [args, kwargs, embed]" : "no task message");
    }
    if (m.root_id.empty()) m.root_id = m.id;
    return m;
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
