#include "ferry/http/detail/websocket_driver.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/http/detail/linger.hpp"
#include "ferry/http/error.hpp"

#include <array>
#include <chrono>
#include <span>
#include <utility>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;

// How long a client waits for the server to close the connection first (section 7.1.1).
constexpr auto server_closes_within = 1000ms;

// Sets a flag while it lives.
class mark {
public:
    explicit mark(bool& flag) noexcept : flag_(flag) { flag_ = true; }
    ~mark() { flag_ = false; }
    mark(const mark&) = delete;
    mark& operator=(const mark&) = delete;

private:
    bool& flag_;
};

}  // namespace

websocket::impl::impl(net::stream on, detail::role own_side, const websocket_options& options,
                      std::optional<detail::deflate_agreement> deflate, std::string subprotocol)
    : stream(std::move(on)),
      side(own_side),
      with(options),
      protocol(std::move(subprotocol)),
      machine(own_side, options.max_message_bytes(), deflate, options.context_takeover())
{
    stream.set_timeout(0ms, with.write_timeout());
}

void websocket::impl::lost() noexcept
{
    if (code == 0) code = close_code::abnormal;
    stream.abort();
    over_.set();
}

void websocket::impl::check_open() const
{
    if (code == 0 && !close_sent_) return;
    throw connection_error(ferry::errc::disconnected, "the websocket is closed",
                           stream.remote_endpoint());
}

void websocket::impl::go_away() noexcept
{
    leaving_ = true;
    // Interrupts the one who receives; what is being sent must not be cut.
    if (reading_ && writing_ == 0 && !close_sent_) stream.expires_after(1ms);
}

awaitable<std::optional<websocket_message>> websocket::impl::receive(self s)
{
    if (s->reading_) {
        throw error(ferry::errc::invalid_state, "websocket: somebody else is receiving");
    }
    if (s->code != 0) co_return std::nullopt;
    const mark reading(s->reading_);
    int failed = 0;
    std::string why;
    std::exception_ptr failure;
    try {
        co_return co_await next(s);
    } catch (const websocket_error& e) {
        failed = e.close_code();
        why = e.what();
        failure = std::current_exception();
    } catch (const connection_error&) {
        failure = std::current_exception();
    } catch (const timeout_error&) {
        failed = close_code::internal_error;
        why = "no answer to a ping";
        failure = std::current_exception();
    }
    if (failed != 0) co_await fail(s, failed, std::move(why));
    s->lost();
    std::rethrow_exception(failure);
}

// The next message, everything else dealt with on the way.
awaitable<std::optional<websocket_message>> websocket::impl::next(self s)
{
    using machine_event = detail::websocket_machine::event;
    for (;;) {
        if (s->leaving_ && !s->close_sent_) {
            s->stream.expires_after(s->with.close_timeout());
            co_await send_close(s, close_code::going_away, std::string());
        }
        const auto buffered = s->stream.buffered();
        auto rest = buffered;
        const machine_event happened = s->machine.read(rest);
        s->stream.consume(buffered.size() - rest.size());
        switch (happened) {
            case machine_event::message: co_return s->machine.take_message();
            case machine_event::ping: {
                if (s->close_sent_) continue;
                const auto payload = s->machine.control_payload();
                co_await send_control(s, detail::opcode::pong, to_string(payload));
                continue;
            }
            case machine_event::pong: continue;
            case machine_event::close: co_await answer_close(s); co_return std::nullopt;
            case machine_event::none: break;
        }
        const waiting outcome = co_await wait_for_bytes(s);
        if (outcome == waiting::ended) {
            throw connection_error(ferry::errc::disconnected,
                                   "websocket: the connection ended without a close",
                                   s->stream.remote_endpoint());
        }
        if (outcome == waiting::silent) co_await keep_alive(s);
    }
}

