#include "ferry/documents/xml_write.hpp"

#include <gtest/gtest.h>

namespace ferry::xml {
namespace {

TEST(xml_write, writes_what_was_read)
{
    const char* const texts[] = {
        "<a/>",
        "<!DOCTYPE a PUBLIC \"p\" \"s\" [<!ELEMENT a ANY>]>\n<a/>",
        "<!DOCTYPE a SYSTEM \"s\">\n<a/>",
        "<!--x-->\n<?p d?>\n<a/>\n<!--y-->",
        "<p:a xmlns:p=\"u\" b=\"1&quot;&#10;&lt;\" p:c=\"\">x &lt; y &amp; z&gt;&#13;</p:a>",
        "<a xmlns=\"u\"><b xmlns=\"\"/></a>",
        "<a xml:space=\"preserve\"> <b/> </a>",
    };
    for (const char* text : texts) {
        SCOPED_TRACE(text);
        EXPECT_EQ(parse(text).to_xml(), text);
    }
    const document cdata =
        parse("<a>x<![CDATA[<y>]]>z<![CDATA[]]></a>", options().keep_cdata(true));
    EXPECT_EQ(cdata.to_xml(), "<a>x<![CDATA[<y>]]>z</a>");
    EXPECT_EQ(cdata.root().text(), "x<y>z");
    EXPECT_EQ(parse("<a xmlns:p='u'><p:b/></a>").root().find("{u}b")->to_xml(),
              "<p:b xmlns:p=\"u\"/>");
}

TEST(xml_write, formats_only_what_has_no_text)
{
    const document d =
        parse("<a><b><c/><d>t</d></b> <e>x<f/></e><g xml:space='preserve'><h/></g><!--k--></a>");
    EXPECT_EQ(write(d, write_options().pretty(true)),
              "<a>\n  <b>\n    <c/>\n    <d>t</d>\n  </b>\n  <e>x<f/></e>\n"
              "  <g xml:space=\"preserve\"><h/></g>\n  <!--k-->\n</a>\n");
    EXPECT_EQ(write(parse("<a><b/></a>"), write_options().indent("\t").short_empty_elements(false)),
              "<a>\n\t<b></b>\n</a>\n");
    EXPECT_EQ(write(parse("<!DOCTYPE a><a/>"),
                    write_options().doctype(false).declaration(true).standalone(true)),
              "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\n<a/>");
}

TEST(xml_write, writes_encodings_with_references_for_the_rest)
{
    const document d = parse("<a b='\xC3\xA9'>\xE2\x82\xAC\xF0\x9F\x98\x80</a>");
    EXPECT_EQ(write(d, "us-ascii"),
              "<?xml version=\"1.0\" encoding=\"us-ascii\"?>\n"
              "<a b=\"&#233;\">&#8364;&#128512;</a>");
    EXPECT_EQ(write(d, "iso-8859-1", write_options().declaration(false)),
              "<a b=\"\xE9\">&#8364;&#128512;</a>");
    for (const char* encoding : {"utf-8", "utf-16", "us-ascii", "latin1"}) {
        SCOPED_TRACE(encoding);
        const std::string written = write(d, encoding);
        EXPECT_EQ(parse(std::as_bytes(std::span(written))).to_xml(), d.to_xml());
    }
    EXPECT_THROW(write(d, "koi8-r"), error);
    EXPECT_THROW(write(parse("<\xC3\xA9/>"), "us-ascii"), error);
}

}  // namespace
}  // namespace ferry::xml
