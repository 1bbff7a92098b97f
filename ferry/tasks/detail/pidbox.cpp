// The worker's side of remote control: how Celery's commands come and their replies go.
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/tasks/control.hpp"
#include "ferry/tasks/detail/remote_methods.hpp"
#include "ferry/tasks/detail/wire_json.hpp"

#include <fnmatch.h>
#include <re2/re2.h>

#include <algorithm>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

bool is_meant(const worker_core& w, const value& body)
{
    const value* nodes = body.get_if("destination");
    if (nodes != nullptr && nodes->is_sequence() && !nodes->empty() &&
        std::find(nodes->begin(), nodes->end(), value(w.node)) == nodes->end()) {
        return false;
    }
    const value* pattern = body.get_if("pattern");
    if (pattern == nullptr || !pattern->is_string()) return true;
    const auto text = pattern->as<std::string>();
    if (body.get("matcher", value("pcre")) == value("glob")) {
        return ::fnmatch(text.c_str(), w.node.c_str(), 0) == 0;
    }
    re2::RE2::Options quiet;
    quiet.set_log_errors(false);
    const re2::RE2 compiled{text, quiet};
    return compiled.ok() &&
           compiled.Match(w.node, 0, w.node.size(), re2::RE2::ANCHOR_START, nullptr, 0);
}

awaitable<value> carry_out(worker_core* w, std::string method, value arguments)
{
    const remote_method* const found = find_method(method);
    if (found == nullptr) co_return failed("KeyError(" + python_repr(value(method)) + ")");
    value reply;
    try {
        require_arguments(*found, arguments);
        if (found->now != nullptr) {
            reply = found->now(*w, arguments);
        } else {
            auto doing = found->later(w, std::move(arguments));
            reply = co_await std::move(doing);
        }
    } catch (const std::exception& e) {
        reply = failed(exception_repr(exception_to_value(std::current_exception())));
        log::warning("remote control", "method", method, "reason", e.what());
    }
    co_return reply;
}

awaitable<void> handle(worker_core* w, envelope e)
{
    const value body = parse_wire(e.body);
    if (const value* seen = e.headers.get_if("clock"); seen != nullptr && seen->is_integer()) {
        w->clock->saw(seen->as<std::int64_t>());
    }
    if (const value* expires = e.headers.get_if("expires"); expires && expires->is_number()) {
        const auto when = expires->to<double>();
        if (when > 0 && when < unix_time()) co_return;
    }
    if (!body.is_object() || !is_meant(*w, body)) co_return;
    const std::string method = body.get("method", "");
    value arguments = value::object();
    if (const value* given = body.get_if("arguments"); given && given->is_object()) {
        arguments = *given;
    }
    auto doing = carry_out(w, method, std::move(arguments));
    value reply = co_await std::move(doing);
    const value* to = body.get_if("reply_to");
    if (to == nullptr || !to->is_object() || method == "shutdown") co_return;
    envelope answer;
    answer.delivery_mode = 1;
    answer.headers = value::object("clock", w->clock->tick());
    if (const value* ticket = body.get_if("ticket")) answer.headers.insert("ticket", *ticket);
    answer.body = dump_wire(value::object(w->node, std::move(reply)));
    auto sending = w->broker->announce(bus::replies, to->get("routing_key", ""), std::move(answer));
    co_await std::move(sending);
}

awaitable<void> handle_safely(worker_core* w, envelope e)
{
    try {
        auto handling = handle(w, std::move(e));
        co_await std::move(handling);
    } catch (const std::exception& why) {
        log::warning("remote control: a command is dropped", "reason", why.what());
    }
}

awaitable<void> answer_election(worker_core* w, envelope e)
{
    try {
        const value event = parse_wire(e.body);
        if (!event.is_object()) co_return;
        if (const value* seen = event.get_if("clock"); seen && seen->is_integer()) {
            w->clock->saw(seen->as<std::int64_t>());
        }
        if (event.get("type", "") != "worker-elect") co_return;
        if (const value* id = event.get_if("id")) {
            w->events->put("worker-elect-ack", value::object("id", *id));
        }
    } catch (const error& why) {
        log::debug("event dropped", "reason", why.what());
    }
}

awaitable<std::unique_ptr<listener>> listen_at_last(worker_core* w, bus on, std::string name,
                                                    std::string key)
{
    while (true) {
        try {
            auto opening = w->broker->listen(on, name, key);
            co_return co_await std::move(opening);
        } catch (const error& e) {
            log::warning("remote control is not there yet", "reason", e.what());
        }
        co_await sleep(1s);
    }
}

}  // namespace

awaitable<void> worker_core::answer(worker_core* self)
{
    auto opening = listen_at_last(self, bus::control, self->node, "");
    const std::unique_ptr<listener> from = co_await std::move(opening);
    scope handling;
    while (true) {
        auto coming = from->next();
        envelope e = co_await std::move(coming);
        handling.start(handle_safely(self, std::move(e)));
    }
}

awaitable<void> worker_core::gossip(worker_core* self)
{
    auto opening = listen_at_last(self, bus::events, uuid4(), "worker.#");
    const std::unique_ptr<listener> from = co_await std::move(opening);
    while (true) {
        auto coming = from->next();
        envelope e = co_await std::move(coming);
        auto answering = answer_election(self, std::move(e));
        co_await std::move(answering);
    }
}

awaitable<void> worker_core::mingle(worker_core* self)
{
    try {
        remote_command hello_all("hello");
        value arguments = value::object("from_node", self->node, "revoked", told_revoked(*self));
        hello_all.arguments(std::move(arguments));
        auto asking = broadcast(self->broker, std::move(hello_all));
        const value replies = co_await std::move(asking);
        for (const auto& [node, reply] : replies.items()) {
            if (!reply.is_object()) continue;
            if (const value* ids = reply.get_if("revoked")) learn_revoked(*self, *ids);
            if (const value* seen = reply.get_if("clock"); seen && seen->is_integer()) {
                self->clock->saw(seen->as<std::int64_t>());
            }
        }
    } catch (const error& e) {
        log::warning("the other workers are not asked what is revoked", "reason", e.what());
    }
}

}  // namespace ferry::tasks::detail
