#pragma once

#include "ferry/testing/certificates.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace ferry::amqp {

/// A RabbitMQ of the test's own, ended with the scope. It takes about ten seconds to start.
class broker {
public:
    broker() { control("start"); }
    /// One with TLS, whose certificate is for localhost and 127.0.0.1.
    explicit broker(testing::certificate_authority& by)
    {
        const testing::identity own = by.issue({"localhost", "127.0.0.1"});
        std::filesystem::copy_file(by.ca_file(), directory_.path() / "ca.pem");
        std::filesystem::copy_file(own.chain, directory_.path() / "server.pem");
        std::filesystem::copy_file(own.key, directory_.path() / "server.key");
        control("start");
    }
    /// A node of the other's cluster.
    explicit broker(const broker* beside)
    {
        must(testing::run_program({service, "join", path(), beside->path()}, {},
                                  std::chrono::seconds(300)));
    }
    ~broker() { testing::run_program({service, "stop", path()}); }
    broker(const broker&) = delete;
    broker& operator=(const broker&) = delete;

    /// rabbitmqctl. \return what it prints
    std::string ctl(std::vector<std::string> words) const
    {
        words.insert(words.begin(), {service, "ctl", path()});
        return must(testing::run_program(words, {}, std::chrono::seconds(120)));
    }
    /// Ends it by SIGKILL.
    void kill() const { control("kill"); }
    /// Starts it again, with its data.
    void again() const { control("again"); }
    int pid() const { return std::stoi(testing::read_file(directory_ / "pid")); }

    std::uint16_t port() const { return number_in("port"); }
    std::uint16_t tls_port() const { return number_in("tls_port"); }
    std::string url(const std::string& rest = "/") const
    {
        return "amqp://guest:guest@127.0.0.1:" + std::to_string(port()) + rest;
    }
    const testing::temporary_directory& directory() const noexcept { return directory_; }

private:
    static constexpr auto service = FERRY_INTEROP_DIR "/../../services/rabbitmq";

    std::uint16_t number_in(const char* file) const
    {
        return static_cast<std::uint16_t>(std::stoi(testing::read_file(directory_ / file)));
    }
    std::string path() const { return directory_.path().string(); }
    static std::string must(const testing::outcome& done)
    {
        if (done.status != 0) throw std::runtime_error("rabbitmq: " + done.err + done.out);
        return done.out;
    }
    void control(const char* verb) const
    {
        must(testing::run_program({service, verb, path()}, {}, std::chrono::seconds(300)));
    }

    testing::temporary_directory directory_;
};

}  // namespace ferry::amqp
