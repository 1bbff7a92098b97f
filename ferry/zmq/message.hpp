#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/buffer.hpp"
#include "ferry/core/bytes.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::zmq {

/// From how many bytes on memory that is handed over is sent without a copy; below, copying is
/// cheaper. As zmq.COPY_THRESHOLD.
inline constexpr std::size_t copy_threshold = 65536;

namespace detail {
class delivery;
class socket_core;
}  // namespace detail

/// Tells when ZeroMQ has let go of the memory of a message that was sent without a copy: it has
/// been sent, or dropped. As zmq.MessageTracker.
class tracker {
public:
    bool done() const noexcept;

    /// Waits for that; for a time limit use ferry::timeout(). Belongs to the loop of the first
    /// wait(). Cancelled: unchanged.
    awaitable<void> wait();

private:
    friend class message;
    explicit tracker(std::shared_ptr<detail::delivery> state) : state_{std::move(state)} {}
    std::shared_ptr<detail::delivery> state_;
};

/// One frame: bytes that ZeroMQ sends, or has received. Movable only; copy() shares the memory of
/// frames that are longer than some 30 bytes.
///
/// Made from a text, bytes or a buffer: copied if shorter than copy_threshold, else (if it is
/// handed over) sent from where it lies. As zmq.Frame.
class message {
public:
    /// An empty frame.
    message() noexcept = default;

    message(std::string_view text) : message{as_bytes(text)} {}
    message(const char* text) : message{std::string_view{text}} {}
    message(const std::string& text) : message{std::string_view{text}} {}
    message(std::span<const std::byte> data);

    message(std::string&& text);
    message(bytes&& data);
    message(buffer data);

    /// Sent without a copy, whatever its length. As `Frame(data, copy=False)`.
    static message share(buffer data);

    /// The same, and whoever has the tracker learns when the memory is free again. As
    /// `send(data, copy=False, track=True)`.
    static std::pair<message, tracker> track(buffer data);

    message(message&& other) noexcept { take(other); }
    message& operator=(message&& other) noexcept
    {
        if (this != &other) {
            if (live_) release();
            take(other);
        }
        return *this;
    }
    ~message()
    {
        if (live_) release();
    }

    /// A second frame of the same bytes. Cost: no copy but for short ones.
    message copy() const;

    /// Views; valid as long as the message, and its move does not preserve short ones.
    std::span<const std::byte> span() const& noexcept;
    std::string_view text() const& noexcept { return as_text(span()); }
    std::string_view text() && = delete;
    std::size_t size() const noexcept;
    bool empty() const noexcept { return size() == 0; }

    std::string to_string() const { return std::string{text()}; }

    /// The bytes as a buffer that keeps the message's memory, without a copy.
    buffer to_buffer() &&;

    /// Whether further frames of the same message follow. As Frame.more.
    bool more() const noexcept;

    /// What the connection says of the sender: `Socket-Type`, `Routing-Id`, `Peer-Address`,
    /// `User-Id` (from the authenticator), `Resource`, `X-...`; none if it says nothing. As
    /// Frame.get.
    std::optional<std::string> metadata(const std::string& name) const;

    friend bool operator==(const message& a, std::string_view b) noexcept { return a.text() == b; }

    /// The zmq_msg_t, initialised; for the functions of libzmq itself.
    void* handle() noexcept
    {
        if (!live_) begin();
        return &storage_;
    }

private:
    friend class detail::socket_core;

    /// ZeroMQ has taken the bytes, and has left nothing that would have to be given back.
    void taken() noexcept { live_ = false; }
    void take(message& other) noexcept
    {
        // A zmq_msg_t may be moved in memory as long as nobody but its owner knows the place.
        live_ = std::exchange(other.live_, false);
        if (live_) storage_ = other.storage_;
    }
    void begin() noexcept;
    void release() noexcept;
    void make(std::span<const std::byte> data);

    struct alignas(void*) place {
        std::byte bytes[64];
    };
    place storage_;
    bool live_ = false;  ///< there is an initialised zmq_msg_t
};

/// The frames of one message, sent and received all or none.
using multipart = std::vector<message>;

/// Makes a multipart: `co_await s.send_multipart(zmq::parts("weather", body));`
template <class... Frames>
multipart parts(Frames&&... frames)
{
    multipart all;
    all.reserve(sizeof...(frames));
    (all.emplace_back(std::forward<Frames>(frames)), ...);
    return all;
}

/// Frames of the same bytes as those of `of`.
multipart copy(const multipart& of);

}  // namespace ferry::zmq
