#include "ferry/amqp/detail/channel_core.hpp"

#include "ferry/amqp/detail/message_access.hpp"
#include "ferry/amqp/error.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ferry::amqp::detail {
namespace {

// Bodies of up to so many bytes are copied into the text that is written; longer ones are not.
constexpr std::size_t copied_body_bytes = 16 * 1024;
/// What a message may have at most; RabbitMQ refuses more.
constexpr std::uint64_t max_body_bytes = 134217728;

std::string channel_arguments(std::uint16_t code, std::string_view text)
{
    std::string out;
    wire_writer w(out);
    w.u16(code);
    w.short_text(text);
    w.u32(0);
    return out;
}

}  // namespace

class channel_core::pending_call final : public waiter {
public:
    pending_call(channel_core& of, get_result* g) : into{g}, of_{of} { of.pending_ = this; }
    ~pending_call() override
    {
        if (of_.pending_ == this) of_.pending_ = nullptr;
    }

    void answer(std::string arguments)
    {
        arguments_ = std::move(arguments);
        wake();
    }
    void fail(std::exception_ptr why) noexcept
    {
        failure_ = std::move(why);
        wake();
    }

    std::string arguments_;
    std::exception_ptr failure_;
    get_result* into;

private:
    channel_core& of_;
};

channel_core::~channel_core()
{
    link* const over = connection_->now();
    if (!is_open() || over == nullptr) {
        connection_->release(number_);
        return;
    }
    // Nobody waits for the answer; until it comes the number stays taken.
    send(method::channel_close, channel_arguments(200, "done"));
    over->flush();
}

// Waits until the channel is open on a link.
awaitable<void> channel_core::ready(std::shared_ptr<channel_core> self)
{
    for (;;) {
        if (self->failure_) std::rethrow_exception(self->failure_);
        auto linked = connection_core::ready(self->connection_);
        co_await std::move(linked);
        if (self->opened_ && self->generation_ == self->connection_->generation()) co_return;
        if (self->failure_) std::rethrow_exception(self->failure_);
        self->changed_.clear();
        co_await self->changed_.wait();
    }
}

void channel_core::send(method m, std::string_view arguments)
{
    link* const over = connection_->current().get();
    frame_writer f(over->out().text(), number_, m);
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
        } catch (const connection_error&) {
            const bool recovers = self->connection_->settings().recovers() && !self->failure_;
            if (again == repeat::no || !recovers || generation != self->generation_) throw;
        }
        self->opened_ = false;
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
        co_await self->answered_.wait();
    }
    if (self->failure_) std::rethrow_exception(self->failure_);
    const auto over = self->connection_->current();
    if (over->lost()) std::rethrow_exception(over->failure());
    pending_call mine(*self, into);
    self->expected_ = answer;
    self->expected_too_ = other;
    self->answer_due_ = true;
    self->send(m, arguments);
    const auto limit = self->connection_->settings().call_timeout();
    for (;;) {
        try {
            auto answering = timeout(limit, mine.park(), "amqp: the broker's answer");
            co_await std::move(answering);
            break;
        } catch (const timeout_error&) {
            // The broker answers nothing while its alarm is on.
            if (!self->connection_->is_blocked()) throw;
        }
    }
    if (mine.failure_) std::rethrow_exception(mine.failure_);
    co_return std::move(mine.arguments_);
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
    self->prefetch_ = prefetch;
    self->prefetch_global_ = global;
}

awaitable<void> channel_core::select_confirms(std::shared_ptr<channel_core> self)
{
    if (self->confirms_) co_return;
    auto calling = call(self, method::confirm_select, std::string(1, '\0'),
                        method::confirm_select_ok, repeat::yes);
    co_await std::move(calling);
    self->confirms_ = true;
}

