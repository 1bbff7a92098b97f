#include "ferry/net/socks.hpp"

#include "ferry/net/address.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>

namespace ferry::net {
namespace {

constexpr std::size_t max_field_bytes = 255;
constexpr unsigned char socks5_version = 5;
constexpr unsigned char auth_version = 1;
constexpr unsigned char command_connect = 1;
constexpr unsigned char no_auth = 0;
constexpr unsigned char by_password = 2;
constexpr unsigned char nothing_acceptable = 0xff;
enum address_type : unsigned char { ipv4 = 1, name = 3, ipv6 = 4 };

void put(std::string& to, unsigned char byte)
{
    to += static_cast<char>(byte);
}

void put_port(std::string& to, std::uint16_t port)
{
    put(to, static_cast<unsigned char>(port >> 8U));
    put(to, static_cast<unsigned char>(port & 0xffU));
}

void put_field(std::string& to, std::string_view what, const std::string& value)
{
    if (value.empty() || value.size() > max_field_bytes) {
        throw error(errc::out_of_range, std::string(what) + " for SOCKS has 1 to 255 bytes");
    }
    put(to, static_cast<unsigned char>(value.size()));
    to += value;
}

std::string raw(const address& a)
{
    return std::string(as_text(std::as_bytes(a.raw())));
}

class refusal {
public:
    std::error_code code;
    const char* text;

    template <class Code>
    refusal(Code c, const char* t) : code(make_error_code(c)), text(t)
    {
    }
};

// RFC 1928 section 6.
refusal socks5_refusal(unsigned char reply)
{
    switch (reply) {
        case 1: return {errc::protocol, "general failure"};
        case 2: return {errc::denied, "not allowed by its rules"};
        case 3: return {std::errc::network_unreachable, "network unreachable"};
        case 4: return {std::errc::host_unreachable, "host unreachable"};
        case 5: return {std::errc::connection_refused, "connection refused"};
        case 6: return {std::errc::timed_out, "TTL expired"};
        case 7: return {errc::unsupported, "command not supported"};
        case 8: return {errc::unsupported, "address type not supported"};
        default: return {errc::protocol, "unknown reply"};
    }
}

refusal socks4_refusal(unsigned char reply)
{
    switch (reply) {
        case 91: return {std::errc::connection_refused, "rejected or failed"};
        case 92: return {errc::denied, "it cannot reach the client's identd"};
        case 93: return {errc::denied, "the client's identd names another user"};
        default: return {errc::protocol, "unknown reply"};
    }
}

/// One side of the dialogue, with errors that name the proxy.
class dialogue {
public:
    dialogue(stream over, std::string version, const std::string& host, std::uint16_t port)
        : stream_(std::move(over)),
          proxy_(stream_.remote_endpoint()),
          context_("SOCKS" + version + " proxy " + proxy_ + ", for " + host + ':' +
                   std::to_string(port))
    {
    }

    awaitable<void> send(std::string bytes)
    {
        auto writing = stream_.write(std::move(bytes));
        co_await std::move(writing);
    }

    awaitable<bytes> receive(std::size_t count)
    {
        bool cut = false;
        bytes data;
        try {
            data = co_await stream_.read_exactly(count);
        } catch (const error& e) {
            if (e.code() != errc::truncated) throw;
            cut = true;
        }
        if (cut) fail(errc::disconnected, "it closed the connection");
        co_return data;
    }

    template <class Code>
    [[noreturn]] void fail(Code code, std::string_view why) const
    {
        throw connection_error(make_error_code(code), context_ + ": " + std::string(why), proxy_);
    }

    [[noreturn]] void fail(const refusal& r, unsigned char reply) const
    {
        throw connection_error(
            r.code, context_ + ": " + r.text + " (reply " + std::to_string(int{reply}) + ')',
            proxy_);
    }

