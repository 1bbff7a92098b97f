#include "ferry/http/download.hpp"

#include "ferry/async/run.hpp"
#include "ferry/crypto/hash.hpp"
#include "ferry/http/detail/download.hpp"
#include "ferry/http/detail/part_file.hpp"
#include "ferry/http/detail/response_access.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/server.hpp"
#include "ferry/http/session.hpp"
#include "ferry/testing/fault_server.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ferry::http {
namespace {

using ferry::testing::fault_server;
using ferry::testing::read_file;
using ferry::testing::script;
using ferry::testing::temporary_directory;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view whole =
    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"v1\"\r\n"
    "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n";

std::string url_of(const fault_server& server, std::string_view path = "/dir/f.bin")
{
    return fmt::format("http://127.0.0.1:{}{}", server.port(), path);
}

script answer(std::string_view bytes)
{
    return script().receive_until("\r\n\r\n").send(std::string(bytes));
}

std::string whole_file(std::string_view body)
{
    return std::string(whole) + std::string(body);
}

TEST(download, leaves_the_file_with_its_time)
{
    const temporary_directory dir;
    fault_server server(answer(whole_file("0123456789")));
    session api;
    std::vector<transfer> seen;
    const auto note = [&seen](const transfer& t) { seen.push_back(t); };
    const auto sum = hash::sha256("0123456789").hex();
    const auto got = run(api.download(url_of(server), dir / "f", progress(note), sha256(sum),
                                      sync_to_disk(), headers("X-A", "b")));
    EXPECT_EQ(got.path, dir / "f");
    EXPECT_EQ(got.size, 10U);
    EXPECT_EQ(got.resumed_from, 0U);
    EXPECT_EQ(got.sha256_hex, sum);
    EXPECT_EQ(got.response.status, 200);
    EXPECT_EQ(read_file(dir / "f"), "0123456789");
    struct stat about{};
    ::stat((dir / "f").c_str(), &about);
    EXPECT_EQ(about.st_mtime, 784111777);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 1);
    EXPECT_EQ(seen.back().received, 10U);
    EXPECT_EQ(seen.back().received_total, 10U);
    EXPECT_THAT(server.received(0), HasSubstr("X-A: b\r\n"));
    EXPECT_THAT(server.received(0), HasSubstr("Accept-Encoding: identity\r\n"));
    EXPECT_THAT(server.received(0), Not(HasSubstr("Range")));
}

// A download that is broken off after "01234", then one with another answer.
class broken_off : public ::testing::Test {
protected:
    downloaded go_on(std::string_view second, std::string_view third = {})
    {
        std::vector<script> scripts = {answer(whole_file("01234")), answer(second)};
        if (!third.empty()) scripts.push_back(answer(third));
        server = std::make_unique<fault_server>(std::move(scripts));
        EXPECT_THROW(run(api.download(url_of(*server), dir / "f")), incomplete_body);
        EXPECT_EQ(read_file(dir / "f.part"), "01234");
        return run(api.download(url_of(*server), dir / "f"));
    }

    temporary_directory dir;
    session api{without_cookies()};
    std::unique_ptr<fault_server> server;
};

TEST_F(broken_off, goes_on_where_it_was)
{
    const auto got = go_on(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n"
        "ETag: \"v1\"\r\n\r\n56789");
    EXPECT_EQ(got.resumed_from, 5U);
    EXPECT_EQ(got.size, 10U);
    EXPECT_EQ(read_file(dir / "f"), "0123456789");
    EXPECT_THAT(server->received(1), HasSubstr("Range: bytes=5-\r\nIf-Range: \"v1\"\r\n"));
    EXPECT_FALSE(std::filesystem::exists(dir / "f.part"));
    EXPECT_FALSE(std::filesystem::exists(dir / "f.part.info"));
}

TEST_F(broken_off, begins_again_if_the_file_has_changed)
{
    const auto got = go_on("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nETag: \"v2\"\r\n\r\nnew");
    EXPECT_EQ(got.resumed_from, 0U);
    EXPECT_EQ(read_file(dir / "f"), "new");
}

TEST_F(broken_off, begins_again_if_the_range_is_another_one)
{
    const auto got = go_on(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\n"
        "456789",
        whole_file("0123456789"));
    EXPECT_EQ(read_file(dir / "f"), "0123456789");
    EXPECT_EQ(got.resumed_from, 0U);
    EXPECT_THAT(server->received(2), Not(HasSubstr("Range")));
}

