#include "ferry/net/address.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>

namespace ferry::net {

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
