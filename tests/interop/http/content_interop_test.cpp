// What requests and responses carry: bodies and portions against httpbin, downloads against nginx,
// events against aiohttp, cookie files against Python's http.cookiejar.
#include "ferry/crypto/hash.hpp"
#include "ferry/http/http.hpp"
#include "ferry/testing/peer.hpp"
#include "ferry/testing/program.hpp"

#include "tests/interop/http/nginx.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace ferry::http {
namespace {

using ::testing::HasSubstr;

// httpbin behind nginx, which takes chunked bodies, keeps connections and says 100 Continue.
class content : public ::testing::Test {
protected:
    static void SetUpTestSuite()
    {
        httpbin = std::make_unique<testing::peer>(FERRY_INTEROP_DIR "/httpbin_peer.py");
        front = std::make_unique<nginx>(fmt::format(
            "client_max_body_size 64m; location / {{ proxy_pass http://127.0.0.1:{}; }} "
            "location /files/ {{ gzip off; }} location /whole/ {{ gzip off; "
            "max_ranges 0; }}",
            httpbin->port()));
    }
    static void TearDownTestSuite()
    {
        front.reset();
        httpbin.reset();
    }
    static std::string url(std::string_view path) { return front->url(path); }

    static inline std::unique_ptr<testing::peer> httpbin;
    static inline std::unique_ptr<nginx> front;
    session api;
    testing::temporary_directory dir;
};

TEST_F(content, multipart_arrives_part_by_part)
{
    std::ofstream(dir / "n é.txt") << "in the file";
    const auto seen =
        run(api.post(url("/post"), multipart(field("k", "v"), field("k", 2),
                                             file("f", dir / "n é.txt").header("X-H", "1"),
                                             file("g", "b.txt", body("bytes")))))
            .json();
    EXPECT_EQ(seen["form"]["k"], value::array("v", "2"));
    EXPECT_EQ(seen["files"], value::object("f", "in the file", "g", "bytes"));
    EXPECT_EQ(seen["json"].is_null(), true);
}

TEST_F(content, files_stream_with_their_length)
{
    const std::string large(3'000'000, 'x');
    std::ofstream(dir / "f") << large;
    std::uint64_t sent = 0;
    const auto note = [&sent](const transfer& t) { sent = t.sent; };
    const auto seen = run(api.put(url("/put"), from_file(dir / "f"), progress(note))).json();
    EXPECT_EQ(seen["data"].as<std::string>(), large);
    EXPECT_EQ(seen["headers"]["Content-Length"].as<std::string>(), "3000000");
    EXPECT_EQ(sent, 3'000'000U);
    EXPECT_EQ(run(api.put(url("/put"), from_file(dir / "f", 10, 5))).json()["data"],
              value("xxxxx"));
    const auto again = run(api.post(url("/redirect-to"), params("url", "/post", "status_code", 308),
                                    from_file(dir / "f", 0, 7)));
    EXPECT_EQ(again.json()["data"].as<std::string>(), "xxxxxxx");
    EXPECT_EQ(again.history.size(), 1U);
}

TEST_F(content, compressed_bodies_say_so)
{
    const auto seen =
        run(api.post(url("/post"), body("abc"), compress_body(compress::codec::gzip))).json();
    EXPECT_EQ(seen["headers"]["Content-Encoding"].as<std::string>(), "gzip");
}

TEST_F(content, responses_come_in_portions_and_with_readers)
{
    const auto r = run(api.get(url("/stream/4")));
    EXPECT_EQ(r.lines().size(), 4U);
    const auto documents = r.json_lines();
    ASSERT_EQ(documents.size(), 4U);
    EXPECT_EQ(documents[3]["id"].as<int>(), 3);
    EXPECT_EQ(r.headers.content_type().essence(), "application/json");
    EXPECT_GT(r.timings.total.count(), 0);
    const auto linked =
        run(api.get(url("/response-headers"),
                    params("Link", "</next>; rel=\"next\"; title=\"x\"", "Retry-After", "7",
                           "Cache-Control", "max-age=5", "ETag", "\"a\"")));
    EXPECT_EQ(linked.links()["next"].url, url("/next"));
    EXPECT_EQ(linked.headers.retry_after(), std::chrono::seconds(7));
    EXPECT_EQ(linked.headers.cache_control().max_age(), std::chrono::seconds(5));
    EXPECT_EQ(linked.headers.etag()->value, "a");
    try {
        static_cast<void>(run(api.get(url("/html"))).json());
        FAIL();
    } catch (const parse_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("body of type text/html"));
    }
}

TEST_F(content, cookies_live_on_in_a_file)
{
    run(api.get(url("/cookies/set"), params("a", 1)));
    api.cookies().save(dir / "c.txt");
    session other;
    other.cookies().load(dir / "c.txt");
    EXPECT_EQ(run(other.get(url("/cookies"))).json()["cookies"], value::object("a", "1"));
}

