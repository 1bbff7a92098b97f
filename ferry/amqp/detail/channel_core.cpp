#include "ferry/amqp/detail/channel_core.hpp"

#include "ferry/amqp/detail/pending_call.hpp"
#include "ferry/amqp/error.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"

#include <fmt/format.h>

#include <utility>

namespace ferry::amqp::detail {
namespace {

std::string channel_arguments(std::uint16_t code, std::string_view text)
{
    std::string out;
    wire_writer w(out);
    w.u16(code);
    w.short_text(text);
    w.u32(0);
    return out;
}

// Whether the broker ended the connection because of what it was sent: sent again, it would do so
// again.
bool is_our_fault(const connection_error& e)
{
    const auto* closed = dynamic_cast<const connection_closed*>(&e);
    return closed != nullptr && closed->code() != errc::connection_forced;
}

}  // namespace

channel_core::~channel_core()
{
    // Whoever waits holds the channel; what is left only wants to know.
    const std::deque<confirmation*> left = std::exchange(unconfirmed_, {});
    for (confirmation* const c : left) {
        if (c != nullptr) {
            c->lost(std::make_exception_ptr(error(errc::closed, "amqp: the channel was dropped")));
        }
    }
    link* const over = connection_->now();
    if (!is_open() || over == nullptr) {
        connection_->release(number_, this);
        return;
    }
    // Nobody waits for the answer; until it comes the number stays taken.
    connection_->let_go(number_);
    send(method::channel_close, channel_arguments(200, "done"));
    over->flush();
}

// Waits until the channel is open on a link.
awaitable<void> channel_core::ready(std::shared_ptr<channel_core> self)
{
    for (;;) {
        self->check_not_ended();
        auto linked = connection_core::ready(self->connection_);
        co_await std::move(linked);
        if (self->opened_ && self->generation_ == self->connection_->generation()) co_return;
        self->check_not_ended();
        self->changed_.clear();
        co_await self->changed_.wait();
    }
}

void channel_core::send(method m, std::string_view arguments)
{
    link* const over = connection_->current().get();
    frame_writer f(over->out(number_).text(), number_, m);
    f.wire().raw(arguments);
    f.finish(over->frame_max());
    over->flush();
}

awaitable<std::string> channel_core::call(std::shared_ptr<channel_core> self, method m,
                                          std::string arguments, method answer, repeat again)
{
    for (;;) {
        auto waiting = ready(self);
        co_await std::move(waiting);
        const auto generation = self->generation_;
        try {
            auto calling = call_now(self, m, arguments, answer, answer);
            co_return co_await std::move(calling);
        } catch (const connection_error& e) {
            const bool recovers = self->connection_->settings().recovers() && !self->failure_;
            if (again == repeat::no || !recovers || is_our_fault(e) ||
                generation != self->generation_) {
                throw;
            }
        }
        self->opened_ = false;
    }
}

// Waits for `what`, as long as an answer may take.
awaitable<void> channel_core::limited(std::shared_ptr<channel_core> self, event* what)
{
    const auto limit = self->connection_->settings().call_timeout();
    for (std::size_t come = self->incoming_.come;;) {
        try {
            auto answering = timeout(limit, what->wait(), "amqp: the broker's answer");
            co_await std::move(answering);
            co_return;
        } catch (const timeout_error&) {
            // The broker answers nothing while its alarm is on, and a long message takes its time.
            const std::size_t before = std::exchange(come, self->incoming_.come);
            if (!self->connection_->is_blocked() && come == before) throw;
        }
    }
}

awaitable<std::string> channel_core::call_now(std::shared_ptr<channel_core> self, method m,
                                              std::string arguments, method answer, method other,
                                              get_result* into)
{
    auto entering = self->calling_.acquire();
    const auto held = co_await std::move(entering);
    // The late answer of a call that was cancelled comes first.
    while (self->answer_due_ && !self->failure_) {
        self->answered_.clear();
        auto late = limited(self, &self->answered_);
        co_await std::move(late);
    }
    self->check_not_ended();
    const auto over = self->connection_->current();
    if (over->lost()) std::rethrow_exception(over->failure());
    pending_call mine(*self, into == nullptr ? nullptr : &into->found);
    self->get_without_ack_ = into != nullptr && into->no_ack;
    self->expected_ = answer;
    self->expected_too_ = other;
    self->answer_due_ = true;
    self->send(m, arguments);
    auto answering = limited(self, &mine.done);
    co_await std::move(answering);
    co_return mine.take();
}

awaitable<std::optional<delivery>> channel_core::get(std::shared_ptr<channel_core> self,
                                                     std::string queue, bool no_ack)
{
    auto waiting = ready(self);
    co_await std::move(waiting);
    std::string arguments;
    wire_writer w(arguments);
    w.u16(0);
    w.short_text(queue);
    w.octet(no_ack ? 1 : 0);
    get_result result{no_ack, std::nullopt};
    auto calling = call_now(self, method::basic_get, std::move(arguments), method::basic_get_empty,
                            method::basic_get_ok, &result);
    co_await std::move(calling);
    co_return std::move(result.found);
}

awaitable<std::string> channel_core::declare(std::shared_ptr<channel_core> self, declaration d)
{
    constexpr std::uint8_t passive = 1;
    const bool is_queue = d.what == declaration::kind::queue;
    d.named_by_broker = is_queue && d.name.empty();
    auto calling = call(self, d.declare_method(), d.encoded(), d.declared_method(), repeat::yes);
    std::string answer = co_await std::move(calling);
    const bool declares = is_queue || d.what == declaration::kind::exchange;
    if (declares && (d.bits & passive) != 0) co_return answer;
    if (is_queue) d.name = wire_reader(answer).short_text();
    self->connection_->declared().add(std::move(d));
    co_return answer;
}

awaitable<void> channel_core::select_confirms(std::shared_ptr<channel_core> self)
{
    if (self->confirms_) co_return;
    auto calling = call(self, method::confirm_select, std::string(1, '\0'),
                        method::confirm_select_ok, repeat::yes);
    co_await std::move(calling);
    self->confirms_ = true;
}

awaitable<void> channel_core::select_transactions(std::shared_ptr<channel_core> self)
{
    auto calling = call(self, method::tx_select, {}, method::tx_select_ok, repeat::yes);
    co_await std::move(calling);
    self->transactional_ = true;
}

awaitable<void> channel_core::flowing(std::shared_ptr<channel_core> self)
{
    while (!self->flows_ && !self->failure_) {
        self->flow_resumed_.clear();
        co_await self->flow_resumed_.wait();
    }
}

awaitable<void> channel_core::close(std::shared_ptr<channel_core> self)
{
    if (self->failure_) co_return;
    auto calling = call(self, method::channel_close, channel_arguments(200, "done"),
                        method::channel_close_ok, repeat::no);
    co_await std::move(calling);
    self->connection_->release(self->number_, self.get());
    self->fail(std::make_exception_ptr(
        error(errc::closed, fmt::format("amqp: channel {} was closed", self->number_))));
}

void channel_core::publish(const std::string& exchange, const std::string& routing_key,
                           const content_head& with, const buffer& long_body,
                           std::string_view short_body, bool mandatory, confirmation* who)
{
    check_not_ended();
    link& over = *connection_->current();
    if (over.lost()) std::rethrow_exception(over.failure());
    const std::string_view body = long_body.empty() ? short_body : long_body.text();
    std::string& out = over.out(number_).text();
    const std::size_t began = out.size();
    std::optional<return_matcher::look> look;
    try {
        publish_method_.append_to(out, exchange, routing_key, mandatory);
        frame_writer head(out, frame_header, number_);
        head.wire().u32(60U << 16U);  // the class, and no weight
        head.wire().u64(body.size());
        const std::size_t before = out.size();
        with.append_to(out);
        if (mandatory && confirms_) {
            look.emplace(exchange, routing_key, std::string_view(out).substr(before), body);
        }
        head.finish(over.frame_max());
    } catch (...) {
        out.resize(began);
        throw;
    }
    if (long_body.empty()) {
        over.add_body(number_, short_body);
    } else {
        over.add_body(number_, long_body);
    }
    ++connection_->counts().published;
    if (confirms_) {
        if (unconfirmed_.empty()) unconfirmed_since_ = std::chrono::steady_clock::now();
        unconfirmed_.push_back(who);
        const std::uint64_t tag = first_unconfirmed_ + unconfirmed_.size() - 1;
        if (look) returns_.expect(tag, *look);
        if (measured_ == 0) {
            measured_ = tag;
            measured_since_ = std::chrono::steady_clock::now();
        }
    }
    over.flush();
}

void channel_core::forget(const confirmation& who) noexcept
{
    for (confirmation*& c : unconfirmed_) {
        if (c == &who) c = nullptr;
    }
}

void channel_core::settle(std::uint64_t generation, std::uint64_t tag, bool positive, bool requeue,
                          bool multiple)
{
    check_not_ended();
    link* const over = connection_->now();
    statistics& counts = connection_->counts();
    if (generation != generation_ || over == nullptr || !opened_) {
        ++counts.stale_acks;
        return;
    }
    frame_writer f(over->out(number_).text(), number_,
                   positive ? method::basic_ack : method::basic_nack);
    f.wire().u64(tag);
    f.wire().octet(
        static_cast<std::uint8_t>((multiple ? 1U : 0U) | (!positive && requeue ? 2U : 0U)));
    f.finish(over->frame_max());
    over->flush();
    unsettled_.settle(tag, multiple);
    ++(positive ? counts.acked : counts.requeued);
}

}  // namespace ferry::amqp::detail
