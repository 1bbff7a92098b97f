#include "ferry/async/async.hpp"
#include "ferry/core/log.hpp"
#include "ferry/testing/peer.hpp"
#include "ferry/zmq/zmq.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <source_location>
#include <string>

namespace ferry::zmq {
namespace {

using namespace std::chrono_literals;

multipart next_of(socket& from)
{
    return run(timeout(60s, from.receive_multipart()));
}

TEST(zmq_log_interop, publishes_what_pyzmq_would)
{
    const auto here = std::source_location::current();
    const testing::peer python(FERRY_INTEROP_DIR "/zmq_peer.py",
                               {"log", here.file_name(), std::to_string(here.line())},
                               FERRY_PYTHON);
    socket theirs(sub);
    theirs.connect("tcp://127.0.0.1:" + std::to_string(python.port()));
    theirs.subscribe("app.");

    socket out(xpub);
    socket ours(sub);
    ours.connect(out.bind("inproc://log"));
    ours.subscribe("app.");
    run(timeout(20s, out.receive()));
    const log_publisher news(std::move(out), "app");
    log::set_sink(news.sink());
    log::set_level(log::level::debug);
    for (const log::level l :
         {log::level::debug, log::level::info, log::level::warning, log::level::error}) {
        for (const char* text : {"plain", "db.slow::query", "::no topic", "a::b::c",
                                 "gr\xC3\xBC\xC3\x9F"
                                 "e"}) {
            log::write(l, log::message(text, here), {});
        }
    }
    log::set_sink({});
    log::set_level(log::level::warning);

    for (int i = 0; i < 20; ++i) {
        const multipart wanted = next_of(theirs);
        const multipart got = next_of(ours);
        ASSERT_EQ(got.size(), wanted.size());
        EXPECT_EQ(got[0].to_string(), wanted[0].to_string());
        std::string text = wanted[1].to_string();
        // PUBHandler says of an error which exception came with it, None here.
        constexpr std::string_view no_exception = " - None\n";
        if (text.starts_with("ERROR") && text.ends_with(no_exception)) {
            text.replace(text.size() - no_exception.size(), no_exception.size(), "\n");
        }
        EXPECT_EQ(got[1].to_string(), text);
    }
}

}  // namespace
}  // namespace ferry::zmq
