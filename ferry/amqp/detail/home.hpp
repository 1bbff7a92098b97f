#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/loop.hpp"
#include "ferry/async/run_on.hpp"

#include <memory>
#include <utility>

namespace ferry::amqp::detail {

/// The thread on whose loop a connection and all that belongs to it live.
class home {
public:
    bool is_here() const noexcept { return thread_ == this_thread(); }
    const loop& its_loop() const noexcept { return loop_; }

private:
    /// An address that tells one thread from another.
    static const void* this_thread() noexcept
    {
        static constinit thread_local char here = 0;
        return &here;
    }

    loop loop_ = loop::current();
    const void* thread_ = this_thread();
};

/// The operation, there: as it is if that is here.
template <class T>
awaitable<T> at(const home& where, awaitable<T> operation)
{
    if (where.is_here()) return operation;
    return run_on(where.its_loop(), std::move(operation));
}

/// Makes what lives here, and ends here wherever its last owner is.
template <class T, class... Arguments>
std::shared_ptr<T> make_at_home(Arguments&&... arguments)
{
    auto end = [where = home()](T* gone) {
        std::unique_ptr<T> last(gone);
        if (!where.is_here()) where.its_loop().post([owned = std::move(last)] {});
    };
    return std::shared_ptr<T>(new T(std::forward<Arguments>(arguments)...), std::move(end));
}

}  // namespace ferry::amqp::detail
