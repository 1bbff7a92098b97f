// How a channel's consumers begin and end, and begin again on the next link.
#include "ferry/amqp/detail/channel_core.hpp"
#include "ferry/amqp/error.hpp"
#include "ferry/core/log.hpp"

#include <utility>
#include <vector>

namespace ferry::amqp::detail {

awaitable<void> channel_core::qos(std::shared_ptr<channel_core> self, std::uint16_t prefetch,
                                  bool global)
{
    std::string arguments;
    wire_writer w(arguments);
    w.u32(0);
    w.u16(prefetch);
    w.octet(global ? 1 : 0);
    auto calling =
        call(self, method::basic_qos, std::move(arguments), method::basic_qos_ok, repeat::yes);
    co_await std::move(calling);
    (global ? self->shared_prefetch_ : self->prefetch_) = prefetch;
}

awaitable<std::shared_ptr<consumer_core>> channel_core::consume(std::shared_ptr<channel_core> self,
                                                                std::shared_ptr<consumer_core> c)
{
    if (const auto at = self->consumers_.find(c->tag);
        at != self->consumers_.end() && !at->second->abandoned) {
        // The broker would end the whole connection.
        throw error(errc::bad_argument,
                    "amqp: the channel has a consumer '" + c->tag + "' already");
    }
    // Deliveries may come right behind the answer, and half of one for an abandoned consumer of
    // this name may be here.
    std::shared_ptr<consumer_core>& slot = self->consumers_[c->tag];
    if (slot && self->incoming_.consumer == slot.get()) self->incoming_.consumer = nullptr;
    slot = c;
    self->latest_consumer_.reset();
    try {
        auto beginning = begin(self, c);
        co_await std::move(beginning);
    } catch (const error& e) {
        c->abandoned = e.code() == condition::timed_out;
        if (!c->abandoned) self->consumers_.erase(c->tag);
        throw;
    } catch (const cancelled&) {
        c->abandoned = true;
        throw;
    }
    co_return c;
}

// Sends basic.consume for a consumer that the channel knows.
awaitable<void> channel_core::begin(std::shared_ptr<channel_core> self,
                                    std::shared_ptr<consumer_core> c)
{
    // What was set for another consumer would count for this one, too.
    const std::uint16_t limit = c->own_limit ? c->prefetch : 0;
    if (!c->no_ack() && self->prefetch_.value_or(0) != limit) {
        auto limiting = qos(self, limit, false);
        co_await std::move(limiting);
    }
    std::string arguments;
    wire_writer w(arguments);
    w.u16(0);
    w.short_text(c->queue);
    w.short_text(c->tag);
    w.octet(c->bits);
    w.table(c->arguments);
    auto calling = call(self, method::basic_consume, std::move(arguments), method::basic_consume_ok,
                        repeat::no);
    co_await std::move(calling);
}

awaitable<void> channel_core::cancel(std::shared_ptr<channel_core> self, std::string tag)
{
    const auto at = self->consumers_.find(tag);
    if (at == self->consumers_.end()) co_return;
    const auto c = at->second;
    std::string arguments;
    wire_writer w(arguments);
    w.short_text(tag);
    w.octet(0);
    auto calling =
        call(self, method::basic_cancel, std::move(arguments), method::basic_cancel_ok, repeat::no);
    co_await std::move(calling);
    self->consumers_.erase(tag);
    self->latest_consumer_.reset();
    c->end(nullptr);
}

std::vector<std::string> channel_core::consumer_tags() const
{
    std::vector<std::string> all;
    for (const auto& [tag, c] : consumers_) {
        if (!c->abandoned) all.push_back(tag);
    }
    return all;
}

void channel_core::renamed(const std::string& from, const std::string& to)
{
    for (const auto& [tag, c] : consumers_) {
        if (c->queue == from) c->queue = to;
    }
}

// Opens the channel on the present link, as it was: confirms, transactions, prefetch.
awaitable<void> channel_core::open_now(std::shared_ptr<channel_core> self)
{
    self->generation_ = self->connection_->generation();
    auto opening = call_now(self, method::channel_open, std::string(1, '\0'),
                            method::channel_open_ok, method::channel_open_ok);
    co_await std::move(opening);
    if (self->confirms_) {
        auto selecting = call_now(self, method::confirm_select, std::string(1, '\0'),
                                  method::confirm_select_ok, method::confirm_select_ok);
        co_await std::move(selecting);
    }
    if (self->transactional_) {
        auto selecting =
            call_now(self, method::tx_select, {}, method::tx_select_ok, method::tx_select_ok);
        co_await std::move(selecting);
    }
    self->opened_ = true;
    self->prefetch_.reset();
    if (self->shared_prefetch_) {
        auto limiting = qos(self, *self->shared_prefetch_, true);
        co_await std::move(limiting);
    }
}

// Lets the consumers begin again. \return whether one was refused, which has closed the channel.
awaitable<bool> channel_core::resume_consumers(std::shared_ptr<channel_core> self)
{
    // By value: a consumer may be cancelled meanwhile.
    const auto consumers = self->consumers_;
    for (const auto& [tag, c] : consumers) {
        if (c->ended || c->abandoned) continue;
        try {
            auto beginning = begin(self, c);
            co_await std::move(beginning);
        } catch (const channel_closed& e) {
            log::warning("amqp: a consumer cannot go on", "queue", c->queue, "failure", e.what());
            c->end(std::make_exception_ptr(protocol_error(
                errc::consumer_cancelled,
                "amqp: the consumer of " + c->queue + " cannot go on: " + e.what())));
            self->consumers_.erase(tag);
            self->latest_consumer_.reset();
            co_return true;
        }
    }
    co_return false;
}

awaitable<void> channel_core::reopen(std::shared_ptr<channel_core> self)
{
    // A refusal takes the channel away from the other consumers too: it is opened once more for
    // them.
    struct mark {
        bool& flag;
        explicit mark(bool& f) noexcept : flag{f} { flag = true; }
        mark(const mark&) = delete;
        mark& operator=(const mark&) = delete;
        ~mark() { flag = false; }
    };
    const mark restoring(self->restoring_);
    for (bool refused = true; refused;) {
        auto opening = open_now(self);
        co_await std::move(opening);
        auto resuming = resume_consumers(self);
        refused = co_await std::move(resuming);
    }
    self->changed_.set();
}

}  // namespace ferry::amqp::detail
