// What a session makes of an answer: faults, oddities, limits, codings.
#include "ferry/async/run.hpp"
#include "ferry/compress/encoder.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/session.hpp"
#include "ferry/testing/http_script.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ferry::http {
namespace {

using testing::answer;
using testing::fault_server;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ok_response;
using testing::script;
using ::testing::StartsWith;
using testing::url_of;

// What the server sends, what it does then, and the error that comes of it (spec rows 1 to 18).
TEST(session, faults_have_exact_errors)
{
    const std::string head = "HTTP/1.1 200 OK\r\n";
    enum class then { closes, resets };
    const struct {
        const char* name;
        std::string bytes;
        then end;
        std::error_code code;
        const char* message;
    } rows[] = {
        {"1: body cut", head + "Content-Length: 100\r\n\r\nabc", then::closes,
         errc::incomplete_body, "3 of 100 bytes"},
        {"3: two lengths", head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", then::closes,
         errc::bad_message, "two Content-Lengths"},
        {"5: bad length", head + "Content-Length: -1\r\n\r\n", then::closes, errc::bad_message,
         "bad Content-Length"},
        {"6: both", head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", then::closes,
         errc::bad_message, "both"},
        {"7: chunk size", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", then::closes,
         errc::bad_message, "bad chunk size"},
        {"8: chunk cut", head + "Transfer-Encoding: chunked\r\n\r\n5\r\nab", then::closes,
         errc::incomplete_body, "incomplete body: 2 bytes"},
        {"8: no last chunk", head + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", then::closes,
         errc::incomplete_body, "incomplete body: 2 bytes"},
        {"8: no CRLF", head + "Transfer-Encoding: chunked\r\n\r\n2\r\nabX\r\n", then::closes,
         errc::bad_message, "no line end after a chunk"},
        {"10: nothing", "", then::closes, errc::closed_early, "closed before the status line"},
        {"10: half a head", "HTTP/1.1 200 OK\r\nA: b", then::closes, errc::closed_early,
         "closed inside the head"},
        {"11: greeting", "hello world\r\n", then::closes, errc::bad_message, "hello world"},
        {"11: SSH", "SSH-2.0-OpenSSH_9.2\r\n", then::closes, errc::peer_speaks_something,
         "looks like SSH"},
        {"32: TLS", "\x15\x03\x01\x02\x02\x46", then::closes, errc::peer_speaks_tls, "speaks TLS"},
        {"12: status", "HTTP/1.1 99999 X\r\n\r\n", then::closes, errc::bad_message, "status line"},
        {"15: no colon", head + "oops\r\n\r\n", then::closes, errc::bad_message, "header line"},
        {"18: reset in body", head + "Content-Length: 100\r\n\r\nabc", then::resets,
         errc::incomplete_body, "3 of 100 bytes"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        script s = script().receive_until("\r\n\r\n").send(r.bytes);
        fault_server server(r.end == then::resets ? s.reset() : s.close());
        session api;
        try {
            run(api.get(url_of(server, "/x")));
            ADD_FAILURE() << "no error";
        } catch (const error& e) {
            EXPECT_EQ(e.code(), r.code) << e.what();
            EXPECT_THAT(e.what(), HasSubstr(r.message));
            EXPECT_THAT(e.what(), StartsWith(fmt::format("GET {}: ", url_of(server, "/x"))));
            EXPECT_THAT(e.what(), Not(HasSubstr("\n")));
        }
    }
}

TEST(session, tolerates_what_is_harmless)
{
    const struct {
        const char* name;
        std::string bytes;
        const char* body;
    } rows[] = {
        {"2: too much", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok more", "ok"},
        {"4: equal lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", "ok"},
        {"9: extension and trailer",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nX-T: 1\r\n\r\n",
         "ok"},
        {"13: early hints", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok_response, "ok"},
        {"16: bare LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "ok"},
        {"17: until close", "HTTP/1.1 200 OK\r\n\r\nok", "ok"},
        {"17: 204", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok", ""},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        fault_server server(answer(r.bytes));
        session api;
        const auto got = run(api.get(url_of(server)));
        EXPECT_EQ(got.text(), r.body);
        if (got.trailers().size() > 0) {
            EXPECT_EQ(got.trailers()["x-t"], "1");
        }
    }
}

TEST(session, a_response_in_single_bytes_is_the_same)
{
    const std::string bytes =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    fault_server server(script().receive_until("\r\n\r\n").send_in_pieces(bytes, 1));
    session api;
    EXPECT_EQ(run(api.get(url_of(server))).text(), "abcde");
}

TEST(session, limits_have_names)
{
    const struct {
        const char* name;
        std::string bytes;
    } rows[] = {
        {"head_bytes", "HTTP/1.1 200 OK\r\nA: " + std::string(100'000, 'x') + "\r\n\r\n"},
        {"max_body_bytes", "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"},
        {"max_body_bytes", "HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x')},
        {"max_body_bytes", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                               std::string(1001, 'x') + "\r\n0\r\n\r\n"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.bytes.substr(0, 60));
        fault_server server(answer(r.bytes));
        session api(max_body(1000));
        try {
            run(api.get(url_of(server)));
            ADD_FAILURE() << "no error";
        } catch (const limit_error& e) {
            EXPECT_EQ(e.name(), r.name);
        }
    }
}

std::string coded(const std::string& coding, const std::string& body)
{
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Encoding: {}\r\nContent-Length: {}\r\n\r\n{}",
                       coding, body.size(), body);
}

std::string gzip(std::string_view text)
{
    return to_string(compress::gzip(as_bytes(text)));
}

TEST(session, undoes_content_encodings)
{
    const std::string plain(100'000, 'p');
    const std::string once = gzip(plain);
    const struct {
        const char* name;
        std::string coding;
        std::string body;
    } rows[] = {
        {"gzip", "gzip", once},
        {"x-gzip", "X-GZIP", once},
        {"trailing bytes", "gzip", once + "xyz"},
        {"two members", "gzip", gzip(plain.substr(0, 50'000)) + gzip(plain.substr(50'000))},
        {"twice", "gzip, gzip", gzip(once)},
        {"identity", "identity", plain},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        fault_server server(answer(coded(r.coding, r.body)));
        session api;
        const auto got = run(api.get(url_of(server)));
        EXPECT_TRUE(as_text(got.bytes()) == plain);
        EXPECT_EQ(got.undecoded(), "");
    }
}

TEST(session, leaves_unknown_codings_and_decode_false_alone)
{
    fault_server server(answer(coded("x-custom", "abc")));
    session api;
    const auto got = run(api.get(url_of(server)));
    EXPECT_EQ(as_text(got.bytes()), "abc");
    EXPECT_EQ(got.undecoded(), "x-custom");
    fault_server raw(answer(coded("gzip", gzip("abc"))));
    EXPECT_EQ(as_text(run(api.get(url_of(raw), decode(false))).bytes()), gzip("abc"));
}

TEST(session, broken_codings_are_errors)
{
    const std::string whole = gzip("some text that is long enough to be cut");
    std::string corrupt = whole;
    corrupt[corrupt.size() / 2] = static_cast<char>(corrupt[corrupt.size() / 2] ^ 0x55);
    const struct {
        const char* name;
        std::string bytes;
    } rows[] = {
        {"22: corrupt", coded("gzip", corrupt)},
        {"23: cut short", coded("gzip", whole.substr(0, whole.size() - 4))},
        {"23: br garbage", coded("br", "\xff\xff\xff\xff")},
        {"five codings", coded("gzip, gzip, gzip, gzip, gzip", whole)},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        fault_server server(answer(r.bytes));
        session api;
        try {
            run(api.get(url_of(server)));
            ADD_FAILURE() << "no error";
        } catch (const protocol_error& e) {
            EXPECT_EQ(e.code(), errc::undecodable_body) << e.what();
        }
    }
}

TEST(session, a_bomb_ends_at_the_limit)
{
    const std::string bomb = gzip(std::string(8 << 20, '\0'));
    fault_server server(answer(coded("gzip", bomb)));
    session api(max_body(4 << 20));
    EXPECT_THROW(run(api.get(url_of(server))), limit_error);
}

}  // namespace
}  // namespace ferry::http
