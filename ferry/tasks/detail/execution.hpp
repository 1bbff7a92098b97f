#pragma once

#include "ferry/core/time.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/definition.hpp"
#include "ferry/tasks/message.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>

namespace ferry::tasks::detail {

/// The decisions of a worker, without its threads, sockets and clocks: what a delivery that ended
/// in this or that way leaves behind. The tag is 0 if it was acked when the task began.
class execution {
public:
    execution(const message& call, const task_settings& settings, std::string queue,
              std::uint64_t tag)
        : call_{call}, settings_{settings}, queue_{std::move(queue)}, tag_{tag}
    {
    }

    settlement succeeded(value result, timestamp now) const;

    /// Failed, or to be tried again.
    /// \param chance  0 to 1, the random part of the wait.
    /// \param document  if not null: the exception as results carry it.
    settlement failed(const std::exception_ptr& failure, timestamp now, double chance,
                      value* document = nullptr) const;

    /// Failed from outside, for good. \param failure  as exception_to_value() has it.
    settlement failed_with(value failure, timestamp now) const;

    /// Not begun, and never to be.
    settlement revoked(std::string_view why, timestamp now) const;

    settlement started(value who, timestamp now) const;

private:
    settlement ended(std::string_view status, value result, timestamp now) const;
    settlement again(const value& cause, timestamp eta, timestamp now) const;
    std::chrono::milliseconds wait_before_retry(double chance) const;

    const message& call_;
    const task_settings& settings_;
    std::string queue_;
    std::uint64_t tag_;
};

}  // namespace ferry::tasks::detail
