#pragma once

#include "ferry/async/task.hpp"
#include "ferry/net/endpoint.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ferry::net {
class stream;
}

namespace ferry::testing {

/// What a scripted peer does with one connection, step by step; without a last step it closes.
///
///     script().receive_until("\r\n\r\n").send("HTTP/1.1 200 OK\r\nContent-Length:
///     9\r\n\r\nab").reset()
class script {
public:
    /// Waits until what came since the last such step ends with, or contains, `text`.
    script& receive_until(std::string text);
    script& receive(std::size_t bytes);
    script& send(std::string bytes);

    /// Sends in pieces of `piece` bytes, each in a turn of the loop of its own.
    script& send_in_pieces(std::string bytes, std::size_t piece = 1);

    /// Sends the same bytes over and over, with a pause behind each, until the peer goes away.
    script& drip(std::string bytes, std::chrono::milliseconds pause);

    /// Ends the connection with a FIN, with a RST, or never: says nothing until the peer goes away.
    script& close();
    script& reset();
    script& stay_silent();

private:
    friend class fault_server;
    friend awaitable<void> play(script what, net::stream peer, std::string* heard);

    enum class action { receive_until, receive, send, pieces, drip, close, reset, silent };
    struct step {
        action what;
        std::string text;
        std::size_t count;
        std::chrono::milliseconds pause{0};
    };
    std::vector<step> steps_;
};

/// Plays a script on one stream, such as a side of net::pair(). `heard`, if not null, collects what
/// came in, and must stay valid.
awaitable<void> play(script what, net::stream peer, std::string* heard);

/// A server on 127.0.0.1 whose connections follow scripts: the first connection the first script,
/// and so on; the last script serves all further ones. Runs on the calling thread's loop, and ends
/// with its scope.
class fault_server {
public:
    explicit fault_server(std::vector<script> scripts);
    explicit fault_server(script all);
    fault_server(const fault_server&) = delete;
    fault_server& operator=(const fault_server&) = delete;
    ~fault_server();

    std::uint16_t port() const noexcept;
    net::endpoint endpoint() const;

    std::size_t connections() const noexcept;

    /// What came in on the connection so far. \param number  from 0.
    const std::string& received(std::size_t number) const;

private:
    struct state;
    std::shared_ptr<state> state_;
    task<void> serving_;
};

}  // namespace ferry::testing
