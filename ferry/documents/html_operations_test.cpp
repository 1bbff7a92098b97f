#include "ferry/core/error.hpp"
#include "ferry/documents/html_edit.hpp"
#include "ferry/documents/html_forms.hpp"
#include "ferry/documents/html_links.hpp"
#include "ferry/documents/html_metadata.hpp"
#include "ferry/documents/html_sanitise.hpp"
#include "ferry/documents/html_table.hpp"
#include "ferry/documents/html_write.hpp"
#include "ferry/documents/json.hpp"

#include <gtest/gtest.h>

namespace ferry::html {
namespace {

std::string body_of(const document& d)
{
    return d.body()->inner_html();
}

// ---- text

TEST(html_text, is_what_a_reader_sees)
{
    struct row {
        const char* input;
        const char* seen;
    };
    const row rows[] = {
        {"<p>one  two\n three</p>", "one two three"},
        {"<p>a</p><p>b</p>", "a\n\nb"},
        {"<div>a</div><div>b<div>c</div></div>d", "a\nb\nc\nd"},
        {"a<br>b<br><br>c", "a\nb\n\nc"},
        {"<h1>T</h1>text<ul><li>1<li>2</ul>end", "T\n\ntext\n1\n2\nend"},
        {"<pre>  x\n   y</pre>z", "  x\n   y\nz"},
        {"<table><tr><td>1<td>2<tr><td>3<td>4</table>", "1\t2\n3\t4"},
        {"a<script>no</script><style>no</style><template>no</template>b", "ab"},
        {"a<b hidden>no</b><i style='color:red; DISPLAY : none'>no</i> c", "a c"},
        {"a <b> b </b> c", "a b c"},
        {"<p> </p>", ""},
        {"<noscript>seen</noscript>", "seen"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.input);
        EXPECT_EQ(parse(r.input).top().visible_text(), r.seen);
    }
}

TEST(html_text, is_joined_with_a_separator)
{
    const document page = parse("<p> one <b>two</b>\n</p> <p>three</p>");
    EXPECT_EQ(page.body()->text("|", true), "one|two|three");
    EXPECT_EQ(page.select_one("p")->text("|"), " one |two|\n");
    EXPECT_EQ(page.select_one("p")->text(), " one two\n");
}

TEST(html, finds_classes_and_rel_links)
{
    const document page =
        parse("<p class=' a b a '><a rel='x NOFOLLOW' href=1></a><a rel=nofollow></a><b class=b>");
    const element p = *page.select_one("p");
    EXPECT_EQ(p.classes(), (std::vector<std::string_view>{"a", "b"}));
    EXPECT_EQ(page.root().find_class("b").size(), 2U);
    EXPECT_EQ(page.root().find_rel_links("nofollow").size(), 1U);
}

TEST(html_fragments, are_one_element_or_get_a_parent)
{
    EXPECT_EQ(fragment_fromstring(" <p>a</p><!--c-->").root().outer_html(), "<p>a</p>");
    EXPECT_EQ(fragment_fromstring("a<b>c</b>d", "div").root().outer_html(),
              "<div>a<b>c</b>d</div>");
    EXPECT_EQ(fragment_fromstring("x<td>", "td").to_html(), "<td>x</td>");
    EXPECT_EQ(fragment_fromstring("", "p").to_html(), "<p></p>");
    for (const char* bad : {"", "text", "<p>a</p>b", "a<p>b</p>", "<p></p><p></p>"}) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(fragment_fromstring(bad), lookup_error);
    }
}

// ---- edits

TEST(html_edits, make_a_new_document)
{
    const document page = parse(
        "<!DOCTYPE html><title>t</title><div id=d>1<b id=b class=x>2<i id=i>3</i></b>4</div>"
        "<template><p>in</p></template><svg viewBox='0'><a xlink:href=x></a></svg>");
    const auto at = [&](std::string_view id) { return page.get_element_by_id(id); };
    const auto made = [&](const edits& e) { return e.apply().get_element_by_id("d").inner_html(); };
    EXPECT_EQ(edits(page).apply().to_html(), page.to_html());
    EXPECT_TRUE(edits(page).empty());
    EXPECT_EQ(made(edits(page).drop(at("b"))), "14");
    EXPECT_EQ(made(edits(page).unwrap(at("b"))), "12<i id=\"i\">3</i>4");
    EXPECT_EQ(made(edits(page).unwrap(at("b")).unwrap(at("i"))), "1234");
    EXPECT_EQ(made(edits(page).rename(at("i"), "em")),
              "1<b id=\"b\" class=\"x\">2<em id=\"i\">3</em></b>4");
    EXPECT_EQ(made(edits(page).set_attr(at("b"), "class", "y").set_attr(at("b"), "new", "\"")),
              "1<b id=\"b\" class=\"y\" new=\"&quot;\">2<i id=\"i\">3</i></b>4");
    EXPECT_EQ(made(edits(page).remove_attr(at("b"), "class").drop(at("i"))), "1<b id=\"b\">2</b>4");
    EXPECT_EQ(made(edits(page).set_text(at("b"), "<&")), "1<b id=\"b\" class=\"x\">&lt;&amp;</b>4");
    EXPECT_EQ(made(edits(page).set_inner_html(at("b"), "<u>5</u>6")),
              "1<b id=\"b\" class=\"x\"><u>5</u>6</b>4");
    EXPECT_EQ(made(edits(page).replace(at("b"), "<p>5<p>6")), "1<p>5</p><p>6</p>4");
    EXPECT_EQ(made(edits(page)
                       .insert_before(at("i"), "a")
                       .insert_after(at("i"), "b")
                       .prepend(at("i"), "c")
                       .append(at("i"), "<s>d</s>")),
              "1<b id=\"b\" class=\"x\">2a<i id=\"i\">c3<s>d</s></i>b</b>4");
    EXPECT_EQ(made(edits(page).drop(*at("d").first_child())),
              "<b id=\"b\" class=\"x\">2<i id=\"i\">3</i></b>4");
    const document dropped = edits(page).drop(at("b")).apply();
    EXPECT_EQ(dropped.source(), page.source());
    EXPECT_EQ(dropped.get_element_by_id("d").position().offset, at("d").position().offset);
    EXPECT_EQ(page.css("#b").size(), 1U);
}

TEST(html_edits, reach_into_templates_and_fragments)
{
    const document page = parse_fragment("a<template><b>x</b></template><table><tr><td>1</table>");
    const element b(page.tree(), page.tree().template_content(page.root().id()) + 1);
    edits changes(page);
    changes.set_text(b, "y").append(*page.select_one("tr"), "<td>2");
    EXPECT_EQ(changes.apply().to_html(),
              "a<template><b>y</b></template><table><tbody><tr><td>1</td><td>2</td></tr></tbody>"
              "</table>");
}

// ---- links

TEST(html_links, are_all_found_with_their_places)
{
    const document page = parse(
        "<base href='b/'><link rel=x href=' l '><meta http-equiv=Refresh content='5; URL=\"m\"'>"
        "<style>/* url(no) */ @import 'i1'; a { background: URL( \"i2\" ) } b{x:url(i3)}</style>"
        "<body background=bg style='x: url(s1), url(\"s2\")'><a href=h ping='p1 p2'>"
        "<img src=s srcset='a 1x, b,c 2w,d' usemap=#u><object codebase=cb data=d archive='x y'>"
        "<param valuetype=ref value=v></object><video poster=po></video><form action=f>"
        "<button formaction=fa></button></form><q cite=q></q><svg><a xlink:href=xl></a></svg>"
        "<p title=no data=no>");
    std::string found;
    for (const link& l : links(page)) {
        found += l.attribute + '=' + std::string(l.url) + ' ';
        std::string_view whole;
        if (l.attribute.empty())
            whole = l.element.first_child()->data();
        else
            for (const auto& a : l.element.attributes())
                if (a.name == l.attribute) whole = a.value;
        EXPECT_EQ(whole.substr(l.position, l.url.size()), l.url);
    }
    EXPECT_EQ(found,
              "href=b/ href=l content=m =i1 =i2 =i3 background=bg style=s1 style=s2 href=h ping=p1 "
              "ping=p2 src=s srcset=a srcset=b,c srcset=d usemap=#u codebase=cb data=d archive=x "
              "archive=y value=v poster=po action=f formaction=fa cite=q xlink:href=xl ");
}

TEST(html_links, are_rewritten_and_made_absolute)
{
    const document page = parse(
        "<a href='x?a&amp;b'></a><a href='http://[bad'></a><img srcset='a 1x, /b 2x'>"
        "<p style='x:url(c)'></p><object codebase=o/ data=d></object><style>b{x:url('e')}</style>");
    std::vector<std::string> invalid;
    const document made = make_links_absolute(page, "http://h.example/dir/page.html", &invalid);
    EXPECT_EQ(body_of(made),
              "<a href=\"http://h.example/dir/x?a&amp;b\"></a><a href=\"http://[bad\"></a>"
              "<img srcset=\"http://h.example/dir/a 1x, http://h.example/b 2x\">"
              "<p style=\"x:url(http://h.example/dir/c)\"></p>"
              "<object codebase=\"http://h.example/dir/o/\" data=\"http://h.example/dir/o/d\">"
              "</object><style>b{x:url('http://h.example/dir/e')}</style>");
    EXPECT_EQ(invalid, std::vector<std::string>{"http://[bad"});

    const document based = parse("<base href=/other/><a href=x></a>");
    EXPECT_EQ(base_url(based, "http://h.example/dir/")->href(), "http://h.example/other/");
    EXPECT_FALSE(base_url(based));
    const document absolute = make_links_absolute(based, "http://h.example/dir/");
    EXPECT_EQ(absolute.select_one("a")->attr("href"), "http://h.example/other/x");
    EXPECT_FALSE(absolute.select_one("base[href]"));

    const document gone = rewrite_links(page, [](const link& l) -> std::optional<std::string> {
        if (l.attribute == "href") return std::nullopt;
        return '<' + std::string(l.url) + '>';
    });
    EXPECT_TRUE(gone.css("[href]").empty());
    EXPECT_EQ(gone.select_one("img")->attr("srcset"), "<a> 1x, </b> 2x");
}

// ---- forms

constexpr std::string_view form_page = R"(<form action=/go?old=1 method=post id=f>
<input name=user value=u><input name=off disabled value=x><input value=unnamed>
<input type=hidden name=h value=1><input type=checkbox name=c value=c1 checked>
<input type=checkbox name=c value=c2><input type=checkbox name=on>
<input type=radio name=r value=r1 checked><input type=radio name=r value=r2>
<select name=s><option>one<option value=2 selected>two</select>
<select name=m multiple><option selected>a<option>b<option selected disabled>x<option selected>c</select>
<select name=first><option disabled>no<option>yes</select>
<textarea name=t>
line 1
line 2</textarea><input type=file name=file><input type=reset name=reset>
<input type=submit name=go value=Go><button name=other value=o formaction=/else formmethod=get>x</button>
<input type=image name=im src=x><fieldset disabled><input name=deep value=no></fieldset>
</form><input form=f name=outside value=out><form id=g></form>)";

