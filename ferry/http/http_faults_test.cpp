// What servers and callers do wrong, and the exact words for it: the client's rows of the fault
// table, by their numbers. Rows 30 to 33 are in connect_faults_test.cpp; 34 (proxies) and 36
// (downloads) are tested with those.
#include "ferry/async/run.hpp"
#include "ferry/compress/encoder.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/session.hpp"
#include "ferry/testing/fault_server.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;
using testing::fault_server;
using testing::script;

const std::string head = "HTTP/1.1 200 OK\r\n";
const std::string ok_response = head + "Content-Length: 2\r\n\r\nok";
enum class then { closes, resets, waits };

script answer(const std::string& bytes, then end)
{
    script s = script().receive_until("\r\n\r\n").send(bytes);
    if (end == then::closes) return s.close();
    if (end == then::resets) return s.reset();
    return s.stay_silent();
}

// The message of what the request fails with, the server's address in it written as HOST.
std::string failure_of(const std::string& url, const std::string& host,
                       const std::function<response(session&, std::string)>& send)
{
    session api(timeout(5s));
    try {
        send(api, url);
        return "no error";
    } catch (const error& e) {
        std::string text = e.what();
        for (std::size_t at = text.find(host); at != text.npos; at = text.find(host)) {
            text.replace(at, host.size(), "HOST");
        }
        return text;
    }
}

response get(session& api, std::string url)
{
    return run(api.get(std::move(url)));
}

std::string failure_from(const std::string& bytes, then end,
                         const std::function<response(session&, std::string)>& send = get)
{
    fault_server server(answer(bytes, end));
    const std::string host = fmt::format("127.0.0.1:{}", server.port());
    return failure_of("http://" + host + "/x", host, send);
}