awaitable<websocket::impl::waiting> websocket::impl::wait_for_bytes(self s)
{
    const auto patience = s->close_sent_ ? 0ms
                          : s->pinged_   ? s->with.ping_timeout()
                                         : s->with.ping_interval();
    s->stream.set_timeout(patience, s->with.write_timeout());
    try {
        if (s->stream.buffered().empty()) co_await s->stream.wait_readable();
        const std::size_t count = co_await s->stream.fill();
        if (count == 0) co_return waiting::ended;
        s->pinged_ = false;
        co_return waiting::arrived;
    } catch (const timeout_error&) {
        if (s->leaving_ && !s->close_sent_) co_return waiting::interrupted;
        if (s->pinged_ || s->close_sent_) throw;
        co_return waiting::silent;
    }
}

awaitable<void> websocket::impl::keep_alive(self s)
{
    s->pinged_ = true;
    co_await send_control(s, detail::opcode::ping, std::string());
}

awaitable<void> websocket::impl::send(self s, bool is_text, buffer data, bool last)
{
    s->check_open();
    if (is_text && last && !s->in_message_ && !utf8::valid(data.text())) {
        throw error(ferry::errc::malformed, "websocket: the text to send is not UTF-8");
    }
    const bool first = !s->in_message_;
    if (first) s->sends_text_ = is_text;
    s->in_message_ = !last;
    // From here to the write's turn in the stream's queue nothing else runs: frames leave in the
    // order in which they were made.
    const auto frame = s->machine.write_data(s->sends_text_, data.span(), first, last);
    const std::array<std::span<const std::byte>, 2> pieces = {as_bytes(frame.head), frame.payload};
    ++s->writing_;
    try {
        co_await s->stream.write(std::span(pieces));
    } catch (...) {
        --s->writing_;
        s->lost();
        throw;
    }
    --s->writing_;
}

awaitable<void> websocket::impl::send_control(self s, detail::opcode op, std::string payload)
{
    s->check_open();
    const std::string frame = s->machine.write_control(op, as_bytes(payload));
    co_await s->stream.write(as_bytes(frame));
}

awaitable<void> websocket::impl::send_close(self s, int code, std::string reason)
{
    s->close_sent_ = true;
    const std::string frame = s->machine.write_close(code, reason);
    co_await s->stream.write(as_bytes(frame));
}

// The peer's close frame is here: consents, if that was not done, and ends the connection.
awaitable<void> websocket::impl::answer_close(self s)
{
    const detail::close_reason by = s->machine.closed_by();
    s->code = by.code;
    s->reason = by.text;
    try {
        if (!s->close_sent_) co_await send_close(s, by.code, std::string());
        co_await finish(s);
    } catch (const error&) {
        // The closing handshake is over; how the connection ends changes nothing.
    }
    s->stream.abort();
    s->over_.set();
}

// The server closes first, so that the connection's last state lies with it.
awaitable<void> websocket::impl::finish(self s)
{
    if (s->side == detail::role::server) {
        s->stream.expires_after(s->with.close_timeout());
        co_await s->stream.close();
        co_return;
    }
    s->stream.set_timeout(0ms, 0ms);
    s->stream.expires_after(server_closes_within);
    for (;;) {
        s->stream.consume(s->stream.buffered().size());
        const std::size_t count = co_await s->stream.fill();
        if (count == 0) break;
    }
}

// Tells the peer what it did wrong, if it still listens (section 7.1.7).
awaitable<void> websocket::impl::fail(self s, int code, std::string reason)
{
    try {
        s->stream.set_timeout(0ms, 0ms);
        s->stream.expires_after(server_closes_within);
        if (!s->close_sent_) {
            reason.resize(std::min(reason.size(), detail::max_control_bytes - 2));
            co_await send_close(s, code, std::move(reason));
        }
        co_await detail::linger(s->stream);
    } catch (const error&) {
        // It does not.
    }
}

awaitable<void> websocket::impl::close(self s, int code, std::string reason)
{
    if (s->code != 0) co_return;
    bool late = false;
    try {
        if (!s->close_sent_) co_await send_close(s, code, std::move(reason));
        if (s->reading_) {
            auto ended = s->over_.wait();
            co_await ferry::timeout(s->with.close_timeout(), std::move(ended), "close");
            co_return;
        }
        s->stream.expires_after(s->with.close_timeout());
        for (bool more = true; more;) {
            const auto dropped = co_await receive(s);
            more = dropped.has_value();
        }
    } catch (const error&) {
        late = true;
    }
    if (late) s->lost();
}

}  // namespace ferry::http
