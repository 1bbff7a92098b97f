#include "ferry/async/task.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/redis/error.hpp"
#include "ferry/testing/certificates.hpp"
#include "ferry/testing/own_socket.hpp"

#include "server.hpp"
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

namespace ferry::redis {
namespace {

using namespace std::chrono_literals;

std::error_code failure_of(awaitable<reply> operation)
{
    try {
        run(std::move(operation));
    } catch (const error& e) {
        return e.code();
    }
    return {};
}

TEST(redis_faults, nobody_listens)
{
    const auto port = net::listener(net::tcp("127.0.0.1", 0)).port();
    client r(options().host("127.0.0.1", port));
    EXPECT_EQ(failure_of(r.cmd("PING")), std::errc::connection_refused);
}

TEST(redis_faults, a_killed_connection_is_made_again)
{
    const server at;
    client r(at.url());
    run(r.set("k", "v"));
    client other(at.url());
    for (int i = 0; i < 5; ++i) {
        run(other.cmd("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"));
        EXPECT_EQ(run(r.get("k")), "v");
    }
}

TEST(redis_faults, a_command_that_may_have_been_done_is_not_done_twice)
{
    const server at;
    client r(at.url());
    run(r.ping());
    const auto both = [](client over) -> awaitable<void> {
        // Killed by itself, the server never answers what came behind.
        auto killing = spawn(over.cmd("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"));
        auto counting = spawn(over.incr("n"));
        co_await killing.wait();
        co_await counting.wait();
        if (counting.failed()) {
            EXPECT_THROW(std::rethrow_exception(counting.failure()), connection_lost);
        }
    };
    run(both(r));
    EXPECT_LE(run(r.incr("n")), 2);
}

TEST(redis_faults, a_restart_under_load_loses_nothing_that_was_acknowledged)
{
    server at({"--appendonly", "yes", "--appendfsync", "always"});
    client r(options::from_url(at.url()).timeout(60s));
    int acknowledged = 0;
    bool stop = false;
    const auto load = [](client over, int* count, const bool* end) -> awaitable<void> {
        while (!*end) {
            try {
                auto counting = over.incr("n");
                co_await std::move(counting);
                ++*count;
            } catch (const connection_lost&) {
            } catch (const response_error&) {
            }
        }
    };
    const auto nemesis = [](server* s, const int* count, bool* end) -> awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            const int before = *count;
            while (*count < before + 50) co_await ferry::sleep(10ms);
            s->stop(SIGKILL);
            s->start();
        }
        *end = true;
    };
    const auto all = [&](bool* end) -> awaitable<void> {
        task_group group;
        for (int i = 0; i < 16; ++i) group.spawn(load(r, &acknowledged, end));
        group.spawn(nemesis(&at, &acknowledged, end));
        auto joining = group.join();
        co_await std::move(joining);
    };
    run(all(&stop));
    const int counted = std::stoi(run(r.get("n")).value());
    EXPECT_GT(acknowledged, 100);
    EXPECT_GE(counted, acknowledged);
}

TEST(redis_faults, a_server_that_stands_still_is_a_timeout_and_then_goes_on)
{
    const server at;
    client patient(options::from_url(at.url()).timeout(60s));
    run(patient.set("k", "v"));
    client r(options::from_url(at.url()).timeout(2s));
    run(r.ping());
    at.signal(SIGSTOP);
    EXPECT_THROW(run(r.get("k")), timeout_error);
    at.signal(SIGCONT);
    EXPECT_EQ(run(patient.get("k")), "v");
    EXPECT_EQ(run(r.get("k")), "v");
}

TEST(redis_faults, a_cancelled_command_leaves_the_connection_in_step)
{
    const server at;
    client r(at.url());
    run(r.set("a", "1"));
    at.signal(SIGSTOP);
    const auto cancel_one = [](client over) -> awaitable<void> {
        auto asking = spawn(over.get("a"));
        auto waiting = ferry::sleep(30ms);
        co_await std::move(waiting);
        asking.cancel();
        co_await asking.wait();
        EXPECT_TRUE(asking.cancelled());
    };
    run(cancel_one(r));
    at.signal(SIGCONT);
    run(r.set("b", "2"));
    EXPECT_EQ(run(r.get("b")), "2");
}

