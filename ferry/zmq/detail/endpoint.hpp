#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ferry::zmq::detail {

enum class attaching : unsigned char { bind, connect };

/// Refuses what libzmq takes and then never delivers to: a port over 65535, port 0 to connect to,
/// no host. Leaves all else to libzmq.
/// \throws invalid_endpoint
void check_endpoint(std::string_view endpoint, attaching how);

/// Host and port of `tcp://[source;]host:port`, brackets taken off.
class tcp_endpoint {
public:
    std::string host;
    std::uint16_t port = 0;
};

/// \throws invalid_endpoint  it is none.
tcp_endpoint parse_tcp(std::string_view endpoint);

}  // namespace ferry::zmq::detail
