#pragma once

#include "ferry/async/run.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/redis/redis.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace ferry::redis {

/// A redis-server on a free port of this machine, with a directory of its own; ended with the
/// scope.
class server {
public:
    /// \param arguments  beside the port, the directory, and that nothing is saved.
    explicit server(std::vector<std::string> arguments = {})
        : port_{net::listener(net::tcp("127.0.0.1", 0)).port()}, arguments_{std::move(arguments)}
    {
        start();
    }

    void start()
    {
        std::vector<std::string> all{"/usr/bin/redis-server",
                                     "--port",
                                     fmt::format("{}", port_),
                                     "--bind",
                                     "127.0.0.1",
                                     "--dir",
                                     directory_.path().string(),
                                     "--save",
                                     ""};
        all.insert(all.end(), arguments_.begin(), arguments_.end());
        process_ = std::make_unique<testing::program>(all, directory_ / "out", directory_ / "err");
        for (int i = 0; i < 2400; ++i) {
            if (listens()) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(25));
        }
        throw std::runtime_error("redis-server did not start: " +
                                 testing::read_file(directory_ / "out"));
    }

    /// Ends it with a signal, and waits for its end.
    void stop(int signal)
    {
        process_->signal(signal);
        process_->wait();
    }
    void signal(int number) const { process_->signal(number); }

    std::uint16_t port() const noexcept { return port_; }
    std::string url(std::string_view rest = "/0?socket_timeout=60") const
    {
        return fmt::format("redis://127.0.0.1:{}{}", port_, rest);
    }
    const testing::temporary_directory& directory() const noexcept { return directory_; }

private:
    // Without the loop, which may be running.
    bool listens() const
    {
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        name.sin_port = htons(port_);
        const bool connected =
            ::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
        ::close(fd);
        return connected;
    }

    testing::temporary_directory directory_;
    std::uint16_t port_;
    std::vector<std::string> arguments_;
    std::unique_ptr<testing::program> process_;
};

}  // namespace ferry::redis
