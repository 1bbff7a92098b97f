#include "ferry/async/gather.hpp"

namespace ferry {

awaitable<void> gather(std::vector<awaitable<void>> operations)
{
    scope children;
    for (auto& operation : operations) children.start(std::move(operation));
    co_await children.join();
}

}  // namespace ferry
