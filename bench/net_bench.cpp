// An echo server: 64-byte messages over loopback, one under way on each of 64 connections, then on
// one. ferry's streams beside a loop on bare epoll in C, each server a process of its own. The CPU
// time is the server's; the client is the same.
#include "ferry/async/run.hpp"
#include "ferry/net/net.hpp"

#include "bench/bench.hpp"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace ferry::bench {
namespace {

constexpr std::size_t message_bytes = 64;

[[noreturn]] void give_up(const char* doing)
{
    std::perror(doing);
    std::exit(1);
}

void send_at_once(int fd)
{
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name.sin_port = htons(port);
    return name;
}

int listen_on_loopback(std::uint16_t port)
{
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in name = loopback(port);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) give_up("bind");
    if (::listen(fd, 256) != 0) give_up("listen");
    return fd;
}

std::uint16_t free_port()
{
    const int fd = listen_on_loopback(0);
    sockaddr_in name{};
    socklen_t length = sizeof name;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length);
    ::close(fd);
    return ntohs(name.sin_port);
}

void serve_by_epoll(std::uint16_t port)
{
    const int listener = listen_on_loopback(port);
    const int poll = ::epoll_create1(0);
    epoll_event event{EPOLLIN, {.fd = listener}};
    ::epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    std::array<epoll_event, 256> ready{};
    std::array<char, 65536> chunk{};
    for (;;) {
        const int n = ::epoll_wait(poll, ready.data(), static_cast<int>(ready.size()), -1);
        for (int i = 0; i < n; ++i) {
            int fd = ready.at(static_cast<std::size_t>(i)).data.fd;
            if (fd == listener) {
                fd = ::accept4(fd, nullptr, nullptr, 0);
                send_at_once(fd);
                event.data.fd = fd;
                ::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
                continue;
            }
            const ssize_t got = ::recv(fd, chunk.data(), chunk.size(), MSG_DONTWAIT);
            if (got == 0) ::close(fd);
            if (got > 0 && ::write(fd, chunk.data(), static_cast<std::size_t>(got)) != got) return;
        }
    }
}

awaitable<void> echo(net::stream peer)
{
    for (;;) {
        const std::size_t got = co_await peer.fill();
        if (got == 0) co_return;
        const std::size_t size = peer.buffered().size();
        co_await peer.write(peer.buffered());
        peer.consume(size);
    }
}

void serve_by_ferry(std::uint16_t port)
{
    run(net::serve(net::tcp("127.0.0.1", port), echo));
}

struct result {
    double messages_per_second;
    double cpu_per_message;  ///< microseconds, of the server
};

// The server may not listen yet.
int connect_to(std::uint16_t port)
{
    const sockaddr_in to = loopback(port);
    for (int tries = 0; tries < 1000; ++tries) {
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return fd;
        ::close(fd);
        ::usleep(5000);
    }
    give_up("connect");
}

double exchange(std::uint16_t port, std::size_t connections)
{
    const int poll = ::epoll_create1(0);
    std::vector<int> open;
    std::array<char, message_bytes> message{};
    for (std::size_t i = 0; i < connections; ++i) {
        const int fd = connect_to(port);
        send_at_once(fd);
        epoll_event event{EPOLLIN, {.fd = fd}};
        ::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
        open.push_back(fd);
    }
    for (const int fd : open) {
        if (::write(fd, message.data(), message.size()) < 0) give_up("write");
    }
    double messages = 0;
    std::array<epoll_event, 256> ready{};
    for (const double end = wall_seconds() + repetition_seconds(); wall_seconds() < end;) {
        const int n = ::epoll_wait(poll, ready.data(), static_cast<int>(ready.size()), 1000);
        if (n <= 0) give_up("no answer");
        for (int i = 0; i < n; ++i) {
            const int fd = ready.at(static_cast<std::size_t>(i)).data.fd;
            if (::recv(fd, message.data(), message.size(), 0) <= 0) give_up("recv");
            if (::write(fd, message.data(), message.size()) < 0) give_up("write");
            ++messages;
        }
    }
    for (const int fd : open) ::close(fd);
    ::close(poll);
    return messages;
}

result measure(void (*serve)(std::uint16_t), std::size_t connections)
{
    const std::uint16_t port = free_port();
    const pid_t server = ::fork();
    if (server == 0) {
        // The client goes while answers are under way, which the server rightly complains about.
        if (std::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(1);
        serve(port);
        ::_exit(0);
    }
    const double began = wall_seconds();
    const double messages = exchange(port, connections);
    const double wall = wall_seconds() - began;
    const double cpu_before = children_cpu_seconds();
    ::kill(server, SIGKILL);
    ::waitpid(server, nullptr, 0);
    return {messages / wall, (children_cpu_seconds() - cpu_before) / messages * 1e6};
}

void compare_servers(const std::string& name, std::size_t connections)
{
    if (!wanted("net", name)) return;
    struct server {
        std::string who;
        void (*serve)(std::uint16_t);
        std::vector<double> rate{};
        std::vector<double> cpu{};
    };
    std::vector<server> servers{{"ferry", serve_by_ferry}, {"epoll", serve_by_epoll}};
    for (int i = 0; i < repetitions(); ++i) {
        for (server& s : servers) {
            const result r = measure(s.serve, connections);
            s.rate.push_back(r.messages_per_second);
            s.cpu.push_back(r.cpu_per_message);
        }
    }
    for (const server& s : servers) {
        print("net", s.who + "/" + name, "rate", s.rate, "msg/s");
        print("net", s.who + "/" + name, "cpu", s.cpu, "us/msg");
    }
    print_ratio("net", name, median(servers[0].cpu) / median(servers[1].cpu), servers[1].who);
}

}  // namespace
}  // namespace ferry::bench

int main()
{
    ferry::bench::compare_servers("echo-64x64", 64);
    ferry::bench::compare_servers("echo-1x64", 1);
}
