// Messages over TCP, ipc and inproc between two threads, and questions with answers, beside
// libzmq's C API and PyZMQ: the same sockets, endpoints and threads, so that what differs is what
// the coroutines cost.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/zmq/zmq.hpp"

#include "bench/bench.hpp"
#include <sys/epoll.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace ferry::bench {
namespace {

constexpr int batch = 100'000;
constexpr int big_batch = 2'000;
constexpr int questions = 5'000;

constexpr double bar = 1.1;  // of libzmq
constexpr double bar_of_pyzmq = 1.0 / 3;
constexpr double bar_of_asyncio = 1.0 / 5;

awaitable<void> push_all(zmq::socket* s, const std::string* data, int count)
{
    for (int i = 0; i < count; ++i) co_await s->send(*data);
}

// Many in one operation, as a program that has many would.
constexpr int in_one = 64;

awaitable<void> push_by_many(zmq::socket* s, const std::string* data, int count)
{
    std::vector<zmq::message> some(in_one);
    for (int sent = 0; sent < count; sent += in_one) {
        some.resize(static_cast<std::size_t>(std::min(in_one, count - sent)));
        for (zmq::message& m : some) m = zmq::message(*data);
        co_await s->send_each(some);
    }
}

awaitable<void> pull_by_many(zmq::socket s, std::size_t size, int count)
{
    std::vector<zmq::message> some(in_one);
    for (int left = count; left > 0;) {
        const std::size_t got = co_await s.receive_some(some);
        for (std::size_t i = 0; i < got; ++i) {
            if (some[i].size() != size) std::abort();
        }
        left -= static_cast<int>(got);
    }
}

awaitable<void> share_all(zmq::socket* s, buffer data, int count)
{
    for (int i = 0; i < count; ++i) co_await s->send(zmq::message::share(data));
}

awaitable<void> pull_all(zmq::socket s, std::size_t size, int count)
{
    zmq::message m;
    for (int i = 0; i < count; ++i) {
        co_await s.receive_into(m);
        if (m.size() != size) std::abort();
    }
}

// The sender closes last: over ipc libzmq loses what the system holds of a peer that has closed
// while the receiver's queue is full.

double push_pull_by_ferry(const std::string& at, std::size_t size, int count, bool by_many = false)
{
    zmq::context own;
    zmq::socket to(own, zmq::pull);
    const std::string real = to.bind(at);
    std::latch received(1);
    std::thread sender([&] {
        zmq::socket from(own, zmq::push);
        from.set(zmq::opt::linger, zmq::forever);
        from.connect(real);
        if (size < zmq::copy_threshold) {
            const std::string data(size, 'x');
            run(by_many ? push_by_many(&from, &data, count) : push_all(&from, &data, count));
        } else {
            run(share_all(&from, buffer(std::string(size, 'x')), count));
        }
        received.wait();
    });
    run(by_many ? pull_by_many(std::move(to), size, count) : pull_all(std::move(to), size, count));
    received.count_down();
    sender.join();
    return count;
}

void must(bool ok)
{
    if (!ok) std::abort();
}

std::string bind_raw(void* s, const std::string& at)
{
    must(zmq_bind(s, at.c_str()) == 0);
    char real[256];
    std::size_t length = sizeof(real);
    must(zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, real, &length) == 0);
    return real;
}

// What a C program needs at least to know when it may change the memory again.
void let_go(void*, void* uses)
{
    static_cast<std::atomic<int>*>(uses)->fetch_sub(1, std::memory_order_acq_rel);
}

double push_pull_by_libzmq(const std::string& at, std::size_t size, int count)
{
    void* const context = zmq_ctx_new();
    void* const to = zmq_socket(context, ZMQ_PULL);
    const std::string real = bind_raw(to, at);
    std::string data(size, 'x');
    std::atomic<int> uses = 0;
    std::latch received(1);
    std::thread sender([&] {
        void* const from = zmq_socket(context, ZMQ_PUSH);
        must(zmq_connect(from, real.c_str()) == 0);
        for (int i = 0; i < count; ++i) {
            zmq_msg_t m;
            if (size < zmq::copy_threshold) {
                zmq_msg_init_size(&m, size);
                std::memcpy(zmq_msg_data(&m), data.data(), size);
            } else {
                uses.fetch_add(1, std::memory_order_relaxed);
                zmq_msg_init_data(&m, data.data(), size, let_go, &uses);
            }
            must(zmq_msg_send(&m, from, 0) >= 0);
        }
        received.wait();
        zmq_close(from);
    });
    zmq_msg_t m;
    zmq_msg_init(&m);
    for (int i = 0; i < count; ++i) {
        must(zmq_msg_recv(&m, to, 0) >= 0);
        must(zmq_msg_size(&m) == size);
    }
    received.count_down();
    zmq_msg_close(&m);
    sender.join();
    zmq_close(to);
    zmq_ctx_term(context);
    return count;
}

