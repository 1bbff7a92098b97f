#pragma once

#include "ferry/core/time.hpp"
#include "ferry/core/value.hpp"
#include "ferry/tasks/serializer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The task queue on Celery's wire. See tasks.hpp.
namespace ferry::tasks {

/// Messages and results larger than this are refused when they are read.
inline constexpr std::size_t max_body_bytes = 64UL * 1024 * 1024;

/// How much of its arguments a message shows in readable form, as Celery's `argsrepr_maxsize`.
inline constexpr std::size_t max_repr_characters = 1024;

/// A message as brokers carry it: header fields, properties, and an opaque body.
struct envelope {
    envelope() = default;

    value headers = value::object();
    std::string content_type = "application/json";
    std::string content_encoding = "utf-8";
    std::string correlation_id;
    std::string reply_to;
    std::string expiration;  ///< milliseconds as text; empty: never
    int priority = 0;        ///< 0 to 9, higher first
    int delivery_mode = 2;   ///< 2: survives a restart of the broker
    std::string body;

    /// Through which exchange it goes, with the name of its queue as the routing key; empty:
    /// straight into the queue.
    std::string exchange;
    std::string exchange_type;  ///< `direct`, `topic`, `fanout`; empty: as it is declared
};
static_assert(awaitable_argument<envelope>);

/// Everything of an envelope but its body, in the JSON that kombu writes into Redis:
/// `{"content-type": ..., "content-encoding": ..., "headers": {...}, "properties": {...}}`.
std::string head_to_text(const envelope& e);

/// \throws error  the text is not such JSON.
envelope envelope_from_text(std::string_view head, std::string body);
/// The same of JSON that is read already. \throws error
envelope envelope_from_value(const value& head, std::string body);

/// One call of a task: Celery's task message, protocol 2.
struct message {
    message() = default;

    std::string task;  ///< registered name
    std::string id;    ///< UUID
    value args = value::array();
    value kwargs = value::object();

    std::optional<timestamp> eta;      ///< not before
    std::optional<timestamp> expires;  ///< not after: the task is then revoked
    std::int64_t retries = 0;
    std::optional<double> hard_time_limit;  ///< seconds
    std::optional<double> soft_time_limit;  ///< seconds
    bool ignore_result = false;
    std::string root_id;    ///< of the first task in a workflow; its own id there
    std::string parent_id;  ///< of the task that sent this one; empty: none
    std::string group;      ///< empty: none
    std::optional<std::int64_t> group_index;
    std::string origin;  ///< who sent it, `gen<pid>@<host>`
    std::string shadow;  ///< the name to show instead of `task`; empty: none

    // What monitors are shown of the arguments; empty: what saferepr() makes of them.
    std::string args_repr;
    std::string kwargs_repr;

    std::string reply_to;
    int priority = 0;
    std::string serializer = "json";  ///< as find_codec() knows it
    std::string compression;          ///< as find_compression() knows it; empty: none
    std::string exchange;             ///< as in envelope
    std::string exchange_type;

    // What follows the task: signatures as Celery writes them, or null.
    value callbacks;
    value errbacks;
    value chain;
    value chord;

    /// Every header that has no member here: kept, shown to the task, and sent on by a retry.
    value headers = value::object();
};
static_assert(awaitable_argument<message>);

/// Writes protocol 2.
/// \throws type_error  the arguments hold something that the serializer cannot say.
/// \throws error       no serializer or compression has that name.
envelope encode(const message& m);

/// Reads protocol 2, protocol 1 and the mixture of both (headers of 2, body of 1).
/// \throws error  what the envelope holds is no task message, or of a type that is not accepted
///                (errc::denied, before anything of the body is read); the text says why.
message decode(const envelope& e, const accept_content& accept = accept_content());

/// The text that Python's `repr` gives for a value: `[2, 'a', None]`.
std::string python_repr(const value& v);

/// The same for positional arguments, which are an array here and a tuple there: `(2,)`.
std::string python_args_repr(const value& args);

/// What events and monitors show of arguments and results: about `max_characters` of the text that
/// Celery's `saferepr` gives, which escapes nothing and shows three levels: `[1, [2, [...]]]`.
/// Costs no more than what it shows.
std::string saferepr(const value& v, std::size_t max_characters = max_repr_characters);

/// The same for positional arguments.
std::string args_saferepr(const value& args, std::size_t max_characters = max_repr_characters);

}  // namespace ferry::tasks