TEST_F(content, cached_answers_are_validated)
{
    session cached(cache::memory());
    EXPECT_FALSE(run(cached.get(url("/cache/60"))).from_cache());
    EXPECT_TRUE(run(cached.get(url("/cache/60"))).from_cache());
    // Not through nginx, which takes away a tag without quotes.
    const std::string tagged = fmt::format("http://127.0.0.1:{}/etag/abc", httpbin->port());
    EXPECT_FALSE(run(cached.get(tagged)).from_cache());
    const auto again = run(cached.get(tagged));
    EXPECT_TRUE(again.from_cache());
    EXPECT_EQ(again.status, 200);
}

std::string noise(std::size_t bytes)
{
    std::string all(bytes, '\0');
    std::uint32_t state = 1;
    for (char& c : all) {
        state = state * 1664525 + 1013904223;
        c = static_cast<char>(state >> 24U);
    }
    return all;
}

TEST_F(content, downloads_resume_and_split)
{
    const std::string data = noise(5'000'000);
    front->put("files/f.bin", data);
    front->put("whole/f.bin", data);
    const std::string sum = hash::sha256(data).hex();

    auto got = run(api.download(url("/files/f.bin"), dir / "a", sha256(sum)));
    EXPECT_EQ(got.size, data.size());
    EXPECT_EQ(testing::read_file(dir / "a"), data);

    // As if the first 1,000,000 bytes had come before.
    const std::string key = hash::sha256(url("/files/f.bin?")).hex();
    const std::string tag(got.response.headers["ETag"]);
    std::ofstream(dir / "b.part") << data.substr(0, 1'000'000);
    std::ofstream(dir / "b.part.info") << key << "\n" << tag << "\n";
    got = run(api.download(url("/files/f.bin"), dir / "b", sha256(sum)));
    EXPECT_EQ(got.resumed_from, 1'000'000U);
    EXPECT_EQ(got.response.status, 206);
    EXPECT_EQ(testing::read_file(dir / "b"), data);

    // All of it was there.
    std::ofstream(dir / "c.part") << data;
    std::ofstream(dir / "c.part.info") << key << "\n" << tag << "\n";
    got = run(api.download(url("/files/f.bin"), dir / "c", sha256(sum)));
    EXPECT_EQ(got.response.status, 416);
    EXPECT_EQ(got.size, data.size());

    // It has changed since.
    std::ofstream(dir / "d.part") << "another file";
    std::ofstream(dir / "d.part.info") << url("/files/f.bin") << "\n\"old\"\n";
    got = run(api.download(url("/files/f.bin"), dir / "d", sha256(sum)));
    EXPECT_EQ(got.resumed_from, 0U);

    for (const char* from : {"/files/f.bin", "/whole/f.bin"}) {
        SCOPED_TRACE(from);
        std::uint64_t received = 0;
        const auto note = [&received](const transfer& t) { received = t.received; };
        got = run(api.download(url(from), dir.path(), segments(4), sha256(sum), progress(note)));
        EXPECT_EQ(got.path, dir / "f.bin");
        EXPECT_EQ(received, data.size());
        EXPECT_EQ(testing::read_file(dir / "f.bin"), data);
    }
}

awaitable<std::vector<std::string>> first_events(std::string from, std::size_t most)
{
    session api;
    event_stream events = sse(api, std::move(from));
    std::vector<std::string> all;
    while (all.size() < most) {
        const auto e = co_await events.next();
        if (!e) break;
        all.push_back(e->event + " " + e->id + " " + e->data);
    }
    co_return all;
}

TEST(aiohttp_events, come_over_several_connections)
{
    const testing::peer server(FERRY_INTEROP_DIR "/sse_peer.py");
    const auto all =
        run(first_events(fmt::format("http://127.0.0.1:{}/events", server.port()), 100));
    ASSERT_EQ(all.size(), 9U);
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(all[i], fmt::format("tick {0} é {0}\nsecond line", i + 1));
    }
}

TEST(cookie_files, are_pythons_too)
{
    const testing::temporary_directory dir;
    const std::string script = FERRY_INTEROP_DIR "/cookie_files.py";
    ASSERT_EQ(testing::run_program({FERRY_PYTHON, script, "write", dir.path().string()}).status, 0);
    for (const char* name : {"cookies.txt", "cookies.lwp"}) {
        SCOPED_TRACE(name);
        cookie_jar jar;
        jar.load(dir / name);
        ASSERT_EQ(jar.size(), 2U);
        const auto a = jar.find("a");
        EXPECT_EQ(a->domain, "example.com");
        EXPECT_FALSE(a->host_only);
        EXPECT_TRUE(a->secure);
        EXPECT_EQ(a->path, "/x");
        EXPECT_EQ(a->expires, timestamp(std::chrono::seconds(2'000'000'000)));
        EXPECT_EQ(jar.find("b")->value, "x \"y\" \\z");
        EXPECT_TRUE(jar.find("b")->host_only);
        EXPECT_FALSE(jar.find("b")->expires);
    }
    cookie_jar jar;
    jar.load(dir / "cookies.txt");
    jar.save(dir / "back.txt");
    const auto read = testing::run_program({FERRY_PYTHON, script, "read", dir / "back.txt"});
    EXPECT_THAT(read.out, HasSubstr("a 1 .example.com /x True 2000000000\n"));
    EXPECT_THAT(read.out, HasSubstr("b x \"y\" \\z h.example / False "));
    EXPECT_EQ(read.status, 0) << read.err;
}

}  // namespace
}  // namespace ferry::http
