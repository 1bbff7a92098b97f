// Everything at once for a minute: two publishers and two consumers at full speed, one of which
// leaves now and then without a word, while the broker is stopped, killed, frozen, short of memory,
// told to close all connections, and cut off. Nothing that was confirmed may be missing.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/gather.hpp"
#include "ferry/async/loop.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/net/connect.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/testing/memory.hpp"

#include "broker.hpp"
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr auto duration = 60s;
constexpr std::size_t most_behind = 20'000;
constexpr std::size_t most_memory = 32 << 20;
constexpr int publishers = 2;

// What goes to the broker by way of this can be cut.
class relay {
public:
    explicit relay(std::uint16_t to) : to_{to} {}
    std::uint16_t port() const { return on_.port(); }

    static awaitable<void> serve(relay* self)
    {
        for (;;) {
            net::stream near = co_await self->on_.accept();
            self->group_.spawn(pass(self, std::move(near)));
        }
    }
    static awaitable<void> end(relay* self)
    {
        self->group_.cancel();
        co_await self->group_.join();
    }
    void cut() noexcept
    {
        for (net::stream* const s : open_) s->abort();
    }

private:
    static awaitable<void> pump(net::stream* from, net::stream* to)
    {
        std::vector<std::byte> some(64 * 1024);
        for (;;) {
            const std::size_t count = co_await from->read_some(some);
            if (count == 0) break;
            co_await to->write(std::span(some).first(count));
        }
        co_await to->shutdown_write();
    }
    static awaitable<void> pass(relay* self, net::stream near)
    {
        std::vector<net::stream*> mine;
        try {
            net::stream far = co_await net::connect(net::tcp("127.0.0.1", self->to_));
            mine = {&near, &far};
            self->open_.insert(mine.begin(), mine.end());
            auto both = gather(pump(&near, &far), pump(&far, &near));
            co_await std::move(both);
        } catch (const error&) {
        } catch (const cancelled&) {
        }
        for (net::stream* const s : mine) self->open_.erase(s);
    }

    std::uint16_t to_;
    net::listener on_{net::tcp("127.0.0.1", 0)};
    std::set<net::stream*> open_;
    task_group group_;
};

// What all have done so far. Message n of publisher p is "p n".
struct ledger {
    std::array<std::atomic<std::uint32_t>, publishers> confirmed{};  // all below
    std::vector<std::vector<std::uint8_t>> received =
        std::vector<std::vector<std::uint8_t>>(publishers);
    std::size_t published = 0;
    std::size_t different = 0;
    std::uint64_t republished = 0;
    std::size_t doubles_without_flag = 0;
    std::size_t redelivered = 0;
    bool stopped = false;

    void take(const delivery& d)
    {
        const std::string_view text = d.text();
        const auto p = static_cast<std::size_t>(text.at(0) - '0');
        std::uint32_t n = 0;
        std::from_chars(text.data() + 2, text.data() + text.size(), n);
        std::vector<std::uint8_t>& seen = received.at(p);
        if (seen.size() <= n) seen.resize(n + 1);
        if (d.redelivered()) ++redelivered;
        if (seen[n] == 0) {
            ++different;
            seen[n] = 1;
        } else if (!d.redelivered()) {
            ++doubles_without_flag;
        }
    }
    bool complete() const
    {
        for (std::size_t p = 0; p < publishers; ++p) {
            for (std::uint32_t n = 0; n < confirmed[p]; ++n) {
                if (n >= received[p].size() || received[p][n] == 0) return false;
            }
        }
        return true;
    }
};

options at(std::uint16_t port)
{
    return options().hosts({net::tcp("127.0.0.1", port)}).heartbeat(2s).confirm_timeout(10s);
}

awaitable<void> publish(connection over, std::size_t number, ledger* book)
{
    constexpr std::uint32_t in_one = 200;
    channel ch = co_await over.channel(confirm());
    publisher out(ch);
    for (std::uint32_t n = 0; !book->stopped;) {
        while (book->published > book->different + most_behind) co_await ferry::sleep(10ms);
        for (std::uint32_t i = 0; i < in_one; ++i, ++n) {
            std::string body = std::to_string(number) + ' ' + std::to_string(n);
            co_await out.publish("", "ledger", std::move(body), persistent());
        }
        book->published += in_one;
        co_await out.flush();
        book->confirmed[number] = n;
    }
    book->republished += out.republished();
}

awaitable<void> consume(connection over, ledger* book)
{
    channel ch = co_await over.channel();
    consumer all = co_await ch.basic_consume("ledger", prefetch(200));
    for (;;) {
        auto d = co_await all.next();
        book->take(*d);
        co_await d->ack();
    }
}

// Leaves after some messages, the last of which it has not acknowledged.
awaitable<void> consume_a_while(std::uint16_t port, ledger* book)
{
    connection over = co_await connect(at(port));
    channel ch = co_await over.channel();
    consumer some = co_await ch.basic_consume("ledger", prefetch(200));
    for (int i = 0; i < 3000; ++i) {
        auto d = co_await some.next();
        book->take(*d);
        if (i < 2950) co_await d->ack();
    }
}

