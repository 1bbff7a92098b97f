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
        {"of JSON", {"--jsonpath", "$..price", "--json", "--count"}, doc, "2\n"},
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

TEST(select_verb, prints_every_kind_of_result)
{
    constexpr auto doc =
        "<?xml version='1.0'?><!DOCTYPE r [<!ATTLIST b i ID #IMPLIED>]><!--top-->"
        "<r xmlns:n='urn:n' a='1 &lt; 2'><?go now?><b i='x'>t &amp; u<c/></b><!-- k "
        "--><n:d>5</n:d></r>";
    check({
        {"number", {"--xpath", "count(//*)"}, doc, "4\n"},
        {"fraction", {"--xpath", "1 div 4"}, doc, "0.25\n"},
        {"large", {"--xpath", "100000000000 * 1000000000"}, doc, "100000000000000000000\n"},
        {"infinity", {"--xpath", "-1 div 0"}, doc, "-Infinity\n"},
        {"not a number", {"--xpath", "number('x')"}, doc, "NaN\n"},
        {"boolean", {"--xpath", "1 < 2"}, doc, "true\n"},
        {"string", {"--xpath", "concat('a', ' ', 'b')"}, doc, "a b\n"},
        {"empty string", {"--xpath", "string(//none)"}, doc, "\n"},
        {"no nodes", {"--xpath", "//none"}, doc, ""},
        {"text", {"--xpath", "//b/text()"}, doc, "t & u\n"},
        {"attribute", {"--xpath", "/r/@a"}, doc, "1 < 2\n"},
        {"element", {"--xpath", "//b"}, doc, "<b xmlns:n=\"urn:n\" i=\"x\">t &amp; u<c/></b>\n"},
        {"comments", {"--xpath", "//comment()"}, doc, "<!--top-->\n<!-- k -->\n"},
        {"instruction", {"--xpath", "//processing-instruction()"}, doc, "<?go now?>\n"},
        {"namespaces", {"--xpath", "/r/namespace::n"}, doc, "urn:n\n"},
        {"declared prefix", {"--xpath", "//n:d/text()"}, doc, "5\n"},
        {"declared prefix, css", {"--css", "n|d::text"}, doc, "5\n"},
        {"id", {"--xpath", "name(id('x'))"}, doc, "b\n"},
        {"relative", {"--xpath", "b/c | @a"}, doc, "1 < 2\n<c xmlns:n=\"urn:n\"/>\n"},
        {"exslt", {"--xpath", "re:test(//b, '^t')"}, doc, "true\n"},
        {"count of a number", {"--xpath", "count(//b)", "--count"}, doc, "1\n"},
        {"count of nodes", {"--xpath", "//b | //c", "--count"}, doc, "2\n"},
        {"json",
         {"--xpath", "//b | //@i", "--json"},
         doc,
         "[\"<b xmlns:n=\\\"urn:n\\\" i=\\\"x\\\">t &amp; u<c/></b>\",\"x\"]\n"},
        {"json of a number", {"--xpath", "1 + 1", "--json"}, doc, "[\"2\"]\n"},
        {"json of nothing", {"--xpath", "//none", "--json"}, doc, "[]\n"},
        {"document",
         {"--html", "--xpath", "/"},
         "<!DOCTYPE html><p>x",
         "<!DOCTYPE html><html><head></head><body><p>x</p></body></html>\n"},
        {"internal entities",
         {"--xml", "--xpath", "string(/a)"},
         "<!DOCTYPE a [<!ENTITY e 'x<b>y</b>'>]><a>&e;</a>",
         "xy\n"},
        {"html comment", {"--html", "--xpath", "//comment()"}, "<p><!-- c -->", "<!-- c -->\n"},
        {"html relative", {"--html", "--xpath", "body/p/text()"}, "<p>x", "x\n"},
        {"cssselect's",
         {"--css", "p:contains('x'), p[class!=a]"},
         "<p class=a>x<p>y",
         "<p class=\"a\">x</p>\n<p>y</p>\n"},
        {"forgiving", {"--css", ":is(:nosuch, p)::text"}, "<p>x", "x\n"},
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
