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
        make_key("locked", passphrase);
        const std::string own = testing::read_file(path("mine.pub"));
        write("authorized", own + testing::read_file(path("locked.pub")));
        write("sshd_config", "ListenAddress 127.0.0.1\nPort " + port + "\nHostKey " + path("host") +
                                 "\nAuthorizedKeysFile " + path("authorized") + "\nPidFile " +
                                 path("sshd.pid") +
                                 "\nUsePAM no\nStrictModes no\nPermitRootLogin yes\n"
                                 "PasswordAuthentication yes\n");
        write("known", "[127.0.0.1]:" + port + ' ' + testing::read_file(path("host.pub")));
        write("unknown", "");
        auto hash = testing::run_program({"/usr/bin/openssl", "passwd", "-6", "-stdin"}, password);
        ASSERT_EQ(hash.status, 0) << hash.err;
        hash.out.pop_back();
        sshd.emplace(std::vector<std::string>{"/usr/bin/env", "LD_PRELOAD=" FERRY_SHADOW_ENTRY,
                                              "FERRY_SHADOW_HASH=" + hash.out, "/usr/sbin/sshd",
                                              "-D", "-e", "-f", path("sshd_config")},
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

    // The program ssh, knowing these hosts. It leaves what everybody may see of it in a file.
    ssh::tunnel_options by(const char* key, const char* known = "known",
                           const std::string& more = {})
    {
        const std::string program = path(std::string("ssh-") + known);
        write(std::string("ssh-") + known, "#!/bin/sh\n(env; printf '%s\\n' \"$@\") >" +
                                               path("seen") + "\nexec ssh " + knowing(known) +
                                               more + " \"$@\"\n");
        ::chmod(program.c_str(), 0700);
        return ssh::tunnel_options().program(program).keyfile(path(key)).timeout(20s);
    }
    std::string knowing(const char* known) const
    {
        return "-F none -o IdentitiesOnly=yes -o GlobalKnownHostsFile=/dev/null -o "
               "UserKnownHostsFile=" +
               path(known);
    }
    static std::string user() { return ::getpwuid(::geteuid())->pw_name; }
    std::string server() const { return "ssh://" + user() + "@127.0.0.1:" + port; }
    std::string path(const std::string& name) const { return folder / name; }
    void write(const std::string& name, const std::string& text) const
    {
        std::ofstream(path(name)) << text;
    }
    void make_key(const char* name, const std::string& phrase = {}) const
    {
        const auto made = testing::run_program(
            {"/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", phrase, "-f", path(name)});
        ASSERT_EQ(made.status, 0) << made.err;
    }
    std::string log() const { return testing::read_file(path("sshd.err")); }

    const std::string password = "it's $HOME, \\ and \"caf\xC3\xA9\"";
    const std::string passphrase = "open sesame";
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

// The error of opening a tunnel.
error refusal(const std::string& server, const ssh::tunnel_options& how)
{
    try {
        run(ssh::open_tunnel("tcp://127.0.0.1:5555", server, how));
    } catch (const error& e) {
        return e;
    }
    ADD_FAILURE() << "it is open";
    return error(errc::closed, "none");
}

// Whether an answer comes through the tunnel.
bool answers_through(const std::string& server, const ssh::tunnel_options& how)
{
    socket far(rep);
    const std::string endpoint = far.bind("tcp://127.0.0.1:*");
    auto serving = spawn(echo(&far));
    socket client(req);
    client.set(opt::linger, 0ms);
    const auto t = run(ssh::tunnel_connection(client, endpoint, server, how));
    run(client.send("x"));
    const bool answers = run(timeout(20s, client.receive_string())) == "x";
    serving.cancel();
    run(serving.wait());
    return answers;
}

TEST_F(ssh_server, lets_nobody_in_without_the_key_and_is_not_trusted_without_its_own)
{
    EXPECT_FALSE(run(ssh::try_passwordless_ssh(server(), by("stranger"))));
    EXPECT_FALSE(run(ssh::try_passwordless_ssh(server(), by("mine", "unknown"))));
    for (const auto& how : {by("stranger"), by("mine", "unknown")}) {
        const error e = refusal(server(), how);
        EXPECT_EQ(e.code(), errc::refused) << e.what();
    }
}

TEST_F(ssh_server, takes_a_password_that_nobody_else_sees)
{
    const auto how = by("stranger").password(password);
    EXPECT_FALSE(run(ssh::try_passwordless_ssh(server(), how)));
    EXPECT_TRUE(answers_through(user() + "@127.0.0.1:" + port, how)) << log();
    EXPECT_NE(log().find("Accepted password"), std::string::npos) << log();
    const std::string seen = testing::read_file(path("seen"));
    EXPECT_NE(seen.find("SSH_ASKPASS_REQUIRE=force"), std::string::npos);
    EXPECT_EQ(seen.find("sesame"), std::string::npos);
    EXPECT_EQ(seen.find("caf\xC3\xA9"), std::string::npos) << seen;
}

TEST_F(ssh_server, refuses_a_wrong_password_once)
{
    const error e = refusal(server(), by("stranger").password("a guess"));
    EXPECT_EQ(e.code(), errc::refused);
    EXPECT_EQ(e.code(), condition::denied);
    const std::string what = e.what();
    EXPECT_NE(what.find("Permission denied"), std::string::npos) << what;
    EXPECT_EQ(what.find("guess"), std::string::npos) << what;
    EXPECT_EQ(what.find('\n'), std::string::npos) << what;
    const std::string all = log();
    const auto first = all.find("Failed password");
    EXPECT_NE(first, std::string::npos) << all;
    EXPECT_EQ(all.find("Failed password", first + 1), std::string::npos) << all;
}

TEST_F(ssh_server, takes_a_key_with_its_passphrase)
{
    EXPECT_TRUE(answers_through(server(), by("locked").password(passphrase))) << log();
    EXPECT_NE(log().find("Accepted publickey"), std::string::npos) << log();
    EXPECT_EQ(refusal(server(), by("locked").password("a guess")).code(), errc::refused);
    EXPECT_EQ(refusal(server(), by("locked")).code(), errc::refused);
}

TEST_F(ssh_server, gets_no_password_before_it_is_trusted)
{
    for (const std::string& word : {password, std::string("yes")}) {
        const error e = refusal(server(), by("stranger", "unknown").password(word));
        EXPECT_EQ(e.code(), errc::refused) << e.what();
        EXPECT_EQ(log().find("password for"), std::string::npos) << log();
    }
}

TEST_F(ssh_server, gets_no_password_of_another_that_lies_behind_it)
{
    const std::string way = " -o 'ProxyCommand=ssh " + knowing("known") + " -i " +
                            path("stranger") + " -p " + port + " -W %h:%p " + user() +
                            "@127.0.0.1'";
    refusal(server(), by("stranger", "known", way).password(password));
    EXPECT_NE(log().find("Failed password"), std::string::npos) << log();
    EXPECT_EQ(log().find("Accepted"), std::string::npos) << log();
}

}  // namespace
}  // namespace ferry::zmq
