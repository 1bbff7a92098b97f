// ferry's server against Requests and curl.
#include "ferry/async/loop.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/compress/encoder.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <string>
#include <thread>

namespace ferry::http {
namespace {

class served : public ::testing::Test {
protected:
    served()
    {
        std::ofstream(directory / "page.txt") << "0123456789";
        std::ofstream(directory / "big.bin") << std::string(1'000'000, 'b');
        std::ofstream(directory / "packed.txt") << "plain";
        std::ofstream(directory / "packed.txt.gz")
            << to_string(compress::gzip(as_bytes("unpacked")));
        std::promise<std::uint16_t> ready;
        auto port_known = ready.get_future();
        thread = std::thread([this](std::promise<std::uint16_t> bound) { serve(std::move(bound)); },
                             std::move(ready));
        port = port_known.get();
    }
    ~served() override
    {
        // Not waited for: the loop's thread may end with serve() before stop() has its last turn.
        static_cast<void>(owner->submit(site->stop(std::chrono::seconds(1))));
        thread.join();
    }

    void serve(std::promise<std::uint16_t> ready)
    {
        server here;
        here.get("/hello", [](request& q) -> awaitable<response> {
            co_return text("hello " + std::string(q.query("name").value_or("")));
        });
        here.post("/echo", [](request& q) -> awaitable<response> { co_return body(q.content); });
        here.get("/stream", [](request&) -> awaitable<response> {
            auto left = std::make_shared<int>(3);
            co_return generator([left]() -> awaitable<buffer> {
                auto part = [](std::shared_ptr<int> n) -> awaitable<buffer> {
                    co_return (*n)-- > 0 ? buffer::copy("part") : buffer();
                };
                return part(left);
            });
        });
        here.files("/files/", directory.path());
        net::listener on(net::tcp("127.0.0.1", 0));
        site = &here;
        owner = loop::current();
        const std::uint16_t bound = on.port();
        auto serving = here.serve(std::move(on));
        ready.set_value(bound);
        run(std::move(serving));
    }

    std::string url(std::string_view path) const
    {
        return fmt::format("http://127.0.0.1:{}{}", port, path);
    }

    testing::temporary_directory directory;
    server* site = nullptr;
    std::optional<loop> owner;
    std::uint16_t port = 0;
    std::thread thread;
};

TEST_F(served, requests_understands_every_answer)
{
    const auto ran =
        testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/requests_client.py", url("")});
    ASSERT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(
        ran.out,
        "[\"get\", 200, \"hello café\"]\n"
        "[\"json\", 200, \"{\\\"a\\\": [\\\"\\\\u00e9\\\", 1]}\"]\n"
        "[\"chunked\", 200, \"abcd\"]\n"
        "[\"form\", 200, \"a=1&a=2\"]\n"
        "[\"stream\", 200, \"partpartpart\"]\n"
        "[\"head\", 200, \"\"]\n"
        "[\"options\", 204, \"\"]\n"
        "[\"missing\", 404, \"{\\\"type\\\":\\\"about:blank\\\",\\\"title\\\":\\\"Not Found\\\","
        "\\\"status\\\":404}\"]\n"
        "[\"file\", 200, \"0123456789\"]\n"
        "[\"range\", 206, \"123\"]\n"
        "[\"cached\", 304, \"\"]\n"
        "[\"gzip\", 200, \"unpacked\"]\n");
}

TEST_F(served, curl_gets_files_ranges_and_resumes)
{
    const auto whole = testing::run_program({"/usr/bin/curl", "-s", url("/files/big.bin")});
    EXPECT_EQ(whole.out.size(), 1'000'000U);
    const auto part =
        testing::run_program({"/usr/bin/curl", "-s", "-r", "10-19", url("/files/big.bin")});
    EXPECT_EQ(part.out, "bbbbbbbbbb");
    const auto two =
        testing::run_program({"/usr/bin/curl", "-s", "-w", "%{num_connects}\n", "-o", "/dev/null",
                              "-o", "/dev/null", url("/hello"), url("/hello")});
    EXPECT_EQ(two.out, "1\n0\n");
    const auto up = testing::run_program(
        {"/usr/bin/curl", "-s", "-H", "Expect: 100-continue", "--data-binary", "@-", url("/echo")},
        std::string(500'000, 'u'));
    EXPECT_EQ(up.out.size(), 500'000U);
    const auto outside =
        testing::run_program({"/usr/bin/curl", "-s", "--path-as-is", "-o", "/dev/null", "-w",
                              "%{http_code}", url("/files/../../etc/passwd")});
    EXPECT_EQ(outside.out, "400");
}

}  // namespace
}  // namespace ferry::http
