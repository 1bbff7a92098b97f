#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/net/transport.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace ferry::net::detail {

/// A descriptor in non-blocking mode that the loop watches. The only place of this module that
/// knows Asio. Operations keep the object alive by themselves.
class descriptor {
public:
    /// Takes over `fd`, also if it throws.
    explicit descriptor(int fd);
    descriptor(descriptor&&) noexcept;
    descriptor& operator=(descriptor&&) noexcept;
    ~descriptor();

    int fd() const noexcept;
    bool is_open() const noexcept { return fd() >= 0; }

    /// Reads what there is; 0 at the end. \throws cancelled, connection_error without an endpoint.
    awaitable<std::size_t> read_some(std::span<std::byte> into) const;

    /// Waits until reading, or writing, would not block. \throws cancelled.
    awaitable<void> ready(direction d) const;

    void interrupt(direction d) const noexcept;

    /// Closes it; operations under way throw `cancelled`.
    void close() noexcept;

    /// Gives the descriptor away. Nothing may be under way.
    int release() noexcept;

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace ferry::net::detail
