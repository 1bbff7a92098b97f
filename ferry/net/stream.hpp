#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/bytes.hpp"
#include "ferry/net/transport.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ferry::net {

/// The longest line, or stretch before a separator, that read_line() and read_until() accept.
inline constexpr std::size_t max_line_bytes = 64 * 1024;

/// The most that fill() keeps unread.
inline constexpr std::size_t max_buffered_bytes = 1024 * 1024;

/// A two-way stream of bytes: TCP, unix socket, TLS, a pair in memory. A handle that can be moved;
/// destroying it ends the connection at once, close() in order. As asyncio's StreamReader and
/// StreamWriter.
///
/// One coroutine may read while another writes; writes of several coroutines follow each other
/// whole. Reading is safe to cancel: what has arrived stays in the stream. A cancelled write that
/// was partly sent leaves the stream broken: it can be read, but not written to any more.
/// Belongs to the loop of the thread that made it.
/// \throws connection_error  any operation: the connection is lost; `endpoint()` is the peer.
/// \throws timeout_error     any operation: see set_timeout() and expires_after().
/// \throws cancelled         any operation: cancelled, or the stream was destroyed meanwhile.
class stream {
public:
    /// No stream: only assignment, destruction and the test for bool are allowed.
    stream() noexcept;
    explicit stream(std::unique_ptr<transport> over);
    stream(stream&&) noexcept;
    stream& operator=(stream&&) noexcept;
    ~stream();

    explicit operator bool() const noexcept { return state_ != nullptr; }

    /// Reads what there is, one byte at least. `into` must stay valid until the operation is done.
    /// \return the number of bytes; 0 at the end.
    awaitable<std::size_t> read_some(std::span<std::byte> into);

    /// Fills `into`, which must stay valid. \throws error(errc::truncated)  the stream ended
    /// before. Cancelled or truncated: what was read is in the stream again. As readexactly().
    awaitable<void> read_exactly(std::span<std::byte> into);

    /// Reads `count` bytes, at most max_buffered_bytes; the same in all else.
    awaitable<bytes> read_exactly(std::size_t count);

    /// Reads a line with its end, `\n` or `\r\n`; none at the end of the stream. A last line
    /// without an end is returned as it is.
    /// \throws limit_error  longer than max_line_bytes; nothing is consumed. As readline().
    awaitable<std::optional<std::string>> read_line();

    /// Reads up to and with `separator`. \throws error(errc::truncated)  the stream ended before;
    /// limit_error  more than `limit` bytes; nothing is consumed in both cases. As readuntil().
    awaitable<std::string> read_until(std::string separator, std::size_t limit = max_line_bytes);

    /// Reads to the end. \throws limit_error  more than `limit` bytes.
    awaitable<bytes> read_all(std::size_t limit);

    /// \name Parsing in place
    /// The bytes that have arrived and were not consumed; all other reads take these first.
    /// @{
    std::span<const std::byte> buffered() const noexcept;
    std::string_view buffered_text() const noexcept { return as_text(buffered()); }

    /// Reads more into the buffer: one system call if something has arrived. Views of buffered()
    /// end here. \return how many; 0 at the end. \throws limit_error  max_buffered_bytes are there.
    awaitable<std::size_t> fill();

    /// The same for what has arrived, without a wait and without the cost of one. Views of
    /// buffered() end here. \return how many; 0 if there is nothing, if the end is there, which
    /// fill() tells of, and over transports that cannot know.
    std::size_t try_fill();

    /// Waits until something has arrived or the end is there, and gives the buffer's memory back
    /// meanwhile: for connections that are idle most of their time. Returns at once if something is
    /// buffered. Counts as a read for the time limits.
    awaitable<void> wait_readable();

    /// Drops the first `count` bytes of buffered(), which has so many.
    void consume(std::size_t count) noexcept;

    /// Puts bytes in front of what is buffered, as if they had not been read.
    void unread(std::span<const std::byte> data);
    /// @}

    /// Whether the end was reached and everything was consumed.
    bool at_eof() const noexcept;

    /// Whether the peer has closed, or sent something that was not read yet: an idle connection of
    /// which this is true cannot be used for a new request. At most one system call, no wait.
    bool readable_now() const noexcept;

    /// Sends all of it; returns when the system has taken it. `from` must stay valid.
    awaitable<void> write(std::span<const std::byte> from);
    awaitable<void> write(std::string text);

    /// Sends the pieces with one system call if the system takes them at once. The pieces, and what
    /// they refer to, must stay valid. As writelines().
    awaitable<void> write(const_buffers from);

    /// Sends what the system takes at once, without a wait and without the cost of one; the rest
    /// must follow by write(), or the stream is cut. \return how many bytes; 0 also while another
    /// write is under way, and over transports that cannot know.
    std::size_t try_write(std::span<const std::byte> from);

    /// Sends `count` bytes of a file from `offset`, inside the kernel where the stream is a plain
    /// socket. \throws error(errc::truncated)  the file is shorter. As loop.sendfile().
    awaitable<void> send_file(int file, std::uint64_t offset, std::uint64_t count);

    /// Tells the peer that nothing more comes, after what is being written. As write_eof().
    awaitable<void> shutdown_write();

    /// Ends the connection in order: over TLS with a close_notify. The stream cannot be used then.
    awaitable<void> close();

    /// Ends the connection at once, as the destructor does.
    void abort() noexcept;

    /// From now on each single read, each single write may wait so long; zero: for ever, as at the
    /// start. Precision: a few milliseconds. Costs no system call an operation.
    void set_timeout(std::chrono::milliseconds read, std::chrono::milliseconds write) noexcept;

    /// All operations together may take so long from now on; until the next call. Zero: for ever.
    void expires_after(std::chrono::milliseconds d) noexcept;

    std::string local_endpoint() const;
    std::string remote_endpoint() const;

    /// The socket's descriptor, for options and polling only; -1 if there is none.
    int native_handle() const noexcept;

    /// What TLS has agreed on; null in the clear.
    const tls_info* tls() const noexcept;

    class state;

private:
    friend class stream_access;
    std::shared_ptr<state> state_;
};

/// Two streams that are each other's peer, in memory. Each side holds back its writer while
/// `capacity` bytes are unread. As socket.socketpair(), without a descriptor.
std::pair<stream, stream> pair(std::size_t capacity = 64 * 1024);

}  // namespace ferry::net
