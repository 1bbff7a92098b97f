#include "ferry/testing/peer.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <memory>

namespace ferry {
namespace {

using testing::run_program;

// The verbs of HTTP against httpbin.
class request_verbs : public ::testing::Test {
protected:
    static void SetUpTestSuite()
    {
        peer =
            std::make_unique<testing::peer>(FERRY_SOURCE_DIR "/tests/interop/http/httpbin_peer.py");
    }
    static void TearDownTestSuite() { peer.reset(); }

    static std::string url(const std::string& path)
    {
        return "http://127.0.0.1:" + std::to_string(peer->port()) + path;
    }
    static testing::outcome ferry(std::vector<std::string> words)
    {
        words.insert(words.begin(), FERRY_COMMAND);
        return run_program(words);
    }
    static std::string out(const std::vector<std::string>& words)
    {
        const auto done = ferry(words);
        EXPECT_EQ(done.status, 0) << done.err;
        return done.out;
    }

    static inline std::unique_ptr<testing::peer> peer;
    testing::temporary_directory folder_;
};

TEST_F(request_verbs, items_become_query_headers_and_json)
{
    const std::vector<std::string> words{"post",     url("/post"), "q==é",    "X-Trace:7", "a=1",
                                         "b:=[1,2]", "c:=null",    "Accept:", "--query"};
    const auto query = [&](const std::string& path) {
        auto all = words;
        all.push_back(path);
        return out(all);
    };
    EXPECT_EQ(query("$.args.q"), "é\n");
    EXPECT_EQ(query("$.json"), "{\"a\":\"1\",\"b\":[1,2],\"c\":null}\n");
    EXPECT_EQ(query("$.headers['X-Trace','Content-Type','Accept']"), "7\napplication/json\n");
}

TEST_F(request_verbs, bodies_of_every_kind)
{
    const std::string file = folder_ / "note.txt";
    std::ofstream(file) << "hello\n";
    std::ofstream(folder_ / "z.json") << "{\"z\":1}";
    struct row {
        std::vector<std::string> words;
        const char* query;
        const char* expected;
    };
    for (const row& r : {
             row{{"--form", "a=1", "b=x y"}, "$.form", "{\"a\":\"1\",\"b\":\"x y\"}\n"},
             row{{"--multipart", "a=1"}, "$.form", "{\"a\":\"1\"}\n"},
             row{{"k=v", "f@" + file},
                 "$['form','files']",
                 "{\"k\":\"v\"}\n{\"f\":\"hello\\n\"}\n"},
             row{{"@" + (folder_ / "z.json")}, "$.json", "{\"z\":1}\n"},
             row{{"-d", "x=1", "-d", "y=2"}, "$.form", "{\"x\":\"1\",\"y\":\"2\"}\n"},
             row{{"-d", "@" + file}, "$.form", "{\"hello\":\"\"}\n"},
             row{{"-F", "x=1", "-F", "f=@" + file + ";type=text/x"},
                 "$['form','files']",
                 "{\"x\":\"1\"}\n{\"f\":\"hello\\n\"}\n"},
             row{{"--raw", "as it is"}, "$.data", "as it is\n"},
         }) {
        SCOPED_TRACE(r.words.front());
        std::vector<std::string> words{"post", url("/post"), "--query", r.query};
        words.insert(words.end(), r.words.begin(), r.words.end());
        EXPECT_EQ(out(words), r.expected);
    }
}

TEST_F(request_verbs, methods)
{
    for (const char* verb : {"put", "patch", "delete"}) {
        EXPECT_EQ(out({verb, url("/anything"), "--query", "$.method", "a=1"}),
                  std::string(std::string_view(verb) == "put"     ? "PUT"
                              : std::string_view(verb) == "patch" ? "PATCH"
                                                                  : "DELETE") +
                      '\n');
    }
    EXPECT_EQ(out({"request", url("/anything"), "--query", "$.method", "a=1"}), "POST\n");
    EXPECT_EQ(out({"request", url("/anything"), "--query", "$.method", "-X", "TRACE"}), "TRACE\n");
    const auto head = out({"head", url("/get")});
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\n")) << head;
    EXPECT_TRUE(head.ends_with("\n\n")) << head;
}

TEST_F(request_verbs, logins)
{
    EXPECT_EQ(out({"get", url("/basic-auth/u/p"), "-u", "u:p", "--query", "$.user"}), "u\n");
    EXPECT_EQ(ferry({"get", url("/basic-auth/u/p"), "-u", "u:wrong"}).status, 4);
    EXPECT_EQ(out({"get", url("/digest-auth/auth/u/p/SHA-256"), "-u", "u:p", "--digest", "--query",
                   "$.user"}),
              "u\n");
    EXPECT_EQ(out({"get", url("/bearer"), "--bearer", "t0ken", "--query", "$.token"}), "t0ken\n");
}

TEST_F(request_verbs, cookies_and_sessions_are_kept)
{
    const std::string jar = folder_ / "jar";
    out({"get", url("/cookies/set/a/b"), "-c", jar});
    EXPECT_EQ(out({"get", url("/cookies"), "-b", jar, "--query", "$.cookies"}), "{\"a\":\"b\"}\n");
    EXPECT_EQ(out({"get", url("/cookies"), "-b", "x=y", "--query", "$.cookies"}),
              "{\"x\":\"y\"}\n");

    ::setenv("XDG_STATE_HOME", folder_.path().c_str(), 1);
    out({"get", url("/cookies/set/s/1"), "--session", "me", "X-Key:k", "-u", "u:p"});
    EXPECT_EQ(out({"get", url("/anything"), "--session", "me", "--query",
                   "$.headers['Cookie','X-Key','Authorization']"}),
              "s=1\nk\nBasic dTpw\n");
    const auto mode = std::filesystem::status(folder_ / "ferry/sessions/me.json").permissions();
    EXPECT_EQ(mode & std::filesystem::perms::all,
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    EXPECT_EQ(ferry({"get", url("/get"), "--session", "../x"}).status, 2);
    ::unsetenv("XDG_STATE_HOME");
}

TEST_F(request_verbs, output)
{
    const std::string pretty = out({"get", url("/get?a=1"), "--pretty", "format"});
    EXPECT_TRUE(pretty.starts_with("{\n  \"args\": {\n    \"a\": \"1\"\n  },")) << pretty;
    const std::string coloured = out({"get", url("/get"), "--pretty", "colors", "--print", "h"});
    EXPECT_TRUE(coloured.starts_with("HTTP/1.1 \033[32m200 OK\033[0m\n")) << coloured;
    const std::string both = out({"get", url("/get"), "-v"});
    EXPECT_TRUE(both.starts_with("GET /get HTTP/1.1\nHost: 127.0.0.1")) << both;
    EXPECT_NE(both.find("\nAccept-Encoding: gzip, deflate, br, zstd\n"), both.npos) << both;
    EXPECT_EQ(out({"get", url("/html"), "--css", "h1::text"}), "Herman Melville - Moby-Dick\n");
    EXPECT_EQ(out({"get", url("/redirect/2"), "-o", folder_ / "body", "-w",
                   "%{http_code} %{num_redirects}\\n"}),
              "200 2\n");
    EXPECT_TRUE(testing::read_file(folder_ / "body").starts_with("{"));
    EXPECT_NE(out({"get", url("/image/png"), "--pretty", "format"}).find("no text"),
              std::string::npos);
    EXPECT_EQ(ferry({"get", url("/status/503"), "-s"}).err, "");
    EXPECT_EQ(ferry({"get", url("/redirect/9"), "--max-redirects", "3"}).status, 6);
}

TEST_F(request_verbs, offline_prints_what_would_be_sent)
{
    EXPECT_EQ(out({"post", "http://nowhere.example/x?y=1", "a=b", "--offline", "-u", "u:p"}),
              "POST /x?y=1 HTTP/1.1\nHost: nowhere.example\nUser-Agent: ferry/0.1\n"
              "Accept-Encoding: gzip, deflate, br, zstd\nAccept: */*\n"
              "Authorization: Basic dTpw\nContent-Type: application/json\nContent-Length: 9\n\n"
              "{\"a\":\"b\"}");
}

TEST_F(request_verbs, wrong_words_are_refused_before_anything_is_sent)
{
    for (const std::vector<std::string>& words : {
             std::vector<std::string>{"nonsense"},
             {"=x"},
             {"a:=[1"},
             {"a=1", "-d", "b=2"},
             {"--raw", "x", "a=1"},
             {"-H", "no colon"},
             {"-F", "x"},
             {"--query", "$["},
             {"--css", "["},
             {"--xpath", "//["},
             {"--css", "a", "--xpath", "//a"},
             {"--pretty", "nicely"},
             {"--form", "--json"},
         }) {
        SCOPED_TRACE(words.front());
        std::vector<std::string> all{"post", "http://127.0.0.1:1/"};
        all.insert(all.end(), words.begin(), words.end());
        const auto done = ferry(all);
        EXPECT_EQ(done.status, 2) << done.err;
        EXPECT_NE(done.err, "");
    }
}

}  // namespace
}  // namespace ferry
