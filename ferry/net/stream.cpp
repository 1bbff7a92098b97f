#include "ferry/net/stream.hpp"

#include "ferry/net/detail/stream_state.hpp"

#include <utility>

namespace ferry::net {

stream::stream() noexcept = default;
stream::stream(std::unique_ptr<transport> over) : state_{std::make_shared<state>(std::move(over))}
{
}
stream::stream(stream&&) noexcept = default;

stream& stream::operator=(stream&& other) noexcept
{
    if (this != &other) {
        if (state_) abort();
        state_ = std::move(other.state_);
    }
    return *this;
}

stream::~stream()
{
    if (state_) abort();
}

awaitable<std::size_t> stream::read_some(std::span<std::byte> into)
{
    return state::read_some(state_, into);
}

awaitable<void> stream::read_exactly(std::span<std::byte> into)
{
    return state::read_exactly(state_, into);
}

awaitable<bytes> stream::read_exactly(std::size_t count)
{
    return state::read_count(state_, count);
}

awaitable<std::optional<std::string>> stream::read_line()
{
    return state::read_line(state_);
}

awaitable<std::string> stream::read_until(std::string separator, std::size_t limit)
{
    return state::read_until(state_, std::move(separator), limit);
}

awaitable<bytes> stream::read_all(std::size_t limit)
{
    return state::read_all(state_, limit);
}

std::span<const std::byte> stream::buffered() const noexcept
{
    return state_->buffer.data();
}

awaitable<std::size_t> stream::fill()
{
    return state::fill(state_);
}

std::size_t stream::try_fill()
{
    return state_->try_fill();
}

awaitable<void> stream::wait_readable()
{
    return state::wait_readable(state_);
}

void stream::consume(std::size_t count) noexcept
{
    state_->buffer.consume(count);
}

void stream::unread(std::span<const std::byte> data)
{
    state_->buffer.prepend(data);
}

bool stream::at_eof() const noexcept
{
    return state_->ended && state_->buffer.size() == 0;
}

bool stream::readable_now() const noexcept
{
    return state_->ended || state_->buffer.size() != 0 || state_->over->readable_now();
}

awaitable<void> stream::write(std::span<const std::byte> from)
{
    return state::write(state_, from);
}

awaitable<void> stream::write(std::string text)
{
    return state::write_text(state_, std::move(text));
}

awaitable<void> stream::write(const_buffers from)
{
    return state::write_parts(state_, from);
}

std::size_t stream::try_write(std::span<const std::byte> from)
{
    return state_->try_write(from);
}

awaitable<void> stream::send_file(int file, std::uint64_t offset, std::uint64_t count)
{
    return state::send_file(state_, file, offset, count);
}

awaitable<void> stream::shutdown_write()
{
    return state::shutdown_write(state_);
}

awaitable<void> stream::close()
{
    return state::close(state_);
}

void stream::abort() noexcept
{
    state_->closed = true;
    state_->over->abort();
}

void stream::set_timeout(std::chrono::milliseconds read, std::chrono::milliseconds write) noexcept
{
    state_->dog.set_limit(direction::reading, read);
    state_->dog.set_limit(direction::writing, write);
}

void stream::expires_after(std::chrono::milliseconds d) noexcept
{
    state_->dog.set_overall(d);
}

std::string stream::local_endpoint() const
{
    return state_->over->local_endpoint();
}

std::string stream::remote_endpoint() const
{
    return state_->over->remote_endpoint();
}

int stream::native_handle() const noexcept
{
    return state_->over->native_handle();
}

const tls_info* stream::tls() const noexcept
{
    return state_->over->tls();
}

}  // namespace ferry::net
