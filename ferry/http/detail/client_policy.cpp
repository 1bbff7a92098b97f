// What client_exchange does when a request is more than one send: waiting for permission, retries,
// authentication.
#include "ferry/async/timeout.hpp"
#include "ferry/http/detail/client_exchange.hpp"
#include "ferry/http/error.hpp"

#include <algorithm>
#include <utility>

namespace ferry::http::detail {
namespace {

using clock = std::chrono::steady_clock;

// Tells the governor how a request went, or that nobody will know.
class admission {
public:
    admission(governor& g, std::shared_ptr<const url> to) noexcept
        : governor_(g), to_(std::move(to))
    {
    }
    admission(const admission&) = delete;
    admission& operator=(const admission&) = delete;
    ~admission()
    {
        if (!reported_) report(governor::result::abandoned);
    }
    void report(governor::result r)
    {
        reported_ = true;
        governor_.report(*to_, r, clock::now());
    }

private:
    governor& governor_;
    std::shared_ptr<const url> to_;
    bool reported_ = false;
};

// What a host is to be blamed for; other failures say nothing about it.
governor::result verdict(const std::exception_ptr& failure, int status)
{
    using result = governor::result;
    if (!failure) return status >= 500 ? result::bad : result::good;
    try {
        std::rethrow_exception(failure);
    } catch (const error& e) {
        const bool bad = e.code() == condition::disconnected || e.code() == condition::timed_out;
        return bad ? result::bad : result::abandoned;
    }
}

}  // namespace

void client_exchange::set_policies()
{
    if (const auto* const rules = find_option(&request_options::retry)) retries_.emplace(*rules);
    if (const auto* const rule = find_option(&request_options::min_rate)) rate_.emplace(*rule);
    is_paced_ = rate_ || (request_.meter() != nullptr && request_.meter()->has_rate());
    set_hooks();
}

bool client_exchange::has_policy() const noexcept
{
    return retries_ || request_.flow() != nullptr || !session_->governor().is_idle();
}

// Sends until it works, or the retries are used up.
awaitable<void> client_exchange::send_by_policy()
{
    for (;;) {
        std::exception_ptr failure;
        try {
            co_await send_admitted();
        } catch (const error&) {
            failure = std::current_exception();
        }
        const auto pause = retry_wait(failure);
        if (!pause) {
            if (failure) std::rethrow_exception(failure);
            co_return;
        }
        co_await prepare_retry(failure, *pause);
    }
}

// Waits for a turn, authenticates, sends.
awaitable<void> client_exchange::send_admitted()
{
    governor& gate = session_->governor();
    std::optional<admission> admitted;
    if (!gate.is_idle()) {
        reached_.enter(phase::prepare);
        const auto turn = gate.admit(request_.url(), clock::now());
        admitted.emplace(gate, request_.shared_url());
        co_await wait(turn);
        for (;;) {
            const auto pause = gate.paused(request_.url(), clock::now());
            if (pause == clock::duration(0)) break;
            co_await wait(pause);
        }
    }
    std::exception_ptr failure;
    try {
        const auto flow = request_.flow();
        if (flow) {
            const int before = attempts_;
            auth_context context(*this);
            co_await (*flow)(context);
            if (attempts_ == before) {
                throw error(ferry::errc::invalid_state, "the authentication sent nothing");
            }
        } else {
            co_await send();
        }
        heed_retry_after();
    } catch (const error&) {
        failure = std::current_exception();
    }
    if (admitted) admitted->report(verdict(failure, response_.status));
    if (failure) std::rethrow_exception(failure);
}

awaitable<void> client_exchange::wait(std::chrono::nanoseconds d)
{
    if (d <= std::chrono::nanoseconds(0)) co_return;
    co_await ferry::sleep(until_.cut(d));
    if (until_.exists()) static_cast<void>(until_.left());
}

// A host that says when it wants to be asked again holds back all of the session's requests.
void client_exchange::heed_retry_after()
{
    const auto* const rules = find_option(&request_options::retry);
    const bool limited =
        session_->options().rate_limit.host() || session_->options().rate_limit.all();
    const bool asks = response_.status == status::too_many_requests ||
                      response_.status == status::service_unavailable;
    if (!asks || (rules == nullptr && !limited)) return;
    const auto most = rules != nullptr ? rules->retry_after() : retry().retry_after();
    const auto asked = response_.headers.retry_after();
    if (!asked || *asked == std::chrono::seconds(0)) return;
    session_->governor().pause(request_.url(),
                               clock::now() + std::min<std::chrono::nanoseconds>(*asked, most));
}

std::optional<std::chrono::nanoseconds> client_exchange::retry_wait(
    const std::exception_ptr& failure)
{
    if (!retries_) return std::nullopt;
    const bool has_key = find_option(&request_options::idempotency_key) != nullptr;
    const retry_plan::ended ended{request_.method(), reached_.current(), has_key};
    std::optional<std::chrono::nanoseconds> pause;
    if (failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const error& e) {
            pause = retries_->after_failure(e, ended);
        }
    } else {
        pause = retries_->after_status(response_.status, response_.headers, ended);
    }
    const bool in_time = !until_.exists() || (pause && until_.elapsed() + *pause < *limits_.total);
    return pause && in_time && request_.can_rewind() ? pause : std::nullopt;
}

