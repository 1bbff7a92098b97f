#include "ferry/http/body.hpp"

#include "ferry/async/run.hpp"
#include "ferry/compress/decoder.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/multipart.hpp"
#include "ferry/http/session.hpp"
#include "ferry/testing/http_script.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;
using ferry::testing::fault_server;
using ferry::testing::ok_response;
using ferry::testing::script;
using ferry::testing::temporary_directory;
using ferry::testing::url_of;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

awaitable<std::string> collect(body from)
{
    if (!from.source()) co_return std::string(from.data().text());
    std::string all;
    for (;;) {
        const buffer part = co_await from.source()->next();
        if (part.empty()) break;
        all += part.text();
    }
    co_return all;
}

std::string written(const temporary_directory& dir, const char* name, std::string_view content)
{
    std::ofstream(dir / name, std::ios::binary) << content;
    return dir / name;
}

// A body that can be sent once, in the given parts.
body parts_of(std::vector<std::string> parts, std::optional<std::uint64_t> length = std::nullopt)
{
    auto left = std::make_shared<std::vector<std::string>>(std::move(parts));
    const auto next = [left]() -> awaitable<buffer> {
        const auto take = [](std::shared_ptr<std::vector<std::string>> from) -> awaitable<buffer> {
            if (from->empty()) co_return buffer();
            std::string part = std::move(from->front());
            from->erase(from->begin());
            co_return buffer(std::move(part));
        };
        return take(left);
    };
    return generator(next, "text/plain", length);
}

TEST(from_file, sends_a_file_or_a_part_of_it)
{
    const temporary_directory dir;
    const std::string path = written(dir, "f", "0123456789");
    const struct {
        std::uint64_t offset;
        std::optional<std::uint64_t> length;
        const char* sent;
    } rows[] = {{0, {}, "0123456789"}, {3, {}, "3456789"}, {3, 2, "34"}, {10, {}, ""}, {0, 0, ""}};
    for (const auto& r : rows) {
        SCOPED_TRACE(r.sent);
        const body b = from_file(path, r.offset, r.length);
        EXPECT_EQ(b.source()->length(), std::string_view(r.sent).size());
        EXPECT_EQ(run(collect(b)), r.sent);
        EXPECT_TRUE(b.source()->rewind());
        EXPECT_EQ(run(collect(b)), r.sent);
    }
    EXPECT_THROW(from_file(path, 11), error);
    EXPECT_THROW(from_file(path, 5, 6), error);
    EXPECT_THROW(from_file(path, 5, ~std::uint64_t{0}), error);
    EXPECT_THROW(from_file(dir / "none"), error);
    EXPECT_THROW(from_file(dir.path()), error);
}

TEST(from_file, is_sent_again_on_a_redirect)
{
    const temporary_directory dir;
    const std::string path = written(dir, "f", "file!");
    fault_server server(script()
                            .receive_until("file!")
                            .send("HTTP/1.1 307 x\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")
                            .receive_until("file!")
                            .send(ok_response));
    session api;
    EXPECT_EQ(run(api.put(url_of(server), from_file(path))).text(), "ok");
    EXPECT_THAT(server.received(0), HasSubstr("Content-Length: 5\r\n\r\nfile!PUT /b"));
    EXPECT_THAT(server.received(0), Not(HasSubstr("Content-Type")));
}

