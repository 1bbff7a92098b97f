#include "ferry/core/detail/key_index.hpp"
#include "ferry/core/value_builder.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>

namespace ferry::detail {
namespace {

constexpr std::size_t max_block_bytes = std::size_t{1} << 24U;

// Blocks that go back to the system come back as pages of zeros, which cost a third of the time of
// parsing. So each thread keeps some, at most so many bytes.
constexpr std::size_t max_kept_bytes = std::size_t{1} << 23U;
constexpr std::size_t least_kept_block = std::size_t{1} << 16U;

struct kept_block {
    void* memory;
    std::size_t size;
};

// Values with static storage outlive the thread's cache; this flag has no destructor.
thread_local constinit bool cache_closed = false;

class block_cache {
public:
    block_cache() = default;
    block_cache(const block_cache&) = delete;
    block_cache& operator=(const block_cache&) = delete;
    ~block_cache()
    {
        for (std::size_t i = 0; i < count_; ++i) std::free(kept_[i].memory);
        cache_closed = true;
    }

    /// A block of at least that size, and less than twice that, or null.
    kept_block take(std::size_t size) noexcept
    {
        for (std::size_t i = 0; i < count_; ++i) {
            if (kept_[i].size < size || kept_[i].size / 2 >= size) continue;
            const kept_block found = kept_[i];
            kept_[i] = kept_[--count_];
            bytes_ -= found.size;
            return found;
        }
        return {nullptr, 0};
    }
    bool keep(const kept_block& block) noexcept
    {
        if (count_ == kept_.size() || bytes_ + block.size > max_kept_bytes) return false;
        kept_[count_++] = block;
        bytes_ += block.size;
        return true;
    }

private:
    std::array<kept_block, 16> kept_;
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
};

block_cache& cache() noexcept
{
    thread_local block_cache kept;
    return kept;
}

}  // namespace

arena* arena::make(std::size_t first_block)
{
    void* const memory = std::malloc(sizeof(arena) + first_block);
    if (memory == nullptr) throw std::bad_alloc{};
    auto* const made = ::new (memory) arena;
    made->next_ = static_cast<char*>(memory) + sizeof(arena);
    made->end_ = made->next_ + first_block;
    made->block_size_ = first_block;
    return made;
}

char* arena::allocate_block(std::size_t size)
{
    kept_block got{nullptr, sizeof(block) + size};
    if (got.size >= least_kept_block && !cache_closed) {
        const kept_block kept = cache().take(got.size);
        if (kept.memory != nullptr) got = kept;
    }
    if (got.memory == nullptr) got.memory = std::malloc(got.size);
    if (got.memory == nullptr) throw std::bad_alloc{};
    blocks_ = ::new (got.memory) block{blocks_, got.size};
    return reinterpret_cast<char*>(blocks_ + 1);
}

void* arena::allocate_slowly(std::size_t size)
{
    block_size_ = std::min(block_size_ * 2, max_block_bytes);
    if (size > block_size_ / 2) return allocate_block(size);
    char* const at = allocate_block(block_size_);
    next_ = at + size;
    end_ = at + block_size_;
    return at;
}

void arena::adopt(key_index* index) noexcept
{
    index->next = indexes_.load(std::memory_order_relaxed);
    while (!indexes_.compare_exchange_weak(index->next, index, std::memory_order_acq_rel)) {
    }
}

void arena::destroy() noexcept
{
    for (key_index* i = indexes_.load(std::memory_order_acquire); i != nullptr;) {
        key_index* const next = i->next;
        key_index::destroy(i);
        i = next;
    }
    for (block* b = blocks_; b != nullptr;) {
        block* const next = b->next;
        const kept_block freed{b, b->size};
        const bool worth_keeping = freed.size >= least_kept_block && !cache_closed;
        if (!worth_keeping || !cache().keep(freed)) std::free(b);
        b = next;
    }
    this->~arena();
    std::free(this);
}

}  // namespace ferry::detail
