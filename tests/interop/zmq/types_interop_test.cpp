// Every pair of socket types, with PyZMQ at the other end, over TCP and over a file.
#include "ferry/async/async.hpp"
#include "ferry/testing/peer.hpp"
#include "ferry/testing/temporary_directory.hpp"
#include "ferry/zmq/zmq.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

namespace ferry::zmq {
namespace {

using namespace std::chrono_literals;

awaitable<std::string> line_of(testing::peer* p)
{
    return run_blocking([p] { return p->line(); });
}

// Asks with an envelope where the other end may want one.
awaitable<void> ask(socket* s)
{
    const bool enveloped = s->type() == dealer || s->type() == router;
    multipart question = enveloped ? parts("", "hello") : parts("hello");
    co_await s->send_multipart(std::move(question));
    const multipart answer = co_await s->receive_multipart();
    EXPECT_EQ(answer.back(), "HELLO");
}

awaitable<void> answer(socket* s)
{
    multipart m = co_await s->receive_multipart();
    std::string loud = m.back().to_string();
    std::ranges::transform(loud, loud.begin(), [](unsigned char c) { return std::toupper(c); });
    m.back() = message(loud);
    co_await s->send_multipart(std::move(m));
}

// Until the other end has it: whoever subscribes late gets only what comes then.
awaitable<void> publish(socket* s)
{
    if (s->type() == xpub) {
        const message wanted = co_await s->receive();
        EXPECT_EQ(wanted.text().substr(0, 1), "\x01");
    }
    for (;;) {
        co_await s->send("hello");
        co_await ferry::sleep(10ms);
    }
}

awaitable<void> hear(socket* s)
{
    if (s->type() != pull) s->subscribe("");
    const message m = co_await s->receive();
    EXPECT_EQ(m, "hello");
}

struct row {
    socket_type mine;
    const char* theirs;
};

awaitable<void> its_part(socket* s)
{
    switch (s->type()) {
        case push: return s->send_multipart(parts("hello"));
        case pull:
        case sub:
        case xsub: return hear(s);
        case pair:
        case rep:
        case router: return answer(s);
        default: return ask(s);
    }
}

// What a socket of ours does with its peer, whose word on it comes in a line.
awaitable<void> meet(socket* s, testing::peer* p)
{
    task_group meanwhile;
    if (s->type() == pub || s->type() == xpub) {
        meanwhile.spawn(publish(s));
    } else {
        auto part = its_part(s);
        co_await std::move(part);
    }
    auto reading = line_of(p);
    const std::string said = co_await std::move(reading);
    EXPECT_EQ(said, "ok");
}

TEST(zmq_types_interop, every_pair_of_types_both_ways)
{
    const std::vector<row> rows{
        {pair, "PAIR"}, {req, "REP"},    {req, "ROUTER"}, {dealer, "REP"},    {dealer, "ROUTER"},
        {rep, "REQ"},   {rep, "DEALER"}, {router, "REQ"}, {router, "DEALER"}, {push, "PULL"},
        {pull, "PUSH"}, {pub, "SUB"},    {pub, "XSUB"},   {xpub, "SUB"},      {xpub, "XSUB"},
        {sub, "PUB"},   {sub, "XPUB"},   {xsub, "PUB"},   {xsub, "XPUB"}};
    const testing::temporary_directory folder;
    for (const bool over_tcp : {true, false}) {
        std::vector<socket> mine;
        std::vector<std::string> arguments{"meet"};
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const std::string at =
                over_tcp ? "tcp://127.0.0.1:*" : "ipc://" + (folder / ("at" + std::to_string(i)));
            mine.emplace_back(rows[i].mine);
            arguments.push_back(rows[i].theirs + ("=" + mine.back().bind(at)));
        }
        testing::peer python(FERRY_INTEROP_DIR "/zmq_peer.py", arguments, FERRY_PYTHON);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            SCOPED_TRACE(std::string(name(rows[i].mine)) + " and " + rows[i].theirs +
                         (over_tcp ? " over tcp" : " over ipc"));
            run(timeout(30s, meet(&mine[i], &python)));
        }
    }
}

}  // namespace
}  // namespace ferry::zmq
