#include "ferry/net/address.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>

namespace ferry::net {
namespace {

struct block {
    std::uint32_t network;
    int bits;
};

// What IANA's registry of special-purpose IPv4 addresses does not call globally reachable.
constexpr block special_v4[] = {
    {0x00000000, 8},   // 0.0.0.0: this network
    {0x0A000000, 8},   // 10.0.0.0: private
    {0x64400000, 10},  // 100.64.0.0: carriers' shared space, a cloud's metadata
    {0x7F000000, 8},   // 127.0.0.0: loopback
    {0xA9FE0000, 16},  // 169.254.0.0: link-local, most clouds' metadata
    {0xAC100000, 12},  // 172.16.0.0: private
    {0xC0000000, 24},  // 192.0.0.0: protocol assignments
    {0xC0000200, 24},  // 192.0.2.0: documentation
    {0xC0586300, 24},  // 192.88.99.0: 6to4 relays
    {0xC0A80000, 16},  // 192.168.0.0: private
    {0xC6120000, 15},  // 198.18.0.0: benchmarks
    {0xC6336400, 24},  // 198.51.100.0: documentation
    {0xCB007100, 24},  // 203.0.113.0: documentation
    {0xE0000000, 3},   // 224.0.0.0 and above: multicast, reserved, broadcast
};

std::uint32_t big_endian(const unsigned char* at) noexcept
{
    return std::uint32_t{at[0]} << 24U | std::uint32_t{at[1]} << 16U | std::uint32_t{at[2]} << 8U |
           std::uint32_t{at[3]};
}

bool is_public_v4(std::uint32_t a) noexcept
{
    for (const block& b : special_v4) {
        if (((a ^ b.network) >> (32 - b.bits)) == 0) return false;
    }
    return true;
}

}  // namespace

bool address::is_public() const noexcept
{
    if (!v6_) return is_public_v4(big_endian(bytes_));
    const std::uint32_t first = big_endian(bytes_);
    const std::uint32_t second = big_endian(bytes_ + 4);
    const std::uint32_t third = big_endian(bytes_ + 8);
    const bool mapped = first == 0 && second == 0 && third == 0xFFFF;
    const bool translated = first == 0x0064FF9B && second == 0 && third == 0;  // NAT64
    if (mapped || translated) return is_public_v4(big_endian(bytes_ + 12));
    if (first >> 16U == 0x2002) return is_public_v4(big_endian(bytes_ + 2));  // 6to4
    const bool is_global_unicast = first >> 29U == 1;                         // 2000::/3
    const bool is_special = (first >> 9U) == (0x20010000U >> 9U) ||           // 2001::/23
                            first == 0x20010DB8 || (first >> 12U) == 0x3FFF0;
    return is_global_unicast && !is_special;
}

std::optional<address> address::parse(std::string_view text, std::uint16_t port)
{
    if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
        text = text.substr(1, text.size() - 2);
    }
    address result;
    result.port_ = port;
    std::string_view zone;
    if (const auto percent = text.find('%'); percent != text.npos) {
        zone = text.substr(percent + 1);
        text = text.substr(0, percent);
        if (zone.empty()) return std::nullopt;
    }
    const std::string host{text};
    if (zone.empty() && ::inet_pton(AF_INET, host.c_str(), result.bytes_) == 1) return result;
    if (::inet_pton(AF_INET6, host.c_str(), result.bytes_) != 1) return std::nullopt;
    result.v6_ = true;
    if (!zone.empty()) {
        const auto [end, ec] =
            std::from_chars(zone.data(), zone.data() + zone.size(), result.scope_);
        if (ec != std::errc{} || end != zone.data() + zone.size()) {
            result.scope_ = ::if_nametoindex(std::string{zone}.c_str());
            if (result.scope_ == 0) return std::nullopt;
        }
    }
    return result;
}

address address::from_sockaddr(const void* sockaddr) noexcept
{
    address result;
    sa_family_t family = 0;
    std::memcpy(&family, sockaddr, sizeof family);
    if (family == AF_INET6) {
        sockaddr_in6 in{};
        std::memcpy(&in, sockaddr, sizeof in);
        std::memcpy(result.bytes_, &in.sin6_addr, 16);
        result.port_ = ntohs(in.sin6_port);
        result.scope_ = in.sin6_scope_id;
        result.v6_ = true;
    } else if (family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, sockaddr, sizeof in);
        std::memcpy(result.bytes_, &in.sin_addr, 4);
        result.port_ = ntohs(in.sin_port);
    }
    return result;
}

bool address::is_loopback() const noexcept
{
    if (!v6_) return bytes_[0] == 127;
    in6_addr a{};
    std::memcpy(&a, bytes_, 16);
    return IN6_IS_ADDR_LOOPBACK(&a) || (IN6_IS_ADDR_V4MAPPED(&a) && bytes_[12] == 127);
}

address address::with_port(std::uint16_t port) const noexcept
{
    address result = *this;
    result.port_ = port;
    return result;
}

std::string address::host() const
{
    char text[INET6_ADDRSTRLEN + IF_NAMESIZE + 1] = {};
    ::inet_ntop(v6_ ? AF_INET6 : AF_INET, bytes_, text, INET6_ADDRSTRLEN);
    std::string result = text;
    if (scope_ != 0) result += '%' + std::to_string(scope_);
    return result;
}

std::string address::text() const
{
    const std::string port = ':' + std::to_string(port_);
    return v6_ ? '[' + host() + ']' + port : host() + port;
}

std::size_t address::to_sockaddr(void* into) const noexcept
{
    if (v6_) {
        sockaddr_in6 out{};
        out.sin6_family = AF_INET6;
        out.sin6_port = htons(port_);
        out.sin6_scope_id = scope_;
        std::memcpy(&out.sin6_addr, bytes_, 16);
        std::memcpy(into, &out, sizeof out);
        return sizeof out;
    }
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port_);
    std::memcpy(&out.sin_addr, bytes_, 4);
    std::memcpy(into, &out, sizeof out);
    return sizeof out;
}

}  // namespace ferry::net