std::string shown(const std::vector<std::pair<std::string, std::string>>& pairs)
{
    std::string out;
    for (const auto& [name, value] : pairs) out += name + '=' + value + ' ';
    return out;
}

TEST(html_forms, have_the_values_that_a_browser_sends)
{
    const document page = parse(form_page);
    const auto all = forms(page);
    ASSERT_EQ(all.size(), 2U);
    const form& f = all[0];
    const std::string values =
        "user=u h=1 c=c1 r=r1 s=2 m=a m=c first=yes t=line 1\r\nline 2 outside=out ";
    EXPECT_EQ(shown(f.form_values()), values);
    EXPECT_NE(shown(f.form_values("go")).find(" go=Go "), std::string::npos);
    EXPECT_NE(shown(f.form_values("im")).find(" im.x=0 im.y=0 "), std::string::npos);
    EXPECT_THROW(f.form_values("nosuch"), lookup_error);
    EXPECT_EQ(f.value("user"), "u");
    EXPECT_EQ(f.value("s"), "2");
    EXPECT_EQ(f.value("on"), std::nullopt);
    EXPECT_EQ(f.value("nosuch"), std::nullopt);
    EXPECT_TRUE(all[1].form_values().empty());
}

TEST(html_forms, are_filled_and_submitted)
{
    const document page = parse(form_page);
    form f = forms(page)[0];
    f.set("user", "ä b").set("s", "one").set("r", "r2").check("on").check("c", false);
    f.set("m", std::vector<std::string>{"b", "c"}).set("t", "x\ny");
    EXPECT_EQ(shown(f.form_values()),
              "user=ä b h=1 on=on r=r2 s=one m=b m=c first=yes t=x\r\ny outside=out ");
    EXPECT_THROW(f.set("s", "three"), lookup_error);
    EXPECT_THROW(f.set("r", "r3"), lookup_error);
    EXPECT_THROW(f.set("nosuch", "x"), lookup_error);
    EXPECT_THROW(f.set("s", std::vector<std::string>{"one", "2"}), lookup_error);
    EXPECT_THROW(f.check("user"), lookup_error);

    const submission post = f.submit("http://h.example/dir/page", "go");
    EXPECT_EQ(post.method, "POST");
    EXPECT_EQ(post.url, "http://h.example/go?old=1");
    EXPECT_EQ(post.enctype, "application/x-www-form-urlencoded");
    EXPECT_TRUE(post.body().starts_with("user=%C3%A4+b&h=1&on=on&")) << post.body();
    const submission get = f.submit("http://h.example/dir/page", "other");
    EXPECT_EQ(get.method, "GET");
    EXPECT_TRUE(get.url.starts_with("http://h.example/else?user=%C3%A4+b&")) << get.url;
    EXPECT_THROW(f.submit(), parse_error);

    const document search = parse("<form><input name=q value=x></form>");
    EXPECT_EQ(forms(search)[0].submit("http://h.example/s?old#f").url, "http://h.example/s?q=x");
    const document table = parse("<table><form action=a><tr><td><input name=q value=1></table>");
    EXPECT_EQ(shown(forms(table)[0].form_values()), "q=1 ");
}

