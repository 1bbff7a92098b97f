#include "ferry/amqp/channel.hpp"

#include "ferry/amqp/detail/admission.hpp"
#include "ferry/amqp/detail/channel_core.hpp"
#include "ferry/amqp/detail/handover.hpp"
#include "ferry/amqp/detail/message_access.hpp"
#include "ferry/amqp/error.hpp"

#include <fmt/format.h>

#include <functional>

namespace ferry::amqp {
namespace {

using detail::at;
using detail::channel_core;
using detail::declaration;
using detail::method;
using detail::wire_reader;
using detail::wire_writer;
using core_pointer = std::shared_ptr<channel_core>;
using repeat = channel_core::repeat;

std::uint8_t bits(std::initializer_list<bool> flags)
{
    unsigned all = 0;
    unsigned bit = 1;
    for (const bool f : flags) {
        if (f) all |= bit;
        bit <<= 1U;
    }
    return static_cast<std::uint8_t>(all);
}

declaration binding(declaration::kind what, std::string name, std::string source, std::string key,
                    value arguments)
{
    declaration d;
    d.what = what;
    d.name = std::move(name);
    d.source = std::move(source);
    d.key = std::move(key);
    d.arguments = std::move(arguments);
    return d;
}

awaitable<void> declare(core_pointer core, declaration d)
{
    auto declaring = channel_core::declare(std::move(core), std::move(d));
    co_await std::move(declaring);
}

awaitable<queue_info> declare_and_tell(core_pointer core, declaration d)
{
    auto declaring = channel_core::declare(std::move(core), std::move(d));
    const std::string answer = co_await std::move(declaring);
    wire_reader r(answer);
    std::string name(r.short_text());
    const std::uint32_t messages = r.u32();
    co_return queue_info(std::move(name), messages, r.u32());
}

awaitable<void> call(core_pointer core, method m, std::string arguments, method answer)
{
    auto calling =
        channel_core::call(std::move(core), m, std::move(arguments), answer, repeat::yes);
    co_await std::move(calling);
}

// What is deleted is not declared again.
using forgetting = std::function<void(detail::topology&)>;

awaitable<void> forget_and_call(core_pointer core, forgetting forget, method m,
                                std::string arguments, method answer)
{
    forget(core->owner().declared());
    auto calling = call(std::move(core), m, std::move(arguments), answer);
    co_await std::move(calling);
}

awaitable<std::uint32_t> forget_and_count(core_pointer core, forgetting forget, method m,
                                          std::string arguments, method answer)
{
    if (forget) forget(core->owner().declared());
    auto calling = channel_core::call(std::move(core), m, std::move(arguments), answer, repeat::no);
    const std::string count = co_await std::move(calling);
    co_return wire_reader(count).u32();
}

std::string unbinding(const std::string& name, const std::string& source, const std::string& key,
                      const value& arguments, bool has_nowait)
{
    std::string out;
    wire_writer w(out);
    w.u16(0);
    w.short_text(name);
    w.short_text(source);
    w.short_text(key);
    if (has_nowait) w.octet(0);
    w.table(arguments);
    return out;
}

// What the broker's word on a message means; null if it has the message.
std::exception_ptr failure_of(bool taken, const std::optional<returned_message>& returned)
{
    if (returned) {
        return std::make_exception_ptr(error(
            errc::no_route,
            fmt::format("amqp: no queue takes the message to '{}' with the key '{}': {}",
                        returned->exchange(), returned->routing_key(), returned->reply_text())));
    }
    if (taken) return nullptr;
    return std::make_exception_ptr(
        error(errc::publish_nacked, "amqp: the broker did not take the message"));
}

// Waits for the broker's word on one message.
class confirm_waiter final : public waiter, public detail::confirmation {
public:
    explicit confirm_waiter(core_pointer core) : core_{std::move(core)} {}
    ~confirm_waiter() override
    {
        if (!told_) core_->forget(*this);
    }

    void settled(bool taken, std::optional<returned_message> returned) noexcept override
    {
        lost(failure_of(taken, returned));
    }
    void lost(const std::exception_ptr& why) noexcept override
    {
        told_ = true;
        failure_ = why;
        wake();
    }

    void rethrow() const
    {
        if (failure_) std::rethrow_exception(failure_);
    }

private:
    core_pointer core_;
    bool told_ = false;
    std::exception_ptr failure_;
};

// Tells somebody of the broker's word on one message, and is gone.
class confirm_reporter final : public detail::confirmation {
public:
    explicit confirm_reporter(std::shared_ptr<publish_watcher> to) : to_{std::move(to)} {}

