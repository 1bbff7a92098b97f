#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace ferry::testing {

/// The descriptor of this process that is connected to that port of 127.0.0.1; -1 if there is none.
inline int own_socket_to(std::uint16_t port)
{
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        const int fd = std::stoi(entry.path().filename().string());
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0 &&
            peer.sin_family == AF_INET && ntohs(peer.sin_port) == port) {
            return fd;
        }
    }
    return -1;
}

/// A socket's option that is a number; -1 if it cannot be read.
inline int socket_option(int fd, int level, int name)
{
    int v = -1;
    socklen_t size = sizeof v;
    ::getsockopt(fd, level, name, &v, &size);
    return v;
}

}  // namespace ferry::testing
