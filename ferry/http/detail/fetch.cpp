#include "ferry/http/detail/fetch.hpp"

#include "ferry/async/scope.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/http/detail/client_exchange.hpp"
#include "ferry/http/error.hpp"

#include <utility>

namespace ferry::http::detail {
namespace {

using exchange_ptr = std::unique_ptr<client_exchange>;

awaitable<void> run_to_head(client_exchange* exchange)
{
    std::exception_ptr failure;
    try {
        co_await exchange->run();
        co_return;
    } catch (const error&) {
        failure = std::current_exception();
    }
    co_await exchange->give_up(failure);
}

// Reading the body has failed: once more from the start, as often as the retries allow.
awaitable<response> read_again(client_exchange* exchange, std::exception_ptr failure)
{
    for (;;) {
        try {
            co_await exchange->wait_to_retry(failure);
            co_await exchange->run();
        } catch (const error&) {
            failure = std::current_exception();
            break;
        }
        try {
            if (!exchange->read_arrived()) co_await exchange->read();
            co_return exchange->take_answer();
        } catch (const error&) {
            failure = std::current_exception();
        }
    }
    co_await exchange->give_up(failure);
    co_return response();
}

awaitable<response> read_body(client_exchange* exchange)
{
    std::exception_ptr failure;
    try {
        if (!exchange->read_arrived()) co_await exchange->read();
        co_return exchange->take_answer();
    } catch (const error&) {
        failure = std::current_exception();
    }
    co_return co_await read_again(exchange, failure);
}

/// Two sends of one request; the first head wins.
struct hedge {
    exchange_ptr winner;
    std::exception_ptr failure;
    int running = 0;
    event changed;
};

awaitable<void> run_beside(exchange_ptr exchange, hedge* h)
{
    try {
        co_await run_to_head(exchange.get());
        if (!h->winner) h->winner = std::move(exchange);
    } catch (const error&) {
        if (!h->failure) h->failure = std::current_exception();
    }
    --h->running;
    h->changed.set();
}

class alarm final : public timer {
public:
    explicit alarm(event& rings) noexcept : rings_(rings) {}

private:
    void expired() noexcept override { rings_.set(); }
    event& rings_;
};

/// When a request is late, and whether another may then be sent beside it.
class hedge_turn {
public:
    using clock = std::chrono::steady_clock;

    hedge_turn(std::shared_ptr<session_core> core, std::shared_ptr<const url> to,
               const hedge_after& rule)
        : core_(std::move(core)), to_(std::move(to)), learns_(rule.learned().has_value())
    {
        late_after_ =
            learns_ ? core_->hedges().begin(*to_, *rule.learned()) : std::optional(rule.delay());
    }

    /// Nothing: that is not known yet.
    const std::optional<std::chrono::nanoseconds>& late_after() const noexcept
    {
        return late_after_;
    }

    bool take() { return !learns_ || core_->hedges().spend(*to_); }

    void answered(const response& by)
    {
        if (learns_ && !by.from_cache()) core_->hedges().took(*to_, clock::now() - begun_);
    }

    const std::shared_ptr<session_core>& core() const noexcept { return core_; }

private:
    std::shared_ptr<session_core> core_;
    std::shared_ptr<const url> to_;
    bool learns_;
    clock::time_point begun_ = clock::now();
    std::optional<std::chrono::nanoseconds> late_after_;
};

awaitable<exchange_ptr> run_hedged(exchange_ptr first, call_ptr again, hedge_turn turn)
{
    hedge h;
    scope both;
    h.running = 1;
    both.start(run_beside(std::move(first), &h));
    std::exception_ptr interrupted;
    try {
        alarm late(h.changed);
        if (turn.late_after()) late.start_after(*turn.late_after());
        if (h.running > 0) co_await h.changed.wait();
        if (h.running > 0 && turn.take()) {
            auto second = std::make_unique<client_exchange>(turn.core(), std::move(again));
            ++h.running;
            both.start(run_beside(std::move(second), &h));
        }
        while (!h.winner && h.running > 0) {
            h.changed.clear();
            co_await h.changed.wait();
        }
    } catch (...) {
        interrupted = std::current_exception();
    }
    both.cancel();
    try {
        co_await both.join();
    } catch (const cancelled&) {  // the loser
    }
    if (interrupted) std::rethrow_exception(interrupted);
    if (!h.winner) std::rethrow_exception(h.failure);
    turn.answered(h.winner->head());
    co_return std::move(h.winner);
}

const hedge_after* hedge_of(const session_core& core, const request_options& with)
{
    const auto& rule = with.hedge_after ? with.hedge_after : core.options().defaults.hedge_after;
    return rule ? &*rule : nullptr;
}

// The request may be under way twice only if that does no harm.
awaitable<exchange_ptr> send_hedged(std::shared_ptr<session_core> core, call_ptr what)
{
    const bool wanted = hedge_of(*core, what->with) != nullptr;
    call_ptr again = wanted ? std::make_unique<call>(*what) : nullptr;
    auto first = std::make_unique<client_exchange>(core, std::move(what));
    const bool harmless = first->request().is_idempotent() && !first->request().body().source();
    if (!wanted || !harmless) {
        co_await run_to_head(first.get());
        co_return first;
    }
    const auto to = first->request().shared_url();
    hedge_turn turn(core, to, *hedge_of(*core, again->with));
    auto race = run_hedged(std::move(first), std::move(again), std::move(turn));
    co_return co_await std::move(race);
}

awaitable<response> send_whole_hedged(std::shared_ptr<session_core> core, call_ptr what)
{
    auto racing = send_hedged(std::move(core), std::move(what));
    const exchange_ptr exchange = co_await std::move(racing);
    co_return co_await read_body(exchange.get());
}

awaitable<response> send_whole_plain(std::shared_ptr<session_core> core, call_ptr what)
{
    client_exchange exchange(std::move(core), std::move(what));
    std::exception_ptr failure;
    bool has_head = false;
    try {
        co_await exchange.run();
        has_head = true;
        if (!exchange.read_arrived()) co_await exchange.read();
        co_return exchange.take_answer();
    } catch (const error&) {
        failure = std::current_exception();
    }
    if (!has_head) co_await exchange.give_up(failure);
    co_return co_await read_again(&exchange, failure);
}

}  // namespace

awaitable<response> send_whole(std::shared_ptr<session_core> core, call_ptr what)
{
    const bool hedged = hedge_of(*core, what->with) != nullptr;
    return hedged ? send_whole_hedged(std::move(core), std::move(what))
                  : send_whole_plain(std::move(core), std::move(what));
}

awaitable<std::unique_ptr<client_exchange>> send_to_head(std::shared_ptr<session_core> core,
                                                         call_ptr what)
{
    return send_hedged(std::move(core), std::move(what));
}

}  // namespace ferry::http::detail
