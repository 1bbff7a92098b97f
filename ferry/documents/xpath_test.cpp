#include "ferry/documents/xpath.hpp"

#include "ferry/core/error.hpp"
#include "ferry/documents/detail/xpath_test_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace ferry::xpath {
namespace {

using detail::test_tree;
using documents::tree;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

result evaluate(const tree& t, std::string_view text, const context& with = context())
{
    return expression::compile(text).evaluate(t, with);
}

/// The names or texts of the nodes, with a blank between.
std::string found(const tree& t, std::string_view text, const context& with = context())
{
    std::string out;
    for (const node& n : evaluate(t, text, with).nodes()) {
        if (!out.empty()) out += ' ';
        const auto id = n.is_element() ? t.attribute_value(n.id(), "id") : std::nullopt;
        if (n.is_attribute()) {
            out += '@' + n.name();
        } else if (id) {
            out += *id;
        } else if (n.is_element()) {
            out += n.name();
        } else {
            out += n.id() == 0 ? "#document" : "'" + n.string() + "'";
        }
    }
    return out;
}

const char* const buyers_page =
    "<html><body><div title=\"buyer-name\">Carson Busses</div><span class=\"item-price\">$29.95"
    "</span><div title=\"buyer-name\">Earl E. Byrd</div><span class=\"item-price\">$8.37</span>"
    "</body></html>";

TEST(xpath, answers_for_the_buyers_page)
{
    const tree t = test_tree::html(buyers_page);
    EXPECT_THAT(evaluate(t, "//div[@title=\"buyer-name\"]/text()").strings(),
                ElementsAre("Carson Busses", "Earl E. Byrd"));
    EXPECT_THAT(evaluate(t, "//span[@class=\"item-price\"]/text()").strings(),
                ElementsAre("$29.95", "$8.37"));
    EXPECT_EQ(evaluate(t, "count(//div)").first<double>(), 2.0);
    EXPECT_EQ(evaluate(t, "boolean(//p)").first<bool>(), false);
    EXPECT_EQ(evaluate(t, "string(//div)").first<std::string>(), "Carson Busses");
    EXPECT_THAT(evaluate(t, "//div[last()]/text()").strings(), ElementsAre("Earl E. Byrd"));
    EXPECT_THAT(evaluate(t, "//span[1]/preceding-sibling::*[1]/@title").strings(),
                ElementsAre("buyer-name"));
    EXPECT_THAT(evaluate(t, "//span|//title").strings(), ElementsAre("$29.95", "$8.37"));
    EXPECT_THAT(evaluate(t, "//div|//span").strings(),
                ElementsAre("Carson Busses", "$29.95", "Earl E. Byrd", "$8.37"));
    EXPECT_EQ(evaluate(t, "//text()[contains(.,\"$\")]").size(), 2U);
}

//  a ── b ── c, d(e)     f ── g, h      with texts and a comment
const char* const axes_page =
    "<a id=\"a\"><b id=\"b\" x=\"1\" y=\"2\"><c id=\"c\">one</c><d id=\"d\"><e id=\"e\"/></d></b>"
    "<!--note--><f id=\"f\"><g id=\"g\">two</g><h id=\"h\"/></f><?go now?></a>";

TEST(xpath, walks_every_axis)
{
    struct row {
        const char* text;
        const char* found;
    };
    const tree t = test_tree::xml(axes_page);
    for (const row& r : {
             row{"/", "#document"},
             row{"/.", "#document"},
             row{"/..", ""},
             row{"/node()", "a"},
             row{"//d/ancestor::*", "a b"},
             row{"//d/ancestor::node()", "#document a b"},
             row{"//d/ancestor-or-self::*", "a b d"},
             row{"//d/ancestor::*[1]", "b"},
             row{"//d/ancestor::*[last()]", "a"},
             row{"(//d/ancestor::*)[1]", "a"},
             row{"//e/ancestor::*[2]", "b"},
             row{"//b/attribute::*", "@id @x @y"},
             row{"//b/@x", "@x"},
             row{"//b/@*[2]", "@x"},
             row{"//b/attribute::node()", "@id @x @y"},
             row{"//b/attribute::text()", ""},
             row{"//@x/..", "b"},
             row{"//@x/ancestor::*", "a b"},
             row{"//@x/self::node()", "@x"},
             row{"//@x/self::*", ""},
             row{"//@x/descendant-or-self::node()", "@x"},
             row{"//@x/following::*", "c d e f g h"},
             row{"//@x/preceding::node()", ""},
             row{"//@x/following-sibling::node()", ""},
             row{"//@x/child::node()", ""},
             row{"//@x/ancestor-or-self::node()", "#document a b @x"},
             row{"/a/child::*", "b f"},
             row{"/a/node()", "b 'note' f 'now'"},
             row{"/a/child::*[2]", "f"},
             row{"/a/*/*", "c d g h"},
             row{"/a/descendant::*", "b c d e f g h"},
             row{"/a/descendant::*[3]", "d"},
             row{"//b/descendant-or-self::*", "b c d e"},
             row{"//*/descendant::e", "e"},
             row{"//c/following::*", "d e f g h"},
             row{"//c/following::*[1]", "d"},
             row{"//b/following::node()", "'note' f g 'two' h 'now'"},
             row{"//b/following-sibling::*", "f"},
             row{"//b/following-sibling::node()[1]", "'note'"},
             row{"//*/following-sibling::*", "d f h"},
             row{"//g/parent::*", "f"},
             row{"//g/parent::b", ""},
             row{"//*/parent::*", "a b d f"},
             row{"//g/../..", "a"},
             row{"//g/preceding::*", "b c d e"},
             row{"//g/preceding::*[1]", "e"},
             row{"//g/preceding::*[last()]", "b"},
             row{"//f/preceding::node()", "b c 'one' d e 'note'"},
             row{"//h/preceding-sibling::*", "g"},
             row{"//f/preceding-sibling::node()[1]", "'note'"},
             row{"//*/preceding-sibling::*", "b c g"},
             row{"//*/preceding-sibling::*[1]", "b c g"},
             row{"//c/self::c", "c"},
             row{"//c/self::d", ""},
             row{"//namespace::*", "@xml @xml @xml @xml @xml @xml @xml @xml"},
             row{"//comment()", "'note'"},
             row{"//processing-instruction()", "'now'"},
             row{"//processing-instruction('go')", "'now'"},
             row{"//processing-instruction('stop')", ""},
             row{"//text()", "'one' 'two'"},
             row{"/a//e", "e"},
             row{"//b//e", "e"},
             row{"//d|//c|//d", "c d"},
             row{"//c/..//e | /a", "a e"},
             row{"(//c | //h)/..", "b f"},
             row{"(//*)[3]", "c"},
             row{"(//*)[last()]", "h"},
             row{"//*[1]", "a b c e g"},
             row{"//*[2]", "d f h"},
             row{"//*[last()]", "a d e f h"},
             row{"//*[position() = last()]", "a d e f h"},
             row{"//*[position() > 1]", "d f h"},
             row{"//*[@id][2]", "d f h"},
             row{"//*[1][@x]", "b"},
             row{"//*[@x][1]", "b"},
             row{"/a/*[1]/*[2]", "d"},
             row{"/a/*[2][1]", "f"},
             row{"/a/*[0]", ""},
             row{"/a/*[1.5]", ""},
             row{"/a/*[3]", ""},
             row{"/a/*[position() mod 2 = 0]", "f"},
             row{"//*[*]", "a b d f"},
             row{"//*[not(*)]", "c e g h"},
             row{"//*[d/e]", "b"},
             row{"//*[.//e]", "a b d"},
             row{"//*[@x='1']", "b"},
             row{"//*['1'=@x]", "b"},
             row{"//*[@x=1]", "b"},
             row{"//*[@x!='1']", ""},
             row{"//*[.='two']", "f g"},
             row{"//*[text()='two']", "g"},
             row{"//*[starts-with(@id,'e')]", "e"},
             row{"//*[string-length(.)=3]", "b c f g"},
             row{"//*[count(*)=2]", "a b f"},
             row{"//b/node()[self::c or self::d]", "c d"},
             row{"//*[count(ancestor::*)=2]", "c d g h"},
             row{"//*[following-sibling::*[1]/self::f]", "b"},
             row{"nothing", ""},
             row{"a//nothing", ""},
         }) {
        SCOPED_TRACE(r.text);
        EXPECT_EQ(found(t, r.text), r.found);
    }
}

TEST(xpath, takes_names_of_operators_and_node_types_as_names)
{
    const tree t = test_tree::xml("<div><or>1</or><and>2</and><mod/><text>t</text><node-x/></div>");
    EXPECT_EQ(found(t, "/div/or"), "or");
    EXPECT_EQ(found(t, "div/or | div/and"), "or and");
    EXPECT_EQ(evaluate(t, "div/or or div/and").to_string(), "true");
    EXPECT_EQ(evaluate(t, "div/and div div/or").to_string(), "2");
    EXPECT_EQ(evaluate(t, "count(/div/*) * 2").to_string(), "10");
    EXPECT_EQ(found(t, "/div/text"), "text");
    EXPECT_EQ(found(t, "/div/node-x"), "node-x");
    EXPECT_EQ(found(t, " / div / child :: or "), "or");
    EXPECT_EQ(found(t, "//text/text ( )"), "'t'");
}

TEST(xpath, matches_names_of_html_in_any_case_and_foreign_elements_by_local_name)
{
    const tree t = test_tree::html(
        "<body><div id=\"d\" class=\"c\">"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0\"><linearGradient/></svg>"
        "<math xmlns=\"http://www.w3.org/1998/Math/MathML\"><mi>x</mi></math></div></body>");
    EXPECT_EQ(found(t, "//Div[@CLASS='c']"), "d");
    EXPECT_EQ(found(t, "//svg"), "svg");
    EXPECT_EQ(found(t, "//linearGradient"), "linearGradient");
    EXPECT_EQ(found(t, "//SVG/@viewBox"), "@viewBox");
    EXPECT_EQ(found(t, "//math/mi"), "mi");
    EXPECT_EQ(evaluate(t, "namespace-uri(//svg)").to_string(), "http://www.w3.org/2000/svg");
    EXPECT_EQ(evaluate(t, "namespace-uri(//body)").to_string(), "http://www.w3.org/1999/xhtml");
    const context names = context()
                              .ns("s", "http://www.w3.org/2000/svg")
                              .ns("h", "http://www.w3.org/1999/xhtml")
                              .ns("other", "urn:other");
    EXPECT_EQ(found(t, "//s:svg", names), "svg");
    EXPECT_EQ(found(t, "//s:*", names), "svg linearGradient");
    EXPECT_EQ(found(t, "//h:svg", names), "");
    EXPECT_EQ(found(t, "//h:DIV", names), "d");
    EXPECT_EQ(found(t, "//other:*|//other:div", names), "");
}

TEST(xpath, distinguishes_case_and_namespaces_in_xml)
{
    const tree t = test_tree::xml("<A><a/><b xmlns=\"urn:b\" k=\"1\"><c/></b></A>");
    EXPECT_EQ(found(t, "//a"), "a");
    EXPECT_EQ(found(t, "//A"), "A");
    EXPECT_EQ(found(t, "//b"), "");
    EXPECT_EQ(found(t, "//b", context().default_ns("urn:b")), "b");
    EXPECT_EQ(found(t, "//b/@k", context().default_ns("urn:b")), "@k");
    EXPECT_EQ(found(t, "//x:b/x:c", context().ns("x", "urn:b")), "c");
    EXPECT_EQ(found(t, "//x:*", context().ns("x", "urn:b")), "b c");
    EXPECT_EQ(found(t, "//a", context().default_ns("urn:b")), "");
}

TEST(xpath, finds_words_in_attributes)
{
    const tree t = test_tree::html(
        "<p id=\"1\" class=\"a b\"/><p id=\"2\" class=\"ab\"/><p id=\"3\" class=\"b\"/>"
        "<p id=\"4\"/><p id=\"5\" class=\"x\tb\ny\"/><p id=\"6\" class=\"bb b\"/>"
        "<p id=\"7\" class=\"b-b bbb\"/><p id=\"8\" class=\"\"/>");
    struct row {
        const char* text;
        const char* found;
    };
    for (const row& r : {
             row{"//p[contains(concat(' ', @class, ' '), ' b ')]", "1 3 6"},
             row{"//p[contains(concat(' ', normalize-space(@class), ' '), ' b ')]", "1 3 5 6"},
             row{"//p[@class and contains(concat(' ',@class,' '),' b ')]", "1 3 6"},
             row{"//p[not(contains(concat(' ',@class,' '),' b '))]", "2 4 5 7 8"},
             row{"//p[contains(concat(' ',@class,' '),'b ')]", "1 2 3 6 7"},
             row{"//p[contains(concat(' ',@class,' '),' a b ')]", "1"},
             row{"//p[contains(concat(' ',@class,' '),'  ')]", "4 8"},
         }) {
        SCOPED_TRACE(r.text);
        EXPECT_EQ(found(t, r.text), r.found);
    }
}

TEST(xpath, evaluates_from_a_node)
{
    const tree t = test_tree::xml(axes_page);
    const node b = evaluate(t, "//b").nodes().front();
    EXPECT_EQ(expression::compile("count(*)").evaluate(b).to_number(), 2);
    EXPECT_EQ(expression::compile("count(.//*)").evaluate(b).to_number(), 3);
    EXPECT_EQ(expression::compile("count(//*)").evaluate(b).to_number(), 8);
    EXPECT_EQ(expression::compile("string(@y)").evaluate(b).to_string(), "2");
    EXPECT_EQ(expression::compile("position() + last()").evaluate(b).to_number(), 2);
    const node x = evaluate(t, "//@x").nodes().front();
    EXPECT_EQ(expression::compile("name(..)").evaluate(x).to_string(), "b");
    EXPECT_EQ(expression::compile(".").evaluate(x).nodes().front(), x);
}

TEST(xpath, gives_nodes_that_know_their_place)
{
    const tree t = test_tree::xml(axes_page);
    const node x = evaluate(t, "//@x").nodes().front();
    EXPECT_TRUE(x.is_attribute());
    EXPECT_FALSE(x.is_element());
    EXPECT_EQ(x.name(), "x");
    EXPECT_EQ(x.string(), "1");
    EXPECT_EQ(x.parent()->name(), "b");
    EXPECT_EQ(x.parent()->parent()->name(), "a");
    EXPECT_EQ(x.parent()->parent()->parent()->parent(), std::nullopt);
    const node b = *x.parent();
    const node c = evaluate(t, "//c").nodes().front();
    EXPECT_LT(b, x);
    EXPECT_LT(x, c);
    EXPECT_EQ(b.string(), "one");
    EXPECT_TRUE(evaluate(t, "//c/text()").nodes().front().is_text());
}

TEST(xpath, converts_results)
{
    const tree t = test_tree::xml("<r><n>1</n><n>x</n><n>300</n><e/></r>");
    const result all = evaluate(t, "//n");
    EXPECT_THAT(all.strings(), ElementsAre("1", "x", "300"));
    EXPECT_THAT(all.numbers(), ElementsAre(1, testing::IsNan(), 300));
    EXPECT_EQ(all.first<int>(), 1);
    EXPECT_EQ(all.first<node>()->string(), "1");
    EXPECT_EQ(all.to_boolean(), true);
    EXPECT_EQ(evaluate(t, "//nothing").first<std::string>(), std::nullopt);
    EXPECT_EQ(evaluate(t, "//n[3]").first<std::uint16_t>(), 300);
    EXPECT_THROW(evaluate(t, "//n[3]").first<std::uint8_t>(), type_error);
    EXPECT_THROW(evaluate(t, "-1").first<unsigned>(), type_error);
    EXPECT_THROW(evaluate(t, "1.5").first<int>(), type_error);
    EXPECT_THROW(evaluate(t, "9223372036854775808").first<std::int64_t>(), type_error);
    EXPECT_THROW(evaluate(t, "//n[2]").first<double>(), type_error);
    EXPECT_THROW(evaluate(t, "1").nodes(), type_error);
    EXPECT_THROW(evaluate(t, "'x'").first<node>(), type_error);
    EXPECT_THAT(evaluate(t, "1 + 1").strings(), ElementsAre("2"));
    EXPECT_EQ(evaluate(t, "1 + 1").type(), result::kind::number);
    EXPECT_EQ(evaluate(t, "1 = 1").type(), result::kind::boolean);
    EXPECT_EQ(evaluate(t, "'x'").type(), result::kind::string);
}

TEST(xpath, binds_variables_and_functions)
{
    const tree t = test_tree::xml("<r><n>1</n><n>2</n><n>3</n></r>");
    const context with =
        context()
            .ns("my", "urn:my")
            .variable("two", 2)
            .variable("text", "2")
            .variable("yes", true)
            .variable("set", evaluate(t, "//n[position() < 3]"))
            .function(
                "urn:my", "twice",
                [](std::span<const result> a, const node&) { return result(a[0].to_number() * 2); })
            .function(
                "urn:my", "last-node",
                [](std::span<const result> a, const node&) { return result(a[0].nodes().back()); })
            .function("urn:my", "here", [](std::span<const result>, const node& at) { return at; });
    struct row {
        const char* text;
        const char* value;
    };
    for (const row& r : {
             row{"$two + 1", "3"},
             row{"string(//n[$two])", "2"},
             row{"string(//n[. = $text])", "2"},
             row{"string(//n[$text])", "1"},
             row{"count(//n[$yes])", "3"},
             row{"count($set)", "2"},
             row{"$set[2]", "2"},
             row{"count($set/..)", "1"},
             row{"count($set | //n)", "3"},
             row{"$set = 2", "true"},
             row{"3 = $set", "false"},
             row{"$two > 1", "true"},
             row{"$set < //n", "true"},
             row{"my:twice(4)", "8"},
             row{"my:twice(//n[3])", "6"},
             row{"string(//n[my:twice(1)])", "2"},
             row{"string(my:last-node(//n))", "3"},
             row{"name(my:last-node(//n)/..)", "r"},
             row{"count(//n[my:here() = 2])", "1"},
             row{"concat($text, my:twice($two))", "24"},
             row{"not($yes)", "false"},
             row{"$text", "2"},
         }) {
        SCOPED_TRACE(r.text);
        EXPECT_EQ(evaluate(t, r.text, with).to_string(), r.value);
    }
    const tree other = test_tree::xml("<r/>");
    EXPECT_THROW(evaluate(other, "$set/..", with), error);
    EXPECT_THROW(evaluate(t, "$two/..", with), type_error);
    EXPECT_THROW(evaluate(t, "count($text)", with), type_error);
}

TEST(xpath, names_what_the_context_lacks)
{
    struct row {
        const char* text;
        std::size_t offset;
        const char* message;
    };
    const tree t = test_tree::xml("<r/>");
    for (const row& r : {
             row{"//svg:rect", 2, "the prefix 'svg' is not bound"},
             row{"//r/@x:y", 5, "the prefix 'x' is not bound"},
             row{"//x:*", 2, "the prefix 'x' is not bound"},
             row{"/r[$missing]", 3, "the variable $missing is not defined"},
             row{"re:test('a', 'b')", 0, "the prefix 're' is not bound"},
             row{"my:none()", 0, "unknown function 'my:none'"},
         }) {
        SCOPED_TRACE(r.text);
        try {
            evaluate(t, r.text, context().ns("my", "urn:my"));
            ADD_FAILURE() << "no error";
        } catch (const parse_error& e) {
            EXPECT_EQ(e.where().offset, r.offset);
            EXPECT_THAT(e.what(), HasSubstr(r.message));
        }
    }
}

TEST(xpath, ends_expensive_evaluations)
{
    std::string page = "<r>";
    for (int i = 0; i < 1000; ++i) page += "<a><b>text</b></a>";
    const tree wide = test_tree::xml(page + "</r>");
    std::string nested;
    for (int i = 0; i < 2000; ++i) nested += "<a>";
    for (int i = 0; i < 2000; ++i) nested += "</a>";
    const tree deep = test_tree::xml(nested);
    const context small = context().max_steps(300'000);
    for (const char* text : {
             "//*[count(//*) > 0]",
             "//*[//*[//*[. = 'x']] = 'y']",
             "//*/preceding::*[2]/preceding::*[3]/preceding::*[4]",
             "//*/following::*[last()]",
             "//*[preceding::b = 'none']",
             "count(//*//*//*[position() > 0]//*//*[position() > 0])",
             "//*[ancestor::*/ancestor::*[. = 'x']]",
             "//*[.//*[.//*[last()] = 'x']]",
         }) {
        SCOPED_TRACE(text);

        const auto outcome = [&](const tree& t) -> std::string {
            try {
                evaluate(t, text, small);
                return "max_steps";
            } catch (const limit_error& e) {
                return e.name();
            }
        };
        EXPECT_EQ(outcome(wide), "max_steps");
        EXPECT_EQ(outcome(deep), "max_steps");
    }
    EXPECT_THROW(evaluate(wide, "//*[count(//*) > 0]", small), limit_error);
    EXPECT_THROW(evaluate(deep, "//*[. = //*[. = 'x']]", small), limit_error);
    EXPECT_THROW(evaluate(wide, "//*", context().max_nodes(100)), limit_error);
    EXPECT_THROW(evaluate(wide, "concat(/, /)", context().max_string_bytes(1000)), limit_error);
    // Without positions, overlapping axes are walked once.
    EXPECT_EQ(evaluate(wide, "count(//*/following::*/preceding::*/ancestor::*)", small).to_number(),
              1000);
    EXPECT_EQ(
        evaluate(wide, "count(//a/following-sibling::a/preceding-sibling::a)", small).to_number(),
        999);
    EXPECT_EQ(evaluate(deep, "count(//a//a//a//a)", small).to_number(), 1997);
    EXPECT_EQ(evaluate(deep, "count(//a/ancestor::a)", context()).to_number(), 1999);
}

TEST(xpath, does_not_look_into_templates_from_outside)
{
    documents::tree_builder b("");
    b.set_html(documents::quirks_mode::no_quirks);
    const auto element = [&](const char* name, documents::node_id parent) {
        const documents::node_id n = b.make_element(b.intern(name), documents::ns::html, {}, 0);
        b.insert(n, parent);
        return n;
    };
    const documents::node_id body = element("body", 0);
    element("p", body);
    const documents::node_id holder = element("template", body);
    const documents::node_id contents = b.make(documents::node_kind::fragment, "", 0);
    b.insert(contents, holder);
    const documents::node_id inside = element("p", contents);
    b.insert_text("inside", inside);
    const documents::node_id after = element("p", body);
    b.insert_text("after", after);
    const tree t = std::move(b).finish();

    EXPECT_EQ(evaluate(t, "count(//p)").to_number(), 2);
    EXPECT_EQ(evaluate(t, "count(//template/node())").to_number(), 0);
    EXPECT_EQ(evaluate(t, "count(//template/descendant-or-self::node())").to_number(), 1);
    EXPECT_EQ(evaluate(t, "string(/)").to_string(), "after");
    EXPECT_EQ(evaluate(t, "count(//p[2]/preceding::node())").to_number(), 2);
    EXPECT_EQ(evaluate(t, "count(//p[1]/following::*)").to_number(), 2);

    const node fragment(t, t.template_content(holder));
    const auto from = [&](const char* text) {
        return expression::compile(text).evaluate(fragment);
    };
    EXPECT_EQ(from("count(//p)").to_number(), 1);
    EXPECT_EQ(from("string(p)").to_string(), "inside");
    EXPECT_EQ(from("count(p/ancestor::node())").to_number(), 1);
    EXPECT_EQ(from("count(//p/following::node())").to_number(), 0);
    EXPECT_EQ(getpath(from("p").nodes().front()), "/p");
}

TEST(xpath, is_shared_by_threads)
{
    const tree t = test_tree::html(buyers_page);
    const expression e = expression::compile("//div[@title='buyer-name'][2]/text()");
    std::vector<std::thread> threads;
    std::vector<std::string> got(4);
    for (std::string& out : got) {
        threads.emplace_back([&t, &e, &out] { out = e.evaluate(t).to_string(); });
    }
    for (std::thread& one : threads) one.join();
    for (const std::string& out : got) EXPECT_EQ(out, "Earl E. Byrd");
}

}  // namespace
}  // namespace ferry::xpath