// ---- tables

struct trade {
    std::string symbol;
    double price = 0;
    int volume = 0;
    std::optional<int> note;
};
BOOST_DESCRIBE_STRUCT(trade, (), (symbol, price, volume, note))

TEST(html_tables, are_rows_with_spans_expanded)
{
    const document page = parse(
        "<table><caption>Sums <b>2</b></caption><thead><tr><th>a<th colspan=2>b<tfoot><tr><td>f"
        "<tbody><tr><td rowspan=2>1<td>2<td>3<tr><td colspan=2>4<p>5<tr><td>6</table>");
    const table t(*page.select_one("table"));
    using rows = std::vector<std::vector<std::string>>;
    EXPECT_EQ(t.caption(), "Sums 2");
    EXPECT_EQ(t.headers(), (std::vector<std::string>{"a", "b", "b"}));
    EXPECT_EQ(t.rows(),
              (rows{{"1", "2", "3"}, {"1", "4\n\n5", "4\n\n5"}, {"6", "", ""}, {"f", "", ""}}));
    EXPECT_EQ(t.cells()[0][0], t.cells()[1][0]);
    EXPECT_FALSE(t.cells()[2][1]);
    const table plain(*parse("<table><tr><td>1<td>x<tr><td>-2.5<td></table>").select_one("table"));
    EXPECT_EQ(json::dump(plain.to_value()), R"([[1,"x"],[-2.5,null]])");
    const table all_rows(
        *parse("<table><tr><td rowspan=0>1<td>2<tr><td>3</table>").select_one("table"));
    EXPECT_EQ(all_rows.rows(), (rows{{"1", "2"}, {"1", "3"}}));
    EXPECT_EQ(tables(parse("<table><tr><td><table></table></table><table></table>")).size(), 2U);
}

