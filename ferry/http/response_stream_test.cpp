#include "ferry/http/response_stream.hpp"

#include "ferry/async/run.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/session.hpp"
#include "ferry/testing/http_script.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry::http {
namespace {

using ferry::testing::fault_server;
using ferry::testing::script;
using ferry::testing::url_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct row {
    int n = 0;
};
BOOST_DESCRIBE_STRUCT(row, (), (n))

script answer(std::string_view body)
{
    return script()
        .receive_until("\r\n\r\n")
        .send_in_pieces(
            fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body), 7);
}

awaitable<std::vector<std::string>> chunks_of(std::string from, std::size_t bytes)
{
    session api;
    response_stream stream = co_await api.stream("GET", std::move(from));
    body_chunks chunks = stream.chunks(bytes);
    std::vector<std::string> all;
    for (;;) {
        const auto chunk = co_await chunks.next();
        if (!chunk) break;
        all.emplace_back(chunk->text());
    }
    co_return all;
}

awaitable<std::vector<std::string>> lines_of(std::string from)
{
    session api;
    response_stream stream = co_await api.stream("GET", std::move(from));
    body_lines lines = stream.lines();
    std::vector<std::string> all;
    for (;;) {
        auto line = co_await lines.next();
        if (!line) break;
        all.push_back(std::move(*line));
    }
    co_return all;
}

awaitable<int> sum_of(std::string from)
{
    session api;
    response_stream stream = co_await api.stream("GET", std::move(from));
    body_documents<row> rows = stream.json_lines<row>();
    int sum = 0;
    for (;;) {
        const auto one = co_await rows.next();
        if (!one) break;
        sum += one->n;
    }
    co_return sum;
}

TEST(response_stream, comes_in_chunks)
{
    const fault_server server(answer("0123456789abcdef"));
    EXPECT_THAT(run(chunks_of(url_of(server), 5)), ElementsAre("01234", "56789", "abcde", "f"));
    EXPECT_THAT(run(chunks_of(url_of(server), 16)), ElementsAre("0123456789abcdef"));
    EXPECT_THAT(run(chunks_of(url_of(server), 3)),
                ElementsAre("012", "345", "678", "9ab", "cde", "f"));
}

TEST(response_stream, comes_in_lines)
{
    const fault_server server(answer("one\r\ntwo\n\nfour\rfive"));
    EXPECT_THAT(run(lines_of(url_of(server))), ElementsAre("one", "two", "", "four", "five"));
}

TEST(response_stream, comes_in_documents)
{
    const fault_server server(answer("{\"n\":1}\n\n  {\"n\":20}\r\n{\"n\":300}"));
    EXPECT_EQ(run(sum_of(url_of(server))), 321);
    const fault_server bad(answer("{\"n\":1}\n\n{\"n\":\"x\"}\n"));
    try {
        run(sum_of(url_of(bad)));
        FAIL();
    } catch (const type_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("line 3 of the body: $.n"));
    }
}

TEST(response, knows_its_request)
{
    fault_server server(answer("x"));
    session api;
    const auto sent =
        run(api.get(url_of(server), params("q", "a b"), headers("X-A", "1"))).request();
    EXPECT_EQ(sent.method, "GET");
    EXPECT_EQ(sent.target, "/?q=a+b");
    EXPECT_EQ(sent.headers["X-A"], "1");
    EXPECT_TRUE(sent.headers.contains("Host"));
    EXPECT_EQ(response().request().method, "");
}

TEST(response_stream, tells_how_long_things_took)
{
    fault_server server(answer("0123456789"));
    session api;
    const auto r = run(api.get(url_of(server)));
    EXPECT_TRUE(r.timings.dns);
    EXPECT_TRUE(r.timings.connect);
    EXPECT_FALSE(r.timings.tls);
    EXPECT_GT(r.timings.first_byte.count(), 0);
    EXPECT_GE(r.timings.total, r.elapsed);
    EXPECT_GE(r.timings.total, *r.timings.connect + r.timings.send + r.timings.first_byte);
}

}  // namespace
}  // namespace ferry::http
