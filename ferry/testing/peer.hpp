#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace ferry::testing {

/// A Python program that a test talks to. It prints its port as the first line on standard output;
/// whatever else it prints there can be read with line().
///
///     testing::peer server(FERRY_INTEROP_DIR "/echo_peer.py", {"--tls", key});
///     auto s = run(net::connect(net::tcp("127.0.0.1", server.port())));
///
/// Killed at the end of its scope, and when the test dies.
class peer {
public:
    /// Starts it and waits for the port. \throws error  it ended, or said nothing within 20 s, or
    /// the line is not a port: the message quotes the line.
    explicit peer(const std::string& script, const std::vector<std::string>& arguments = {},
                  const std::string& python = "/usr/bin/python3");
    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;
    ~peer();

    std::uint16_t port() const noexcept { return port_; }
    pid_t pid() const noexcept { return pid_; }

    /// The next line of its output without its end; blocks, 20 s at most. Empty at the end.
    std::string line();

    /// Waits for its end. \return its exit status, 128 + N if signal N ended it.
    int wait();

private:
    void end() noexcept;

    pid_t pid_ = -1;
    int output_ = -1;
    std::uint16_t port_ = 0;
    std::string unread_;
};

}  // namespace ferry::testing
