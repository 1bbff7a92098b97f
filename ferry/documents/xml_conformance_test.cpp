// The rules of XML 1.0 and Namespaces 1.0, a row for each: what is well-formed is accepted, valid
// or not, and nothing else.

#include "ferry/documents/detail/xml_test_rows.hpp"
#include "ferry/documents/xml.hpp"
#include "ferry/documents/xml_canonical.hpp"

#include <gtest/gtest.h>

namespace ferry::xml {
namespace {

using std::string_literals::operator""s;
using namespace test_rows;

TEST(xml_conformance, documents_and_their_parts)
{
    expect_all({
        {"<a/>", good},
        {"\n<a/>\n", good},
        {"<a/><!-- x --><?p?>\n", good},
        {"<!-- x --><?p?><a/>", good},
        {"<a/>&#32;", bad},
        {"&#32;<a/>", bad},
        {"<a/><![CDATA[]]>", bad},
        {"<![CDATA[]]><a/>", bad},
        {"<a/>x", bad},
        {"<a></a></a>", bad},
        {"<A></a>", bad},
        {"<a ></a >", good},
        {"<a></ a>", bad},
        {"<a></a x=''>", bad},
        {"<a/ >", bad},
        {"< a/>", bad},
        {"<a><></></a>", bad},
        {"<a x='1'/><!DOCTYPE a>", bad},
        {"<!doctype a><a/>", bad},
        {"<!DOCTYPE a[]><a/>", good},
        {"<!DOCTYPEa><a/>", bad},
        {"<!DOCTYPE><a/>", bad},
        {"<!DOCTYPE a SYSTEM><a/>", bad},
        {"<!DOCTYPE a SYSTEM 'x' [ ] ><a/>", good},
        {"<!DOCTYPE a SYSTEM 'x'[]><a/>", good},
        {"<!DOCTYPE a PUBLIC 'x'><a/>", bad},
        {"<!DOCTYPE a PUBLIC 'x' 'y'><a/>", good},
        {"<!DOCTYPE a PUBLIC 'x''y'><a/>", bad},
        {"<!DOCTYPE a PUBLIC \"a'b\" 'y'><a/>", good},
        {"<!DOCTYPE a PUBLIC 'a{b' 'y'><a/>", bad},
        {"<!DOCTYPE a PUBLIC 'a\tb' 'y'><a/>", bad},
        {"<!DOCTYPE a public 'x' 'y'><a/>", bad},
        {"<!DOCTYPE a SYSTEM '\"'><a/>", good},
        {"<!DOCTYPE b><a/>", good},
    });
}

TEST(xml_conformance, declarations_of_xml)
{
    expect_all({
        {"<?xml version='1.0'?><a/>", good},
        {"<?xml version=\"1.0\" encoding='UTF-8' standalone=\"no\" ?><a/>", good},
        {"<?xml\n version = '1.0'\r\n?><a/>", good},
        {"<?xml version='1.7'?><a/>", good},
        {"<?xml version='1.0a'?><a/>", bad},
        {"<?xml version='1.'?><a/>", bad},
        {"<?xml version='1.0 '?><a/>", bad},
        {"<?xml version=1.0?><a/>", bad},
        {"<?xml version='1.0\"?><a/>", bad},
        {"<?xml?><a/>", bad},
        {"<?xml ?><a/>", bad},
        {"<?XML version='1.0'?><a/>", bad},
        {"<?Xml version='1.0'?><a/>", bad},
        {"<?xml VERSION='1.0'?><a/>", bad},
        {"<?xml version='1.0' Encoding='utf-8'?><a/>", bad},
        {"<?xml version='1.0'encoding='utf-8'?><a/>", bad},
        {"<?xml version='1.0' encoding='utf-8'standalone='yes'?><a/>", bad},
        {"<?xml version='1.0' standalone='yes' encoding='utf-8'?><a/>", bad},
        {"<?xml encoding='utf-8' version='1.0'?><a/>", bad},
        {"<?xml version='1.0' version='1.0'?><a/>", bad},
        {"<?xml version='1.0' standalone='YES'?><a/>", bad},
        {"<?xml version='1.0' standalone=''?><a/>", bad},
        {"<?xml version='1.0' more='x'?><a/>", bad},
        {"<?xml version='1.0' encoding=' utf-8'?><a/>", bad},
        {"<?xml version='1.0' encoding='utf:8'?><a/>", bad},
        {"<?xml version='1.0' encoding='-utf8'?><a/>", bad},
        {"<?xml version='1.0' encoding='8utf'?><a/>", bad},
        {"<?xml version='1.0' encoding='utf-8&#32;'?><a/>", bad},
        {"<?xml version='1.0'><a/>", bad},
        {"<?xml version='1.0'?", bad},
        {" <?xml version='1.0'?><a/>", bad},
        {"<!-- x --><?xml version='1.0'?><a/>", bad},
        {"<?xml-stylesheet href='x'?><a/>", good},
        {"<?xmlx?><a/>", good},
    });
}

TEST(xml_conformance, comments_instructions_and_sections)
{
    expect_all({
        {"<a><!----></a>", good},
        {"<a><!-- - --></a>", good},
        {"<a><!-- x ---></a>", bad},
        {"<a><!-- -- --></a>", bad},
        {"<a><!- x --></a>", bad},
        {"<a><!-- <!-- --></a>", bad},
        {"<a><!-- &x; <b> %p; --></a>", good},
        {"<a><?p?></a>", good},
        {"<a><?p ?></a>", good},
        {"<a><?p ? > ?></a>", good},
        {"<a><? p?></a>", bad},
        {"<a><?p&?></a>", bad},
        {"<a><?1?></a>", bad},
        {"<a><?p></a>", bad},
        {"<a><?p x</a>", bad},
        {"<a><![CDATA[&x; ]] > <b> ]>]]></a>", good},
        {"<a><![CDATA[]]]]><![CDATA[>]]></a>", good},
        {"<a><![ CDATA[]]></a>", bad},
        {"<a><![CDATA []]></a>", bad},
        {"<a><![CDATA[ ]] ></a>", bad},
        {"<a>]]></a>", bad},
        {"<a>]] ></a>", good},
        {"<a>]]&gt;</a>", good},
        {"<a>]></a>", good},
    });
}

TEST(xml_conformance, attributes)
{
    expect_all({
        {"<a b='' c=\"\"/>", good},
        {"<a b = 'x'/>", good},
        {"<a b='x'c='y'/>", bad},
        {"<a b='x' b='y'/>", bad},
        {"<a b='x' B='y'/>", good},
        {"<a b/>", bad},
        {"<a b=/>", bad},
        {"<a b=x/>", bad},
        {"<a b='x\"/>", bad},
        {"<a 'b'='x'/>", bad},
        {"<a 1b='x'/>", bad},
        {"<a b='<'/>", bad},
        {"<a b='>'/>", good},
        {"<a b='&lt;'/>", good},
        {"<a b='&'/>", bad},
        {"<a b='&#38;'/>", good},
        {"<a b='\"' c=\"'\"/>", good},
        {"<a =''/>", bad},
        {"<a b='x' =''/>", bad},
        {with_dtd("<!ENTITY e '<'>", "<b c='&e;'/>"), bad},
        {with_dtd("<!ENTITY e '&#60;'>", "<b c='&e;'/>"), bad},
        {with_dtd("<!ENTITY e '&#38;lt;'>", "<b c='&e;'/>"), good},
        {with_dtd("<!ENTITY e '&#38;#60;'>", "<b c='&e;'/>"), good},
        {with_dtd("<!ENTITY e \"'\">", "<b c='&e;'/>"), good},
        {with_dtd("<!ENTITY e SYSTEM 'x'>", "<b c='&e;'/>"), bad},
        {with_dtd("<!ENTITY e '&f;'><!ENTITY f SYSTEM 'x'>", "<b c='&e;'/>"), bad},
        {with_dtd("<!ENTITY e '&f;'><!ENTITY f '&e;'>", "<b c='&e;'/>"), bad},
    });
}

TEST(xml_conformance, characters_and_names)
{
    expect_all({
        {"<a>\t\r\n \x7F\xC2\x80\xC2\x9F\xEF\xBF\xBD\xF4\x8F\xBF\xBF</a>", good},
        {"<a>\x02</a>", bad},
        {"<a>\x0B</a>", bad},
        {"<a>\x0C</a>", bad},
        {"<a>\x1B</a>", bad},
        {"<a>\xEF\xBF\xBE</a>", bad},
        {"<a>\xF0\x9F\xBF\xBE</a>", good},  // U+1FFFE is a character
        {"<a b='\x01'/>", bad},
        {"<?p \x01?><a/>", bad},
        {"<!-- \x01 --><a/>", bad},
        {"<a><![CDATA[\x01]]></a>", bad},
        {"<a>&#x9;&#xA;&#13;&#x20;&#xD7FF;&#xE000;&#xFFFD;&#x10FFFF;</a>", good},
        {"<a>&#x0;</a>", bad},
        {"<a>&#8;</a>", bad},
        {"<a>&#xD800;</a>", bad},
        {"<a>&#xDFFF;</a>", bad},
        {"<a>&#xFFFE;</a>", bad},
        {"<a>&#x110000;</a>", bad},
        {"<a>&#4294967361;</a>", bad},
        {"<a>&#xFFFFFFFFFFFFFFFF41;</a>", bad},
        {"<a>&#X41;</a>", bad},
        {"<a>&#x4g;</a>", bad},
        {"<a>&#4A;</a>", bad},
        {"<a>&# 65;</a>", bad},
        {"<a>&#65</a>", bad},
        {"<a>&#000000000000000000000065;</a>", good},
        {"<a>\xED\xA0\x80\xED\xB0\x80</a>", bad},  // a surrogate pair in UTF-8
        {"<a>\xF8\x88\x80\x80\x80</a>", bad},
        {"<a>\xC1\x81</a>", bad},
        {"<_.-\xC2\xB7/>", good},
        {"<-a/>", bad},
        {"<.a/>", bad},
        {"<\xC2\xB7"
         "a/>",
         bad},
        {"<a\xC3\xB7/>", bad},     // U+00F7
        {"<\xCD\xBE/>", bad},      // U+037E
        {"<\xCD\xBF/>", good},     // U+037F
        {"<\xE2\x80\xBF/>", bad},  // U+203F is no beginning
        {"<a\xE2\x80\xBF/>", good},
        {"<a\xE2\x80\x80/>", bad},      // U+2000
        {"<\xE2\x82\xA0/>", good},      // U+20A0
        {"<\xE3\x80\x80/>", bad},       // U+3000
        {"<a\xEF\xB7\x90/>", bad},      // U+FDD0
        {"<\xF3\xAF\xBF\xBF/>", good},  // U+EFFFF
        {"<\xF3\xB0\x80\x80/>", bad},   // U+F0000
        {"<\xE0\xB8\x81\xE0\xB8\xB1/>", good},
        {"<\xCC\x80/>", bad},  // a combining accent begins no name
        {"<e\xCC\x80/>", good},
    });
}

TEST(xml_conformance, namespaces)
{
    const std::string xml = "http://www.w3.org/XML/1998/namespace";
    const std::string xmlns = "http://www.w3.org/2000/xmlns/";
    expect_all({
        {"<b:a xmlns:b='u'/>", good},
        {"<b:a/>", bad},
        {"<a b:c=''/>", bad},
        {"<a><b:c xmlns:b='u'/><b:c/></a>", bad},
        {"<a xmlns='' xmlns:b='relative#x'/>", good},
        {"<a xmlns='u'><b xmlns=''/></a>", good},
        {"<a xmlns:b=''/>", bad},
        {"<a xmlns:b='u'><c xmlns:b=''/></a>", bad},
        {"<a xml:lang='' xml:space='x' xml:any=''/>", good},
        {"<xml:a/>", good},
        {"<a xmlns:xml='" + xml + "'/>", good},
        {"<a xmlns:xml='u'/>", bad},
        {"<a xmlns:b='" + xml + "'/>", bad},
        {"<a xmlns='" + xml + "'/>", bad},
        {"<a xmlns:xmlns='" + xmlns + "'/>", bad},
        {"<a xmlns:xmlns='u'/>", bad},
        {"<a xmlns:b='" + xmlns + "'/>", bad},
        {"<a xmlns='" + xmlns + "'/>", bad},
        {"<xmlns:a/>", bad},
        {"<xml2:a xmlns:xml2='u'/>", good},
        {"<a:b:c xmlns:a='u'/>", bad},
        {"<:a/>", bad},
        {"<a:/>", bad},
        {"<a:1 xmlns:a='u'/>", bad},
        {"<a b:='' xmlns:b='u'/>", bad},
        {"<a xmlns:b='u' xmlns:c='u' b:x='' c:x=''/>", bad},
        {"<a xmlns:b='u' xmlns:c='U' b:x='' c:x=''/>", good},
        {"<a xmlns:b='u%41' xmlns:c='uA' b:x='' c:x=''/>", good},
        {"<a xmlns:b='u&#65;' xmlns:c='uA' b:x='' c:x=''/>", bad},
        {"<a xmlns='u' xmlns:b='u' x='' b:x=''/>", good},
        {"<a xmlns:b='u' xmlns:b='v'/>", bad},
        {"<?a:b?><a/>", bad},
        {with_dtd("<!ENTITY a:b 'x'>"), bad},
        {with_dtd("<!ENTITY % a:b 'x'>"), bad},
        {with_dtd("<!NOTATION a:b SYSTEM 'x'>"), bad},
        {with_dtd("<!ELEMENT a:b:c ANY>"), bad},
        {with_dtd("<!ELEMENT a:b ANY>"), good},
        {with_dtd("<!ATTLIST a b:c CDATA #IMPLIED>"), good},
        {with_dtd("<!ATTLIST a b:c CDATA 'x'>"), bad},  // a default with a prefix that is unbound
        {with_dtd("<!ATTLIST a xmlns:b CDATA 'u' b:c CDATA 'x'>"), good},
        {"<!DOCTYPE a [<!ATTLIST a xmlns:c NMTOKEN #IMPLIED>]>"
         "<a xmlns:b='u' xmlns:c=' u ' b:x='' c:x=''/>",
         bad},
    });
    for (const char* text :
         {"<a:b:c/>", "<:a/>", "<a xmlns:b=''/>", "<?a:b?><a/>", "<a xmlns:xml=''/>"})
        EXPECT_EQ(refusal(text, options().namespaces(false)), "") << text;
}

TEST(xml_conformance, encodings)
{
    const auto wide = [](const std::string& ascii, bool big, bool mark) {
        std::string out = !mark ? "" : big ? "\xFE\xFF" : "\xFF\xFE";
        for (const char c : ascii) out += big ? std::string{'\0', c} : std::string{c, '\0'};
        return out;
    };
    const std::string plain = "<?xml version='1.0'?><a/>";
    const std::string utf_16 = "<?xml version='1.0' encoding='UTF-16'?><a/>";
    const std::string utf_8 = "<?xml version='1.0' encoding='utf-8'?><a/>";
    const auto named = [](const std::string& name, const std::string& text) {
        return "<?xml version='1.0' encoding='" + name + "'?><a>" + text + "</a>";
    };
    expect_all({
        {wide(plain, true, true), good},
        {wide(plain, false, true), good},
        {wide("<a/>", true, true), good},
        {wide(utf_16, true, true), good},
        {wide(utf_16, false, true), good},
        {wide(utf_16, true, false), good},
        {wide(utf_16, false, false), good},
        {wide(utf_8, true, true), bad},
        {"\xEF\xBB\xBF" + plain, good},
        {"\xEF\xBB\xBF" + utf_8, good},
        {"\xEF\xBB\xBF" + utf_16, bad},
        {utf_16, bad},
        {"\xFE\xFF" + plain, bad},
        {wide("<a>", true, true) + "\xD8\x01" + wide("</a>", true, false), bad},
        {wide("<a>", true, true) + "\xDC\x01" + wide("</a>", true, false), bad},
        {wide("<a>", true, true) + "\xD8\x01\xDC\x01" + wide("</a>", true, false), good},
        {wide("<a/>", true, true) + "\0"s, bad},
        {named("EUC-JP", "\xC6\xFC\xCB\xDC"), good},
        {named("euc-jp", "\xC6"), bad},
        {named("Shift_JIS", "\x93\xFA\x96\x7B\xB1"), good},
        {named("Shift_JIS", "\x93"), bad},
        {named("ISO-2022-JP", "\x1B$BF|K\\\x1B(B"), good},
        {named("iso-2022-jp", "\x1B$BF|K"), bad},
        {named("windows-1252", "\x80"), good},
        {named("ISO-8859-1", "\x80\xFF"), good},
        {named("ISO-8859-2", "\xB1"), good},
        {named("US-ASCII", "\xE9"), bad},
        {named("KOI8-R", "\xC1"), good},
        {named("Big5", "\xA4\xA4"), good},
        {named("GB18030", "\xD6\xD0\x81\x30\x81\x30"), good},
        {named("x-none", "x"), bad},
        {named("UCS-4", "x"), bad},
    });
    const std::string japanese = named("ISO-2022-JP", "\x1B$BF|K\\\x1B(B");
    EXPECT_EQ(parse(std::as_bytes(std::span(japanese))).root().text(), "\xE6\x97\xA5\xE6\x9C\xAC");
}

/// ASCII as the machines of another tradition write it.
std::string ebcdic(std::string_view ascii)
{
    std::string out;
    for (const char c : ascii) {
        const auto in = [c](char first, char last) { return c >= first && c <= last; };
        const char* at = nullptr;
        constexpr const char* others = " \x40<\x4C>\x6E?\x6F/\x61=\x7E'\x7D-\x60.\x4B";
        for (at = others; *at != '\0' && *at != c;) at += 2;
        const int letter = c | 0x20;
        const int base = in('A', 'Z') ? 0x40 : 0;
        if (in('0', '9'))
            out += static_cast<char>(c - '0' + 0xF0);
        else if (letter >= 'a' && letter <= 'i')
            out += static_cast<char>(letter - 'a' + 0x81 + base);
        else if (letter >= 'j' && letter <= 'r')
            out += static_cast<char>(letter - 'j' + 0x91 + base);
        else if (letter >= 's' && letter <= 'z')
            out += static_cast<char>(letter - 's' + 0xA2 + base);
        else
            out += *at == '\0' ? '\0' : at[1];
    }
    return out;
}

TEST(xml_conformance, encodings_that_only_the_declaration_knows)
{
    const auto named = [](const std::string& name, const std::string& text) {
        return "<?xml version='1.0' encoding='" + name + "'?><a>" + text + "</a>";
    };
    const auto host = [&](const std::string& name, const std::string& text) {
        const std::string around = ebcdic(named(name, "!"));
        const std::size_t at = around.find('\0');
        return around.substr(0, at) + text + around.substr(at + 1);
    };
    struct seen {
        std::string bytes;
        const char* text;  // null: refused
    };
    const seen rows[] = {
        {host("IBM037", "\x51\x81"), "\u00e9a"},
        {host("ebcdic-cp-us", "\x51"), "\u00e9"},
        {host("IBM01140", "\x9F"), "\u20ac"},
        {host("ibm500", "\xB0"), "\u00a2"},
        {host("utf-8", "\x81"), nullptr},
        {host("IBM850", "\x81"), nullptr},
        {host("x-none", "\x81"), nullptr},
        {ebcdic("<?xml version='1.0'?><a/>"), nullptr},
        {named("IBM037", "x"), nullptr},
        {named("IBM850", "\x82\x9D"), "\u00e9\u00d8"},
        {named("cp437", "\x82"), "\u00e9"},
        {named("hp-roman8", "\xC5"), "\u00e9"},
        {named("ISO-2022-KR", "\x1B$)C\x0EGQ19\x0F"), "\uD55C\uAD6D"},
        {named("UTF-7", "+AOk-"), nullptr},
        {named("SCSU", "x"), nullptr},
        {named("BOCU-1", "x"), nullptr},
        {named("UTF-16,version=1", "x"), nullptr},
    };
    for (const seen& r : rows) {
        SCOPED_TRACE(r.bytes);
        if (r.text == nullptr)
            EXPECT_NE(refusal(r.bytes), "");
        else
            EXPECT_EQ(parse(std::as_bytes(std::span(r.bytes))).root().text(), r.text);
    }
}

/// Values are what an application sees.
TEST(xml_conformance, what_is_read)
{
    struct seen {
        std::string text;
        const char* canonical;  // what root() is in canonical form
    };
    const seen rows[] = {
        // Line ends: section 2.11.
        {"<a>\r\n\r\n\n\r</a>", "<a>\n\n\n\n</a>"},
        {"<a>&#13;&#10;</a>", "<a>&#xD;\n</a>"},
        {"<a><![CDATA[\r\n]]></a>", "<a>\n</a>"},
        {"<a><?p x\r\ny?></a>", "<a><?p x\ny?></a>"},
        {with_dtd("<!ENTITY e '\r\n&#13;'>", "&e;"), "<a>\n&#xD;</a>"},
        // Attributes: section 3.3.3.
        {"<a b='x\ty\nz\r\nw'/>", "<a b=\"x y z w\"></a>"},
        {"<a b='&#9;&#10;&#13;&#32;'/>", "<a b=\"&#x9;&#xA;&#xD; \"></a>"},
        {"<a b='  x  y  '/>", "<a b=\"  x  y  \"></a>"},
        {"<!DOCTYPE a [<!ATTLIST a b NMTOKENS #IMPLIED>]><a b=' x\t\n y '/>", "<a b=\"x y\"></a>"},
        {"<!DOCTYPE a [<!ATTLIST a b NMTOKENS #IMPLIED>]><a b='&#32;x&#32;&#32;y&#9;'/>",
         "<a b=\"x y&#x9;\"></a>"},
        {"<!DOCTYPE a [<!ATTLIST a b (x|y) 'x' c CDATA ' d ' e CDATA #FIXED 'f'>]><a e='g'/>",
         "<a b=\"x\" c=\" d \" e=\"g\"></a>"},
        {"<!DOCTYPE a [<!ATTLIST a b CDATA '1'><!ATTLIST a b CDATA '2' c CDATA '3'>]><a/>",
         "<a b=\"1\" c=\"3\"></a>"},
        {"<!DOCTYPE a [<!ENTITY e '\t&#9;&#38;#9;'><!ATTLIST a b CDATA '&e;'>]><a c='&e;'/>",
         "<a b=\"  &#x9;\" c=\"  &#x9;\"></a>"},
        {"<!DOCTYPE a [<!ATTLIST a b CDATA #IMPLIED>]><a/>", "<a></a>"},
        {"<!DOCTYPE a [<!ENTITY % p SYSTEM 'x'>%p;<!ATTLIST a b CDATA 'd'>]><a/>", "<a></a>"},
        // Entities: section 4.4.
        {with_dtd("<!ENTITY e '&#60;b>&#38;#60;&#60;/b>'>", "&e;"), "<a><b>&lt;</b></a>"},
        {with_dtd("<!ENTITY e '&f;'><!ENTITY f '<b>&g;</b>'><!ENTITY g 'x'>", "&e;&e;"),
         "<a><b>x</b><b>x</b></a>"},
        {with_dtd("<!ENTITY e \"'%#37;\">", ""), nullptr},
        {with_dtd("<!ENTITY e \"'&#37;\">", "&e;"), "<a>'%</a>"},
        {with_dtd("<!ENTITY % xx '&#37;zz;'>"
                  "<!ENTITY % zz '&#60;!ENTITY tricky \"error-prone\" >'>%xx;",
                  "This sample shows a &tricky; method."),
         "<a>This sample shows a error-prone method.</a>"},
        {with_dtd("<!ENTITY example \"<p>An ampersand (&#38;#38;) may be escaped\n"
                  "numerically (&#38;#38;#38;) or with a general entity\n(&amp;amp;).</p>\">",
                  "&example;"),
         "<a><p>An ampersand (&amp;) may be escaped\nnumerically (&amp;#38;) or with a general "
         "entity\n(&amp;amp;).</p></a>"},
        {with_dtd("<!ENTITY e SYSTEM 'x'>", "1&e;2"), "<a>12</a>"},
        {"<a>x<!-- c --><![CDATA[y]]>&#122;</a>", "<a>xyz</a>"},
    };
    for (const seen& r : rows) {
        SCOPED_TRACE(r.text);
        if (r.canonical == nullptr) {
            EXPECT_NE(refusal(r.text), "");
            continue;
        }
        const document d = parse(r.text, reading);
        EXPECT_EQ(canonical(d.root()), r.canonical);
    }
}

}  // namespace
}  // namespace ferry::xml
