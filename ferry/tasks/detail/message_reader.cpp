#include "ferry/tasks/detail/message_reader.hpp"

#include "ferry/amqp/properties_reader.hpp"
#include "ferry/tasks/detail/message_fields.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::tasks {
namespace detail {
namespace {

/// A header of an envelope, asked in the words of amqp::header_reader, which stands for one that
/// nobody has made a value of.
class value_field {
public:
    explicit value_field(const value& v) noexcept : v_{v} {}

    bool is_null() const noexcept { return v_.is_null(); }
    bool is_text() const noexcept { return v_.is_string(); }
    std::string_view text() const { return v_.as<std::string_view>(); }
    std::optional<std::int64_t> integer() const
    {
        if (!v_.is_integer() || v_.is_big()) return std::nullopt;
        return v_.as<std::int64_t>();
    }
    bool is_true() const { return v_.is_boolean() && v_.as<bool>(); }
    bool holds_nulls(std::size_t count) const
    {
        return v_.is_sequence() && v_.size() == count &&
               std::ranges::all_of(v_, [](const value& v) { return v.is_null(); });
    }
    const value& get() const noexcept { return v_; }

private:
    const value& v_;
};

/// A header that message has a member for, or that is made anew from its members.
template <class Field>
struct known_header {
    std::string_view name;
    bool in_body;  ///< of protocol 1, too
    void (*read)(const Field& f, std::string_view name, message& into);
};

template <class Field>
std::string_view text_in(const Field& f, std::string_view name)
{
    if (f.is_null()) return {};
    if (!f.is_text()) refuse(name, "not a text");
    return f.text();
}

template <class Field, std::string message::* Member>
void read_text(const Field& f, std::string_view name, message& into)
{
    into.*Member = text_in(f, name);
}

template <class Field, std::optional<timestamp> message::* Member>
void read_time(const Field& f, std::string_view name, message& into)
{
    const std::string_view written = text_in(f, name);
    if (written.empty()) return;
    const auto time = iso8601::try_parse(written);
    if (!time) refuse(name, "not a time");
    into.*Member = time->utc;
}

template <class Field>
void read_nothing(const Field&, std::string_view, message&)
{
}

template <class Field>
std::int64_t integer_in(const Field& f, std::string_view name)
{
    const std::optional<std::int64_t> n = f.integer();
    if (!n) refuse(name, "not an integer");
    return *n;
}

template <class Field>
void read_group_index(const Field& f, std::string_view name, message& into)
{
    if (!f.is_null()) into.group_index = integer_in(f, name);
}

template <class Field>
void read_retries(const Field& f, std::string_view name, message& into)
{
    if (!f.is_null()) into.retries = std::max<std::int64_t>(0, integer_in(f, name));
}

std::optional<double> seconds_of(const value& v, std::string_view name)
{
    if (v.is_null()) return std::nullopt;
    if (!v.is_integer() && !v.is_real()) refuse(name, "not a number");
    return v.to<double>();
}

template <class Field>
void read_time_limits(const Field& f, std::string_view name, message& into)
{
    if (f.is_null() || f.holds_nulls(2)) return;
    const value& both = f.get();
    if (!both.is_sequence() || both.size() != 2) refuse(name, "not two numbers");
    into.hard_time_limit = seconds_of(both.at(0), name);
    into.soft_time_limit = seconds_of(both.at(1), name);
}

template <class Field>
void read_ignore_result(const Field& f, std::string_view, message& into)
{
    into.ignore_result = f.is_true();
}

// In the order in which Celery and ferry write them.
template <class Field>
constexpr std::array known_headers = {
    known_header<Field>{"lang", false, read_nothing},
    known_header<Field>{"task", true, read_text<Field, &message::task>},
    known_header<Field>{"id", true, read_text<Field, &message::id>},
    known_header<Field>{"shadow", false, read_text<Field, &message::shadow>},
    known_header<Field>{"eta", true, read_time<Field, &message::eta>},
    known_header<Field>{"expires", true, read_time<Field, &message::expires>},
    known_header<Field>{"group", true, read_text<Field, &message::group>},
    known_header<Field>{"group_index", true, read_group_index},
    known_header<Field>{"retries", true, read_retries},
    known_header<Field>{"timelimit", true, read_time_limits},
    known_header<Field>{"root_id", false, read_text<Field, &message::root_id>},
    known_header<Field>{"parent_id", false, read_text<Field, &message::parent_id>},
    known_header<Field>{"argsrepr", false, read_text<Field, &message::args_repr>},
    known_header<Field>{"kwargsrepr", false, read_text<Field, &message::kwargs_repr>},
    known_header<Field>{"origin", false, read_text<Field, &message::origin>},
    known_header<Field>{"ignore_result", false, read_ignore_result},
    known_header<Field>{"compression", false, read_text<Field, &message::compression>},
};

/// Reads headers in any order; in their usual one each is found at once.
template <class Field>
class header_sink {
public:
    explicit header_sink(message& into) noexcept : into_{into} {}

    /// The first of a name counts.
    void take(std::string_view name, const Field& f)
    {
        constexpr auto& known = known_headers<Field>;
        if (expected_ == known.size() || known[expected_].name != name) {
            const auto at = std::ranges::find(known, name, &known_header<Field>::name);
            if (at == known.end()) return take_other(name, f);
            expected_ = static_cast<std::size_t>(at - known.begin());
        }
        const std::uint32_t bit = std::uint32_t{1} << expected_;
        if ((seen_ & bit) == 0) known[expected_].read(f, known[expected_].name, into_);
        seen_ |= bit;
        ++expected_;
    }

private:
    void take_other(std::string_view name, const Field& f)
    {
        if (!into_.headers.contains(name)) into_.headers.insert(name, f.get());
    }

