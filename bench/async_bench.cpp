// What waiting costs: ferry's tasks, time limits and queues beside bare Asio, which they stand on.
#include "ferry/async/async.hpp"
#include "ferry/async/loop_access.hpp"

#include "bench/bench.hpp"
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <vector>

namespace ferry::bench {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr int batch = 10'000;

// Runs `make(batch)` to its end on the thread's loop.
template <class F>
contestant ferrys(F make)
{
    return {"ferry", [make] {
                run(make(batch));
                return double{batch};
            }};
}

awaitable<int> give(int n)
{
    co_return n;
}

awaitable<void> nothing()
{
    co_return;
}

awaitable<void> post_by_asio(int n)
{
    for (int i = 0; i < n; ++i) {
        auto turn = asio::post(loop_access::executor(), asio::use_awaitable);
        co_await std::move(turn);
    }
}

double start_by_asio()
{
    asio::io_context context(1);
    for (int i = 0; i < batch; ++i) asio::co_spawn(context, nothing(), asio::detached);
    context.run();
    return batch;
}

awaitable<void> start_and_join(int n)
{
    for (int i = 0; i < n; ++i) {
        auto started = spawn(give(i));
        co_await started.wait();
    }
}

awaitable<void> yield(int n)
{
    for (int i = 0; i < n; ++i) co_await yield_now();
}

awaitable<void> limit_time(int n)
{
    for (int i = 0; i < n; ++i) co_await timeout(5s, yield_now());
}

awaitable<void> gather_by_hundreds(int n)
{
    for (int i = 0; i < n; i += 100) {
        std::vector<awaitable<int>> all;
        for (int k = 0; k < 100; ++k) all.push_back(give(k));
        co_await gather(std::move(all));
    }
}

awaitable<void> put_all(queue<int>* q, int n)
{
    for (int i = 0; i < n; ++i) co_await q->put(i);
    q->close();
}

awaitable<void> take_all(queue<int>* q)
{
    for (;;) {
        const auto item = co_await q->next();
        if (!item) co_return;
    }
}

awaitable<void> hand_over(int n)
{
    queue<int> q(1);
    co_await gather(put_all(&q, n), take_all(&q));
}

using channel = asio::experimental::channel<void(boost::system::error_code, int)>;

awaitable<void> put_all_in_channel(channel* c, int n)
{
    for (int i = 0; i < n; ++i) {
        auto sending = c->async_send({}, i, asio::use_awaitable);
        co_await std::move(sending);
    }
    c->close();
}

double hand_over_by_asio()
{
    asio::io_context context(1);
    channel c(context, 1);
    asio::co_spawn(context, put_all_in_channel(&c, batch), asio::detached);
    auto take = [](channel* from, int n) -> awaitable<void> {
        for (int i = 0; i < n; ++i) {
            auto receiving = from->async_receive(asio::use_awaitable);
            co_await std::move(receiving);
        }
    };
    asio::co_spawn(context, take(&c, batch), asio::detached);
    context.run();
    return batch;
}

awaitable<void> wait_in_green_threads(int n)
{
    for (int i = 0; i < n; i += 100) {
        auto thread = green::spawn([] {
            for (int k = 0; k < 100; ++k) green::wait(give(k));
        });
        co_await thread.wait();
    }
}

}  // namespace
}  // namespace ferry::bench

int main()
{
    using namespace ferry::bench;
    const rate_unit unit{"op/s"};
    const contestant posts{"asio-post", [] {
                               ferry::run(post_by_asio(batch));
                               return double{batch};
                           }};
    compare("async", "yield", unit, {ferrys(yield), posts});
    compare("async", "spawn-join", unit,
            {ferrys(start_and_join), {"asio-co_spawn", start_by_asio}});
    compare("async", "timeout", unit, {ferrys(limit_time), posts});
    compare("async", "queue", unit, {ferrys(hand_over), {"asio-channel", hand_over_by_asio}});
    compare("async", "gather-100", unit,
            {ferrys(gather_by_hundreds), {"asio-co_spawn", start_by_asio}});
    compare("async", "green-wait", unit, {ferrys(wait_in_green_threads), posts});
}
