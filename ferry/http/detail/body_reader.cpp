#include "ferry/http/detail/body_reader.hpp"

#include "ferry/http/error.hpp"

#include <algorithm>
#include <cstring>

namespace ferry::http::detail {
namespace {

// Below this it is cheaper to read into the stream's buffer, framing included.
constexpr std::uint64_t direct_bytes = 32 * 1024;

}  // namespace

body_reader::body_reader(net::stream& from, const body_plan& plan, side peer,
                         const codec_limits& limits)
    : from_(&from),
      kind_(plan.kind),
      left_(plan.kind == framing::length ? plan.length : 0),
      expected_(left_),
      chunks_(peer, limits),
      side_(peer)
{
}

bool body_reader::done() const noexcept
{
    switch (kind_) {
        case framing::none: return true;
        case framing::length: return left_ == 0;
        case framing::chunked: return chunks_.done();
        case framing::until_close: return at_end_;
    }
    return true;
}

void body_reader::feed()
{
    try {
        from_->consume(chunks_.feed(from_->buffered_text()));
    } catch (error& e) {
        // A client wants to know who; a server's words go to the client, who knows.
        if (side_ == side::response) e.add_context("read " + from_->remote_endpoint());
        throw;
    }
}

// How many bytes of data may be taken now: steps over chunk framing that is buffered.
std::uint64_t body_reader::wanted(std::size_t room)
{
    if (kind_ == framing::length) return std::min<std::uint64_t>(room, left_);
    if (kind_ == framing::until_close) return room;
    if (chunks_.remaining() == 0) feed();
    return std::min<std::uint64_t>(room, chunks_.remaining());
}

void body_reader::took(std::size_t bytes) noexcept
{
    received_ += bytes;
    if (kind_ == framing::length) left_ -= bytes;
    if (kind_ == framing::chunked) chunks_.took(bytes);
}

// Chunks are gathered: one byte in each must not cost a piece of memory each.
std::size_t body_reader::read_buffered(std::span<std::byte> into)
{
    std::size_t total = 0;
    while (!done() && total < into.size()) {
        const auto room = into.subspan(total);
        const std::uint64_t want = wanted(room.size());
        const auto there = from_->buffered();
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(want, there.size()));
        if (n == 0) break;
        std::memcpy(room.data(), there.data(), n);
        from_->consume(n);
        took(n);
        total += n;
        if (kind_ != framing::chunked) break;
        // The last chunk's end often lies in the same packet; seeing it now saves a wait.
        if (chunks_.remaining() == 0) feed();
    }
    return total;
}

awaitable<std::size_t> body_reader::read_some(std::span<std::byte> into)
{
    for (;;) {
        const std::size_t n = read_buffered(into);
        if (n > 0 || done()) co_return n;
        const std::size_t received = co_await receive(into);
        if (received > 0) co_return received;
        if (at_end_) co_return 0;
    }
}

// Waits for more: data right into `into` where that pays, else whatever comes into the stream's
// buffer, with the result 0.
awaitable<std::size_t> body_reader::receive(std::span<std::byte> into)
{
    std::size_t n = 0;
    std::string reset;
    bool direct = false;
    try {
        const std::uint64_t want = wanted(into.size());
        direct = kind_ != framing::chunked || want >= direct_bytes;
        if (direct) {
            n = co_await from_->read_some(into.first(static_cast<std::size_t>(want)));
        } else {
            n = co_await from_->fill();
        }
    } catch (const connection_error& e) {
        reset = e.what();
    }
    if (!reset.empty()) ended(reset);
    if (n == 0) {
        if (kind_ != framing::until_close) ended({});
        at_end_ = true;
    }
    if (!direct) co_return 0;
    took(n);
    co_return n;
}

void body_reader::ended(std::string_view cause) const
{
    const auto expected =
        kind_ == framing::length ? static_cast<std::int64_t>(expected_) : std::int64_t{-1};
    throw incomplete_body(received_, expected, from_->remote_endpoint(), cause);
}

}  // namespace ferry::http::detail