awaitable<std::shared_ptr<consumer_core>> channel_core::consume(std::shared_ptr<channel_core> self,
                                                                std::shared_ptr<consumer_core> c)
{
    std::string arguments;
    wire_writer w(arguments);
    w.u16(0);
    w.short_text(c->queue);
    w.short_text(c->tag);
    w.octet(c->bits);
    w.table(c->arguments);
    // Deliveries may come right behind the answer.
    self->consumers_[c->tag] = c;
    try {
        auto calling = call(self, method::basic_consume, std::move(arguments),
                            method::basic_consume_ok, repeat::no);
        co_await std::move(calling);
    } catch (...) {
        self->consumers_.erase(c->tag);
        throw;
    }
    co_return c;
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
    c->end(nullptr);
}

awaitable<void> channel_core::close(std::shared_ptr<channel_core> self)
{
    if (self->failure_) co_return;
    auto calling = call(self, method::channel_close, channel_arguments(200, "done"),
                        method::channel_close_ok, repeat::no);
    co_await std::move(calling);
    self->fail(std::make_exception_ptr(
        error(errc::closed, fmt::format("amqp: channel {} was closed", self->number_))));
}

void channel_core::publish(const std::string& exchange, const std::string& routing_key,
                           const properties& with, buffer long_body, std::string_view short_body,
                           bool mandatory, confirmation* who)
{
    if (failure_) std::rethrow_exception(failure_);
    link& over = *connection_->current();
    if (over.lost()) std::rethrow_exception(over.failure());
    const std::string_view body = long_body.empty() ? short_body : long_body.text();
    std::string& out = over.out().text();
    const std::size_t began = out.size();
    try {
        frame_writer f(out, number_, method::basic_publish);
        f.wire().u16(0);
        f.wire().short_text(exchange);
        f.wire().short_text(routing_key);
        f.wire().octet(mandatory ? 1 : 0);
        f.finish(over.frame_max());
        frame_writer head(out, frame_header, number_);
        head.wire().u16(60);
        head.wire().u16(0);
        head.wire().u64(body.size());
        with.append_to(out);
        head.finish(over.frame_max());
    } catch (...) {
        out.resize(began);
        throw;
    }
    const std::size_t room = over.frame_max() - frame_overhead;
    for (std::size_t at = 0; at < body.size(); at += room) {
        const std::string_view part = body.substr(at, room);
        wire_writer w(out);
        w.octet(frame_body);
        w.u16(number_);
        w.u32(static_cast<std::uint32_t>(part.size()));
        if (long_body.empty() || part.size() <= copied_body_bytes) {
            w.raw(part);
        } else {
            over.out().add(long_body.slice(at, part.size()));
        }
        w.raw(std::string_view(&frame_end, 1));
    }
    if (confirms_) unconfirmed_.push_back(who);
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
    if (failure_) std::rethrow_exception(failure_);
    link* const over = connection_->now();
    if (generation != generation_ || over == nullptr) {
        log::debug("amqp: a delivery of a lost connection is not settled", "tag", tag);
        return;
    }
    frame_writer f(over->out().text(), number_, positive ? method::basic_ack : method::basic_nack);
    f.wire().u64(tag);
    f.wire().octet(
        static_cast<std::uint8_t>((multiple ? 1U : 0U) | (!positive && requeue ? 2U : 0U)));
    f.finish(over->frame_max());
    over->flush();
}

void channel_core::take(const frame& f)
{
    switch (f.type) {
        case frame_method: {
            if (incoming_) {
                throw protocol_error(errc::unexpected_frame, "amqp: a method inside of a content");
            }
            wire_reader r(f.payload);
            const auto m = static_cast<method>(r.u32());
            return take_method(m, r.rest());
        }
        case frame_header: return take_header(f.payload);
        default: return take_body(f.payload);
    }
}

void channel_core::take_method(method m, std::string_view arguments)
{
    switch (m) {
        case method::basic_deliver:
        case method::basic_get_ok:
        case method::basic_return: return begin_content(m, arguments);
        case method::basic_ack:
        case method::basic_nack: {
            wire_reader r(arguments);
            const std::uint64_t tag = r.u64();
            return settle_confirms(tag, (r.octet() & 1U) != 0, m == method::basic_ack);
        }
        case method::basic_cancel: return cancelled_by_broker(arguments);
        case method::channel_close: return closed_by_broker(arguments);
        case method::channel_flow: return send(method::channel_flow_ok, arguments.substr(0, 1));
        default: break;
    }
    if (!answer_due_ || (m != expected_ && m != expected_too_)) {
        if (m == method::channel_close_ok) return;
        throw protocol_error(errc::command_invalid, "amqp: an answer that nobody waits for");
    }
    answer_due_ = false;
    if (pending_ != nullptr) pending_->answer(std::string(arguments));
    answered_.set();
}

