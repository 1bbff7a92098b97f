#pragma once

#include "ferry/async/gather.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace ferry::tasks::detail {

/// A broker confirms so many messages in hardly more time than one.
constexpr std::size_t sent_together = 256;

/// Sends what belongs together, in its order. The first failure cancels what is under way, and the
/// rest is not sent. `send` makes an awaitable of each.
template <class Call, class Send>
awaitable<void> send_together(std::vector<Call> all, Send send)
{
    for (auto rest = std::span{all}; !rest.empty();) {
        const auto some = rest.first(std::min(rest.size(), sent_together));
        std::vector<decltype(send(std::move(some.front())))> sending;
        for (Call& call : some) sending.push_back(send(std::move(call)));
        auto sent = gather(std::move(sending));
        co_await std::move(sent);
        rest = rest.subspan(some.size());
    }
}

}  // namespace ferry::tasks::detail
