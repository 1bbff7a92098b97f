#include "ferry/http/detail/attempt_opener.hpp"

#include "ferry/http/detail/outgoing_request.hpp"

#include <utility>

namespace ferry::http::detail {

attempt* attempt_opener::try_open(const outgoing_request& what, const attempt_context& with,
                                  bool first)
{
    http1_.reset();
    if (!pool_) pool_ = session_->pool_here();
    // A request that cannot be repeated should not meet a dead connection in the first place.
    place_ = pool_->try_acquire(what.url(), !first || !what.is_idempotent());
    if (place_.connection() == nullptr) return nullptr;
    return begin(with, first);
}

awaitable<attempt*> attempt_opener::open(const outgoing_request* what, attempt_context with,
                                         bool first)
{
    if (!place_) {
        with.reached->enter(phase::pool);
        const bool check = !first || !what->is_idempotent();
        const auto limit = with.until->cut(with.limits->pool);
        place_ = co_await pool_->acquire(what->url(), check, limit);
    }
    if (place_.connection() == nullptr) {
        place_.connected(co_await session_->connect(what->shared_url(), with));
    }
    co_return begin(with, first);
}

attempt* attempt_opener::begin(const attempt_context& with, bool first)
{
    const bool may_be_stale = first && place_.reused();
    return &http1_.emplace(std::move(place_), with, may_be_stale);
}

}  // namespace ferry::http::detail
