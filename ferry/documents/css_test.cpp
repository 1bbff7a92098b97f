#include "ferry/documents/css.hpp"

#include "ferry/core/error.hpp"
#include "ferry/documents/html.hpp"
#include "ferry/documents/xml.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace ferry::css {
namespace {

constexpr std::string_view page_text = R"(<!DOCTYPE html>
<html id=html lang=en-GB><head id=head><title id=title>t</title></head><body id=body>
<div id=outer class="box Main">
  <a id=a1 name=foo></a>
  <a id=a2 rel=tag href="http://localhost/foo" hreflang=en-US>link</a>
  <a id=a3 rel="nofollow noopener" href="https://example.org/x.PDF">link two</a>
  <ol id=list class="a b c">
    <li id=l1>content</li>
    <li id=l2 lang=En-us><div id=l2d><p id=l2p>deep <b id=l2b>text</b></p></div></li>
    <li id=l3 class="ab c"></li>
    <li id=l4 class="ab
c"><!-- comment --></li>
    <li id=l5></li><li id=l6 class=b></li><li id=l7>  </li>
  </ol>
  <p id=p1><b id=b1>hi</b> <em id=em1>there</em> <b id=b2>guy</b></p>
  <svg id=svg viewBox="0 0 1 1"><linearGradient id=lg></linearGradient><a id=sa xlink:href="#x"></a></svg>
  <template id=tpl><p id=inside class=box></p></template>
</div>
<div id=d2 foobar="ab bc
cde"><span id=s1 data-x="A-b"></span><p id=p2 lang=fr-Latn-CA dir=rtl><i id=i1>x</i></p></div>
<p id=p3 dir=auto>&#1488; x</p>
</body></html>)";

std::string ids_of(const std::vector<html::element>& found)
{
    std::string out;
    for (const html::element& e : found) {
        if (!out.empty()) out += ' ';
        out += e.attr("id", "?");
    }
    return out;
}

std::string ids(std::string_view selector)
{
    static const html::document page = html::parse(page_text);
    return ids_of(page.css(selector));
}

struct selection {
    const char* selector;
    const char* found;
};

void expect_all(std::initializer_list<selection> rows)
{
    for (const selection& r : rows) {
        SCOPED_TRACE(r.selector);
        EXPECT_EQ(ids(r.selector), r.found);
    }
}

TEST(css, selects_by_type_class_and_id)
{
    expect_all({
        {"b", "l2b b1 b2"},
        {"B", "l2b b1 b2"},
        {"lineargradient", "lg"},
        {"linearGradient", "lg"},
        {"svg, em", "em1 svg"},
        {"em,em", "em1"},
        {"#p1 *", "b1 em1 b2"},
        {"*#p1", "p1"},
        {"b#p1", ""},
        {".b", "list l6"},
        {".b.c", "list"},
        {"li.c", "l3 l4"},
        {".main", ""},
        {".Main", "outer"},
        {"*.box", "outer"},
        {"nosuch", ""},
        {"#nosuch, .nosuch", ""},
    });
}

TEST(css, selects_by_attribute)
{
    expect_all({
        {"a[href]", "a2 a3"},
        {"a[ rel = \"tag\" ]", "a2"},
        {"a[rel=tag]", "a2"},
        {"a[rel='TAG']", "a2"},  // the values of rel compare without case in HTML
        {"a[rel='TAG' s]", ""},
        {"a[rel~=noopener]", "a3"},
        {"a[rel~=opener]", ""},
        {"a[rel~='nofollow noopener']", ""},
        {"a[hreflang|=en]", "a2"},
        {"a[hreflang|=en-U]", ""},
        {"[href^='http:']", "a2"},
        {"[href$=pdf]", ""},
        {"[href$=pdf i]", "a3"},
        {"[href$='PDF'i]", "a3"},
        {"[href*=example]", "a3"},
        {"[href^=''],[href$=''],[href*=''],[rel~='']", ""},
        {"a[rel!=tag]", "a1 a3 sa"},
        {"[foobar~=bc]", "d2"},
        {"[foobar~='cde']", "d2"},
        {"[foobar='ab bc\\A cde']", "d2"},
        {"[data-x=A-b]", "s1"},
        {"[data-x=a-b]", ""},
        {"[DATA-X]", "s1"},
        {"[viewBox]", "svg"},
        {"[viewbox]", "svg"},
        {"[*|href]", "a2 a3 sa"},
        {"[|href]", "a2 a3"},
        {"svg a[href]", ""},
    });
}

