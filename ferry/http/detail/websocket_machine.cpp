#include "ferry/http/detail/websocket_machine.hpp"

#include "ferry/core/random.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ferry::http::detail {
namespace {

// Smaller messages do not get smaller.
constexpr std::size_t least_compressed = 64;

constexpr std::size_t unmasked_at_once = 4096;

}  // namespace

websocket_machine::websocket_machine(role self, std::size_t max_message_bytes,
                                     std::optional<deflate_agreement> deflate, bool own_takeover)
    : self_(self), max_message_(max_message_bytes), agreed_(deflate)
{
    if (!deflate) return;
    const bool is_server = self == role::server;
    const bool takeover = is_server ? deflate->server_takeover : deflate->client_takeover;
    deflater_.emplace(is_server ? deflate->server_bits : deflate->client_bits,
                      takeover && own_takeover);
    // A window of full size reads what was written with any.
    inflater_.emplace(15, is_server ? deflate->client_takeover : deflate->server_takeover);
}

websocket_machine::event websocket_machine::read(std::span<const std::byte>& in)
{
    while (!closed_) {
        if (!in_frame_) {
            const std::size_t used = read_frame_head(in, self_, agreed_.has_value(), frame_);
            if (used == 0) return event::none;
            in = in.subspan(used);
            in_frame_ = true;
            taken_ = 0;
            if (!is_control(frame_.op)) begin_data();
        }
        const auto size =
            static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), frame_.size - taken_));
        if (is_control(frame_.op)) {
            copy_masked(in.first(size), control_.data() + taken_, frame_.mask, taken_);
        } else {
            take_data(in.first(size));
        }
        taken_ += size;
        in = in.subspan(size);
        if (taken_ < frame_.size) return event::none;
        in_frame_ = false;
        const event happened = end_frame();
        if (happened != event::none) return happened;
    }
    return event::none;
}

void websocket_machine::begin_data()
{
    if (frame_.op == opcode::continuation) {
        if (!in_message_) {
            throw websocket_error(close_code::protocol_error, "a continuation of nothing");
        }
    } else {
        if (in_message_) {
            throw websocket_error(close_code::protocol_error, "a message inside another");
        }
        in_message_ = true;
        is_text_ = frame_.op == opcode::text;
        is_compressed_ = frame_.compressed;
        message_.clear();
    }
    const std::size_t room = is_compressed_ ? max_message_ : max_message_ - message_.size();
    if (frame_.size > room) {
        throw websocket_error(close_code::message_too_big, "a message is too long");
    }
}

void websocket_machine::take_data(std::span<const std::byte> part)
{
    const std::size_t before = message_.size();
    if (!is_compressed_) {
        message_.resize(before + part.size());
        copy_masked(part, message_.data() + before, frame_.mask, taken_);
    } else {
        std::array<std::byte, unmasked_at_once> clear;
        for (std::size_t i = 0; i < part.size(); i += clear.size()) {
            const auto piece = part.subspan(i, std::min(clear.size(), part.size() - i));
            copy_masked(piece, clear.data(), frame_.mask, taken_ + i);
            inflater_->expand(std::span(clear).first(piece.size()), message_, max_message_);
        }
    }
    check_text(before);
}

void websocket_machine::check_text(std::size_t from)
{
    if (is_text_ && !text_.feed(std::span(message_).subspan(from))) {
        throw websocket_error(close_code::invalid_data, "a text message is not UTF-8");
    }
}

websocket_machine::event websocket_machine::end_frame()
{
    switch (frame_.op) {
        case opcode::ping: control_size_ = frame_.size; return event::ping;
        case opcode::pong: control_size_ = frame_.size; return event::pong;
        case opcode::close:
            control_size_ = frame_.size;
            closed_by_ = read_close(control_payload());
            closed_ = true;
            return event::close;
        case opcode::continuation:
        case opcode::text:
        case opcode::binary: break;
    }
    if (!frame_.last) return event::none;
    if (is_compressed_) {
        const std::size_t before = message_.size();
        inflater_->finish(message_, max_message_);
        check_text(before);
    }
    if (is_text_ && !text_.finish()) {
        throw websocket_error(close_code::invalid_data, "a text message ends inside a character");
    }
    in_message_ = false;
    return event::message;
}

websocket_message websocket_machine::take_message()
{
    return websocket_message(std::exchange(message_, bytes()), is_text_);
}

std::array<std::byte, 4> websocket_machine::fresh_mask()
{
    if (random_used_ == random_.size()) {
        fill_random(random_);
        random_used_ = 0;
    }
    std::array<std::byte, 4> mask{};
    std::memcpy(mask.data(), random_.data() + random_used_, mask.size());
    random_used_ += mask.size();
    return mask;
}

// A client's frame: its head and its payload under a mask nobody can foresee (section 10.3).
std::string websocket_machine::masked_frame(frame_head head, std::span<const std::byte> payload)
{
    head.masked = true;
    head.mask = fresh_mask();
    std::string frame;
    frame.reserve(max_frame_head_bytes + payload.size());
    write_frame_head(head, frame);
    const std::size_t start = frame.size();
    frame.resize(start + payload.size());
    copy_masked(payload, reinterpret_cast<std::byte*>(frame.data() + start), head.mask, 0);
    return frame;
}

websocket_machine::outgoing websocket_machine::write_data(bool is_text,
                                                          std::span<const std::byte> payload,
                                                          bool first, bool last)
{
    frame_head head;
    head.op = !first ? opcode::continuation : is_text ? opcode::text : opcode::binary;
    head.last = last;
    if (first) sending_compressed_ = deflater_ && (!last || payload.size() >= least_compressed);
    outgoing out;
    if (sending_compressed_) {
        head.compressed = first;
        deflater_->compress(payload, last, out.compressed);
        payload = out.compressed;
    }
    head.size = payload.size();
    if (self_ == role::client) {
        out.head = masked_frame(head, payload);
    } else {
        write_frame_head(head, out.head);
        out.payload = payload;
    }
    return out;
}

std::string websocket_machine::write_control(opcode op, std::span<const std::byte> payload)
{
    frame_head head;
    head.op = op;
    head.size = payload.size();
    if (self_ == role::client) return masked_frame(head, payload);
    std::string frame;
    write_frame_head(head, frame);
    frame.append(as_text(payload));
    return frame;
}

std::string websocket_machine::write_close(int code, std::string_view reason)
{
    std::string payload;
    if (code != close_code::no_status) {
        payload += static_cast<char>(code >> 8 & 0xff);
        payload += static_cast<char>(code & 0xff);
        payload += reason;
    }
    return write_control(opcode::close, as_bytes(payload));
}

}  // namespace ferry::http::detail
