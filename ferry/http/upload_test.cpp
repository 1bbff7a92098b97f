#include "ferry/http/upload.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/bytes.hpp"
#include "ferry/http/detail/multipart_parser.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/multipart.hpp"
#include "ferry/http/server.hpp"
#include "ferry/http/session.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;
using detail::multipart_parser;

std::string tell(std::string_view wire, std::size_t step,
                 detail::multipart_limits limits = detail::multipart_limits())
{
    std::string told;
    try {
        multipart_parser parser("B", limits);
        for (std::size_t at = 0; at < wire.size(); at += step) {
            parser.feed(as_bytes(wire.substr(at, step)));
            for (auto e = parser.next(); e != multipart_parser::event::none; e = parser.next()) {
                switch (e) {
                    case multipart_parser::event::part:
                        told += "[" + parser.head().name;
                        if (parser.head().filename) told += "|" + *parser.head().filename;
                        if (!parser.head().type.empty()) told += "|" + parser.head().type;
                        told += ":";
                        break;
                    case multipart_parser::event::data: told += as_text(parser.data()); break;
                    case multipart_parser::event::part_end: told += "]"; break;
                    case multipart_parser::event::end: told += "."; break;
                    case multipart_parser::event::none: break;
                }
            }
        }
    } catch (const limit_error& e) {
        told += "!" + e.name();
    } catch (const protocol_error&) {
        told += "!";
    }
    return told;
}

constexpr auto a_field = "Content-Disposition: form-data; name=\"a\"\r\n\r\n";

TEST(multipart_parser, takes_forms_apart_however_they_are_cut)
{
    const std::string f = a_field;
    const struct {
        const char* name;
        std::string wire;
        const char* told;
    } rows[] = {
        {"one field", "--B\r\n" + f + "1\r\n--B--\r\n", "[a:1]."},
        {"two fields", "--B\r\n" + f + "1\r\n--B\r\n" + f + "2\r\n--B--", "[a:1][a:2]."},
        {"an empty field", "--B\r\n" + f + "\r\n--B--\r\n", "[a:]."},
        {"no fields", "--B--\r\n", "."},
        {"a preamble and an epilogue", "hello\r\n--B\r\n" + f + "1\r\n--B--\r\nbye\r\n--B\r\n",
         "[a:1]."},
        {"blanks after a boundary", "--B \t\r\n" + f + "1\r\n--B--\r\n", "[a:1]."},
        {"what looks like a boundary", "--B\r\n" + f + "\r\n--A\r\n-B\r--B\n--B\r\n--B--",
         "[a:\r\n--A\r\n-B\r--B\n--B]."},
        {"a file",
         "--B\r\nContent-Disposition: form-data; name=f; filename=\"n \xc3\xa9.txt\"\r\n"
         "Content-Type: text/plain\r\n\r\nx\r\n--B--",
         "[f|n \xc3\xa9.txt|text/plain:x]."},
        {"a browser's quotes",
         "--B\r\nContent-Disposition: form-data; name=\"a%22b\"; filename=\"c:\\d%0D%0A.txt\"\r\n"
         "\r\n\r\n--B--",
         "[a\"b|c:\\d\r\n.txt:]."},
        {"curl's quotes",
         "--B\r\nContent-Disposition: form-data; name=\"a\\\"b\"; filename=\"c\\\\d;e\"\r\n\r\n"
         "\r\n--B--",
         "[a\"b|c\\d;e:]."},
        {"an empty filename",
         "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n"
         "\r\n\r\n--B--",
         "[f|:]."},
        {"no end", "--B\r\n" + f + "1\r\n--B", "[a:1]"},
        {"no Content-Disposition", "--B\r\nA: b\r\n\r\n1\r\n--B--", "!"},
        {"no fields at all", "--B\r\n\r\n1\r\n--B--", "!"},
        {"no name", "--B\r\nContent-Disposition: form-data\r\n\r\n1\r\n--B--", "!"},
        {"not form-data", "--B\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--B--", "!"},
        {"something after a boundary", "--Bx\r\n" + f + "1\r\n--B--", "!"},
        {"a bad head", "--B\r\nno colon\r\n\r\n1\r\n--B--", "!"},
    };
    for (const auto& r : rows) {
        for (std::size_t step = 1; step <= r.wire.size(); step += step < 5 ? 1 : 7) {
            SCOPED_TRACE(fmt::format("{} in steps of {}", r.name, step));
            EXPECT_EQ(tell(r.wire, step), r.told);
        }
    }
}

