#include "ferry/harvest/detail/address_guard.hpp"

#include "ferry/net/connect.hpp"
#include "ferry/net/tls.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace ferry::harvest::detail {
namespace {

struct block {
    std::uint32_t network;
    int bits;
};

constexpr std::uint32_t ip(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d)
{
    return a << 24U | b << 16U | c << 8U | d;
}

/// RFC 6890 and what is left of classes D and E.
constexpr block private_blocks[] = {
    {ip(0, 0, 0, 0), 8},    {ip(10, 0, 0, 0), 8},     {ip(100, 64, 0, 0), 10},
    {ip(127, 0, 0, 0), 8},  {ip(169, 254, 0, 0), 16}, {ip(172, 16, 0, 0), 12},
    {ip(192, 0, 0, 0), 24}, {ip(192, 168, 0, 0), 16}, {ip(198, 18, 0, 0), 15},
    {ip(224, 0, 0, 0), 3},
};

bool is_private_v4(const unsigned char* at)
{
    const auto address = ip(at[0], at[1], at[2], at[3]);
    return std::any_of(std::begin(private_blocks), std::end(private_blocks), [&](const block& b) {
        return (address ^ b.network) >> static_cast<unsigned>(32 - b.bits) == 0;
    });
}

awaitable<net::stream> connect_public(url to)
{
    std::string name{to.hostname()};
    if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
    const auto port = to.port_or_default();
    auto look_up = net::resolve(name, port);
    const std::vector<net::address> all = co_await std::move(look_up);
    const auto found = std::find_if_not(all.begin(), all.end(), is_private);
    if (found == all.end()) {
        throw error{errc::denied, name + ": a private address"};
    }
    net::endpoint peer = net::tcp(found->host(), port);
    if (to.scheme() == "https") {
        peer = net::tls(std::move(peer), net::tls_context::client(), name);
    }
    auto connecting = net::connect(std::move(peer));
    co_return co_await std::move(connecting);
}

awaitable<net::stream> connect_any(url to)
{
    std::string name{to.hostname()};
    if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
    net::endpoint peer = net::tcp(name, to.port_or_default());
    if (to.scheme() == "https") peer = net::tls(std::move(peer), net::tls_context::client());
    return net::connect(std::move(peer));
}

}  // namespace

bool is_private(const net::address& a)
{
    std::array<unsigned char, 28> raw{};
    a.to_sockaddr(raw.data());
    if (!a.is_v6()) return is_private_v4(raw.data() + 4);
    const unsigned char* at = raw.data() + 8;
    constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    constexpr std::array<unsigned char, 12> nat64{0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
    if (std::equal(mapped.begin(), mapped.end(), at) ||
        std::equal(nat64.begin(), nat64.end(), at)) {
        return is_private_v4(at + 12);
    }
    const bool in_first_block = std::all_of(at, at + 12, [](unsigned char c) { return c == 0; });
    const bool unique_local = (at[0] & 0xfeU) == 0xfc;
    const bool link_local = at[0] == 0xfe && (at[1] & 0x80U) == 0x80;  // and the old site-local
    return in_first_block || unique_local || link_local || at[0] == 0xff;
}

http::connector guarded_connector(scope::private_addresses allowed,
                                  std::shared_ptr<const url_rules> rules)
{
    return [allowed, rules](url to) {
        const bool trusted = allowed == scope::private_addresses::yes ||
                             (allowed == scope::private_addresses::only_start_hosts &&
                              rules->is_start_host(to.host()));
        return trusted ? connect_any(std::move(to)) : connect_public(std::move(to));
    };
}

}  // namespace ferry::harvest::detail
