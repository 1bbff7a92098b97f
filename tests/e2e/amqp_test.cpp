#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry {
namespace {

const char* const with_rabbitmq = FERRY_SOURCE_DIR "/tests/services/with_rabbitmq";

// What a shell script prints that calls `$F` beside a RabbitMQ of its own, whose URL the command
// takes from the environment.
testing::outcome script(const std::string& text, const std::string& plugins = {})
{
    return testing::run_program({"/usr/bin/env", "FERRY_RABBITMQ_PLUGINS=" + plugins, with_rabbitmq,
                                 "/bin/bash", "-c", "F=\"" FERRY_COMMAND " amqp\"; " + text},
                                {}, std::chrono::seconds(100));
}

// One broker for all of it, as it takes ten seconds to start.
TEST(amqp_verb, works_with_a_broker)
{
    const auto done = script(R"(
        $F declare queue q --durable --arg x-max-length=100
        $F declare exchange x --type topic
        $F declare binding --source x --queue q -k 'a.#'
        printf 'one\ntwo\n' | $F publish -e x -k a.b --lines --persistent --header n=5 \
            --header t=text --prop content_type=text/plain --prop message_id=m; echo published $?
        $F get -q q --json
        $F consume -q q -n 1
        $F get -q q; echo empty $?
        $F consume -q q --timeout 0.2; echo idle $?
        echo lost | $F publish -e x -k b --mandatory 2>&1; echo unroutable $?
        printf 'a\nb\nc\n' | $F publish -k q --lines
        $F declare queue r
        $F shovel --from "$FERRY_RABBITMQ",q --to "$FERRY_RABBITMQ",,r -n 2 2>&1
        $F consume -q r -n 1 --exec 'tr a-z A-Z'
        $F consume -q r -n 1 --exec 'cat >/dev/null; exit 1'; $F declare queue r
        $F purge q
        $F delete binding --source x --queue q -k 'a.#'
        $F delete queue q --if-empty
        $F delete exchange x
        $F get -q q 2>&1; echo gone $?)");
    EXPECT_EQ(done.out,
              "q 0 messages, 0 consumers\n"
              "published 0\n"
              R"({"exchange":"x","routing_key":"a.b","redelivered":false,"properties":)"
              R"({"content_type":"text/plain","headers":{"n":5,"t":"text"},"delivery_mode":2,)"
              R"("message_id":"m"},)"
              "\"body\":\"one\"}\n"
              "two\n"
              "empty 1\n"
              "idle 10\n"
              "ferry: amqp: no queue takes the message to 'x' with the key 'b'\n"
              "unroutable 4\n"
              "r 0 messages, 0 consumers\n"
              "ferry: 2 messages moved\n"
              "A"
              "r 0 messages, 0 consumers\n"
              "1 messages\n"
              "0 messages\n"
              "ferry: amqp: 404 NOT_FOUND - no queue 'q' in vhost '/'\n"
              "gone 9\n")
        << done.err;
}

TEST(amqp_verb, lists_compares_serves_and_measures)
{
    const auto done = script(R"(
        D=$(mktemp -d); trap 'rm -rf $D' EXIT
        printf '%s\n' '[[exchanges]]' 'name = "logs"' 'type = "topic"' \
            '[[queues]]' 'name = "errors"' 'durable = true' 'arguments = {x-max-length = 10}' \
            '[[bindings]]' 'source = "logs"' 'destination = "errors"' 'routing_key = "#.error"' \
            >$D/t.toml
        FERRY_RABBITMQ_MANAGEMENT= $F topology diff $D/t.toml 2>/dev/null; echo differs $?
        $F topology apply $D/t.toml; echo applied $?
        $F topology diff $D/t.toml; echo same $?
        $F unbind --source logs --queue errors -k '#.error'
        $F topology diff $D/t.toml; echo unbound $?
        $F bind --source logs --queue errors -k '#.error'
        echo x | $F publish -e logs -k app.error --mandatory; echo routed $?
        echo '{"queues": [{"name": "errors"}]}' >$D/t.json
        $F topology apply $D/t.json 2>&1 | cut -c1-45
        echo 'queues = 1 2' >$D/bad.toml; $F topology apply $D/bad.toml 2>/dev/null; echo bad $?
        $F list bindings --vhost / --json | grep -c '"routing_key":"#.error"'
        $F list queues | grep -o '^errors'
        $F list connections >/dev/null; echo listed $?
        $F serve-echo -q echo 2>$D/err & P=$!
        until grep -qs serving $D/err; do sleep 0.05; done
        $F bench rpc -q echo --calls 20 --size 100 --json | grep -c '"call_median_us":[0-9]'
        kill $P; wait $P; echo served $?
        $F bench -n 500 --calls 20 --size 100 | sed 's/:.*//')",
                             "management");
    EXPECT_EQ(done.out,
              "exchange 'logs': missing\n"
              "queue 'errors': missing\n"
              "differs 1\n"
              "applied 0\n"
              "same 0\n"
              "binding 'logs' -> queue 'errors' by '#.error': missing\n"
              "unbound 1\n"
              "routed 0\n"
              "ferry: amqp: 406 PRECONDITION_FAILED - inequi\n"
              "bad 2\n"
              "1\n"
              "errors\n"
              "listed 0\n"
              "1\n"
              "served 130\n"
              "publish 100 bytes, confirmed\n"
              "consume 100 bytes, acknowledged\n"
              "call with 100 bytes\n")
        << done.err;
}

