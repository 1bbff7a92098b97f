#include "ferry/async/async.hpp"
#include "ferry/testing/peer.hpp"
#include "ferry/testing/temporary_directory.hpp"
#include "ferry/zmq/zmq.hpp"

#include <gtest/gtest.h>

namespace ferry::zmq {
namespace {

using namespace std::chrono_literals;

const std::string any_port = "tcp://127.0.0.1:*";

class python : public testing::peer {
public:
    explicit python(std::vector<std::string> arguments)
        : peer(FERRY_INTEROP_DIR "/zmq_peer.py", arguments, FERRY_PYTHON)
    {
    }
    std::string at() const { return "tcp://127.0.0.1:" + std::to_string(port()); }

    /// The next line, while the loop runs on.
    std::string next_line()
    {
        return run(timeout(60s, run_blocking([this] { return line(); })));
    }
};

awaitable<void> echo(socket* s, std::string* user)
{
    for (;;) {
        message m = co_await s->receive();
        *user = m.metadata("User-Id").value_or("nobody");
        co_await s->send(std::move(m));
    }
}

// What a server says to a client, which is told at the handshake if it is not let in.
std::string ask(socket& client, const std::string& server)
{
    client.set(opt::linger, 0ms);
    auto news = client.watch();
    client.connect(server);
    try {
        run(timeout(60s, news.connected()));
    } catch (const error& e) {
        if (e.code() == errc::refused) return "refused";
        throw;
    }
    run(client.send("question"));
    return run(timeout(60s, client.receive_string()));
}

TEST(zmq_security_interop, certificates_both_ways)
{
    const testing::temporary_directory folder;
    const std::string path = folder.path().string();
    python({"certificates", path, "theirs"}).wait();
    const auto theirs = certificate::load(path + "/theirs.key_secret");
    ASSERT_TRUE(theirs.secret_key());
    EXPECT_EQ(curve_public(*theirs.secret_key()), theirs.public_key());
    EXPECT_EQ(theirs.metadata.at("name"), "py");
    const auto open = certificate::load(path + "/theirs.key");
    EXPECT_EQ(open.public_key(), theirs.public_key());
    EXPECT_FALSE(open.secret_key());

    auto mine = certificate::generate();
    mine.metadata["name"] = "ferry";
    mine.save(path, "mine");
    python secret({"load", path + "/mine.key_secret"});
    EXPECT_EQ(secret.line(), mine.public_key());
    EXPECT_EQ(secret.line(), *mine.secret_key());
    python half({"load", path + "/mine.key"});
    EXPECT_EQ(half.line(), mine.public_key());
    EXPECT_EQ(half.line(), "");
}

TEST(zmq_security_interop, curve_against_a_pyzmq_server)
{
    const testing::temporary_directory folder;
    const std::string path = folder.path().string();
    const auto server_keys = certificate::generate();
    const auto known = certificate::generate();
    server_keys.save(path, "server");
    known.save(path, "known");
    const python server({"curve_server", path});

    socket client(req);
    known.connect(client, server_keys.public_key());
    EXPECT_EQ(ask(client, server.at()), "question");

    socket stranger(req);
    certificate::generate().connect(stranger, server_keys.public_key());
    auto news = stranger.watch();
    stranger.connect(server.at());
    try {
        run(timeout(60s, news.connected()));
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::refused);
        EXPECT_NE(std::string(e.what()).find("handshake_failed_auth (400)"), std::string::npos)
            << e.what();
    }
}

TEST(zmq_security_interop, curve_for_pyzmq_clients)
{
    const testing::temporary_directory folder;
    const testing::temporary_directory allowed;
    const std::string path = folder.path().string();
    const auto server_keys = certificate::generate();
    server_keys.save(path, "server");
    python({"certificates", path, "known"}).wait();
    python({"certificates", path, "stranger"}).wait();
    std::filesystem::copy(path + "/known.key", allowed.path() / "known.key");

    authenticator door;
    door.configure_curve("*", allowed.path().string());
    socket server(rep);
    server_keys.serve(server);
    server.set(opt::zap_domain, "global");
    const std::string at = server.bind(any_port);
    std::string user;
    const auto serving = spawn(echo(&server, &user));
    EXPECT_EQ(python({"curve_client", path, at, "known"}).next_line(), "ok");
    EXPECT_EQ(user, certificate::load(path + "/known.key").public_key());
    EXPECT_EQ(python({"curve_client", path, at, "stranger"}).next_line(), "refused");
    EXPECT_EQ(door.accepted(), 1U);
    EXPECT_GE(door.refused(), 1U);
    serving.cancel();
    run(serving.wait());
}

TEST(zmq_security_interop, plain_both_ways)
{
    const python there({"plain_server"});
    const auto as = [&](const char* user, const char* password) {
        socket client(req);
        client.set(opt::plain_username, user);
        client.set(opt::plain_password, password);
        return ask(client, there.at());
    };
    EXPECT_EQ(as("ann", "secret"), "question");
    EXPECT_EQ(as("ann", "wrong"), "refused");

    authenticator door;
    door.configure_plain("*", {{"ann", "secret"}});
    socket server(rep);
    server.set(opt::plain_server, true);
    const std::string at = server.bind(any_port);
    std::string user;
    const auto serving = spawn(echo(&server, &user));
    EXPECT_EQ(python({"plain_client", at, "ann", "secret"}).next_line(), "ok");
    EXPECT_EQ(user, "ann");
    EXPECT_EQ(python({"plain_client", at, "ann", "wrong"}).next_line(), "refused");
    EXPECT_EQ(python({"plain_client", at, "bob", "secret"}).next_line(), "refused");
    serving.cancel();
    run(serving.wait());
}

}  // namespace
}  // namespace ferry::zmq