    void settled(bool taken, std::optional<returned_message> returned) noexcept override
    {
        lost(failure_of(taken, returned));
    }
    void lost(const std::exception_ptr& why) noexcept override
    {
        to_->published(why);
        delete this;
    }

private:
    std::shared_ptr<publish_watcher> to_;
};

// How a message's properties are given: what is written, or what came from a broker.
detail::content_head head_of(const properties& with)
{
    return with;
}
detail::content_head head_of(const std::string& text)
{
    return std::string_view(text);
}

template <class Properties>
awaitable<void> publish(core_pointer core, std::string exchange, std::string routing_key,
                        publish_body body, Properties with, mandatory flag)
{
    if (!detail::admitted(*core)) {
        auto waiting = detail::admission(core);
        co_await std::move(waiting);
    }
    const bool is_mandatory = static_cast<bool>(flag);
    const detail::content_head head = head_of(with);
    if (!core->confirms()) {
        core->publish(exchange, routing_key, head, body.data(), body.text(), is_mandatory, nullptr);
        co_return;
    }
    confirm_waiter mine(core);
    core->publish(exchange, routing_key, head, body.data(), body.text(), is_mandatory, &mine);
    co_await mine.park();
    mine.rethrow();
}

bool publish_and_report(channel_core& core, const std::string& exchange,
                        const std::string& routing_key, const detail::content_head& with,
                        const buffer& long_body, std::string_view short_body, mandatory flag,
                        std::shared_ptr<publish_watcher> told)
{
    core.check_not_ended();
    if (!detail::admitted(core)) return false;
    if (!core.confirms()) {
        core.publish(exchange, routing_key, with, long_body, short_body, static_cast<bool>(flag),
                     nullptr);
        told->published(nullptr);
        return true;
    }
    auto reporter = std::make_unique<confirm_reporter>(std::move(told));
    core.publish(exchange, routing_key, with, long_body, short_body, static_cast<bool>(flag),
                 reporter.get());
    // Its own from now on.
    static_cast<void>(reporter.release());
    return true;
}

awaitable<void> recover(core_pointer core)
{
    core->recovers();
    auto calling =
        call(core, method::basic_recover, std::string(1, '\1'), method::basic_recover_ok);
    co_await std::move(calling);
}

awaitable<void> settle_tag(core_pointer core, std::uint64_t tag, bool positive, bool requeue,
                           bool multiple)
{
    core->settle(core->generation(), tag, positive, requeue, multiple);
    co_return;
}

awaitable<void> set_prefetch(core_pointer core, std::uint16_t prefetch, bool global)
{
    auto limiting = channel_core::qos(core, prefetch, global);
    co_await std::move(limiting);
    if (!global) core->choose_prefetch(prefetch);
}

}  // namespace

template <class T>
awaitable<T> channel::there(awaitable<T> operation) const
{
    return at(core_->lives_at(), std::move(operation));
}

std::uint16_t channel::channel_number() const noexcept
{
    return core_->number();
}

bool channel::is_open() const noexcept
{
    return core_->is_open();
}

awaitable<void> channel::close()
{
    return there(channel_core::close(core_));
}

awaitable<void> channel::declare_exchange(std::string name, std::string type, declare_options with)
{
    declaration d;
    d.what = declaration::kind::exchange;
    d.name = std::move(name);
    d.type = std::move(type);
    d.bits = bits({with.passive, with.durable, with.auto_delete, with.internal});
    d.arguments = std::move(with.arguments);
    return there(declare(core_, std::move(d)));
}

awaitable<void> channel::delete_exchange(std::string name, declare_options with)
{
    std::string out;
    wire_writer w(out);
    w.u16(0);
    w.short_text(name);
    w.octet(bits({with.if_unused}));
    auto forget = [name = std::move(name)](detail::topology& t) { t.remove_exchange(name); };
    return there(forget_and_call(core_, std::move(forget), method::exchange_delete, std::move(out),
                                 method::exchange_delete_ok));
}

awaitable<void> channel::exchange_bind(std::string destination, std::string source,
                                       std::string routing_key, value arguments)
{
    return there(
        declare(core_, binding(declaration::kind::exchange_binding, std::move(destination),
                               std::move(source), std::move(routing_key), std::move(arguments))));
}

awaitable<void> channel::exchange_unbind(std::string destination, std::string source,
                                         std::string routing_key, value arguments)
{
    std::string out = unbinding(destination, source, routing_key, arguments, true);
    auto forget = [=](detail::topology& t) {
        t.remove_binding(declaration::kind::exchange_binding, destination, source, routing_key);
    };
    return there(forget_and_call(core_, std::move(forget), method::exchange_unbind, std::move(out),
                                 method::exchange_unbind_ok));
}

awaitable<queue_info> channel::declare_queue(std::string name, declare_options with)
{
    declaration d;
    d.what = declaration::kind::queue;
    d.name = std::move(name);
    d.bits = bits({with.passive, with.durable, with.exclusive, with.auto_delete});
    d.arguments = std::move(with.arguments);
    return there(declare_and_tell(core_, std::move(d)));
}

awaitable<void> channel::queue_bind(std::string queue, std::string exchange,
                                    std::string routing_key, value arguments)
{
    return there(
        declare(core_, binding(declaration::kind::queue_binding, std::move(queue),
                               std::move(exchange), std::move(routing_key), std::move(arguments))));
}

awaitable<void> channel::queue_unbind(std::string queue, std::string exchange,
                                      std::string routing_key, value arguments)
{
    std::string out = unbinding(queue, exchange, routing_key, arguments, false);
    auto forget = [=](detail::topology& t) {
        t.remove_binding(declaration::kind::queue_binding, queue, exchange, routing_key);
    };
    return there(forget_and_call(core_, std::move(forget), method::queue_unbind, std::move(out),
                                 method::queue_unbind_ok));
}

awaitable<std::uint32_t> channel::queue_purge(std::string queue)
{
    std::string out;
    wire_writer w(out);
    w.u16(0);
    w.short_text(queue);
    w.octet(0);
    return there(forget_and_count(core_, nullptr, method::queue_purge, std::move(out),
                                  method::queue_purge_ok));
}

awaitable<std::uint32_t> channel::delete_queue(std::string queue, declare_options with)
{
    std::string out;
    wire_writer w(out);
    w.u16(0);
    w.short_text(queue);
    w.octet(bits({with.if_unused, with.if_empty}));
    auto forget = [queue = std::move(queue)](detail::topology& t) { t.remove_queue(queue); };
    return there(forget_and_count(core_, std::move(forget), method::queue_delete, std::move(out),
                                  method::queue_delete_ok));
}

bool publish_operation::attempt()
{
    channel_core& over = *over_;
    if (!over.lives_at().is_here() || over.confirms() || !detail::admitted(over)) return false;
    over.publish(exchange_, routing_key_, with_, body_.data(), body_.text(),
                 static_cast<bool>(mandatory_), nullptr);
    return true;
}

awaitable<void> publish_operation::later() &&
{
    const detail::home& where = over_->lives_at();
    return at(where, publish(std::move(over_), std::move(exchange_), std::move(routing_key_),
                             std::move(body_), std::move(with_), mandatory_));
}

awaitable<void> channel::forward(std::string exchange, std::string routing_key, const message& what,
                                 mandatory flag)
{
    std::string with = detail::message_access::properties(what);
    if (with.empty()) properties().append_to(with);  // it came from nowhere
    return there(publish(core_, std::move(exchange), std::move(routing_key),
                         publish_body(what.body()), std::move(with), flag));
}

bool channel::try_publish(const std::string& exchange, const std::string& routing_key,
                          const publish_body& body, const properties& with, mandatory flag,
                          std::shared_ptr<publish_watcher> told)
{
    return publish_and_report(*core_, exchange, routing_key, with, body.data(), body.text(), flag,
                              std::move(told));
}

bool channel::try_publish(const std::string& exchange, const std::string& routing_key,
                          std::string_view body, std::string_view properties_text, mandatory flag,
                          std::shared_ptr<publish_watcher> told)
{
    return publish_and_report(*core_, exchange, routing_key, properties_text, {}, body, flag,
                              std::move(told));
}

awaitable<void> channel::confirm_delivery()
{
    return there(channel_core::select_confirms(core_));
}

void channel::add_on_return(std::function<void(returned_message)> f)
{
    core_->on_return = std::move(f);
}

awaitable<void> channel::basic_qos(std::uint16_t prefetch, bool global)
{
    return there(set_prefetch(core_, prefetch, global));
}

awaitable<void> channel::basic_ack(std::uint64_t delivery_tag, bool multiple)
{
    return there(settle_tag(core_, delivery_tag, true, false, multiple));
}

awaitable<void> channel::basic_nack(std::uint64_t delivery_tag, bool multiple, bool requeue)
{
    return there(settle_tag(core_, delivery_tag, false, requeue, multiple));
}

awaitable<void> channel::basic_reject(std::uint64_t delivery_tag, bool requeue)
{
    return there(settle_tag(core_, delivery_tag, false, requeue, false));
}

awaitable<std::optional<delivery>> channel::basic_get(std::string queue, bool no_ack)
{
    return detail::at_or_back(core_->lives_at(), channel_core::get(core_, std::move(queue), no_ack),
                              [core = core_](const delivery& d) { core->give_back(d); });
}

awaitable<void> channel::basic_recover()
{
    return there(recover(core_));
}

awaitable<void> channel::tx_select()
{
    return there(channel_core::select_transactions(core_));
}

awaitable<void> channel::tx_commit()
{
    return there(call(core_, method::tx_commit, {}, method::tx_commit_ok));
}

awaitable<void> channel::tx_rollback()
{
    return there(call(core_, method::tx_rollback, {}, method::tx_rollback_ok));
}

}  // namespace ferry::amqp
