#include "ferry/documents/detail/xpath_test_tree.hpp"
#include "ferry/documents/xpath.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::xpath {
namespace {

using detail::test_tree;
using documents::tree;
using testing::ElementsAre;

result evaluate(const tree& t, std::string_view text, const context& with = context())
{
    return expression::compile(text).evaluate(t, with);
}

TEST(getpath, names_a_node_uniquely)
{
    const tree t = test_tree::html(
        "<html><body><p>a<b/>c</p><span/><span title=\"x\"/><o:p/><svg "
        "xmlns=\"http://www.w3.org/2000/svg\"/><!--n--><?go now?></body></html>");
    for (const char* path : {
             "/html",
             "/html/body",
             "/html/body/p",
             "/html/body/p/text()[1]",
             "/html/body/p/text()[2]",
             "/html/body/p/b",
             "/html/body/span[1]",
             "/html/body/span[2]",
             "/html/body/span[2]/@title",
             "/html/body/*[4]",
             "/html/body/svg",
             "/html/body/comment()",
             "/html/body/processing-instruction()",
         }) {
        SCOPED_TRACE(path);
        const result r = evaluate(t, path);
        ASSERT_EQ(r.size(), 1U);
        EXPECT_EQ(getpath(r.nodes().front()), path);
    }
    EXPECT_EQ(getpath(node(t, 0)), "/");

    const tree x = test_tree::xml("<a><b xmlns=\"urn:b\"/><c/><b xmlns=\"urn:b\"/></a>");
    const node second = evaluate(x, "//n:b[2]", context().ns("n", "urn:b")).nodes().front();
    EXPECT_EQ(getpath(second), "/a/*[3]");
}

TEST(getpath, is_found_again_for_every_node)
{
    const tree t = test_tree::html(
        "<a id=\"a\"><b id=\"b\" x=\"1\" y=\"2\"><c id=\"c\">one</c><d id=\"d\"><e "
        "id=\"e\"/></d></b>"
        "<!--note--><f id=\"f\"><g id=\"g\">two</g><h id=\"h\"/></f><?go now?></a>");
    for (const node& n : evaluate(t, "//node() | //@*").nodes()) {
        const std::string path = getpath(n);
        SCOPED_TRACE(path);
        EXPECT_THAT(evaluate(t, path).nodes(), ElementsAre(n));
    }
}

}  // namespace
}  // namespace ferry::xpath
