#include "ferry/http/detail/http2_connection.hpp"

#include "ferry/core/error.hpp"

#include <algorithm>
#include <utility>

namespace ferry::http::detail {
namespace {

constexpr std::size_t bytes_per_write = 64 * 1024;

}  // namespace

http2_connection::http2_connection(net::stream over)
    : stream_(std::move(over)), peer_(stream_.remote_endpoint())
{
    if (stream_.tls() != nullptr) tls_ = std::make_shared<const net::tls_info>(*stream_.tls());
}

http2_connection::~http2_connection() = default;

void http2_connection::start(std::chrono::milliseconds write_limit)
{
    allowed_before_ = machine_.allowed_streams();
    stream_.set_timeout(std::chrono::milliseconds(0), write_limit);
    stream_.expires_after(std::chrono::milliseconds(0));
    spawn(read_all(shared_from_this()));
    flush_soon();
}

void http2_connection::retire() noexcept
{
    owner_ = nullptr;
    retired_ = true;
    close_if_done();
}

bool http2_connection::may_open() const noexcept
{
    return !lost_ && !broken_ && !retired_ && machine_.may_open();
}

void http2_connection::submit(const std::shared_ptr<http2_stream>& stream,
                              const std::vector<http2_machine::field>& fields, bool has_body)
{
    if (lost_) {  // since the pool gave it out
        stream->refused = true;
        stream->closed = true;
        return;
    }
    machine_.submit(stream, fields, has_body);
    flush_soon();
}

void http2_connection::resume(http2_stream& stream)
{
    if (lost_) return;
    machine_.resume(stream);
    flush_soon();
}

void http2_connection::consumed(http2_stream& stream, std::size_t bytes)
{
    if (bytes == 0 || lost_) return;
    machine_.consumed(stream, bytes);
    if (machine_.wants_to_send()) flush_soon();
}

void http2_connection::abandon(http2_stream& stream) noexcept
{
    if (lost_) return;
    try {
        machine_.abandon(stream);
        if (machine_.wants_to_send()) flush_soon();
    } catch (...) {
        lose(std::current_exception());
    }
    close_if_done();
}

void http2_connection::close_if_done() noexcept
{
    // The task that writes is waited for: it may still carry the last reset.
    if (retired_ && !lost_ && machine_.open_streams() == 0 && !writing_) lose(nullptr);
}

void http2_connection::flush_soon()
{
    if (writing_ || lost_ || broken_) return;
    writing_ = true;
    spawn(write_all(shared_from_this()));
}

awaitable<void> http2_connection::write_all(std::shared_ptr<http2_connection> self)
{
    try {
        for (;;) {
            self->out_.clear();
            if (!self->lost_) self->machine_.send(self->out_, bytes_per_write);
            if (self->out_.empty()) break;
            co_await self->stream_.write(as_bytes(self->out_));
        }
    } catch (const cancelled&) {
        self->broken_ = true;
    } catch (const connection_error&) {
        // The peer may have said why before it went away: the task that reads finds out.
        self->broken_ = true;
    } catch (...) {
        self->broken_ = true;
        self->lose(std::current_exception());
    }
    self->writing_ = false;
    // The last thing that was sent may have been that this side gives up.
    if (!self->lost_ && !self->machine_.listens()) self->lose(self->end_reason());
    self->tell_owner();
    self->close_if_done();
}

std::exception_ptr http2_connection::end_reason() const
{
    const std::string& complaint = machine_.complaint();
    if (!complaint.empty()) {
        return std::make_exception_ptr(
            protocol_error(errc::bad_message, "HTTP/2 with " + peer_ + ": " + complaint));
    }
    return std::make_exception_ptr(connection_error(
        errc::closed_early, "read " + peer_ + ": the peer closed the HTTP/2 connection", peer_));
}

awaitable<void> http2_connection::read_all(std::shared_ptr<http2_connection> self)
{
    std::exception_ptr why;
    try {
        for (;;) {
            const std::size_t n = co_await self->stream_.fill();
            if (n == 0) break;
            self->take_in();
            if (!self->machine_.listens() && !self->writing_) break;
        }
        why = self->end_reason();
    } catch (const cancelled&) {
        why = std::make_exception_ptr(
            connection_error(ferry::errc::disconnected, "the connection was closed", self->peer_));
    } catch (...) {
        why = std::current_exception();
    }
    self->lose(why);
}

void http2_connection::take_in()
{
    const auto data = stream_.buffered();
    machine_.receive(data);
    stream_.consume(data.size());
    if (machine_.wants_to_send()) flush_soon();
    tell_owner();
    close_if_done();
}

void http2_connection::tell_owner() noexcept
{
    const bool can_open = may_open();
    const std::size_t allowed = machine_.allowed_streams();
    if (can_open == could_open_ && allowed == allowed_before_) return;
    could_open_ = can_open;
    allowed_before_ = allowed;
    if (owner_ != nullptr) owner_->http2_changed();
}

void http2_connection::lose(std::exception_ptr why) noexcept
{
    if (std::exchange(lost_, true)) return;
    alarm_.stop();
    stream_.abort();
    try {
        machine_.fail(why);
    } catch (...) {  // no memory for a copy of a pointer
    }
    tell_owner();
}

awaitable<bool> http2_connection::wait(std::shared_ptr<http2_connection> self,
                                       std::shared_ptr<http2_stream> stream,
                                       clock::time_point deadline)
{
    if (!stream->changed.is_set()) {
        stream->deadline = deadline;
        const bool sooner = !self->alarm_.running() || self->alarm_.when() > deadline;
        if (sooner && !self->lost_) self->alarm_.start(deadline);
        co_await stream->changed.wait();
        stream->deadline = clock::time_point::max();
    }
    stream->changed.clear();
    co_return !std::exchange(stream->late, false);
}

void http2_connection::look_at_deadlines() noexcept
{
    const auto now = clock::now();
    auto next = clock::time_point::max();
    machine_.each_stream([&](http2_stream& s) {
        if (s.deadline <= now) {
            s.late = true;
            s.changed.set();
        } else {
            next = std::min(next, s.deadline);
        }
    });
    if (next != clock::time_point::max()) alarm_.start(next);
}

}  // namespace ferry::http::detail