TEST(css, follows_combinators)
{
    expect_all({
        {"div p", "l2p p1 p2"},
        {"div > p", "l2p p1 p2"},
        {"body > div > p", "p1 p2"},
        {"div div p", "l2p"},
        {"body>p", "p3"},
        {"li + li", "l2 l3 l4 l5 l6 l7"},
        {"#l1 ~ li.c", "l3 l4"},
        {"em ~ b", "b2"},
        {"b + b", ""},
        {"b ~ b", "b2"},
        {"a + ol > li:first-child ~ .b", "l6"},
        {"ol li div p b", "l2b"},
        {"html body * * * * * b", "l2b"},
        {"div ~ p i, div > i", ""},
        {"li ~ li + li > nosuch", ""},
        {"#a1 ~ #p1 > b + em", "em1"},
        {"/* c */ div /* d */ > /**/ p/**/.x, p/**/#p1", "p1"},
    });
}

TEST(css, knows_where_elements_are)
{
    expect_all({
        {":root", "html"},
        {"li:first-child", "l1"},
        {"li:last-child", "l7"},
        {"p > :only-child", "l2b i1"},
        {"#p1 :first-of-type", "b1 em1"},
        {"#p1 :last-of-type", "em1 b2"},
        {"#p1 :only-of-type", "em1"},
        {"li:nth-child(2)", "l2"},
        {"li:nth-child(odd)", "l1 l3 l5 l7"},
        {"li:nth-child(EVEN)", "l2 l4 l6"},
        {"li:nth-child(2n+1)", "l1 l3 l5 l7"},
        {"li:nth-child( -n + 3 )", "l1 l2 l3"},
        {"li:nth-child(n)", "l1 l2 l3 l4 l5 l6 l7"},
        {"li:nth-child(+3n - 2)", "l1 l4 l7"},
        {"li:nth-child(-n-1), li:nth-child(0)", ""},
        {"li:nth-child(n-1)", "l1 l2 l3 l4 l5 l6 l7"},
        {"li:nth-last-child(2)", "l6"},
        {"li:nth-child(999999999999n+2)", "l2"},
        {"#p1 b:nth-of-type(2)", "b2"},
        {"#p1 b:nth-last-of-type(2)", "b1"},
        {"li:nth-child(n+6)", "l6 l7"},
        {"li:nth-child(2n/**/-/**/1)", "l1 l3 l5 l7"},
        {"li:nth-child(-\\6e+2)", "l1 l2"},
        {R"(li:nth-child(\6f dd))", "l1 l3 l5 l7"},
        {R"(li:nth-child(2\6e -1))", "l1 l3 l5 l7"},
        {":nth-child(2 of li.c)", "l4"},
        {":nth-child(2n of li.c)", "l4"},
        {":nth-child(n of #l4)", "l4"},
        {R"(:nth-child(e\76 en of li.c))", "l4"},
        {":nth-child(even of .c, .b)", "l4"},
        {"li:nth-last-child(1 of .c)", "l4"},
        {"li:empty", "l3 l4 l5 l6"},
        {":scope", "html"},
        {":scope > body", "body"},
    });
}

