#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

namespace ferry {
namespace {

using testing::run_program;

constexpr auto buyers = R"(<html><head><title>Buyers</title></head><body>
<div title="buyer-name">Carson Busses</div><span class="item-price">$29.95</span>
<div title="buyer-name">Earl E. Byrd</div><span class="item-price">$8.37</span></body></html>)";

TEST(select_verb, prints_what_an_xpath_finds_a_line_each)
{
    const testing::temporary_directory folder;
    std::ofstream(folder / "page.html") << buyers;
    struct row {
        const char* expression;
        const char* expected;
    };
    for (const row& r : {
             row{"//div[@title=\"buyer-name\"]/text()", "Carson Busses\nEarl E. Byrd\n"},
             row{"//span[@class='item-price']/text()", "$29.95\n$8.37\n"},
             row{"count(//div)", "2\n"},
             row{"boolean(//p)", "false\n"},
             row{"//span[1]/preceding-sibling::*[1]/@title", "buyer-name\n"},
             row{"//title", "<title>Buyers</title>\n"},
             row{"//p", ""},
         }) {
        SCOPED_TRACE(r.expression);
        const auto found =
            run_program({FERRY_COMMAND, "select", "--xpath", r.expression, folder / "page.html"});
        EXPECT_EQ(found.status, 0) << found.err;
        EXPECT_EQ(found.out, r.expected);
    }
}

TEST(select_verb, prints_what_a_selector_finds_a_line_each)
{
    struct row {
        const char* selector;
        const char* expected;
    };
    for (const row& r : {
             row{"div[title='buyer-name']::text", "Carson Busses\nEarl E. Byrd\n"},
             row{"span.item-price",
                 "<span class=\"item-price\">$29.95</span>\n"
                 "<span class=\"item-price\">$8.37</span>\n"},
             row{"div:has(+ span:contains('8.37'))::attr(title)", "buyer-name\n"},
             row{"s|a, p", ""},
         }) {
        SCOPED_TRACE(r.selector);
        const auto found = run_program(
            {FERRY_COMMAND, "select", "--css", r.selector, "--ns", "s=http://www.w3.org/2000/svg"},
            buyers);
        EXPECT_EQ(found.status, 0) << found.err;
        EXPECT_EQ(found.out, r.expected);
    }
    const auto wrong = run_program({FERRY_COMMAND, "select", "--css", "div >"}, "");
    EXPECT_EQ(wrong.status, 2);
    EXPECT_NE(wrong.err.find("\ndiv >\n     ^"), std::string::npos) << wrong.err;
    EXPECT_EQ(run_program({FERRY_COMMAND, "select", "--css", "t|a"}, "").status, 2);
    EXPECT_EQ(run_program({FERRY_COMMAND, "select", "--css", "a", "--xpath", "//a"}, "").status, 2);
    EXPECT_EQ(run_program({FERRY_COMMAND, "select"}, "").status, 2);
}

TEST(select_verb, counts_and_writes_json)
{
    const auto count =
        run_program({FERRY_COMMAND, "select", "--xpath", "//div", "--count"}, buyers);
    EXPECT_EQ(count.out, "2\n");
    const auto json =
        run_program({FERRY_COMMAND, "select", "--xpath", "//div/text()", "--json"}, buyers);
    EXPECT_EQ(json.out, "[\"Carson Busses\",\"Earl E. Byrd\"]\n");
}

TEST(select_verb, shows_where_an_expression_is_wrong)
{
    const auto wrong =
        run_program({FERRY_COMMAND, "select", "--xpath", "//div[containz(., 'x')]"}, "");
    EXPECT_EQ(wrong.status, 2);
    EXPECT_EQ(wrong.out, "");
    EXPECT_NE(wrong.err.find("contains"), std::string::npos) << wrong.err;
    EXPECT_NE(wrong.err.find("\n//div[containz"), std::string::npos) << wrong.err;
}

/// `ferry serve` over a folder with one page.
class web_verbs : public ::testing::Test {
protected:
    web_verbs()
    {
        std::filesystem::create_directory(folder_ / "site");
        std::ofstream(folder_ / "site/index.html") << buyers;
        server_.emplace(std::vector<std::string>{FERRY_COMMAND, "serve", folder_ / "site", "--port",
                                                 "0", "--port-file", folder_ / "port"},
                        folder_ / "out", folder_ / "err");
        for (int i = 0;
             i < 2000 && testing::read_file(folder_ / "port").find('\n') == std::string::npos;
             ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
        const std::string port = testing::read_file(folder_ / "port");
        base_ = "http://127.0.0.1:" + port.substr(0, port.find('\n'));
    }

    testing::outcome get(std::vector<std::string> words)
    {
        std::vector<std::string> arguments{FERRY_COMMAND, "get"};
        arguments.insert(arguments.end(), words.begin(), words.end());
        return run_program(arguments);
    }

    testing::temporary_directory folder_;
    std::string base_;
    std::optional<testing::program> server_;
};

TEST_F(web_verbs, get_prints_the_body)
{
    const auto page = get({base_ + "/"});
    EXPECT_EQ(page.status, 0) << page.err;
    EXPECT_EQ(page.out, buyers);
}

TEST_F(web_verbs, get_selects_with_xpath)
{
    const auto title = get({base_ + "/", "--xpath", "//title/text()"});
    EXPECT_EQ(title.status, 0) << title.err;
    EXPECT_EQ(title.out, "Buyers\n");
    EXPECT_EQ(get({base_ + "/", "--css", "title::text"}).out, "Buyers\n");
}

TEST_F(web_verbs, get_tells_failures_apart_by_its_exit_code)
{
    EXPECT_EQ(get({base_ + "/none"}).status, 4);
    EXPECT_EQ(get({base_ + "/none", "--no-check-status"}).status, 0);
    EXPECT_EQ(get({"http://127.0.0.1:1/"}).status, 7);
    EXPECT_EQ(get({"nonsense"}).status, 2);
    EXPECT_EQ(get({base_ + "/", "--xpath", "//["}).status, 2);
    EXPECT_EQ(get({base_ + "/", "-o", folder_ / "no/such/folder"}).status, 11);
}

TEST_F(web_verbs, get_includes_the_head_on_request)
{
    const auto page = get({base_ + "/", "-i"});
    EXPECT_TRUE(page.out.starts_with("HTTP/1.1 200 OK\n")) << page.out;
    EXPECT_NE(page.out.find("\n\n<html>"), std::string::npos) << page.out;
}

TEST_F(web_verbs, serve_ends_with_0_on_a_signal)
{
    server_->signal(SIGTERM);
    EXPECT_EQ(server_->wait(), 0) << testing::read_file(folder_ / "err");
}

TEST_F(web_verbs, download_writes_files_and_checks_them)
{
    const auto download = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {FERRY_COMMAND, "download"});
        return run_program(words);
    };
    std::ofstream(folder_ / "site/big.bin") << std::string(3'000'000, 'b');
    const std::string out = folder_ / "files/";
    const auto both = download({base_ + "/big.bin", base_ + "/index.html", "-o", out, "-j", "1"});
    EXPECT_EQ(both.status, 0) << both.err;
    EXPECT_EQ(both.out, out + "big.bin  3.0 MB\n" + out + "index.html  222 B\n");
    EXPECT_EQ(testing::read_file(out + "big.bin").size(), 3'000'000);
    EXPECT_EQ(download({base_ + "/none", "-o", out}).status, 4);
    const auto wrong =
        download({base_ + "/index.html", "-o", folder_ / "x", "--sha256", std::string(64, '0')});
    EXPECT_NE(wrong.status, 0);
    EXPECT_NE(wrong.err.find("SHA-256"), std::string::npos) << wrong.err;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "x"));
    EXPECT_EQ(download({base_ + "/index.html", base_ + "/big.bin", "-o", folder_ / "x"}).status, 2);
    EXPECT_EQ(download({base_ + "/index.html", "--sha256", "abc"}).status, 2);
}

}  // namespace
}  // namespace ferry
