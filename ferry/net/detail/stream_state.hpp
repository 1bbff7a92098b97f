#pragma once

#include "ferry/async/sync.hpp"
#include "ferry/async/waiter.hpp"
#include "ferry/net/detail/read_buffer.hpp"
#include "ferry/net/stream.hpp"

#include <chrono>
#include <optional>

namespace ferry::net {

/// The time limits of a stream. One timer, which is left running between operations and looks at
/// their deadlines only when it rings, so that an operation costs a look at the clock.
class watchdog final : public timer {
    struct side {
        std::chrono::milliseconds limit{0};
        std::chrono::milliseconds applied{0};
        clock::time_point deadline = clock::time_point::max();
        bool active = false;
        bool bitten = false;
    };

public:
    explicit watchdog(transport& over) noexcept : over_{over} {}

    void set_limit(direction d, std::chrono::milliseconds limit) noexcept;
    void set_overall(std::chrono::milliseconds limit) noexcept;

    /// One operation, watched while this lives.
    class watch {
    public:
        watch(watchdog& dog, direction d) : side_{dog.begin(d)} {}
        watch(const watch&) = delete;
        watch& operator=(const watch&) = delete;
        ~watch() { side_.active = false; }

        /// Whether the operation was interrupted because its time was over.
        bool bitten() const noexcept { return side_.bitten; }
        std::chrono::milliseconds limit() const noexcept { return side_.applied; }

    private:
        side& side_;
    };

private:
    side& begin(direction d);
    void expired() noexcept override;

    transport& over_;
    side sides_[2];
    std::chrono::milliseconds overall_limit_{0};
    clock::time_point overall_ = clock::time_point::max();
};

class stream::state {
public:
    explicit state(std::unique_ptr<transport> t) : over{std::move(t)} {}

    using self = std::shared_ptr<state>;

    static awaitable<std::size_t> read_some(self s, std::span<std::byte> into);
    static awaitable<void> read_exactly(self s, std::span<std::byte> into);
    static awaitable<bytes> read_count(self s, std::size_t count);
    static awaitable<std::optional<std::string>> read_line(self s);
    static awaitable<std::string> read_until(self s, std::string separator, std::size_t limit);
    static awaitable<bytes> read_all(self s, std::size_t limit);
    static awaitable<std::size_t> fill(self s) { return receive(std::move(s), std::nullopt); }
    std::size_t try_fill();
    static awaitable<void> wait_readable(self s);
    static awaitable<void> write(self s, std::span<const std::byte> from);
    static awaitable<void> write_text(self s, std::string text);
    static awaitable<void> write_parts(self s, const_buffers from);
    static awaitable<void> send_file(self s, int file, std::uint64_t offset, std::uint64_t count);
    std::size_t try_write(std::span<const std::byte> from);
    static awaitable<void> shutdown_write(self s);
    static awaitable<void> close(self s);

    std::unique_ptr<transport> over;
    detail::read_buffer buffer;
    watchdog dog{*over};
    lock writing;
    bool ended = false;  ///< the peer's last byte was read
    bool closed = false;
    bool broken = false;     ///< a write was cut
    std::uint64_t sent = 0;  ///< of the write that was cut

private:
    /// Reads once; into the buffer without `into`.
    static awaitable<std::size_t> receive(self s, std::optional<std::span<std::byte>> into);
    awaitable<void> send(const_buffers parts);
    awaitable<std::size_t> send_some(const_buffers parts);
    void check_open() const;
    void check_writable() const;
    std::string take(std::size_t count);
};

}  // namespace ferry::net