TEST(css, nests_selectors)
{
    expect_all({
        {"li:not(.c)", "l1 l2 l5 l6 l7"},
        {"li:not(.c, .b, :empty)", "l1 l2 l7"},
        {"b:not(div p b)", ""},
        {"b:not(li b)", "b1 b2"},
        {"li:not(:has(b)):not(:empty)", "l1 l7"},
        {":is(ol, p) > :is(b, li.b)", "l2b l6 b1 b2"},
        {":where(ol > li, p) > b, :matches(em)", "l2b b1 em1 b2"},
        {":is()", ""},
        {":is(, em ,)", "em1"},
        {":is(:nosuch, em, ], b:nosuch(x\\), ')'))", "em1"},
        {":is(::before, em, > b, 'x)')", "em1"},
        {":where(/* , */ :not(:nosuch), em)", "em1"},
        {":is(:is(:nosuch), em, {,}, [a=',)'] ])", "em1"},
        {"em:not(:is(:nosuch))", "em1"},
        {"*:not(:is())#p1", "p1"},
        {"div:has(> p)", "outer l2d d2"},
        {"div:has(p b)", "outer l2d"},
        {"a:has(+ ol)", "a3"},
        {"a:has(~ ol, > nosuch)", "a1 a2 a3"},
        {"li:has(~ .b)", "l1 l2 l3 l4 l5"},
        {"p:has(b):has(em)", "p1"},
        {"body > :has(> p > i)", "d2"},
        {"div:has(p + p)", ""},
        {"li:has(+ li > div b)", "l1"},
        {"div:has(.box)", ""},  // what is in a template is not below it
        {"p:has(:is(b, i)):not(:has(em))", "l2p p2"},
    });
}

TEST(css, never_matches_what_a_page_at_rest_is_not)
{
    expect_all({{"a:hover, a:visited, :focus, :active, :target, :focus-within", ""},
                {"a:not(:hover)", "a1 a2 a3 sa"}});
}

TEST(css, knows_languages_directions_and_links)
{
    expect_all({
        {"li:lang(en-us)", "l2"},
        {"p:lang(en)", "l2p p1 p3"},
        {"p:lang('*-CA')", "p2"},
        {"p:lang(fr-CA)", "p2"},
        {"p:lang(fr, de)", "p2"},
        {"p:lang(fr-US)", ""},
        {"p:lang(f)", ""},
        {"p:dir(rtl)", "p2 p3"},
        {"i:dir(rtl)", "i1"},
        {"p:dir(ltr)", "l2p p1"},
        {"p:dir(x)", ""},
        {":link", "a2 a3 sa"},
        {":any-link:not(:link)", ""},
        {"svg:defined", "svg"},
    });
}

TEST(css, looks_at_text)
{
    expect_all({
        {"li:contains('content')", "l1"},
        {"div:contains(\"deep text\")", "outer l2d"},
        {"a:contains(link)", "a2 a3"},
        {"p:contains-own(deep)", "l2p"},
        {"p:contains-own(text)", ""},
        {"a:icontains('LINK T')", "a3"},
        {"b:contains('')", "l2b b1 b2"},
        {"a:matches-text(/^link$/)", "a2"},
        {"a:matches-text(/TWO|three/i)", "a3"},
        {"a:matches-text('^l.*o$')", "a3"},
        {"a:matches-text(/[/)]/)", ""},
        {"a:not(:contains('link'))", "a1 sa"},
    });
}

