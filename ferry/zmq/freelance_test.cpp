#include "ferry/zmq/freelance.hpp"

#include "ferry/async/async.hpp"
#include "ferry/testing/temporary_directory.hpp"
#include "ferry/zmq/detail/freelance_machine.hpp"
#include "ferry/zmq/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::zmq::freelance {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::Pair;

std::vector<std::string> texts(const multipart& all)
{
    std::vector<std::string> out;
    for (const message& m : all) out.push_back(m.to_string());
    return out;
}

class conversation {
public:
    detail::client_machine machine{options()};
    detail::client_machine::time_point now{};

    std::vector<std::vector<std::string>> due()
    {
        std::vector<std::vector<std::string>> out;
        for (const multipart& m : machine.due(now)) out.push_back(texts(m));
        return out;
    }
    std::optional<std::vector<std::string>> comes(multipart m)
    {
        const auto answer = machine.receive(std::move(m), now);
        return answer ? std::optional(texts(*answer)) : std::nullopt;
    }
};

TEST(freelance_client, asks_who_answers_its_pings_first)
{
    conversation c;
    c.machine.add("a", c.now);
    c.machine.add("b", c.now);
    c.machine.add("a", c.now);
    c.machine.begin(parts("question"), c.now);
    EXPECT_THAT(c.due(), ElementsAre(ElementsAre("a", "PING"), ElementsAre("b", "PING")));
    EXPECT_THAT(c.due(), IsEmpty());
    EXPECT_FALSE(c.comes(parts("b", "PONG")));
    EXPECT_THAT(c.due(), ElementsAre(ElementsAre("b", "1", "question")));
    EXPECT_THAT(c.due(), IsEmpty()) << "once";
    EXPECT_THAT(c.machine.servers(), ElementsAre(Pair("b", true), Pair("a", false)));
    EXPECT_FALSE(c.comes(parts("b", "0", "of an earlier request")));
    EXPECT_THAT(c.comes(parts("b", "1", "an", "answer")), Optional(ElementsAre("an", "answer")));
    EXPECT_FALSE(c.comes(parts("b", "1", "again")));
}

TEST(freelance_client, goes_on_to_the_next_when_one_falls_silent)
{
    conversation c;
    c.machine.add("a", c.now);
    c.machine.add("b", c.now);
    c.machine.begin(parts("question"), c.now);
    c.due();
    c.comes(parts("a", "PONG"));
    EXPECT_THAT(c.due(), ElementsAre(ElementsAre("a", "1", "question")));
    bool asked = false;
    for (int i = 0; i < 10 && !asked; ++i) {
        c.now = c.machine.next();
        for (const auto& m : c.due()) {
            asked = asked || m == std::vector<std::string>{"b", "1", "question"};
        }
        c.comes(parts("b", "PONG"));
    }
    EXPECT_TRUE(asked);
    EXPECT_EQ(c.now.time_since_epoch(), 6s);
    EXPECT_THAT(c.machine.servers(), ElementsAre(Pair("b", true), Pair("a", false)));
}

TEST(freelance_client, passes_over_what_is_none_of_its_protocol)
{
    conversation c;
    EXPECT_THAT(c.due(), IsEmpty());
    c.machine.add("a", c.now);
    EXPECT_FALSE(c.comes({}));
    EXPECT_FALSE(c.comes(parts("a")));
    EXPECT_FALSE(c.comes(parts("stranger", "PONG")));
    EXPECT_FALSE(c.comes(parts("a", "1", "unasked")));
}

awaitable<multipart> shout(multipart body)
{
    body.emplace_back("!");
    co_return body;
}

TEST(freelance, a_client_goes_on_when_a_server_ends)
{
    const testing::temporary_directory folder;
    const std::string one = "ipc://" + (folder.path() / "one").string();
    const std::string two = "ipc://" + (folder.path() / "two").string();
    const auto how = options().ping(20ms).expiry(100ms).timeout(10s);
    client asking(how);
    asking.connect(one);
    asking.connect(two);
    server second(two);
    auto serving = spawn(second.run(shout));
    {
        server first(one);
        auto also = spawn(first.run(shout));
        for (int i = 0; i < 10; ++i) {
            EXPECT_THAT(texts(run(asking.request(parts("a", "b")))), ElementsAre("a", "b", "!"));
        }
        also.cancel();
        run(also.wait());
    }
    for (int i = 0; i < 10; ++i) {
        EXPECT_THAT(texts(run(asking.request(parts("a")))), ElementsAre("a", "!"));
    }
    serving.cancel();
    run(serving.wait());

    client hasty(options().timeout(20ms));
    hasty.connect("ipc://" + (folder.path() / "nobody").string());
    try {
        run(hasty.request(parts("x")));
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::no_answer);
    }
    EXPECT_THROW(server("tcp://127.0.0.1:*"), invalid_endpoint);
    EXPECT_NO_THROW(server("tcp://127.0.0.1:*", "tcp://here:1"));
}

}  // namespace
}  // namespace ferry::zmq::freelance
