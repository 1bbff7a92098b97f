// Bad input, a row for each kind: every error has a line, a column and a path, or names a limit,
// and nothing takes more than linear time.

#include "ferry/documents/css.hpp"
#include "ferry/documents/html.hpp"
#include "ferry/documents/html_tokens.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/documents/json_patch.hpp"
#include "ferry/documents/jsonpath.hpp"
#include "ferry/documents/untangle.hpp"
#include "ferry/documents/xml.hpp"
#include "ferry/documents/xmltodict.hpp"
#include "ferry/documents/xpath.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace ferry {
namespace {

using namespace std::string_literals;

std::string repeated(std::string_view text, std::size_t times)
{
    std::string out;
    out.reserve(text.size() * times);
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

/// `message | line:column | path` of what is thrown; only the message if it has no place.
std::string said(const std::function<void()>& act)
{
    const auto place = [](const ferry::parse_error& e, const std::string& path) {
        std::string text = e.what();
        text.resize(std::min(text.rfind(" (line "), text.size()));
        return text + " | " + std::to_string(e.where().line) + ':' +
               std::to_string(e.where().column) + " | " + path;
    };
    try {
        act();
        return "no error";
    } catch (const json::parse_error& e) {
        return place(e, e.pointer());
    } catch (const xml::parse_error& e) {
        return place(e, e.path());
    } catch (const ferry::parse_error& e) {
        return place(e, "");
    } catch (const error& e) {
        return e.what();
    }
}

TEST(bad_input, json)
{
    struct row {
        std::string bytes;
        const char* says;
    };
    for (const row& r : {
             row{"", "Expecting value | 1:1 | "},
             row{"\xEF\xBB\xBF", "Expecting value | 1:2 | "},
             row{" \n ", "Expecting value | 2:2 | "},
             row{repeated("[", 100'000), "limit max_depth = 1024 exceeded (1:1025)"},
             row{repeated("9", 5000), "limit max_digits = 4300 exceeded (1:1)"},
             row{"{\"a\": [0, 1e400]}", "Number out of range | 1:11 | /a/1"},
             row{"[\"x\",\n {\"b/c~\": \"\\ud800\"}]",
                 "Unpaired surrogate in \\uXXXX escape | 2:12 | /1/b~1c~0"},
             row{"{\"a\": \"\xC0\xAF\"}", "Invalid UTF-8 | 1:8 | /a"},
             row{"\xFF\xFE[\0\"\0\x3D\xD8\"\0]\0"s, "Invalid UTF-16 | 1:3 | /0"},
             row{"\xFF\xFE[\0]\0\0"s, "Truncated UTF-16 | 1:3 | "},
             row{"[\"a\0b\"]"s, "Invalid control character at | 1:4 | /0"},
             row{"{\"a\0\": 1}"s, "Invalid control character at | 1:4 | "},
             row{"[1, 2", "Expecting ',' delimiter | 1:6 | /1"},
             row{"{\"a\": {\"b\": [1, {\"c\"", "Expecting ':' delimiter | 1:21 | /a/b/1"},
             row{"{\"a\": tru}", "Expecting value | 1:7 | /a"},
             row{"{\"a\": 1,}", "Expecting property name enclosed in double quotes | 1:9 | "},
             row{"[1]\n[2]", "Extra data | 2:1 | "},
             row{"[1, \"a", "Unterminated string starting at | 1:5 | /1"},
             row{"{\"\\u0061\": [x]}", "Expecting value | 1:13 | /a/0"},
             row{"\x80\x02}q\x01.", "Invalid UTF-8 | 1:1 | "},
         }) {
        SCOPED_TRACE(r.bytes.substr(0, 100));
        EXPECT_EQ(said([&] { json::parse(as_bytes(r.bytes)); }), r.says);
    }
    const auto unique = json::parse_options().duplicates(duplicate_keys::error);
    EXPECT_EQ(said([&] { json::parse("{\"a\": 1,\n \"a\": 2}", unique); }),
              "Duplicate key | 2:2 | ");
    const auto relaxed = json::parse_options().relaxed();
    EXPECT_EQ(said([&] { json::parse("{a: 1, /* , */ 'b\\'': [0, ?]}", relaxed); }),
              "Expecting value | 1:27 | /b'/1");
    const auto limited = json::parse_options().max_string_bytes(1000);
    EXPECT_EQ(said([&] { json::parse("[\"" + repeated("x", 1001) + "\"]", limited); }),
              "limit max_string_bytes = 1000 exceeded (1:2)");
}

struct sample {
    std::uint8_t small = 0;
    std::vector<timestamp> times;
};
BOOST_DESCRIBE_STRUCT(sample, (), (small, times))

TEST(bad_input, json_in_structs)
{
    struct row {
        const char* text;
        const char* says;
    };
    for (const row& r : {
             row{R"({"small": 300, "times": []})", "$.small: "},
             row{R"({"small": -1, "times": []})", "$.small: "},
             row{R"({"small": 1.5, "times": []})", "$.small: "},
             row{R"({"small": 1, "times": ["2026-13-01T00:00:00Z"]})", "$.times[0]: "},
             row{R"({"small": 1, "times": ["2026-01-01T00:00:00Z", "99999-01-01T00:00:00Z"]})",
                 "$.times[1]: "},
             row{R"({"small": 1})", "$.times"},
         }) {
        SCOPED_TRACE(r.text);
        const std::string found = said([&] { json::parse<sample>(r.text); });
        EXPECT_TRUE(found.starts_with(r.says)) << found;
    }
}

TEST(bad_input, json_patches_and_paths)
{
    const value doc = json::parse(R"({"a": {"b": [1, 2]}})");
    struct row {
        const char* patch;
        const char* says;
    };
    for (const row& r : {
             row{R"([{"op": "remove", "path": "/a/c"}])", "/a/c"},
             row{R"([{"op": "replace", "path": "/a/b/2", "value": 0}])", "/a/b/2"},
             row{R"([{"op": "add", "path": "/x/y", "value": 0}])", "/x/y"},
             row{R"([{"op": "move", "from": "/no", "path": "/a"}])", "move"},
             row{R"([{"op": "test", "path": "/a/b/0", "value": 2}])", "/a/b/0"},
         }) {
        SCOPED_TRACE(r.patch);
        const std::string found = said([&] { (void)json::apply_patch(doc, json::parse(r.patch)); });
        EXPECT_NE(found.find(r.says), std::string::npos) << found;
    }
    // A million results are found one by one, as they are asked for.
    value wide = value::array();
    for (int i = 0; i < 1000; ++i) wide.push_back(i);
    value square = value::array();
    for (int i = 0; i < 1000; ++i) square.push_back(wide);
    const auto query = jsonpath::compile("$[*][*]");
    std::size_t count = 0;
    for (const auto& node : query.select(square)) {
        count += node.value().is_integer() ? 1 : 0;
        if (count == 10) break;
    }
    EXPECT_EQ(count, 10U);
    EXPECT_EQ(said([] { jsonpath::compile("$.a[?@.b == ]"); }),
              "JSONPath: expected a query, a literal or a function | 1:13 | ");
}

TEST(bad_input, xml)
{
    std::string attributes = "<r><a";
    for (int i = 0; i < 10'000; ++i) attributes += " a" + std::to_string(i) + "=''";
    struct row {
        std::string bytes;
        const char* says;
    };
    for (const row& r : {
             row{"", "there is no element | 1:1 | "},
             row{"\xEF\xBB\xBF", "there is no element | 1:1 | "},
             row{"<r>\n<p:a/></r>", "prefix 'p' is not declared in /r | 2:1 | /r"},
             row{"<r>\n <a b:c=''/></r>", "prefix 'b' is not declared in /r | 2:2 | /r"},
             row{"<a/>\n<b/>", "a second element behind the document's | 2:1 | "},
             row{"<?xml version='1.0' encoding='bogus'?><a/>", "unknown encoding 'bogus' | 1:1 | "},
             row{"\xFF\xFE<\0a\0/\0>"s, "malformed utf-16le"},
             row{"<r><a\0/></r>"s, "a character that XML does not allow: U+0000 in /r | 1:6 | /r"},
             row{"<r>\n<a>\xC0\xAF</a></r>", "malformed UTF-8 in /r/a | 2:4 | /r/a"},
             row{repeated("<a>", 100'000), "limit max_depth = 256 exceeded"},
             row{attributes, "limit max_attributes = 1024 exceeded"},
             row{"<r><a>" + repeated("<!--", 1) + " x",
                 "the text ends inside of element 'a' in /r/a | 1:"},
             row{"<r><a><![CDATA[ x", "the text ends inside of element 'a' in /r/a | 1:"},
             row{"<r><a b='x></r>", "'<' in an attribute in /r | 1:12 | /r"},
             row{"<r>\n<b>\n</r>", "end tag 'r' for element 'b' in /r/b | 3:1 | /r/b"},
             row{"<!DOCTYPE r [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><r>\n&e;</r>",
                 "external entity 'e' is not read in /r | 2:1 | /r"},
             row{"<!DOCTYPE r [<!ENTITY e SYSTEM 'http://127.0.0.1:1/'>]><r>\n&e;</r>",
                 "external entity 'e' is not read in /r | 2:1 | /r"},
             row{"<!DOCTYPE r [<!ENTITY % e SYSTEM 'file:///etc/passwd'>%e;]><r>&x;</r>",
                 "entity 'x' is not declared here, and nothing else is read"},
             row{"<!DOCTYPE r [<!ELEMENT r " + repeated("(", 5000), "limit max_model_depth"},
             row{"<!DOCTYPE r [" + repeated("<!ENTITY % p '%p;'>", 2) + "]><r/>",
                 "a parameter entity inside of a declaration | 1:"},
             row{"<" + repeated("a", 70'000) + "/>", "limit max_name_bytes = 65536 exceeded"},
         }) {
        SCOPED_TRACE(r.bytes.substr(0, 100));
        const std::string found = said([&] { xml::parse(as_bytes(r.bytes)); });
        EXPECT_TRUE(found.starts_with(r.says)) << found;
        // What builds on it refuses the same, whatever way it reads.
        const auto with = xmltodict::parse_options().process_namespaces(true);
        EXPECT_NE(said([&] { xmltodict::parse(as_bytes(r.bytes), {}, with); }), "no error");
    }
}

TEST(bad_input, bombs_of_entities)
{
    const auto expand = xml::options().entities(xml::entities::expand);
    std::string laughs = "<!DOCTYPE r [<!ENTITY e0 'lol'>";
    for (int i = 1; i < 30; ++i) {
        const std::string before = "&e" + std::to_string(i - 1) + ';';
        laughs += "<!ENTITY e" + std::to_string(i) + " '" + before + before + "'>";
    }
    const std::string parameters =
        "<!DOCTYPE r [<!ENTITY % a '<!-- xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx -->'>"
        "<!ENTITY % b '" +
        repeated("&#37;a;", 100) + "'><!ENTITY % c '" + repeated("&#37;b;", 100) + "'>%c;%c;]><r/>";
    const std::string quadratic = "<!DOCTYPE r [<!ENTITY e '" + repeated("x", 50'000) + "'>]><r>" +
                                  repeated("&e;", 5000) + "</r>";
    for (const std::string& bomb :
         {laughs + "]><r>&e29;</r>", laughs + "]><r a='&e29;'/>",
          laughs + "<!ATTLIST r a CDATA '&e29;'>]><r/>", parameters, quadratic}) {
        SCOPED_TRACE(bomb.substr(0, 100));
        const std::string found = said([&] { xml::parse(bomb, expand); });
        EXPECT_TRUE(found.starts_with("limit max_expansions") ||
                    found.starts_with("limit max_amplification"))
            << found;
        EXPECT_NE(said([&] { xmltodict::parse(bomb); }), "no error");
        EXPECT_NE(said([&] { untangle::parse(bomb); }), "no error");
        EXPECT_NE(said([&] {
                      xmltodict::parse(bomb, xmltodict::parse_options().disable_entities(false));
                  }),
                  "no error");
    }
}

TEST(bad_input, html_is_always_a_document)
{
    struct row {
        std::string bytes;
        const char* body;  // inner HTML
    };
    for (const row& r : {
             row{"", ""},
             row{"\xEF\xBB\xBF", ""},
             row{"a\0b"s, "ab"},
             row{"<p\0x>y"s, "<p\xEF\xBF\xBDx>y</p\xEF\xBF\xBDx>"},
             row{"<p a\0='\0'>"s, "<p a\xEF\xBF\xBD=\"\xEF\xBF\xBD\"></p>"},
             row{"<!--", ""},
             row{"<b><!-- x", "<b><!-- x--></b>"},
             row{"<body><script>x<!--", "<script>x<!--</script>"},
             row{"<b><![CDATA[ x ]]>", "<b><!--[CDATA[ x ]]--></b>"},
             row{"<svg><![CDATA[ x", "<svg> x</svg>"},
             row{"<plaintext><b>&amp;</plaintext>", "<plaintext><b>&amp;</plaintext></plaintext>"},
             row{"<textarea><b>", "<textarea>&lt;b&gt;</textarea>"},
             row{"\xC3", "\xC3\x83"},
             row{"<b\xFF>", "<b\xC3\xBF></b\xC3\xBF>"},
             row{"</p></br></x>", "<br>"},
             row{"&#xD800;&#x110000;&#0;&#x80;&bogus;&amp",
                 "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xE2\x82\xAC&amp;bogus;&amp;"},
         }) {
        SCOPED_TRACE(r.bytes);
        EXPECT_EQ(html::parse(as_bytes(r.bytes)).body()->inner_html(), r.body);
    }
    const std::string marked = "\xEF\xBB\xBF<meta charset=windows-1251>\xD1\x84";
    EXPECT_EQ(html::parse(as_bytes(marked)).encoding(), "utf-8");
    EXPECT_EQ(html::parse(as_bytes(marked)).text(), "\xD1\x84");
    const std::string wide = "\xFF\xFE<\0p\0>\0x\0\x3D"s;
    EXPECT_EQ(html::parse(as_bytes(wide)).text(), "x\xEF\xBF\xBD");
}

TEST(bad_input, html_within_limits)
{
    constexpr std::size_t n = 100'000;
    std::string attributes = "<p";
    for (std::size_t i = 0; i < n / 10; ++i) attributes += " a" + std::to_string(i) + "=x";
    EXPECT_EQ(html::parse(attributes + ">").css("p")[0].attributes().size(), n / 10);
    EXPECT_EQ(html::parse(repeated("<div>", n)).css("div").size(), n);
    EXPECT_EQ(said([] { html::parse(repeated("<div>", 300), html::options().max_depth(256)); }),
              "limit max_depth = 256 exceeded");
    EXPECT_EQ(said([] { html::parse("<p>x", html::options().max_bytes(3)); }),
              "limit max_bytes = 3 exceeded");
    html::tokens tokens([](const html::token&) {}, 1000);
    EXPECT_EQ(said([&] { tokens.feed("<!-- " + repeated("x", 2000)); }),
              "limit max_token_bytes = 1000 exceeded");
}

TEST(bad_input, expressions)
{
    const html::document page = html::parse(repeated("<p class=a>x", 1000));
    const auto xpath = [&](const std::string& text) { return said([&] { page.xpath(text); }); };
    EXPECT_TRUE(xpath("//p[").starts_with("XPath: ") && xpath("//p[").ends_with(" | 1:5 | "))
        << xpath("//p[");
    EXPECT_TRUE(xpath("").starts_with("XPath: ") && xpath("").ends_with(" | 1:1 | ")) << xpath("");
    EXPECT_EQ(xpath(repeated("(", 1000)), "limit max_depth = 128 exceeded");
    EXPECT_EQ(xpath(repeated("-", 100'000) + "1"), "limit max_expression_bytes = 65536 exceeded");
    EXPECT_TRUE(xpath("//p" + repeated("[//p]", 5)).starts_with("no error"));
    const auto few = xpath::context().max_steps(10'000);
    EXPECT_EQ(
        said([&] {
            xpath::expression::compile("//p[count(//p[. = //p]) > 1]").evaluate(page.tree(), few);
        }),
        "limit max_steps = 10000 exceeded");
    const auto brief =
        xpath::context().max_steps(1ULL << 40U).timeout(std::chrono::milliseconds(1));
    EXPECT_THROW(xpath::expression::compile("count(//p[count(//p[. = //p]) > 1])")
                     .evaluate(page.tree(), brief),
                 timeout_error);
    EXPECT_EQ(said([&] { page.css("p["); }), "selector: expected an attribute's name | 1:3 | ");
    EXPECT_EQ(said([&] { page.css(repeated(":not(", 1000)); }), "limit max_depth = 32 exceeded");
    EXPECT_EQ(said([&] { page.css(repeated("p ", 1000)); }), "limit max_compounds = 512 exceeded");
    EXPECT_EQ(said([&] { page.css(repeated("p", 100'000)); }),
              "limit max_selector_bytes = 65536 exceeded");
    // Regular expressions that make others go back for ever.
    xpath::context with;
    xpath::add_exslt(with);
    const xml::document bomb = xml::parse("<a>" + repeated("a", 50'000) + "!</a>");
    EXPECT_FALSE(bomb.xpath("re:test(/a, '^(a+)+$')", with).to_boolean());
    const value hostile = value::array(repeated("a", 50'000));
    EXPECT_EQ(jsonpath::compile("$[?match(@, '(a+)+b')]").select(hostile).first(), nullptr);
    const html::document long_text = html::parse("<p>" + repeated("a", 50'000) + "!");
    EXPECT_TRUE(long_text.css("p:matches-text(/^(a+)+$/)").empty());
}

}  // namespace
}  // namespace ferry