TEST(css, knows_the_states_of_forms)
{
    const html::document page = html::parse(R"(<!DOCTYPE html><body>
<form id=f><input id=text name=t required placeholder=p><input id=check type=checkbox checked>
<input id=off type=Text disabled value=v placeholder=p><input id=ro readonly>
<input id=r1 type=radio name=r checked><input id=r2 type=radio name=r checked>
<input id=r3 type=radio name=q><input id=hid type=hidden required>
<select id=sel><option id=o1 disabled>1<option id=o2>2<option id=o3>3</select>
<select id=mul multiple required><option id=o4 selected>1<option id=o5 selected>2
<optgroup id=og disabled><option id=o6></optgroup></select>
<select id=one><option id=o7 selected>1<option id=o8 selected>2</select>
<textarea id=ta placeholder=x></textarea>
<fieldset id=fs disabled><legend id=lg><input id=inlegend></legend><legend><input id=second></legend>
<button id=btn1></button></fieldset><button id=btn2 type=button></button>
<input id=sub type=submit><button id=btn3></button></form>
<progress id=pr></progress><progress id=pr2 value=1></progress>
<details id=det open></details><details id=shut></details><x-own id=own></x-own>
<div id=ed contenteditable><p id=edp></p><p id=edf contenteditable=false></p></div></body>)");
    const selection rows[] = {
        {":checked", "check r2 o2 o4 o5 o8"},
        {":disabled", "off o1 og o6 fs second btn1"},
        {"input:enabled", "text check ro r1 r2 r3 hid inlegend sub"},
        {":required", "text mul"},
        {":optional", "check off ro r1 r2 r3 hid sel one ta inlegend second btn1 btn2 sub btn3"},
        {":placeholder-shown", "text ta"},
        {"input:read-write", "text inlegend"},
        {":not(input):read-write", "ta ed edp"},
        {"input:read-only", "check off ro r1 r2 r3 hid second sub"},
        {":default", "check r1 r2 o4 o5 o7 o8 btn1"},
        {":indeterminate", "r3 pr"},
        {":open", "det"},
        {":not(:defined)", "own"},
    };
    for (const selection& r : rows) {
        SCOPED_TRACE(r.selector);
        EXPECT_EQ(ids_of(page.css(r.selector)), r.found);
    }
}

TEST(css, reads_escapes_as_css_does)
{
    const html::document page = html::parse(
        "<!DOCTYPE html><p id=1a class='a.b c:d'></p><p id='-'></p><p id='é x'></p><p "
        "id='--n'></p>");
    const selection rows[] = {
        {"#\\31 a", "1a"},       {"#\\000031a", "1a"},     {".a\\.b", "1a"},
        {".c\\:d", "1a"},        {".c\\3A d", "1a"},       {"#\\-", "-"},
        {"#é\\ x", "é x"},       {"#\\E9\\20 x", "é x"},   {"#--n", "--n"},
        {"[id='\\31 a']", "1a"}, {"\\70", "1a - é x --n"}, {"#1a", nullptr},
        {"[id=1a]", nullptr},
    };
    for (const selection& r : rows) {
        SCOPED_TRACE(r.selector);
        if (r.found == nullptr) {
            if (r.selector[0] == '#')
                EXPECT_EQ(ids_of(page.css(r.selector)), "1a");
            else
                EXPECT_THROW(page.css(r.selector), parse_error);
            continue;
        }
        EXPECT_EQ(ids_of(page.css(r.selector)), r.found);
    }
    for (const char* id : {"1a", "-", "é x", "--n", "-1", "a.b:c", "\x01", "a\nb", "\"'"}) {
        SCOPED_TRACE(id);
        const auto e = html::parse("<p>").css("p");
        EXPECT_NO_THROW(selector::compile('#' + escape(id)));
        EXPECT_EQ(page.css('#' + escape(id)).empty(), !page.find_by_id(id));
    }
}

TEST(css, compares_without_case_in_quirks_mode)
{
    const html::document page = html::parse("<p id=One class='Two three'>");
    EXPECT_EQ(page.css("#one.two.THREE").size(), 1U);
    const html::document standard = html::parse("<!DOCTYPE html><p id=One class='Two three'>");
    EXPECT_TRUE(standard.css("#one").empty());
    EXPECT_TRUE(standard.css(".two").empty());
}

