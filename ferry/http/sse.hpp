#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/http/options.hpp"
#include "ferry/http/session.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace ferry::http {

/// One event that a server sent (HTML Standard section 9.2).
class sse_event {
public:
    sse_event() = default;

    std::string event = "message";  ///< its type
    std::string data;               ///< UTF-8; the lines of several `data` fields, with LF between
    std::string id;  ///< the last one that the server gave, maybe with an earlier event
    std::optional<std::chrono::milliseconds> retry;  ///< as the server set it with this event
};

/// The events of a server, in their order, over as many connections as that takes: when one ends or
/// is lost, a new one asks for what came after the last event's id. As JavaScript's EventSource.
///
///     auto news = http::sse(api, "/events");
///     while (auto e = co_await news.next()) print_line(e->event, e->data);
///
/// Used by one coroutine of one loop. Destroyed, it closes its connection.
class event_stream {
public:
    event_stream(session& over, std::string url, request_options with);
    event_stream(event_stream&&) noexcept;
    event_stream& operator=(event_stream&&) noexcept;
    ~event_stream();

    /// Asks for the events after this one.
    event_stream&& last_event_id(std::string id) &&;
    /// How long after the end of a connection the next is made: 3 s, or what the server says. After
    /// failures one after the other, twice as long each time, at most 60 s.
    event_stream&& reconnect_after(std::chrono::milliseconds delay) &&;
    /// After so many failures with no event in between, next() throws the last one. 10 at the
    /// start; 0 never reconnects, and the end of the connection is the end of the events.
    event_stream&& max_failures(int count) &&;
    /// The longest event, 16 MiB at the start.
    event_stream&& max_event_bytes(std::size_t bytes) &&;

    /// The next event; nothing once the server has answered 204, which means that there are no
    /// more.
    /// \throws status_error      any status but 200 and 204
    /// \throws protocol_error    the response is no text/event-stream
    /// \throws limit_error       `max_event_bytes`
    /// \throws connection_error, timeout_error  after max_failures()
    /// After an error, and if cancelled: the next call connects anew.
    awaitable<std::optional<sse_event>> next();

    const std::string& last_event_id() const& noexcept;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

/// \param over  must outlive the stream. `options` are those of a request; a connection on which
///              nothing arrives for the time of timeout().read() counts as lost.
template <request_option... Options>
event_stream sse(session& over, std::string url, const Options&... options)
{
    request_options all;
    (options.apply_to(all), ...);
    return {over, std::move(url), std::move(all)};
}

/// The same on the default session.
template <request_option... Options>
event_stream sse(std::string url, const Options&... options)
{
    return sse(default_session(), std::move(url), options...);
}

}  // namespace ferry::http
