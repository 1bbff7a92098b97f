#include "ferry/http/detail/retry_plan.hpp"

#include "ferry/crypto/secrets.hpp"
#include "ferry/http/status.hpp"

#include <algorithm>

namespace ferry::http::detail {
namespace {

bool is_worth_another(const error& failure)
{
    // A certificate will not have become better.
    const auto* const tls = dynamic_cast<const tls_error*>(&failure);
    if (tls != nullptr && tls->verify_result() != 0) return false;
    return failure.code() == condition::disconnected || failure.code() == condition::timed_out;
}

bool listens_to_retry_after(int status) noexcept
{
    return status == status::content_too_large || status == status::too_many_requests ||
           status == status::service_unavailable;
}

}  // namespace

bool retry_plan::may_repeat(const ended& attempt) const
{
    return attempt.has_key ||
           std::ranges::find(rules_.methods(), attempt.method) != rules_.methods().end();
}

retry_plan::duration retry_plan::next_wait()
{
    ++all_;
    const duration most = rules_.backoff_of(all_);
    if (!rules_.has_jitter()) return most;
    return duration(
        static_cast<duration::rep>(secrets::below(static_cast<std::uint64_t>(most.count()) + 1)));
}

std::optional<retry_plan::duration> retry_plan::after_failure(const error& failure,
                                                              const ended& attempt)
{
    if (!is_worth_another(failure)) return std::nullopt;
    const bool unsent = attempt.at < phase::send;
    if (!unsent && !may_repeat(attempt)) return std::nullopt;
    int& count = unsent ? connects_ : reads_;
    if (all_ >= rules_.total() || count >= (unsent ? rules_.connect() : rules_.read())) {
        return std::nullopt;
    }
    ++count;
    return next_wait();
}

std::optional<retry_plan::duration> retry_plan::after_status(int status, const headers& fields,
                                                             const ended& attempt)
{
    const bool heeds = rules_.retry_after() > duration(0) && listens_to_retry_after(status);
    const auto asked = heeds ? fields.retry_after() : std::nullopt;
    const auto& named = rules_.statuses();
    if (!asked && std::ranges::find(named, status) == named.end()) return std::nullopt;
    if (!may_repeat(attempt)) return std::nullopt;
    if (all_ >= rules_.total() || statuses_ >= rules_.status()) return std::nullopt;
    ++statuses_;
    const duration wait = next_wait();
    return asked ? std::min<duration>(*asked, rules_.retry_after()) : wait;
}

}  // namespace ferry::http::detail