void channel_core::take_header(std::string_view payload)
{
    if (!incoming_ || incoming_->has_header) {
        throw protocol_error(errc::unexpected_frame, "amqp: a header without a method");
    }
    wire_reader r(payload);
    r.u16();
    r.u16();
    incoming_->size = r.u64();
    if (incoming_->size > max_body_bytes) throw limit_error("max_body_bytes", max_body_bytes);
    incoming_->properties = r.rest();
    incoming_->has_header = true;
    if (incoming_->size == 0) finish_content({});
}

void channel_core::take_body(std::string_view payload)
{
    if (!incoming_ || !incoming_->has_header) {
        throw protocol_error(errc::unexpected_frame, "amqp: a body without a header");
    }
    bytes& body = incoming_->body;
    if (payload.size() > incoming_->size - body.size()) {
        throw protocol_error(errc::frame_error, "amqp: a body longer than announced");
    }
    const auto raw = as_bytes(payload);
    if (payload.size() == incoming_->size) {
        // One allocation for the bytes and their owner.
        auto owner = std::make_shared_for_overwrite<std::byte[]>(raw.size());
        std::ranges::copy(raw, owner.get());
        const std::span<const std::byte> view(owner.get(), raw.size());
        return finish_content(buffer(std::move(owner), view));
    }
    // Memory grows with what arrives, not with what was announced.
    if (body.empty()) body.reserve(std::min<std::size_t>(incoming_->size, 4 * frame_max_size));
    body.insert(body.end(), raw.begin(), raw.end());
    if (body.size() == incoming_->size) finish_content(std::move(body));
}

void channel_core::begin_content(method m, std::string_view arguments)
{
    wire_reader r(arguments);
    content& c = incoming_.emplace(content());
    c.kind = m;
    if (m == method::basic_return) {
        c.reply_code = r.u16();
        c.reply_text = r.short_text();
    } else {
        if (m == method::basic_deliver) c.consumer_tag = r.short_text();
        c.tag = r.u64();
        c.redelivered = (r.octet() & 1U) != 0;
    }
    c.exchange = r.short_text();
    c.routing_key = r.short_text();
    if (m == method::basic_get_ok) c.message_count = r.u32();
}

void channel_core::finish_content(buffer body)
{
    content c = std::move(*incoming_);
    incoming_.reset();
    if (c.kind == method::basic_return) {
        returned_message m;
        message_access::set_reply(m, c.reply_code, std::move(c.reply_text));
        message_access::set(m, std::move(c.exchange), std::move(c.routing_key),
                            std::move(c.properties), std::move(body));
        if (confirms_) {
            returned_ = std::move(m);  // its confirm comes next
        } else if (on_return) {
            on_return(std::move(m));
        }
        return;
    }
    delivery d;
    message_access::set(d, std::move(c.exchange), std::move(c.routing_key), std::move(c.properties),
                        std::move(body));
    if (c.kind == method::basic_get_ok) return answer_get(std::move(c), std::move(d));
    const auto at = consumers_.find(c.consumer_tag);
    // One that was cancelled meanwhile: what it did not take goes back when the channel closes.
    if (at == consumers_.end()) return;
    message_access::set_delivery(d, shared_from_this(), generation_, std::move(c.consumer_tag),
                                 c.tag, c.redelivered, 0, at->second->no_ack());
    at->second->put(std::move(d));
}

void channel_core::answer_get(content c, delivery d)
{
    if (!answer_due_ || expected_too_ != method::basic_get_ok) {
        throw protocol_error(errc::command_invalid, "amqp: an answer that nobody waits for");
    }
    answer_due_ = false;
    if (pending_ != nullptr) {
        message_access::set_delivery(d, shared_from_this(), generation_, {}, c.tag, c.redelivered,
                                     c.message_count, pending_->into->no_ack);
        pending_->into->found = std::move(d);
        pending_->answer({});
    }
    answered_.set();
}

