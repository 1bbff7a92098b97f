#include "ferry/amqp/detail/admission.hpp"

#include "ferry/amqp/detail/channel_core.hpp"

namespace ferry::amqp::detail {

bool admitted(const channel_core& core) noexcept
{
    const link* const over = core.owner().now();
    return over != nullptr && !over->is_full(core.number()) && !core.owner().is_blocked() &&
           core.is_open() && core.flows();
}

awaitable<void> admission(std::shared_ptr<channel_core> core)
{
    while (!admitted(*core)) {
        auto opening = channel_core::ready(core);
        co_await std::move(opening);
        auto flowing = connection_core::unblocked(core->owner().shared_from_this());
        co_await std::move(flowing);
        auto resuming = channel_core::flowing(core);
        co_await std::move(resuming);
        auto room = link::room(core->owner().current(), core->number());
        co_await std::move(room);
    }
}

}  // namespace ferry::amqp::detail
