#pragma once

#include "ferry/tasks/broker.hpp"

#include <memory>

namespace ferry::tasks {

namespace detail {
class broker_core;
class home;
class mailbox;
struct parcel;
}  // namespace detail

/// A broker that is reached over a network. Its connections live on a thread of their own, where
/// every operation is carried out: heartbeats and acks go on whatever the threads that call are
/// doing.
class remote_broker : public message_broker {
public:
    ~remote_broker() override;

    awaitable<void> publish(std::string queue, envelope e) final;
    awaitable<void> publish(std::string queue, const message& m,
                            const std::shared_ptr<detail::arrival>& result) final;
    awaitable<std::unique_ptr<consumer>> consume(std::vector<std::string> queues,
                                                 std::size_t prefetch,
                                                 std::shared_ptr<result_store> results) final;
    awaitable<std::int64_t> size(std::string queue) final;
    awaitable<std::int64_t> purge(std::string queue) final;

    bool has_buses() const noexcept final { return true; }
    awaitable<std::unique_ptr<listener>> listen(bus on, std::string name, std::string key) final;
    awaitable<void> announce(bus on, std::string key, envelope e) final;
    std::unique_ptr<lease> open_lease(std::string name, std::chrono::milliseconds length) final;

    std::shared_ptr<detail::home> home() const noexcept final { return home_; }

protected:
    explicit remote_broker(std::shared_ptr<detail::broker_core> core);

    const std::shared_ptr<detail::broker_core>& core() const noexcept { return core_; }

private:
    awaitable<void> send(detail::parcel what, const std::shared_ptr<detail::arrival>& result);

    std::shared_ptr<detail::home> home_;
    std::shared_ptr<detail::broker_core> core_;
    std::shared_ptr<detail::mailbox> mailbox_;
};

}  // namespace ferry::tasks
