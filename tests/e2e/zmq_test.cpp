#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry {
namespace {

// What a shell script prints in a folder of its own, where `$F` is the command.
testing::outcome script(const std::string& text)
{
    const testing::temporary_directory folder;
    return testing::run_program(
        {"/bin/sh", "-c",
         "cd " + folder.path().string() + "; F=\"" FERRY_COMMAND " zmq\"; " + text});
}

TEST(zmq_verb, a_pipeline)
{
    const auto done = script(
        "printf 'one\\ntwo|2\\n' | $F push ipc://p --parts '|' & "
        "$F pull ipc://p -n 2 --json; wait");
    EXPECT_EQ(done.out, "[\"one\"]\n[\"two\",\"2\"]\n") << done.err;
    const auto hex =
        script("echo '00ff 41' | $F push ipc://p --hex & $F pull ipc://p -n 1 --hex; wait");
    EXPECT_EQ(hex.out, "00ff 41\n") << hex.err;
}

TEST(zmq_verb, questions_and_answers)
{
    const auto done = script(
        "$F rep ipc://p -n 2 --exec 'tr a-z A-Z' & "
        "printf 'a\\nb\\n' | $F req ipc://p --timeout 20; wait");
    EXPECT_EQ(done.out, "A\nB\n") << done.err;
    const auto by_hand = script(
        "echo yes | $F rep ipc://p -n 1 >asked & "
        "echo really | $F req ipc://p; wait; cat asked");
    EXPECT_EQ(by_hand.out, "yes\nreally\n") << by_hand.err;
}

TEST(zmq_verb, topics)
{
    const auto done = script(
        "printf 'x 1\\nwet 2\\n' | $F pub ipc://p --wait 1 & "
        "$F sub ipc://p -t wet -n 1 --timeout 20; wait");
    EXPECT_EQ(done.out, "wet 2\n") << done.err;
}

TEST(zmq_verb, a_proxy_with_capture)
{
    const auto done = script(
        "$F proxy streamer ipc://a ipc://b --capture ipc://c & P=$!; "
        "$F sub ipc://c -n 1 --timeout 60 >seen & S=$!; "
        "$F pull ipc://b >pulled & Q=$!; "
        "while kill -0 $S 2>/dev/null; do echo hello | $F push ipc://a --connect; done; "
        "kill $P $Q; wait; cat seen; uniq pulled");
    EXPECT_EQ(done.out, "hello\nhello\n") << done.err;
}

TEST(zmq_verb, curve)
{
    const auto done = script(
        "K=$($F keygen me); stat -c %a me.key_secret; "
        "$F rep ipc://p -n 1 --cert me.key_secret --exec cat & "
        "echo secret | $F req ipc://p --curve-server \"$K\" --timeout 20; wait");
    EXPECT_EQ(done.out, "600\nsecret\n") << done.err;
}

TEST(zmq_verb, prints_what_happens_to_a_connection)
{
    const auto done = script(
        "$F rep ipc://p & P=$!; $F monitor ipc://p -n 40 >seen & M=$!; "
        "while ! grep -q handshake_succeeded seen; do sleep 0.01; done; "
        "kill $M $P; grep -c handshake_succeeded seen");
    EXPECT_EQ(done.out, "1\n") << done.err;
}

TEST(zmq_verb, says_what_failed)
{
    const auto nobody = script("echo x | $F req ipc://p --timeout 0.05 --linger 0");
    EXPECT_EQ(nobody.status, 10) << nobody.err;
    EXPECT_EQ(script("$F push tcp://127.0.0.1:99999 --connect </dev/null").status, 2);
    EXPECT_EQ(script("$F frobnicate x").status, 2);
    EXPECT_EQ(script("$F push").status, 2);
    const auto help = script("$F --help");
    EXPECT_EQ(help.status, 0);
    EXPECT_NE(help.out.find("ferry zmq rep tcp://127.0.0.1:5000"), std::string::npos) << help.out;
    EXPECT_EQ(script("$F sub --help").status, 0);
}

}  // namespace
}  // namespace ferry
