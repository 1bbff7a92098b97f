#include "ferry/tasks/detail/expected_results.hpp"

#include "ferry/async/run.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace ferry::tasks::detail {
namespace {

using names = std::vector<std::string>;
using clock = expected_results::clock;

TEST(expected_results, says_once_that_there_is_something_to_listen_for)
{
    expected_results all;
    EXPECT_TRUE(all.expect("a"));
    EXPECT_FALSE(all.expect("b"));
    EXPECT_FALSE(all.expect("a"));
    EXPECT_EQ(all.listen().begin, (names{"a", "b"}));
    EXPECT_TRUE(all.expect("c"));
    EXPECT_EQ(all.listen().begin, (names{"c"}));
}

TEST(expected_results, gives_what_has_come_once)
{
    expected_results all;
    all.expect("a");
    all.listen();
    EXPECT_FALSE(all.take("a"));
    all.came("a", "text");
    all.came("a", "another");
    all.came("b", "text");
    EXPECT_EQ(all.take("a"), "text");
    EXPECT_FALSE(all.take("a"));
    EXPECT_EQ(all.listen().end, (names{"a"}));
}

TEST(expected_results, tells_who_sent_the_call_that_its_result_has_come)
{
    expected_results all;
    const auto news = std::make_shared<arrival>();
    int told = 0;
    news->then([&] { ++told; });
    all.expect("a", clock::now(), news);
    all.listen();
    all.came("a", "text");
    EXPECT_EQ(told, 1);
    all.came("a", "again");
    EXPECT_EQ(told, 1);
    news->then([&] { ++told; });
    EXPECT_EQ(told, 2) << "it is known already";
}

TEST(expected_results, lets_those_go_on_who_wait)
{
    expected_results all;
    EXPECT_FALSE(all.wait("a"));
    const auto start = clock::now();
    all.expect("a", start);
    all.expect("b", start);
    all.expect("c", start);
    all.listen(start);
    const auto first = all.wait("a");
    const auto second = all.wait("a");
    const auto other = all.wait("b");
    all.wait("c");
    EXPECT_EQ(all.awaited(), (names{"a", "b"})) << "nobody waits for c any more";
    all.came("a", "text");
    ferry::run(gate::wait(first));
    ferry::run(gate::wait(second));
    ferry::run(gate::wait(all.wait("a")));
    EXPECT_EQ(all.awaited(), (names{"b"}));
    all.listen(start + expected_results::kept);
    ferry::run(gate::wait(other));
    EXPECT_FALSE(all.take("b"));
    EXPECT_TRUE(all.awaited().empty());
}

TEST(expected_results, forgets_the_oldest)
{
    const auto start = clock::now();
    expected_results all;
    all.expect("old", start);
    all.listen(start);
    all.expect("new", start + expected_results::kept);
    const auto changes = all.listen(start + expected_results::kept);
    EXPECT_EQ(changes.end, (names{"old"}));
    EXPECT_EQ(changes.begin, (names{"new"}));

    for (std::size_t n = 0; n < expected_results::most; ++n) all.expect(std::to_string(n));
    EXPECT_EQ(all.listen().end, (names{"new"}));
}

TEST(expected_results, keeps_few_bytes)
{
    expected_results all;
    all.expect("a");
    all.expect("b");
    all.listen();
    all.came("a", std::string(expected_results::most_bytes, 'x'));
    all.came("b", "text");
    all.listen();
    EXPECT_FALSE(all.take("a"));
    EXPECT_EQ(all.take("b"), "text");
}

}  // namespace
}  // namespace ferry::tasks::detail
