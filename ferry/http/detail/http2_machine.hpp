#pragma once

#include "ferry/async/sync.hpp"
#include "ferry/core/buffer.hpp"
#include "ferry/http/detail/codec.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct nghttp2_session;

/// HTTP/2, the client's side (RFC 9113): frames in, events and frames out. nghttp2 keeps the rules;
/// here is what an exchange makes of them. No socket, no clock.
namespace ferry::http::detail {

/// One request and its response. Shared by the machine, while the stream is open, and by whoever
/// waits for the response.
class http2_stream {
public:
    http2_stream() = default;
    http2_stream(const http2_stream&) = delete;
    http2_stream& operator=(const http2_stream&) = delete;

    /// \name What has arrived; `changed` is set by every bit of it.
    /// @{
    event changed;
    std::vector<response_head> informational;
    response_head head;  ///< of the final response, once has_head
    bool has_head = false;
    bool ended = false;          ///< the response is complete
    bool closed = false;         ///< nothing more comes, for whatever reason
    bool refused = false;        ///< the peer has not acted upon the request
    std::uint32_t code = 0;      ///< the error code that it was closed with
    std::exception_ptr failure;  ///< why, if that was not the peer's doing
    std::uint64_t received = 0;  ///< bytes of the body
    http::headers trailers;
    /// @}

    /// Takes what is there of the body. Goes with http2_machine::consumed().
    std::size_t take(std::span<std::byte> into) noexcept;
    std::size_t unread() const noexcept { return data_.size() - data_read_; }

    /// Where a read that waits wants the next bytes of the body, which then do not pass through
    /// memory of the stream's own; `placed` counts them.
    std::span<std::byte> place;
    std::size_t placed = 0;

    /// Until when somebody waits for `changed`, and whether that was too long: for the driver.
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
    bool late = false;

    /// \name What is to be sent of the request's body
    /// @{
    std::deque<buffer> outgoing;
    std::size_t outgoing_bytes = 0;
    bool outgoing_ended = false;
    /// @}

private:
    friend class http2_machine;

    std::int32_t id_ = 0;
    bool abandoned_ = false;  ///< nobody waits any more
    bool deferred_ = false;   ///< sending waits for more of the body
    std::size_t head_bytes_ = 0;
    response_head arriving_;
    ferry::bytes data_;  ///< what came and was not read yet
    std::size_t data_read_ = 0;
    std::size_t sent_of_front_ = 0;  ///< of outgoing.front()
};

class http2_machine {
public:
    struct field {
        std::string_view name;  ///< in lower case
        std::string_view value;
    };

    /// What is in flight to this side at most, for one stream and for all together: the bytes that
    /// have come and that nobody has read.
    static constexpr std::int32_t stream_window_bytes = 2 * 1024 * 1024;
    static constexpr std::int32_t connection_window_bytes = 16 * 1024 * 1024;
    /// Streams at once, if the peer allows so many.
    static constexpr std::size_t max_streams = 1000;

    explicit http2_machine(codec_limits limits = codec_limits());
    ~http2_machine();
    http2_machine(const http2_machine&) = delete;
    http2_machine& operator=(const http2_machine&) = delete;

    /// Takes in what has arrived. \throws protocol_error  it cannot be HTTP/2.
    void receive(std::span<const std::byte> data);

    /// Appends what is to be sent, until `into` has about `enough` bytes.
    void send(std::string& into, std::size_t enough);
    bool wants_to_send() const noexcept;

    /// Opens a stream. \param has_body  outgoing is, or will be, filled.
    void submit(const std::shared_ptr<http2_stream>& stream, const std::vector<field>& fields,
                bool has_body);
    /// There is more in outgoing, or it has ended.
    void resume(http2_stream& stream);
    /// So many bytes of the body were read.
    void consumed(http2_stream& stream, std::size_t bytes);
    /// Nobody waits for the response any more: resets the stream if it is still open.
    void abandon(http2_stream& stream);

    /// Closes every stream with this failure.
    void fail(const std::exception_ptr& why);

    std::size_t open_streams() const noexcept { return streams_.size(); }
    /// How many streams the peer allows at once.
    std::size_t allowed_streams() const noexcept;
    /// False once either side goes away: the streams that are open may be finished, no other
    /// opened.
    bool may_open() const noexcept;
    /// False once nothing that may arrive matters any more.
    bool listens() const noexcept;
    template <class F>
    void each_stream(const F& visit) const
    {
        for (const auto& [id, stream] : streams_) visit(*stream);
    }
    /// Why either side has given the connection up; empty if none has.
    const std::string& complaint() const noexcept { return complaint_; }

private:
    struct callbacks;
    using session_ptr = std::unique_ptr<nghttp2_session, void (*)(nghttp2_session*)>;

    void add_field(http2_stream& to, std::string_view name, std::string_view value);
    void take_head(http2_stream& stream);
    http2_stream* find(std::int32_t id) noexcept;
    void close(http2_stream& stream) noexcept;

    codec_limits limits_;
    session_ptr session_;
    std::map<std::int32_t, std::shared_ptr<http2_stream>> streams_;
    std::exception_ptr thrown_;  ///< inside a callback
    std::string complaint_;
};

/// `CANCEL` for 8, and so on.
std::string_view http2_error_name(std::uint32_t code) noexcept;

}  // namespace ferry::http::detail
