#include "ferry/zmq/detail/endpoint.hpp"

#include "ferry/zmq/error.hpp"

#include <charconv>

namespace ferry::zmq::detail {
namespace {

constexpr std::string_view tcp = "tcp://";

[[noreturn]] void refuse(std::string_view endpoint, std::string_view why)
{
    constexpr std::size_t shown = 200;
    std::string text(endpoint.substr(0, shown));
    throw invalid_endpoint(errc::invalid_endpoint, text.append(": ").append(why));
}

/// The text behind the last colon, which is the port's.
std::string_view port_of(std::string_view endpoint)
{
    const auto colon = endpoint.rfind(':');
    if (colon < tcp.size() || colon == std::string_view::npos) refuse(endpoint, "no port");
    if (colon == tcp.size()) refuse(endpoint, "no host");
    return endpoint.substr(colon + 1);
}

std::uint16_t number_of(std::string_view endpoint, std::string_view port)
{
    std::uint16_t number = 0;
    const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (ec != std::errc() || end != port.data() + port.size()) {
        refuse(endpoint, "the port must be a number from 1 to 65535");
    }
    return number;
}

}  // namespace

void check_endpoint(std::string_view endpoint, attaching how)
{
    if (endpoint.find('\0') != std::string_view::npos) refuse(endpoint, "it has a zero byte");
    if (endpoint.find("://") == std::string_view::npos) {
        refuse(endpoint, "not of the form transport://address");
    }
    if (endpoint.starts_with("ws://") || endpoint.starts_with("wss://")) {
        refuse(endpoint, "WebSockets are a draft of libzmq, and not supported");
    }
    if (!endpoint.starts_with(tcp)) return;
    const std::string_view port = port_of(endpoint);
    if (how == attaching::bind && (port == "*" || port == "!")) return;
    if (number_of(endpoint, port) == 0 && how == attaching::connect) {
        refuse(endpoint, "nobody can be reached at port 0");
    }
}

tcp_endpoint parse_tcp(std::string_view endpoint)
{
    check_endpoint(endpoint, attaching::connect);
    if (!endpoint.starts_with(tcp)) refuse(endpoint, "not of the form tcp://host:port");
    const std::string_view port = port_of(endpoint);
    std::string_view host =
        endpoint.substr(tcp.size(), endpoint.size() - tcp.size() - port.size() - 1);
    if (const auto source = host.find(';'); source != std::string_view::npos) {
        host.remove_prefix(source + 1);
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    tcp_endpoint at;
    at.host = host;
    at.port = number_of(endpoint, port);
    return at;
}

}  // namespace ferry::zmq::detail
