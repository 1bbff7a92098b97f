#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace ferry {
namespace {

using testing::run_program;

constexpr auto recipe = R"toml([harvest]
name = "site"
user_agent = "test/1.0 (+mailto:test@localhost)"
[[start]]
url = "${FERRY_SITE}/index.html"
[page.any]
follow = [{ xpath = "//a" }]
[page.any.record.page]
fields.title = { xpath = "//title", required = true }
fields.links = { xpath = "count(//a)", type = "int32" }
[politeness]
delay = "0ms"
[[output]]
record = "page"
file = "pages.jsonl.gz"
)toml";

TEST(harvest_show, prints_the_first_records_of_a_run_as_a_table)
{
    const testing::temporary_directory folder;
    std::filesystem::create_directory(folder / "site");
    std::ofstream(folder / "site/index.html") << "<title>Front</title><a href=b.html>b</a>";
    std::ofstream(folder / "site/b.html") << "<title>Back</title>";
    std::ofstream(folder / "site.toml") << recipe;
    const testing::program server(
        {FERRY_COMMAND, "serve", folder / "site", "--port", "0", "--port-file", folder / "port"},
        folder / "out", folder / "err");
    std::string port;
    for (int i = 0; i < 2000 && !port.ends_with('\n'); ++i) {
        port = testing::read_file(folder / "port");
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    ::setenv("FERRY_SITE", ("http://127.0.0.1:" + port.substr(0, port.find('\n'))).c_str(), 1);
    const auto done = run_program({FERRY_COMMAND, "harvest", "run", folder / "site.toml", "--state",
                                   folder / "state", "--deterministic", "-q"});
    ASSERT_EQ(done.status, 0) << done.err;

    const auto all = run_program({FERRY_COMMAND, "harvest", "show", folder / "state"});
    EXPECT_EQ(all.status, 0) << all.err;
    EXPECT_EQ(all.out, "title  links\n-----  -----\nFront  1\nBack   0\n");

    const auto one =
        run_program({FERRY_COMMAND, "harvest", "show", folder / "state", "--limit", "1"});
    EXPECT_EQ(one.out, "title  links\n-----  -----\nFront  1\nand 1 more in " +
                           (folder / "state/pages.jsonl.gz") + '\n');
    EXPECT_NE(run_program({FERRY_COMMAND, "harvest", "show", folder / "none"}).status, 0);
}

}  // namespace
}  // namespace ferry
