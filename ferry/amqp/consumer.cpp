// What a channel's consumers are: asked for one message after the other, or handing them to a
// function.
#include "ferry/amqp/channel.hpp"
#include "ferry/amqp/detail/channel_core.hpp"
#include "ferry/amqp/detail/handover.hpp"
#include "ferry/amqp/error.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/uuid.hpp"

#include <chrono>
#include <utility>

namespace ferry::amqp {
namespace {

using detail::at;
using detail::channel_core;
using core_pointer = std::shared_ptr<channel_core>;
using consumer_pointer = std::shared_ptr<detail::consumer_core>;

constexpr std::uint16_t default_prefetch = 100;

awaitable<std::optional<delivery>> next_of(consumer_pointer core)
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

awaitable<consumer> consume(core_pointer core, consumer_pointer c,
                            std::optional<std::uint16_t> prefetch)
{
    c->prefetch = prefetch.value_or(core->prefetch().value_or(default_prefetch));
    auto consuming = channel_core::consume(core, std::move(c));
    auto made = co_await std::move(consuming);
    co_return consumer(std::move(core), std::move(made));
}

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
    c->bits = static_cast<std::uint8_t>((with.no_ack ? 2U : 0U) | (with.exclusive ? 4U : 0U));
    c->arguments = std::move(with.arguments);
    c->own_limit = !with.channel_prefetch;
    return c;
}

}  // namespace

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
    if (of_->lives_at.is_here()) return next_of(std::move(of_));
    return detail::at_or_back(of_->lives_at, next_of(of_),
                              [core = of_](delivery&& d) { core->put_back(std::move(d)); });
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

awaitable<consumer> channel::begin_consuming(std::string queue, declare_options with)
{
    const auto prefetch = with.prefetch;
    auto c = make_consumer(*core_, std::move(queue), std::move(with));
    return at(core_->lives_at(), consume(core_, std::move(c), prefetch));
}

awaitable<std::string> channel::consume_by(std::string queue, message_handler handler,
                                           declare_options with)
{
    const auto prefetch = with.prefetch;
    auto c = make_consumer(*core_, std::move(queue), std::move(with));
    return at(core_->lives_at(),
              amqp::consume_by(core_, c, consume(core_, c, prefetch), std::move(handler)));
}

awaitable<void> channel::basic_cancel(std::string consumer_tag)
{
    return at(core_->lives_at(), channel_core::cancel(core_, std::move(consumer_tag)));
}

std::vector<std::string> channel::consumer_tags() const
{
    return core_->consumer_tags();
}

}  // namespace ferry::amqp