awaitable<void> consume_and_leave(std::uint16_t port, ledger* book)
{
    for (;;) {
        try {
            auto consuming = consume_a_while(port, book);
            co_await std::move(consuming);
        } catch (const error&) {
            // The broker was away when it came back.
        }
        co_await ferry::sleep(200ms);
    }
}

// The disturbances, on a thread of their own, as they wait.
class nemesis {
public:
    nemesis(const broker& of, relay& between, const ledger& book)
        : broker_{of}, relay_{between}, book_{book}
    {
    }

    void rage(const std::atomic<bool>& over)
    {
        const auto end = clock::now() + duration;
        for (int i = 0; i < kinds || clock::now() < end; ++i) {
            std::this_thread::sleep_for(2s);
            wait_until_all_goes_on(over);
            if (over) return;
            strike(i % kinds);
            ++strikes;
        }
    }
    int strikes = 0;

private:
    static constexpr int kinds = 6;

    // Both publishers, so that each blow meets with connections that are there.
    void wait_until_all_goes_on(const std::atomic<bool>& over) const
    {
        for (const auto& confirmed : book_.confirmed) {
            const std::uint32_t before = confirmed;
            while (confirmed == before && !over) std::this_thread::sleep_for(10ms);
        }
    }

    void strike(int kind)
    {
        switch (kind) {
            case 0: broker_.ctl({"close_all_connections", "test"}); break;
            case 1: here_.post([this] { relay_.cut(); }); break;
            case 2:
                broker_.kill();
                broker_.again();
                break;
            case 3:
                ::kill(broker_.pid(), SIGSTOP);
                std::this_thread::sleep_for(5s);
                ::kill(broker_.pid(), SIGCONT);
                break;
            case 4:
                broker_.ctl({"set_vm_memory_high_watermark", "absolute", "1MB"});
                std::this_thread::sleep_for(3s);
                broker_.ctl({"set_vm_memory_high_watermark", "0.6"});
                break;
            default: broker_.ctl({"stop_app"}); broker_.ctl({"start_app"});
        }
    }

    const broker& broker_;
    relay& relay_;
    const ledger& book_;
    loop here_ = loop::current();
};

awaitable<void> all_at_once(const broker* b, relay* between, ledger* book, nemesis* foe,
                            const std::future<void>* raging)
{
    const std::size_t memory = testing::allocated_bytes();
    connection direct = co_await connect(at(b->port()));
    connection relayed = co_await connect(at(between->port()));
    connection taking = co_await connect(at(between->port()));
    {
        channel ch = co_await direct.channel();
        co_await ch.queue_declare("ledger", durable());
    }
    task_group giving;
    giving.spawn(publish(direct, 0, book));
    giving.spawn(publish(relayed, 1, book));
    task_group others;
    others.spawn(consume(taking, book));
    others.spawn(consume_and_leave(b->port(), book));
    while (raging->wait_for(0s) != std::future_status::ready) co_await ferry::sleep(50ms);
    book->stopped = true;
    co_await giving.join();
    while (!book->complete()) co_await ferry::sleep(50ms);
    EXPECT_GE(direct.statistics().recoveries, 3U);
    EXPECT_GE(relayed.statistics().recoveries, 4U);
    EXPECT_GE(foe->strikes, 6);
    // Neither windows nor what consumers hold grow with the disturbances.
    EXPECT_LT(testing::allocated_bytes(), memory + most_memory);
    others.cancel();
    try {
        co_await others.join();
    } catch (const cancelled&) {
    }
}

TEST(amqp_disturbance, a_minute_of_everything_loses_nothing_that_was_confirmed)
{
    const broker b;
    relay between(b.port());
    ledger book;
    nemesis foe(b, between, book);
    const loop here = loop::current();
    const auto held = here.hold();
    auto relaying = spawn(relay::serve(&between));
    std::atomic<bool> over = false;
    auto raging = std::async(std::launch::async, [&] { foe.rage(over); });
    EXPECT_NO_THROW(run(timeout(900s, all_at_once(&b, &between, &book, &foe, &raging))));
    over = true;
    EXPECT_NO_THROW(raging.get());
    relaying.cancel();
    run(relaying.wait());
    run(relay::end(&between));
    EXPECT_TRUE(book.complete());
    for (const auto& n : book.confirmed) EXPECT_GT(n, 0U);
    EXPECT_GT(book.redelivered, 0U);
    // Twice and unmarked are only those that were published twice.
    EXPECT_LE(book.doubles_without_flag, book.republished);
    std::printf(
        "%u + %u confirmed, %zu received, %zu redelivered, %llu published again, %d blows\n",
        book.confirmed[0].load(), book.confirmed[1].load(), book.different, book.redelivered,
        static_cast<unsigned long long>(book.republished), foe.strikes);
}

}  // namespace
}  // namespace ferry::amqp
