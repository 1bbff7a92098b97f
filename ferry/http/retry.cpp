#include "ferry/http/retry.hpp"

#include "ferry/http/session_options.hpp"

#include <algorithm>
#include <cmath>

namespace ferry::http {

void retry::apply_to(request_options& to) const
{
    to.retry = *this;
}

retry::duration retry::backoff_of(int number) const noexcept
{
    const double grown = static_cast<double>(first_.count()) * std::pow(factor_, number - 1);
    const auto most = static_cast<double>(max_.count());
    return duration(static_cast<duration::rep>(std::clamp(grown, 0.0, most)));
}

void idempotency_key::apply_to(request_options& to) const
{
    to.idempotency_key = key_;
}

void min_rate::apply_to(request_options& to) const
{
    to.min_rate = *this;
}

void max_rate::apply_to(request_options& to) const
{
    to.max_rate = *this;
}

void hedge_after::apply_to(request_options& to) const
{
    to.hedge_after = *this;
}

void rate_limit::apply_to(session_options& to) const
{
    to.rate_limit = *this;
}

void breaker::apply_to(session_options& to) const
{
    to.breaker = *this;
}

}  // namespace ferry::http
