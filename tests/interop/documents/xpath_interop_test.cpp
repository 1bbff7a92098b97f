#include "ferry/core/error.hpp"
#include "ferry/documents/detail/xpath_test_tree.hpp"
#include "ferry/documents/xpath.hpp"
#include "ferry/testing/program.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace ferry::xpath {
namespace {

// A page that libxml2 and the HTML Standard make the same tree of. lang() is not compared: libxml2
// knows xml:lang alone, ferry HTML's lang too, as browsers do.
const std::string page =
    "<html lang=\"en-GB\"><head><title>Shop: 3 offers</title></head><body class=\"shop wide\">"
    "<h1 id=\"top\">Offers</h1><div title=\"buyer-name\" id=\"d1\">Carson Busses</div>"
    "<span class=\"item-price\">$29.95</span><div title=\"buyer-name\" id=\"d2\">Earl E. Byrd</div>"
    "<span class=\"item-price\">$8.37</span><!--a comment--><ul id=\"list\"><li>1</li><li>2"
    "<ul><li lang=\"de\">2.5</li><li>-3</li></ul></li><li class=\"last\"> x  y </li></ul>"
    "<table><tbody><tr><th>k</th><th>v</th></tr><tr><td>a</td><td>10</td></tr><tr><td>b</td>"
    "<td>20</td></tr></tbody></table><p>one <b>two <i>three</i></b> four</p><p></p>"
    "<a href=\"/x?a=1\">X</a><a name=\"n\">N</a><a href=\"http://e.example/\" title=\"t\">E</a>"
    "</body></html>";

const char* const expressions[] = {
    // the axes
    "//li/ancestor::*",
    "//li/ancestor::ul[1]",
    "//li/ancestor-or-self::li[last()]",
    "//a/attribute::*",
    "//@*[name()='title']",
    "/html/body/child::*",
    "//ul/descendant::li",
    "//ul/descendant-or-self::ul",
    "//table/following::*",
    "//table/following::a[2]",
    "//h1/following-sibling::div",
    "//li/following-sibling::li[1]",
    "//b/parent::p",
    "//i/../..",
    "//table/preceding::*",
    "//table/preceding::li[1]",
    "//table/preceding::li[last()]",
    "//span/preceding-sibling::*[1]/@title",
    "//ul/self::ul",
    "//comment()",
    "//p//text()",
    "//li/text()",
    // predicates
    "//li[1]",
    "//li[2]",
    "//li[last()]",
    "(//li)[2]",
    "(//li)[last()]",
    "//li[position()>1]",
    "//li[position()=last()]/text()",
    "//li[ul]",
    "//li[ul/li[2]]",
    "//li[not(ul)][2]",
    "//li[@class]",
    "//li[@class='last']",
    "//li[.=1]",
    "//li[. > 1]",
    "//ul[li='2.5']",
    "//tr[td]/td[2]",
    "//tr[position()>1]/td[1]/text()",
    "//tr[2]/td | //tr[3]/td",
    "//*[@id and @title]",
    "//*[self::h1 or self::p]",
    "//p[b/i]",
    "//p[.//i='three']",
    "//a[starts-with(@href,'http')]",
    "//a[contains(@href,'?')]/@href",
    "//a[@href][2]",
    "//a[@href!='/x?a=1']",
    "//*[contains(concat(' ',@class,' '),' shop ')]",
    "//div[@title='buyer-name']/text()",
    "//*[count(*)=3]",
    "id('d1 list')",
    "id('d2')/@title",
    "//nothing",
    "//body/*[last()-1]",
    // strings
    "string(//title)",
    "string(//p)",
    "string(//nothing)",
    "concat(//li[1],'-',//li[2])",
    "substring(//title,7)",
    "substring('12345',1.5,2.6)",
    "substring('12345',0,3)",
    "substring-before(//title,':')",
    "substring-after(//title,': ')",
    "normalize-space(//li[@class])",
    "translate(//h1,'Ofers','oFERS')",
    "name(//*[@id='list'])",
    "local-name(//@title)",
    "name(//@href/..)",
    "string(1=1)",
    "string(12)",
    "string(-0.5)",
    "string(0 div 0)",
    "string(1 div 0)",
    // numbers
    "count(//li)",
    "count(//li | //td)",
    "count(//li/ancestor::*)",
    "sum(//td[2])",
    "sum(//tr/td)",
    "number(//span)",
    "number(substring(//span,2))",
    "string-length(//title)",
    "floor(-2.5)",
    "ceiling(2.2)",
    "round(2.5)",
    "round(-2.5)",
    "7 mod -3",
    "-7 mod 3",
    "5 div 2",
    "1 + 2 * 3 - 4",
    "count(//li[.>//li[1]])",
    // booleans
    "//li > 2",
    "//li < -3",
    "//li != //li",
    "//td = 10",
    "//p = 'x'",
    "boolean(//p)",
    "boolean(//nothing)",
    "not(//i)",
    "//nothing = //nothing",
    "'a' < 'b'",
    "true() > false()",
    "1 = 1 and 2 = 3 or 4 = 4",
    // wrong ones
    "//",
    "//li[",
    "foo(1)",
    "$x",
    "//svg:rect",
    "count('a')",
    "1 +",
};

std::vector<std::string> split(const std::string& text, char separator)
{
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, separator);) out.push_back(part);
    if (text.ends_with(separator)) out.emplace_back();
    return out;
}

