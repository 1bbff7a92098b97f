#pragma once

#include "ferry/core/error.hpp"
#include "ferry/redis/commands.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace ferry::redis {

/// Commands to be sent together: `client::execute(p)`, or as a transaction. As redis.Pipeline.
///
///     redis::pipeline p;
///     p.incr("visits").expire("visits", 1h);
///     auto answers = co_await r.execute(p);
///     auto visits = answers[0].as<int>();
class pipeline : public commands<pipeline> {
public:
    pipeline() = default;

    template <argument... Arguments>
    pipeline& cmd(std::string_view name, const Arguments&... arguments)
    {
        all_.emplace_back(name, arguments...);
        return *this;
    }

    /// One that is made already.
    pipeline& add(command c)
    {
        all_.push_back(std::move(c));
        return *this;
    }

    std::size_t size() const noexcept { return all_.size(); }
    bool empty() const noexcept { return all_.empty(); }
    void clear() noexcept { all_.clear(); }

    std::vector<command> take() && { return std::move(all_); }

private:
    friend class detail::command_access;

    template <class T>
    pipeline& run_command(command c)
    {
        all_.push_back(std::move(c));
        return *this;
    }

    std::vector<command> all_;
};
static_assert(awaitable_argument<pipeline>);

}  // namespace ferry::redis
