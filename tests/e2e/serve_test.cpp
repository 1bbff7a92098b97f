// `ferry serve` as a user runs it, asked by curl.
#include "ferry/testing/certificates.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ferry {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class serve_verb : public ::testing::Test {
protected:
    serve_verb()
    {
        std::filesystem::create_directories(folder.path() / "site" / "sub");
        std::ofstream(folder.path() / "site" / "a.txt") << std::string(5000, 'a');
    }

    void start(std::vector<std::string> options)
    {
        options.insert(options.begin(), {FERRY_COMMAND, "serve", folder / "site"});
        options.insert(options.end(), {"--port-file", folder / "port"});
        server.emplace(options, folder / "out", folder / "err");
        for (int i = 0; i < 1000 && port.empty(); ++i) {
            std::this_thread::sleep_for(10ms);
            port = testing::read_file(folder / "port");
        }
        if (port.ends_with('\n')) port.pop_back();
    }

    std::string curl(std::vector<std::string> options) const
    {
        options.insert(options.begin(), {"/usr/bin/curl", "-s", "-S"});
        const auto ran = testing::run_program(options);
        return ran.out + ran.err;
    }

    testing::temporary_directory folder;
    std::optional<testing::program> server;
    std::string port;
};

TEST_F(serve_verb, lists_compresses_logs_and_lets_other_origins_in)
{
    start({"--port", "0", "--compress", "--cors", "--log", "--threads", "2"});
    const std::string url = "http://127.0.0.1:" + port;
    EXPECT_THAT(curl({url + "/"}), HasSubstr("<li><a href=\"sub/\">sub/</a></li>"));
    const std::string head = curl({"-D", "-", "-o", "/dev/null", "-H", "Origin: http://a.example",
                                   "-H", "Accept-Encoding: gzip", url + "/a.txt"});
    EXPECT_THAT(head, HasSubstr("Content-Encoding: gzip"));
    EXPECT_THAT(head, HasSubstr("Access-Control-Allow-Origin: *"));
    EXPECT_EQ(curl({"--compressed", url + "/a.txt"}), std::string(5000, 'a'));
    server->signal(SIGTERM);
    EXPECT_EQ(server->wait(), 0);
    EXPECT_THAT(testing::read_file(folder / "err"), HasSubstr("\"GET /a.txt\" 200"));
}

TEST_F(serve_verb, speaks_tls_and_takes_a_renewed_certificate)
{
    testing::certificate_authority ca(folder.path());
    const auto id = ca.issue({"127.0.0.1"});
    start({"--listen", "127.0.0.1:0", "--tls-cert", id.chain, "--tls-key", id.key});
    const std::string url = "https://127.0.0.1:" + port + "/a.txt";
    EXPECT_EQ(curl({"--cacert", ca.ca_file(), url}).size(), 5000U);

    const auto renewed = ca.issue({"other.example"});
    const auto over = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy_file(renewed.chain, id.chain, over);
    std::filesystem::copy_file(renewed.key, id.key, over);
    server->signal(SIGHUP);
    for (int i = 0; i < 200 && curl({"--cacert", ca.ca_file(), url}).size() == 5000U; ++i) {
        std::this_thread::sleep_for(10ms);
    }
    EXPECT_EQ(curl({"--cacert", ca.ca_file(), "--connect-to", "other.example:443:127.0.0.1:" + port,
                    "https://other.example/a.txt"})
                  .size(),
              5000U);
    server->signal(SIGINT);
    EXPECT_EQ(server->wait(), 0);
}

TEST_F(serve_verb, listens_on_a_unix_socket)
{
    start({"--listen", "unix:" + (folder / "s")});
    EXPECT_EQ(curl({"--unix-socket", folder / "s", "http://x/a.txt"}).size(), 5000U);
    server->signal(SIGTERM);
    EXPECT_EQ(server->wait(), 0);
    EXPECT_FALSE(std::filesystem::exists(folder / "s"));
}

TEST(serve_verb_usage, says_what_is_wrong)
{
    const auto bad = testing::run_program({FERRY_COMMAND, "serve", "--listen", "nonsense"});
    EXPECT_NE(bad.status, 0);
    EXPECT_THAT(bad.err, HasSubstr("not HOST:PORT or unix:PATH"));
    const auto missing = testing::run_program({FERRY_COMMAND, "serve", "/nowhere"});
    EXPECT_NE(missing.status, 0);
    EXPECT_THAT(missing.err, HasSubstr("/nowhere"));
}

}  // namespace
}  // namespace ferry
