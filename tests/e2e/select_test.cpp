#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace ferry {
namespace {

using testing::run_program;

struct row {
    const char* name;
    std::vector<std::string> options;
    const char* input;
    const char* out;
};

void check(std::initializer_list<row> rows)
{
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        std::vector<std::string> command{FERRY_COMMAND, "select"};
        command.insert(command.end(), r.options.begin(), r.options.end());
        const auto ended = run_program(command, r.input);
        EXPECT_EQ(ended.status, 0) << ended.err;
        EXPECT_EQ(ended.out, r.out);
    }
}

TEST(select_verb, finds_parts_of_json)
{
    constexpr auto doc = R"({"items":[{"name":"pen","price":1.5},{"name":"ink","price":20}]})";
    check({
        {"texts", {"--jsonpath", "$.items[*].name"}, doc, "pen\nink\n"},
        {"values",
         {"--jsonpath", "$.items[?@.price > 2]"},
         doc,
         "{\"name\":\"ink\",\"price\":20}\n"},
        {"an array", {"--jsonpath", "$..price", "--json"}, doc, "[1.5,20]\n"},
        {"a number", {"--jsonpath", "$..price", "--count"}, doc, "2\n"},
        {"nothing", {"--jsonpath", "$.none"}, doc, ""},
        {"json5", {"--jsonpath", "$.a", "--relaxed"}, "{a: [1,],}", "[1]\n"},
    });
}

TEST(select_verb, finds_parts_of_xml_and_html)
{
    constexpr auto feed = "<?xml version=\"1.0\"?><Feed xmlns='urn:a'><Title>x</Title><e/></Feed>";
    check({
        {"css",
         {"--css", "a.b"},
         "<p><a class=b href=x>t</a>",
         "<a class=\"b\" href=\"x\">t</a>\n"},
        {"css strings", {"--css", "a::attr(href)"}, "<a href=x>t</a><a href=y>", "x\ny\n"},
        {"xml by its declaration", {"--xpath", "count(//a:Title)", "--ns", "a=urn:a"}, feed, "1\n"},
        {"xml elements", {"--xpath", "/e/f"}, "<?xml version='1.0'?><e><f>1</f></e>", "<f>1</f>\n"},
        {"forced", {"--xml", "--xpath", "/E/@f"}, "<E f='1'/>", "1\n"},
        {"html by default", {"--xpath", "//title/text()"}, "<title>t</title>", "t\n"},
        {"html forced", {"--html", "--xpath", "count(/html)"}, "<?xml version='1.0'?><p>", "1\n"},
    });
}

TEST(select_verb, reads_several_files_and_names_the_bad_one)
{
    const testing::temporary_directory folder;
    std::ofstream(folder / "a.json") << "[1]";
    std::ofstream(folder / "b.json") << "[2";
    const auto both = run_program(
        {FERRY_COMMAND, "select", "--jsonpath", "$[*]", folder / "a.json", folder / "b.json"});
    EXPECT_EQ(both.status, 1);
    EXPECT_EQ(both.out, "1\n");
    EXPECT_EQ(both.err,
              "ferry: " + (folder / "b.json") + ": Expecting ',' delimiter (line 1 column 3)\n");
    std::ofstream(folder / "c.xml") << "<E f='1'/>";
    EXPECT_EQ(run_program({FERRY_COMMAND, "select", "--xpath", "/E/@f", folder / "c.xml"}).out,
              "1\n");
}

TEST(select_verb, shows_where_a_query_is_wrong)
{
    const auto wrong = run_program({FERRY_COMMAND, "select", "--jsonpath", "$.a[?@.b == ]"}, "{}");
    EXPECT_EQ(wrong.status, 2);
    EXPECT_EQ(wrong.err,
              "ferry: --jsonpath: JSONPath: expected a query, a literal or a function "
              "(line 1 column 13)\n$.a[?@.b == ]\n");
    EXPECT_EQ(run_program({FERRY_COMMAND, "select"}, "").status, 2);
    EXPECT_EQ(run_program({FERRY_COMMAND, "select", "--css", "a", "--xpath", "//a"}, "").status, 2);
}

}  // namespace
}  // namespace ferry