void channel_core::settle_confirms(std::uint64_t tag, bool multiple, bool taken)
{
    if (tag < first_unconfirmed_ || tag - first_unconfirmed_ >= unconfirmed_.size()) {
        if (tag == 0 && multiple) {
            tag = first_unconfirmed_ + unconfirmed_.size() - 1;
        } else {
            returned_.reset();
            return;
        }
    }
    const auto last = static_cast<std::size_t>(tag - first_unconfirmed_);
    for (std::size_t i = multiple ? 0 : last; i <= last && i < unconfirmed_.size(); ++i) {
        if (confirmation* const c = std::exchange(unconfirmed_[i], nullptr)) {
            c->settled(taken, i == last ? std::exchange(returned_, std::nullopt) : std::nullopt);
        }
    }
    // What is settled at the front is done with. A forgotten one there counts as settled; its late
    // confirm finds nothing.
    while (!unconfirmed_.empty() && unconfirmed_.front() == nullptr) {
        unconfirmed_.pop_front();
        ++first_unconfirmed_;
    }
    returned_.reset();
}

void channel_core::cancelled_by_broker(std::string_view arguments)
{
    wire_reader r(arguments);
    const std::string tag(r.short_text());
    const auto at = consumers_.find(tag);
    if (at == consumers_.end()) return;
    at->second->end(std::make_exception_ptr(
        protocol_error(errc::consumer_cancelled,
                       "amqp: the broker cancelled the consumer of " + at->second->queue)));
    consumers_.erase(at);
}

void channel_core::closed_by_broker(std::string_view arguments)
{
    wire_reader r(arguments);
    const std::uint16_t code = r.u16();
    const std::string text(r.short_text());
    const std::uint16_t class_id = r.u16();
    const std::uint16_t method_id = r.u16();
    send(method::channel_close_ok, {});
    opened_ = false;
    connection_->release(number_);
    fail(std::make_exception_ptr(channel_closed(code, text, class_id, method_id)));
}

void channel_core::fail_waiting(const std::exception_ptr& why) noexcept
{
    opened_ = false;
    incoming_.reset();
    answer_due_ = false;
    if (pending_ != nullptr) pending_->fail(why);
    answered_.set();
    const std::deque<confirmation*> open = std::exchange(unconfirmed_, {});
    first_unconfirmed_ = 1;
    returned_.reset();
    for (confirmation* const c : open) {
        if (c != nullptr) c->lost(why);
    }
    changed_.set();
}

void channel_core::lost(const std::exception_ptr& why) noexcept
{
    fail_waiting(why);
    for (const auto& [tag, c] : consumers_) {
        // They come again over the next link.
        std::erase_if(c->waiting, [](const delivery&) { return true; });
    }
}

void channel_core::fail(const std::exception_ptr& why) noexcept
{
    if (failure_) return;
    failure_ = why;
    fail_waiting(why);
    for (const auto& [tag, c] : consumers_) c->end(why);
    consumers_.clear();
}

void channel_core::renamed(const std::string& from, const std::string& to)
{
    for (const auto& [tag, c] : consumers_) {
        if (c->queue == from) c->queue = to;
    }
}

awaitable<void> channel_core::reopen(std::shared_ptr<channel_core> self)
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
    self->opened_ = true;
    if (self->prefetch_ != 0) {
        auto limiting = qos(self, self->prefetch_, self->prefetch_global_);
        co_await std::move(limiting);
    }
    // By value: a consumer may be cancelled meanwhile.
    const auto consumers = self->consumers_;
    for (const auto& [tag, c] : consumers) {
        if (c->prefetch != 0) {
            auto limiting = qos(self, c->prefetch, false);
            co_await std::move(limiting);
        }
        auto consuming = consume(self, c);
        co_await std::move(consuming);
    }
    self->changed_.set();
}

}  // namespace ferry::amqp::detail
