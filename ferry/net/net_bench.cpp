// 64-byte round trips over loopback TCP: ferry's stream beside blocking sockets in C. The server is
// a thread with blocking sockets in both cases; compare the CPU time, which is the client's.
#include "ferry/async/async.hpp"
#include "ferry/net/net.hpp"

#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace ferry::net {
namespace {

constexpr std::size_t message_bytes = 64;

class blocking_echo {
public:
    blocking_echo()
    {
        fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof name;
        ::bind(fd_, reinterpret_cast<sockaddr*>(&name), length);
        ::listen(fd_, 8);
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &length);
        port = ntohs(name.sin_port);
        thread_ = std::thread([this] {
            const int peer = ::accept(fd_, nullptr, nullptr);
            const int on = 1;
            ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            char chunk[4096];
            for (ssize_t n = 0; (n = ::read(peer, chunk, sizeof chunk)) > 0;) {
                if (::write(peer, chunk, static_cast<std::size_t>(n)) != n) break;
            }
            ::close(peer);
        });
    }
    ~blocking_echo()
    {
        thread_.join();
        ::close(fd_);
    }

    std::uint16_t port = 0;

private:
    int fd_ = -1;
    std::thread thread_;
};

void epoll_in_c(benchmark::State& state)
{
    blocking_echo server;
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name.sin_port = htons(server.port);
    ::connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const int poll = ::epoll_create1(0);
    epoll_event event{EPOLLIN | EPOLLET, {}};
    ::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    std::array<char, message_bytes> message{};
    for (auto _ : state) {
        benchmark::DoNotOptimize(::send(fd, message.data(), message.size(), 0));
        ::epoll_wait(poll, &event, 1, -1);
        benchmark::DoNotOptimize(::recv(fd, message.data(), message.size(), 0));
    }
    ::close(fd);
    ::close(poll);
}
BENCHMARK(epoll_in_c)->UseRealTime();

void stream_round_trip(benchmark::State& state)
{
    blocking_echo server;
    auto main = [](std::uint16_t port, benchmark::State* counter) -> awaitable<void> {
        stream s = co_await connect(tcp("127.0.0.1", port));
        s.set_timeout(std::chrono::seconds(5), std::chrono::seconds(5));
        const std::array<std::byte, message_bytes> message{};
        while (counter->KeepRunning()) {
            co_await s.write(message);
            while (s.buffered().size() < message_bytes) co_await s.fill();
            s.consume(message_bytes);
        }
    };
    run(main(server.port, &state));
}
BENCHMARK(stream_round_trip)->UseRealTime();

}  // namespace
}  // namespace ferry::net
