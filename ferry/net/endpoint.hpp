#pragma once

#include "ferry/net/address.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace ferry::net {

class tls_context;

/// Where to connect to, or to listen. A value, made by tcp(), unix_socket() and tls().
class endpoint {
public:
    enum class kind : unsigned char { tcp, unix_socket };

    endpoint() = default;

    kind type() const noexcept { return kind_; }
    const std::string& host() const noexcept { return host_; }
    std::uint16_t port() const noexcept { return port_; }

    /// A unix socket's path; a name that starts with a NUL byte is in Linux's abstract namespace.
    const std::string& path() const noexcept { return host_; }

    /// The TLS settings; null for a stream in the clear.
    const tls_context* tls() const noexcept { return tls_.get(); }

    /// The name that the certificate must have: the host, unless tls() was told another.
    const std::string& server_name() const noexcept
    {
        return server_name_.empty() ? host_ : server_name_;
    }

    /// The same host with another port.
    endpoint with_port(std::uint16_t port) const;

    /// `127.0.0.1:80`, `[::1]:80`, `unix:/run/x.sock`, `unix:@name`.
    std::string text() const;

    bool operator==(const endpoint&) const = default;

private:
    friend endpoint tcp(std::string host, std::uint16_t port);
    friend endpoint unix_socket(std::string path);
    friend endpoint tls(endpoint over, tls_context context, std::string server_name);

    kind kind_ = kind::tcp;
    std::uint16_t port_ = 0;
    std::string host_;
    std::string server_name_;
    std::shared_ptr<const tls_context> tls_;
};

/// A host and a port. To listen: an address of this machine, `0.0.0.0` and `::` for all, and port 0
/// for a free one. To connect: a name is resolved and all its addresses are tried.
endpoint tcp(std::string host, std::uint16_t port);

/// A socket in the file system, or, if the name starts with a NUL byte or `@`, in the abstract
/// namespace. \throws error(errc::out_of_range)  longer than 107 bytes.
endpoint unix_socket(std::string path);

/// The same place, but everything over it is TLS.
/// \param server_name  the name to ask for and to check, if it is not the host.
endpoint tls(endpoint over, tls_context context, std::string server_name = {});

}  // namespace ferry::net
