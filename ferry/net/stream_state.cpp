#include "ferry/net/detail/stream_state.hpp"

#include "ferry/core/error.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ferry::net {
namespace {

constexpr std::size_t file_chunk_bytes = 64 * 1024;
constexpr std::size_t buffers_in_place = 8;

[[noreturn]] void throw_truncated(const stream::state& s, std::string_view doing, std::size_t got)
{
    throw error(errc::truncated, std::string{doing} + ' ' + s.over->remote_endpoint() +
                                     ": the stream ended after " + std::to_string(got) + " bytes");
}

}  // namespace

void stream::state::check_open() const
{
    if (!closed) return;
    throw connection_error(errc::disconnected, "the stream is closed", over->remote_endpoint());
}

awaitable<std::size_t> stream::state::receive(self s, std::optional<std::span<std::byte>> into)
{
    if (!into && s->buffer.size() >= max_buffered_bytes) {
        throw limit_error("max_buffered_bytes", max_buffered_bytes);
    }
    s->check_open();
    if (s->ended) co_return 0;
    const watchdog::watch time(s->dog, direction::reading);
    const std::span<std::byte> room = into ? *into : s->buffer.space();
    std::size_t count = 0;
    try {
        count = co_await s->over->read_some(room);
    } catch (const cancelled&) {
        if (!time.bitten()) throw;
        throw timeout_error("read " + s->over->remote_endpoint(), time.limit());
    }
    s->ended = count == 0 && !room.empty();
    if (!into) s->buffer.commit(count);
    co_return count;
}

std::size_t stream::state::try_fill()
{
    if (closed || ended || buffer.size() >= max_buffered_bytes) return 0;
    const std::size_t count = over->try_read(buffer.space());
    buffer.commit(count);
    return count;
}

awaitable<void> stream::state::wait_readable(self s)
{
    s->check_open();
    if (s->ended || s->buffer.size() > 0) co_return;
    s->buffer.release();
    const watchdog::watch time(s->dog, direction::reading);
    try {
        co_await s->over->wait_readable();
    } catch (const cancelled&) {
        if (!time.bitten()) throw;
        throw timeout_error("read " + s->over->remote_endpoint(), time.limit());
    }
}

awaitable<std::size_t> stream::state::read_some(self s, std::span<std::byte> into)
{
    const auto ready = s->buffer.data();
    if (ready.empty()) co_return co_await receive(s, into);
    const std::size_t count = std::min(ready.size(), into.size());
    std::memcpy(into.data(), ready.data(), count);
    s->buffer.consume(count);
    co_return count;
}

awaitable<void> stream::state::read_exactly(self s, std::span<std::byte> into)
{
    std::size_t filled = 0;
    try {
        while (filled < into.size()) {
            const std::size_t count = co_await read_some(s, into.subspan(filled));
            if (count == 0) throw_truncated(*s, "read", filled);
            filled += count;
        }
    } catch (...) {
        s->buffer.prepend(into.first(filled));
        throw;
    }
}

awaitable<bytes> stream::state::read_count(self s, std::size_t count)
{
    if (count > max_buffered_bytes) throw limit_error("max_buffered_bytes", max_buffered_bytes);
    while (s->buffer.size() < count) {
        const std::size_t got = co_await fill(s);
        if (got == 0) throw_truncated(*s, "read", s->buffer.size());
    }
    bytes result = to_bytes(s->buffer.data().first(count));
    s->buffer.consume(count);
    co_return result;
}

std::string stream::state::take(std::size_t count)
{
    std::string text = to_string(buffer.data().first(count));
    buffer.consume(count);
    return text;
}

awaitable<std::optional<std::string>> stream::state::read_line(self s)
{
    std::size_t searched = 0;
    for (;;) {
        const auto text = as_text(s->buffer.data());
        const std::size_t end = text.find('\n', searched);
        const std::size_t length = end == text.npos ? text.size() : end + 1;
        if (length > max_line_bytes) throw limit_error("max_line_bytes", max_line_bytes);
        if (end != text.npos) co_return s->take(length);
        searched = text.size();
        const std::size_t count = co_await fill(s);
        if (count != 0) continue;
        if (s->buffer.size() == 0) co_return std::nullopt;
        co_return s->take(s->buffer.size());
    }
}

awaitable<std::string> stream::state::read_until(self s, std::string separator, std::size_t limit)
{
    std::size_t searched = 0;
    for (;;) {
        const auto text = as_text(s->buffer.data());
        const std::size_t at = text.find(separator, searched);
        const std::size_t length = at == text.npos ? text.size() : at + separator.size();
        if (length > limit) throw limit_error("read_until", limit);
        if (at != text.npos) co_return s->take(length);
        searched = text.size() < separator.size() ? 0 : text.size() - separator.size() + 1;
        const std::size_t count = co_await fill(s);
        if (count == 0) throw_truncated(*s, "read until a separator from", s->buffer.size());
    }
}

awaitable<bytes> stream::state::read_all(self s, std::size_t limit)
{
    bytes all = to_bytes(s->buffer.data());
    s->buffer.consume(all.size());
    for (;;) {
        if (all.size() > limit) throw limit_error("read_all", limit);
        const std::size_t count = co_await fill(s);
        if (count == 0) co_return all;
        append(all, s->buffer.data());
        s->buffer.consume(s->buffer.size());
    }
}

