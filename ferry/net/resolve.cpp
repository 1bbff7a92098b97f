#include "ferry/async/blocking.hpp"
#include "ferry/net/connect.hpp"

#include <netdb.h>
#include <strings.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace ferry::net {
namespace {

// RFC 6761, section 6.4: such a name exists nowhere, and no server is to be asked for it.
bool is_reserved_as_invalid(std::string_view host)
{
    if (host.ends_with('.')) host.remove_suffix(1);
    const std::string_view top = host.substr(host.rfind('.') + 1);
    constexpr std::string_view reserved = "invalid";
    return top.size() == reserved.size() &&
           ::strncasecmp(top.data(), reserved.data(), reserved.size()) == 0;
}

std::vector<address> look_up(const std::string& host, std::uint16_t port)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    int failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (failure == EAI_NONAME || failure == EAI_ADDRFAMILY) {
        // A machine with loopback only has no configured family, but knows localhost.
        hints.ai_flags = 0;
        failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    }
    if (failure != 0) {
        throw resolve_error(errc::unresolved, "resolve " + host + ": " + ::gai_strerror(failure),
                            host);
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    std::vector<address> result;
    for (const addrinfo* i = found; i != nullptr; i = i->ai_next) {
        const address a = address::from_sockaddr(i->ai_addr).with_port(port);
        if (std::find(result.begin(), result.end(), a) == result.end()) result.push_back(a);
    }
    return result;
}

}  // namespace

awaitable<std::vector<address>> resolve(std::string host, std::uint16_t port)
{
    if (const auto numeric = address::parse(host, port)) {
        std::vector<address> one;
        one.push_back(*numeric);
        co_return one;
    }
    if (host.empty() || host.find('\0') != host.npos) {
        throw resolve_error(errc::unresolved, "resolve: the host name is empty or has a NUL byte");
    }
    if (is_reserved_as_invalid(host)) {
        throw resolve_error(errc::unresolved, "resolve " + host + ": no host has such a name",
                            host);
    }
    auto call = [host, port] { return look_up(host, port); };
    auto found = run_blocking(std::move(call));
    co_return co_await std::move(found);
}

}  // namespace ferry::net
