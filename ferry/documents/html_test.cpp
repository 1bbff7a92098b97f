#include "ferry/documents/html.hpp"

#include "ferry/core/charset.hpp"
#include "ferry/core/log.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace ferry::html {
namespace {

std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

std::string body_of(std::string_view text)
{
    return parse(text).body()->inner_html();
}

TEST(html, builds_the_tree_of_the_standard_where_lxml_differs)
{
    struct row {
        const char* name;
        std::string input;
        const char* body;
    };
    const row rows[] = {
        {"formatting goes on in the next paragraph", "<p><b>x<p>y</b>z",
         "<p><b>x</b></p><p><b>y</b>z</p>"},
        {"adoption agency", "<div><a>1<p>2</a>3</p></div>", "<div><a>1</a><p><a>2</a>3</p></div>"},
        {"foster parenting", "<table>foo<tr><td>1</table>",
         "foo<table><tbody><tr><td>1</td></tr></tbody></table>"},
        {"case of SVG", "<svg viewBox='0 0 1 1'><foreignObject/></svg>",
         "<svg viewBox=\"0 0 1 1\"><foreignObject></foreignObject></svg>"},
        {"references", "&amp &copy &#128; &#0; &AMP;", "&amp; \u00a9 \u20ac \ufffd &amp;"},
        {"first line feed of a textarea", "<textarea>\n\nx</textarea>", "<textarea>\nx</textarea>"},
        {"first attribute wins, in lower case", "<p a=1 a=2 B=3 c>",
         "<p a=\"1\" b=\"3\" c=\"\"></p>"},
        {"image is img", "<image src=a>", "<img src=\"a\">"},
        {"plaintext", "<plaintext></plaintext><b>", "<plaintext></plaintext><b></plaintext>"},
        {"NUL in text", std::string("a\0b", 3), "ab"},
        {"NUL in an attribute", std::string("<i a='\0'>", 9), "<i a=\"\ufffd\"></i>"},
        {"line ends", "a\r\nb\rc", "a\nb\nc"},
        {"template", "<body><template><td>x</template>y", "<template><td>x</td></template>y"},
        {"script is not markup", "<body><script>if (a<b) '</p>'</script>",
         "<script>if (a<b) '</p>'</script>"},
        {"escaped script", "<body><script><!--<script></script>--></script>x",
         "<script><!--<script></script>--></script>x"},
        {"entities in attributes", "<a href='?a=1&copy=2&lt;'>",
         "<a href=\"?a=1&amp;copy=2&lt;\"></a>"},
        {"select drops nothing it may hold", "<select><div><option>x</select>",
         "<select><div><option>x</option></div></select>"},
        {"the selected option is shown", "<select><selectedcontent></selectedcontent><option>x",
         "<select><selectedcontent>x</selectedcontent><option>x</option></select>"},
        {"an option is not replaced by what it contains",
         "<select><selectedcontent><option><b>x</b>",
         "<select><selectedcontent><option><b>x</b></option></selectedcontent></select>"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        EXPECT_EQ(body_of(r.input), r.body);
    }
}

TEST(html, gives_a_document_for_whatever_it_is_given)
{
    for (const std::string_view input :
         {"",         "\xef\xbb\xbf", "<",      "</",        "<!",           "<!-",
          "<!--",     "<![CDATA[",    "&",      "&#",        "&#x",          "<a ",
          "<a b",     "<a b=",        "<a b='", "<!DOCTYPE", "<!DOCTYPE>",   "<svg><![CDATA[",
          "<script>", "<script><!--", "</p>",   "</br>",     "\xff\xfe\xfd", "\xf0\x9f",
          "<\xff>",   "</></></>"}) {
        SCOPED_TRACE(testing::PrintToString(std::string(input)));
        const document page = parse(bytes_of(input));
        EXPECT_EQ(page.root().name(), "html");
        EXPECT_TRUE(page.head());
        EXPECT_TRUE(page.body());
        parse_fragment(input, "svg path");
    }
}

TEST(html, decodes_by_mark_then_label_then_meta_then_what_fits)
{
    struct row {
        const char* name;
        std::string bytes;
        const char* charset;
        const char* encoding;
        const char* text;
    };
    const row rows[] = {
        {"valid UTF-8", "<p>\xc3\xa9", "", "utf-8", "\u00e9"},
        {"otherwise windows-1252", "<p>\x93\xe9", "", "windows-1252", "\u201c\u00e9"},
        {"transport", "<p>\xe9", "iso-8859-1", "windows-1252", "\u00e9"},
        {"transport wins over meta", "<meta charset=utf-8><p>\xe9", "latin1", "windows-1252",
         "\u00e9"},
        {"mark wins over all", "\xef\xbb\xbf<meta charset=koi8-r><p>\xc3\xa9", "koi8-r", "utf-8",
         "\u00e9"},
        {"UTF-16 with a mark", std::string("\xff\xfe<\0p\0>\0\xe9\0", 10), "", "utf-16le",
         "\u00e9"},
        {"meta charset", "<meta charset=koi8-r><p>\xc1", "", "koi8-r", "\u0430"},
        {"meta http-equiv",
         "<meta http-equiv=Content-Type content='text/html; charset=\"koi8-r\"'><p>\xc1", "",
         "koi8-r", "\u0430"},
        {"content without http-equiv", "<meta content='text/html; charset=koi8-r'><p>\xc1", "",
         "windows-1252", "\u00c1"},
        {"meta in a comment", "<!-- <meta charset=koi8-r> --><p>\xc1", "", "windows-1252",
         "\u00c1"},
        {"meta that does not end", "<p>\xc1<meta charset=koi8-r ", "", "windows-1252", "\u00c1"},
        {"meta of UTF-16 means UTF-8", "<meta charset=utf-16><p>\xc3\xa9", "", "utf-8", "\u00e9"},
        {"meta further down", std::string(1024, ' ') + "<meta charset=koi8-r><p>\xc1", "", "koi8-r",
         "\u0430"},
        {"meta http-equiv further down",
         "<body>" + std::string(1024, ' ') +
             "<meta http-equiv=CONTENT-TYPE content='text/html; Charset=KOI8-R'><p>\xc1",
         "", "koi8-r", "\u0430"},
        {"what is no meta further down",
         std::string(1024, ' ') +
             "<!--<meta charset=koi8-r>--><meta charset=bogus><meta content='charset=koi8-r'>"
             "<textarea><meta charset=koi8-r></textarea><p>\xc1",
         "", "windows-1252", "\u00c1"},
        {"transport wins over a meta further down",
         std::string(1024, ' ') + "<meta charset=koi8-r><p>\xe9", "latin1", "windows-1252",
         "\u00e9"},
        {"unknown label", "<p>\xc3\xa9", "bogus", "utf-8", "\u00e9"},
        {"mark wins over a meta that says otherwise",
         "\xef\xbb\xbf<meta charset=windows-1251><p>\xc3\xa9", "", "utf-8", "\u00e9"},
        {"UTF-16 that is cut", std::string("\xff\xfe<\0p\0>\0\xe9\0\x20", 11), "", "utf-16le",
         "\u00e9\ufffd"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        const document page = parse(bytes_of(r.bytes), r.charset);
        EXPECT_EQ(page.encoding(), r.encoding);
        const auto p = page.root().descendants("p");
        EXPECT_EQ((*p.begin()).text(), r.text);
    }
    EXPECT_EQ(parse("a\xff").text(), "a\ufffd");
}

TEST(html, finds_what_a_page_has)
{
    const document page = parse(
        "<!DOCTYPE html><title> The\n page </title><body class='a  b'><p id=x>1<b>2</b>3</p>"
        "<template><p id=y></p></template><!--c--><a href='/?a&amp;b'>link</a>");
    EXPECT_EQ(page.title(), "The page");
    EXPECT_EQ(page.quirks(), quirks_mode::no_quirks);
    const element p = page.get_element_by_id("x");
    EXPECT_EQ(p.text(), "123");
    EXPECT_EQ(p.parent()->name(), "body");
    EXPECT_TRUE(page.body()->has_class("b"));
    EXPECT_FALSE(page.body()->has_class(""));
    EXPECT_FALSE(page.find_by_id("y"));
    EXPECT_THROW(page.get_element_by_id("y"), lookup_error);
    EXPECT_EQ(p.next_element()->name(), "template");
    EXPECT_EQ(p.next_element()->template_content()->inner_html(), "<p id=\"y\"></p>");
    std::string names;
    for (const element e : page.body()->children()) names += std::string(e.name()) + ' ';
    EXPECT_EQ(names, "p template a ");
    names.clear();
    for (const element e : page.root().descendants()) names += std::string(e.name()) + ' ';
    EXPECT_EQ(names, "head title body p b template a ");
    const element a = *page.root().descendants("a").begin();
    EXPECT_EQ(a.attr("href"), "/?a&b");
    EXPECT_EQ(a.attr("title", "none"), "none");
    EXPECT_EQ(a.outer_html(), "<a href=\"/?a&amp;b\">link</a>");
    EXPECT_EQ(a.position().line, 2U);
    EXPECT_EQ(page.source().substr(a.position().offset, 8), "<a href=");
    EXPECT_EQ(page.root().descendants("nosuch").empty(), true);
    EXPECT_EQ(parse("x").quirks(), quirks_mode::quirks);
}

TEST(html, answers_xpath)
{
    const document page = parse(
        "<html><body><div title=\"buyer-name\">Carson Busses</div><span class=\"item-price\">$29.95"
        "</span><div title=\"buyer-name\">Earl E. Byrd</div><span class=\"item-price\">$8.37"
        "</span></body></html>");
    EXPECT_EQ(page.xpath("//div[@title='buyer-name']/text()").strings(),
              (std::vector<std::string>{"Carson Busses", "Earl E. Byrd"}));
    EXPECT_EQ(page.body()->xpath("count(div)").to_number(), 2.0);
}

TEST(html, hints_once_at_the_tbody_that_lxml_does_not_have)
{
    std::vector<std::string> lines;
    log::set_sink([&](const log::record& r) { lines.push_back(log::line(r)); });
    const document page = parse("<table><tr><td>x</table>");
    EXPECT_TRUE(page.xpath("//table/tr").empty());
    EXPECT_TRUE(page.xpath("//table/tr/td").empty());
    EXPECT_EQ(page.xpath("//table//tr").size(), 1U);
    log::set_sink({});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_NE(lines[0].find("//table//tr"), std::string::npos);
}

TEST(html, keeps_white_space_where_a_table_or_a_frameset_drops_the_rest)
{
    EXPECT_EQ(parse_fragment("x y <col> z", "colgroup").to_html(), "  <col> ");
    EXPECT_EQ(parse("<b><frameset></frameset></html> x").to_html(),
              "<html><head></head><frameset></frameset><b> </b></html>");
}

TEST(html, parses_fragments_in_their_context)
{
    struct row {
        const char* text;
        const char* context;
        const char* made;
    };
    const row rows[] = {
        {"lead <b>x</b>", "body", "lead <b>x</b>"},
        {"<td>x", "tr", "<td>x</td>"},
        {"<td>x", "div", "x"},
        {"a<b>", "title", "a&lt;b&gt;"},
        {"<g/><![CDATA[x]]>", "svg svg", "<g></g>x"},
        {"<tr><td>x", "template", "<tr><td>x</td></tr>"},
        {"<p><form><i>x", "form", "<p><i>x</i></p>"},
        {"</form><form><i>x", "form", "<form><i>x</i></form>"},
        {"<table><form><tr><td>x", "form", "<table><tbody><tr><td>x</td></tr></tbody></table>"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.text);
        EXPECT_EQ(parse_fragment(r.text, r.context).to_html(), r.made);
    }
    EXPECT_EQ(parse_fragment("a<i>b</i>c").children().size(), 3U);
    EXPECT_THROW(parse_fragment("text").root(), lookup_error);
}

TEST(html, keeps_parse_errors_on_request)
{
    const std::string_view text = "<!DOCTYPE html><p a=1 a=2>&bogus;</i>";
    EXPECT_TRUE(parse(text).errors().empty());
    const document page = parse(text, options().collect_errors(true));
    std::vector<std::string_view> codes;
    for (const problem& p : page.errors()) codes.push_back(p.code);
    EXPECT_EQ(codes, (std::vector<std::string_view>{"duplicate-attribute",
                                                    "unknown-named-character-reference",
                                                    "unexpected-end-tag"}));
    EXPECT_EQ(page.errors()[0].offset, 22U);
}

TEST(html, guesses_the_encoding_on_request)
{
    struct row {
        const char* encoding;
        std::string text;
    };
    std::string russian =
        "\u041a\u043e\u0440\u0430\u0431\u043b\u044c \u0432\u043e\u0448\u0451\u043b \u0432 "
        "\u0433\u0430\u0432\u0430\u043d\u044c "
        "\u0440\u0430\u043d\u043e \u0443\u0442\u0440\u043e\u043c, \u0438 "
        "\u043a\u043e\u043c\u0430\u043d\u0434\u0430 \u0441\u043e\u0448\u043b\u0430 "
        "\u043d\u0430 \u0431\u0435\u0440\u0435\u0433, \u0447\u0442\u043e\u0431\u044b "
        "\u043a\u0443\u043f\u0438\u0442\u044c \u0445\u043b\u0435\u0431\u0430.";
    std::string japanese =
        "\u8239\u306f\u671d\u65e9\u304f\u6e2f\u306b\u5165\u308a\u3001\u4e57\u7d44\u54e1\u306f\u30d1"
        "\u30f3\u3092\u8cb7\u3046\u305f"
        "\u3081\u306b\u4e0a\u9678\u3057\u307e\u3057\u305f\u3002\u305d\u306e\u5f8c\u3001\u307f\u3093"
        "\u306a\u3067\u98df\u3079\u307e\u3057\u305f\u3002";
    for (const row& r : {row{"windows-1251", russian}, row{"koi8-r", russian},
                         row{"shift_jis", japanese}, row{"euc-jp", japanese}}) {
        SCOPED_TRACE(r.encoding);
        const bytes encoded = charset::encode("<p>" + r.text, *charset::find(r.encoding));
        const document page = parse(encoded, {}, options().detect_encoding(true));
        EXPECT_EQ(page.encoding(), r.encoding);
        EXPECT_EQ(page.text(), r.text);
        EXPECT_EQ(parse(encoded).encoding(), "windows-1252");
        const document named = parse(encoded, "koi8-u", options().detect_encoding(true));
        EXPECT_EQ(named.encoding(), "koi8-u");
    }
    for (const std::string_view text : {"\xff", "<b>\xe9", "\xff\xd8\xff\xe0\x01"}) {
        SCOPED_TRACE(::testing::PrintToString(text));
        EXPECT_NO_THROW(parse(bytes_of(text), {}, options().detect_encoding(true)));
    }
}

TEST(html, throws_only_for_limits_that_were_set)
{
    EXPECT_THROW(parse("<div><div><div>", options().max_depth(4)), limit_error);
    EXPECT_NO_THROW(parse("<div><div>", options().max_depth(4)));
    EXPECT_THROW(parse("12345", options().max_bytes(4)), limit_error);
    EXPECT_THROW(parse(bytes_of("12345"), "", options().max_bytes(4)), limit_error);
}

std::string repeated(std::string_view text, int times)
{
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

TEST(html, keeps_a_hundred_thousand_nested_elements)
{
    constexpr int depth = 100'000;
    const document page = parse(repeated("<div>", depth) + "x");
    EXPECT_EQ(page.tree().size(), 4U + depth + 1U);
    EXPECT_FALSE(page.tree().limited());
    const auto deepest = page.tree().size() - 1;
    EXPECT_EQ(page.tree().text(deepest), "x");
    EXPECT_EQ(parse(page.to_html()).tree().size(), page.tree().size());
}

TEST(html, builds_lxmls_tree_on_request)
{
    const auto as_lxml = options().compat(compat::lxml);
    const document page = parse("<!DOCTYPE html><table><tr><td>1<svg viewBox=x></table>", as_lxml);
    EXPECT_EQ(page.xpath("//table/tr/td").size(), 1U);
    EXPECT_EQ(page.xpath("string(//@viewbox)").to_string(), "x");
    EXPECT_EQ(page.css("table > tr > td").size(), 1U);
    EXPECT_EQ(page.to_html(),
              "<!DOCTYPE html><html><body><table><tr><td>1<svg viewbox=\"x\"></svg></td></tr>"
              "</table></body></html>");
    EXPECT_EQ(parse("<p>caf\xC3\xA9<br>&copy;", as_lxml).text(), "caf\xC3\xA9\xC2\xA9");
    const document fragment = parse_fragment("a<b>c</b><tr><td>d", "body", as_lxml);
    EXPECT_EQ(fragment.text(), "acd");
    EXPECT_EQ(parse("", as_lxml).tree().size(), 1U);
    EXPECT_EQ(parse(repeated("<div>", 5000), as_lxml).css("div").size(), 5000U);
    EXPECT_THROW(parse(repeated("<div>", 300), options(as_lxml).max_depth(256)), limit_error);
}

TEST(html, stays_linear_on_hostile_input)
{
    constexpr int n = 10'000;
    std::string numbered;
    std::string attributes = "<p";
    for (int i = 0; i < n; ++i) {
        numbered += "<b id=" + std::to_string(i) + ">";
        attributes += " a" + std::to_string(i) + "=1";
    }
    struct row {
        const char* name;
        std::string text;
    };
    const row rows[] = {
        {"equal formatting elements", repeated("<b>", 5 * n)},
        {"different formatting elements", numbered},
        {"their reconstruction", numbered + repeated("<p>x", n)},
        {"links that close links", repeated("<a><div>", n)},
        {"end tags of far elements", "<a>" + repeated("<div>", n) + repeated("</a>", n)},
        {"paragraph out of scope", "<p><object>" + repeated("<div>", n)},
        {"end tags that match nothing", repeated("<x>", n) + repeated("</y>", n)},
        {"list items in deep blocks", repeated("<div>", n) + repeated("<li>", n)},
        {"tables in deep blocks", repeated("<div>", n) + repeated("<table></table>", n)},
        {"text in deep blocks", "<b>" + repeated("<div>x", n)},
        {"nested tables", repeated("<table><tr><td>", n)},
        {"fostered text", "<table>" + repeated("x<tr><td>y</td></tr>", n)},
        {"nested foreign elements", "<svg>" + repeated("<g>", n) + repeated("</x>", n)},
        {"forms", repeated("<form><div></form>", n)},
        {"attributes", attributes + ">"},
        {"attributes of body", repeated("<body a b c>", n)},
        {"unfinished references", repeated("&amp", n) + repeated("&x", n)},
        {"unclosed comments", repeated("<!--", n)},
        {"unclosed scripts", repeated("<script><!--", n)},
        {"unclosed quotes", repeated("<a b='", n)},
        {"nested templates", repeated("<template>", n)},
        {"nested selects",
         repeated("<select><button><selectedcontent></button><option><svg><desc>", n / 10)},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        const auto begin = std::chrono::steady_clock::now();
        const document page = parse(r.text);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        EXPECT_LT(took.count(), 10.0);  // seconds even in a debug build under sanitizers
        EXPECT_LT(page.tree().memory_bytes(), 100'000 + 200 * r.text.size());
        page.to_html();
    }
}

}  // namespace
}  // namespace ferry::html