awaitable<void> client_exchange::prepare_retry(std::exception_ptr failure,
                                               std::chrono::nanoseconds pause)
{
    retry_event what;
    what.attempt = attempts_;
    what.wait = pause;
    failed_attempt record;
    record.at = until_.elapsed();
    record.peer = peer();
    if (failure) {
        what.cause = ferry::describe(failure);
        record.cause = what.cause;
        end_attempt();
    } else {
        what.status = response_.status;
        record.cause = "status " + std::to_string(what.status);
        co_await discard_body();
        response_ = http::response();
    }
    failed_.push_back(std::move(record));
    if (has_hooks_) co_await before_retry(&what);
    reached_.enter(phase::prepare);
    co_await wait(pause);
}

awaitable<void> client_exchange::wait_to_retry(std::exception_ptr failure)
{
    const auto pause = retry_wait(failure);
    if (!pause) std::rethrow_exception(failure);
    history_ = std::move(response_.history);
    response_ = http::response();
    co_await prepare_retry(failure, *pause);
}

// One send of an authentication's own.
awaitable<int> client_exchange::send_for_flow()
{
    if (attempt_ != nullptr) co_await discard_body();
    response_ = http::response();
    co_await send();
    co_return response_.status;
}

const http::response& client_exchange::answer() const
{
    if (attempt_ == nullptr) throw error(ferry::errc::invalid_state, "nothing was sent yet");
    return response_;
}

// Reads for a body that must not come too fast, or too slowly.
awaitable<std::size_t> client_exchange::receive_paced(std::span<std::byte> into)
{
    const transfer_meter* const meter = request_.meter();
    if (meter != nullptr && meter->has_rate()) {
        co_await wait(meter->pause());
        into = into.first(std::min(into.size(), meter->portion()));
    }
    auto reading = rate_ ? receive_watched(into) : attempt_->read_some(into);
    co_return co_await std::move(reading);
}

// Reads for a body that must not come too slowly.
awaitable<std::size_t> client_exchange::receive_watched(std::span<std::byte> into)
{
    const auto begun = clock::now();
    const auto window = rate_->window_left();
    const bool shorter = window < limits_.read;
    attempt_->limit_reads(std::min(window, limits_.read));
    std::exception_ptr silence;
    std::size_t n = 0;
    try {
        n = co_await attempt_->read_some(into);
    } catch (const timeout_error&) {
        silence = std::current_exception();
    }
    if (silence && !shorter) std::rethrow_exception(silence);
    rate_->took(n, clock::now() - begun, peer());
    if (silence) std::rethrow_exception(silence);
    co_return n;
}

}  // namespace ferry::http::detail
