#include "ferry/tasks/detail/settled_tags.hpp"

#include <iterator>

namespace ferry::tasks::detail {

void settled_tags::add(std::uint64_t tag)
{
    const auto behind = runs_.upper_bound(tag);
    const bool joins_behind = behind != runs_.end() && behind->first == tag + 1;
    const std::uint64_t last = joins_behind ? behind->second : tag;
    if (behind != runs_.begin()) {
        const auto before = std::prev(behind);
        if (tag <= before->second) return;
        if (tag == before->second + 1) {
            before->second = last;
            if (joins_behind) runs_.erase(behind);
            return;
        }
    }
    if (joins_behind) runs_.erase(behind);
    runs_.emplace(tag, last);
}

}  // namespace ferry::tasks::detail