void stream::state::check_writable() const
{
    check_open();
    if (!broken) return;
    throw connection_error(errc::disconnected,
                           "write " + over->remote_endpoint() +
                               ": an earlier write was cut after " + std::to_string(sent) +
                               " bytes",
                           over->remote_endpoint());
}

// Sends all parts. What was sent before a failure is in `sent`.
awaitable<void> stream::state::send(const_buffers parts)
{
    std::array<std::span<const std::byte>, buffers_in_place> few;
    std::vector<std::span<const std::byte>> many;
    std::span<std::span<const std::byte>> rest;
    if (parts.size() <= few.size()) {
        std::copy(parts.begin(), parts.end(), few.begin());
        rest = std::span(few).first(parts.size());
    } else {
        many.assign(parts.begin(), parts.end());
        rest = many;
    }
    sent = 0;
    for (;;) {
        while (!rest.empty() && rest.front().empty()) rest = rest.subspan(1);
        if (rest.empty()) co_return;
        std::size_t count = 0;
        try {
            count = over->try_write(rest);
        } catch (...) {
            broken = true;
            throw;
        }
        if (count == 0) count = co_await send_some(rest);
        sent += count;
        while (count > 0) {
            const std::size_t part = std::min(count, rest.front().size());
            rest.front() = rest.front().subspan(part);
            count -= part;
            if (rest.front().empty()) rest = rest.subspan(1);
        }
    }
}

awaitable<std::size_t> stream::state::send_some(const_buffers parts)
{
    const watchdog::watch time(dog, direction::writing);
    try {
        co_return co_await over->write_some(parts);
    } catch (const cancelled&) {
        broken = sent != 0;
        if (!time.bitten()) throw;
        throw timeout_error("write " + over->remote_endpoint(), time.limit());
    } catch (...) {
        broken = true;
        throw;
    }
}

awaitable<void> stream::state::write(self s, std::span<const std::byte> from)
{
    auto held = s->writing.try_acquire();
    if (!held) held = co_await s->writing.acquire();
    s->check_writable();
    const const_buffers one(&from, 1);
    co_await s->send(one);
}

awaitable<void> stream::state::write_text(self s, std::string text)
{
    auto held = s->writing.try_acquire();
    if (!held) held = co_await s->writing.acquire();
    s->check_writable();
    const std::span<const std::byte> from = as_bytes(text);
    const const_buffers one(&from, 1);
    co_await s->send(one);
}

awaitable<void> stream::state::write_parts(self s, const_buffers from)
{
    auto held = s->writing.try_acquire();
    if (!held) held = co_await s->writing.acquire();
    s->check_writable();
    co_await s->send(from);
}

std::size_t stream::state::try_write(std::span<const std::byte> from)
{
    const auto held = writing.try_acquire();
    if (!held) return 0;
    check_writable();
    if (from.empty()) return 0;
    try {
        return over->try_write(const_buffers(&from, 1));
    } catch (...) {
        broken = true;
        throw;
    }
}

awaitable<void> stream::state::send_file(self s, int file, std::uint64_t offset,
                                         std::uint64_t count)
{
    auto held = s->writing.try_acquire();
    if (!held) held = co_await s->writing.acquire();
    s->check_writable();
    s->sent = 0;
    while (count > 0) {
        const watchdog::watch time(s->dog, direction::writing);
        std::uint64_t n = 0;
        try {
            n = co_await s->over->send_file(file, offset, count);
        } catch (const cancelled&) {
            s->broken = s->sent != 0;
            if (!time.bitten()) throw;
            throw timeout_error("send_file " + s->over->remote_endpoint(), time.limit());
        }
        if (n == 0) break;
        s->sent += n;
        offset += n;
        count -= n;
    }
    if (count == 0) co_return;

    bytes chunk(std::min<std::uint64_t>(count, file_chunk_bytes));
    while (count > 0) {
        const std::size_t wanted = std::min<std::uint64_t>(count, chunk.size());
        const ssize_t got = ::pread(file, chunk.data(), wanted, static_cast<off_t>(offset));
        if (got < 0) throw system_failure(errno, "read the file to send");
        if (got == 0) {
            throw error(errc::truncated,
                        "send_file: the file ends " + std::to_string(count) + " bytes too early");
        }
        const std::span<const std::byte> part(chunk.data(), static_cast<std::size_t>(got));
        const const_buffers one(&part, 1);
        co_await s->send(one);
        offset += part.size();
        count -= part.size();
    }
}

awaitable<void> stream::state::shutdown_write(self s)
{
    auto held = s->writing.try_acquire();
    if (!held) held = co_await s->writing.acquire();
    s->check_writable();
    co_await s->over->shutdown_write();
}

awaitable<void> stream::state::close(self s)
{
    if (s->closed) co_return;
    const auto held = co_await s->writing.acquire();
    if (std::exchange(s->closed, true)) co_return;
    if (s->broken) {
        s->over->abort();
        co_return;
    }
    const watchdog::watch time(s->dog, direction::writing);
    co_await s->over->close();
}

awaitable<void> transport::wait_readable()
{
    co_return;
}

std::size_t transport::try_read(std::span<std::byte>)
{
    return 0;
}

std::size_t transport::try_write(const_buffers)
{
    return 0;
}

awaitable<std::uint64_t> transport::send_file(int, std::uint64_t, std::uint64_t)
{
    co_return 0;
}

}  // namespace ferry::net