TEST(amqp_verb, says_what_is_wrong)
{
    struct row {
        std::vector<std::string> words;
        int status;
        const char* text;
    };
    for (const row& r : std::vector<row>{
             {{"nonsense"}, 2, "no such verb: nonsense; `ferry amqp --help` lists them"},
             {{"get"}, 2, "--queue is required"},
             {{"get", "-q", "q", "-u", "http://x"}, 2, "must begin with amqp://"},
             {{"get", "-q", "q", "-u", "amqp://127.0.0.1:1"}, 7, "127.0.0.1:1"},
             {{"publish", "--prop", "colour=red", "/dev/null"}, 2, "no property 'colour'"},
             {{"publish", "--prop", "priority=256", "/dev/null"}, 2, "a number up to 255"},
             {{"publish", "--header", "x", "/dev/null"}, 2, "name=value"},
             {{"declare"}, 2, "subcommand"},
             {{"declare", "binding", "--source", "x"}, 2, "--queue or to --exchange"},
             {{"shovel", "--from", "amqp://a/", "--to", "amqp://b/"}, 2, "URL,QUEUE"},
             {{"bind", "--source", "x"}, 2, "--queue or to --exchange"},
             {{"topology"}, 2, "subcommand"},
             {{"topology", "apply", "/nowhere.toml"}, 11, "/nowhere.toml"},
             {{"list", "gardens"}, 2, "gardens"},
             {{"list", "-m", "http://127.0.0.1:1/"}, 7, "127.0.0.1:1"},
             {{"bench", "nothing"}, 2, "nothing"},
             {{"serve-echo"}, 2, "--queue is required"},
         }) {
        SCOPED_TRACE(r.text);
        std::vector<std::string> words{FERRY_COMMAND, "amqp"};
        words.insert(words.end(), r.words.begin(), r.words.end());
        const auto done = testing::run_program(words);
        EXPECT_EQ(done.status, r.status);
        EXPECT_NE((done.err + done.out).find(r.text), std::string::npos) << done.err << done.out;
    }
    EXPECT_EQ(testing::run_program({FERRY_COMMAND, "amqp", "--help"}).status, 0);
    EXPECT_EQ(testing::run_program({FERRY_COMMAND, "amqp", "shovel", "--help"}).status, 0);
}

}  // namespace
}  // namespace ferry
