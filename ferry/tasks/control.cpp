#include "ferry/tasks/control.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/tasks/detail/feed.hpp"
#include "ferry/tasks/detail/wire_json.hpp"

namespace ferry::tasks {
namespace {

envelope to_envelope(const remote_command& what, const std::string& ticket, value reply_to)
{
    value destination;
    if (!what.destination().empty()) {
        destination = value::array();
        for (const std::string& node : what.destination()) destination.push_back(node);
    }
    value body =
        value::object("method", what.method(), "arguments", what.arguments(), "destination",
                      std::move(destination), "pattern", nullptr, "matcher", nullptr);
    double expires = 0;
    if (!reply_to.is_null()) {
        body.insert("ticket", ticket);
        body.insert("reply_to", std::move(reply_to));
        expires = detail::unix_time() + std::chrono::duration<double>(what.timeout()).count();
    }
    envelope e;
    e.headers = value::object("clock", 1, "expires", expires);
    e.body = detail::dump_wire(body);
    return e;
}

awaitable<void> collect(listener* from, std::string ticket, std::size_t enough, value* replies)
{
    while (enough == 0 || replies->size() < enough) {
        auto coming = from->next();
        const envelope e = co_await std::move(coming);
        try {
            const value* answers = e.headers.get_if("ticket");
            if (answers == nullptr || *answers != value(ticket)) continue;
            const value body = detail::parse_wire(e.body);
            for (const auto& [node, reply] : body.items()) replies->insert(node, reply);
        } catch (const error& why) {
            log::warning("reply dropped", "reason", why.what());
        }
    }
}

}  // namespace

awaitable<value> broadcast(std::shared_ptr<message_broker> over, remote_command what)
{
    const std::string oid = uuid4();
    const std::string ticket = uuid4();
    auto opening = over->listen(bus::replies, oid, oid);
    const std::unique_ptr<listener> replies_to = co_await std::move(opening);
    value reply_to = value::object("exchange", "reply.celery.pidbox", "routing_key", oid);
    auto sending = over->announce(bus::control, "", to_envelope(what, ticket, std::move(reply_to)));
    co_await std::move(sending);
    value replies = value::object();
    try {
        auto collecting = timeout(
            what.timeout(), collect(replies_to.get(), ticket, what.destination().size(), &replies));
        co_await std::move(collecting);
    } catch (const timeout_error&) {
        log::debug("no more replies", "method", what.method());
    }
    auto closing = replies_to->close();
    co_await std::move(closing);
    co_return replies;
}

awaitable<void> cast(std::shared_ptr<message_broker> over, remote_command what)
{
    auto sending = over->announce(bus::control, "", to_envelope(what, "", value()));
    co_await std::move(sending);
}

}  // namespace ferry::tasks