TEST(multipart, is_what_a_browser_sends)
{
    const temporary_directory dir;
    const std::string path = written(dir, "n\xc3\xa9.txt", "in the file");
    const body b = multipart(field("k", "v"), field("n", 7), field("yes", true),
                             file("f", path).header("X-H", "1"),
                             file("g", "a\"\r\n.bin", body("bytes")).type("x/y"),
                             field("meta", json(value::object("a", 1))));
    const std::string boundary(media_type(b.content_type()).boundary());
    EXPECT_EQ(boundary.size(), 6 + 32U);
    const std::string wanted = fmt::format(
        "--{0}\r\nContent-Disposition: form-data; name=\"k\"\r\n\r\nv\r\n"
        "--{0}\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n7\r\n"
        "--{0}\r\nContent-Disposition: form-data; name=\"yes\"\r\n\r\ntrue\r\n"
        "--{0}\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n\xc3\xa9.txt\"\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nX-H: 1\r\n\r\nin the file\r\n"
        "--{0}\r\nContent-Disposition: form-data; name=\"g\"; filename=\"a%22%0D%0A.bin\"\r\n"
        "Content-Type: x/y\r\n\r\nbytes\r\n"
        "--{0}\r\nContent-Disposition: form-data; name=\"meta\"\r\n"
        "Content-Type: application/json\r\n\r\n{{\"a\":1}}\r\n--{0}--\r\n",
        boundary);
    EXPECT_EQ(b.source()->length(), wanted.size());
    EXPECT_EQ(run(collect(b)), wanted);
    EXPECT_TRUE(b.source()->rewind());
    EXPECT_EQ(run(collect(b)), wanted);
    EXPECT_NE(multipart(field("k", "v")).content_type(), multipart(field("k", "v")).content_type());
}

TEST(multipart, has_no_length_if_a_part_has_none)
{
    const body b = multipart(field("k", "v"), file("f", "x.csv", parts_of({"a", "b"})));
    EXPECT_FALSE(b.source()->length());
    EXPECT_THAT(run(collect(b)), HasSubstr("\r\n\r\nab\r\n--"));
    EXPECT_FALSE(b.source()->rewind());
    EXPECT_THAT(run(collect(multipart(std::vector<part>()))), ::testing::StartsWith("--ferry-"));
}

TEST(multipart, refuses_names_that_cannot_be_sent)
{
    EXPECT_THROW(multipart(field(std::string_view("a\0b", 3), "v")), error);
    EXPECT_THROW(field("a", "v").header("X", "a\r\nY: b"), error);
    EXPECT_THROW(multipart(field("a", "v").type("a\r\nY: b")), error);
    EXPECT_THROW(file("f", "/nonexistent"), error);
}

