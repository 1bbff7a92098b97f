#pragma once

#include "ferry/core/buffer.hpp"
#include "ferry/net/transport.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ferry::amqp::detail {

/// What waits to be written: text, with long bodies in between that are not copied.
class output {
public:
    /// The end of the text, to append to.
    std::string& text() noexcept { return text_; }

    /// Puts a long body behind the text so far.
    void add(buffer data)
    {
        bytes_ += data.size();
        pieces_.push_back({text_.size(), std::move(data)});
    }

    /// Puts all of the other behind.
    void append(output other)
    {
        for (piece& p : other.pieces_) {
            pieces_.push_back({text_.size() + p.at, std::move(p.data)});
        }
        text_ += other.text_;
        bytes_ += other.bytes_;
    }

    /// Whether no long body is in between.
    bool is_text() const noexcept { return pieces_.empty(); }

    std::size_t size() const noexcept { return text_.size() + bytes_; }
    /// Of these, what is no long body.
    std::size_t copied() const noexcept { return text_.size(); }
    bool empty() const noexcept { return text_.empty() && pieces_.empty(); }

    void clear() noexcept
    {
        text_.clear();
        pieces_.clear();
        bytes_ = 0;
    }

    /// Everything in order. The parts live until the output changes.
    std::vector<std::span<const std::byte>> parts() const
    {
        std::vector<std::span<const std::byte>> all;
        all.reserve(2 * pieces_.size() + 1);
        std::size_t at = 0;
        const auto text = as_bytes(text_);
        for (const piece& p : pieces_) {
            if (p.at > at) all.push_back(text.subspan(at, p.at - at));
            all.push_back(p.data.span());
            at = p.at;
        }
        if (at < text.size()) all.push_back(text.subspan(at));
        return all;
    }

private:
    struct piece {
        std::size_t at;
        buffer data;
    };

    std::string text_;
    std::vector<piece> pieces_;
    std::size_t bytes_ = 0;
};

}  // namespace ferry::amqp::detail