    message& into_;
    std::size_t expected_ = 0;
    std::uint32_t seen_ = 0;
};

void require_name_and_id(const message& m)
{
    if (m.task.empty()) refuse("task", "missing");
    if (m.id.empty()) refuse("id", "missing");
}

void read_body_of_protocol_1(const value& body, message& into)
{
    for (const known_header<value_field>& h : known_headers<value_field>) {
        if (h.in_body) h.read(value_field{member(body, h.name)}, h.name, into);
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

void require_accepted(std::string_view content_type, const accept_content& accept)
{
    if (accept.contains(content_type)) return;
    std::string text = "task message: content type ";
    text += content_type;
    throw error{ferry::errc::denied, text + " is not accepted"};
}

// How most bodies end: without arguments by name, and with nothing that follows. ferry's and
// Python's way of writing.
constexpr std::string_view ferrys_end =
    R"(,{},{"callbacks":null,"errbacks":null,"chain":null,"chord":null}])";
constexpr std::string_view pythons_end =
    R"(, {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}])";

/// The text of the arguments before such an end, still in the brackets of the body: values know
/// their path in it. Empty: it ends in another way.
std::string args_alone(std::string_view body)
{
    for (const std::string_view end : {ferrys_end, pythons_end}) {
        if (!body.ends_with(end)) continue;
        return std::string{body.substr(0, body.size() - end.size())} += ']';
    }
    return {};
}

/// Reads such a body without making values of its end. \return false: it is another one.
bool read_args_alone(std::string_view body, const codec& how, message& into)
{
    const std::string text = args_alone(body);
    if (text.empty()) return false;
    try {
        const value args = how.load(text);
        // More than one: those that follow are not what such an end stands for.
        if (!args.is_sequence() || args.size() != 1) return false;
        read_arguments(args.at(0), value(), into);
        return true;
    } catch (const error&) {
        return false;  // whoever reads it all says what is wrong
    }
}

void read_body(std::string_view text, std::string_view content_type, bool has_headers,
               message& into)
{
    if (text.size() > max_body_bytes) throw limit_error{"max_body_bytes", max_body_bytes};
    const codec& how = find_codec(content_type);
    into.serializer = how.name;
    value body;
    try {
        if (!into.compression.empty()) {
            body = how.load(expand_body(into.compression, text));
        } else if (has_headers && how.name == "json" && read_args_alone(text, how, into)) {
            return;
        } else {
            body = how.load(text);
        }
    } catch (error& failure) {
        failure.add_context("task message");
        throw;
    }
    if (body.is_object()) {
        // Protocol 1, or its body below the headers of protocol 2.
        if (!has_headers) read_body_of_protocol_1(body, into);
        read_arguments(member(body, "args"), member(body, "kwargs"), into);
        read_embed(body, into);
    } else if (has_headers && body.is_sequence() && body.size() >= 2) {
        read_arguments(body.at(0), body.at(1), into);
        read_embed(body.size() > 2 ? body.at(2) : value{}, into);
    } else {
        refuse("body", has_headers ? "not [args, kwargs, embed]" : "no task message");
    }
}

void decode_open(message& into, const envelope& e, const accept_content& accept)
{
    require_accepted(e.content_type, accept);
    into.reply_to = e.reply_to;
    into.priority = e.priority;
    const bool has_headers = e.headers.contains("task");
    if (has_headers) {
        header_sink<value_field> sink{into};
        for (const auto& [name, v] : e.headers.items()) sink.take(name, value_field{v});
        require_name_and_id(into);
    } else {
        into.compression = text_of(e.headers, "compression");
    }
    read_body(e.body, e.content_type, has_headers, into);
}

bool has_task(std::string_view headers)
{
    for (amqp::header_reader h(headers); h.next();) {
        if (h.name() == "task") return true;
    }
    return false;
}

/// \return false: it is not of protocol 2.
bool decode_sealed(message& into, const sealed_envelope& e, const accept_content& accept)
{
    const amqp::properties_reader p(e.properties());
    if (!has_task(p.headers())) return false;
    require_accepted(p.content_type(), accept);
    into.reply_to = p.reply_to();
    into.priority = p.priority().value_or(0);
    header_sink<amqp::header_reader> sink{into};
    for (amqp::header_reader h(p.headers()); h.next();) sink.take(h.name(), h);
    require_name_and_id(into);
    read_body(e.body(), p.content_type(), true, into);
    return true;
}

}  // namespace

void decode_into(message& into, const sealed_envelope& e, const accept_content& accept)
{
    if (!e.sealed() || !decode_sealed(into, e, accept)) decode_open(into, e.open(), accept);
    if (into.root_id.empty()) into.root_id = into.id;
}

}  // namespace detail

message decode(const envelope& e, const accept_content& accept)
{
    message m;
    detail::decode_open(m, e, accept);
    if (m.root_id.empty()) m.root_id = m.id;
    return m;
}

message decode(const sealed_envelope& e, const accept_content& accept)
{
    message m;
    detail::decode_into(m, e, accept);
    return m;
}

}  // namespace ferry::tasks
