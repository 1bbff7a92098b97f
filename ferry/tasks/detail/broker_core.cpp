#include "ferry/tasks/detail/broker_core.hpp"

#include "ferry/core/error.hpp"

#include <exception>
#include <utility>

namespace ferry::tasks::detail {
namespace {

awaitable<void> carry(std::shared_ptr<letter> what, awaitable<void> publishing)
{
    std::exception_ptr failure;
    try {
        co_await std::move(publishing);
    } catch (const cancelled&) {
        // Nobody waits for it any more, or home ends.
        failure =
            std::make_exception_ptr(error{ferry::errc::disconnected, "the broker was closed"});
    } catch (...) {
        failure = std::current_exception();
    }
    letter::end(what, std::move(failure));
}

}  // namespace

void broker_core::carry_out(const std::shared_ptr<letter>& what, awaitable<void> publishing)
{
    what->carrier = spawn(carry(what, std::move(publishing)), "publish");
}

}  // namespace ferry::tasks::detail
