#include "ferry/amqp/topology.hpp"

#include "ferry/amqp/detail/channel_core.hpp"
#include "ferry/amqp/error.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace ferry::amqp {
namespace {

using detail::channel_core;
using detail::connection_core;
using detail::declaration;
using kind = declaration::kind;
using core_pointer = std::shared_ptr<connection_core>;

constexpr std::uint8_t passive_bit = 1;
constexpr std::uint8_t durable_bit = 2;

template <class T>
std::vector<T> read_all(const value& from, const char* member)
{
    const value* const all = from.get_if(member);
    if (all == nullptr || all->is_null()) return {};
    try {
        return from_value<std::vector<T>>(*all, decode_options().allow_missing().reject_unknown());
    } catch (error& e) {
        e.add_context(member);
        throw;
    }
}

std::string described(const declaration& d)
{
    return fmt::format("{} '{}'", d.what == kind::queue ? "queue" : "exchange", d.name);
}

declaration to_declaration(const topology::exchange& x)
{
    declaration d;
    d.what = kind::exchange;
    d.name = x.name;
    d.type = x.type;
    d.arguments = x.arguments;
    d.bits = static_cast<std::uint8_t>((x.durable ? durable_bit : 0U) | (x.auto_delete ? 4U : 0U) |
                                       (x.internal ? 8U : 0U));
    return d;
}

declaration to_declaration(const topology::queue& q)
{
    declaration d;
    d.name = q.name;
    d.arguments = q.arguments;
    d.bits = static_cast<std::uint8_t>((q.durable ? durable_bit : 0U) | (q.auto_delete ? 8U : 0U));
    return d;
}

declaration to_declaration(const topology::binding& b)
{
    declaration d;
    d.what = b.destination_type == "exchange" ? kind::exchange_binding : kind::queue_binding;
    d.name = b.destination;
    d.source = b.source;
    d.key = b.routing_key;
    d.arguments = b.arguments;
    return d;
}

template <class T>
void append(std::vector<declaration>& to, const std::vector<T>& from, const std::string& vhost)
{
    for (const T& one : from) {
        if (one.vhost.empty() || one.vhost == vhost) to.push_back(to_declaration(one));
    }
}

// What belongs to a virtual host: what a binding needs comes before it.
std::vector<declaration> in_order(const topology& wanted, const std::string& vhost, bool bindings)
{
    std::vector<declaration> all;
    append(all, wanted.exchanges, vhost);
    append(all, wanted.queues, vhost);
    if (bindings) append(all, wanted.bindings, vhost);
    return all;
}

// A refusal closes the channel: each question has one of its own. \return the refusal, if any
awaitable<std::optional<channel_closed>> refusal(core_pointer core, declaration d)
{
    auto opening = connection_core::open_channel(std::move(core));
    const auto own = co_await std::move(opening);
    try {
        auto asking = channel_core::call(own, d.declare_method(), d.encoded(), d.declared_method(),
                                         channel_core::repeat::yes);
        co_await std::move(asking);
    } catch (const channel_closed& e) {
        co_return e;
    }
    auto closing = channel_core::close(own);
    co_await std::move(closing);
    co_return std::nullopt;
}

awaitable<void> declare_all(core_pointer core, topology wanted)
{
    auto opening = connection_core::open_channel(core);
    const auto own = co_await std::move(opening);
    for (declaration& d : in_order(wanted, core->settings().vhost(), true)) {
        auto declaring = channel_core::declare(own, std::move(d));
        co_await std::move(declaring);
    }
    auto closing = channel_core::close(own);
    co_await std::move(closing);
}

awaitable<std::vector<std::string>> compare(core_pointer core, topology wanted)
{
    std::vector<std::string> found;
    for (const declaration& d : in_order(wanted, core->settings().vhost(), false)) {
        declaration question = d;
        question.bits |= passive_bit;
        auto looking = refusal(core, std::move(question));
        std::optional<channel_closed> no = co_await std::move(looking);
        if (no && no->code() == errc::not_found) {
            found.push_back(described(d) + ": missing");
            continue;
        }
        if (!no) {
            // It is there: declared with the same settings, nothing happens.
            auto agreeing = refusal(core, d);
            no = co_await std::move(agreeing);
        }
        if (no) found.push_back(described(d) + ": " + no->text());
    }
    co_return found;
}

}  // namespace

topology topology::from(const value& v)
{
    if (!v.is_object()) throw error(errc::bad_argument, "amqp: a topology must be an object");
    topology made;
    made.exchanges = read_all<exchange>(v, "exchanges");
    made.queues = read_all<queue>(v, "queues");
    made.bindings = read_all<binding>(v, "bindings");
    for (const binding& b : made.bindings) {
        if (b.destination_type == "queue" || b.destination_type == "exchange") continue;
        throw error(
            errc::bad_argument,
            "amqp: bindings: destination_type is queue or exchange, not " + b.destination_type);
    }
    return made;
}

awaitable<void> topology::apply(connection over) const
{
    return declare_all(over.core_, *this);
}

awaitable<std::vector<std::string>> topology::differences(connection over) const
{
    return compare(over.core_, *this);
}

}  // namespace ferry::amqp