TEST(css, binds_namespaces)
{
    const html::document page = html::parse(page_text);
    const auto with = context()
                          .ns("s", "http://www.w3.org/2000/svg")
                          .ns("no", "urn:none")
                          .ns("x", "http://www.w3.org/1999/xlink");
    const auto found = [&](std::string_view text, const context& c) {
        return ids_of(page.css(compile(text), c));
    };
    EXPECT_EQ(found("s|a", with), "sa");
    EXPECT_EQ(found("s|*", with), "svg lg sa");
    EXPECT_EQ(found("no|a", with), "");
    EXPECT_EQ(found("*|a", with), "a1 a2 a3 sa");
    EXPECT_EQ(found("|a", with), "");
    EXPECT_EQ(found("[x|href]", with), "sa");
    EXPECT_EQ(found("a", context().default_ns("http://www.w3.org/2000/svg")), "sa");
    struct row {
        std::string selector;
        std::size_t offset;
        const char* excerpt;
    };
    for (const row& r :
         {row{"t|a", 0, "t|a\n^"}, row{"t, b > t|a", 7, "t, b > t|a\n       ^"},
          row{R"(a [\74|b])", 3, "a [\\74|b]\n   ^"}, row{std::string("\0|a", 3), 0, " |a\n^"}}) {
        SCOPED_TRACE(r.excerpt);
        try {
            page.css(r.selector);
            ADD_FAILURE();
        } catch (const parse_error& e) {
            EXPECT_EQ(e.where().offset, r.offset);
            EXPECT_EQ(e.excerpt(), r.excerpt);
        }
    }
}

TEST(css, distinguishes_case_and_namespaces_in_xml)
{
    const xml::document doc = xml::parse(
        "<r xmlns:a='urn:a' xml:lang='de'><Item Id='1'/><item id='x'/><a:item class='c d'/></r>");
    const auto count = [&](std::string_view text, const context& with = context()) {
        return compile(text).select(doc.tree(), 0, with).size();
    };
    EXPECT_EQ(count("Item"), 1U);
    EXPECT_EQ(count("item"), 2U);
    EXPECT_EQ(count("ITEM"), 0U);
    EXPECT_EQ(count("a|item", context().ns("a", "urn:a")), 1U);
    EXPECT_EQ(count("|item"), 1U);
    EXPECT_EQ(count("item", context().default_ns("urn:a")), 1U);
    EXPECT_EQ(count("[Id='1']"), 1U);
    EXPECT_EQ(count("[ID]"), 0U);
    EXPECT_EQ(count("#x, .d"), 2U);
    EXPECT_EQ(count("r > :nth-of-type(1):lang(de)"), 3U);
    EXPECT_EQ(count("[xml|lang]"), 1U);
    EXPECT_EQ(count(":checked, :enabled, :link, :dir(ltr)"), 0U);
}

TEST(css, gives_strings_for_pseudo_elements)
{
    const html::document page = html::parse(page_text);
    const auto strings = [&](std::string_view s) { return page.select_strings(s); };
    using list = std::vector<std::string>;
    EXPECT_EQ(strings("a::attr(href)"),
              (list{"http://localhost/foo", "https://example.org/x.PDF"}));
    EXPECT_EQ(strings("#l2p::text"), (list{"deep "}));
    EXPECT_EQ(strings("#l2p *::text, #l2p::text"), (list{"deep ", "text"}));
    EXPECT_EQ(strings("#l2p"), (list{"deep text"}));
    EXPECT_EQ(strings("#a2::attr(HREF), #a2::text, #a2::text"),
              (list{"http://localhost/foo", "link"}));
    EXPECT_EQ(strings("a::attr( nosuch )"), list{});
    EXPECT_THROW(page.css("a::text"), parse_error);
    EXPECT_TRUE(compile("a, b::text").has_pseudo_element());
}

