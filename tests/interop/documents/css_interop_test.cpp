#include "ferry/documents/css.hpp"
#include "ferry/documents/html.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/documents/xml.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

namespace ferry {
namespace {

const char* const selectors[] = {
    "*",
    "a",
    "A",
    "p",
    "div, span",
    "a[href]",
    "a[href^='http']",
    "a[href$='.html']",
    "a[href*='#']",
    "a[href*=library i]",
    "[class]",
    "[class~=reference]",
    "[class|=sphinx]",
    "a.reference",
    "a.reference.internal",
    ".section",
    ".highlight pre",
    "div.body h1",
    "dl > dt",
    "dl > dd > p",
    "dt + dd",
    "dt ~ dd",
    "h1 + p",
    "h2 ~ p",
    "ul li",
    "ul > li > a",
    "ul ul li",
    "li li a code span",
    "body div div div p a",
    "div > div > div > section > p",
    "#main",
    "body *",
    "table tr td",
    "table > tbody > tr > td:first-child",
    "tr:nth-child(even)",
    "li:nth-child(3n+2)",
    "li:nth-last-child(2)",
    "p:nth-of-type(2)",
    "p:nth-last-of-type(odd)",
    "a:first-of-type",
    "a:last-of-type",
    "p:only-of-type",
    "li:only-child",
    "li:first-child a:last-child",
    ":root",
    ":root > body > *",
    ":scope > head",
    ":empty",
    "td:empty",
    "p:not([class])",
    "a:not(.internal, .headerlink)",
    "div:not(div div)",
    ":not(a):not(span):not(div)",
    ":not(:first-child)",
    ":is(h1, h2, h3) a",
    ":where(ul, ol) > li:is(:first-child, :last-child)",
    ":is(h1, :nosuch, h2 > , ::before, [) , a]) a",
    ":where(:is(:nosuch), p, b:nosuch(x, y))",
    "p:not(:is(:nosuch))",
    "p:not(:nosuch)",
    "p:is()",
    "section:has(> h2)",
    "div:has(table, pre)",
    "p:has(+ ul)",
    "dt:has(~ dt)",
    "li:has(ul li a)",
    "section:not(:has(section))",
    "dd:has(> p > code):has(a)",
    ":has(> :has-slotted)",
    "li:nth-child(2 of :has(a))",
    ":nth-last-child(1 of p)",
    "p:nth-child(odd of .a, [id])",
    "p:nth-child(2n of .a, [id])",
    "li:nth-child(n of :has(a))",
    R"(li:nth-child(\6f dd))",
    R"(tr:nth-child(2\6e /**/-/**/1))",
    "li:nth-last-child(-n+2)",
    "a:any-link",
    ":link",
    "a:hover, a:visited",
    "link[rel=STYLESHEET]",

    "input",
    "input[type=TEXT]",
    ":enabled",
    ":disabled",
    ":checked",
    "option:checked",
    ":required",
    ":optional",
    ":read-write",
    "input:read-only",
    ":default",
    ":indeterminate",
    ":placeholder-shown",
    ":open",
    ":defined",
    ":lang(en)",
    ":lang(fr)",
    ":dir(rtl)",
    ":dir(ltr)",
    "svg",
    "svg *",
    "SVG > g",
    "linearGradient",
    "lineargradient",
    "[viewBox]",
    "[viewbox]",
    "foreignObject p",
    "svg|a",
    "*|a",
    "*|*[*|href]",
    "[*|href]",
    "#a\\.b",
    ".\\31 st",
    "[data-x='a\\22 b']",
    "#\\E9",
    "script, style",
    "meta[charset]",
    "td[colspan='2']",
    "template p",
    "template",
    "b:nth-of-type(2) ~ i",
    "body > :nth-child(n+3)",
    "form :is(input, select)[name]",
    "fieldset legend input:enabled",
    "[dir]",
    "em, i, b, strong",
    "*:not(*)",
    "code.docutils.literal > span.pre",
    "a[title]:not([title=''])",
    "[hidden]",
    "dl.py.function dt.sig > a.headerlink",
    "p > a:nth-of-type(2n+1):not(:last-child)",
};

constexpr const char* own_page = R"(<html lang=en-GB><head><meta charset=utf-8>
<link rel=stylesheet href=x></head><body dir=ltr><p class=a id="a.b">x<p id=p2 class="1st a">y
<p data-x='a"b' id=é lang=fr-FR>z<b>1</b><i>2</i><b>3</b><i>4</i>
<ul><li>1<li>2<ul><li><a>x</a></ul></ul>
<form><fieldset disabled><legend><input name=l></legend><input name=m><select name=s><option>1<option
selected>2<option>3</select></fieldset><input type=radio name=r checked><input type=radio name=r checked>
<input type=radio name=q><input type=Text required placeholder="" readonly><textarea placeholder=x></textarea>
<input type=hidden required><select multiple><option disabled>a<option selected>b</select><button>go</button>
<input type=submit><optgroup><option></optgroup></form><progress></progress><details open><summary>s</summary>
</details><dialog></dialog><div contenteditable><p>q</div><x-y></x-y><bdi>&#1488;</bdi><p dir=auto>&#1488;
<p dir=rtl>x<table><tr><td colspan=2>1<td><tr><td>2</table><template><p>t</p></template>
<svg viewBox="0 0 1 1"><g><a xlink:href=x href=y></a><linearGradient/></g>
<foreignObject><p>x</foreignObject></svg>
<math><mi>x</mi></math><div hidden class="Sphinx-x sphinx-y"></div></body></html>)";

std::vector<std::string> all_pages()
{
    std::vector<std::string> pages = {own_page};
    for (const char* name : {"index", "library/json", "library/functions", "tutorial/classes",
                             "reference/datamodel", "library/os.path", "search"}) {
        const std::string path = std::string("/usr/share/doc/python3.11/html/") + name + ".html";
        pages.push_back(testing::read_file(path));
        EXPECT_FALSE(pages.back().empty()) << path << ": install python3-doc";
    }
    return pages;
}

/// What ferry finds, as the numbers of elements in document order.
std::string found_by_ferry(const html::document& page, const std::vector<std::size_t>& numbers,
                           const char* selector)
{
    std::string out;
    try {
        for (const html::element& e : page.css(selector)) {
            if (!out.empty()) out += ' ';
            out += std::to_string(numbers[e.id()]);
        }
    } catch (const parse_error&) {
        return "error";
    }
    return out;
}

std::vector<std::size_t> number_elements(const documents::tree& t)
{
    std::vector<std::size_t> numbers(t.size());
    std::size_t next = 0;
    for (documents::node_id n = 0; n < t.size();) {
        if (t.is_element(n)) numbers[n] = next++;
        n = t.kind(n) == documents::node_kind::fragment ? t.end(n) : n + 1;
    }
    return numbers;
}

std::vector<std::string> strings(const auto& from)
{
    return {std::begin(from), std::end(from)};
}

TEST(css_interop, finds_what_chromium_finds)
{
    const std::vector<std::string> pages = all_pages();
    const auto safe = json::dump_options().html_safe();
    testing::temporary_directory directory;
    const auto path = directory.path() / "driver.html";
    {
        std::ofstream out(path, std::ios::binary);
        out << "<!DOCTYPE html><meta charset=utf-8><pre id=out></pre><script>\nconst pages = "
            << json::dump(pages, safe)
            << ";\nconst selectors = " << json::dump(strings(selectors), safe) << R"(;
const found = pages.map(text => {
  const page = new DOMParser().parseFromString(text, 'text/html');
  const numbers = new Map([...page.getElementsByTagName('*')].map((e, i) => [e, i]));
  return selectors.map(s => {
    try { return [...page.querySelectorAll(s)].map(e => numbers.get(e)).join(' '); }
    catch (e) { return 'error'; }
  });
});
document.getElementById('out').textContent = JSON.stringify(found);
</script>)";
    }
    const auto browser = testing::run_program(
        {"/usr/bin/chromium", "--headless", "--no-sandbox", "--disable-gpu",
         "--disable-dev-shm-usage", "--user-data-dir=" + (directory.path() / "profile").string(),
         "--dump-dom", "file://" + path.string()});
    ASSERT_EQ(browser.status, 0) << browser.err;
    const html::document result = html::parse(browser.out);
    const value found = json::parse(result.get_element_by_id("out").text());
    ASSERT_EQ(found.size(), pages.size());
    for (std::size_t p = 0; p < pages.size(); ++p) {
        SCOPED_TRACE("page " + std::to_string(p));
        const html::document page = html::parse(pages[p]);
        const auto numbers = number_elements(page.tree());
        for (std::size_t s = 0; s < std::size(selectors); ++s)
            EXPECT_EQ(found_by_ferry(page, numbers, selectors[s]), found[p][s].as<std::string>())
                << selectors[s];
    }
}

