#pragma once

#include "ferry/amqp/detail/channel_core.hpp"
#include "ferry/async/sync.hpp"

#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace ferry::amqp::detail {

/// What a call waits for: the answer of its method. At most one in a channel.
///
/// The answer may come while a cancelled call unwinds: what it brings is given back then.
class channel_core::pending_call {
public:
    /// \param where  gets the message of a basic.get.
    pending_call(channel_core& of, std::optional<delivery>* where) : found{where}, of_{of}
    {
        of.pending_ = this;
    }
    pending_call(const pending_call&) = delete;
    pending_call& operator=(const pending_call&) = delete;
    ~pending_call()
    {
        if (of_.pending_ == this) of_.pending_ = nullptr;
        if (answered_by_ != method()) of_.unclaimed(answered_by_, arguments_, found);
    }

    void answer(method by, std::string arguments)
    {
        answered_by_ = by;
        arguments_ = std::move(arguments);
        done.set();
    }
    void fail(std::exception_ptr why) noexcept
    {
        answered_by_ = method();
        failure_ = std::move(why);
        done.set();
    }

    /// Once it is done. \return the answer's arguments. \throws what fail() was given
    std::string take()
    {
        if (failure_) std::rethrow_exception(failure_);
        answered_by_ = method();
        return std::move(arguments_);
    }

    event done;
    std::optional<delivery>* const found;

private:
    channel_core& of_;
    method answered_by_{};  ///< of an answer that nobody has taken; else 0
    std::string arguments_;
    std::exception_ptr failure_;
};

}  // namespace ferry::amqp::detail
