#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

namespace ferry::net::detail {

/// A contiguous buffer that is filled at its end and consumed at its front. Starts small, because
/// most connections are idle, and grows when reads fill it.
class read_buffer {
public:
    static constexpr std::size_t first_size = 4 * 1024;
    static constexpr std::size_t full_read_size = 64 * 1024;

    std::span<const std::byte> data() const noexcept { return {begin(), size()}; }
    std::size_t size() const noexcept { return last_ - first_; }

    void consume(std::size_t count) noexcept
    {
        first_ += count;
        if (first_ == last_) first_ = last_ = 0;
    }

    /// Room at the end, one byte at least.
    std::span<std::byte> space()
    {
        if (capacity_ == 0) grow(first_size);
        if (last_ == capacity_ && first_ >= capacity_ / 2) compact();
        if (last_ == capacity_) grow(capacity_ * 2);
        return {memory_.get() + last_, capacity_ - last_};
    }

    /// `count` bytes were put into space(). A read that fills it asks for a larger buffer.
    void commit(std::size_t count)
    {
        last_ += count;
        if (last_ == capacity_ && capacity_ < full_read_size) grow(capacity_ * 4);
    }

    /// Gives the memory back. Nothing may be inside.
    void release() noexcept
    {
        memory_.reset();
        capacity_ = first_ = last_ = 0;
    }

    void prepend(std::span<const std::byte> bytes)
    {
        if (bytes.empty()) return;
        if (bytes.size() > first_) {
            const std::size_t shift = bytes.size() - first_;
            while (capacity_ < last_ + shift) grow(capacity_ == 0 ? first_size : capacity_ * 2);
            if (size() > 0) std::memmove(memory_.get() + bytes.size(), begin(), size());
            last_ += shift;
            first_ = bytes.size();
        }
        first_ -= bytes.size();
        std::memcpy(memory_.get() + first_, bytes.data(), bytes.size());
    }

private:
    const std::byte* begin() const noexcept { return memory_.get() + first_; }

    void compact() noexcept
    {
        std::memmove(memory_.get(), begin(), size());
        last_ -= first_;
        first_ = 0;
    }

    void grow(std::size_t capacity)
    {
        auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
        if (size() > 0) std::memcpy(larger.get(), begin(), size());
        last_ -= first_;
        first_ = 0;
        memory_ = std::move(larger);
        capacity_ = capacity;
    }

    std::unique_ptr<std::byte[]> memory_;
    std::size_t capacity_ = 0;
    std::size_t first_ = 0;
    std::size_t last_ = 0;
};

}  // namespace ferry::net::detail