std::vector<std::string> answer(const documents::tree& tree, const std::string& text)
{
    try {
        const result r = expression::compile(text).evaluate(tree);
        switch (r.type()) {
            case result::kind::boolean: return {"boolean", r.to_string()};
            case result::kind::number: return {"number", r.to_string()};
            case result::kind::string: return {"string", r.to_string()};
            case result::kind::nodes: break;
        }
        std::vector<std::string> out{"nodes"};
        for (const node& n : r.nodes()) {
            // lxml leaves the document node out.
            if (n.id() == documents::tree::root()) continue;
            const bool is_comment = n.tree().kind(n.id()) == documents::node_kind::comment;
            const bool has_path = n.is_element() || (is_comment && !n.is_attribute());
            out.push_back(has_path ? getpath(n) : n.string());
        }
        return out;
    } catch (const parse_error&) {
        return {"error"};
    }
}

void expect_answers(const std::string& lines)
{
    const documents::tree tree = detail::test_tree::html(page);
    for (const std::string& line : split(lines, '\n')) {
        if (line.empty()) continue;
        std::vector<std::string> theirs = split(line, '\x1f');
        const std::string text = theirs.front();
        SCOPED_TRACE(text);
        theirs.erase(theirs.begin());
        const std::vector<std::string> ours = answer(tree, text);
        if (ours[0] != "number" || theirs[0] != "number") {
            EXPECT_EQ(ours, theirs);
            continue;
        }
        const double left = std::strtod(ours[1].c_str(), nullptr);
        const double right = std::strtod(theirs[1].c_str(), nullptr);
        EXPECT_TRUE(left == right || (std::isnan(left) && std::isnan(right)))
            << ours[1] << " is not " << theirs[1];
    }
}

TEST(xpath_interop, agrees_with_lxml)
{
    std::string input = page + "\n";
    for (const char* text : expressions) input += std::string(text) + "\n";
    const testing::outcome peer =
        testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/xpath_peer.py"}, input);
    ASSERT_EQ(peer.status, 0) << peer.err;
    const auto answers = std::count(peer.out.begin(), peer.out.end(), '\n');
    ASSERT_EQ(static_cast<std::size_t>(answers), std::size(expressions));
    expect_answers(peer.out);
}

TEST(xpath_interop, agrees_with_lxml_on_random_expressions)
{
    const testing::outcome peer =
        testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/xpath_peer.py", "1", "3000"}, page);
    ASSERT_EQ(peer.status, 0) << peer.err;
    ASSERT_EQ(std::count(peer.out.begin(), peer.out.end(), '\n'), 3000);
    expect_answers(peer.out);
}

}  // namespace
}  // namespace ferry::xpath