TEST(css_interop, finds_what_cssselect_finds_where_it_is_right)
{
    // Where cssselect does less, or something else than the Standard, it is no judge.
    const auto is_common = [](std::string_view s) {
        for (const char* other :
             {" i]",      " s]",          "STYLE",    "TEXT",    "svg",
              "SVG",      "*|",           "inear",    "iew",     "foreign",
              ":is(",     ":where(",      ":has(",    " of ",    ", .headerlink",
              "div div)", "any-link",     ":link",    "abled",   "checked",
              "required", "optional",     "read-",    "default", "indeterminate",
              "shown",    ":open",        ":defined", ":lang",   ":dir",
              "template", ":scope",       "visited",  "\\",      "A",
              "*:not(*)", ":has-slotted", ":nosuch"})
            if (s.find(other) != std::string_view::npos) return false;
        return true;
    };
    std::vector<std::string> common;
    for (const char* s : selectors)
        if (is_common(s)) common.emplace_back(s);
    ASSERT_GT(common.size(), 50U);
    std::vector<std::string> pages = all_pages();
    pages.erase(pages.begin());  // the one with SVG and templates
    const std::map<std::string, std::vector<std::string>> job = {{"pages", pages},
                                                                 {"selectors", common}};
    testing::temporary_directory directory;
    const auto path = directory.path() / "job.json";
    std::ofstream(path, std::ios::binary) << json::dump(job);
    const auto peer =
        testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/css_peer.py", path.string()});
    ASSERT_EQ(peer.status, 0) << peer.err;
    const value found = json::parse(peer.out);
    for (std::size_t p = 0; p < pages.size(); ++p) {
        const html::document page = html::parse(pages[p]);
        const auto numbers = number_elements(page.tree());
        for (std::size_t s = 0; s < common.size(); ++s)
            EXPECT_EQ(found_by_ferry(page, numbers, common[s].c_str()),
                      found[p][s].as<std::string>())
                << "page " << p << ": " << common[s];
    }
}

