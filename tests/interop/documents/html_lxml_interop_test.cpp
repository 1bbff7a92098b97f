#include "ferry/documents/html_edit.hpp"
#include "ferry/documents/html_forms.hpp"
#include "ferry/documents/html_links.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace ferry {
namespace {

constexpr std::string_view page_text =
    R"page(<!DOCTYPE html><html><head><title>t</title>
<meta http-equiv="refresh" content="5; url=next.html">
<link rel="stylesheet" href="style.css"><style>a { background: url(bg.png) } @import "more.css";</style>
</head>
<body><p id="c" class="a  b c">one <u>two</u> <s>three</s> four</p>
<a id="n" rel="x nofollow" href="/in?a=1&amp;b=2">in</a> <a rel="nofollow">none</a>
<img src="1.png" usemap="#m"><q cite="q.html">q</q><p class="b" id="b2" style="x: url('s.png')">styled</p>
<form action="/go" method="post"><input name="user" value="u"><input name="off" disabled value="x">
<input type="hidden" name="h" value="1"><input type="checkbox" name="c" value="c1" checked>
<input type="checkbox" name="c" value="c2"><input type="checkbox" name="on" checked>
<input type="radio" name="r" value="r1" checked><input type="radio" name="r" value="r2">
<select name="s"><option>one</option><option value="2" selected>two</option></select>
<select name="m" multiple><option selected>a</option><option>b</option><option selected>c</option></select>
<select name="first"><option>yes</option><option>no</option></select>
<textarea name="t">text</textarea><input type="file" name="file"><input type="reset" name="reset">
<input type="submit" name="go" value="Go"><input type="image" name="im" src="im.png"></form>
<form><input name="q" value="search"></form></body></html>)page";

std::vector<std::string> texts(const value& list)
{
    std::vector<std::string> out;
    for (const value& v : list) out.push_back(v.is_string() ? v.as<std::string>() : json::dump(v));
    return out;
}

TEST(html_lxml_interop, reads_forms_links_and_texts_as_lxml_does)
{
    testing::temporary_directory directory;
    const auto path = directory.path() / "page.html";
    std::ofstream(path, std::ios::binary) << page_text;
    const auto peer =
        testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/html_lxml_peer.py", path.string()});
    ASSERT_EQ(peer.status, 0) << peer.err;
    const value theirs = json::parse(peer.out);
    const html::document page = html::parse(page_text);

    const auto forms = html::forms(page);
    ASSERT_EQ(forms.size(), theirs["forms"].size());
    for (std::size_t i = 0; i < forms.size(); ++i) {
        std::vector<std::string> ours;
        for (const auto& [name, v] : forms[i].form_values())
            ours.push_back(json::dump(std::vector<std::string>{name, v}));
        EXPECT_EQ(ours, texts(theirs["forms"][i]));
        EXPECT_EQ(forms[i].method(), theirs["methods"][i].as<std::string>());
    }

    // lxml lists the links of an element's style after its attributes, and meta before them all.
    std::vector<std::string> links;
    for (const html::link& l : html::links(page))
        links.push_back(json::dump(std::vector<std::string>{std::string(l.element.name()),
                                                            l.attribute, std::string(l.url)}));
    auto wanted = texts(theirs["links"]);
    std::sort(links.begin(), links.end());
    std::sort(wanted.begin(), wanted.end());
    EXPECT_EQ(links, wanted);

    std::vector<std::string> absolute;
    const html::document resolved =
        html::make_links_absolute(page, "http://h.example/dir/page.html");
    for (const html::link& l : html::links(resolved)) absolute.emplace_back(l.url);
    wanted = texts(theirs["absolute"]);
    std::sort(absolute.begin(), absolute.end());
    std::sort(wanted.begin(), wanted.end());
    EXPECT_EQ(absolute, wanted);

    EXPECT_EQ(page.body()->text(), theirs["text"].as<std::string>());
    const auto ids = [](const std::vector<html::element>& found) {
        std::vector<std::string> out;
        for (const html::element& e : found) out.emplace_back(e.attr("id", {}));
        return out;
    };
    EXPECT_EQ(ids(page.root().find_class("b")), texts(theirs["by_class"]));
    std::vector<std::string> classes;
    for (const auto word : page.get_element_by_id("c").classes()) classes.emplace_back(word);
    EXPECT_EQ(classes, texts(theirs["classes"]));

    html::edits changes(page);
    for (const html::element& e : page.css("u")) changes.unwrap(e);
    for (const html::element& e : page.css("s")) changes.drop(e);
    EXPECT_EQ(changes.apply().get_element_by_id("c").text(), theirs["edited"].as<std::string>());
}

}  // namespace
}  // namespace ferry
