#include "ferry/http/detail/codec.hpp"

#include "ferry/http/error.hpp"

#include <gtest/gtest.h>

namespace ferry::http::detail {
namespace {

response_head read_response(std::string_view text)
{
    head_reader reader;
    response_head head;
    const std::size_t used = reader.response(text, head);
    EXPECT_EQ(used, text.size());
    return head;
}

TEST(response_head, is_read_with_its_fields_in_order)
{
    const auto head =
        read_response("HTTP/1.1 404 Not Found\r\nA: 1\r\nb:2\r\nEmpty:\r\nA:\t x y \t\r\n\r\n");
    EXPECT_EQ(head.status, 404);
    EXPECT_EQ(head.reason, "Not Found");
    EXPECT_EQ(head.minor, 1);
    EXPECT_EQ(head.headers, headers("A", "1", "b", "2", "Empty", "", "A", "x y"));
}

TEST(response_head, accepts_what_old_servers_send)
{
    const struct {
        const char* name;
        const char* text;
        headers fields;
    } rows[] = {
        {"bare LF", "HTTP/1.0 200 OK\nA: 1\n\n", headers("A", "1")},
        {"no reason", "HTTP/1.1 200\r\n\r\n", headers()},
        {"empty reason", "HTTP/1.1 200 \r\n\r\n", headers()},
        {"folded", "HTTP/1.1 200 OK\r\nA: 1\r\n 2\r\nB: 3\r\n\r\n",
         headers("A", "1   2", "B", "3")},
        {"folded empty", "HTTP/1.1 200 OK\r\nA:\r\n\t2\r\n\r\n", headers("A", "2")},
        {"bytes above 0x7f", "HTTP/1.1 200 \xc3\xa9\r\nA: \xe9\r\n\r\n", headers("A", "\xe9")},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        const auto head = read_response(r.text);
        EXPECT_EQ(head.status, 200);
        EXPECT_EQ(head.headers, r.fields);
    }
}

TEST(response_head, may_come_in_any_pieces)
{
    const std::string text = "HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\n\r\nbody";
    const std::size_t size = text.size() - 4;
    head_reader reader;
    response_head head;
    for (std::size_t n = 0; n < size; ++n) {
        ASSERT_EQ(reader.response(std::string_view(text).substr(0, n), head), 0U);
    }
    EXPECT_EQ(reader.response(text, head), size);
    EXPECT_EQ(head.headers["B"], "2");
}

struct bad_head {
    const char* name;
    std::string text;
    std::error_code code;
    const char* message;
};

TEST(response_head, bad_ones_are_refused)
{
    const bad_head rows[] = {
        {"greeting", "hello world\r\n", errc::bad_message, "bad status line \"hello world.\""},
        {"HTTP/0.9", "<html>", errc::bad_message, "\"<html>\""},
        {"SSH", "SSH-2.0-OpenSSH_9.2\r\n", errc::peer_speaks_something, "looks like SSH"},
        {"TLS alert", "\x15\x03\x01", errc::peer_speaks_tls, "speaks TLS"},
        {"long status", "HTTP/1.1 99999 Much\r\n\r\n", errc::bad_message, "bad status line"},
        {"short status", "HTTP/1.1 20 OK\r\n\r\n", errc::bad_message, "bad status line"},
        {"status 0xx", "HTTP/1.1 099 OK\r\n\r\n", errc::bad_message, "bad status line"},
        {"HTTP/2", "HTTP/2 200 OK\r\n\r\n", errc::bad_message, "bad status line"},
        {"control in reason", "HTTP/1.1 200 a\x01z\r\n\r\n", errc::bad_message, "bad status line"},
        {"no colon", "HTTP/1.1 200 OK\r\nA 1\r\n\r\n", errc::bad_message, "header line"},
        {"blank before colon", "HTTP/1.1 200 OK\r\nA : 1\r\n\r\n", errc::bad_message,
         "blank before"},
        {"empty name", "HTTP/1.1 200 OK\r\n: 1\r\n\r\n", errc::bad_message, "bad header line"},
        {"folded first", "HTTP/1.1 200 OK\r\n A: 1\r\n\r\n", errc::bad_message, "folded"},
        {"bare CR", "HTTP/1.1 200 OK\r\nA: 1\rB: 2\r\n\r\n", errc::bad_message, "CR inside"},
        {"NUL", std::string("HTTP/1.1 200 OK\r\nA: 1\0\r\n\r\n", 27), errc::bad_message, "control"},
        {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
         errc::bad_message, "two Content-Lengths, 3 and 4"},
        {"list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\n", errc::bad_message,
         "two Content-Lengths"},
        {"negative", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", errc::bad_message,
         "bad Content-Length \"-1\""},
        {"letters", "HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n", errc::bad_message, "\"abc\""},
        {"signed", "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\n", errc::bad_message, "\"+3\""},
        {"empty length", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", errc::bad_message, "\"\""},
        {"over 63 bit", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n",
         errc::bad_message, "bad Content-Length"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        head_reader reader;
        response_head head;
        try {
            reader.response(r.text, head);
            ADD_FAILURE() << "accepted";
        } catch (const protocol_error& e) {
            EXPECT_EQ(e.code(), r.code);
            EXPECT_NE(std::string_view(e.what()).find(r.message), std::string_view::npos)
                << e.what();
        }
    }
}

TEST(response_head, limits_have_names)
{
    std::string many = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 257; ++i) many += "X-Header: 1\r\n";
    const struct {
        const char* name;
        std::string text;
    } rows[] = {
        {"head_bytes", "HTTP/1.1 200 OK\r\nA: " + std::string(100'000, 'a')},
        {"head_bytes", "HTTP/1.1 200 OK\r\nA: " + std::string(100'000, 'a') + "\r\n\r\n"},
        {"start_line_bytes", "HTTP/1.1 200 " + std::string(9'000, 'a')},
        {"head_fields", many + "\r\n"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        head_reader reader;
        response_head head;
        try {
            reader.response(r.text, head);
            ADD_FAILURE() << "accepted";
        } catch (const limit_error& e) {
            EXPECT_EQ(e.name(), r.name);
        }
    }
}

TEST(response_head, two_hundred_fields_are_fine)
{
    std::string many = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 200; ++i) many += "X-Header: 1\r\n";
    EXPECT_EQ(read_response(many + "\r\n").headers.size(), 200U);
}

request_head read_request(std::string_view text)
{
    head_reader reader;
    request_head head;
    EXPECT_EQ(reader.request(text, head), text.size());
    return head;
}

TEST(request_head, is_read_after_stray_empty_lines)
{
    const auto head = read_request("\r\n\r\nGET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(head.method, "GET");
    EXPECT_EQ(head.target, "/a?b=c");
    EXPECT_EQ(head.headers, headers("Host", "x"));
}

TEST(request_head, may_come_in_any_pieces)
{
    const std::string text = "\r\nPOST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab";
    head_reader reader;
    request_head head;
    for (std::size_t n = 0; n < text.size() - 2; ++n) {
        ASSERT_EQ(reader.request(std::string_view(text).substr(0, n), head), 0U);
    }
    EXPECT_EQ(reader.request(text, head), text.size() - 2);
    EXPECT_EQ(head.facts.content_length, 2U);
    EXPECT_EQ(head.minor, 0);
}

TEST(request_head, smuggling_and_nonsense_are_refused_with_a_status)
{
    const std::string host = "Host: x\r\n";
    const struct {
        const char* name;
        std::string text;
        int status;
    } rows[] = {
        {"bare LF", "GET / HTTP/1.1\nHost: x\n\n", 400},
        {"bare LF in fields", "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400},
        {"folded", "GET / HTTP/1.1\r\n" + host + "A: 1\r\n 2\r\n\r\n", 400},
        {"blank before colon", "GET / HTTP/1.1\r\n" + host + "Content-Length : 2\r\n\r\n", 400},
        {"bare CR", "GET / HTTP/1.1\r\n" + host + "A: 1\r2\r\n\r\n", 400},
        {"NUL in target", std::string("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 28), 400},
        {"tab in request line", "GET\t/ HTTP/1.1\r\n" + host + "\r\n", 400},
        {"no target", "GET HTTP/1.1\r\n" + host + "\r\n", 400},
        {"HTTP/0.9", "GET /\r\n\r\n", 400},
        {"blank in target", "GET /a b HTTP/1.1\r\n" + host + "\r\n", 400},
        {"bad method", "G(T / HTTP/1.1\r\n" + host + "\r\n", 400},
        {"lower-case version", "GET / http/1.1\r\n" + host + "\r\n", 400},
        {"HTTP/2", "PRI * HTTP/2.0\r\n\r\n", 505},
        {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
        {"two hosts", "GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},
        {"a blank in the host", "GET / HTTP/1.1\r\nHost: x y\r\n\r\n", 400},
        {"a path in the host", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400},
        {"a user in the host", "GET / HTTP/1.1\r\nHost: u@x\r\n\r\n", 400},
        {"two lengths",
         "POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
        {"hex length", "POST / HTTP/1.1\r\n" + host + "Content-Length: 0x1\r\n\r\n", 400},
        {"long target", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 414},
        {"endless target", "GET /" + std::string(9000, 'a'), 414},
        {"long head", "GET / HTTP/1.1\r\nA: " + std::string(20'000, 'a'), 431},
        {"empty start", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", 400},
    };
    codec_limits limits;
    limits.head_bytes = 16 * 1024;
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        head_reader reader(limits);
        request_head head;
        try {
            reader.request(r.text, head);
            ADD_FAILURE() << "accepted";
        } catch (const problem& e) {
            EXPECT_EQ(e.status(), r.status) << e.what();
        }
    }
}

TEST(body_plan, of_a_response_follows_rfc_9112_section_6_3)
{
    const struct {
        const char* name;
        const char* head;
        bool answers_head;
        framing kind;
        std::uint64_t length;
        bool reusable;
    } rows[] = {
        {"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, framing::length, 5, true},
        {"equal list", "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\n", false, framing::length, 3,
         true},
        {"zero", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, framing::none, 0, true},
        {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", false,
         framing::chunked, 0, true},
        {"chunked in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false,
         framing::chunked, 0, false},
        {"neither", "HTTP/1.1 200 OK\r\n\r\n", false, framing::until_close, 0, false},
        {"close", "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 5\r\n\r\n", false,
         framing::length, 5, false},
        {"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", false, framing::length, 5, false},
        {"1.0 kept", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n",
         false, framing::length, 5, true},
        {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, framing::none, 0, true},
        {"204", "HTTP/1.1 204 No Content\r\n\r\n", false, framing::none, 0, true},
        {"204 with body", "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", false,
         framing::none, 0, false},
        {"304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", false, framing::none, 0,
         true},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        const auto plan = plan_response(read_response(r.head), r.answers_head);
        EXPECT_EQ(plan.kind, r.kind);
        if (r.kind == framing::length) {
            EXPECT_EQ(plan.length, r.length);
        }
        EXPECT_EQ(plan.reusable, r.reusable);
    }
}

TEST(body_plan, length_and_chunked_together_need_lenience)
{
    const auto head =
        read_response("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n");
    EXPECT_THROW(plan_response(head, false), protocol_error);
    const auto plan = plan_response(head, false, true);
    EXPECT_EQ(plan.kind, framing::chunked);
    EXPECT_FALSE(plan.reusable);
    EXPECT_THROW(
        plan_response(read_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
                      false),
        protocol_error);
}

TEST(body_plan, of_a_request_refuses_ambiguity)
{
    const struct {
        const char* name;
        const char* fields;
        int status;
    } rows[] = {
        {"both", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", 400},
        {"unknown coding", "Transfer-Encoding: gzip\r\n", 501},
        {"twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 501},
        {"list", "Transfer-Encoding: identity, chunked\r\n", 501},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        const auto head =
            read_request(std::string("POST / HTTP/1.1\r\nHost: x\r\n") + r.fields + "\r\n");
        try {
            plan_request(head);
            ADD_FAILURE() << "accepted";
        } catch (const problem& e) {
            EXPECT_EQ(e.status(), r.status);
        }
    }
}

// Reads all of `text`, given in pieces of at most `step` bytes; the decoded data.
std::string decode(chunked_reader& reader, std::string_view text, std::size_t step)
{
    std::string data;
    std::size_t at = 0;
    while (!reader.done() && at < text.size()) {
        const std::string_view piece = text.substr(at, step);
        if (reader.remaining() > 0) {
            const auto n = std::min<std::uint64_t>(reader.remaining(), piece.size());
            data += piece.substr(0, n);
            reader.took(n);
            at += n;
        } else {
            at += reader.feed(piece);
        }
    }
    EXPECT_TRUE(!reader.done() || at == text.size());
    return data;
}

TEST(chunked_reader, gives_the_data_however_it_is_cut)
{
    const std::string_view text =
        "4;name=value\r\nWiki\r\n5 ; x=\"y;\"\r\npedia\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n";
    for (std::size_t step = 1; step <= text.size(); ++step) {
        chunked_reader reader(side::request);
        EXPECT_EQ(decode(reader, text, step), "Wikipedia0123456789");
        ASSERT_TRUE(reader.done());
        EXPECT_EQ(reader.trailers(), headers("X-T", "1"));
    }
}

TEST(chunked_reader, takes_bare_lf_from_servers_only)
{
    const std::string_view text = "3\nabc\n0\n\n";
    chunked_reader client(side::response);
    EXPECT_EQ(decode(client, text, 100), "abc");
    EXPECT_TRUE(client.done());
    chunked_reader server(side::request);
    EXPECT_THROW(decode(server, text, 100), protocol_error);
}

TEST(chunked_reader, refuses_bad_framing)
{
    const struct {
        const char* name;
        std::string text;
        const char* message;
    } rows[] = {
        {"letters", "zz\r\nabc", "bad chunk size"},
        {"empty", "\r\nabc", "bad chunk size"},
        {"sign", "-1\r\nabc", "bad chunk size"},
        {"prefix", "0x3\r\nabc", "bad chunk size"},
        {"over 64 bit", "10000000000000003\r\nabc", "bad chunk size"},
        {"no CRLF after data", "3\r\nabcd\r\n", "no line end after a chunk"},
        {"CR without LF", "3\rabc", "CR inside"},
        {"control in extension", "3;a\x01\r\nabc", "extension"},
        {"trailer without colon", "0\r\nabc\r\n\r\n", "header line"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        chunked_reader reader(side::response);
        try {
            decode(reader, r.text, 100);
            ADD_FAILURE() << "accepted";
        } catch (const protocol_error& e) {
            EXPECT_NE(std::string_view(e.what()).find(r.message), std::string_view::npos)
                << e.what();
        }
    }
}

TEST(chunked_reader, limits_lines_and_trailers)
{
    chunked_reader lines(side::response);
    EXPECT_THROW(decode(lines, "1;" + std::string(2000, 'x'), 100), limit_error);
    chunked_reader zeros(side::response);
    EXPECT_THROW(decode(zeros, std::string(2000, '0'), 100), protocol_error);
    chunked_reader trailers(side::response);
    EXPECT_THROW(decode(trailers, "0\r\nA: " + std::string(70'000, 'x'), 1000), limit_error);
}

}  // namespace
}  // namespace ferry::http::detail
