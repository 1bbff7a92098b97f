#include "ferry/tasks/brokers/remote.hpp"

#include "ferry/tasks/detail/arrival.hpp"
#include "ferry/tasks/detail/broker_core.hpp"
#include "ferry/tasks/detail/home.hpp"
#include "ferry/tasks/detail/mailbox.hpp"

#include <utility>

namespace ferry::tasks {

remote_broker::remote_broker(std::shared_ptr<detail::broker_core> core)
    : home_{std::make_shared<detail::home>()},
      core_{std::move(core)},
      mailbox_{std::make_shared<detail::mailbox>()}
{
}

remote_broker::~remote_broker()
{
    home_->post([core = std::move(core_)]() mutable { core.reset(); });
}

awaitable<void> remote_broker::publish(std::string queue, envelope e)
{
    return send(core_->pack(std::move(queue), std::move(e)), nullptr);
}

awaitable<void> remote_broker::publish(std::string queue, const message& m,
                                       const std::shared_ptr<detail::arrival>& result)
{
    return send(core_->pack(std::move(queue), m), result);
}

awaitable<void> remote_broker::send(detail::parcel what,
                                    const std::shared_ptr<detail::arrival>& result)
{
    auto mine = std::make_shared<detail::letter>(mailbox_, std::move(what));
    if (result) {
        // What waits for a result lives at home, and must not be what keeps it.
        result->then([place = std::weak_ptr(home_), weak = std::weak_ptr(mine)] {
            const auto end = [weak] {
                if (const auto known = weak.lock()) detail::letter::end(known);
            };
            const auto at = place.lock();
            if (!at) return;
            at->here() ? end() : at->post(end);
        });
    }
    return detail::mailbox::send(mailbox_, home_, core_, std::move(mine));
}

awaitable<std::unique_ptr<consumer>> remote_broker::consume(std::vector<std::string> queues,
                                                            std::size_t prefetch,
                                                            std::shared_ptr<result_store> results)
{
    return detail::home::fetch<std::unique_ptr<consumer>>(
        home_, [at = home_, core = core_, queues = std::move(queues), prefetch,
                results = std::move(results)]() mutable {
            return core->consume(std::move(at), std::move(queues), prefetch, std::move(results));
        });
}

awaitable<std::int64_t> remote_broker::size(std::string queue)
{
    return detail::home::call<std::int64_t>(home_,
                                            [core = core_, queue = std::move(queue)]() mutable {
                                                return core->size(std::move(queue));
                                            });
}

awaitable<std::int64_t> remote_broker::purge(std::string queue)
{
    return detail::home::call<std::int64_t>(home_,
                                            [core = core_, queue = std::move(queue)]() mutable {
                                                return core->purge(std::move(queue));
                                            });
}

awaitable<std::unique_ptr<listener>> remote_broker::listen(bus on, std::string name,
                                                           std::string key)
{
    return detail::home::fetch<std::unique_ptr<listener>>(
        home_,
        [at = home_, core = core_, on, name = std::move(name), key = std::move(key)]() mutable {
            return core->listen(std::move(at), on, std::move(name), std::move(key));
        });
}

awaitable<void> remote_broker::announce(bus on, std::string key, envelope e)
{
    return detail::home::call<void>(
        home_, [core = core_, on, key = std::move(key), e = std::move(e)]() mutable {
            return core->announce(on, std::move(key), std::move(e));
        });
}

std::unique_ptr<lease> remote_broker::open_lease(std::string name, std::chrono::milliseconds length)
{
    return core_->open_lease(home_, std::move(name), length);
}

}  // namespace ferry::tasks
