// What the shells themselves make of `ferry completion`, and man of `ferry man`.
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"
#include "ferry/testing/terminal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace ferry {
namespace {

using ::testing::HasSubstr;
using testing::run_program;
using testing::terminal;

// The folder of the command, in front of PATH: the scripts call it by name.
std::string with_ferry(const std::string& script)
{
    const std::string folder = std::filesystem::path(FERRY_COMMAND).parent_path();
    return "export PATH='" + folder + "':\"$PATH\"\n" + script;
}

std::string candidates(std::vector<std::string> words)
{
    words.insert(words.begin(), {FERRY_COMMAND, "completion", "candidates"});
    return run_program(words).out;
}

TEST(completion, knows_verbs_options_and_their_values)
{
    struct row {
        std::vector<std::string> words;
        const char* expected;
    };
    for (const row& r : std::vector<row>{
             {{"har"}, "harvest\tfetch pages and take records from them, by a recipe\n"},
             {{"--v"}, "--version\tprint the version\n"},
             {{"amqp", "pub"},
              "publish\tPublish a file, standard input, or each of its lines, and "
              "wait for the confirms.\n"},
             {{"amqp", "publish", "-k", "pu"}, ""},
             {{"amqp", "consume", "--format", "js"}, "json\thow bodies are printed\n"},
             {{"amqp", "publish", "--pers"}, "--persistent\ton the broker's disk\n"},
             {{"zmq", "mdp", "call", "--ret"}, "--retries\tfurther attempts\n"},
             {{"zmq", "proxy", "q"}, "queue\tqueue, forwarder or streamer\n"},
             {{"worker", "--queues", "a", "-P", "pre"},
              "prefork\tthreads, or processes, which Celery calls prefork\n"},
             {{"worker", "-P", "prefork", "--purge", "--disc"},
              "--discard\tDrop what waits in the queues first\n"},
             {{"get", "http://127.0.0.1/", "nothing"}, ""},
             {{"gte", "x"}, ""},
         }) {
        SCOPED_TRACE(::testing::PrintToString(r.words));
        EXPECT_EQ(candidates(r.words), r.expected);
    }
}

TEST(completion, refuses_a_shell_that_it_does_not_know)
{
    const auto done = run_program({FERRY_COMMAND, "completion", "tcsh"});
    EXPECT_EQ(done.status, 2);
    EXPECT_THAT(done.err, HasSubstr("tcsh"));
}

TEST(completion, works_in_bash)
{
    terminal shell({"/bin/bash", "--norc", "--noprofile", "-i"});
    shell.type(with_ferry("source <(ferry completion bash); echo re''ady\n"));
    ASSERT_TRUE(shell.wait_for("ready\n")) << shell.shown();
    shell.type("ferry amqp serv\t");
    EXPECT_TRUE(shell.wait_for("ferry amqp serve-echo ")) << shell.shown();
    shell.type("--pre\t");
    EXPECT_TRUE(shell.wait_for("--prefetch ")) << shell.shown();
}

TEST(completion, leaves_names_of_files_to_bash)
{
    const testing::temporary_directory folder;
    std::filesystem::create_directory(folder.path() / "pages_of_mine");
    terminal shell({"/bin/bash", "--norc", "--noprofile", "-i"});
    shell.type(with_ferry("source <(ferry completion bash); echo re''ady\n"));
    ASSERT_TRUE(shell.wait_for("ready\n")) << shell.shown();
    shell.type("ferry serve " + folder.path().string() + "/pag\t");
    EXPECT_TRUE(shell.wait_for("/pages_of_mine/")) << shell.shown();
}

TEST(completion, works_in_zsh)
{
    terminal shell({"/usr/bin/zsh", "-f", "-i"});
    shell.type(
        with_ferry("autoload -U compinit; compinit -u -D; source <(ferry completion zsh); "
                   "echo re''ady\n"));
    ASSERT_TRUE(shell.wait_for("ready\n")) << shell.shown();
    shell.type("ferry amqp serv\t");
    EXPECT_TRUE(shell.wait_for("e-echo")) << shell.shown();
    shell.type("--pre\t");
    EXPECT_TRUE(shell.wait_for("fetch")) << shell.shown();
}

TEST(completion, works_in_fish)
{
    const auto done =
        run_program({"/usr/bin/fish", "--no-config", "-c",
                     "set PATH (path dirname '" FERRY_COMMAND
                     "') $PATH; ferry completion fish | source; complete -C 'ferry amqp serv'; "
                     "complete -C 'ferry worker -P pre'"});
    EXPECT_EQ(done.out,
              "serve-echo\tAnswer each request of a queue with its own body.\n"
              "prefork\tthreads, or processes, which Celery calls prefork\n")
        << done.err;
}

TEST(man, writes_pages_that_man_shows_without_a_warning)
{
    const testing::temporary_directory folder;
    const auto written = run_program({FERRY_COMMAND, "man", "--into", folder.path().string()});
    ASSERT_EQ(written.status, 0) << written.err;
    std::size_t count = 0;
    for (const auto& page : std::filesystem::directory_iterator(folder.path())) {
        SCOPED_TRACE(page.path().string());
        const auto shown =
            run_program({"/usr/bin/man", "--warnings", "-E", "UTF-8", "-l", page.path().string()});
        EXPECT_EQ(shown.status, 0);
        EXPECT_EQ(shown.err, "");
        EXPECT_THAT(shown.out, HasSubstr("SYNOPSIS"));
        ++count;
    }
    const auto verbs = run_program({FERRY_COMMAND, "completion", "candidates", ""});
    EXPECT_EQ(count, std::ranges::count(verbs.out, '\n') + 1U);
}

TEST(man, says_what_the_help_says)
{
    const auto page = run_program({FERRY_COMMAND, "man", "amqp"});
    EXPECT_EQ(page.status, 0);
    EXPECT_THAT(page.out,
                HasSubstr("ferry-amqp \\- publish to RabbitMQ, consume from it, declare"));
    EXPECT_THAT(page.out, HasSubstr("\\fB\\-k\\fR, \\fB\\-\\-key\\fR \\fITEXT\\fR\n"
                                    "routing key; for the default exchange the queue\n"));
    EXPECT_THAT(page.out, HasSubstr("ferry amqp publish \\-e logs \\-k app.error"));
    const auto none = run_program({FERRY_COMMAND, "man", "nonsense"});
    EXPECT_EQ(none.status, 2);
    EXPECT_EQ(none.err, "ferry: no such verb: nonsense\n");
}

}  // namespace
}  // namespace ferry
