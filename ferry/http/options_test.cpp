#include "ferry/http/options.hpp"

#include "ferry/async/run.hpp"
#include "ferry/http/error.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;

TEST(params, take_text_numbers_bools_optionals_and_ranges)
{
    const std::vector<std::string> tags = {"a b", "é"};
    EXPECT_EQ(params("a", 1, "b", "x&y", "c", true, "d", 0.5, "e", "").encoded(),
              "a=1&b=x%26y&c=true&d=0.5&e=");
    EXPECT_EQ(
        params("t", tags, "n", std::nullopt, "o", std::optional<int>(), "p", std::optional<int>(3))
            .encoded(),
        "t=a+b&t=%C3%A9&p=3");
    EXPECT_EQ(params("n&me", std::string_view("\0", 1)).encoded(), "n%26me=%00");
    EXPECT_EQ(params::raw("x=1&y").encoded(), "x=1&y");
    EXPECT_EQ(params().add("*-._~", "*-._~").encoded(), "*-._%7E=*-._%7E");
}

TEST(request_options, later_options_add_or_override)
{
    const request_options with(params("a", 1), timeout(5s), headers("A", "1"), params("b", 2),
                               timeout().total(9s).read(1s), headers("A", "2"), redirects(3),
                               without("Accept", "User-Agent"), cookies("c", "1", "d", "2"));
    EXPECT_EQ(with.query, "a=1&b=2");
    EXPECT_EQ(with.headers, headers("A", "1", "A", "2"));
    EXPECT_EQ(with.timeouts.connect(), 5s);
    EXPECT_EQ(with.timeouts.read(), 1s);
    EXPECT_EQ(with.timeouts.total(), 9s);
    EXPECT_FALSE(with.timeouts.pool());
    EXPECT_EQ(with.max_redirects, 3);
    EXPECT_EQ(with.without.size(), 2U);
    EXPECT_EQ(with.cookies, "c=1; d=2");
}

TEST(request_options, have_one_body)
{
    EXPECT_THROW(request_options(form("a", 1), json(value(1))), error);
    EXPECT_EQ(request_options(json(value(1))).body.content_type(), "application/json");
}

TEST(auth, refuses_what_cannot_travel)
{
    EXPECT_EQ(basic_auth("é", "ü").value(), "Basic w6k6w7w=");
    EXPECT_THROW(basic_auth("a:b", "c"), error);
    for (const char* bad : {"", "a b", "a\nb", "caf\xc3\xa9"}) EXPECT_THROW(bearer(bad), error);
}

awaitable<std::size_t> take(request_options with)
{
    co_return with.query.size() + with.headers.size() + with.body.data().size();
}

template <class... Options>
awaitable<std::size_t> front_door(const Options&... options)
{
    return take(request_options(options...));
}

// Every option as a temporary inside a co_await expression, which g++ 12 gets wrong for aggregates.
awaitable<std::size_t> use_all(std::string text)
{
    std::size_t total = 0;
    total += co_await front_door(params("q", text, "page", 2), timeout(5s));
    total += co_await front_door(headers("A", text, "B", text), form("a", text, "b", 2));
    total += co_await front_door(json(value::object("a", text)), cookies("a", "b"), bearer("t"));
    total +=
        co_await front_door(body(text, "text/plain"), basic_auth(text, "p"), without("Accept"));
    total +=
        co_await front_door(redirects(3), decode(false), max_body(9), lenient(), allow_downgrade());
    co_return total;
}

TEST(request_options, may_be_made_inside_a_co_await_expression)
{
    EXPECT_EQ(run(use_all("some text that needs the heap")), 141U);
}

}  // namespace
}  // namespace ferry::http
