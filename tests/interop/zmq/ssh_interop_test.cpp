// Tunnels through a real sshd, run as whoever runs the test.
#include "ferry/async/async.hpp"
#include "ferry/net/net.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"
#include "ferry/zmq/zmq.hpp"

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace ferry::zmq {
namespace {

using namespace std::chrono_literals;

// What sshd wants to exist when root starts it; Debian's service makes it otherwise.
void make_separation_folder()
{
    if (::geteuid() == 0) std::filesystem::create_directories("/run/sshd");
}

class ssh_server : public ::testing::Test {
protected:
    void SetUp() override
    {
        make_separation_folder();
        for (const char* name : {"host", "mine", "stranger"}) make_key(name);
        const std::string own = testing::read_file(path("mine.pub"));
        write("authorized", own);
        write("sshd_config", "ListenAddress 127.0.0.1\nPort " + port + "\nHostKey " + path("host") +
                                 "\nAuthorizedKeysFile " + path("authorized") + "\nPidFile " +
                                 path("sshd.pid") +
                                 "\nUsePAM no\nStrictModes no\nPermitRootLogin yes\n"
                                 "PasswordAuthentication no\n");
        write("known", "[127.0.0.1]:" + port + ' ' + testing::read_file(path("host.pub")));
        write("unknown", "");
        sshd.emplace(
            std::vector<std::string>{"/usr/sbin/sshd", "-D", "-e", "-f", path("sshd_config")},
            path("sshd.out"), path("sshd.err"));
        const auto up = [](std::uint16_t at) -> awaitable<void> {
            for (;;) {
                try {
                    [[maybe_unused]] const auto there =
                        co_await net::connect(net::tcp("127.0.0.1", at));
                    co_return;
                } catch (const connection_error&) {
                }
                co_await sleep(20ms);
            }
        };
        run(timeout(20s, up(static_cast<std::uint16_t>(std::stoi(port)))));
    }

    // The program ssh, knowing these hosts.
    ssh::tunnel_options by(const char* key, const char* known = "known")
    {
        const std::string program = path(std::string("ssh-") + known);
        write(std::string("ssh-") + known,
              "#!/bin/sh\nexec ssh -F none -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes "
              "-o GlobalKnownHostsFile=/dev/null -o UserKnownHostsFile=" +
                  path(known) + " \"$@\"\n");
        ::chmod(program.c_str(), 0700);
        return ssh::tunnel_options().program(program).keyfile(path(key)).timeout(20s);
    }
    std::string server() const
    {
        return "ssh://" + std::string(::getpwuid(::geteuid())->pw_name) + "@127.0.0.1:" + port;
    }
    std::string path(const std::string& name) const { return folder / name; }
    void write(const std::string& name, const std::string& text) const
    {
        std::ofstream(path(name)) << text;
    }
    void make_key(const char* name) const
    {
        const auto made = testing::run_program(
            {"/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path(name)});
        ASSERT_EQ(made.status, 0) << made.err;
    }
    std::string log() const { return testing::read_file(path("sshd.err")); }

    testing::temporary_directory folder;
    std::string port = std::to_string(net::listener(net::tcp("127.0.0.1", 0)).port());
    std::optional<testing::program> sshd;
};

awaitable<void> echo(socket* s)
{
    for (;;) {
        multipart m = co_await s->receive_multipart();
        co_await s->send_multipart(std::move(m));
    }
}

TEST_F(ssh_server, carries_a_connection_until_the_tunnel_ends)
{
    socket far(rep);
    const std::string endpoint = far.bind("tcp://127.0.0.1:*");
    auto serving = spawn(echo(&far));
    EXPECT_TRUE(run(ssh::try_passwordless_ssh(server(), by("mine")))) << log();
    socket client(req);
    client.set(opt::linger, 0ms);
    auto news = client.watch();
    {
        const auto t = run(ssh::tunnel_connection(client, endpoint, server(), by("mine")));
        EXPECT_NE(t.endpoint(), endpoint);
        run(timeout(20s, news.connected()));
        for (const std::size_t size : {10U, 1'000'000U}) {
            run(client.send(std::string(size, 'x')));
            EXPECT_EQ(run(timeout(20s, client.receive_string())).size(), size);
        }
        EXPECT_TRUE(t.open());
    }
    const auto until_lost = [](monitor* of) -> awaitable<void> {
        for (;;) {
            const auto e = co_await of->next();
            if (e->type == event_type::disconnected) co_return;
        }
    };
    run(timeout(20s, until_lost(&news)));
    serving.cancel();
    run(serving.wait());
}

TEST_F(ssh_server, lets_nobody_in_without_the_key_and_is_not_trusted_without_its_own)
{
    EXPECT_FALSE(run(ssh::try_passwordless_ssh(server(), by("stranger"))));
    EXPECT_FALSE(run(ssh::try_passwordless_ssh(server(), by("mine", "unknown"))));
    for (const auto& how : {by("stranger"), by("mine", "unknown")}) {
        try {
            run(ssh::open_tunnel("tcp://127.0.0.1:5555", server(), how));
            ADD_FAILURE();
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::no_tunnel) << e.what();
        }
    }
}

}  // namespace
}  // namespace ferry::zmq