TEST(html_tables, give_structs_and_values)
{
    const document page = parse(
        "<table><tr><th>symbol<th>price<th>volume<th>note<tr><td>007<td>1.5<td>10<td>"
        "<tr><td>B<td>2<td>20<td>3</table>");
    const table t(*page.select_one("table"));
    EXPECT_EQ(json::dump(t.to_value()), R"([{"symbol":"007","price":1.5,"volume":10,"note":null},)"
                                        R"({"symbol":"B","price":2,"volume":20,"note":3}])");
    const auto trades = t.as<trade>();
    ASSERT_EQ(trades.size(), 2U);
    EXPECT_EQ(trades[0].symbol, "007");
    EXPECT_EQ(trades[0].price, 1.5);
    EXPECT_EQ(trades[0].note, std::nullopt);
    EXPECT_EQ(trades[1].note, 3);
    const document bad =
        parse("<table><tr><th>symbol<th>price<th>volume<tr><td>x<td>y<td>1</table>");
    try {
        table(*bad.select_one("table")).as<trade>();
        ADD_FAILURE();
    } catch (const type_error& e) {
        EXPECT_TRUE(std::string(e.what()).starts_with("row 1: ")) << e.what();
    }
}

TEST(html_tables, end_hostile_spans_in_a_limit)
{
    std::string rows = "<table>";
    for (int i = 0; i < 1000; ++i) rows += "<tr><td colspan=1000 rowspan=65534>x";
    const document page = parse(rows);
    EXPECT_THROW(table(*page.select_one("table"), 100'000), limit_error);
    const document many = parse("<table><tr><td colspan=99999999999999999999>x</table>");
    EXPECT_EQ(table(*many.select_one("table")).rows()[0].size(), 1000U);
}

// ---- sanitising

TEST(html_sanitise, keeps_what_is_allowed)
{
    struct row {
        const char* input;
        const char* safe;
    };
    const row rows[] = {
        {"<p title=t class=c>x <b>y</b></p>", "<p title=\"t\">x <b>y</b></p>"},
        {"<script>alert(1)</script>x<style>y</style>", "x"},
        {"<a href='javascript:alert(1)'>x</a>", "<a>x</a>"},
        {"<a href=' java\nscript:alert(1)'>x</a>", "<a>x</a>"},
        {"<a href='&#1;javascript:x'>x</a>", "<a>x</a>"},
        {"<a href='JaVaScRiPt&colon;x'>x</a>", "<a>x</a>"},
        {"<a href='data:text/html,x'>x</a>", "<a>x</a>"},
        {"<a href='/x:y'>x</a>", "<a href=\"/x:y\" rel=\"nofollow noopener noreferrer\">x</a>"},
        {"<a href='http://h/' target=_blank onclick=x>x</a>",
         "<a href=\"http://h/\" rel=\"nofollow noopener noreferrer\">x</a>"},
        {"<img src=x onerror=alert(1) style='x:y' srcset=z>", "<img src=\"x\">"},
        {"<font>f</font><unknown-x>u</unknown-x><form>g<input></form>", "fug"},
        {"<!-- c -->x<?php ?>", "x"},
        {"<svg><script>x</script><a>y</a></svg>z<math><mi>w</math>", "z"},
        {"<iframe src=x>y</iframe><object><p>in</p></object>z", "z"},
        {"<p>unclosed <b>bold", "<p>unclosed <b>bold</b></p>"},
        {"a < b & c", "a &lt; b &amp; c"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.input);
        EXPECT_EQ(sanitise(r.input), r.safe);
    }
    EXPECT_EQ(sanitise("<b>x<i>y</i></b>", policy::nothing().allow("i")), "x<i>y</i>");
    EXPECT_EQ(sanitise("<a href=x>y</a>", policy().allow_relative_urls(false)), "<a>y</a>");
    EXPECT_EQ(sanitise("<b>x</b>", policy().forbid("b")), "x");
    for (const char* name : {"script", "STYLE", "iframe", "svg", "base"})
        EXPECT_THROW(policy().allow(name), error) << name;
    EXPECT_THROW(policy().allow("p", {"onclick"}), error);
    EXPECT_THROW(policy().allow_attribute("style"), error);
    EXPECT_THROW(policy().allow_scheme("javascript"), error);
    const document page = sanitise(parse("<title>t</title><body onload=x><p onclick=y>z"));
    EXPECT_EQ(page.to_html(), "<html><head></head><body><p>z</p></body></html>");
}

TEST(html_sanitise, leaves_nothing_that_another_parse_would_run)
{
    // Known ways to make a sanitiser's output mean something else (mutation XSS).
    const char* const inputs[] = {
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 "
        "onerror=alert(1)&gt;\">",
        "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        "<math><annotation-xml encoding=\"text/html\"><style><img src=x onerror=alert(1)></style>",
        "<svg><foreignObject><title><![CDATA[</title><img src=x onerror=alert(1)>]]>",
        "<textarea><img title=\"</textarea><img src=x onerror=alert(1)>\"></textarea>",
        "<template><script>alert(1)</script></template><select><template><img src=x "
        "onerror=1></select>",
        "<xmp><p title=\"</xmp><img src=x onerror=alert(1)>\">",
        "<p title='<!--'>x<img title='--><img src=x onerror=alert(1)>'>",
        "<table><td><a href=x><table><a href='javascript:x'></table>",
        "<select><option><style></option></select><img src=x onerror=alert(1)></style>",
        "<plaintext><img src=x onerror=alert(1)>",
        "<title><a title=\"</title><img src=x onerror=alert(1)>\">",
    };
    for (const char* input : inputs) {
        SCOPED_TRACE(input);
        const std::string safe = sanitise(input);
        EXPECT_EQ(sanitise(safe), safe);
        for (const bool scripting : {false, true}) {
            const document again = parse_fragment(safe, "body", options().scripting(scripting));
            for (documents::node_id n = 1; n < again.tree().size(); ++n) {
                if (!again.tree().is_element(n)) continue;
                for (const attribute& a : element(again.tree(), n).attributes()) {
                    EXPECT_FALSE(a.name.starts_with("on")) << safe;
                    EXPECT_EQ(a.value.find("javascript"), std::string_view::npos) << safe;
                }
            }
            EXPECT_TRUE(again.css("script, style, svg, math, iframe, noscript").empty()) << safe;
        }
    }
}

// ---- writing and metadata

TEST(html_write, writes_html_xml_and_other_encodings)
{
    const document page = parse(
        "<!DOCTYPE html><title>t</title><body>\n <p>a  b<br>&nbsp;é</p>\n <!-- c --><pre> x\n  "
        "y</pre>"
        "<svg viewBox='0'><a xlink:href='&amp;'/></svg></body>");
    EXPECT_EQ(write(page.top()), page.to_html());
    EXPECT_EQ(
        write(page.top(), write_options().minify()),
        "<!DOCTYPE html><html><head><title>t</title></head><body><p>a b<br>&nbsp;é</p>"
        "<pre> x\n  y</pre><svg viewBox=\"0\"><a xlink:href=\"&amp;\"></a></svg></body></html>");
    EXPECT_EQ(
        write(*page.body(), write_options().xml()),
        "<body xmlns=\"http://www.w3.org/1999/xhtml\">\n <p>a  b<br/>&#160;é</p>\n <!-- c -->"
        "<pre> x\n  y</pre><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0\">"
        "<a xmlns:xlink=\"http://www.w3.org/1999/xlink\" xlink:href=\"&amp;\"/></svg></body>");
    const bytes latin = write(*page.select_one("p"), charset::encoding::koi8_r);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(latin.data()), latin.size()),
              "<p>a  b<br>&nbsp;&#233;</p>");
    EXPECT_TRUE(write(page.root(), write_options().doctype()).starts_with("<!DOCTYPE html><html>"));
    EXPECT_EQ(
        write(parse("<a\"b c'd=1><!--a--b->").body()->first_child().value(), write_options().xml()),
        "<a_b xmlns=\"http://www.w3.org/1999/xhtml\" c_d=\"1\"><!--a- -b->--></a_b>");
}

