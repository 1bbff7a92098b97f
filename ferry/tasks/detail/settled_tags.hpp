#pragma once

#include <cstdint>
#include <map>

namespace ferry::tasks::detail {

/// Which deliveries of a channel are settled. Their tags count from 1 without a gap, so that all up
/// to some tag can be acknowledged at once when every one of them is settled. Costs memory for the
/// gaps only: for what is held.
class settled_tags {
public:
    void add(std::uint64_t tag);

    /// All tags up to this one are settled; 0: not even the first.
    std::uint64_t through() const noexcept
    {
        return runs_.empty() || runs_.begin()->first != 1 ? 0 : runs_.begin()->second;
    }

    /// The next channel begins from 1.
    void clear() noexcept { runs_.clear(); }

private:
    std::map<std::uint64_t, std::uint64_t> runs_;  ///< from the first to the last tag of each
};

}  // namespace ferry::tasks::detail