TEST_F(broken_off, begins_again_if_the_range_is_of_another_file)
{
    go_on(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n"
        "ETag: \"v2\"\r\n\r\nFGHIJ",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nABCDEFGHIJ");
    EXPECT_EQ(read_file(dir / "f"), "ABCDEFGHIJ");
}

TEST_F(broken_off, is_done_if_all_of_it_is_there)
{
    const auto got = go_on(
        "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */5\r\nContent-Length: "
        "0\r\n\r\n");
    EXPECT_EQ(got.size, 5U);
    EXPECT_EQ(read_file(dir / "f"), "01234");
}

TEST_F(broken_off, begins_again_if_less_is_there_than_it_has)
{
    go_on(
        "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */3\r\nContent-Length: "
        "0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    EXPECT_EQ(read_file(dir / "f"), "abc");
}

TEST_F(broken_off, keeps_the_part_when_the_server_fails)
{
    EXPECT_THROW(go_on("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), status_error);
    EXPECT_EQ(read_file(dir / "f.part"), "01234");
    EXPECT_FALSE(std::filesystem::exists(dir / "f"));
}

TEST(download, does_not_go_on_with_what_it_does_not_know)
{
    for (const std::string_view validator :
         {"ETag: W/\"v1\"\r\n", "", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"}) {
        SCOPED_TRACE(validator);
        const temporary_directory dir;
        fault_server server(
            {answer(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n{}\r\n01", validator)),
             answer(whole_file("0123456789"))});
        session api;
        EXPECT_THROW(run(api.download(url_of(server), dir / "f")), incomplete_body);
        run(api.download(url_of(server), dir / "f"));
        EXPECT_THAT(server.received(1), Not(HasSubstr("Range")));
        EXPECT_EQ(read_file(dir / "f"), "0123456789");
    }
    const temporary_directory dir;
    fault_server server({answer(whole_file("01")), answer(whole_file("0123456789")),
                         answer(whole_file("0123456789"))});
    session api;
    EXPECT_THROW(run(api.download(url_of(server), dir / "f")), incomplete_body);
    run(api.download(url_of(server, "/other"), dir / "f"));
    EXPECT_THAT(server.received(1), Not(HasSubstr("Range")));
    EXPECT_THROW(run(api.download(url_of(fault_server(answer(whole_file("01")))), dir / "g")),
                 connection_error);
    run(api.download(url_of(server), dir / "g", resume(false)));
    EXPECT_THAT(server.received(2), Not(HasSubstr("Range")));
}

TEST(download, does_not_fetch_again_what_is_there)
{
    const temporary_directory dir;
    const std::string newer =
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n"
        "Last-Modified: Mon, 07 Nov 1994 08:49:37 GMT\r\n\r\n";
    fault_server server({answer(whole_file("0123456789")), answer(whole), answer(newer),
                         answer(newer + "abcdefghij"), answer(newer + "ABCDEFGHIJ")});
    session api;
    const auto fetch = [&](bool resumes) {
        return run(api.download(url_of(server), dir / "f", resume(resumes)));
    };
    EXPECT_EQ(fetch(true).resumed_from, 0U);
    const auto again = fetch(true);
    EXPECT_EQ(again.size, 10U);
    EXPECT_EQ(again.resumed_from, 10U);
    EXPECT_THAT(server.received(1), HasSubstr("HEAD "));
    EXPECT_EQ(read_file(dir / "f"), "0123456789");
    fetch(true);  // it has changed: the third answer says so, the fourth is the file
    EXPECT_EQ(read_file(dir / "f"), "abcdefghij");
    fetch(false);
    EXPECT_EQ(read_file(dir / "f"), "ABCDEFGHIJ");
}

TEST(download, deletes_what_has_the_wrong_checksum)
{
    const temporary_directory dir;
    const fault_server server(answer(whole_file("0123456789")));
    session api;
    try {
        run(api.download(url_of(server), dir / "f", sha256(std::string(64, 'A'))));
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::wrong_checksum);
        EXPECT_EQ(e.code(), condition::bad_input);
    }
    EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
    EXPECT_THROW(sha256("abc"), error);
    EXPECT_THROW(sha256(std::string(64, 'g')), error);
}

TEST(download, names_a_file_in_a_folder_safely)
{
    const struct {
        const char* disposition;
        const char* path;
        const char* name;
    } rows[] = {
        {"Content-Disposition: attachment; filename=\"../../x.txt\"\r\n", "/a", "x.txt"},
        {"", "/dir/%C3%A9.bin", "\xc3\xa9.bin"},
        {"", "/a%2F..%2Fb", "b"},
        {"", "/", "index.html"},
        {"Content-Disposition: attachment; filename=\"..\"\r\n", "/y", "y"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        const temporary_directory dir;
        const fault_server server(
            answer(fmt::format("HTTP/1.1 200 OK\r\n{}Content-Length: 1\r\n\r\nx", r.disposition)));
        session api;
        const auto got = run(api.download(url_of(server, r.path), dir.path()));
        EXPECT_EQ(got.path, dir / r.name);
        EXPECT_EQ(read_file(dir / r.name), "x");
    }
}

TEST(download, refuses_what_has_no_file_in_it)
{
    const temporary_directory dir;
    session api;
    for (const char* head :
         {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
          "HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n\r\nx"}) {
        SCOPED_TRACE(head);
        const fault_server server(answer(head));
        EXPECT_THROW(run(api.download(url_of(server), dir / "f")), protocol_error);
        EXPECT_FALSE(std::filesystem::exists(dir / "f"));
    }
    const fault_server server(answer(whole_file("0123456789")));
    EXPECT_THROW(run(api.download(url_of(server), dir / "none/f")), error);
}

TEST(download, says_when_the_disk_is_full_and_keeps_the_part)
{
    const temporary_directory dir;
    std::filesystem::create_symlink("/dev/full", dir / "f.part");
    const fault_server server(answer(whole_file("0123456789")));
    session api;
    try {
        run(api.download(url_of(server), dir / "f"));
        FAIL();
    } catch (const error& e) {
        EXPECT_THAT(e.what(), HasSubstr("f.part"));
    }
    EXPECT_TRUE(std::filesystem::is_symlink(dir / "f.part"));
}

// A server of a file of 3 MiB, which breaks off the range that begins at `breaks_at` in its middle.
class ranges final : public transport {
public:
    static constexpr std::size_t size = 3 * 1024 * 1024;

    ranges()
    {
        for (std::size_t i = 0; i < size; ++i) file += static_cast<char>('a' + i / 1000 % 26);
    }

    awaitable<response> send(prepared_request what) override
    {
        response answer(status::ok);
        answer.headers = headers("ETag", tag, "Accept-Ranges", "bytes");
        if (what.method == "HEAD") {
            answer.headers.set("Content-Length", std::to_string(size));
            co_return answer;
        }
        asked.emplace_back(what.headers.get("Range").value_or(""));
        std::size_t first = 0;
        std::size_t last = size - 1;
        std::sscanf(asked.back().c_str(), "bytes=%zu-%zu", &first, &last);
        answer.status = status::partial_content;
        answer.headers.set("Content-Range", fmt::format("bytes {}-{}/{}", first, last, size));
        const std::string part = file.substr(first, last + 1 - first);
        if (first != breaks_at) {
            answer.content = body(part);
        } else {
            auto rest = std::make_shared<std::string>(part.substr(0, part.size() / 2));
            answer.content = generator(
                [rest]() -> awaitable<buffer> {
                    if (rest->empty()) throw connection_error(errc::closed_early, "cut");
                    co_return buffer(std::exchange(*rest, {}));
                },
                {}, part.size());
        }
        co_return answer;
    }

    std::string file;
    std::string tag = "\"v1\"";
    std::size_t breaks_at = 1024 * 1024;
    std::vector<std::string> asked;
};

class broken_segments : public ::testing::Test {
protected:
    broken_segments()
    {
        EXPECT_THROW(run(api.download("http://a.local/f", dir / "f", segments(3))),
                     connection_error);
        EXPECT_TRUE(std::filesystem::exists(dir / "f.part.info"));
        server->asked.clear();
        server->breaks_at = ranges::size;
    }

    temporary_directory dir;
    std::shared_ptr<ranges> server = std::make_shared<ranges>();
    session api{transport_by(server)};
};

TEST_F(broken_segments, go_on_where_each_of_them_was)
{
    const auto got = run(api.download("http://a.local/f", dir / "f", segments(3)));
    EXPECT_GE(got.resumed_from, ranges::size / 6);
    EXPECT_EQ(got.size, ranges::size);
    EXPECT_THAT(server->asked,
                ::testing::Contains(fmt::format("bytes={}-{}", 1536 * 1024, 2 * 1024 * 1024 - 1)));
    EXPECT_TRUE(read_file(dir / "f") == server->file);
    EXPECT_FALSE(std::filesystem::exists(dir / "f.part.info"));
}

TEST_F(broken_segments, begin_again_if_the_file_has_changed)
{
    server->tag = "\"v2\"";
    const auto got = run(api.download("http://a.local/f", dir / "f", segments(3)));
    EXPECT_EQ(got.resumed_from, 0U);
    EXPECT_EQ(server->asked.size(), 3U);
    EXPECT_TRUE(read_file(dir / "f") == server->file);
}

TEST_F(broken_segments, begin_again_if_somebody_has_changed_what_is_there)
{
    std::string info = read_file(dir / "f.part.info");
    struct row {
        const char* name;
        std::string tail;
    };
    for (const row& r :
         {row{"a hole", "0 1048576 0\n2097152 1048576 0\n"}, row{"too long", "0 3145729 0\n"},
          row{"too much", "0 3145728 3145729\n"}, row{"words", "none\n"}}) {
        SCOPED_TRACE(r.name);
        server->asked.clear();
        std::ofstream(dir / "f.part.info")
            << info.substr(0, info.find('\n', info.find('\n') + 1) + 1) << r.tail;
        std::filesystem::copy_file(dir / (std::filesystem::exists(dir / "f.part") ? "f.part" : "f"),
                                   dir / "copy");
        std::filesystem::rename(dir / "copy", dir / "f.part");
        const auto got = run(api.download("http://a.local/f", dir / "f", segments(3)));
        EXPECT_EQ(got.resumed_from, 0U);
        EXPECT_TRUE(read_file(dir / "f") == server->file);
    }
}

TEST(download, goes_on_in_a_folder_under_the_name_that_it_had)
{
    const temporary_directory dir;
    fault_server server({answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"v1\"\r\n"
                                "Content-Disposition: attachment; filename=x.bin\r\n\r\n01234"),
                         answer("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-9/10\r\n"
                                "Content-Length: 5\r\nETag: \"v1\"\r\n\r\n56789")});
    session api;
    EXPECT_THROW(run(api.download(url_of(server), dir.path())), incomplete_body);
    const auto got = run(api.download(url_of(server), dir.path()));
    EXPECT_EQ(got.path, dir / "x.bin");
    EXPECT_EQ(got.resumed_from, 5U);
    EXPECT_EQ(read_file(dir / "x.bin"), "0123456789");
}

TEST(download, leaves_nothing_behind_if_nothing_came)
{
    const temporary_directory dir;
    const fault_server server(answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    session api;
    EXPECT_THROW(run(api.download(url_of(server), dir / "f")), status_error);
    EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST(download, is_alone_with_its_part)
{
    const temporary_directory dir;
    const detail::part_file first(dir / "f");
    EXPECT_THROW(detail::part_file(dir / "f"), error);
}

TEST(content_range, is_read_strictly)
{
    using detail::content_range;
    using detail::parse_content_range;
    const auto full = parse_content_range("bytes 5-9/10");
    ASSERT_TRUE(full);
    EXPECT_EQ(full->first, 5U);
    EXPECT_EQ(full->size, 5U);
    EXPECT_EQ(full->total, 10U);
    EXPECT_FALSE(parse_content_range("Bytes 0-0/*")->total);
    EXPECT_EQ(parse_content_range("bytes */7")->size, 0U);
    for (const char* bad :
         {"", "bytes", "bytes 5-9", "bytes 9-5/10", "bytes 5-10/10", "items 1-2/3", "bytes -5/10",
          "bytes a-b/c", "bytes 0-18446744073709551615/*"}) {
        SCOPED_TRACE(bad);
        EXPECT_FALSE(parse_content_range(bad));
    }
}

}  // namespace
}  // namespace ferry::http
