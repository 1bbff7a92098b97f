#pragma once

#include "ferry/async/run.hpp"
#include "ferry/net/connect.hpp"
#include "ferry/net/listener.hpp"
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

namespace ferry::http {

/// nginx on a free port, everything below a directory of its own, ended with the scope.
class nginx {
public:
    /// \param locations  what the server block has besides its root `www`.
    explicit nginx(const std::string& locations)
    {
        std::filesystem::create_directories(directory_.path() / "www");
        port_ = net::listener(net::tcp("127.0.0.1", 0)).port();
        const std::string at = directory_.path();
        // One process: a worker would outlive a master that is killed.
        std::ofstream(directory_ / "nginx.conf")
            << "user root; daemon off; master_process off; pid " << at << "/pid; error_log " << at
            << "/error.log; events { worker_connections 256; } http { access_log off; gzip on;"
            << " gzip_types *; gzip_min_length 1; default_type application/octet-stream;"
            << " client_body_temp_path " << at << "/b; proxy_temp_path " << at
            << "/p; fastcgi_temp_path " << at << "/f; uwsgi_temp_path " << at
            << "/u; scgi_temp_path " << at << "/s; server { listen 127.0.0.1:" << port_ << "; root "
            << at << "/www; " << locations << " } }";
        process_ = std::make_unique<testing::program>(
            std::vector<std::string>{"/usr/sbin/nginx", "-p", at, "-c", directory_ / "nginx.conf"},
            directory_ / "out", directory_ / "err");
        wait_until_it_listens();
    }

    std::uint16_t port() const noexcept { return port_; }
    std::string url(std::string_view path) const
    {
        return fmt::format("http://127.0.0.1:{}{}", port_, path);
    }
    void put(const std::string& name, std::string_view content) const
    {
        const std::filesystem::path file(directory_ / ("www/" + name));
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << content;
    }

private:
    void wait_until_it_listens() const
    {
        for (int i = 0; i < 200; ++i) {
            try {
                run(net::connect(net::tcp("127.0.0.1", port_)));
                return;
            } catch (const connection_error&) {
                std::this_thread::sleep_for(std::chrono::milliseconds(25));
            }
        }
        throw std::runtime_error("nginx did not start: " + testing::read_file(directory_ / "err"));
    }

    testing::temporary_directory directory_;
    std::uint16_t port_ = 0;
    std::unique_ptr<testing::program> process_;
};

}  // namespace ferry::http
