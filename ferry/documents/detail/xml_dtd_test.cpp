// The rules of XML 1.0 for the internal subset of the DTD and for entities, a row for each.

#include "ferry/documents/detail/xml_test_rows.hpp"

namespace ferry::xml {
namespace {

using namespace test_rows;

TEST(xml_conformance, entities_and_their_boundaries)
{
    expect_all({
        {"<a>&lt;&gt;&amp;&quot;&apos;</a>", good},
        {"<a>&LT;</a>", bad},
        {"<a>& lt;</a>", bad},
        {"<a>&lt ;</a>", bad},
        {"<a>&none;</a>", bad},
        {with_dtd("<!ENTITY e 'x'>", "&e;"), good},
        {with_dtd("<!ENTITY e 'x'>", "&E;"), bad},
        {with_dtd("<!ENTITY e 'x'>", "&e"), bad},
        {with_dtd("<!ENTITY e '<b></b>'>", "&e;"), good},
        {with_dtd("<!ENTITY e '<b>'>", "&e;</b>"), bad},
        {with_dtd("<!ENTITY e '</b>'>", "<b>&e;"), bad},
        {with_dtd("<!ENTITY e '</b><b>'>", "<b>&e;</b>"), bad},
        {with_dtd("<!ENTITY e '<b'>", "&e;/>"), bad},
        {with_dtd("<!ENTITY e '<!-- '>", "&e; -->"), bad},
        {with_dtd("<!ENTITY e '<?p '>", "&e; ?>"), bad},
        {with_dtd("<!ENTITY e '<![CDATA['>", "&e;]]>"), bad},
        {with_dtd("<!ENTITY e '&#38;'>", "&e;#65;"), bad},
        {with_dtd("<!ENTITY e '&#38;#65;'>", "&e;"), good},
        {with_dtd("<!ENTITY e '&#38;lt'>", "&e;;"), bad},
        {with_dtd("<!ENTITY e '<?xml version=\"1.0\"?>'>", "&e;"), bad},
        {with_dtd("<!ENTITY e '&e;'>", "&e;"), bad},
        {with_dtd("<!ENTITY e '&e;'>"), good},  // nobody refers to it
        {with_dtd("<!ENTITY e '&f;'><!ENTITY f '&g;'><!ENTITY g '&e;'>", "&e;"), bad},
        {with_dtd("<!ENTITY e '&none;'>"), good},
        {with_dtd("<!ENTITY e '&none;'>", "&e;"), bad},
        {with_dtd("<!ENTITY e '&'>"), bad},
        {with_dtd("<!ENTITY e '&#x0;'>"), bad},
        {with_dtd("<!ENTITY e '%'>"), bad},
        {with_dtd("<!ENTITY e '%x'>"), bad},
        {with_dtd("<!ENTITY e '<'>"), good},
        {with_dtd("<!ENTITY e '<'>", "&e;"), bad},
        {with_dtd("<!ENTITY e 'x'><!ENTITY e '<'>", "&e;"), good},  // the first counts
        {with_dtd("<!ENTITY lt '&#38;#60;'>", "&lt;"), good},
        {with_dtd("<!ENTITY e SYSTEM 'x' NDATA n>", "&e;"), bad},
        {with_dtd("<!ENTITY e SYSTEM 'x'NDATA n>"), bad},
        {with_dtd("<!ENTITY e SYSTEM 'x' ndata n>"), bad},
        {with_dtd("<!ENTITY e 'x' NDATA n>"), bad},
        {with_dtd("<!ENTITY % e SYSTEM 'x' NDATA n>"), bad},
        {with_dtd("<!ENTITY e PUBLIC 'x'>"), bad},
        {with_dtd("<!ENTITY e PUBLIC 'x' 'y'>"), good},
        {with_dtd("<!ENTITY e>"), bad},
        {with_dtd("<!ENTITY e 'x' 'y'>"), bad},
        {with_dtd("<!ENTITY e x>"), bad},
        {with_dtd("<!ENTITYe 'x'>"), bad},
        {with_dtd("<!ENTITY e'x'>"), bad},
        {with_dtd("<!entity e 'x'>"), bad},
        {with_dtd("<!ENTITY %e 'x'>"), bad},
        {with_dtd("<!ENTITY % e'x'>"), bad},
        {with_dtd("<!ENTITY 1e 'x'>"), bad},
        {with_dtd("<!ENTITY e 'x' -- c -->"), bad},
    });
}

TEST(xml_conformance, parameter_entities)
{
    expect_all({
        {with_dtd("<!ENTITY % p '<!ELEMENT a ANY>'>%p;"), good},
        {with_dtd("<!ENTITY % p '<!-- c --><?p?>'>%p; %p;\n%p;"), good},
        {with_dtd("<!ENTITY % p ''>%p;"), good},
        {with_dtd("<!ENTITY % p '<!ELEMENT a'>%p; ANY>"), bad},
        {with_dtd("<!ENTITY % p 'ANY'><!ELEMENT a %p;>"), bad},
        {with_dtd("<!ENTITY % p 'x'><!ENTITY e '%p;'>"), bad},
        {with_dtd("<!ENTITY % p '<!'>%p;ELEMENT a ANY>"), bad},
        {with_dtd("<!ENTITY % p 'x'>%p;"), bad},
        {with_dtd("<!ENTITY % p '<a/>'>%p;"), bad},
        {with_dtd("<!ENTITY % p '<?xml version=\"1.0\" encoding=\"utf-8\"?>'>%p;"), bad},
        {with_dtd("<!ENTITY % p '<![INCLUDE[<!ELEMENT a ANY>]]>'>%p;"), bad},
        {with_dtd("<![INCLUDE[<!ELEMENT a ANY>]]>"), bad},
        {with_dtd("<![IGNORE[x]]>"), bad},
        {with_dtd("%none;"), good},  // elsewhere it may be declared: a constraint of validity
        {with_dtd("% p;"), bad},
        {with_dtd("%p"), bad},
        {with_dtd("<!ENTITY % p '&#37;p;'>%p;"), bad},
        {with_dtd("<!ENTITY % p '&#37;q;'><!ENTITY % q '&#37;p;'>%p;"), bad},
        {with_dtd("<!ENTITY % xx '&#37;zz;'><!ENTITY % zz '&#60;!ENTITY e \"v\">'>%xx;", "&e;"),
         good},
        {with_dtd("", "%p;"), good},  // a percent sign is text
        {"<!DOCTYPE %p; []><a/>", bad},
        {"<!DOCTYPE a [] %p;><a/>", bad},
    });
}

TEST(xml_conformance, entities_that_may_be_declared_elsewhere)
{
    const std::string standalone = "<?xml version='1.0' standalone='yes'?>";
    expect_all({
        {"<!DOCTYPE a SYSTEM 'x'><a>&e;</a>", good},
        {"<!DOCTYPE a SYSTEM 'x'><a b='&e;'/>", good},
        {standalone + "<!DOCTYPE a SYSTEM 'x'><a>&e;</a>", bad},
        {standalone + "<!DOCTYPE a SYSTEM 'x'><a b='&e;'/>", bad},
        {with_dtd("<!ENTITY % p '<!---->'>%p;", "&e;"), good},
        {standalone + with_dtd("<!ENTITY % p '<!---->'>%p;", "&e;"), bad},
        {standalone + with_dtd("<!ENTITY % p \"<!ENTITY e 'x'>\">%p;", "&e;"), bad},
        {with_dtd("<!ENTITY % p SYSTEM 'x'>%p;<!ENTITY e '<'>", "&e;"), good},  // not processed
        {standalone + with_dtd("<!ENTITY % p SYSTEM 'x'>%p;<!ENTITY e '<'>", "&e;"), bad},
        {with_dtd("<!ENTITY e SYSTEM 'x'>", "&e;"), good},
        {"<!DOCTYPE a SYSTEM 'x' [<!ATTLIST a b CDATA '&e;'>]><a/>", good},
        {with_dtd("<!ATTLIST a b CDATA '&e;'>"), bad},
        {with_dtd("<!ATTLIST a b CDATA '&e;'><!ENTITY e 'x'>"), bad},  // declared too late
        {with_dtd("<!ENTITY e 'x'><!ATTLIST a b CDATA '&e;'>"), good},
        {with_dtd("<!ENTITY e '<'><!ATTLIST a b CDATA '&e;'>"), bad},
    });
}

TEST(xml_conformance, declarations_of_elements)
{
    const auto element = [](const std::string& rest) {
        return with_dtd("<!ELEMENT " + rest + ">");
    };
    expect_all({
        {element("a EMPTY"), good},
        {element("a ANY "), good},
        {element("a empty"), bad},
        {element("aEMPTY"), bad},
        {element("a"), bad},
        {element("a b"), bad},
        {element("a CDATA"), bad},
        {element("a (b)"), good},
        {element("a(b)"), bad},
        {element("a (b?,(c|d)*,e+)?"), good},
        {element("a ( b | c )+"), good},
        {element("a (b,c|d)"), bad},
        {element("a (b c)"), bad},
        {element("a (b &amp; c)"), bad},
        {element("a ()"), bad},
        {element("a (b,)"), bad},
        {element("a (,b)"), bad},
        {element("a (b"), bad},
        {element("a (b))"), bad},
        {element("a (b) ?"), bad},
        {element("a (b ?)"), bad},
        {element("a (b**)"), bad},
        {element("a (b)x"), bad},
        {element("a (#PCDATA)"), good},
        {element("a ( #PCDATA )*"), good},
        {element("a (#PCDATA)?"), bad},
        {element("a (#PCDATA)+"), bad},
        {element("a (#PCDATA|b)*"), good},
        {element("a (#PCDATA|b)"), bad},
        {element("a (#PCDATA | b | b)*"), good},  // a constraint of validity
        {element("a (#PCDATA,b)*"), bad},
        {element("a (b|#PCDATA)*"), bad},
        {element("a (#PCDATA|(b))*"), bad},
        {element("a (#PCDATA|b*)*"), bad},
        {element("a (#pcdata)"), bad},
        {element("a ((#PCDATA))"), bad},
        {element("a - - (b)"), bad},
        {element("(a|b) EMPTY"), bad},
        {element("a (b) -(c)"), bad},
        {element("a ANY -- c --"), bad},
        {element("a EMPTY") + "", good},
        {with_dtd("<!element a EMPTY>"), bad},
        {with_dtd("<!ELEMENT a EMPTY><!ELEMENT a ANY>"), good},
        {with_dtd("<!ELEMENT a EMPTY", ""), bad},
        {with_dtd("<!-- > ]> --><?p ]> ?><!ELEMENT a EMPTY>"), good},
        {with_dtd("x"), bad},
        {with_dtd("&#32;"), bad},
        {with_dtd("]"), bad},
    });
}

TEST(xml_conformance, declarations_of_attributes_and_notations)
{
    const auto list = [](const std::string& rest) { return with_dtd("<!ATTLIST " + rest + ">"); };
    expect_all({
        {list("a"), good},
        {list("a b CDATA #IMPLIED"), good},
        {list("a b CDATA #IMPLIED c ID #REQUIRED d NMTOKENS 'x y'"), good},
        {list("a b CDATA 'x'c ID #IMPLIED"), bad},
        {list("a b CDATA'x'"), bad},
        {list("a b CDATA x"), bad},
        {list("a b CDATA #FIXED"), bad},
        {list("a b CDATA #FIXED'x'"), bad},
        {list("a b CDATA #FIXED 'x'"), good},
        {list("a b CDATA #implied"), bad},
        {list("a b CDATA #DEFAULT"), bad},
        {list("a b CDATA # IMPLIED"), bad},
        {list("a b cdata #IMPLIED"), bad},
        {list("a b NUMBER #IMPLIED"), bad},
        {list("a b NAME 'x'"), bad},
        {list("a b CURRENT #IMPLIED"), bad},
        {list("a b CDATA #IMPLIED #IMPLIED"), bad},
        {list("a b (x|y) 'z'"), good},  // a constraint of validity
        {list("a b (x | 1y) #IMPLIED"), good},
        {list("a b (x,y) #IMPLIED"), bad},
        {list("a b (x y) #IMPLIED"), bad},
        {list("a b ('x') #IMPLIED"), bad},
        {list("a b () #IMPLIED"), bad},
        {list("a b (x|) #IMPLIED"), bad},
        {list("a b (x)'x'"), bad},
        {list("a b NMTOKEN (x) 'x'"), bad},
        {list("a b NOTATION (n|m) #IMPLIED"), good},
        {list("a b NOTATION(n) #IMPLIED"), bad},
        {list("a b NOTATION (1n) #IMPLIED"), bad},
        {list("a b NOTATION n #IMPLIED"), bad},
        {list("a b NOTATION () #IMPLIED"), bad},
        {list("a b CDATA '<'"), bad},
        {list("a b CDATA '&'"), bad},
        {list("a b CDATA '&#60;'"), good},
        {list("(a|c) b CDATA #IMPLIED"), bad},
        {list("a xml:space (default|preserve) 'preserve'"), good},
        {list("a xml:lang CDATA ''"), good},
        {list("a b IDREF '1'"), good},  // a constraint of validity
        {with_dtd("<!ATTLIST a b CDATA #IMPLIED>") + "<?p?>", good},
        {with_dtd("<!NOTATION n SYSTEM 'x'>"), good},
        {with_dtd("<!NOTATION n PUBLIC 'x'>"), good},
        {with_dtd("<!NOTATION n PUBLIC 'x' 'y'>"), good},
        {with_dtd("<!NOTATION n PUBLIC 'x''y'>"), bad},
        {with_dtd("<!NOTATION n PUBLIC 'x~'>"), bad},
        {with_dtd("<!NOTATION n 'x'>"), bad},
        {with_dtd("<!NOTATION n SYSTEM>"), bad},
        {with_dtd("<!NOTATION 1 SYSTEM 'x'>"), bad},
        {with_dtd("<!NOTATION n SYSTEM 'x'") + ">", bad},
    });
}

}  // namespace
}  // namespace ferry::xml
