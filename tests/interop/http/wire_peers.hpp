#pragma once

// Real proxies and servers for the tests of the client's lower half. Each on a free port of
// 127.0.0.1, with all its files in a directory of its own, ended with its scope.
#include "ferry/async/run.hpp"
#include "ferry/net/connect.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/testing/certificates.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace ferry::http {

inline std::uint16_t free_port()
{
    return net::listener(net::tcp("127.0.0.1", 0)).port();
}

/// Blocks until something listens there.
inline void wait_for_port(std::uint16_t port, const std::string& log)
{
    for (int i = 0; i < 400; ++i) {
        try {
            run(net::connect(net::tcp("127.0.0.1", port)));
            return;
        } catch (const error&) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    }
    throw std::runtime_error("the peer does not listen: " + testing::read_file(log));
}

/// A program with a directory, its output in `err` there.
class wire_peer {
public:
    const testing::temporary_directory directory;

    void start(const std::vector<std::string>& command, std::uint16_t port)
    {
        process_ =
            std::make_unique<testing::program>(command, directory / "out", directory / "err");
        wait_for_port(port, directory / "err");
    }

private:
    std::unique_ptr<testing::program> process_;
};

/// squid: on `port` for everybody, on `locked_port` for `user` with `pass`, by Basic or by Digest.
class squid {
public:
    explicit squid(bool by_digest = false)
    {
        const std::string at = peer_.directory.path();
        // It runs as a user of its own.
        std::filesystem::permissions(at, std::filesystem::perms::all);
        const auto hashed =
            testing::run_program({"/usr/bin/openssl", "passwd", "-apr1", "pass"}).out;
        const std::string scheme = by_digest ? "digest" : "basic";
        const std::string helper = by_digest ? "digest_file_auth" : "basic_ncsa_auth";
        std::ofstream(peer_.directory / "passwords")
            << (by_digest ? "user:pass\n" : "user:" + hashed);
        std::ofstream(peer_.directory / "squid.conf")
            << "http_port 127.0.0.1:" << port << "\nhttp_port 127.0.0.1:" << locked_port
            << "\nvisible_hostname localhost\ncache deny all\npid_filename " << at
            << "/pid\naccess_log none\ncache_log " << at << "/log\ncoredump_dir " << at
            << "\nauth_param " << scheme << " program /usr/lib/squid/" << helper << ' ' << at
            << "/passwords\nauth_param " << scheme << " realm squid\nacl locked localport "
            << locked_port << "\nacl known proxy_auth REQUIRED\nhttp_access deny locked !known\n"
            << "http_access allow all\nshutdown_lifetime 0 seconds\n";
        peer_.start({"/usr/sbin/squid", "-N", "-f", peer_.directory / "squid.conf"}, port);
    }

    std::uint16_t port = free_port();
    std::uint16_t locked_port = free_port();

private:
    wire_peer peer_;
};

/// dante, for everybody.
class dante {
public:
    dante()
    {
        std::ofstream(peer_.directory / "danted.conf")
            << "logoutput: " << peer_.directory / "log" << "\ninternal: 127.0.0.1 port = " << port
            << "\nexternal: lo\nsocksmethod: none\nclientmethod: none\n"
            << "client pass {\n from: 127.0.0.0/8 to: 0.0.0.0/0\n}\n"
            << "socks pass {\n from: 127.0.0.0/8 to: 0.0.0.0/0\n}\n";
        peer_.start({"/usr/sbin/danted", "-f", peer_.directory / "danted.conf", "-p",
                     peer_.directory / "pid"},
                    port);
    }

    std::uint16_t port = free_port();

private:
    wire_peer peer_;
};

}  // namespace ferry::http