    stream release() { return std::move(stream_); }

private:
    stream stream_;
    std::string proxy_;
    std::string context_;
};

unsigned char at(const bytes& data, std::size_t i)
{
    return std::to_integer<unsigned char>(data[i]);
}

awaitable<void> authenticate(dialogue& with, socks_auth auth)
{
    std::string proof;
    put(proof, auth_version);
    put_field(proof, "a user name", auth.user());
    put_field(proof, "a password", auth.password());
    co_await with.send(std::move(proof));
    const bytes verdict = co_await with.receive(2);
    if (at(verdict, 1) != 0) with.fail(errc::denied, "user or password refused");
}

}  // namespace

awaitable<stream> socks5(stream over, std::string host, std::uint16_t port, socks_auth auth)
{
    std::string request;
    put(request, socks5_version);
    put(request, command_connect);
    put(request, 0);
    if (const auto numeric = address::parse(host)) {
        put(request, numeric->is_v6() ? ipv6 : ipv4);
        request += raw(*numeric);
    } else {
        put(request, name);
        put_field(request, "a host name", host);
    }
    put_port(request, port);

    dialogue proxy(std::move(over), "5", host, port);
    std::string greeting;
    put(greeting, socks5_version);
    put(greeting, auth.empty() ? 1 : 2);
    put(greeting, no_auth);
    if (!auth.empty()) put(greeting, by_password);
    co_await proxy.send(std::move(greeting));
    const bytes choice = co_await proxy.receive(2);
    if (at(choice, 0) != socks5_version) proxy.fail(errc::protocol, "it does not speak SOCKS5");
    const unsigned char method = at(choice, 1);
    if (method == by_password && !auth.empty()) {
        co_await authenticate(proxy, std::move(auth));
    } else if (method == nothing_acceptable || method == by_password) {
        proxy.fail(errc::denied,
                   auth.empty() ? "it asks for authentication" : "it accepts no user and password");
    } else if (method != no_auth) {
        proxy.fail(errc::protocol, "it chose what was not offered");
    }

    co_await proxy.send(std::move(request));
    const bytes reply = co_await proxy.receive(4);
    if (at(reply, 0) != socks5_version) proxy.fail(errc::protocol, "it does not speak SOCKS5");
    if (at(reply, 1) != 0) proxy.fail(socks5_refusal(at(reply, 1)), at(reply, 1));
    // The address that the proxy connects from is of no interest, but must be read over.
    std::size_t left = 2;
    switch (at(reply, 3)) {
        case ipv4: left += 4; break;
        case ipv6: left += 16; break;
        case name: {
            const bytes size = co_await proxy.receive(1);
            left += at(size, 0);
            break;
        }
        default: proxy.fail(errc::protocol, "its address has an unknown type");
    }
    co_await proxy.receive(left);
    co_return proxy.release();
}

awaitable<stream> socks4(stream over, std::string host, std::uint16_t port, std::string user)
{
    const auto numeric = address::parse(host);
    if (numeric && numeric->is_v6()) {
        throw error(errc::unsupported, "SOCKS4 cannot reach the IPv6 address " + host);
    }
    const auto has_nul = [](const std::string& s) { return s.find('\0') != s.npos; };
    if (has_nul(user) || has_nul(host) || host.empty() || host.size() > max_field_bytes ||
        user.size() > max_field_bytes) {
        throw error(errc::out_of_range, "SOCKS4: a name has 1 to 255 bytes, none of them NUL");
    }
    std::string request;
    put(request, 4);
    put(request, command_connect);
    put_port(request, port);
    // An address that cannot be says that a name follows (SOCKS4a).
    request += numeric ? raw(*numeric) : std::string("\0\0\0\1", 4);
    request += user;
    put(request, 0);
    if (!numeric) {
        request += host;
        put(request, 0);
    }
    dialogue proxy(std::move(over), numeric ? "4" : "4a", host, port);
    co_await proxy.send(std::move(request));
    const bytes reply = co_await proxy.receive(8);
    if (at(reply, 0) != 0) proxy.fail(errc::protocol, "it does not speak SOCKS4");
    constexpr unsigned char granted = 90;
    if (at(reply, 1) != granted) proxy.fail(socks4_refusal(at(reply, 1)), at(reply, 1));
    co_return proxy.release();
}

}  // namespace ferry::net
