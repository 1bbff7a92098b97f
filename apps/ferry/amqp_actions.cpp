#include "apps/ferry/amqp_actions.hpp"

#include "ferry/amqp/amqp.hpp"
#include "ferry/async/blocking.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/base64.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/documents/json.hpp"

#include "apps/ferry/commands.hpp"

#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

namespace ferry::command::amqp_actions {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

/// Messages that a shovel has under way at most.
constexpr std::uint16_t shovel_window = 500;

// Spreads what happens evenly over time.
class pace {
public:
    explicit pace(double rate) : rate_{rate} {}

    /// Waits until it is time for the next one.
    awaitable<void> next()
    {
        if (rate_ <= 0) co_return;
        const auto due = began_ + std::chrono::nanoseconds(static_cast<std::int64_t>(
                                      static_cast<double>(n_++) / rate_ * 1e9));
        const auto now = clock::now();
        if (due <= now) co_return;
        auto waiting = sleep(due - now);
        co_await std::move(waiting);
    }

private:
    double rate_;
    std::uint64_t n_ = 0;
    clock::time_point began_ = clock::now();
};

value text_or_base64(std::string_view text)
{
    if (utf8::valid(text)) return value(text);
    return value::object("base64", base64::encode(text));
}

// A header's value as JSON has it: bytes as {"base64": ...}.
value for_json(const value& v)
{
    if (v.is_object()) {
        value all = value::object();
        for (const auto& [name, member] : v.items()) all.insert(name, for_json(member));
        return all;
    }
    if (v.is_array()) {
        value all = value::array();
        for (const value& element : v) all.push_back(for_json(element));
        return all;
    }
    if (v.is_string()) return text_or_base64(v.as<std::string_view>());
    if (v.kind() == value_kind::binary) {
        return value::object("base64", base64::encode(v.as<std::span<const std::byte>>()));
    }
    return v;
}

value for_json(const amqp::properties& p)
{
    value all = value::object();
    const auto text = [&](const char* name, const std::string& s) {
        if (!s.empty()) all.insert(name, text_or_base64(s));
    };
    text("content_type", p.content_type());
    text("content_encoding", p.content_encoding());
    if (!p.headers().is_null()) all.insert("headers", for_json(p.headers()));
    if (p.delivery_mode()) all.insert("delivery_mode", *p.delivery_mode());
    if (p.priority()) all.insert("priority", *p.priority());
    text("correlation_id", p.correlation_id());
    text("reply_to", p.reply_to());
    text("expiration", p.expiration());
    text("message_id", p.message_id());
    if (p.timestamp()) all.insert("timestamp", *p.timestamp());
    text("type", p.type());
    text("user_id", p.user_id());
    text("app_id", p.app_id());
    return all;
}

void print(const amqp::delivery& d, format as)
{
    const std::string_view body = d.text();
    if (as == format::json) {
        const value line = value::object("exchange", d.exchange(), "routing_key", d.routing_key(),
                                         "redelivered", d.redelivered(), "properties",
                                         for_json(d.properties()), "body", text_or_base64(body));
        std::printf("%s\n", json::dump(line).c_str());
    } else {
        std::fwrite(body.data(), 1, body.size(), stdout);
        if (as == format::lines) std::putchar('\n');
    }
    if (std::fflush(stdout) != 0) throw system_failure(errno, "write standard output");
}

// Runs a shell command with a body on its standard input. \return whether it succeeded.
awaitable<bool> succeeds(std::string program, buffer body)
{
    auto work = [program = std::move(program), body = std::move(body)] {
        std::FILE* const to = ::popen(program.c_str(), "w");
        if (to == nullptr) throw system_failure(errno, "run " + program);
        std::fwrite(body.data(), 1, body.size(), to);
        return ::pclose(to) == 0;
    };
    auto running = run_blocking(std::move(work));
    co_return co_await std::move(running);
}

// The next message; none when nothing came for `idle`.
awaitable<std::optional<amqp::delivery>> next_within(amqp::consumer* from,
                                                     std::chrono::milliseconds idle)
{
    if (idle == 0ms) {
        auto waiting = from->next();
        co_return co_await std::move(waiting);
    }
    try {
        auto waiting = timeout(idle, from->next(), "wait for a message");
        co_return co_await std::move(waiting);
    } catch (const timeout_error&) {
    }
    co_return std::nullopt;
}

awaitable<void> pass_on(amqp::channel to, moving what, amqp::delivery d)
{
    const std::string key = what.key.empty() ? d.routing_key() : what.key;
    auto forwarding = to.forward(what.exchange, key, d, amqp::mandatory());
    co_await std::move(forwarding);
    auto acking = d.ack();
    co_await std::move(acking);
}

// Passes on what comes; the group's first failure ends it.
awaitable<void> move_all(task_group* under_way, amqp::consumer* messages, amqp::channel to,
                         moving what, std::uint64_t* moved)
{
    pace even(what.rate);
    for (*moved = 0; what.count == 0 || *moved < what.count; ++*moved) {
        co_await even.next();
        auto waiting = next_within(messages, what.idle);
        std::optional<amqp::delivery> d = co_await std::move(waiting);
        if (!d) co_return;
        under_way->spawn(pass_on(to, what, std::move(*d)));
    }
}

}  // namespace