TEST(css_interop, finds_in_xml_what_cssselect_finds)
{
    const std::string text = R"(<html id="html"><head><link id="l1" href="foo"/></head><body>
<div id="outer"><a id="a1" name="foo"></a><a id="a2" rel="tag" href="http://localhost/foo">link</a>
<a id="a3" rel="nofollow" href="https://example.org"> link</a>
<ol id="first" class="a b c"><li id="i1">content</li>
<li id="i2" lang="En-us" xml:lang="En-us"><div id="d2"/></li>
<li id="i3" class="ab c"/><li id="i4" class="ab
c"/><li id="i5"/><li id="i6"/><li id="i7">  </li></ol>
<p id="p"><b id="b1">hi</b> <em id="e1">there</em><b id="b2">guy</b><!-- c -->
<input type="checkbox" checked="checked"/></p>
<ol id="second"/></div><div id="foobar" foobar="ab bc
cde"><span id="s1"/></div><n:x xmlns:n="urn:n" n:k="1"><n:y/></n:x></body></html>)";
    const std::vector<std::string> queries = {"*",
                                              "div",
                                              "DIV",
                                              "div div",
                                              "div, div div",
                                              "a[name]",
                                              "a[NAME]",
                                              "a[rel]",
                                              "a[rel='tag']",
                                              "a[rel!='tag']",
                                              "[rel!=x]",
                                              "a[href*='localhost']",
                                              "a[href*='']",
                                              "a[href^='http']",
                                              "a[href^='http:']",
                                              "a[href^='']",
                                              "a[href$='org']",
                                              "a[href$='']",
                                              "div[foobar~='bc']",
                                              "div[foobar~='cde']",
                                              "[foobar~='ab bc']",
                                              "[foobar~='']",
                                              "[foobar~=' \\9']",
                                              "div[foobar~='c']",
                                              "*[lang|='En']",
                                              "[lang|='En-us']",
                                              "[lang|='en']",
                                              ":lang('EN')",
                                              "*:lang(en-US)",
                                              "*:lang(es)",
                                              "ol li",
                                              "li:nth-child(3)",
                                              "li:nth-child(10)",
                                              "li:nth-child(2n)",
                                              "li:nth-child(even)",
                                              "li:nth-child(2n+0)",
                                              "li:nth-child(+2n+1)",
                                              "li:nth-child(odd)",
                                              "li:nth-child(2n+4)",
                                              "li:nth-child(3n+1)",
                                              "li:nth-child(n)",
                                              "li:nth-child(n-1)",
                                              "li:nth-child(n+1)",
                                              "li:nth-child(n+3)",
                                              "li:nth-child(-n)",
                                              "li:nth-child(-n-1)",
                                              "li:nth-child(-n+1)",
                                              "li:nth-child(-n+3)",
                                              "li:nth-last-child(0)",
                                              "li:nth-last-child(2n)",
                                              "li:nth-last-child(even)",
                                              "li:nth-last-child(2n+2)",
                                              "li:nth-last-child(n)",
                                              "li:nth-last-child(n-3)",
                                              "li:nth-last-child(n+3)",
                                              "li:nth-last-child(-n+3)",
                                              "ol:first-of-type",
                                              "ol:nth-child(1)",
                                              "ol:nth-of-type(2)",
                                              "ol:nth-last-of-type(1)",
                                              "span:only-child",
                                              "li div:only-child",
                                              "div *:only-child",
                                              "p:only-of-type",
                                              "a:empty",
                                              "a:EMPTY",
                                              "li:empty",
                                              ":root",
                                              "html:root",
                                              "li:root",
                                              "* :root",
                                              "*:contains('link')",
                                              ":CONtains('link')",
                                              "*:contains('LInk')",
                                              "*:contains('e')",
                                              "*:contains('E')",
                                              ".a",
                                              ".b",
                                              "*.a",
                                              "ol.a",
                                              "ol.c",
                                              "*.c",
                                              "ol *.c",
                                              "ol li.c",
                                              "li ~ li.c",
                                              "ol > li.c",
                                              "#first",
                                              "li#first",
                                              "*#first",
                                              "li div",
                                              "li > div",
                                              "div div > div",
                                              "div>.c",
                                              "div > .c",
                                              "div + div",
                                              "a ~ a",
                                              "a[rel='tag'] ~ a",
                                              "ol#first li:last-child",
                                              "ol#first *:last-child",
                                              "#outer:first-child",
                                              "#outer :first-child",
                                              "a[href]",
                                              ":not(*)",
                                              "a:not([href])",
                                              "ol :Not(li[class])",
                                              ":is(#first, .c)",
                                              "n|x",
                                              "n|*",
                                              "n|x > n|y",
                                              ":checked",
                                              ":disabled",
                                              ":link",
                                              ":hover",
                                              ".c:has(~ li)",
                                              "li:has(div)",
                                              "ol:has(> li)"};
    const std::map<std::string, value> job = {{"xml", text}, {"selectors", to_value(queries)}};
    testing::temporary_directory directory;
    const auto path = directory.path() / "job.json";
    std::ofstream(path, std::ios::binary) << json::dump(job);
    const auto peer =
        testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/css_peer.py", path.string()});
    ASSERT_EQ(peer.status, 0) << peer.err;
    const value theirs = json::parse(peer.out);
    const xml::document doc = xml::parse(text);
    const auto numbers = number_elements(doc.tree());
    for (std::size_t i = 0; i < queries.size(); ++i) {
        std::string found;
        const auto with = css::context().ns("n", "urn:n");
        for (const auto id : css::compile(queries[i]).select(doc.tree(), 0, with))
            found += (found.empty() ? "" : " ") + std::to_string(numbers[id]);
        EXPECT_EQ(found, theirs[i].as<std::string>()) << queries[i];
    }
}

}  // namespace
}  // namespace ferry
