#include "ferry/documents/json_reader.hpp"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <new>
#include <utility>

namespace ferry::json::detail {

/// The memory of an index: four bytes for each byte of the longest text.
struct token_index::kept {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;

    /// What this thread's last index has left behind. Taken while in use, since what is decoded may
    /// decode in its turn.
    static std::unique_ptr<kept>& last() noexcept
    {
        thread_local std::unique_ptr<kept> memory;
        return memory;
    }
};

namespace {

constexpr std::size_t max_kept_bytes = std::size_t{1} << 22U;
constexpr std::size_t least_bytes = 4096;
constexpr std::size_t max_bytes = 0xFFFF'0000;

}  // namespace

token_index::token_index(std::string_view text)
{
    if (text.empty() || text.size() > max_bytes) return;
    memory_ = std::move(kept::last());
    if (memory_ == nullptr) memory_ = std::make_unique<kept>();
    auto& parser = memory_->parser;
    if (parser == nullptr || parser->capacity() < text.size()) {
        parser = nullptr;
        const std::size_t capacity = std::max(std::bit_ceil(text.size()), least_bytes);
        const auto problem =
            simdjson::get_active_implementation()->create_dom_parser_implementation(
                std::min(capacity, max_bytes), 1, parser);
        if (problem != simdjson::SUCCESS) throw std::bad_alloc{};
    }
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    if (parser->stage1(bytes, text.size(), simdjson::stage1_mode::regular) != simdjson::SUCCESS) {
        return;
    }
    first_ = parser->structural_indexes.get();
    last_ = first_ + parser->n_structural_indexes;
}

token_index::~token_index()
{
    if (memory_ == nullptr || memory_->parser == nullptr) return;
    if (memory_->parser->capacity() <= max_kept_bytes) kept::last() = std::move(memory_);
}

}  // namespace ferry::json::detail
