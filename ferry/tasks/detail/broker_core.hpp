#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/detail/mailbox.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ferry::tasks::detail {

class home;

/// The part of a remote broker that lives at home, beside its connections: every operation begins
/// and ends there. As message_broker's of the same names.
class broker_core {
public:
    broker_core() = default;
    broker_core(const broker_core&) = delete;
    broker_core& operator=(const broker_core&) = delete;
    virtual ~broker_core() = default;

    /// \name What a message is on the wire, any thread
    /// \throws error  it cannot be said there.
    /// @{
    virtual parcel pack(std::string queue, envelope e) const = 0;
    virtual parcel pack(std::string queue, const message& m) const
    {
        return pack(std::move(queue), encode(m));
    }
    /// @}

    virtual awaitable<void> publish(std::string queue, envelope e) = 0;
    /// Publishes each of them, begun in this order, and tells it by letter::end().
    virtual void publish(std::vector<std::shared_ptr<letter>> all) = 0;
    /// \param at  where this is; what is opened calls in from elsewhere.
    virtual awaitable<std::unique_ptr<consumer>> consume(std::shared_ptr<home> at,
                                                         std::vector<std::string> queues,
                                                         std::size_t prefetch,
                                                         std::shared_ptr<result_store> results) = 0;
    virtual awaitable<std::int64_t> size(std::string queue) = 0;
    virtual awaitable<std::int64_t> purge(std::string queue) = 0;
    virtual awaitable<std::unique_ptr<listener>> listen(std::shared_ptr<home> at, bus on,
                                                        std::string name, std::string key) = 0;
    virtual awaitable<void> announce(bus on, std::string key, envelope e) = 0;
    virtual std::unique_ptr<lease> open_lease(std::shared_ptr<home> at, std::string name,
                                              std::chrono::milliseconds length) = 0;

protected:
    /// Runs the operation that publishes a letter.
    static void carry_out(const std::shared_ptr<letter>& what, awaitable<void> publishing);
};

}  // namespace ferry::tasks::detail
