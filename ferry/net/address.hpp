#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ferry::net {

/// An IP address and a port. A value.
class address {
public:
    /// 0.0.0.0, port 0.
    address() noexcept = default;

    /// Reads a numeric address: `127.0.0.1`, `::1`, `[::1]`, `fe80::1%eth0`. None if the text is
    /// not one. No look-up, no wait.
    static std::optional<address> parse(std::string_view text, std::uint16_t port = 0);

    /// Takes over a sockaddr_in or sockaddr_in6.
    static address from_sockaddr(const void* sockaddr) noexcept;

    bool is_v6() const noexcept { return v6_; }
    bool is_loopback() const noexcept;
    /// Not of this machine, a private network, a link, a multicast group, or set aside for another
    /// purpose (IANA's special-purpose registries); an IPv4 address inside an IPv6 one counts. As
    /// ipaddress' is_global.
    bool is_public() const noexcept;
    std::uint16_t port() const noexcept { return port_; }
    address with_port(std::uint16_t port) const noexcept;

    /// Its 4 or 16 bytes, in the network's order. A view into the address.
    std::span<const unsigned char> raw() const noexcept
    {
        return std::span(bytes_).first(v6_ ? 16 : 4);
    }

    /// The address alone: `127.0.0.1`, `::1`.
    std::string host() const;

    /// With its port: `127.0.0.1:80`, `[::1]:80`.
    std::string text() const;

    /// Writes a sockaddr into `into`, which has 28 bytes at least. \return its length.
    std::size_t to_sockaddr(void* into) const noexcept;

    friend bool operator==(const address&, const address&) = default;

private:
    unsigned char bytes_[16] = {};
    std::uint32_t scope_ = 0;
    std::uint16_t port_ = 0;
    bool v6_ = false;
};

}  // namespace ferry::net
