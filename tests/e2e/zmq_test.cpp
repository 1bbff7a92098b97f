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
        "while [ ! -s pulled ]; do sleep 0.01; done; kill $P $Q; wait; cat seen; uniq pulled");
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

TEST(zmq_verb, pickles)
{
    const auto done = script(
        "echo '{\"a\":[1,null,2.5]}' | $F push ipc://p --pickle & "
        "$F pull ipc://p -n 1 --pickle; wait");
    EXPECT_EQ(done.out, "{\"a\":[1,null,2.5]}\n") << done.err;
    const auto of_python = script(
        "/usr/bin/python3 -c 'import zmq; c = zmq.Context(); s = c.socket(zmq.PUSH); "
        "s.connect(\"ipc://p\"); s.send_pyobj({\"b\": (1, True)}); s.close(); c.term()' & "
        "$F pull ipc://p --bind -n 1 --pickle; wait");
    EXPECT_EQ(of_python.out, "{\"b\":[1,true]}\n") << of_python.err;
}

TEST(zmq_verb, shows_the_log_of_a_python_program)
{
    const auto done = script(
        "cat >log.py <<'E'\n"
        "import logging, time, zmq, zmq.log.handlers as h\n"
        "s = zmq.Context().socket(zmq.XPUB)\n"
        "s.bind('ipc://log')\n"
        "s.recv()\n"
        "p = h.PUBHandler(s)\n"
        "p.root_topic = 'app'\n"
        "log = logging.getLogger('x')\n"
        "log.addHandler(p)\n"
        "log.setLevel(logging.DEBUG)\n"
        "log.info('quiet')\n"
        "log.warning('loud')\n"
        "log.critical('db::gone')\n"
        "E\n"
        "/usr/bin/python3 log.py & $F log ipc://log -t app. --level WARNING -n 2; wait");
    // The format of PyZMQ's own handler.
    EXPECT_EQ(done.out,
              "app.WARNING WARNING log.py:11 - loud\n"
              "app.CRITICAL.db CRITICAL log.py:12 - gone\n")
        << done.err;
}

TEST(zmq_verb, majordomo)
{
    const auto done = script(
        "$F mdp broker ipc://b & B=$!; "
        "cat >worker.py <<'E'\n"
        "import zmq\n"
        "s = zmq.Context().socket(zmq.DEALER)\n"
        "s.connect('ipc://b')\n"
        "s.send_multipart([b'', b'MDPW01', b'\\x01', b'shout'])\n"
        "while True:\n"
        "    _, _, command, *rest = s.recv_multipart()\n"
        "    if command == b'\\x02':\n"
        "        s.send_multipart([b'', b'MDPW01', b'\\x03', rest[0], b'', *(f.upper() for f in "
        "rest[2:])])\n"
        "    else:\n"
        "        s.send_multipart([b'', b'MDPW01', b'\\x04'])\n"
        "E\n"
        "/usr/bin/python3 worker.py & W=$!; "
        "$F mdp call ipc://b shout two words --timeout 20; printf 'a\nb\n' | $F mdp call ipc://b "
        "shout; "
        "$F mdp list ipc://b shout; echo $?; $F mdp list ipc://b shout nobody; echo $?; kill $W "
        "$B; wait");
    EXPECT_EQ(done.out, "TWO WORDS\nA\nB\nshout served\n0\nshout served\nnobody missing\n1\n")
        << done.err;
}

TEST(zmq_verb, measures)
{
    const auto done = script("$F bench ipc://b --size 10 -n 1000 --questions 10 --json");
    EXPECT_NE(done.out.find("\"size\":10,\"messages_per_second\":"), std::string::npos) << done.err;
    EXPECT_NE(script("$F bench -n 1000 --questions 10").out.find("push/pull of 100 bytes: "),
              std::string::npos);
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
