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

awaitable<exchange_ptr> run_hedged(exchange_ptr first, exchange_ptr second,
                                   std::chrono::nanoseconds after)
{
    hedge h;
    scope both;
    h.running = 1;
    both.start(run_beside(std::move(first), &h));
    std::exception_ptr interrupted;
    try {
        alarm late(h.changed);
        late.start_after(after);
        if (h.running > 0) co_await h.changed.wait();
        if (!h.winner && !h.failure) {
            h.changed.clear();
            ++h.running;
            both.start(run_beside(std::move(second), &h));
        }
        while (!h.winner && h.running > 0) {
            h.changed.clear();
            co_await h.changed.wait();
        }
    } catch (const cancelled&) {
        interrupted = std::current_exception();
    }
    both.cancel();
    try {
        co_await both.join();
    } catch (const cancelled&) {  // the loser
    }
    if (interrupted) std::rethrow_exception(interrupted);
    if (!h.winner) std::rethrow_exception(h.failure);
    co_return std::move(h.winner);
}

std::optional<std::chrono::nanoseconds> hedge_of(const session_core& core,
                                                 const request_options& with)
{
    return with.hedge_after ? with.hedge_after : core.options().defaults.hedge_after;
}

// The request may be under way twice only if that does no harm.
awaitable<exchange_ptr> send_hedged(std::shared_ptr<session_core> core, call_ptr what)
{
    const auto after = hedge_of(*core, what->with);
    call_ptr again = after ? std::make_unique<call>(*what) : nullptr;
    auto first = std::make_unique<client_exchange>(core, std::move(what));
    const bool harmless = first->request().is_idempotent() && !first->request().body().source();
    if (!after || !harmless) {
        co_await run_to_head(first.get());
        co_return first;
    }
    auto second = std::make_unique<client_exchange>(core, std::move(again));
    auto race = run_hedged(std::move(first), std::move(second), *after);
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
    const bool hedged = hedge_of(*core, what->with).has_value();
    return hedged ? send_whole_hedged(std::move(core), std::move(what))
                  : send_whole_plain(std::move(core), std::move(what));
}

awaitable<std::unique_ptr<client_exchange>> send_to_head(std::shared_ptr<session_core> core,
                                                         call_ptr what)
{
    return send_hedged(std::move(core), std::move(what));
}

}  // namespace ferry::http::detail