TEST(css, searches_from_an_element)
{
    const html::document page = html::parse(page_text);
    const html::element list = page.get_element_by_id("list");
    EXPECT_EQ(ids_of(list.css("li.b")), "l6");
    EXPECT_EQ(ids_of(list.css("div li.b")), "l6");  // the ancestors are those of the document
    EXPECT_EQ(ids_of(list.css(":scope > .b")), "l6");
    EXPECT_EQ(ids_of(list.css("ol")), "");
    EXPECT_EQ(list.select_one("li")->attr("id"), "l1");
    EXPECT_FALSE(list.select_one("table"));
    EXPECT_TRUE(list.matches("div > ol"));
    EXPECT_TRUE(list.matches(":scope"));
    EXPECT_FALSE(list.matches("li"));
    EXPECT_TRUE(list.matches(":has(b)"));
    const html::element b = page.get_element_by_id("l2b");
    EXPECT_EQ(b.closest("li")->attr("id"), "l2");
    EXPECT_EQ(b.closest("b")->attr("id"), "l2b");
    EXPECT_EQ(b.closest("div:not(:scope *)")->attr("id"), "l2d");
    EXPECT_FALSE(b.closest("table"));
    const html::node inside = *page.get_element_by_id("tpl").template_content();
    EXPECT_EQ(ids_of(inside.css("p")), "inside");
    EXPECT_EQ(ids_of(inside.css("div p")), "");
    EXPECT_EQ(ids_of(inside.css("p:nth-child(1)")), "inside");
}

TEST(css, makes_paths_that_select_one_element)
{
    const html::document page = html::parse(page_text);
    for (const html::element e : page.root().descendants()) {
        const auto found = page.css(e.css_path());
        ASSERT_EQ(found.size(), 1U) << e.css_path();
        EXPECT_EQ(found.front(), e) << e.css_path();
    }
    const html::document plain =
        html::parse("<!DOCTYPE html><ul><li><a></a></li><li><a></a></li></ul>");
    const html::element second = plain.css("a").back();
    EXPECT_EQ(second.css_path(), "html > body > ul > li:nth-of-type(2) > a");
    EXPECT_THROW(path_of(plain.tree(), 0), type_error);
}

TEST(css, weighs_selectors)
{
    struct row {
        const char* selector;
        specificity weight;
    };
    const row rows[] = {
        {"*", {0, 0, 0}},
        {"li", {0, 0, 1}},
        {"ul li::text", {0, 0, 3}},
        {"ul ol+li", {0, 0, 3}},
        {"h1 + *[rel=up]", {0, 1, 1}},
        {"ul ol li.red", {0, 1, 3}},
        {"li.red.level", {0, 2, 1}},
        {"#x34y", {1, 0, 0}},
        {"#s12:not(foo)", {1, 0, 1}},
        {".foo :is(.bar, #baz)", {1, 1, 0}},
        {":where(#a, .b)", {0, 0, 0}},
        {":has(> #a, b)", {1, 0, 0}},
        {"li:nth-child(2n+1 of .a, #b)", {1, 1, 1}},
        {"a:hover", {0, 1, 1}},
        {":contains('x')", {0, 1, 0}},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.selector);
        EXPECT_EQ(selector::compile(r.selector).specificities().front(), r.weight);
    }
    EXPECT_EQ(compile("a, #b").specificities().size(), 2U);
    for (const char* local : {"a", "a.b[c]:not(.d, #e):link, *"})
        EXPECT_TRUE(compile(local).is_local()) << local;
    for (const char* other : {"a b", "a:first-child", "a:not(b > a)", "a:has(b)", "a:lang(en)"})
        EXPECT_FALSE(compile(other).is_local()) << other;
}

TEST(css, is_shared_by_threads)
{
    const html::document page = html::parse(page_text);
    std::vector<std::thread> all;
    for (int i = 0; i < 4; ++i)
        all.emplace_back([&page] {
            for (int k = 0; k < 200; ++k) {
                EXPECT_EQ(page.css("li:nth-child(odd)").size(), 4U);
                EXPECT_EQ(page.css("p:not(:nth-child(" + std::to_string(k) + "n))").size() < 9,
                          true);
            }
        });
    for (std::thread& t : all) t.join();
}

}  // namespace
}  // namespace ferry::css
