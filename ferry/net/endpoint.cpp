#include "ferry/net/endpoint.hpp"

#include "ferry/core/error.hpp"
#include "ferry/net/tls.hpp"

#include <sys/un.h>

#include <utility>

namespace ferry::net {

endpoint endpoint::with_port(std::uint16_t port) const
{
    endpoint result = *this;
    result.port_ = port;
    return result;
}

std::string endpoint::text() const
{
    if (kind_ == kind::unix_socket) {
        std::string path = host_;
        if (!path.empty() && path.front() == '\0') path.front() = '@';
        return "unix:" + path;
    }
    const std::string port = ':' + std::to_string(port_);
    return host_.find(':') == host_.npos ? host_ + port : '[' + host_ + ']' + port;
}

endpoint tcp(std::string host, std::uint16_t port)
{
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    endpoint result;
    result.host_ = std::move(host);
    result.port_ = port;
    return result;
}

endpoint unix_socket(std::string path)
{
    if (path.size() >= sizeof(sockaddr_un::sun_path)) {
        throw error(errc::out_of_range, "unix socket " + path + ": the path is too long");
    }
    if (!path.empty() && path.front() == '@') path.front() = '\0';
    endpoint result;
    result.kind_ = endpoint::kind::unix_socket;
    result.host_ = std::move(path);
    return result;
}

endpoint tls(endpoint over, tls_context context, std::string server_name)
{
    over.tls_ = std::make_shared<const tls_context>(std::move(context));
    over.server_name_ = std::move(server_name);
    return over;
}

}  // namespace ferry::net