TEST(multipart_parser, keeps_to_its_limits)
{
    detail::multipart_limits limits;
    limits.parts = 2;
    limits.part_head_bytes = 100;
    limits.preamble_bytes = 50;
    const std::string f = std::string("--B\r\n") + a_field + "\r\n";
    EXPECT_EQ(tell(f + f + "--B--", 10, limits), "[a:][a:].");
    EXPECT_EQ(tell(f + f + f + "--B--", 10, limits), "[a:][a:]!parts");
    EXPECT_EQ(tell("--B\r\nA: " + std::string(200, 'x'), 10, limits), "!part_head_bytes");
    EXPECT_EQ(tell(std::string(200, 'x'), 10, limits), "!preamble_bytes");
    EXPECT_EQ(tell("--B" + std::string(200, ' '), 10, limits), "!preamble_bytes");
}

class uploads : public ::testing::Test {
protected:
    // Posts a form to a server that receives it, and returns what that makes of it.
    response post(body form, upload_options with = upload_options(), std::uint64_t most = 10 << 20)
    {
        server site;
        with.directory(folder.path());
        const auto dir = folder.path();
        site.post(
            "/", [with, dir](request& q) { return take(&q, with, dir); },
            route_options().stream_body().body_bytes(most));
        return run(ferry::timeout(20s, send(&site, std::move(form))));
    }

    static awaitable<response> take(request* q, upload_options with, std::filesystem::path dir)
    {
        const upload_form form = co_await receive_form(*q, with);
        std::string told;
        for (const auto& [name, value] : form.fields) told += name + "=" + value + ";";
        for (const uploaded_file& f : form.files) {
            const buffer content = co_await f.read();
            told += fmt::format("{}:{}:{}:{}:{}:{};", f.name(), f.filename(), f.safe_filename(),
                                f.type(), content.size(), f.path().empty() ? "memory" : "disk");
            if (f.name() == "kept") co_await f.save(dir / "saved");
        }
        co_return text(told);
    }

    static awaitable<response> send(server* site, body form)
    {
        net::listener on(net::tcp("127.0.0.1", 0));
        const std::string url = fmt::format("http://127.0.0.1:{}/", on.port());
        auto serving = spawn(site->serve(std::move(on)));
        session client;
        response r = co_await client.post(url, form);
        co_await site->stop(1s);
        co_await serving.join();
        co_return r;
    }

    std::size_t left_over() const
    {
        std::size_t count = 0;
        for (const auto& e : std::filesystem::directory_iterator(folder.path())) {
            count += e.path().filename() != "saved" ? 1 : 0;
        }
        return count;
    }

    testing::temporary_directory folder;
};

TEST_F(uploads, go_to_memory_or_to_the_disk_and_leave_nothing_behind)
{
    const std::string big(700'000, 'b');
    const auto r = post(multipart(field("k", "v"), field("k", "w"),
                                  http::file("f", "../a.txt", body("small", "text/plain")),
                                  http::file("kept", "b.bin", body(big, "x/y"))));
    EXPECT_EQ(r.text(),
              "k=v;k=w;f:../a.txt:a.txt:text/plain:5:memory;kept:b.bin:b.bin:x/y:700000:disk;");
    EXPECT_EQ(std::filesystem::file_size(folder.path() / "saved"), big.size());
    EXPECT_EQ(left_over(), 0U);
}

TEST_F(uploads, that_pass_a_limit_get_413_and_leave_nothing_behind)
{
    const auto file = [](std::size_t size) {
        return multipart(http::file("f", "f", body(std::string(size, 'f'), "a/b")));
    };
    EXPECT_EQ(post(file(300'000), upload_options().file_bytes(300'000)).status, 200);
    EXPECT_EQ(post(file(300'001), upload_options().file_bytes(300'000)).status, 413);
    EXPECT_EQ(post(file(300'000), upload_options(), 300'000).status, 413);
    const auto text = multipart(field("a", std::string(2000, 'x')), field("b", "y"));
    EXPECT_EQ(post(text, upload_options().field_bytes(2000)).status, 413);
    EXPECT_EQ(post(text, upload_options().parts(1)).status, 413);
    EXPECT_EQ(left_over(), 0U);
}

TEST_F(uploads, that_are_no_forms_are_refused)
{
    EXPECT_EQ(post(body("x", "text/plain")).status, 415);
    EXPECT_EQ(post(body("x", "multipart/form-data")).status, 400);
    EXPECT_EQ(post(body("x", "multipart/form-data; boundary=B")).status, 400);
    EXPECT_EQ(post(body("--B\r\nnonsense\r\n\r\n", "multipart/form-data; boundary=B")).status, 400);
}

TEST(uploaded_file, has_a_name_that_is_safe)
{
    const struct {
        const char* sent;
        const char* safe;
    } rows[] = {
        {"a.txt", "a.txt"},
        {"../../etc/passwd", "passwd"},
        {"C:\\x\\y.doc", "y.doc"},
        {".bashrc", "bashrc"},
        {"..", "file"},
        {"", "file"},
        {"a/", "file"},
        {"a\r\nb", "ab"},
    };
    for (const auto& r : rows) {
        EXPECT_EQ(uploaded_file("f", r.sent, "", nullptr).safe_filename(), r.safe);
    }
}

}  // namespace
}  // namespace ferry::http
