#pragma once

#include "ferry/core/bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace ferry {

/// Shared bytes that never change: a part of memory and a share in its owner. Copies and slices
/// share the owner, which lives until the last of them is gone; no byte is copied.
///
///     buffer page = std::move(body);               // takes over a bytes or a std::string
///     buffer head = page.slice(0, 1024);           // still the same memory
///
/// Thread-safety: as std::shared_ptr; the bytes themselves may be read by any thread.
/// As Python's `memoryview` of a `bytes`.
class buffer {
public:
    buffer() noexcept = default;

    /// Takes over the memory of `data`. Cost: one small allocation.
    buffer(bytes&& data) : buffer{own(std::move(data))} {}
    buffer(std::string&& text) : buffer{own(std::move(text))} {}

    /// A part of memory that `owner` keeps alive: a mapped file, a message of a C library.
    buffer(std::shared_ptr<const void> owner, std::span<const std::byte> data) noexcept
        : owner_{std::move(owner)}, data_{data}
    {
    }

    /// The one way to make a buffer by copying.
    static buffer copy(std::span<const std::byte> data) { return buffer{to_bytes(data)}; }
    static buffer copy(std::string_view text) { return copy(as_bytes(text)); }

    const std::byte* data() const noexcept { return data_.data(); }
    std::size_t size() const noexcept { return data_.size(); }
    bool empty() const noexcept { return data_.empty(); }
    auto begin() const noexcept { return data_.begin(); }
    auto end() const noexcept { return data_.end(); }
    std::byte operator[](std::size_t i) const noexcept { return data_[i]; }

    /// Views; valid as long as a buffer shares the owner.
    std::span<const std::byte> span() const noexcept { return data_; }
    operator std::span<const std::byte>() const noexcept { return data_; }
    std::string_view text() const noexcept { return as_text(data_); }

    /// The part from `offset` on, at most `count` bytes; what lies outside is cut off, as in a
    /// Python slice.
    buffer slice(std::size_t offset, std::size_t count = std::string_view::npos) const noexcept
    {
        offset = std::min(offset, size());
        return {owner_, data_.subspan(offset, std::min(count, size() - offset))};
    }

    friend bool operator==(const buffer& a, const buffer& b) noexcept
    {
        return a.text() == b.text();
    }

private:
    template <class Owner>
    static buffer own(Owner data)
    {
        auto owner = std::make_shared<const Owner>(std::move(data));
        const auto view = std::as_bytes(std::span{owner->data(), owner->size()});
        return {std::move(owner), view};
    }

    std::shared_ptr<const void> owner_;
    std::span<const std::byte> data_;
};

}  // namespace ferry
