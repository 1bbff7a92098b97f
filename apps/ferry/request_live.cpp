// What has no end of its own: events and websockets.
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/sse.hpp"
#include "ferry/http/websocket_client.hpp"

#include "apps/ferry/commands.hpp"
#include "apps/ferry/input_lines.hpp"
#include "apps/ferry/output.hpp"
#include "apps/ferry/request_command.hpp"

#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace ferry::command {
namespace {

// One message or event for people and pipes: its text, or what is looked for in it.
std::string shown(const request_command& with, const finder* wanted, const std::string& text)
{
    if (wanted == nullptr) return formatted_line(text, with.style()) + '\n';
    std::string found;
    for (const value& v : wanted->find(text, document_kind::html, {})) found += line_of(v);
    return found;
}

// As the server sent it.
std::string whole_event(const http::sse_event& e)
{
    std::string text;
    if (e.event != "message") text += "event: " + e.event + '\n';
    if (!e.id.empty()) text += "id: " + e.id + '\n';
    for (std::size_t at = 0;;) {
        const std::size_t end = e.data.find('\n', at);
        text += "data: " + e.data.substr(at, end - at) + '\n';
        if (end == std::string::npos) return text + '\n';
        at = end + 1;
    }
}

awaitable<void> print_events(http::session* over, command_ptr with)
{
    const auto wanted = with->wanted();
    output_file to(with->out);
    http::event_stream events =
        http::sse(*over, with->request.url, with->request.make_options(request_span::endless));
    for (;;) {
        auto next = events.next();
        const auto event = co_await std::move(next);
        if (!event) break;
        to.write(with->include || with->verbose ? whole_event(*event)
                                                : shown(*with, wanted.get(), event->data));
        to.flush();
    }
    to.close();
}

// All options of a session as one.
class every_option {
public:
    explicit every_option(http::session_options all) : all_(std::move(all)) {}
    void apply_to(http::session_options& to) const { to = all_; }

private:
    http::session_options all_;
};

// A websocket and what happens on it.
class conversation {
public:
    conversation(http::websocket over, command_ptr w) : socket(std::move(over)), with(std::move(w))
    {
    }

    http::websocket socket;
    command_ptr with;
    std::size_t messages = 0;  ///< that came
    std::exception_ptr failure;
};
using conversation_ptr = std::shared_ptr<conversation>;

awaitable<void> send_lines(conversation_ptr with)
{
    input_lines lines;
    for (;;) {
        auto reading = lines.next();
        auto line = co_await std::move(reading);
        if (!line) break;
        auto sending = with->socket.send(std::move(*line));
        co_await std::move(sending);
    }
}

// Who has said all waits for the answers, but not for ever.
awaitable<void> await_silence(conversation_ptr with)
{
    for (std::size_t before = ~std::size_t{0}; before != with->messages;) {
        before = with->messages;
        co_await sleep(with->with->request.patience());
    }
}

awaitable<void> speak(conversation_ptr with)
{
    try {
        auto saying = send_lines(with);
        co_await std::move(saying);
        auto waiting = await_silence(with);
        co_await std::move(waiting);
    } catch (const error&) {
        with->failure = std::current_exception();
    }
    auto closing = with->socket.close();
    co_await std::move(closing);
}

void print_message(const conversation& of, const finder* wanted, const http::websocket_message& m,
                   output_file& to)
{
    if (m.is_text()) {
        to.write(shown(*of.with, wanted, std::string(m.text())));
    } else if (of.with->out == "-" && of.with->style().terminal) {
        std::fprintf(stderr, "ferry: a message of %zu bytes that are no text\n", m.bytes().size());
    } else {
        to.write(as_text(m.bytes()));
    }
    to.flush();
}

awaitable<void> exchange_messages(command_ptr with)
{
    const auto wanted = with->wanted();
    output_file to(with->out);
    const every_option session(with->request.make_session_options());
    auto opening = http::connect_websocket(with->request.url, session,
                                           with->request.make_options(request_span::endless));
    http::websocket opened = co_await std::move(opening);
    const auto both = std::make_shared<conversation>(std::move(opened), with);
    const auto speaking = spawn(speak(both));
    for (;;) {
        auto receiving = both->socket.receive();
        const auto message = co_await std::move(receiving);
        if (!message) break;
        ++both->messages;
        print_message(*both, wanted.get(), *message, to);
    }
    speaking.cancel();
    to.close();
    // What the peer ended is no failure of the input.
    if (both->failure && both->socket.close_code() != http::close_code::normal) {
        std::rethrow_exception(both->failure);
    }
}

awaitable<int> within(std::chrono::nanoseconds limit, awaitable<void> operation)
{
    if (limit > std::chrono::nanoseconds(0)) {
        auto limited = timeout(limit, std::move(operation));
        co_await std::move(limited);
    } else {
        co_await std::move(operation);
    }
    co_return 0;
}

}  // namespace

awaitable<int> follow_events(http::session* over, command_ptr with)
{
    if (with->request.method != "GET") throw usage_error("--sse: events are asked for by GET");
    const auto limit = with->request.total();
    return within(limit, print_events(over, std::move(with)));
}

awaitable<int> talk(command_ptr with)
{
    if (with->request.method != "GET") throw usage_error("--ws: a websocket is asked for by GET");
    const auto limit = with->request.total();
    return within(limit, exchange_messages(std::move(with)));
}

}  // namespace ferry::command
