// Publishing and consuming messages of 100 bytes and 10 KB through RabbitMQ, beside rabbitmq-c, and
// confirmed publishing beside pika. The broker is the limit of the rate: the figure that counts is
// the client's CPU time for a message.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"

#include "bench/bench.hpp"
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ferry::bench {
namespace {

constexpr int batch = 4000;
constexpr int confirmed_batch = 20'000;
constexpr std::size_t confirm_window = 1024;  // messages
constexpr unsigned longest_seconds = 175;

void require(bool good, const char* what)
{
    if (good) return;
    std::fprintf(stderr, "amqp_bench: rabbitmq-c: %s\n", what);
    std::exit(1);
}

// A connection of rabbitmq-c with one channel.
class rival {
public:
    rival(const std::string& host, int port) : state_{amqp_new_connection()}
    {
        amqp_socket_t* socket = amqp_tcp_socket_new(state_);
        require(amqp_socket_open(socket, host.c_str(), port) == AMQP_STATUS_OK, "connect");
        amqp_login(state_, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
        amqp_channel_open(state_, 1);
        require(amqp_get_rpc_reply(state_).reply_type == AMQP_RESPONSE_NORMAL, "open");
    }
    rival(const rival&) = delete;
    rival& operator=(const rival&) = delete;
    ~rival() { amqp_destroy_connection(state_); }

    void publish(const std::string& queue, const std::string& body, int count)
    {
        for (int i = 0; i < count; ++i) {
            require(amqp_basic_publish(state_, 1, amqp_empty_bytes, bytes_of(queue), 0, 0, nullptr,
                                       bytes_of(body)) == AMQP_STATUS_OK,
                    "publish");
        }
    }
    void begin_confirms()
    {
        amqp_confirm_select(state_, 1);
        require(amqp_get_rpc_reply(state_).reply_type == AMQP_RESPONSE_NORMAL, "confirm");
    }
    /// With so many unconfirmed at most; returns when all are confirmed. What is confirmed of one
    /// queue is so in order.
    void publish_confirmed(const std::string& queue, const std::string& body, int count,
                           std::uint64_t window)
    {
        for (int i = 0; i < count; ++i) {
            while (published_ - confirmed_ >= window) wait_for_confirm();
            publish(queue, body, 1);
            ++published_;
        }
        while (confirmed_ < published_) wait_for_confirm();
    }
    int socket() const { return amqp_get_sockfd(state_); }
    void begin(const std::string& queue, std::uint16_t prefetch)
    {
        amqp_basic_qos(state_, 1, 0, prefetch, 0);
        amqp_basic_consume(state_, 1, bytes_of(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
        require(amqp_get_rpc_reply(state_).reply_type == AMQP_RESPONSE_NORMAL, "consume");
    }
    void begin_calls()
    {
        amqp_basic_consume(state_, 1, answers_, amqp_empty_bytes, 0, 1, 0, amqp_empty_table);
        require(amqp_get_rpc_reply(state_).reply_type == AMQP_RESPONSE_NORMAL, "consume");
    }
    void call(const std::string& queue, const std::string& body)
    {
        amqp_basic_properties_t with{};
        with._flags = AMQP_BASIC_REPLY_TO_FLAG;
        with.reply_to = answers_;
        require(amqp_basic_publish(state_, 1, amqp_empty_bytes, bytes_of(queue), 0, 0, &with,
                                   bytes_of(body)) == AMQP_STATUS_OK,
                "publish");
        consume(1, 2);
    }
    void consume(int count, int ack_every)
    {
        for (int i = 1; i <= count; ++i) {
            amqp_maybe_release_buffers(state_);
            amqp_envelope_t envelope;
            require(amqp_consume_message(state_, &envelope, nullptr, 0).reply_type ==
                        AMQP_RESPONSE_NORMAL,
                    "consume a message");
            if (i % ack_every == 0) {
                amqp_basic_ack(state_, 1, envelope.delivery_tag, ack_every > 1);
            }
            amqp_destroy_envelope(&envelope);
        }
    }

private:
    static amqp_bytes_t bytes_of(const std::string& text)
    {
        return {text.size(), const_cast<char*>(text.data())};
    }
    void wait_for_confirm()
    {
        amqp_maybe_release_buffers(state_);
        amqp_frame_t frame;
        require(amqp_simple_wait_frame(state_, &frame) == AMQP_STATUS_OK &&
                    frame.payload.method.id == AMQP_BASIC_ACK_METHOD,
                "confirm");
        const auto* const ack = static_cast<const amqp_basic_ack_t*>(frame.payload.method.decoded);
        confirmed_ = std::max(confirmed_, ack->delivery_tag);
    }
    const amqp_bytes_t answers_ = amqp_cstring_bytes("amq.rabbitmq.reply-to");
    amqp_connection_state_t state_;
    std::uint64_t published_ = 0;  ///< since begin_confirms()
    std::uint64_t confirmed_ = 0;
};

// The floor: the same frames by sendmsg() from where they lie, as many in a call as ferry's, and
// nothing else. What it costs is the system's own work: loopback's receiver runs in the sender.
class bare_sender {
public:
    bare_sender(int socket, const std::string& queue, const std::string& body) : socket_{socket}
    {
        std::string head;
        add_frame(head, 1,
                  std::string("\0\x3c\0\x28\0\0\0", 7) + char_of(queue.size()) + queue +
                      std::string(1, '\0'));
        add_frame(head, 2,
                  std::string("\0\x3c\0\0", 4) + number(body.size(), 8) + std::string(2, '\0'));
        head += '\x03' + std::string("\0\x01", 2) + number(body.size(), 4);
        between_ = '\xCE' + head;
        const std::size_t in_one = 512 * 1024 / (body.size() + between_.size());
        for (std::size_t i = 0; i < std::min<std::size_t>(in_one, most_parts / 2); ++i) {
            // The first has no end of another message before it, and its own end comes last.
            add_part(std::string_view(between_).substr(i == 0 ? 1 : 0));
            add_part(body);
        }
        add_part(std::string_view(between_).substr(0, 1));
        messages_ = static_cast<int>(parts_.size() / 2);
    }

    /// \return how many messages it was.
    int send(int count)
    {
        int sent = 0;
        for (; sent < count; sent += messages_) send_once();
        return sent;
    }

private:
    static constexpr std::size_t most_parts = 512;

    static char char_of(std::size_t n) { return static_cast<char>(n); }
    static std::string number(std::size_t n, int bytes)
    {
        std::string out;
        while (bytes-- > 0) out += char_of(n >> (8 * bytes));
        return out;
    }
    static void add_frame(std::string& to, char type, const std::string& payload)
    {
        to += type + std::string("\0\x01", 2) + number(payload.size(), 4) + payload + '\xCE';
    }
    void add_part(std::string_view part)
    {
        parts_.push_back({const_cast<char*>(part.data()), part.size()});
    }
    void send_once() const
    {
        std::vector<iovec> left = parts_;
        for (std::size_t first = 0; first < left.size();) {
            msghdr message{};
            message.msg_iov = &left[first];
            message.msg_iovlen = left.size() - first;
            const ssize_t count = ::sendmsg(socket_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count < 0) {
                require(errno == EAGAIN, "sendmsg");
                pollfd room{socket_, POLLOUT, 0};
                ::poll(&room, 1, -1);
                continue;
            }
            auto rest = static_cast<std::size_t>(count);
            for (; first < left.size() && rest >= left[first].iov_len; ++first) {
                rest -= left[first].iov_len;
            }
            if (first == left.size()) break;
            left[first].iov_base = static_cast<char*>(left[first].iov_base) + rest;
            left[first].iov_len -= rest;
        }
    }

    int socket_;
    std::string between_;
    std::vector<iovec> parts_;
    int messages_ = 0;
};

// rabbitmq-c is given bytes that are there already, and so is ferry: a buffer is shared, a string
// would be copied.
template <class Body>
awaitable<void> publish_by_ferry(amqp::channel to, const std::string* queue, const Body* body,
                                 int count)
{
    for (int i = 0; i < count; ++i) co_await to.basic_publish("", *queue, *body);
    // So that all of it is handed to the system: what is queued counts.
    co_await to.basic_qos(0);
}

// One write for each message, as a program that publishes now and then.
awaitable<void> publish_one_by_one(amqp::channel to, const std::string* queue, const buffer* body,
                                   int count)
{
    for (int i = 0; i < count; ++i) {
        co_await to.basic_publish("", *queue, *body);
        co_await yield_now();
    }
    co_await to.basic_qos(0);
}

awaitable<void> consume_by_ferry(amqp::consumer* from, int count, int ack_every)
{
    for (int i = 1; i <= count; ++i) {
        auto d = co_await from->next();
        if (i % ack_every == 0) co_await d->ack(ack_every > 1);
    }
}

awaitable<void> publish_confirmed(amqp::publisher* out, const std::string* queue,
                                  const std::string* body, bool persistent, int count)
{
    amqp::properties with;
    if (persistent) with.delivery_mode(2);
    for (int i = 0; i < count; ++i) co_await out->publish("", *queue, *body, with);
    co_await out->flush();
}

void compare_publishing(const amqp::options& at, rival& theirs, const std::string& name,
                        const std::string& body)
{
    // The queue drops what it is given: the broker's time is not the subject.
    amqp::connection c = run(amqp::connect(at));
    amqp::channel ch = run(c.channel());
    const std::string queue =
        run(ch.queue_declare("bench." + name, amqp::arguments(value::object("x-max-length", 10))))
            .name();
    const rate_unit unit{"msg/s"};
    const contestant rabbitmq_c{"rabbitmq-c", [&] {
                                    theirs.publish(queue, body, batch);
                                    return double{batch};
                                }};
    contestant at_most_a_third = rabbitmq_c;
    at_most_a_third.bar = 1.0 / 3;
    const buffer shared = buffer::copy(body);
    rival carrier(at.hosts().front().host(), at.hosts().front().port());
    bare_sender bare(carrier.socket(), queue, body);
    compare("amqp", "publish-batched-" + name, unit,
            {{"ferry",
              [&] {
                  run(publish_by_ferry(ch, &queue, &shared, batch));
                  return double{batch};
              }},
             at_most_a_third,
             {"sendmsg", [&] { return double(bare.send(batch)); }}},
            2 * repetitions());  // most of 10 KB is the system's work, which varies
    compare("amqp", "publish-batched-copied-" + name, unit,
            {{"ferry",
              [&] {
                  run(publish_by_ferry(ch, &queue, &body, batch));
                  return double{batch};
              }},
             rabbitmq_c});
    compare("amqp", "publish-single-" + name, unit,
            {{"ferry",
              [&] {
                  run(publish_one_by_one(ch, &queue, &shared, batch));
                  return double{batch};
              }},
             rabbitmq_c});
    run(ch.queue_delete(queue));
    run(c.close());
}

void compare_consuming(const amqp::options& at, const std::string& host, int port,
                       const std::string& name, const std::string& body, int ack_every)
{
    if (!wanted("amqp", name)) return;
    amqp::connection c = run(amqp::connect(at));
    amqp::channel ch = run(c.channel());
    const auto fill = [&](const std::string& queue) {
        run(publish_by_ferry(ch, &queue, &body, batch));
    };
    run(ch.queue_declare("bench.ferry"));
    run(ch.queue_declare("bench.rival"));
    amqp::channel own = run(c.channel());
    amqp::consumer from = run(own.basic_consume("bench.ferry", amqp::prefetch(200)));
    rival theirs(host, port);
    theirs.begin("bench.rival", 200);
    std::vector<double> mine;
    std::vector<double> others;
    for (int i = 0; i < repetitions(); ++i) {
        fill("bench.ferry");
        double began = cpu_seconds();
        run(consume_by_ferry(&from, batch, ack_every));
        mine.push_back((cpu_seconds() - began) / batch * 1e6);
        fill("bench.rival");
        began = cpu_seconds();
        theirs.consume(batch, ack_every);
        others.push_back((cpu_seconds() - began) / batch * 1e6);
    }
    print("amqp", "ferry/" + name, "cpu", mine, "us/op");
    print("amqp", "rabbitmq-c/" + name, "cpu", others, "us/op");
    print_ratio("amqp", name, median_ratio(mine, others), "rabbitmq-c");
    run(ch.queue_delete("bench.ferry"));
    run(ch.queue_delete("bench.rival"));
    run(c.close());
}

// Messages a second, and CPU microseconds for each.
struct confirmed_figures {
    std::vector<double> rate;
    std::vector<double> cpu;

    template <class F>
    void measure(F publish)
    {
        const double cpu_began = cpu_seconds();
        const double began = wall_seconds();
        publish();
        rate.push_back(confirmed_batch / (wall_seconds() - began));
        cpu.push_back((cpu_seconds() - cpu_began) / confirmed_batch * 1e6);
    }
    void measure_pika(const std::string& program)
    {
        std::FILE* const peer = ::popen(program.c_str(), "r");
        double their_rate = 0;
        double their_cpu = 0;
        require(peer != nullptr && std::fscanf(peer, "%lf %lf", &their_rate, &their_cpu) == 2,
                "pika is missing: python3-pika");
        ::pclose(peer);
        rate.push_back(their_rate);
        cpu.push_back(their_cpu);
    }
    void print(const std::string& who_and_case) const
    {
        bench::print("amqp", who_and_case, "rate", rate, "msg/s");
        bench::print("amqp", who_and_case, "cpu", cpu, "us/op");
    }
    void compare(const std::string& name, const confirmed_figures& theirs, const char* who,
                 double bar, double rate_bar) const
    {
        print_ratio("amqp", name, median_ratio(cpu, theirs.cpu), who, bar);
        print_ratio("amqp", name + "-time", median_ratio(theirs.rate, rate), who, rate_bar);
    }
};

// With a window, beside pika, which waits for each, and beside rabbitmq-c with the same window:
// what that does not reach either is the broker's limit.
void compare_confirms(const amqp::options& at, const std::string& url, const std::string& name,
                      const std::string& body, bool persistent, double rate_bar)
{
    if (!wanted("amqp", name)) return;
    amqp::connection c = run(amqp::connect(at));
    amqp::channel ch = run(c.channel(amqp::confirm()));
    const std::string queue =
        run(ch.queue_declare("bench.confirms", amqp::durable(),
                             amqp::arguments(value::object("x-max-length", 10))))
            .name();
    amqp::publisher out(ch, confirm_window);
    rival with_window(at.hosts().front().host(), at.hosts().front().port());
    with_window.begin_confirms();
    const std::string pika = "/usr/bin/python3 " FERRY_BENCH_DIR "/amqp_peer.py " + url + ' ' +
                             queue + ' ' + std::to_string(body.size()) + (persistent ? " 2" : " 1");
    confirmed_figures mine;
    confirmed_figures of_rabbitmq_c;
    confirmed_figures of_pika;
    for (int i = 0; i < repetitions(); ++i) {
        mine.measure(
            [&] { run(publish_confirmed(&out, &queue, &body, persistent, confirmed_batch)); });
        if (!persistent) {
            of_rabbitmq_c.measure([&] {
                with_window.publish_confirmed(queue, body, confirmed_batch, confirm_window);
            });
        }
        of_pika.measure_pika(pika);
    }
    mine.print("ferry/" + name);
    if (!persistent) of_rabbitmq_c.print("rabbitmq-c/" + name);
    of_pika.print("pika/" + name);
    if (!persistent) mine.compare(name, of_rabbitmq_c, "rabbitmq-c", 0, 0);
    mine.compare(name, of_pika, "pika", 1.0 / 10, rate_bar);
    run(ch.queue_delete(queue));
    run(c.close());
}

// Calls by direct reply-to; both ask the same server, which is ferry's, in a thread.

constexpr int calls = 500;

awaitable<amqp::publish_body> echo(amqp::message request)
{
    co_return std::string(request.text());
}

awaitable<void> call_by_ferry(amqp::rpc_client client, const std::string* queue,
                              std::vector<double>* times)
{
    for (int i = 0; i < calls; ++i) {
        const double began = wall_seconds();
        co_await client.call(*queue, "question");
        times->push_back((wall_seconds() - began) * 1e6);
    }
}

void measure_calls(const amqp::options& at, rival& theirs)
{
    const std::string name = "rpc-latency";
    if (!wanted("amqp", name)) return;
    amqp::connection c = run(amqp::connect(at));
    amqp::channel ch = run(c.channel());
    const std::string queue = run(ch.queue_declare("bench.rpc")).name();
    std::thread server([&] {
        try {
            amqp::connection own = run(amqp::connect(at));
            run(amqp::serve_rpc(run(own.channel()), queue, echo));
        } catch (const error&) {  // its queue is deleted
        }
    });
    const amqp::rpc_client client = run(amqp::rpc_client::open(c));
    theirs.begin_calls();
    std::vector<double> mine;
    std::vector<double> others;
    for (int i = 0; i < repetitions(); ++i) {
        run(call_by_ferry(client, &queue, &mine));
        for (int k = 0; k < calls; ++k) {
            const double began = wall_seconds();
            theirs.call(queue, "question");
            others.push_back((wall_seconds() - began) * 1e6);
        }
    }
    print("amqp", "ferry/" + name, "latency", {median(mine)}, "us");
    print("amqp", "rabbitmq-c/" + name, "latency", {median(others)}, "us");
    print_ratio("amqp", name, median(mine) / median(others), "rabbitmq-c", 1.1);
    run(ch.queue_delete(queue));
    server.join();
    run(c.close());
}

// How long short messages take while a long one goes out on another channel.
awaitable<void> publish_beside(amqp::connection over, const std::string* queue,
                               std::vector<double>* times)
{
    amqp::channel one = co_await over.channel(amqp::confirm());
    amqp::channel two = co_await over.channel(amqp::confirm());
    const auto long_one =
        spawn(one.basic_publish("", *queue, std::string(std::size_t{64} << 20U, 'x')));
    while (!long_one.done()) {
        const double began = wall_seconds();
        co_await two.basic_publish("", *queue, "short");
        times->push_back((wall_seconds() - began) * 1e3);
    }
    co_await long_one.join();
}

void measure_beside_a_long_one(const amqp::options& at)
{
    const std::string name = "publish-beside-64m";
    if (!wanted("amqp", name)) return;
    amqp::connection c = run(amqp::connect(at));
    amqp::channel ch = run(c.channel());
    const std::string queue =
        run(ch.queue_declare("bench.beside", amqp::arguments(value::object("x-max-length", 2))))
            .name();
    std::vector<double> times;
    for (int i = 0; i < repetitions(); ++i) run(publish_beside(c, &queue, &times));
    std::ranges::sort(times);
    const double p99 = times[times.size() * 99 / 100];
    print("amqp", "ferry/" + name, "latency-p99", {p99}, "ms");
    print_ratio("amqp", name, p99 / 20, "20ms", 1);
    run(ch.queue_delete(queue));
    run(c.close());
}

}  // namespace
}  // namespace ferry::bench

int main()
{
    using namespace ferry;
    using namespace ferry::bench;
    // A broker whose alarm is on (its disk is nearly full) stops reading: rabbitmq-c then waits for
    // ever.
    std::signal(SIGALRM, [](int) {
        constexpr std::string_view text =
            "amqp_bench: no end in sight; is the broker's alarm on?\n";
        [[maybe_unused]] const auto n = ::write(STDERR_FILENO, text.data(), text.size());
        ::_exit(1);
    });
    ::alarm(longest_seconds);
    const char* url = std::getenv("FERRY_RABBITMQ");
    if (url == nullptr) {
        std::fputs("amqp_bench: run it by tests/services/with_rabbitmq\n", stderr);
        return 1;
    }
    const amqp::options at = amqp::options::from_url(url);
    const std::string host = at.hosts().front().host();
    const int port = at.hosts().front().port();
    const std::string small(100, 'x');
    const std::string large(10'000, 'x');
    {
        rival theirs(host, port);
        compare_publishing(at, theirs, "100", small);
        compare_publishing(at, theirs, "10k", large);
    }
    compare_consuming(at, host, port, "consume-ack-1", small, 1);
    compare_consuming(at, host, port, "consume-ack-100", small, 100);
    compare_consuming(at, host, port, "consume-10k-ack-1", large, 1);
    compare_confirms(at, url, "publish-confirmed-100", small, false, 1.0 / 10);
    const std::string kilobyte(1024, 'x');
    compare_confirms(at, url, "publish-confirmed-1k", kilobyte, false, 1.0 / 5);
    compare_confirms(at, url, "publish-persistent-1k", kilobyte, true, 1.0 / 10);
    measure_beside_a_long_one(at);
    rival caller(host, port);
    measure_calls(at, caller);
}