TEST(body, is_compressed_on_request)
{
    const std::string text(100'000, 'x');
    const body plain(text, "text/plain");
    const body packed = plain.compressed(compress::codec::zstd);
    EXPECT_EQ(packed.content_encoding(), "zstd");
    EXPECT_EQ(packed.content_type(), "text/plain");
    EXPECT_EQ(as_text(compress::expand(packed.data().span())), text);

    const body streamed = parts_of({text, text}).compressed(compress::codec::gzip);
    EXPECT_FALSE(streamed.source()->length());
    EXPECT_EQ(as_text(compress::gunzip(as_bytes(run(collect(streamed))))), text + text);

    fault_server server(script().receive_until("\r\n\r\n").send(ok_response));
    session api;
    run(api.post(url_of(server), body("abc"), compress_body(compress::codec::gzip)));
    EXPECT_THAT(server.received(0), HasSubstr("Content-Encoding: gzip\r\n"));
}

TEST(body, may_be_in_pieces)
{
    fault_server server(script()
                            .receive_until("three")
                            .send("HTTP/1.1 308 x\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")
                            .receive_until("three")
                            .send(ok_response));
    session api;
    const std::vector<buffer> pieces = {buffer::copy("one"), buffer(), buffer::copy("two"),
                                        buffer::copy("three")};
    EXPECT_EQ(run(api.put(url_of(server), body(pieces, "text/plain"))).text(), "ok");
    EXPECT_THAT(server.received(0),
                HasSubstr("Content-Length: 11\r\n\r\nonetwothreePUT /b HTTP/1.1\r\n"));
    EXPECT_THAT(server.received(0), EndsWith("Content-Length: 11\r\n\r\nonetwothree"));
}

TEST(body, conflicts_with_another_one)
{
    session api;
    EXPECT_THROW(run(api.post("http://127.0.0.1:1/", json(value(1)), form("a", 1))), error);
    EXPECT_THROW(run(api.post("http://127.0.0.1:1/", body("x"), multipart(field("a", 1)))), error);
}

class with_trailers final : public body_source {
public:
    awaitable<buffer> next() override { co_return std::exchange(left_, buffer()); }
    std::optional<std::uint64_t> length() const override { return std::nullopt; }
    bool rewind() override { return true; }
    headers trailers() const override { return headers("X-Sum", "7"); }

private:
    buffer left_ = buffer::copy("abc");
};

TEST(body, may_be_followed_by_trailers)
{
    fault_server server(script().receive_until("7\r\n\r\n").send(ok_response));
    session api;
    run(api.post(url_of(server), body(std::make_shared<with_trailers>()),
                 headers("Trailer", "X-Sum")));
    EXPECT_THAT(server.received(0), HasSubstr("\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n"));
}

TEST(progress, tells_what_was_sent_and_received)
{
    fault_server server(
        script().receive_until("!").send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345"));
    session api;
    std::vector<transfer> seen;
    const auto note = [&seen](const transfer& t) { seen.push_back(t); };
    run(api.post(url_of(server), body(std::string(100'000, 'x') + "!"), progress(note)));
    ASSERT_GE(seen.size(), 2U);
    EXPECT_EQ(seen.back().sent, 100'001U);
    EXPECT_EQ(seen.back().sent_total, 100'001U);
    EXPECT_EQ(seen.back().received, 5U);
    EXPECT_EQ(seen.back().received_total, 5U);
    EXPECT_EQ(seen[seen.size() - 2].received, 0U);
}

TEST(expect_continue, waits_for_permission)
{
    fault_server server(script()
                            .receive_until("\r\n\r\n")
                            .send("HTTP/1.1 100 Continue\r\n\r\n")
                            .receive_until("body")
                            .send(ok_response));
    session api;
    EXPECT_EQ(run(api.post(url_of(server), body("body"), expect_continue())).text(), "ok");
    EXPECT_THAT(server.received(0), HasSubstr("Expect: 100-continue\r\n\r\nbody"));
}

TEST(expect_continue, keeps_the_body_from_a_server_that_refuses)
{
    fault_server server(script()
                            .receive_until("\r\n\r\n")
                            .send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")
                            .receive_until("never"));
    session api;
    EXPECT_EQ(run(api.post(url_of(server), body("body"), expect_continue())).status, 401);
    EXPECT_THAT(server.received(0), Not(HasSubstr("body")));
}

TEST(expect_continue, sends_again_without_it_after_417)
{
    fault_server server({script()
                             .receive_until("\r\n\r\n")
                             .send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"),
                         script().receive_until("body").send(ok_response)});
    session api;
    EXPECT_EQ(run(api.post(url_of(server), body("body"), expect_continue())).text(), "ok");
    EXPECT_EQ(server.connections(), 2U);
    EXPECT_THAT(server.received(1), Not(HasSubstr("Expect")));
}

TEST(expect_continue, is_automatic_above_one_megabyte)
{
    for (const bool large : {false, true}) {
        const std::string data(1024 * 1024 + (large ? 1 : 0), 'x');
        script answer;
        answer.receive_until("\r\n\r\n");
        if (!large) answer.receive_until(data);
        fault_server server(
            answer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n").stay_silent());
        session api;
        EXPECT_EQ(run(api.post(url_of(server), body(data))).status, 413);
        EXPECT_EQ(server.received(0).find("Expect") != std::string::npos, large);
    }
}

TEST(expect_continue, does_not_wait_for_ever)
{
    fault_server server(script().receive_until("body").send(ok_response));
    session api;
    // The second's wait is cut by the limit of a read.
    EXPECT_EQ(
        run(api.post(url_of(server), body("body"), expect_continue(), timeout().read(50ms))).text(),
        "ok");
}

TEST(params, take_what_requests_takes)
{
    EXPECT_EQ(params("a", std::vector{1, 2}, "b", std::nullopt, "c", std::optional<int>(), "d",
                     true, "e", "", "f", std::optional(1.5))
                  .encoded(),
              "a=1&a=2&d=true&e=&f=1.5");
    EXPECT_EQ(raw_query("x=1&y").encoded(), "x=1&y");
}

}  // namespace
}  // namespace ferry::http
