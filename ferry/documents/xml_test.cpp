#include "ferry/documents/xml.hpp"

#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>

namespace ferry::xml {
namespace {

using std::string_literals::operator""s;

std::span<const std::byte> as_bytes(const std::string& text)
{
    return std::as_bytes(std::span(text));
}

std::string repeated(std::string_view text, std::size_t times)
{
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

/// What parse() throws, or "ok".
std::string refusal(const std::string& text, const options& with = options())
{
    try {
        parse(text, with);
        return "ok";
    } catch (const error& e) {
        return e.what();
    }
}

TEST(xml, reads_elements_attributes_and_text)
{
    const document d = parse(
        "<?xml version='1.0' encoding=\"utf-8\" standalone='yes'?>\n"
        "<!DOCTYPE catalog PUBLIC 'p' 's' [<!ELEMENT book ANY>]>\n"
        "<!-- c --><?go now ?>\n"
        "<catalog>\r\n  <book id='b1' lang = \"en\">A &amp; B<br/>t\xC3\xA9&#x20AC;</book>tail\n"
        "</catalog>");
    EXPECT_EQ(d.declaration().version, "1.0");
    EXPECT_EQ(d.declaration().encoding, "utf-8");
    EXPECT_EQ(d.declaration().standalone, true);
    const element root = d.root();
    EXPECT_EQ(root.tag(), "catalog");
    EXPECT_EQ(root.text(), "\n  ");
    const element book = *root.find("book");
    EXPECT_EQ(book.get("id"), "b1");
    EXPECT_EQ(book.get("lang", "?"), "en");
    EXPECT_EQ(book.get("none", "?"), "?");
    EXPECT_EQ(book.attrib().size(), 2U);
    EXPECT_EQ(book.text(), "A & B");
    EXPECT_EQ(book.tail(), "tail\n");
    EXPECT_EQ(book.children().begin().operator*().tail(), "t\xC3\xA9\xE2\x82\xAC");
    EXPECT_EQ(book.text_content(), "A & Bt\xC3\xA9\xE2\x82\xAC");
    EXPECT_EQ(book.itertext().size(), 2U);
    EXPECT_EQ(book.sourceline(), 5U);
    EXPECT_EQ(book.parent(), root);
    std::vector<node_kind> kinds;
    for (const node& n : d.top().child_nodes()) kinds.push_back(n.kind());
    EXPECT_EQ(kinds, (std::vector{node_kind::doctype, node_kind::comment,
                                  node_kind::processing_instruction, node_kind::element}));
    EXPECT_EQ(d.top().child_nodes()[2].target(), "go");
    EXPECT_EQ(d.top().child_nodes()[2].data(), "now ");
}

TEST(xml, resolves_namespaces)
{
    const document d = parse(
        "<a xmlns='http://d/' xmlns:p='http://p/' p:x='1' x='2'>"
        "<p:b xmlns:q='http://q/'><q:c xmlns=''><e/></q:c></p:b><xml:f/></a>");
    const element a = d.root();
    EXPECT_EQ(a.tag(), "{http://d/}a");
    EXPECT_EQ(a.get("{http://p/}x"), "1");
    EXPECT_EQ(a.get("x"), "2");
    EXPECT_EQ(a.attrib().size(), 2U);
    EXPECT_EQ(a.attrib()[0].name.clark(), "{http://p/}x");
    EXPECT_EQ(a.attrib()[0].name.prefix, "p");
    const element c = *a.find(".//{http://q/}c");
    EXPECT_EQ(c.find("e")->tag(), "e");
    EXPECT_EQ(c.nsmap(), (ns_map{{"p", "http://p/"}, {"q", "http://q/"}}));
    EXPECT_EQ(a.nsmap(), (ns_map{{"", "http://d/"}, {"p", "http://p/"}}));
    EXPECT_EQ(d.root().find("{*}f")->namespace_uri(), "http://www.w3.org/XML/1998/namespace");
    EXPECT_EQ(parse("<a:b/>", options().namespaces(false)).root().tag(), "a:b");
}

/// The sanitizers see whether a byte behind the text is read.
TEST(xml, reads_nothing_behind_its_text)
{
    for (const std::string_view text :
         {"\xD9", "<a>\xF0\x90", "<a>\x01", "<a b='\xE2\x82", "<\xC3", "<?\xF0\x90\x80"}) {
        SCOPED_TRACE(::testing::PrintToString(text));
        const std::unique_ptr<char[]> exact(new char[text.size()]);
        std::ranges::copy(text, exact.get());
        EXPECT_THROW(parse(std::string_view(exact.get(), text.size())), parse_error);
    }
}

TEST(xml, refuses_what_is_not_well_formed)
{
    struct row {
        std::string text;
        const char* message;
    };
    const row rows[] = {
        {"", "there is no element (line 1 column 1)"},
        {"\xEF\xBB\xBF", "there is no element (line 1 column 1)"},
        {"  ", "there is no element"},
        {"text", "text before the document's element"},
        {"<a>", "element 'a' is not closed"},
        {"<a", "the text ends inside of markup"},
        {"<a></a>x", "text behind the document's element"},
        {"<a/><b/>", "a second element behind the document's (line 1 column 5)"},
        {"<a>\n <b>\n</a>", "end tag 'a' for element 'b' in /a/b (line 3 column 1)"},
        {"<a b></a>", "an attribute without a value"},
        {"<a b=c/>", "expected '\"'"},
        {"<a b='1' b='2'/>", "attribute 'b' twice in one tag"},
        {"<a b='1'c='2'/>", "expected white space between attributes"},
        {"<a b='<'/>", "'<' in an attribute"},
        {"<a>]]></a>", "']]>' in text"},
        {"<a>& </a>", "expected the name of an entity"},
        {"<a>&lt</a>", "without ';'"},
        {"<a>&x;</a>", "entity 'x' is not declared"},
        {"<a>&#0;</a>", "a reference to a character that XML does not allow"},
        {"<a>&#xD800;</a>", "does not allow"},
        {"<a>&#99999999999999999999;</a>", "does not allow"},
        {"<a>&#x;</a>", "not a character reference"},
        {"<a><!-- -- --></a>", "'--' in a comment"},
        {"<a><!-- x", "the text ends inside of element 'a'"},
        {"<a><![CDATA[ x", "the text ends inside of element 'a'"},
        {"<a><![cdata[x]]></a>", "expected a comment or a CDATA section"},
        {"<a><?xml version='1.0'?></a>", "may not be called xml"},
        {" <?xml version='1.0'?><a/>", "may not be called xml"},
        {"<?xml version='2.0'?><a/>", "not a version of XML 1"},
        {"<?xml encoding='utf-8'?><a/>", "the XML declaration has no version"},
        {"<?xml version='1.0' standalone='maybe'?><a/>", "standalone is yes or no"},
        {"<1a/>", "expected a name behind '<'"},
        {"< a/>", "expected a name behind '<'"},
        {"<a><b/ ></a>", "expected '>' behind '/'"},
        {"<a:b/>", "prefix 'a' is not declared"},
        {"<a b:c='1'/>", "prefix 'b' is not declared"},
        {"<a:b:c xmlns:a='u'/>", "is no name of Namespaces in XML"},
        {"<a xmlns:p='u' xmlns:q='u' p:x='' q:x=''/>", "twice in one tag, with two prefixes"},
        {"<a xmlns:p=''/>", "prefix 'p' is declared as nothing"},
        {"<a xmlns:xml='u'/>", "the prefix xml must stand for its own namespace"},
        {"<a xmlns='http://www.w3.org/2000/xmlns/'/>", "nothing may stand for"},
        {"<a>\x01</a>", "a character that XML does not allow: U+0001 in /a (line 1 column 4)"},
        {"<a>\0</a>"s, "U+0000"},
        {"<a\0/>"s, "U+0000"},
        {"<a>\xEF\xBF\xBF</a>", "U+FFFF"},
        {"<a>\xC0\x80</a>", "malformed UTF-8"},
        {"<a>\xED\xA0\x80</a>", "malformed UTF-8"},
        {"<a>\xE2\x82</a>", "malformed UTF-8"},
        {"<!DOCTYPE a><!DOCTYPE a><a/>", "a DOCTYPE in the wrong place"},
        {"<!DOCTYPE a [<!ENTITY x '%y;'>]><a/>", "a parameter entity inside of a declaration"},
        {"<!DOCTYPE a [<!ELEMENT a (b|c,d)>]><a/>", "expected '|', ',' or ')'"},
        {"<!DOCTYPE a [<!ATTLIST a b FOO ''>]><a/>", "not a type of attributes"},
        {"<!DOCTYPE a [<![INCLUDE[]]>]><a/>", "expected a declaration"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.text);
        EXPECT_NE(refusal(r.text).find(r.message), std::string::npos) << refusal(r.text);
    }
}

TEST(xml, says_where_it_is_not_well_formed)
{
    try {
        parse("<a>\r\n  <b>\r\n    <c></d></b></a>");
        FAIL();
    } catch (const parse_error& e) {
        EXPECT_EQ(e.where().line, 3U);
        EXPECT_EQ(e.where().column, 8U);
        EXPECT_EQ(e.where().offset, 19U);
        EXPECT_EQ(e.path(), "/a/b/c");
        EXPECT_EQ(e.excerpt(), "    <c></d></b></a>");
    }
}

TEST(xml, reads_names_of_the_fifth_edition)
{
    // U+0133 was no letter of the fourth edition, U+10000 no character of names.
    EXPECT_EQ(parse("<\xC4\xB3\xF0\x90\x80\x80/>").root().local_name(), "\xC4\xB3\xF0\x90\x80\x80");
    EXPECT_NE(refusal("<a\xC3\x97/>"), "ok");  // U+00D7
}

TEST(xml, reads_every_encoding)
{
    struct row {
        const char* name;
        std::string bytes;
        const char* charset;
        const char* encoding;
    };
    const row rows[] = {
        {"utf-8", "<a>\xC3\xA9</a>", "", "utf-8"},
        {"utf-8 with mark", "\xEF\xBB\xBF<a>\xC3\xA9</a>", "", "utf-8"},
        {"utf-16le", "\xFF\xFE<\0a\0>\0\xE9\0<\0/\0a\0>\0"s, "", "utf-16le"},
        {"utf-16be without mark", "\0<\0?\0x\0 \0?\0>\0<\0a\0>\0\xE9\0<\0/\0a\0>"s, "", "utf-16be"},
        {"utf-32be", "\0\0\0<\0\0\0a\0\0\0>\0\0\0\xE9\0\0\0<\0\0\0/\0\0\0a\0\0\0>"s, "",
         "utf-32be"},
        {"declared", "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9</a>", "", "iso-8859-1"},
        {"given", "<?xml version='1.0' encoding='utf-8'?><a>\xE9</a>", "latin1", "iso-8859-1"},
        {"web", "<?xml version='1.0' encoding='windows-1252'?><a>\xE9</a>", "", "windows-1252"},
        {"euc-jp", "<?xml version='1.0' encoding='EUC-JP'?><a>\x8F\xAB\xB1</a>", "", "euc-jp"},
        {"mark wins", "\xEF\xBB\xBF<a>\xC3\xA9</a>", "iso-8859-1", "utf-8"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        const document d = parse(as_bytes(r.bytes), r.charset);
        EXPECT_EQ(d.root().text(), "\xC3\xA9");
        EXPECT_EQ(d.encoding(), r.encoding);
    }
    // Latin-1 has controls where windows-1252 has quotes.
    EXPECT_EQ(
        parse(as_bytes("<?xml version='1.0' encoding='iso-8859-1'?><a>\x93</a>")).root().text(),
        "\xC2\x93");
    const std::string bad[] = {
        "<?xml version='1.0' encoding='bogus'?><a/>",
        "<?xml version='1.0' encoding='utf-16'?><a/>",
        "\xEF\xBB\xBF<?xml version='1.0' encoding='iso-8859-1'?><a/>",
        "<?xml version='1.0' encoding='us-ascii'?><a>\xE9</a>",
        "<?xml version='1.0' encoding='shift_jis'?><a>\x81</a>",
        "\xFF\xFE<\0a\0/\0>"s,
        "<a>\xE9</a>",
    };
    for (const std::string& bytes : bad) {
        SCOPED_TRACE(bytes);
        EXPECT_THROW(parse(as_bytes(bytes)), parse_error);
    }
}

TEST(xml, expands_entities_only_when_asked_and_never_external_ones)
{
    const std::string text = "<!DOCTYPE a [<!ENTITY e '<b>x</b>'>]><a>1&e;2</a>";
    EXPECT_NE(refusal(text).find("'e' is not expanded"), std::string::npos);
    const options expand = options().entities(entities::expand);
    EXPECT_EQ(parse(text, expand).root().to_xml(), "<a>1<b>x</b>2</a>");
    const std::string external[] = {
        "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>",
        "<!DOCTYPE a [<!ENTITY e SYSTEM 'http://127.0.0.1:1/'>]><a>&e;</a>",
        "<!DOCTYPE a [<!ENTITY e PUBLIC 'p' 'e.xml'>]><a>&e;</a>",
        "<!DOCTYPE a [<!ENTITY e SYSTEM 'e' NDATA n>]><a>&e;</a>",
        "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a b='&e;'/>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'file:///etc/passwd'>%p;]><a>&e;</a>",
        "<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'><a>&e;</a>",
        "<!DOCTYPE a [<!ENTITY e '&e;'>]><a>&e;</a>",
        "<!DOCTYPE a [<!ENTITY e '&f;'><!ENTITY f '&e;'>]><a b='&e;'/>",
        "<!DOCTYPE a [<!ENTITY e '<b>'>]><a>&e;</b></a>",
        "<!DOCTYPE a [<!ENTITY e '</a>'>]><a>&e;",
        "<!DOCTYPE a [<!ENTITY e '<'>]><a b='&e;'/>",
        "<!DOCTYPE a [<!ENTITY % p '<!ELEMENT '>%p; b ANY>]><a/>",
    };
    for (const std::string& bad : external) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(parse(bad), parse_error);
        EXPECT_THROW(parse(bad, expand), parse_error);
    }
    // Nothing outside is needed: the DTD is not read, and nobody is asked for it.
    EXPECT_EQ(refusal("<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'><a/>"), "ok");
    EXPECT_EQ(
        parse("<!DOCTYPE a SYSTEM 'x'><a>1&e;2</a>", options().skip_unread(true)).root().text(),
        "12");
    EXPECT_EQ(parse("<!DOCTYPE a [<!ENTITY % p '<!ENTITY e \"v\">'>%p;]><a>&e;</a>", expand)
                  .root()
                  .text(),
              "v");
}

TEST(xml, stops_entity_bombs)
{
    std::string laughs = "<!DOCTYPE a [<!ENTITY e0 'lol'>";
    for (int i = 1; i <= 10; ++i)
        laughs += "<!ENTITY e" + std::to_string(i) + " '" +
                  repeated("&e" + std::to_string(i - 1) + ";", 10) + "'>";
    laughs += "]><a>&e10;</a>";
    const std::string quadratic = "<!DOCTYPE a [<!ENTITY e '" + std::string(100'000, 'x') +
                                  "'>]><a>" + repeated("&e;", 1000) + "</a>";
    const std::string in_attribute = "<!DOCTYPE a [<!ENTITY e '" + std::string(100'000, 'x') +
                                     "'>]><a b='" + repeated("&e;", 1000) + "'/>";
    const options expand = options().entities(entities::expand);
    EXPECT_THROW(parse(laughs), parse_error);
    EXPECT_THROW(parse(laughs, expand), limit_error);
    EXPECT_THROW(parse(quadratic, expand), limit_error);
    EXPECT_THROW(parse(in_attribute, expand), limit_error);
    // Defaults of the DTD count too.
    std::string defaults = "<!DOCTYPE a [<!ATTLIST b";
    for (int i = 0; i < 1000; ++i) defaults += " a" + std::to_string(i) + " CDATA 'x'";
    defaults += ">]><a>" + repeated("<b/>", 20'000) + "</a>";
    EXPECT_EQ(refusal(defaults), "limit max_amplification = 10 exceeded");
}

TEST(xml, has_limits)
{
    EXPECT_EQ(refusal(repeated("<a>", 257) + repeated("</a>", 257)),
              "limit max_depth = 256 exceeded");
    EXPECT_EQ(refusal(repeated("<a>", 256) + repeated("</a>", 256)), "ok");
    EXPECT_EQ(
        refusal(repeated("<a>", 100'000) + repeated("</a>", 100'000), options().max_depth(200'000)),
        "ok");
    std::string many = "<a";
    for (int i = 0; i < 10'000; ++i) many += " b" + std::to_string(i) + "=''";
    many += "/>";
    EXPECT_EQ(refusal(many), "limit max_attributes = 1024 exceeded");
    EXPECT_EQ(refusal(many, options().max_attributes(10'000)), "ok");
    EXPECT_EQ(refusal("<" + std::string(70'000, 'a') + "/>"),
              "limit max_name_bytes = 65536 exceeded");
    EXPECT_EQ(refusal("<a>" + std::string(100, 'a') + "</a>", options().max_text_bytes(99)),
              "limit max_text_bytes = 99 exceeded");
    EXPECT_EQ(refusal("<a></a>", options().max_bytes(6)), "limit max_bytes = 6 exceeded");
    std::string prefixes;
    for (int i = 0; i < 300; ++i) {
        const std::string p = "p" + std::to_string(i);
        prefixes += "<" + p + ":a xmlns:" + p + "='u'/>";
    }
    EXPECT_EQ(refusal("<a>" + prefixes + "</a>"), "limit max_prefixes = 255 exceeded");
    EXPECT_NE(refusal("<!DOCTYPE a [<!ELEMENT a " + repeated("(", 5000) + "a" +
                      repeated(")", 5000) + ">]><a/>")
                  .find("max_model_depth"),
              std::string::npos);
}

TEST(xml, applies_what_the_internal_subset_declares)
{
    const document d = parse(
        "<!DOCTYPE a [<!ATTLIST a id ID #REQUIRED t NMTOKENS '  x   y ' c CDATA 'd  d'>\n"
        "<!ATTLIST a t CDATA 'late' xmlns:p CDATA 'u'>]>"
        "<a id='  n1 ' c=' k\n\tk '><p:b/></a>");
    EXPECT_EQ(d.root().get("id"), "n1");
    EXPECT_EQ(d.root().get("t"), "x y");
    EXPECT_EQ(d.root().get("c"), " k  k ");
    EXPECT_EQ(d.root().find("{u}b")->tag(), "{u}b");
    EXPECT_EQ(d.xpath("id('n1')").size(), 1U);
}

TEST(xml, finds_by_paths_of_elementtree)
{
    const document d = parse(
        "<r xmlns:n='http://n/'><a x='1'><b>1</b><b k=''>2</b><n:b>3</n:b></a><c/>"
        "<a x='2'><b>4</b><a><b>5</b></a></a></r>");
    const ns_map names{{"q", "http://n/"}};
    struct row {
        const char* path;
        const char* found;  // text of what is found
    };
    const row rows[] = {
        {"a/b", "1 2 4 "},
        {".//b", "1 2 4 5 "},
        {"a[@x='1']/b[2]", "2 "},
        {"a[@x!='1']/b", "4 "},
        {"{http://n/}b", ""},
        {"a/{http://n/}b", "3 "},
        {"a/q:b", "3 "},
        {"a/{*}b", "1 2 3 4 "},
        {"a/{http://n/}*", "3 "},
        {".//a/b[1]", "1 4 5 "},
        {"a/b[last()]", "2 4 "},
        {"a/b[last()-1]", "1 "},
        {"a[b='4']/b", "4 "},
        {".//b[.='5']", "5 "},
        {".//b[@k]", "2 "},
        {"a[c]/b", ""},
        {"./a/./b/../b[1]", "1 4 "},
        {".//a/a//b", "5 "},
        {"*/b[2]", "2 "},
        {"a[a]/b", "4 "},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.path);
        std::string found;
        for (const element& e : d.findall(r.path, names)) found += std::string(e.text()) + ' ';
        EXPECT_EQ(found, r.found);
    }
    EXPECT_EQ(d.root().findtext("a/b"), "1");
    EXPECT_EQ(d.root().findtext("zz", "no"), "no");
    EXPECT_EQ(d.root().iter("b").size(), 4U);
    EXPECT_EQ(d.root().iter("{*}b").size(), 5U);
    EXPECT_EQ(d.root().iter("{http://n/}*").size(), 1U);
    EXPECT_EQ(d.root().iter().size(), 10U);
    for (const char* bad : {"", "/a", "a/", "a[", "a[@]", "a[0]", "z:a", "a[@x=1]", "a b", "//a"}) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(d.findall(bad), ferry::parse_error);
    }
}

TEST(xml, recovers_on_request)
{
    struct row {
        const char* text;
        const char* made;
    };
    const row rows[] = {
        {"<a><b>x</a>", "<a><b>x</b></a>"},
        {"<a>x & y &foo; < z</a>", "<a>x &amp; y &amp;foo; &lt; z</a>"},
        {"<a b=c d>x</a>", "<a b=\"c\" d=\"\">x</a>"},
        {"<a b='1' b='2'>x", "<a b=\"1\">x</a>"},
        {"<a><b></c></b></a>", "<a><b/></a>"},
        {"<a>]]></a>", "<a>]]&gt;</a>"},
        {"<a>\x01</a>", "<a>\xEF\xBF\xBD</a>"},
        {"<a>\xFF</a>", "<a>\xEF\xBF\xBD</a>"},
        {"<p:a>x</p:a>", "<p:a>x</p:a>"},
        {"<a/><b/>", "<a/>"},
        {"junk<a/>", "<a/>"},
        {"<a><!-- x", "<a>&lt;!-- x</a>"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.text);
        const document d = parse(r.text, options().recover(true));
        EXPECT_EQ(d.root().to_xml(), r.made);
        EXPECT_FALSE(d.problems().empty());
    }
    EXPECT_TRUE(parse("<a/>", options().recover(true)).problems().empty());
    EXPECT_THROW(parse("<a>" + repeated("<!--", 5000), options().recover(true)), limit_error);
}

TEST(xml, leaves_out_what_is_not_wanted)
{
    const std::string text = "<a> <b> </b> <!--c--> x <?p?> </a>";
    EXPECT_EQ(parse(text, options().remove_blank_text(true)).root().to_xml(),
              "<a><b> </b><!--c--> x <?p?></a>");
    EXPECT_EQ(parse(text, options().keep_comments(false).keep_instructions(false)).root().to_xml(),
              "<a> <b> </b>  x  </a>");
}

TEST(xml, reads_files)
{
    testing::temporary_directory directory;
    const auto file = directory.path() / "a.xml";
    std::ofstream(file) << "<a>x</a>";
    EXPECT_EQ(parse_file(file).root().text(), "x");
    EXPECT_THROW(parse_file(directory.path() / "none.xml"), error);
}

// ---- XPath

}  // namespace
}  // namespace ferry::xml
