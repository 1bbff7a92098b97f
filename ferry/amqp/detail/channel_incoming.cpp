// What the broker sends to a channel: answers, contents, confirms, and the channel's end.
#include "ferry/amqp/detail/channel_core.hpp"
#include "ferry/amqp/detail/message_access.hpp"
#include "ferry/amqp/detail/pending_call.hpp"
#include "ferry/amqp/error.hpp"
#include "ferry/core/error.hpp"

#include <algorithm>
#include <utility>

namespace ferry::amqp::detail {
namespace {

/// What a message may have at most; RabbitMQ refuses more.
constexpr std::uint64_t max_body_bytes = 134217728;
/// So much of a body is made room for at once.
constexpr std::size_t first_room = 4 * std::size_t{frame_max_size};

[[noreturn]] void throw_unexpected(const char* what)
{
    throw protocol_error(errc::unexpected_frame, what);
}

[[noreturn]] void throw_unasked()
{
    throw protocol_error(errc::command_invalid, "amqp: an answer that nobody waits for");
}

}  // namespace

void channel_core::take(const frame& f)
{
    switch (f.type) {
        case frame_method: {
            if (incoming_.expected) throw_unexpected("amqp: a method inside of a content");
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
        case method::channel_flow:
            flows_ = (wire_reader(arguments).octet() & 1U) != 0;
            if (flows_) flow_resumed_.set();
            return send(method::channel_flow_ok, arguments.substr(0, 1));
        default: break;
    }
    if (!answer_due_ || (m != expected_ && m != expected_too_)) {
        if (m == method::channel_close_ok) return;
        throw_unasked();
    }
    answer_due_ = false;
    if (pending_ != nullptr) {
        pending_->answer(m, std::string(arguments));
    } else {
        unclaimed(m, arguments, nullptr);
    }
    answered_.set();
}

// Who asked went away: what the broker has given for it goes back.
void channel_core::unclaimed(method answer, std::string_view arguments,
                             const std::optional<delivery>* found) noexcept
{
    if (answer == method::basic_get_ok) return give_back(**found);
    if (!is_open() || answer != method::basic_consume_ok) return;
    try {
        end_abandoned(wire_reader(arguments).short_text());
    } catch (const error&) {
        return;  // the channel has ended
    }
}

void channel_core::give_back(const delivery& d) noexcept
{
    if (!is_open() || !message_access::is_owed(d)) return;
    try {
        settle(generation_, d.delivery_tag(), false, true, false);
    } catch (const error&) {
        return;  // the channel has ended
    }
}

// The broker began a consumer that nobody waits for any more.
void channel_core::end_abandoned(std::string_view tag)
{
    std::string arguments;
    wire_writer w(arguments);
    w.short_text(tag);
    w.octet(1);  // no answer
    send(method::basic_cancel, arguments);
}

void channel_core::take_header(std::string_view payload)
{
    content& c = incoming_;
    if (!c.expected || c.has_header) throw_unexpected("amqp: a header without a method");
    wire_reader r(payload);
    r.u16();
    if (r.u16() != 0) throw_unexpected("amqp: a content header with a weight");
    c.size = r.u64();
    if (c.size > max_body_bytes) throw limit_error("max_body_bytes", max_body_bytes);
    message_access::properties(c.made) = r.rest();
    c.has_header = true;
    if (c.size == 0) finish_content({});
}

void channel_core::take_body(std::string_view payload)
{
    content& c = incoming_;
    if (!c.expected || !c.has_header) throw_unexpected("amqp: a body without a header");
    if (payload.size() > c.size - c.come) {
        throw protocol_error(errc::frame_error, "amqp: a body longer than announced");
    }
    if (payload.size() > c.room - c.come) {
        // Memory grows with what arrives, not with what was announced.
        c.room = std::min<std::size_t>(c.size,
                                       std::max({2 * c.room, c.come + payload.size(), first_room}));
        auto larger = std::make_shared_for_overwrite<std::byte[]>(c.room);
        std::copy_n(c.body.get(), c.come, larger.get());
        c.body = std::move(larger);
    }
    std::ranges::copy(as_bytes(payload), c.body.get() + c.come);
    c.come += payload.size();
    if (c.come < c.size) return;
    const std::span<const std::byte> view(c.body.get(), c.come);
    finish_content(buffer(std::move(c.body), view));
}

consumer_core* channel_core::consumer_of(std::string_view tag)
{
    if (!latest_consumer_ || latest_consumer_->tag != tag) {
        const auto at = consumers_.find(tag);
        if (at == consumers_.end()) return nullptr;
        latest_consumer_ = at->second;
    }
    return latest_consumer_.get();
}

void channel_core::begin_content(method m, std::string_view arguments)
{
    wire_reader r(arguments);
    content& c = incoming_;
    c.expected = true;
    c.has_header = false;
    c.kind = m;
    c.consumer = nullptr;
    c.body.reset();
    c.come = 0;
    c.room = 0;
    if (m == method::basic_return) {
        c.reply_code = r.u16();
        c.reply_text = r.short_text();
    } else {
        std::string_view consumer_tag;
        if (m == method::basic_deliver) {
            consumer_tag = r.short_text();
            c.consumer = consumer_of(consumer_tag);
        }
        message_access::consumer_tag(c.made) = consumer_tag;
        const std::uint64_t tag = r.u64();
        message_access::set_tag(c.made, tag, (r.octet() & 1U) != 0);
    }
    message_access::exchange(c.made) = r.short_text();
    message_access::routing_key(c.made) = r.short_text();
    message_access::set_message_count(c.made, m == method::basic_get_ok ? r.u32() : 0);
}

void channel_core::finish_content(buffer body)
{
    content& c = incoming_;
    c.expected = false;
    if (c.kind == method::basic_return) return take_return(std::move(body));
    message_access::body(c.made) = std::move(body);
    ++connection_->counts().delivered;
    if (c.kind == method::basic_get_ok) return answer_get(std::move(c.made));
    // One that has ended meanwhile: what it did not take goes back when the channel closes.
    if (c.consumer == nullptr || c.consumer->left) return;
    if (c.consumer->abandoned) {
        if (!c.consumer->no_ack()) settle(generation_, c.made.delivery_tag(), false, true, false);
        return;
    }
    message_access::set_channel(c.made, shared_from_this(), generation_, c.consumer->no_ack());
    const bool limited = !c.consumer->no_ack();
    if (limited) unsettled_.add(c.made.delivery_tag());
    link& from = *connection_->current();
    from.message_taken(limited && c.consumer->own_limit ? c.consumer->prefetch : 0);
    if (limited && shared_prefetch_) from.limited_to(*shared_prefetch_);
    c.consumer->put(std::move(c.made));
}

void channel_core::take_return(buffer body)
{
    returned_message m;
    static_cast<message&>(m) = std::move(static_cast<message&>(incoming_.made));
    message_access::body(m) = std::move(body);
    message_access::set_reply(m, incoming_.reply_code, std::move(incoming_.reply_text));
    ++connection_->counts().returned;
    if (confirms_) {
        returns_.put(std::move(m));
    } else if (on_return) {
        const auto self = shared_from_this();  // whatever the callback lets go of
        on_return(std::move(m));
    }
}

void channel_core::answer_get(delivery&& d)
{
    if (!answer_due_ || expected_too_ != method::basic_get_ok) throw_unasked();
    answer_due_ = false;
    message_access::set_channel(d, shared_from_this(), generation_, get_without_ack_);
    if (!get_without_ack_) unsettled_.add(d.delivery_tag());
    if (pending_ != nullptr) {
        *pending_->found = std::move(d);
        pending_->answer(method::basic_get_ok, {});
    } else {
        const std::optional<delivery> found(std::move(d));
        unclaimed(method::basic_get_ok, {}, &found);
    }
    answered_.set();
}

void channel_core::settle_confirms(std::uint64_t tag, bool multiple, bool taken)
{
    if (tag < first_unconfirmed_ || tag - first_unconfirmed_ >= unconfirmed_.size()) {
        if (tag != 0 || !multiple || unconfirmed_.empty()) return returns_.confirmed(tag, multiple);
        tag = first_unconfirmed_ + unconfirmed_.size() - 1;
    }
    if (measured_ != 0 && (tag == measured_ || (multiple && tag > measured_))) {
        measured_ = 0;
        connection_->counts().confirm_latency.add(std::chrono::steady_clock::now() -
                                                  measured_since_);
    }
    statistics& counts = connection_->counts();
    const auto last = static_cast<std::size_t>(tag - first_unconfirmed_);
    if (link* const from = connection_->now()) {
        from->confirms_taken(multiple ? last + 1 : 1, unconfirmed_.size());
    }
    for (std::size_t i = multiple ? 0 : last; i <= last && i < unconfirmed_.size(); ++i) {
        if (confirmation* const c = std::exchange(unconfirmed_[i], nullptr)) {
            ++(taken ? counts.confirmed : counts.nacked);
            c->settled(taken, returns_.take(first_unconfirmed_ + i));
        }
    }
    returns_.confirmed(tag, multiple);
    // What is settled at the front is done with. A forgotten one there counts as settled; its late
    // confirm finds nothing.
    const std::uint64_t first = first_unconfirmed_;
    while (!unconfirmed_.empty() && unconfirmed_.front() == nullptr) {
        unconfirmed_.pop_front();
        ++first_unconfirmed_;
    }
    const bool watched = connection_->settings().confirm_timeout().count() != 0;
    if (watched && first_unconfirmed_ != first) {
        unconfirmed_since_ = std::chrono::steady_clock::now();
    }
}

void channel_core::cancelled_by_broker(std::string_view arguments)
{
    wire_reader r(arguments);
    const auto at = consumers_.find(r.short_text());
    if (at == consumers_.end()) return;
    at->second->end(std::make_exception_ptr(
        protocol_error(errc::consumer_cancelled,
                       "amqp: the broker cancelled the consumer of " + at->second->queue)));
    consumers_.erase(at);
    latest_consumer_.reset();
}

void channel_core::closed_by_broker(std::string_view arguments)
{
    wire_reader r(arguments);
    const std::uint16_t code = r.u16();
    const std::string text(r.short_text());
    const std::uint16_t class_id = r.u16();
    const std::uint16_t method_id = r.u16();
    connection_->current()->abandon_body(number_);
    send(method::channel_close_ok, {});
    const auto why = std::make_exception_ptr(channel_closed(code, text, class_id, method_id));
    if (restoring_) return fail_waiting(why);
    opened_ = false;
    connection_->release(number_, this);
    fail(why);
}

void channel_core::fail_waiting(const std::exception_ptr& why) noexcept
{
    opened_ = false;
    incoming_.expected = false;
    unsettled_.clear();
    answer_due_ = false;
    if (pending_ != nullptr) pending_->fail(why);
    answered_.set();
    const std::deque<confirmation*> open = std::exchange(unconfirmed_, {});
    first_unconfirmed_ = 1;
    measured_ = 0;
    returns_.clear();
    for (confirmation* const c : open) {
        if (c != nullptr) c->lost(why);
    }
    flows_ = true;
    flow_resumed_.set();
    changed_.set();
}

void channel_core::lost(const std::exception_ptr& why) noexcept
{
    fail_waiting(why);
    for (const auto& [tag, c] : consumers_) {
        if (!c->no_ack()) c->waiting.clear();  // they come again
    }
}

void channel_core::fail(const std::exception_ptr& why) noexcept
{
    if (failure_) return;
    failure_ = why;
    fail_waiting(why);
    for (const auto& [tag, c] : consumers_) c->end(why);
    consumers_.clear();
    latest_consumer_.reset();
}

}  // namespace ferry::amqp::detail