TEST(html_metadata, reads_what_a_page_says_of_itself)
{
    const document page = parse(R"(<html lang=en><head><title> A  page </title>
<meta name=Description content="what it is"><meta property="og:title" content="OG">
<meta property="og:image" content="1.png"><meta property="og:image" content="2.png">
<meta name="twitter:card" content=summary><meta name=author content=me>
<link rel="Canonical" href="/here"><link rel=alternate type="application/rss+xml" href=feed>
<script type="application/ld+json">{"@type":"Thing","n":1}</script>
<script type="application/ld+json">{broken</script></head><body>
<div itemscope itemtype="http://schema.org/Person http://x" itemid=i itemref=more>
<span itemprop=name>Ann</span><a itemprop="url link" href=/ann>x</a>
<div itemprop=address itemscope><span itemprop=city>Oslo</span></div></div>
<p id=more><time itemprop=born datetime=2000-01-01>then</time></p></body>)");
    const metadata m = read_metadata(page);
    EXPECT_EQ(m.title, "A page");
    EXPECT_EQ(m.description, "what it is");
    EXPECT_EQ(m.canonical, "/here");
    EXPECT_EQ(m.language, "en");
    EXPECT_EQ(shown(m.open_graph),
              "og:title=OG og:image=1.png og:image=2.png twitter:card=summary ");
    EXPECT_EQ(m.find("og:image"), "1.png");
    EXPECT_EQ(shown(m.meta), "description=what it is author=me ");
    EXPECT_EQ(shown(m.feeds), "application/rss+xml=feed ");
    ASSERT_EQ(m.json_ld.size(), 1U);
    EXPECT_EQ(m.json_ld[0]["n"].as<int>(), 1);
    ASSERT_EQ(m.microdata.size(), 1U);
    EXPECT_EQ(json::dump(m.microdata[0]),
              R"({"type":["http://schema.org/Person","http://x"],"id":"i","properties":)"
              R"({"born":["2000-01-01"],"name":["Ann"],"url":["/ann"],"link":["/ann"],)"
              R"("address":[{"properties":{"city":["Oslo"]}}]}})");
    EXPECT_EQ(read_metadata(parse("<meta property='og:title' content=x>")).title, "x");
    // Items that refer to each other end.
    const document loop = parse(
        "<div itemscope itemref=a><p id=a itemprop=x itemscope itemref=b></p>"
        "<p id=b itemprop=y itemscope itemref=a></p></div>");
    EXPECT_EQ(read_metadata(loop).microdata.size(), 1U);
}

}  // namespace
}  // namespace ferry::html