awaitable<void> answer_all(zmq::socket s, int count)
{
    for (int i = 0; i < count; ++i) {
        zmq::message m = co_await s.receive();
        co_await s.send(std::move(m));
    }
}

awaitable<void> ask_all(zmq::socket* s, std::vector<double>* times, int count)
{
    const std::string question(64, 'x');
    for (int i = 0; i < count; ++i) {
        const double began = wall_seconds();
        co_await s->send(question);
        const zmq::message answer = co_await s->receive();
        if (answer.size() != question.size()) std::abort();
        times->push_back((wall_seconds() - began) * 1e6);
    }
}

double req_rep_by_ferry(std::vector<double>& times)
{
    zmq::context own;
    zmq::socket client(own, zmq::req);
    const std::string real = client.bind("tcp://127.0.0.1:*");
    std::thread server([&] {
        zmq::socket s(own, zmq::rep);
        s.connect(real);
        run(answer_all(std::move(s), questions));
    });
    run(ask_all(&client, &times, questions));
    server.join();
    return questions;
}

// How the C API waits for a message: in a call that blocks, or at the socket's descriptor, as a
// program with a loop has to, and by nothing but the calls that this takes. What the second costs
// more than the first no loop can save.
class raw_receiver {
public:
    enum class by : bool { call, epoll };
    raw_receiver(void* socket, by how) : socket_{socket}
    {
        if (how == by::call) return;
        int fd = -1;
        std::size_t size = sizeof(fd);
        must(zmq_getsockopt(socket, ZMQ_FD, &fd, &size) == 0);
        epoll_ = ::epoll_create1(0);
        epoll_event edges{};
        edges.events = EPOLLIN | EPOLLET;
        must(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &edges) == 0);
    }
    raw_receiver(const raw_receiver&) = delete;
    raw_receiver& operator=(const raw_receiver&) = delete;
    ~raw_receiver()
    {
        if (epoll_ >= 0) ::close(epoll_);
    }

    void receive(zmq_msg_t& into) const
    {
        while (zmq_msg_recv(&into, socket_, epoll_ >= 0 ? ZMQ_DONTWAIT : 0) < 0) {
            epoll_event edge{};
            must(errno == EAGAIN && ::epoll_wait(epoll_, &edge, 1, -1) == 1);
        }
    }

private:
    void* socket_;
    int epoll_ = -1;
};

double req_rep_by_libzmq(std::vector<double>& times, raw_receiver::by how)
{
    void* const context = zmq_ctx_new();
    void* const client = zmq_socket(context, ZMQ_REQ);
    const std::string real = bind_raw(client, "tcp://127.0.0.1:*");
    std::thread server([&] {
        void* const s = zmq_socket(context, ZMQ_REP);
        must(zmq_connect(s, real.c_str()) == 0);
        const raw_receiver asked(s, how);
        zmq_msg_t m;
        zmq_msg_init(&m);
        for (int i = 0; i < questions; ++i) {
            asked.receive(m);
            must(zmq_msg_send(&m, s, 0) >= 0);
        }
        zmq_close(s);
    });
    const raw_receiver answered(client, how);
    const std::string question(64, 'x');
    zmq_msg_t m;
    zmq_msg_init(&m);
    for (int i = 0; i < questions; ++i) {
        const double began = wall_seconds();
        must(zmq_send(client, question.data(), question.size(), 0) >= 0);
        answered.receive(m);
        must(zmq_msg_size(&m) == question.size());
        times.push_back((wall_seconds() - began) * 1e6);
    }
    zmq_msg_close(&m);
    server.join();
    zmq_close(client);
    zmq_ctx_term(context);
    return questions;
}

// Both ends on one thread, as coroutines of one loop.

awaitable<void> ask_and_answer(zmq::socket client, zmq::socket server, int count)
{
    const auto answering = spawn(answer_all(std::move(server), count));
    const std::string question(64, 'x');
    for (int i = 0; i < count; ++i) {
        co_await client.send(question);
        const zmq::message answer = co_await client.receive();
        if (answer.size() != question.size()) std::abort();
    }
    co_await answering.join();
}

double ping_pong_by_ferry(const std::string& at)
{
    zmq::context own;
    zmq::socket client(own, zmq::req);
    zmq::socket server(own, zmq::rep);
    server.connect(client.bind(at));
    run(ask_and_answer(std::move(client), std::move(server), questions));
    return questions;
}

