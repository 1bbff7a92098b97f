#pragma once

#include "ferry/core/time.hpp"
#include "ferry/tasks/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::tasks::detail {

/// The body of a message, protocol 2.
struct encoded_body {
    std::string_view content_type;
    std::string_view content_encoding;
    std::string_view compression;  ///< its content type; empty: none
    std::string text;
};

/// \throws as encode()
encoded_body encode_body(const message& m);

/// What monitors are shown of the arguments.
inline std::string shown_args(const message& m)
{
    return m.args_repr.empty() ? args_saferepr(m.args) : m.args_repr;
}
inline std::string shown_kwargs(const message& m)
{
    if (!m.kwargs_repr.empty()) return m.kwargs_repr;
    return m.kwargs.empty() ? "{}" : saferepr(m.kwargs);
}

/// Milliseconds until it expires, as the property of that name has them; empty: never.
std::string expiration_of(const message& m);

/// Writes the headers of protocol 2, but those of message::headers, one after another, into
/// whatever a broker makes of them. A sink has
///
///     void text(std::string_view name, std::string_view v);
///     void null(std::string_view name);
///     void integer(std::string_view name, std::int64_t v);
///     void boolean(std::string_view name, bool v);
///     /// Two numbers of seconds, or null.
///     void limits(std::string_view name, std::optional<double> a, std::optional<double> b);
template <class Sink>
void write_headers(const message& m, const encoded_body& body, Sink& to)
{
    const auto text_or_null = [&to](std::string_view name, std::string_view v) {
        v.empty() ? to.null(name) : to.text(name, v);
    };
    const auto time = [&to](std::string_view name, const std::optional<timestamp>& v) {
        v ? to.text(name, iso8601::format(*v)) : to.null(name);
    };
    to.text("lang", "c++");
    to.text("task", m.task);
    to.text("id", m.id);
    text_or_null("shadow", m.shadow);
    time("eta", m.eta);
    time("expires", m.expires);
    text_or_null("group", m.group);
    m.group_index ? to.integer("group_index", *m.group_index) : to.null("group_index");
    to.integer("retries", m.retries);
    to.limits("timelimit", m.hard_time_limit, m.soft_time_limit);
    to.text("root_id", m.root_id.empty() ? m.id : m.root_id);
    text_or_null("parent_id", m.parent_id);
    to.text("argsrepr", shown_args(m));
    to.text("kwargsrepr", shown_kwargs(m));
    to.text("origin", m.origin);
    to.boolean("ignore_result", m.ignore_result);
    if (!body.compression.empty()) to.text("compression", body.compression);
}

}  // namespace ferry::tasks::detail
