#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/zmq/socket.hpp"

#include <chrono>
#include <memory>
#include <string>

/// Connections through a host that one may log in to, by the program `ssh`. As zmq.ssh.
namespace ferry::zmq::ssh {

/// How ssh is called. Its own configuration counts too.
class tunnel_options {
public:
    tunnel_options() = default;
    tunnel_options& keyfile(std::string path) { return keyfile_ = std::move(path), *this; }
    /// For a server that takes no key, or for a key with a passphrase. ssh is given it once, and
    /// only when it asks for a password; it is in no file, argument, environment or log.
    tunnel_options& password(std::string p) { return password_ = std::move(p), *this; }
    /// How long the tunnel may take to open. 60 s.
    tunnel_options& timeout(std::chrono::milliseconds t) { return timeout_ = t, *this; }
    /// Another program, which takes ssh's arguments, or prepares and becomes ssh (`exec`).
    tunnel_options& program(std::string name) { return program_ = std::move(name), *this; }

    const std::string& keyfile() const noexcept { return keyfile_; }
    const std::string& password() const noexcept { return password_; }
    std::chrono::milliseconds timeout() const noexcept { return timeout_; }
    const std::string& program() const noexcept { return program_; }

private:
    std::string keyfile_;
    std::string password_;
    std::chrono::milliseconds timeout_{60'000};
    std::string program_ = "ssh";
};

/// An open tunnel: a port of this machine that leads to the endpoint. Ends with the object.
class tunnel {
public:
    tunnel(tunnel&&) noexcept;
    tunnel& operator=(tunnel&&) noexcept;
    ~tunnel();

    /// Where to connect to: `tcp://127.0.0.1:41234`.
    const std::string& endpoint() const noexcept;

    /// Whether ssh still runs.
    bool open() const noexcept;

private:
    friend class opening;
    class impl;
    explicit tunnel(std::unique_ptr<impl> i) noexcept;
    std::unique_ptr<impl> impl_;
};

/// Opens a tunnel to a `tcp://` endpoint as the server sees it. Nobody is asked anything: it logs
/// in by key, agent or the password of the options, and a server whose key is not in known_hosts is
/// not trusted.
/// \param server  `[user@]host[:port]`, or `ssh://[user@]host[:port]`.
/// \throws error(errc::refused)    the server let nobody in, or is not trusted: ssh's last words
/// \throws error(errc::no_tunnel)  ssh ended for another reason
/// \throws error(errc::bad_option), limit_error  a password of several lines, or over 1023 bytes
/// \throws timeout_error, invalid_endpoint
/// As zmq.ssh.open_tunnel, which goes on to ask at the terminal.
awaitable<tunnel> open_tunnel(std::string endpoint, std::string server,
                              tunnel_options with = tunnel_options());

/// Opens a tunnel and connects the socket through it; keep the tunnel as long as the connection is
/// needed. The socket must stay valid. As zmq.ssh.tunnel_connection.
awaitable<tunnel> tunnel_connection(socket& s, std::string endpoint, std::string server,
                                    tunnel_options with = tunnel_options());

/// Whether one can log in without a password; that of the options is not used. As
/// try_passwordless_ssh.
awaitable<bool> try_passwordless_ssh(std::string server, tunnel_options with = tunnel_options());

}  // namespace ferry::zmq::ssh
