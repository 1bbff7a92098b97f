#include "ferry/http/detail/message_deflate.hpp"

#include "ferry/http/websocket.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>
#include <vector>

namespace ferry::http::detail {
namespace {

// What a sender leaves off the end of each message (section 7.2.1).
constexpr std::array<std::byte, 4> tail = {std::byte{0}, std::byte{0}, std::byte{0xff},
                                           std::byte{0xff}};

constexpr std::size_t piece_bytes = 16 * 1024;

// zlib's input pointer lacks a const.
Bytef* input(std::span<const std::byte> data) noexcept
{
    return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(data.data()));
}

template <class Stream>
std::vector<std::unique_ptr<Stream>>& spare_streams()
{
    // Streams between two messages that remember nothing; a few a thread are enough for all.
    thread_local std::vector<std::unique_ptr<Stream>> spare;
    return spare;
}

template <class Stream>
std::unique_ptr<Stream> take_stream(int bits)
{
    auto& spare = spare_streams<Stream>();
    const auto found =
        std::ranges::find_if(spare, [&](const auto& s) { return s->bits() == bits; });
    if (found == spare.end()) return std::make_unique<Stream>(bits);
    auto taken = std::move(*found);
    spare.erase(found);
    return taken;
}

template <class Stream>
void give_back(std::unique_ptr<Stream> stream)
{
    constexpr std::size_t kept = 4;
    auto& spare = spare_streams<Stream>();
    if (spare.size() >= kept) return;
    stream->reset();
    spare.push_back(std::move(stream));
}

}  // namespace

class deflate_stream {
public:
    explicit deflate_stream(int bits) : bits_(bits)
    {
        if (deflateInit2(&z_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -bits, 8, Z_DEFAULT_STRATEGY) !=
            Z_OK) {
            throw std::bad_alloc();
        }
    }
    ~deflate_stream() { deflateEnd(&z_); }
    deflate_stream(const deflate_stream&) = delete;
    deflate_stream& operator=(const deflate_stream&) = delete;

    int bits() const noexcept { return bits_; }
    void reset() noexcept { deflateReset(&z_); }

    void run(std::span<const std::byte> data, bytes& to)
    {
        z_.next_in = input(data);
        z_.avail_in = static_cast<uInt>(data.size());
        do {
            const std::size_t before = to.size();
            const std::size_t room = std::max<std::size_t>(data.size() / 2, 256);
            to.resize(before + room);
            z_.next_out = reinterpret_cast<Bytef*>(to.data() + before);
            z_.avail_out = static_cast<uInt>(room);
            deflate(&z_, Z_SYNC_FLUSH);
            to.resize(before + room - z_.avail_out);
        } while (z_.avail_out == 0);
    }

private:
    z_stream z_{};
    int bits_;
};

class inflate_stream {
public:
    explicit inflate_stream(int bits) : bits_(bits)
    {
        if (inflateInit2(&z_, -bits) != Z_OK) throw std::bad_alloc();
    }
    ~inflate_stream() { inflateEnd(&z_); }
    inflate_stream(const inflate_stream&) = delete;
    inflate_stream& operator=(const inflate_stream&) = delete;

    int bits() const noexcept { return bits_; }
    void reset() noexcept { inflateReset(&z_); }

    void run(std::span<const std::byte> data, bytes& to, std::size_t limit)
    {
        z_.next_in = input(data);
        z_.avail_in = static_cast<uInt>(data.size());
        for (;;) {
            const std::size_t before = to.size();
            // One byte more than allowed tells a message that ends at the limit from a longer one.
            const std::size_t room = std::min(piece_bytes, limit - before + 1);
            to.resize(before + room);
            z_.next_out = reinterpret_cast<Bytef*>(to.data() + before);
            z_.avail_out = static_cast<uInt>(room);
            const int result = inflate(&z_, Z_SYNC_FLUSH);
            const bool is_full = z_.avail_out == 0;
            to.resize(before + room - z_.avail_out);
            if (to.size() > limit) {
                throw websocket_error(close_code::message_too_big, "a message is too long");
            }
            if (result == Z_STREAM_END) {
                // A final block inside a message: legal (section 7.2.3.4), another stream follows.
                inflateReset(&z_);
                if (z_.avail_in > 0) continue;
            } else if (result != Z_OK && result != Z_BUF_ERROR) {
                throw websocket_error(close_code::invalid_data, "a compressed message is corrupt");
            }
            if (!is_full) return;
        }
    }

private:
    z_stream z_{};
    int bits_;
};

message_deflater::message_deflater(int window_bits, bool takeover)
    : bits_(window_bits), takeover_(takeover)
{
}
message_deflater::~message_deflater() = default;

void message_deflater::compress(std::span<const std::byte> data, bool last, bytes& to)
{
    if (!stream_) stream_ = take_stream<deflate_stream>(bits_);
    stream_->run(data, to);
    if (!last) return;
    if (to.size() >= tail.size()) to.resize(to.size() - tail.size());
    if (to.empty()) to.push_back(std::byte{0});  // section 7.2.3.6
    if (!takeover_) give_back(std::exchange(stream_, nullptr));
}

message_inflater::message_inflater(int window_bits, bool takeover)
    : bits_(window_bits), takeover_(takeover)
{
}
message_inflater::~message_inflater() = default;

void message_inflater::expand(std::span<const std::byte> data, bytes& to, std::size_t limit)
{
    if (!stream_) stream_ = take_stream<inflate_stream>(bits_);
    stream_->run(data, to, limit);
}

void message_inflater::finish(bytes& to, std::size_t limit)
{
    expand(tail, to, limit);
    if (!takeover_) give_back(std::exchange(stream_, nullptr));
}

}  // namespace ferry::http::detail