awaitable<int> publish(publishing what)
{
    amqp::connection connection = co_await amqp::connect(what.url);
    amqp::channel channel = co_await connection.channel(amqp::confirm());
    amqp::publisher out(channel);
    pace even(what.rate);
    for (std::string& body : what.bodies) {
        co_await even.next();
        const amqp::mandatory flag(what.mandatory);
        auto publishing = out.publish(what.exchange, what.key, std::move(body), what.with, flag);
        co_await std::move(publishing);
    }
    co_await out.flush();
    co_await connection.close();
    co_return 0;
}

awaitable<int> consume(consuming what)
{
    amqp::connection connection = co_await amqp::connect(what.url);
    amqp::channel channel = co_await connection.channel();
    co_await channel.basic_qos(what.prefetch);
    auto beginning = what.no_ack ? channel.basic_consume(what.queue, amqp::no_ack())
                                 : channel.basic_consume(what.queue);
    amqp::consumer messages = co_await std::move(beginning);
    for (std::uint64_t n = 0; what.count == 0 || n < what.count; ++n) {
        auto waiting = next_within(&messages, what.idle);
        std::optional<amqp::delivery> d = co_await std::move(waiting);
        if (!d) co_return exit_code::timeout;
        bool good = true;
        if (what.program.empty()) {
            print(*d, what.as);
        } else {
            auto running = succeeds(what.program, d->body());
            good = co_await std::move(running);
        }
        if (what.no_ack) continue;
        // What fails twice is not tried for ever.
        auto settling = good ? d->ack() : d->nack(!d->redelivered());
        co_await std::move(settling);
    }
    co_await messages.cancel();
    co_await connection.close();
    co_return 0;
}

awaitable<int> get(consuming what)
{
    amqp::connection connection = co_await amqp::connect(what.url);
    amqp::channel channel = co_await connection.channel();
    std::optional<amqp::delivery> d = co_await channel.basic_get(what.queue, what.no_ack);
    if (d) {
        print(*d, what.as);
        if (!what.no_ack) co_await d->ack();
    }
    co_await connection.close();
    co_return d ? 0 : exit_code::other;
}

awaitable<int> declare(entity what)
{
    amqp::connection connection = co_await amqp::connect(what.url);
    amqp::channel channel = co_await connection.channel();
    amqp::declare_options with;
    with.durable = what.durable;
    with.auto_delete = what.auto_delete;
    with.internal = what.internal;
    with.passive = what.passive;
    with.arguments = what.arguments;
    switch (what.what) {
        case entity::kind::queue: {
            const amqp::queue_info made = co_await channel.queue_declare(what.name, with);
            std::printf("%s %u messages, %u consumers\n", made.name().c_str(), made.message_count(),
                        made.consumer_count());
            break;
        }
        case entity::kind::exchange:
            co_await channel.exchange_declare(what.name, what.type, with);
            break;
        case entity::kind::queue_binding:
            co_await channel.queue_bind(what.name, what.source, what.key, what.arguments);
            break;
        case entity::kind::exchange_binding:
            co_await channel.exchange_bind(what.name, what.source, what.key, what.arguments);
            break;
    }
    co_await connection.close();
    co_return 0;
}

awaitable<int> remove(entity what)
{
    amqp::connection connection = co_await amqp::connect(what.url);
    amqp::channel channel = co_await connection.channel();
    amqp::declare_options with;
    with.if_unused = what.if_unused;
    with.if_empty = what.if_empty;
    switch (what.what) {
        case entity::kind::queue: {
            const std::uint32_t count = co_await channel.queue_delete(what.name, with);
            std::printf("%u messages\n", count);
            break;
        }
        case entity::kind::exchange: co_await channel.exchange_delete(what.name, with); break;
        case entity::kind::queue_binding:
            co_await channel.queue_unbind(what.name, what.source, what.key, what.arguments);
            break;
        case entity::kind::exchange_binding:
            co_await channel.exchange_unbind(what.name, what.source, what.key, what.arguments);
            break;
    }
    co_await connection.close();
    co_return 0;
}

awaitable<int> purge(std::string url, std::string queue)
{
    amqp::connection connection = co_await amqp::connect(std::move(url));
    amqp::channel channel = co_await connection.channel();
    const std::uint32_t count = co_await channel.queue_purge(std::move(queue));
    std::printf("%u messages\n", count);
    co_await connection.close();
    co_return 0;
}

awaitable<int> shovel(moving what)
{
    amqp::connection taking = co_await amqp::connect(what.from_url);
    amqp::connection giving = co_await amqp::connect(what.to_url);
    amqp::channel from = co_await taking.channel();
    amqp::channel to = co_await giving.channel(amqp::confirm());
    co_await from.basic_qos(shovel_window);
    amqp::consumer messages = co_await from.basic_consume(what.queue);
    task_group under_way;
    std::uint64_t n = 0;
    under_way.spawn(move_all(&under_way, &messages, to, what, &n));
    co_await under_way.join();
    co_await messages.cancel();
    std::fprintf(stderr, "ferry: %llu messages moved\n", static_cast<unsigned long long>(n));
    co_await taking.close();
    co_await giving.close();
    co_return 0;
}

}  // namespace ferry::command::amqp_actions