TEST(http_faults, broken_answers_are_told_exactly)
{
    const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
    const struct {
        const char* row;
        std::string bytes;
        then end;
        const char* message;
    } rows[] = {
        {"1", head + "Content-Length: 100\r\n\r\nabc", then::closes,
         "incomplete body: 3 of 100 bytes, then the connection closed"},
        {"3", head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", then::closes,
         "read HOST: two Content-Lengths, 3 and 4"},
        {"5: negative", head + "Content-Length: -1\r\n\r\n", then::closes,
         "read HOST: bad Content-Length \"-1\""},
        {"5: letters", head + "Content-Length: abc\r\n\r\n", then::closes,
         "read HOST: bad Content-Length \"abc\""},
        {"6", head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", then::closes,
         "both Content-Length and Transfer-Encoding"},
        {"7: letters", chunked + "zz\r\n", then::closes, "read HOST: bad chunk size \"z\""},
        {"7: over 64 bit", chunked + "11111111111111111\r\n", then::closes,
         "read HOST: bad chunk size: too large"},
        {"8: chunk cut", chunked + "5\r\nab", then::closes,
         "incomplete body: 2 bytes, then the connection closed"},
        {"8: no last chunk", chunked + "2\r\nab\r\n", then::closes,
         "incomplete body: 2 bytes, then the connection closed"},
        {"8: no CRLF", chunked + "2\r\nabX\r\n", then::closes,
         "read HOST: no line end after a chunk"},
        {"10", "", then::closes, "read HOST: closed before the status line"},
        {"10: half a head", "HTTP/1.1 200 OK\r\nA: b", then::closes,
         "read HOST: closed inside the head"},
        {"11: greeting", "hello world\r\n", then::closes,
         "read HOST: bad status line \"hello world.\""},
        {"11: HTTP/0.9", "<html><body>hi</body></html>\r\n", then::closes,
         "read HOST: bad status line \"<html><body>hi</body></html>.\""},
        {"11: SSH", "SSH-2.0-OpenSSH_9.2\r\n", then::closes,
         "read HOST: the answer looks like SSH: \"SSH-2.0-OpenSSH_9.2.\""},
        {"12", "HTTP/1.1 99999 X\r\n\r\n", then::closes,
         "read HOST: bad status line \"HTTP/1.1 99999 X\""},
        {"14: one long header", head + "A: " + std::string(100'000, 'x') + "\r\n\r\n", then::closes,
         "read HOST: limit head_bytes = 65536 exceeded"},
        {"15", head + "oops\r\n\r\n", then::closes, "read HOST: bad header line \"oops\""},
        {"18: reset in the body", head + "Content-Length: 100\r\n\r\nabc", then::resets,
         "incomplete body: 3 of 100 bytes, then read HOST: Connection reset by peer"},
        {"18: reset before the status", "", then::resets, "read HOST: Connection reset by peer"},
        {"32: http to a TLS port", "\x15\x03\x01\x02\x02\x46", then::closes,
         "read HOST: the peer speaks TLS on this port: use https"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.row);
        EXPECT_EQ(failure_from(r.bytes, r.end), std::string("GET http://HOST/x: ") + r.message);
    }
}

TEST(http_faults, harmless_oddities_are_taken)
{
    std::string many = head;
    for (int i = 0; i < 200; ++i) many += fmt::format("X-{}: {}\r\n", i, i);
    const struct {
        const char* row;
        std::string bytes;
        const char* body;
    } rows[] = {
        {"2", head + "Content-Length: 2\r\n\r\nok more", "ok"},
        {"4", head + "Content-Length: 2, 2\r\n\r\nok", "ok"},
        {"9", head + "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nX-T: 1\r\n\r\n", "ok"},
        {"13", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok_response, "ok"},
        {"14: 200 headers", many + "Content-Length: 2\r\n\r\nok", "ok"},
        {"16: folding", head + "A: b\r\n c\r\nContent-Length: 2\r\n\r\nok", "ok"},
        {"16: bare LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "ok"},
        {"17: until close", head + "\r\nok", "ok"},
        {"17: 204 with a body", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok", ""},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.row);
        fault_server server(answer(r.bytes, then::closes));
        session api;
        const response got = run(api.get(fmt::format("http://127.0.0.1:{}/", server.port())));
        EXPECT_EQ(got.text(), r.body);
        if (std::string_view(r.row) == "9") {
            EXPECT_EQ(got.trailers()["X-T"], "1");
        }
        if (std::string_view(r.row) == "16: folding") {
            EXPECT_EQ(got.headers["A"], "b   c");  // a space for each byte
        }
    }
}

TEST(http_faults, lenient_takes_a_length_beside_chunked)
{
    fault_server server(answer(head + "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"
                                      "2\r\nok\r\n0\r\n\r\n",
                               then::closes));
    session api(lenient());
    EXPECT_EQ(run(api.get(fmt::format("http://127.0.0.1:{}/", server.port()))).text(), "ok");
}

TEST(http_faults, a_reset_before_the_status_is_tried_again_if_asked)
{
    fault_server server(
        std::vector<script>{answer("", then::resets), answer(ok_response, then::closes)});
    session api(retry(1).backoff(1ms));
    EXPECT_EQ(run(api.get(fmt::format("http://127.0.0.1:{}/", server.port()))).text(), "ok");
}

TEST(http_faults, silence_and_drips_end)
{
    const auto by = [](const auto& option) {
        return [option](session& api, std::string url) {
            return run(api.get(std::move(url), option));
        };
    };
    EXPECT_EQ(failure_from("", then::waits, by(timeout(40ms))),
              "GET http://HOST/x: read HOST: no answer within 40 ms");
    for (const bool total : {true, false}) {
        fault_server drip(script()
                              .receive_until("\r\n\r\n")
                              .send(head + "Content-Length: 1000\r\n\r\n")
                              .drip("x", 5ms));
        const std::string host = fmt::format("127.0.0.1:{}", drip.port());
        const auto send = [total](session& api, std::string url) {
            if (total) return run(api.get(std::move(url), timeout().total(60ms)));
            return run(api.get(std::move(url), min_rate(100'000, 40ms)));
        };
        EXPECT_EQ(failure_of("http://" + host + "/x", host, send),
                  total ? "GET http://HOST/x: the whole request, last in phase body: no answer "
                          "within 60 ms"
                        : "GET http://HOST/x: read HOST at 100000 bytes/s: no answer within 40 ms");
    }
}

TEST(http_faults, a_head_has_the_time_of_one_read)
{
    for (const char* begin :
         {"HTTP/1.1 200 OK\r\nA: ", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nA: "}) {
        SCOPED_TRACE(begin);
        fault_server drip(script().receive_until("\r\n\r\n").send(begin).drip("x", 5ms));
        const std::string host = fmt::format("127.0.0.1:{}", drip.port());
        const auto send = [](session& api, std::string url) {
            return run(api.get(std::move(url), timeout(60ms)));
        };
        EXPECT_EQ(failure_of("http://" + host + "/x", host, send),
                  "GET http://HOST/x: read HOST: no answer within 60 ms");
    }
}

TEST(http_faults, early_hints_come_to_an_end)
{
    std::string hints;
    for (int i = 0; i < 17; ++i) hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
    EXPECT_EQ(failure_from(hints, then::waits),
              "GET http://HOST/x: read HOST: more than 16 informational responses");
    EXPECT_EQ(failure_from("HTTP/1.1 101 Switching Protocols\r\n\r\n", then::waits),
              "GET http://HOST/x: read HOST: unexpected status 101");
}

TEST(http_faults, the_body_of_a_redirect_is_not_waited_for)
{
    for (const bool drips : {true, false}) {
        SCOPED_TRACE(drips);
        const std::string moved =
            "HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 9999\r\n\r\n";
        script first = script().receive_until("\r\n\r\n").send(moved);
        if (drips) {
            first.drip("x", 5ms);
        } else {
            first.stay_silent();
        }
        fault_server server(std::vector<script>{first, answer(ok_response, then::closes)});
        session api(timeout(60ms));
        EXPECT_EQ(run(api.get(fmt::format("http://127.0.0.1:{}/x", server.port()))).text(), "ok");
    }
}

TEST(http_faults, chunks_of_one_byte_come_together)
{
    std::string bytes = head + "Transfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 20'000; ++i) bytes += "1\r\nx\r\n";
    fault_server server(answer(bytes + "0\r\n\r\n", then::closes));
    const auto parts = [](std::string url) -> awaitable<std::pair<std::size_t, std::size_t>> {
        session api;
        auto from = co_await api.stream("GET", std::move(url));
        std::size_t count = 0;
        std::size_t size = 0;
        for (;;) {
            const auto part = co_await from.next();
            if (!part) break;
            ++count;
            size += part->size();
        }
        co_return std::pair(count, size);
    };
    const auto [count, size] = run(parts(fmt::format("http://127.0.0.1:{}/", server.port())));
    EXPECT_EQ(size, 20'000U);
    EXPECT_LT(count, 1'000U);
}

TEST(http_faults, redirects_lead_nowhere)
{
    const auto to = [](const std::string& location) {
        return "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + "\r\n\r\n";
    };
    const std::string loop = to("/x");
    fault_server circle(script()
                            .receive_until("\r\n\r\n")
                            .send(loop)
                            .receive_until("\r\n\r\n")
                            .send(loop)
                            .receive_until("\r\n\r\n")
                            .send(loop)
                            .stay_silent());
    const std::string host = fmt::format("127.0.0.1:{}", circle.port());
    EXPECT_EQ(failure_of("http://" + host + "/x", host, get),
              "GET http://HOST/x: redirect loop at http://HOST/x");
    const struct {
        const char* location;
        const char* message;
    } rows[] = {
        {"http://[bad", "redirect to a malformed URL of 11 bytes"},
        {"http://h:99999/", "redirect to a malformed URL of 15 bytes"},
        {"ftp://x/", "redirect to the scheme ftp"},
        {"file:///etc/passwd", "redirect to the scheme file"},
        {"javascript:alert(1)", "redirect to the scheme javascript"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.location);
        EXPECT_EQ(failure_from(to(r.location), then::closes),
                  std::string("GET http://HOST/x: ") + r.message);
    }
}

std::string coded(const std::string& coding, const std::string& body)
{
    return fmt::format("{}Content-Encoding: {}\r\nContent-Length: {}\r\n\r\n{}", head, coding,
                       body.size(), body);
}

std::string gzip(std::string_view text)
{
    return to_string(compress::gzip(as_bytes(text)));
}

TEST(http_faults, codings_are_checked_to_the_end)
{
    const std::string whole = gzip("some text that is long enough to be cut");
    std::string corrupt = whole;
    corrupt[corrupt.size() - 6] = static_cast<char>(corrupt[corrupt.size() - 6] ^ 0x55);
    const struct {
        const char* row;
        std::string bytes;
        const char* message;
    } rows[] = {
        {"22", coded("gzip", corrupt), "gzip: incorrect data check (byte 52)"},
        {"23: cut", coded("gzip", whole.substr(0, whole.size() - 4)),
         "gzip: unexpected end (byte 52)"},
        {"23: garbage", coded("br", "\xff\xff\xff\xff"), "br: PADDING_2 (byte 1)"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.row);
        EXPECT_EQ(failure_from(r.bytes, then::closes),
                  std::string("GET http://HOST/x: ") + r.message);
    }
    for (const std::string& good :
         {whole + "trailing", gzip("some text that is ") + gzip("long enough to be cut")}) {
        fault_server server(answer(coded("gzip", good), then::closes));
        session api;
        EXPECT_EQ(run(api.get(fmt::format("http://127.0.0.1:{}/", server.port()))).text(),
                  "some text that is long enough to be cut");
    }
    fault_server twice(answer(coded("gzip, gzip", gzip(whole)), then::closes));
    session api;
    EXPECT_EQ(run(api.get(fmt::format("http://127.0.0.1:{}/", twice.port()))).text(),
              "some text that is long enough to be cut");
    const auto bounded = [](session& s, std::string url) {
        return run(s.get(std::move(url), max_body(1 << 20)));
    };
    EXPECT_EQ(failure_from(coded("gzip", gzip(std::string(30 << 20, '\0'))), then::closes, bounded),
              "GET http://HOST/x: limit max_body_bytes = 1048576 exceeded");
}

TEST(http_faults, text_and_json_say_what_is_wrong_with_them)
{
    const auto got = [](const std::string& type, const std::string& body) {
        fault_server server(answer(fmt::format("{}Content-Type: {}\r\nContent-Length: {}\r\n\r\n{}",
                                               head, type, body.size(), body),
                                   then::closes));
        session api;
        return run(api.get(fmt::format("http://127.0.0.1:{}/", server.port())));
    };
    const response odd = got("text/plain; charset=bogus", "caf\xc3\xa9");  // 26
    EXPECT_EQ(odd.text(), "café");
    EXPECT_TRUE(odd.charset_guessed());
    EXPECT_EQ(got("text/plain; charset=utf-8", "a\xff").text(), "a\xef\xbf\xbd");
    const struct {
        const char* body;
        const char* message;
    } rows[] = {
        // 26, 35
        {"{",
         "body of type application/json, \"{\": Expecting property name enclosed in double quotes "
         "(line 1 column 2)"},
        {"<html>", "body of type application/json, \"<html>\": Expecting value (line 1 column 1)"},
        {"", "body of type application/json, \"\": Expecting value (line 1 column 1)"},
        {"\xff\xfe", "body of type application/json, \"..\": Expecting value (line 1 column 1)"},
        {"\"a\xff\"", "body of type application/json, \".a..\": Invalid UTF-8 (line 1 column 3)"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.body);
        try {
            static_cast<void>(got("application/json", r.body).json());
            ADD_FAILURE() << "no error";
        } catch (const error& e) {
            EXPECT_STREQ(e.what(), r.message);
        }
    }
}

TEST(http_faults, urls_and_headers_are_refused_before_anything_is_opened)
{
    session api(connect_by([](const url&) -> awaitable<net::stream> {
        ADD_FAILURE() << "connected";
        return [](int) -> awaitable<net::stream> { co_return net::stream(); }(0);
    }));
    const struct {
        std::string url;
        const char* message;
    } rows[] = {
        // 27, 28
        {"", "bad URL '': no scheme (line 1 column 1)"},
        {"localhost", "bad URL 'localhost': no scheme (line 1 column 1)"},
        {"http://", "bad URL 'http://': host is empty (line 1 column 1)"},
        {"http:///", "bad URL: host is empty"},
        {"http:///x", "bad URL: host is empty"},
        {"HTTPS:///x", "bad URL: host is empty"},
        {"http://[::1",
         "bad URL 'http://[::1': host: IPv6 address without its closing bracket (line 1 column 1)"},
        {"http://h:99999/", "bad URL 'http://h:99999/': port is above 65535 (line 1 column 1)"},
        {"http://h:abc/", "bad URL 'http://h:abc/': port is not a number (line 1 column 1)"},
        {"http://.x/", "URL http://.x/: the host has an empty label, or is a pattern"},
        {"http://*x/", "URL http://*x/: the host has an empty label, or is a pattern"},
        {"http://a..b/", "URL http://a..b/: the host has an empty label, or is a pattern"},
        {"//h/p", "bad URL '//h/p': no scheme (line 1 column 1)"},
        {"ftp://h/", "URL ftp://h/: the scheme is neither http nor https"},
        {"file:///etc/passwd", "URL file:///etc/passwd: the scheme is neither http nor https"},
        {"http://a b/", "bad URL 'http://a b/': host has a forbidden character (line 1 column 1)"},
        {std::string("http://a\0b/", 11),
         "bad URL 'http://a?b/': host has a forbidden character (line 1 column 1)"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.url);
        try {
            run(api.get(r.url));
            ADD_FAILURE() << "no error";
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::bad_url);
            EXPECT_STREQ(e.what(), r.message);
        }
    }
    for (const auto& [name, value] : {std::pair("A", "a\r\nY: b"), std::pair("A\r\nB", "x"),
                                      std::pair("A B", "x"), std::pair("", "x")}) {  // 29
        SCOPED_TRACE(name);
        try {
            run(api.get("http://h/", headers(name, value)));
            ADD_FAILURE() << "no error";
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::bad_header);
        }
    }
}

TEST(http_faults, details_say_where_the_request_was)
{
    fault_server server(answer(head + "Content-Length: 100\r\n\r\nabc", then::closes));
    session api;
    try {
        run(api.post(fmt::format("http://u:secret@127.0.0.1:{}/x", server.port()), body("12345")));
        FAIL();
    } catch (const incomplete_body& e) {
        const failure_details* const d = details_of(e);
        ASSERT_NE(d, nullptr);
        EXPECT_EQ(d->method, "POST");
        EXPECT_EQ(d->url, fmt::format("http://127.0.0.1:{}/x", server.port()));
        EXPECT_EQ(d->attempt, 1);
        EXPECT_EQ(d->phase, phase::body);
        EXPECT_EQ(d->peer, fmt::format("127.0.0.1:{}", server.port()));
        EXPECT_EQ(d->bytes_sent, 5U);
        EXPECT_EQ(d->bytes_received, 3U);
        EXPECT_TRUE(d->before.empty());
        EXPECT_EQ(e.code(), condition::disconnected);
    }
    EXPECT_EQ(details_of(error(ferry::errc::denied, "no request")), nullptr);
}

}  // namespace
}  // namespace ferry::http
