#include "ferry/tasks/message.hpp"

#include "ferry/core/value_builder.hpp"
#include "ferry/tasks/detail/wire_json.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace ferry::tasks {
namespace {

// The headers that message has a member for, or that are made anew from its members.
constexpr std::array known_headers = {
    std::string_view{"lang"},        std::string_view{"task"},
    std::string_view{"id"},          std::string_view{"shadow"},
    std::string_view{"eta"},         std::string_view{"expires"},
    std::string_view{"group"},       std::string_view{"group_index"},
    std::string_view{"retries"},     std::string_view{"timelimit"},
    std::string_view{"root_id"},     std::string_view{"parent_id"},
    std::string_view{"argsrepr"},    std::string_view{"kwargsrepr"},
    std::string_view{"origin"},      std::string_view{"ignore_result"},
    std::string_view{"compression"},
};

[[noreturn]] void refuse(std::string_view field, std::string_view why)
{
    std::string text = "task message: ";
    text += field;
    text += ": ";
    text += why;
    throw error{ferry::errc::malformed, std::move(text)};
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
    const value& v = member(object, name);
    if (v.is_null()) return {};
    if (!v.is_string()) refuse(name, "not a text");
    return v.as<std::string>();
}

std::int64_t integer_of(const value& object, std::string_view name, std::int64_t otherwise)
{
    const value& v = member(object, name);
    if (v.is_null()) return otherwise;
    if (!v.is_integer() || v.is_big()) refuse(name, "not an integer");
    return v.as<std::int64_t>();
}

std::optional<timestamp> time_of(const value& object, std::string_view name)
{
    const std::string text = text_of(object, name);
    if (text.empty()) return std::nullopt;
    const auto time = iso8601::try_parse(text);
    if (!time) refuse(name, "not a time");
    return time->utc;
}

std::optional<double> seconds_of(const value& v)
{
    if (v.is_null()) return std::nullopt;
    if (!v.is_integer() && !v.is_real()) refuse("timelimit", "not a number");
    return v.to<double>();
}

void read_time_limits(const value& object, message& into)
{
    const value& limits = member(object, "timelimit");
    if (limits.is_null()) return;
    if (!limits.is_sequence() || limits.size() != 2) refuse("timelimit", "not two numbers");
    into.hard_time_limit = seconds_of(limits.at(0));
    into.soft_time_limit = seconds_of(limits.at(1));
}

/// What the headers of protocol 2 and the body of protocol 1 have in common.
void read_common(const value& object, message& into)
{
    into.task = text_of(object, "task");
    into.id = text_of(object, "id");
    if (into.task.empty()) refuse("task", "missing");
    if (into.id.empty()) refuse("id", "missing");
    into.eta = time_of(object, "eta");
    into.expires = time_of(object, "expires");
    into.retries = std::max<std::int64_t>(0, integer_of(object, "retries", 0));
    into.group = text_of(object, "group");
    if (!member(object, "group_index").is_null()) {
        into.group_index = integer_of(object, "group_index", 0);
    }
    read_time_limits(object, into);
}

void read_headers(const value& headers, message& into)
{
    read_common(headers, into);
    into.shadow = text_of(headers, "shadow");
    into.root_id = text_of(headers, "root_id");
    into.parent_id = text_of(headers, "parent_id");
    into.origin = text_of(headers, "origin");
    const value& ignore = member(headers, "ignore_result");
    into.ignore_result = ignore.is_boolean() && ignore.as<bool>();
    for (const auto& [name, v] : headers.items()) {
        if (std::ranges::find(known_headers, name) == known_headers.end()) {
            into.headers.insert(name, v);
        }
    }
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

/// The body of protocol 2. In a pickle it is as Python makes it, a tuple with a tuple of arguments.
std::string write_body(const message& m, const codec& how)
{
    if (how.name == "json") {
        // Mostly nothing follows, and the arguments need not be copied.
        const bool alone =
            m.callbacks.is_null() && m.errbacks.is_null() && m.chain.is_null() && m.chord.is_null();
        std::string text = "[";
        text += how.dump(m.args);
        text += ',';
        text += how.dump(m.kwargs);
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
class header_writer {
public:
    header_writer() : build_{512, 1024}, from_{build_.mark()} {}

    void text(std::string_view name, std::string_view v)
    {
        build_.string(name);
        build_.string(v);
    }
    void text_or_null(std::string_view name, std::string_view v)
    {
        build_.string(name);
        v.empty() ? build_.null() : build_.string(v);
    }
    void time(std::string_view name, const std::optional<timestamp>& v)
    {
        text_or_null(name, v ? iso8601::format(*v) : std::string{});
    }
    void integer(std::string_view name, const std::optional<std::int64_t>& v)
    {
        build_.string(name);
        v ? build_.integer(*v) : build_.null();
    }
    void seconds(std::string_view name, const std::optional<double>& a,
                 const std::optional<double>& b)
    {
        build_.string(name);
        const std::size_t from = build_.mark();
        a ? build_.real(*a) : build_.null();
        b ? build_.real(*b) : build_.null();
        build_.array(from);
    }
    void boolean(std::string_view name, bool v)
    {
        build_.string(name);
        build_.boolean(v);
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

value write_headers(const message& m)
{
    header_writer w;
    w.text("lang", "c++");
    w.text("task", m.task);
    w.text("id", m.id);
    w.text_or_null("shadow", m.shadow);
    w.time("eta", m.eta);
    w.time("expires", m.expires);
    w.text_or_null("group", m.group);
    w.integer("group_index", m.group_index);
    w.integer("retries", m.retries);
    w.seconds("timelimit", m.hard_time_limit, m.soft_time_limit);
    w.text("root_id", m.root_id.empty() ? m.id : m.root_id);
    w.text_or_null("parent_id", m.parent_id);
    w.text("argsrepr", python_args_repr(m.args));
    w.text("kwargsrepr", python_repr(m.kwargs));
    w.text("origin", m.origin);
    w.boolean("ignore_result", m.ignore_result);
    return w.finish();
}

}  // namespace

envelope encode(const message& m)
{
    envelope e;
    e.headers = write_headers(m);
    for (const auto& [name, v] : m.headers.items()) e.headers.insert(name, v);
    e.correlation_id = m.id;
    e.reply_to = m.reply_to;
    e.priority = m.priority;
    if (m.expires) {
        using std::chrono::milliseconds;
        const auto left = std::chrono::duration_cast<milliseconds>(*m.expires - now());
        e.expiration = std::to_string(std::max(left, milliseconds{0}).count());
    }
    const codec& how = find_codec(m.serializer);
    e.content_type = how.content_type;
    e.content_encoding = how.content_encoding;
    e.body = write_body(m, how);
    if (!m.compression.empty()) {
        const std::string_view type = find_compression(m.compression);
        e.headers.insert("compression", type);
        e.body = compress_body(type, e.body);
    }
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
            read_common(body, m);
            if (m.group.empty()) m.group = text_of(body, "taskset");
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
