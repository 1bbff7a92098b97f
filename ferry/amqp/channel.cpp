#include "ferry/amqp/channel.hpp"

#include "ferry/amqp/detail/admission.hpp"
#include "ferry/amqp/detail/channel_core.hpp"
#include "ferry/amqp/error.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/uuid.hpp"

#include <fmt/format.h>

#include <functional>

namespace ferry::amqp {
namespace {

using detail::at;
using detail::channel_core;
using detail::connection_core;
using detail::declaration;
using detail::method;
using detail::wire_reader;
using detail::wire_writer;
using core_pointer = std::shared_ptr<channel_core>;
using repeat = channel_core::repeat;

constexpr std::uint16_t default_prefetch = 100;

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

awaitable<void> publish(core_pointer core, std::string exchange, std::string routing_key,
                        publish_body body, properties with, bool is_mandatory)
{
    if (!detail::admitted(*core)) {
        auto waiting = detail::admission(core);
        co_await std::move(waiting);
    }
    if (!core->confirms()) {
        core->publish(exchange, routing_key, with, body.data(), body.text(), is_mandatory, nullptr);
        co_return;
    }
    confirm_waiter mine(core);
    core->publish(exchange, routing_key, with, body.data(), body.text(), is_mandatory, &mine);
    co_await mine.park();
    mine.rethrow();
}

bool publish_and_report(channel_core& core, const std::string& exchange,
                        const std::string& routing_key, const detail::content_head& with,
                        const buffer& long_body, std::string_view short_body, mandatory flag,
                        std::shared_ptr<publish_watcher> told)
{
    if (!core.confirms()) {
        throw error(errc::bad_argument, "amqp: try_publish needs a channel with confirms");
    }
    core.check_not_ended();
    if (!detail::admitted(core)) return false;
    auto reporter = std::make_unique<confirm_reporter>(std::move(told));
    core.publish(exchange, routing_key, with, long_body, short_body, static_cast<bool>(flag),
                 reporter.get());
    // Its own from now on.
    static_cast<void>(reporter.release());
    return true;
}

awaitable<std::optional<delivery>> next_of(std::shared_ptr<detail::consumer_core> core)
{
    while (core->waiting.empty()) {
        if (core->failure) std::rethrow_exception(core->failure);
        if (core->ended) co_return std::nullopt;
        core->arrived.clear();
        co_await core->arrived.wait();
    }
    co_return std::optional<delivery>(core->waiting.pop());
}

// Short enough to be copied without an allocation.
std::string fresh_tag()
{
    return "f-" + uuid4().substr(24);
}

awaitable<consumer> consume(core_pointer core, std::shared_ptr<detail::consumer_core> c,
                            std::optional<std::uint16_t> prefetch)
{
    c->prefetch = prefetch.value_or(core->prefetch().value_or(default_prefetch));
    auto consuming = channel_core::consume(core, std::move(c));
    auto made = co_await std::move(consuming);
    co_return consumer(std::move(core), std::move(made));
}

using consumer_pointer = std::shared_ptr<detail::consumer_core>;

// Ends the consumer of a handler that has failed: the message, unless it is settled, and those
// behind it are for others.
awaitable<void> give_back(core_pointer core, consumer_pointer c, std::uint64_t generation,
                          std::uint64_t tag)
{
    try {
        auto ending = channel_core::cancel(core, c->tag);
        co_await std::move(ending);
        if (c->no_ack()) co_return;
        const bool here = generation == core->generation();
        if (here && core->waits_for_settlement().contains(tag)) {
            core->settle(generation, tag, false, true, false);
        }
        while (!c->waiting.empty()) {
            const delivery d = c->waiting.pop();
            core->settle(core->generation(), d.delivery_tag(), false, true, false);
        }
    } catch (const error&) {
        // The channel has ended, which gives back what it had.
    }
}

awaitable<void> hand_out(core_pointer core, consumer_pointer c, consumer from,
                         message_handler handler)
{
    std::exception_ptr failure;
    for (;;) {
        auto d = co_await from.next();
        if (!d) co_return;
        const std::uint64_t generation = core->generation();
        const std::uint64_t tag = d->delivery_tag();
        const auto began = std::chrono::steady_clock::now();
        try {
            auto handling = handler(std::move(*d));
            co_await std::move(handling);
        } catch (const cancelled&) {
            throw;  // the loop ends
        } catch (...) {
            failure = std::current_exception();
        }
        core->owner().counts().handler_time.add(std::chrono::steady_clock::now() - began);
        if (!failure) continue;
        auto returning = give_back(core, c, generation, tag);
        co_await std::move(returning);
        std::rethrow_exception(failure);
    }
}

awaitable<std::string> consume_by(core_pointer core, consumer_pointer c,
                                  awaitable<consumer> beginning, message_handler handler)
{
    consumer from = co_await std::move(beginning);
    std::string tag = from.consumer_tag();
    spawn(hand_out(std::move(core), std::move(c), std::move(from), std::move(handler)),
          "amqp consumer");
    co_return tag;
}

consumer_pointer make_consumer(const channel_core& core, std::string queue, declare_options with)
{
    auto c = std::make_shared<detail::consumer_core>(core.lives_at());
    c->tag = with.consumer_tag.empty() ? fresh_tag() : with.consumer_tag;
    c->queue = std::move(queue);
    c->bits = bits({false, with.no_ack, with.exclusive});
    c->arguments = std::move(with.arguments);
    c->own_limit = !with.channel_prefetch;
    return c;
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

void receipt::settle(bool positive, bool requeue, bool multiple)
{
    if (settled_ || !channel_) {
        throw error(errc::already_settled,
                    fmt::format("amqp: delivery {} was settled before", tag_));
    }
    channel_->settle(generation_, tag_, positive, requeue, multiple);
    settled_ = true;
}

settlement receipt::ack(bool multiple)
{
    return {*this, true, false, multiple};
}

settlement receipt::nack(bool requeue, bool multiple)
{
    return {*this, false, requeue, multiple};
}

settlement receipt::reject(bool requeue)
{
    return {*this, false, requeue, false};
}

bool settlement::attempt()
{
    if (of_->channel_ && !of_->channel_->lives_at().is_here()) return false;
    of_->settle(positive_, requeue_, multiple_);
    return true;
}

awaitable<void> settlement::settle(receipt* of, bool positive, bool requeue, bool multiple)
{
    of->settle(positive, requeue, multiple);
    co_return;
}

awaitable<void> settlement::later() &&
{
    auto settling = settle(of_, positive_, requeue_, multiple_);
    if (!of_->channel_) return settling;
    return at(of_->channel_->lives_at(), std::move(settling));
}

next_delivery::next_delivery(std::shared_ptr<detail::consumer_core> of) noexcept
    : of_{std::move(of)}
{
}
next_delivery::next_delivery(next_delivery&&) noexcept = default;
next_delivery::~next_delivery() = default;

bool next_delivery::attempt()
{
    return of_->lives_at.is_here() && !of_->waiting.empty();
}

std::optional<delivery> next_delivery::result()
{
    return of_->waiting.pop();
}

awaitable<std::optional<delivery>> next_delivery::later() &&
{
    const detail::home& where = of_->lives_at;
    return at(where, next_of(std::move(of_)));
}

consumer::consumer(std::shared_ptr<channel_core> channel,
                   std::shared_ptr<detail::consumer_core> core)
    : channel_{std::move(channel)}, core_{std::move(core)}
{
}
consumer::consumer(consumer&&) noexcept = default;
consumer& consumer::operator=(consumer&& other) noexcept
{
    consumer taken(std::move(other));
    std::swap(channel_, taken.channel_);
    std::swap(core_, taken.core_);
    return *this;
}

consumer::~consumer()
{
    if (!core_) return;
    if (core_->lives_at.is_here()) {
        core_->leave();
    } else {
        core_->lives_at.its_loop().post([core = core_] { core->leave(); });
    }
}

const std::string& consumer::consumer_tag() const noexcept
{
    return core_->tag;
}

next_delivery consumer::next()
{
    return next_delivery(core_);
}

awaitable<void> consumer::cancel()
{
    return at(channel_->lives_at(), channel_core::cancel(channel_, core_->tag));
}

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

awaitable<void> channel::basic_publish(std::string exchange, std::string routing_key,
                                       publish_body body, properties with, mandatory flag)
{
    return there(publish(core_, std::move(exchange), std::move(routing_key), std::move(body),
                         std::move(with), static_cast<bool>(flag)));
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

awaitable<consumer> channel::begin_consuming(std::string queue, declare_options with)
{
    const auto prefetch = with.prefetch;
    auto c = make_consumer(*core_, std::move(queue), std::move(with));
    return there(consume(core_, std::move(c), prefetch));
}

awaitable<std::string> channel::consume_by(std::string queue, message_handler handler,
                                           declare_options with)
{
    const auto prefetch = with.prefetch;
    auto c = make_consumer(*core_, std::move(queue), std::move(with));
    return there(amqp::consume_by(core_, c, consume(core_, c, prefetch), std::move(handler)));
}

awaitable<void> channel::basic_cancel(std::string consumer_tag)
{
    return there(channel_core::cancel(core_, std::move(consumer_tag)));
}

std::vector<std::string> channel::consumer_tags() const
{
    return core_->consumer_tags();
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
    return there(channel_core::get(core_, std::move(queue), no_ack));
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