double ping_pong_by_libzmq(const std::string& at)
{
    void* const context = zmq_ctx_new();
    void* const client = zmq_socket(context, ZMQ_REQ);
    void* const server = zmq_socket(context, ZMQ_REP);
    must(zmq_connect(server, bind_raw(client, at).c_str()) == 0);
    const std::string question(64, 'x');
    zmq_msg_t m;
    zmq_msg_init(&m);
    for (int i = 0; i < questions; ++i) {
        must(zmq_send(client, question.data(), question.size(), 0) >= 0);
        must(zmq_msg_recv(&m, server, 0) >= 0);
        must(zmq_msg_send(&m, server, 0) >= 0);
        must(zmq_msg_recv(&m, client, 0) >= 0);
        must(zmq_msg_size(&m) == question.size());
    }
    zmq_msg_close(&m);
    zmq_close(client);
    zmq_close(server);
    zmq_ctx_term(context);
    return questions;
}

contestant pyzmq(const std::string& name, double at_most = 0, const std::string& who = "pyzmq")
{
    const std::string program = "/usr/bin/python3 " FERRY_BENCH_DIR "/zmq_peer.py " + name;
    return {who, {}, [=] { return number_from(program); }, at_most};
}

void compare_pipelines(const std::string& name, const std::string& at, std::size_t size, int count)
{
    // What is large costs both the same: copies by the system, or handing it over.
    const double of_pyzmq = size < zmq::copy_threshold ? bar_of_pyzmq : 0;
    compare("zmq", name, {"msg/s"},
            {{"ferry", [=] { return push_pull_by_ferry(at, size, count); }},
             {"libzmq", [=] { return push_pull_by_libzmq(at, size, count); }, {}, bar},
             pyzmq(name, of_pyzmq)});
}

void compare_many(const std::string& name, const std::string& at, std::size_t size, int count)
{
    compare("zmq", name, {"msg/s"},
            {{"ferry", [=] { return push_pull_by_ferry(at, size, count, true); }},
             {"libzmq", [=] { return push_pull_by_libzmq(at, size, count); }, {}, bar}});
}

// Over tcp libzmq's own part alone is more than a fifth of what asyncio takes.
void compare_ping_pong(const std::string& name, const std::string& at, double of_asyncio = 0)
{
    compare("zmq", name, {"req/s"},
            {{"ferry", [=] { return ping_pong_by_ferry(at); }},
             {"libzmq", [=] { return ping_pong_by_libzmq(at); }},
             pyzmq(name, of_asyncio, "pyzmq-asyncio")});
}

void compare_latencies()
{
    if (!wanted("zmq", "req-rep")) return;
    std::vector<double> mine;
    std::vector<double> theirs;
    std::vector<double> by_loop;
    using by = raw_receiver::by;
    compare("zmq", "req-rep", {"req/s"},
            {{"ferry", [&] { return req_rep_by_ferry(mine); }},
             {"libzmq", [&] { return req_rep_by_libzmq(theirs, by::call); }, {}, bar},
             {"libzmq-epoll", [&] { return req_rep_by_libzmq(by_loop, by::epoll); }, {}, bar},
             pyzmq("req-rep")});
    print("zmq", "ferry/req-rep", "latency", {median(mine)}, "us");
    print("zmq", "libzmq/req-rep", "latency", {median(theirs)}, "us");
    print("zmq", "libzmq-epoll/req-rep", "latency", {median(by_loop)}, "us");
    print_ratio("zmq", "req-rep-latency", median(mine) / median(theirs), "libzmq", bar);
    print_ratio("zmq", "req-rep-latency", median(mine) / median(by_loop), "libzmq-epoll", bar);
}

}  // namespace
}  // namespace ferry::bench

int main()
{
    using namespace ferry::bench;
    use_one_core("zmq");
    const std::string tcp = "tcp://127.0.0.1:*";
    const std::string inproc = "inproc://bench";
    const std::string ipc = "ipc://*";
    compare_pipelines("push-pull-64", tcp, 64, batch);
    compare_pipelines("push-pull-64-ipc", ipc, 64, batch);
    compare_pipelines("push-pull-64-inproc", inproc, 64, batch);
    compare_many("push-pull-64-many", tcp, 64, batch);
    compare_many("push-pull-64-inproc-many", inproc, 64, batch);
    compare_pipelines("push-pull-64k", tcp, 64 << 10, big_batch);
    compare_pipelines("push-pull-64k-ipc", ipc, 64 << 10, big_batch);
    compare_pipelines("push-pull-64k-inproc", inproc, 64 << 10, 10 * big_batch);
    compare_latencies();
    compare_ping_pong("ping-pong", tcp);
    compare_ping_pong("ping-pong-inproc", inproc, bar_of_asyncio);
}
