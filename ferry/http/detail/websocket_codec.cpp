#include "ferry/http/detail/websocket_codec.hpp"

#include "ferry/core/base64.hpp"
#include "ferry/core/bytes.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/crypto/hash.hpp"
#include "ferry/http/websocket.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace ferry::http::detail {
namespace {

[[noreturn]] void wrong(std::string_view why)
{
    throw websocket_error(close_code::protocol_error, why);
}

unsigned at(std::span<const std::byte> in, std::size_t i) noexcept
{
    return std::to_integer<unsigned>(in[i]);
}

std::uint64_t big_endian(std::span<const std::byte> in) noexcept
{
    std::uint64_t n = 0;
    for (const std::byte b : in) n = n << 8 | std::to_integer<std::uint64_t>(b);
    return n;
}

opcode read_opcode(unsigned bits)
{
    if ((bits > 2 && bits < 8) || bits > 10) wrong(fmt::format("opcode {} is reserved", bits));
    return static_cast<opcode>(bits);
}

// How many of the last bytes of `text` begin a code point that is not whole; npos if they are wrong
// already. `at` is where utf8::find_invalid stopped.
std::size_t unfinished(std::string_view text, std::size_t at) noexcept
{
    const std::string_view tail = text.substr(at);
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(tail[i]); };
    const unsigned lead = byte(0);
    std::size_t size = 0;
    unsigned low = 0x80;
    unsigned high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
        size = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        size = 3;
        if (lead == 0xe0) low = 0xa0;
        if (lead == 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        size = 4;
        if (lead == 0xf0) low = 0x90;
        if (lead == 0xf4) high = 0x8f;
    }
    if (tail.size() >= size) return std::string_view::npos;
    for (std::size_t i = 1; i < tail.size(); ++i) {
        if (byte(i) < (i == 1 ? low : 0x80) || byte(i) > (i == 1 ? high : 0xbf)) {
            return std::string_view::npos;
        }
    }
    return tail.size();
}

}  // namespace

std::size_t read_frame_head(std::span<const std::byte> in, role self, bool compression,
                            frame_head& into)
{
    if (in.size() < 2) return 0;
    const unsigned first = at(in, 0);
    const unsigned second = at(in, 1);
    into.op = read_opcode(first & 0x0f);
    into.last = (first & 0x80) != 0;
    into.compressed = (first & 0x40) != 0;
    if ((first & 0x30) != 0 || (into.compressed && !compression)) wrong("a reserved bit is set");
    into.masked = (second & 0x80) != 0;
    if (into.masked != (self == role::server)) {
        wrong(into.masked ? "a server's frame is masked" : "a client's frame is not masked");
    }
    const unsigned length = second & 0x7f;
    if (is_control(into.op)) {
        if (!into.last) wrong("a control frame is fragmented");
        if (length > max_control_bytes) wrong("a control frame is too long");
        if (into.compressed) wrong("a control frame is compressed");
    } else if (into.op == opcode::continuation && into.compressed) {
        wrong("a continuation is marked as compressed");
    }
    const std::size_t length_size = length == 127 ? 8 : length == 126 ? 2 : 0;
    const std::size_t size = 2 + length_size + (into.masked ? 4 : 0);
    if (in.size() < size) return 0;
    into.size = length_size == 0 ? length : big_endian(in.subspan(2, length_size));
    if ((length_size == 2 && into.size < 126) ||
        (length_size == 8 && (into.size < 0x10000 || into.size >> 63 != 0))) {
        wrong("a length is not in its shortest form");
    }
    if (into.masked) std::memcpy(into.mask.data(), in.data() + 2 + length_size, 4);
    return size;
}

void write_frame_head(const frame_head& head, std::string& to)
{
    const unsigned first =
        (head.last ? 0x80U : 0U) | (head.compressed ? 0x40U : 0U) | static_cast<unsigned>(head.op);
    const unsigned mask_bit = head.masked ? 0x80U : 0U;
    to += static_cast<char>(first);
    const auto put = [&](unsigned marker, int bytes) {
        to += static_cast<char>(mask_bit | marker);
        for (int i = bytes - 1; i >= 0; --i) to += static_cast<char>(head.size >> (8 * i) & 0xff);
    };
    if (head.size < 126) {
        put(static_cast<unsigned>(head.size), 0);
    } else if (head.size < 0x10000) {
        put(126, 2);
    } else {
        put(127, 8);
    }
    if (head.masked) to.append(as_text(head.mask));
}

void copy_masked(std::span<const std::byte> from, std::byte* to,
                 const std::array<std::byte, 4>& mask, std::uint64_t offset) noexcept
{
    std::array<std::byte, 8> turned;
    for (std::size_t i = 0; i < 8; ++i) turned[i] = mask[(offset + i) % 4];
    std::uint64_t wide = 0;
    std::memcpy(&wide, turned.data(), sizeof wide);
    std::size_t i = 0;
    for (; i + sizeof wide <= from.size(); i += sizeof wide) {
        std::uint64_t word = 0;
        std::memcpy(&word, from.data() + i, sizeof word);
        word ^= wide;
        std::memcpy(to + i, &word, sizeof word);
    }
    for (; i < from.size(); ++i) to[i] = from[i] ^ turned[i % 4];
}

close_reason read_close(std::span<const std::byte> payload)
{
    if (payload.empty()) return {close_code::no_status, {}};
    if (payload.size() == 1) wrong("half a close code");
    const int code = static_cast<int>(big_endian(payload.first(2)));
    if (!is_close_code(code)) wrong(fmt::format("close code {} may not be sent", code));
    std::string text = to_string(payload.subspan(2));
    if (!utf8::valid(text)) {
        throw websocket_error(close_code::invalid_data, "a close reason is not UTF-8");
    }
    return {code, std::move(text)};
}

std::string accept_key(std::string_view key)
{
    std::string both(key);
    both += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    return base64::encode(hash::sha1(both).span());
}

bool is_websocket_key(std::string_view key)
{
    const auto decoded = base64::try_decode(key);
    return decoded && decoded->size() == 16;
}

bool utf8_checker::feed(std::span<const std::byte> piece) noexcept
{
    std::string_view text = as_text(piece);
    while (pending_size_ > 0 && !text.empty()) {
        pending_[pending_size_++] = text.front();
        text.remove_prefix(1);
        const std::string_view whole(pending_.data(), pending_size_);
        if (utf8::valid(whole)) {
            pending_size_ = 0;
        } else if (unfinished(whole, 0) == std::string_view::npos) {
            return false;
        }
    }
    const std::size_t at = utf8::find_invalid(text);
    if (at == std::string_view::npos) return true;
    const std::size_t rest = unfinished(text, at);
    if (rest == std::string_view::npos) return false;
    std::ranges::copy(text.substr(at), pending_.begin());
    pending_size_ = rest;
    return true;
}

bool utf8_checker::finish() noexcept
{
    return std::exchange(pending_size_, 0) == 0;
}

}  // namespace ferry::http::detail
