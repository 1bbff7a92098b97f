#pragma once

#include "ferry/tasks/broker.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace ferry::tasks::detail {

/// A delivery that waits for its time, in one small piece of memory: there may be a hundred
/// thousand of them.
class held_delivery {
public:
    explicit held_delivery(delivery d);

    delivery unpack() const;

private:
    std::string packed_;
    std::unique_ptr<const delivery> whole_;  ///< one that cannot be packed
};

}  // namespace ferry::tasks::detail
