#include "ferry/http/detail/hedge_book.hpp"

#include <algorithm>

namespace ferry::http::detail {

std::optional<hedge_record::duration> hedge_record::begin(percentile p)
{
    earned_ = std::min(earned_ + 1, max_saved_hedges * requests_a_hedge);
    if (answers_ < warm_up) return std::nullopt;
    // The nearest rank: what so many of the answers took at most.
    const std::size_t known = std::min(answers_, window);
    const std::size_t rank = (known * static_cast<std::size_t>(p.of_hundred()) + 99) / 100;
    auto times = recent_;
    const auto at = times.begin() + static_cast<std::ptrdiff_t>(rank - 1);
    std::nth_element(times.begin(), at, times.begin() + static_cast<std::ptrdiff_t>(known));
    return *at;
}

bool hedge_record::spend() noexcept
{
    if (earned_ < requests_a_hedge) return false;
    earned_ -= requests_a_hedge;
    return true;
}

void hedge_record::took(duration d) noexcept
{
    recent_[answers_ % window] = d;
    ++answers_;
}

hedge_record& hedge_book::record_of(const url& to)
{
    std::string origin = to.origin();
    if (const auto at = origins_.find(origin); at != origins_.end()) return at->second;
    if (origins_.size() >= max_origins) origins_.erase(origins_.begin());
    return origins_[std::move(origin)];
}

std::optional<hedge_record::duration> hedge_book::begin(const url& to, percentile p)
{
    const std::lock_guard guard(mutex_);
    return record_of(to).begin(p);
}

bool hedge_book::spend(const url& to)
{
    const std::lock_guard guard(mutex_);
    return record_of(to).spend();
}

void hedge_book::took(const url& to, hedge_record::duration d)
{
    const std::lock_guard guard(mutex_);
    record_of(to).took(d);
}

}  // namespace ferry::http::detail
