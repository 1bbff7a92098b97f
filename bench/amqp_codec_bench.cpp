// A million deliveries of 100 bytes as a broker sends them, read from memory: what a client costs
// without the system and the broker.
#include "ferry/amqp/amqp.hpp"
#include "ferry/amqp/detail/connection_core.hpp"
#include "ferry/amqp/detail/test_frames.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/net/stream.hpp"

#include "bench/bench.hpp"
#include <amqp.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::uint64_t allocations = 0;  // of the one thread

}  // namespace

void* operator new(std::size_t size)
{
    ++allocations;
    if (void* const p = std::malloc(size)) return p;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept
{
    std::free(p);
}
void operator delete(void* p, std::size_t /*size*/) noexcept
{
    std::free(p);
}

namespace ferry::bench {
namespace {

using amqp::detail::frame_of;
using amqp::detail::method;
using amqp::detail::method_frame;
using amqp::detail::read_request;
using amqp::detail::wire_writer;

constexpr int deliveries = 1'000'000;
constexpr std::size_t body_bytes = 100;
constexpr int in_one_write = 300;
constexpr double bar = 1.0;
constexpr double least_rate = 5e6;  ///< messages in a second

// As RabbitMQ writes one: a persistent message of type text/plain.
std::string delivery_frames(std::uint64_t tag)
{
    std::string arguments;
    wire_writer w(arguments);
    w.short_text("t");
    w.u64(tag);
    w.octet(0);
    w.short_text("");
    w.short_text("orders");
    std::string head;
    wire_writer h(head);
    h.u32(60U << 16U);
    h.u64(body_bytes);
    h.u16(0x9000);  // content-type, delivery-mode
    h.short_text("text/plain");
    h.octet(2);
    return method_frame(1, method::basic_deliver, arguments) +
           frame_of(amqp::detail::frame_header, 1, head) +
           frame_of(amqp::detail::frame_body, 1, std::string(body_bytes, 'x'));
}

std::string recorded()
{
    std::string all;
    for (std::uint64_t i = 1; i <= in_one_write; ++i) all += delivery_frames(i);
    return all;
}

void require(bool good)
{
    if (!good) std::abort();
}

// Sends so many messages to its consumer each time that it is asked for basic.qos.
awaitable<void> be_broker(net::stream s, const std::string* record)
{
    co_await s.write(amqp::detail::start_frame() + amqp::detail::tune_frame() +
                     amqp::detail::open_ok_frame());
    co_await s.read_exactly(amqp::detail::protocol_header.size());
    for (bool consuming = false;;) {
        const auto asked = co_await read_request(&s);
        if (!asked) co_return;
        if (asked->asks == method::channel_open) {
            co_await s.write(amqp::detail::channel_open_ok_frame());
        } else if (asked->asks == method::basic_consume) {
            consuming = true;
            co_await s.write(method_frame(1, method::basic_consume_ok, "\1t"));
        } else if (asked->asks == method::basic_qos) {
            co_await s.write(method_frame(1, method::basic_qos_ok));
            const int count = consuming ? deliveries : 0;
            for (int sent = 0; sent < count; sent += in_one_write) co_await s.write(*record);
        }
    }
}

awaitable<amqp::channel> log_in(net::stream s)
{
    amqp::options with;
    with.no_recovery();
    const auto core = amqp::detail::make_at_home<amqp::detail::connection_core>(std::move(with));
    co_await amqp::detail::connection_core::open(core, std::move(s));
    co_return co_await amqp::connection(core).channel();
}

awaitable<int> take(amqp::channel ch, amqp::consumer* from)
{
    co_await ch.basic_qos(0);
    int taken = 0;
    for (; taken < deliveries; ++taken) {
        const auto d = co_await from->next();
        require(d->body().size() == body_bytes);
    }
    co_return taken;
}

// All that a delivery says: frames, the method's fields, the properties.
int decode(const std::string& record)
{
    int taken = 0;
    while (taken < deliveries) {
        std::string_view rest = record;
        while (const auto f = amqp::detail::next_frame(rest, amqp::detail::frame_max_size)) {
            rest.remove_prefix(f->size());
            amqp::detail::wire_reader r(f->payload);
            if (f->type == amqp::detail::frame_method) {
                require(r.u32() == static_cast<std::uint32_t>(method::basic_deliver));
                const auto tag = r.short_text();
                const auto number = r.u64();
                const bool again = r.octet() != 0;
                const auto exchange = r.short_text();
                const auto key = r.short_text();
                require(number != 0 && !again && tag != key && exchange.empty());
            } else if (f->type == amqp::detail::frame_header) {
                r.u32();
                require(r.u64() == body_bytes);
                require(amqp::properties::parse(r.rest()).delivery_mode() == 2);
            } else {
                ++taken;
            }
        }
    }
    return taken;
}

// The same by rabbitmq-c, without its socket.
int take_by_rival(amqp_connection_state_t state, const std::string& record)
{
    int taken = 0;
    while (taken < deliveries) {
        amqp_maybe_release_buffers(state);
        amqp_bytes_t rest{record.size(), const_cast<char*>(record.data())};
        while (rest.len > 0) {
            amqp_frame_t f;
            const int used = amqp_handle_input(state, rest, &f);
            require(used > 0);
            rest.bytes = static_cast<char*>(rest.bytes) + used;
            rest.len -= static_cast<std::size_t>(used);
            if (f.frame_type == AMQP_FRAME_BODY) ++taken;
        }
    }
    return taken;
}

void measure()
{
    const std::string record = recorded();
    auto [near, far] = net::pair();
    const auto broker = spawn(be_broker(std::move(far), &record));
    amqp::channel ch = run(log_in(std::move(near)));
    amqp::consumer from =
        run(ch.basic_consume("orders", amqp::consumer_tag("t"), amqp::no_ack(), amqp::prefetch(0)));
    amqp_connection_state_t rival = amqp_new_connection();
    std::vector<double> rate;
    std::uint64_t allocated = 0;
    const auto counted = [&](auto work) {
        const std::uint64_t before = allocations;
        const int taken = work();
        allocated = allocations - before;
        return double(taken);
    };
    const auto tell = [&](const std::string& name) {
        print("amqp", "ferry/" + name, "allocations", {static_cast<double>(allocated) / deliveries},
              "1/op");
    };
    const contestant rabbitmq_c{
        "rabbitmq-c", [&] { return double(take_by_rival(rival, record)); }, {}, bar};
    compare("amqp", "decode-deliveries-100", {"msg/s"},
            {{"ferry",
              [&] {
                  const double began = cpu_seconds();
                  const double taken = counted([&] { return decode(record); });
                  rate.push_back(taken / (cpu_seconds() - began));
                  return taken;
              }},
             rabbitmq_c});
    print_ratio("amqp", "decode-deliveries-100-rate", least_rate / median(rate), "5M/s", 1);
    tell("decode-deliveries-100");
    // Through a connection in memory to a coroutine, the writing of it included.
    compare("amqp", "deliver-100", {"msg/s"},
            {{"ferry", [&] { return counted([&] { return run(take(ch, &from)); }); }}});
    tell("deliver-100");
    amqp_destroy_connection(rival);
    broker.cancel();
    run(broker.wait());
}

}  // namespace
}  // namespace ferry::bench

int main()
{
    ferry::bench::measure();
}
