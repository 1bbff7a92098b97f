#include "ferry/zmq/detail/ssh_process.hpp"

#include "ferry/async/async.hpp"
#include "ferry/zmq/error.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace ferry::zmq::ssh::detail {
namespace {

using namespace std::chrono_literals;

awaitable<void> until_ended(process* p)
{
    while (p->running()) co_await sleep(5ms);
}

// What a shell command says at last, with these variables.
std::string said_by(const std::string& command, std::vector<std::string> variables)
{
    process p({"sh", "-c", command}, std::move(variables));
    run(timeout(60s, until_ended(&p)));
    return p.last_words();
}

std::string answer(const askpass& to, const std::string& prompt)
{
    return said_by("\"$SSH_ASKPASS\" \"" + prompt + "\" >&2; true", to.environment());
}

TEST(askpass, answers_with_the_password_as_it_is)
{
    for (const std::string& password :
         {std::string("secret"), std::string(" it's $HOME `ls` \\n \"x\" #!*?; "),
          std::string("caf\xC3\xA9 \xFF\x81\x88"), std::string("-n"), std::string(290, 'x')}) {
        const askpass helper(password);
        EXPECT_EQ(answer(helper, "root@127.0.0.1's password: "), password);
        EXPECT_EQ(answer(helper, "Enter passphrase for key '/root/.ssh/id': "), password)
            << "again";
    }
}

TEST(askpass, answers_no_other_question_and_nobody_else)
{
    const askpass helper("secret");
    EXPECT_EQ(answer(helper, "Are you sure you want to continue connecting (yes/no)? "), "");
    EXPECT_EQ(answer(helper, "Enter PIN for 'token': "), "");
    EXPECT_EQ(said_by("sh -c '\"$SSH_ASKPASS\" \"b@gate password: \" >&2; true'; true",
                      helper.environment()),
              "")
        << "a program that ours has started";
}

TEST(askpass, takes_what_ssh_takes)
{
    EXPECT_NO_THROW(askpass(std::string(1023, 'x')));
    EXPECT_THROW(askpass(std::string(1024, 'x')), limit_error);
    for (const std::string& bad : {std::string("a\nb"), std::string("a\r"), std::string("\0", 1)}) {
        EXPECT_THROW(askpass{bad}, error);
    }
}

TEST(ssh_process, keeps_the_last_line_and_never_makes_its_program_wait)
{
    EXPECT_EQ(said_by("printf 'one\\n\\033[1mtwo\\r\\n\\n' >&2", {}), "[1mtwo");
    EXPECT_EQ(said_by("exit 3", {}), "");
    process p({"sh", "-c", "head -c 1000000 /dev/zero >&2"}, {});
    run(timeout(60s, until_ended(&p)));
    EXPECT_EQ(said_by("echo $FERRY_TEST_X >&2", {"FERRY_TEST_X=1"}), "1");
}

}  // namespace
}  // namespace ferry::zmq::ssh::detail