TEST(redis_faults, logins)
{
    server at({"--requirepass", "secret"});
    const auto with = [&](std::string user, std::string password, int protocol) {
        return client(options()
                          .host("127.0.0.1", at.port())
                          .login(std::move(user), std::move(password))
                          .protocol(protocol));
    };
    for (const int protocol : {2, 3}) {
        SCOPED_TRACE(protocol);
        EXPECT_EQ(failure_of(with("", "wrong", protocol).cmd("PING")), errc::wrong_pass);
        EXPECT_EQ(failure_of(with("", "", protocol).cmd("PING")), errc::no_auth);
        auto root = with("", "secret", protocol);
        run(root.cmd("ACL", "SETUSER", "app", "on", ">pw", "~app:*", "+@all", "-@dangerous"));
        auto app = with("app", "pw", protocol);
        EXPECT_EQ(failure_of(app.cmd("GET", "other")), errc::no_perm);
        EXPECT_EQ(failure_of(app.cmd("FLUSHALL")), errc::no_perm);
        EXPECT_TRUE(run(app.set("app:x", 1)));
    }
}

TEST(redis_faults, what_the_server_refuses_has_its_own_code)
{
    const server at({"--maxmemory", "1mb"});
    client r(at.url());
    const auto fill = [](client over) -> awaitable<reply> {
        for (;;) {
            auto pushing = over.cmd("RPUSH", "l", std::string(100'000, 'x'));
            co_await std::move(pushing);
        }
    };
    EXPECT_EQ(failure_of(fill(r)), errc::oom);
    EXPECT_EQ(failure_of(r.cmd("EVALSHA", std::string(40, '0'), 0)), errc::no_script);
    EXPECT_EQ(failure_of(r.cmd("XREADGROUP", "GROUP", "g", "c", "STREAMS", "none", ">")),
              errc::no_group);
    const server replica({"--replicaof", "127.0.0.1", std::to_string(at.port())});
    client copy(replica.url());
    EXPECT_EQ(failure_of(copy.cmd("SET", "k", "v")), errc::read_only);
}

TEST(redis_faults, a_server_that_still_loads_is_waited_for)
{
    // A minute for its keys, unless it is told to hurry.
    server at({"--key-load-delay", "60000", "--loading-process-events-interval-bytes", "1024"});
    client r(options::from_url(at.url()).timeout(60s));
    pipeline keys;
    for (int i = 0; i < 1000; ++i) keys.set(fmt::format("k{}", i), std::string(100, 'x'));
    run(r.execute(std::move(keys)));
    run(r.cmd("SAVE"));
    at.stop(SIGKILL);
    at.start();
    client fresh(options::from_url(at.url()).timeout(60s));
    const std::string state = run(fresh.cmd("INFO", "persistence")).as<std::string>();
    EXPECT_NE(state.find("loading:1"), std::string::npos) << state;
    const auto get_while_it_loads = [](client over, client beside) -> awaitable<std::string> {
        pipeline two;
        two.get("k998").get("k999");
        auto getting = spawn(over.get("k999"));
        auto getting_two = spawn(over.execute(std::move(two)));
        auto hurrying = beside.cmd("CONFIG", "SET", "key-load-delay", 0);
        co_await std::move(hurrying);
        const auto found = co_await getting.join();
        const std::vector<reply> both = co_await getting_two.join();
        EXPECT_EQ(both.at(1).text(), found.value());
        co_return found.value();
    };
    EXPECT_EQ(run(get_while_it_loads(r, fresh)), std::string(100, 'x'));
}

TEST(redis_faults, tls_checks_the_certificate)
{
    const testing::temporary_directory directory;
    testing::certificate_authority authority(directory.path());
    const auto good = authority.issue({"127.0.0.1"});
    const auto wrong = authority.issue({"other.example"});
    for (const auto& [identity, accepted] : {std::pair{good, true}, std::pair{wrong, false}}) {
        const auto port = net::listener(net::tcp("127.0.0.1", 0)).port();
        const server at({"--tls-port", std::to_string(port), "--tls-cert-file", identity.chain,
                         "--tls-key-file", identity.key, "--tls-ca-cert-file", authority.ca_file(),
                         "--tls-auth-clients", "no"});
        const auto url =
            fmt::format("rediss://127.0.0.1:{}/0?ssl_ca_certs={}", port, authority.ca_file());
        client r(url);
        if (accepted) {
            EXPECT_TRUE(run(r.set("k", "v")));
        } else {
            EXPECT_THROW(run(r.get("k")), tls_error);
        }
    }
}

// A master, its replica, and three sentinels that know them.
class watched_master {
public:
    watched_master()
    {
        for (int i = 0; i < 3; ++i) {
            const auto port = net::listener(net::tcp("127.0.0.1", 0)).port();
            const std::string conf = directory_ / fmt::format("{}.conf", i);
            std::ofstream(conf) << "port " << port << "\nbind 127.0.0.1\ndir "
                                << directory_.path().string()
                                << "\nsentinel monitor mymaster 127.0.0.1 " << master.port()
                                << " 2\nsentinel down-after-milliseconds mymaster 1000\n"
                                << "sentinel failover-timeout mymaster 5000\n";
            sentinels_.push_back(std::make_unique<testing::program>(
                std::vector<std::string>{"/usr/bin/redis-server", conf, "--sentinel"},
                directory_ / "out", directory_ / "err"));
            where_.push_back(net::tcp("127.0.0.1", port));
        }
        run(timeout(60s, settled(where_)));
    }

    options at() const { return options().sentinels(where_, "mymaster"); }

    server master;
    const server replica{{"--replicaof", "127.0.0.1", std::to_string(master.port())}};

private:
    static awaitable<void> settled(std::vector<net::endpoint> all)
    {
        for (const auto& one : all) {
            client s(options().host(one.host(), one.port()).protocol(2));
            for (;;) {
                try {
                    auto asking = s.cmd("SENTINEL", "MASTER", "mymaster");
                    auto fields = (co_await std::move(asking)).as<text_map>();
                    if (fields["num-other-sentinels"] == "2" && fields["num-slaves"] == "1") break;
                } catch (const connection_error&) {
                }
                auto waiting = ferry::sleep(50ms);
                co_await std::move(waiting);
            }
        }
    }

    const testing::temporary_directory directory_;
    std::vector<std::unique_ptr<testing::program>> sentinels_;
    std::vector<net::endpoint> where_;
};

// Counts until a hundred were acknowledged.
awaitable<void> count_on(client over)
{
    for (int acknowledged = 0; acknowledged < 100;) {
        try {
            auto counting = over.incr("after");
            co_await std::move(counting);
            ++acknowledged;
        } catch (const connection_lost&) {
        } catch (const timeout_error&) {
        }
    }
}

TEST(redis_faults, a_fail_over_by_sentinels_loses_no_connection)
{
    watched_master at;
    client r(at.at().timeout(60s));
    EXPECT_EQ(run(r.incr("n")), 1);
    at.master.stop(SIGKILL);
    run(timeout(100s, count_on(r)));
    EXPECT_GE(std::stoi(run(r.get("after")).value()), 100);
    client direct(at.replica.url());
    EXPECT_EQ(run(direct.cmd("ROLE"))[0].text(), "master");
}

// One that is cut off says nothing; neither does its connection end.
TEST(redis_faults, a_master_that_stands_still_is_left_for_the_new_one)
{
    watched_master at;
    client r(at.at().timeout(3s).connect_timeout(3s));
    EXPECT_EQ(run(r.incr("n")), 1);
    at.master.signal(SIGSTOP);
    run(timeout(100s, count_on(r)));
    client direct(at.replica.url());
    EXPECT_EQ(run(direct.cmd("ROLE"))[0].text(), "master");
    EXPECT_GE(std::stoi(run(direct.get("after")).value()), 100);
}

// Publishes until something is heard: what comes to a connection that ends is lost, and a sentinel
// that promotes a replica ends all of its connections.
awaitable<void> hear_again(subscriber* news, client publishing)
{
    auto hearing = spawn(news->next());
    while (!hearing.done()) {
        try {
            auto telling = publishing.publish("news", "again");
            co_await std::move(telling);
        } catch (const connection_error&) {
        } catch (const timeout_error&) {
        }
        auto pausing = ferry::sleep(20ms);
        co_await std::move(pausing);
    }
    const auto heard = co_await hearing.join();
    EXPECT_EQ(heard->data(), "again");
}

TEST(redis_faults, a_subscriber_comes_back_after_a_restart)
{
    server at;
    client r(at.url());
    const auto hear = [](client over, server* s) -> awaitable<void> {
        subscriber news(over);
        auto subscribing = news.subscribe({"news"});
        co_await std::move(subscribing);
        s->stop(SIGKILL);
        s->start();
        auto hearing = hear_again(&news, over);
        co_await std::move(hearing);
    };
    run(timeout(60s, hear(r, &at)));
}

awaitable<void> somebody_blocked(client on)
{
    for (bool blocked = false; !blocked;) {
        auto asking = on.cmd("INFO", "clients");
        const reply answer = co_await std::move(asking);
        blocked = answer.text().find("blocked_clients:1") != std::string::npos;
        auto pausing = ferry::sleep(10ms);
        co_await std::move(pausing);
    }
}

// With time limits longer than the test: only the sentinels' news can end the waiting.
TEST(redis_faults, sentinels_tell_of_a_fail_over)
{
    watched_master at;
    const auto with = at.at().timeout(200s).connect_timeout(200s).health_check_interval(0s);
    const auto leave = [](client connected, client connects,
                          watched_master* of) -> awaitable<void> {
        auto counting = connected.incr("n");
        co_await std::move(counting);
        auto copying = connected.cmd("WAIT", 1, 0);
        co_await std::move(copying);
        subscriber news(connected);
        auto subscribing = news.subscribe({"news"});
        co_await std::move(subscribing);
        auto popping = spawn(connected.brpop({"l"}, 0s));
        auto blocked = somebody_blocked(client(of->master.url()));
        co_await std::move(blocked);
        of->master.signal(SIGSTOP);
        auto getting = spawn(connected.get("n"));
        auto connecting = spawn(connects.set("k", "v"));
        co_await popping.wait();
        EXPECT_THROW(std::rethrow_exception(popping.failure()), connection_lost);
        const auto got = co_await getting.join();
        EXPECT_EQ(got, "1");
        const bool was_set = co_await connecting.join();
        EXPECT_TRUE(was_set);
        auto hearing = hear_again(&news, connected);
        co_await std::move(hearing);
    };
    run(timeout(100s, leave(client(with), client(with), &at)));
    client direct(at.replica.url());
    EXPECT_EQ(run(direct.get("k")), "v");
}

TEST(redis_faults, the_system_asks_whether_the_servers_machine_is_there)
{
    const server at;
    client r(at.url());
    run(r.ping());
    const int fd = testing::own_socket_to(at.port());
    ASSERT_GE(fd, 0);
    EXPECT_EQ(testing::socket_option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(testing::socket_option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 15);
}

// With both versions of the protocol, in which the answers to PING differ.
TEST(redis_faults, a_subscriber_leaves_a_master_that_stands_still_for_the_new_one)
{
    for (const int protocol : {2, 3}) {
        SCOPED_TRACE(protocol);
        watched_master at;
        const client r(
            at.at().protocol(protocol).timeout(3s).connect_timeout(3s).health_check_interval(
                300ms));
        const auto hear = [](client over, const watched_master* of) -> awaitable<void> {
            subscriber news(over);
            auto subscribing = news.subscribe({"news"});
            co_await std::move(subscribing);
            // Some checks of a server that is well.
            auto waiting = timeout(2s, news.next());
            try {
                co_await std::move(waiting);
                ADD_FAILURE() << "a message out of nothing";
            } catch (const timeout_error&) {
            }
            of->master.signal(SIGSTOP);
            auto hearing = hear_again(&news, client(of->replica.url()));
            co_await std::move(hearing);
        };
        run(timeout(100s, hear(r, &at)));
    }
}

}  // namespace
}  // namespace ferry::redis
