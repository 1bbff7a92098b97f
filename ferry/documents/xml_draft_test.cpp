#include "ferry/documents/xml_draft.hpp"

#include "ferry/documents/xml_canonical.hpp"
#include "ferry/documents/xml_schema.hpp"

#include <gtest/gtest.h>

namespace ferry::xml {
namespace {

TEST(xml_draft, builds_documents)
{
    draft d("catalog");
    auto book = d.root().append("book");
    book.set("id", "b1").set("id", "b<2");
    book.append("title").set_text("A & B").set_tail("\n");
    book.append("empty");
    book.append_comment("c");
    book.append_instruction("go", "now");
    d.root().insert(0, "first");
    EXPECT_EQ(d.to_xml(),
              "<catalog><first/><book id=\"b&lt;2\"><title>A &amp; B</title>\n<empty/><!--c-->"
              "<?go now?></book></catalog>");
    EXPECT_EQ(d.finish().xpath("//book/@id").strings(), std::vector<std::string>{"b<2"});
    EXPECT_EQ(d.root().children().size(), 2U);
    EXPECT_EQ(d.root().find("book/title")->text(), "A & B");
    EXPECT_EQ(d.root().findtext("book[@id='b<2']/title"), "A & B");
    EXPECT_EQ(d.root().findall("book[title='A & B']").size(), 1U);
    EXPECT_EQ(book.text_content(), "A & B\n");
}

TEST(xml_draft, changes_parsed_documents)
{
    draft d(parse("<!DOCTYPE r>\n<r xmlns:p='u'>1<a>2</a>3<p:b k='v'>4<c/>5</p:b>6<d/></r>"));
    auto r = d.root();
    auto a = *r.find("a");
    auto b = *r.find("{u}b");
    auto last = *r.find("d");
    EXPECT_EQ(b.previous_element(), a);
    EXPECT_EQ(b.next_element(), last);
    EXPECT_EQ(*b.parent(), r);
    EXPECT_EQ(b.tail(), "6");
    b.append(a);  // with its tail
    EXPECT_EQ(d.to_xml(),
              "<!DOCTYPE r>\n<r xmlns:p=\"u\">1<p:b k=\"v\">4<c/>5<a>2</a>3</p:b>6<d/></r>");
    r.replace(last, *b.find("c"));
    EXPECT_TRUE(b.unset("k"));
    EXPECT_FALSE(b.unset("k"));
    b.set_tag("{w}b");
    b.set("{u}k", "x");
    EXPECT_EQ(d.root().tag(), "r");
    EXPECT_EQ(write(d.finish(), write_options().doctype(false)),
              "<r xmlns:p=\"u\">1<ns0:b xmlns:ns0=\"w\" p:k=\"x\">4<a>2</a>3</ns0:b>6<c/>5</r>");
    b.remove(a);
    EXPECT_EQ(b.children().size(), 0U);
    EXPECT_THROW(b.remove(a), lookup_error);
    EXPECT_THROW(b.append(r), error);
    EXPECT_THROW(b.append(b), error);
    b.clear();
    EXPECT_EQ(b.tail(), "");
    b.append_copy(parse("<x y='1'>t<z/></x>").root());
    EXPECT_EQ(b.find("x")->text_content(), "t");
    EXPECT_EQ(r.iter("z").size(), 1U);
}

TEST(xml_draft, declares_the_namespaces_that_names_need)
{
    draft d("{http://a/}r");
    d.register_namespace("reg", "http://b/");
    d.root().append("{http://a/}x");
    d.root().append("{http://b/}y").set("{http://b/}k", "1");
    d.root().append("plain").set("{http://www.w3.org/XML/1998/namespace}lang", "en");
    EXPECT_EQ(d.to_xml(),
              "<ns0:r xmlns:ns0=\"http://a/\"><ns0:x/><reg:y xmlns:reg=\"http://b/\" reg:k=\"1\"/>"
              "<plain xml:lang=\"en\"/></ns0:r>");
    draft e("{u}r");
    e.root().declare("", "u");
    e.root().append("{u}x").append("none");
    e.root().set("{u}k", "1");
    EXPECT_EQ(e.to_xml(),
              "<r xmlns=\"u\" xmlns:ns0=\"u\" ns0:k=\"1\"><x><none xmlns=\"\"/></x></r>");
    EXPECT_EQ(parse(e.to_xml()).root().find("{u}x/none")->tag(), "none");
}

TEST(xml_draft, refuses_what_is_no_xml)
{
    EXPECT_THROW(draft("1a"), error);
    EXPECT_THROW(draft("a:b"), error);
    EXPECT_THROW(draft(""), error);
    draft d("a");
    EXPECT_THROW(d.root().append("a b"), error);
    EXPECT_THROW(d.root().set("x", "\x01"), error);
    EXPECT_THROW(d.root().set("xmlns", "u"), error);
    EXPECT_THROW(d.root().set_text(std::string("\0", 1)), error);
    EXPECT_THROW(d.root().append_comment("a--b"), error);
    EXPECT_THROW(d.root().append_instruction("xml", ""), error);
    EXPECT_THROW(d.root().append_instruction("p", "?>"), error);
    EXPECT_THROW(d.root().declare("p", ""), error);
    draft other("b");
    EXPECT_THROW(d.root().append(other.root()), error);
}

TEST(xml_canonical, is_one_form_for_all_that_is_the_same)
{
    const document d = parse(
        "<?xml version='1.0'?><!DOCTYPE d [<!ATTLIST e k CDATA 'dflt'>]><?p  q?><!--c-->\n"
        "<d xmlns:b='B' xmlns:a='A' z='1' b:y='2' a:x='3'><e\n/>&lt;<![CDATA[>&]]>\r\n&#13;"
        "<a:f xmlns:a='A' xmlns='N'><g xmlns='' t='&#9;&quot;'/></a:f></d><!--e-->");
    EXPECT_EQ(canonical(d),
              "<?p q?>\n<d xmlns:a=\"A\" xmlns:b=\"B\" z=\"1\" a:x=\"3\" b:y=\"2\"><e k=\"dflt\">"
              "</e>&lt;&gt;&amp;\n&#xD;<a:f xmlns=\"N\"><g xmlns=\"\" t=\"&#x9;&quot;\"></g></a:f>"
              "</d>");
    EXPECT_EQ(canonical(d, canonical_options().comments(true)).substr(0, 15), "<?p q?>\n<!--c--");
    const node g = *d.root().find("{A}f/g");
    EXPECT_EQ(canonical(g), "<g xmlns:a=\"A\" xmlns:b=\"B\" t=\"&#x9;&quot;\"></g>");
    EXPECT_EQ(canonical(g, canonical_options().method(c14n::exclusive)),
              "<g t=\"&#x9;&quot;\"></g>");
    EXPECT_EQ(canonical(g, canonical_options().method(c14n::exclusive).inclusive_prefixes({"b"})),
              "<g xmlns:b=\"B\" t=\"&#x9;&quot;\"></g>");
    const document base = parse(
        "<r xml:base='http://h/a/b' xml:id='i' xml:lang='en'>"
        "<s xml:base='c/'><t xml:base='../d'/></s></r>");
    EXPECT_EQ(canonical(*base.root().find("s/t"), canonical_options().method(c14n::inclusive_11)),
              "<t xml:base=\"http://h/a/d\" xml:lang=\"en\"></t>");
    EXPECT_EQ(canonical(*base.root().find("s")),
              "<s xml:base=\"c/\" xml:id=\"i\" xml:lang=\"en\"><t xml:base=\"../d\"></t></s>");
}

TEST(xml_schema, validates_by_xsd_and_relaxng)
{
    const char* const xsd =
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='a'>"
        "<xs:complexType><xs:sequence><xs:element name='n' type='xs:int' maxOccurs='2'/>"
        "</xs:sequence></xs:complexType></xs:element></xs:schema>";
    const char* const relaxng =
        "<element name='a' xmlns='http://relaxng.org/ns/structure/1.0' "
        "datatypeLibrary='http://www.w3.org/2001/XMLSchema-datatypes'><oneOrMore>"
        "<element name='n'><data type='int'/></element></oneOrMore></element>";
    for (const schema& s : {schema::xsd(xsd), schema::relaxng(relaxng)}) {
        EXPECT_TRUE(s.is_valid(parse("<a><n>1</n></a>")));
        const auto found = s.validate(parse("<a>\n<n>x</n></a>"));
        ASSERT_FALSE(found.empty());
        EXPECT_EQ(found[0].line, 2U);
        EXPECT_THROW(s.assert_valid(parse("<a/>")), error);
    }
    // A document's hints are not followed.
    const auto hinted = parse(
        "<a xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' "
        "xsi:noNamespaceSchemaLocation='file:///nonexistent/x.xsd'><n "
        "xsi:schemaLocation='u http://127.0.0.1:1/y.xsd'>1</n></a>");
    EXPECT_TRUE(schema::xsd(xsd).is_valid(hinted));
    EXPECT_THROW(schema::xsd("<a/>"), error);
    EXPECT_THROW(schema::relaxng("<a/>"), error);
    EXPECT_THROW(schema::xsd("<a"), parse_error);
    EXPECT_THROW(schema::xsd("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>"
                             "<xs:include schemaLocation='/etc/passwd'/></xs:schema>"),
                 error);
}

}  // namespace
}  // namespace ferry::xml
