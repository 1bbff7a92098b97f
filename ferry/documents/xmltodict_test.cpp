#include "ferry/documents/xmltodict.hpp"

#include "ferry/documents/json.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace ferry::xmltodict {
namespace {

std::string as_json(std::string_view text, const parse_options& with = parse_options())
{
    return json::dump(parse(text, with));
}

TEST(xmltodict, parses_the_example)
{
    const value doc = parse(
        "<mydocument has=\"an attribute\"><and><many>elements</many><many>more elements</many>"
        "</and><plus a=\"complex\">element as well</plus></mydocument>");
    EXPECT_EQ(doc["mydocument"]["@has"], "an attribute");
    EXPECT_EQ(doc["mydocument"]["and"]["many"], value::array("elements", "more elements"));
    EXPECT_EQ(doc["mydocument"]["plus"]["@a"], "complex");
    EXPECT_EQ(doc["mydocument"]["plus"]["#text"], "element as well");
}

TEST(xmltodict, has_every_option_of_pythons)
{
    using o = parse_options;
    const decision only_c = [](path at, std::string_view key, const value& v) {
        return key == "c" && at.size() == 1 && at[0].name == "a" && v.is_null();
    };
    const postprocessor rename = [](path, std::string key,
                                    value v) -> std::optional<std::pair<std::string, value>> {
        if (key == "drop") return std::nullopt;
        if (key == "n") return std::pair(key + ":int", value(v.to<int>()));
        return std::pair(std::move(key), std::move(v));
    };
    struct row {
        const char* text;
        parse_options with;
        const char* made;
    };
    const row rows[] = {
        {"<a/>", o(), R"({"a":null})"},
        {"<a></a>", o(), R"({"a":null})"},
        {"<a>  </a>", o(), R"({"a":null})"},
        {"<a>  </a>", o().strip_whitespace(false), R"({"a":"  "})"},
        {"<a>\xC2\xA0x\xE2\x80\x83</a>", o(), R"({"a":"x"})"},
        {"<a x='1'>t</a>", o(), R"({"a":{"@x":"1","#text":"t"}})"},
        {"<a x='1'>t</a>", o().xml_attribs(false), R"({"a":"t"})"},
        {"<a>x<b>y</b>z</a>", o(), R"({"a":{"b":"y","#text":"xz"}})"},
        {"<a>x<b>y</b>z</a>", o().cdata_separator("|"), R"({"a":{"b":"y","#text":"x|z"}})"},
        {"<a>x<!--c-->y</a>", o().cdata_separator("|"), R"({"a":"x|y"})"},
        {"<a x='1'>t</a>", o().attr_prefix("!").cdata_key("_"), R"({"a":{"!x":"1","_":"t"}})"},
        {"<a x='1'><x>2</x></a>", o().attr_prefix(""), R"({"a":{"x":["1","2"]}})"},
        {"<a><b>1</b><c/></a>", o().force_list({"b", "c"}), R"({"a":{"b":["1"],"c":[null]}})"},
        {"<a><b>1</b></a>", o().force_list(true), R"({"a":[{"b":["1"]}]})"},
        {"<a><b>1</b><c/></a>", o().force_list(only_c), R"({"a":{"b":"1","c":[null]}})"},
        {"<a>x</a>", o().force_cdata(true), R"({"a":{"#text":"x"}})"},
        {"<a><b>x</b><c>y</c></a>", o().force_cdata({"b"}), R"({"a":{"b":{"#text":"x"},"c":"y"}})"},
        {"<a:b xmlns:a='u' xmlns='v' a:c='1'/>", o(),
         R"({"a:b":{"@xmlns:a":"u","@xmlns":"v","@a:c":"1"}})"},
        {"<r xmlns='http://d/' xmlns:a='http://a/' a:q='1'><a:y/></r>",
         o().process_namespaces(true),
         R"({"http://d/:r":{"@http://a/:q":"1",)"
         R"("@xmlns":{"":"http://d/","a":"http://a/"},"http://a/:y":null}})"},
        {"<r xmlns='d' xmlns:a='a'><a:y z='1'/></r>",
         o().process_namespaces(true).namespace_separator("|"),
         R"({"d|r":{"a|y":{"@z":"1","@xmlns":{"":"d","a":"a"}}}})"},
        {"<r xmlns='d' xmlns:a='a'><a:y/></r>",
         o().process_namespaces(true).namespaces({{"d", ""}, {"a", "short"}}),
         R"({"r":{"short:y":null}})"},
        {"<a><!-- c1 --><!--c2--></a>", o().process_comments(true),
         R"({"a":{"#comment":["c1","c2"]}})"},
        {"<a><!--c--></a>", o().process_comments(true).comment_key("//"), R"({"a":{"//":"c"}})"},
        {"<a><!--c--></a>", o(), R"({"a":null})"},
        {"<!--t--><a/>", o().process_comments(true), R"({"#comment":"t","a":null})"},
        {"<a><n>7</n><drop/></a>", o().postprocess(rename), R"({"a":{"n:int":7}})"},
        {"<!DOCTYPE a [<!ENTITY l 'x'>]><a><l>&l;</l></a>", o().disable_entities(false),
         R"({"a":{"l":"x"}})"},
        {"<!DOCTYPE a [<!ENTITY l 'x'>]><a><l>&l;</l></a>", o().compat(compat::v0_13),
         R"({"a":{"l":null}})"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.text);
        EXPECT_EQ(as_json(r.text, r.with), r.made);
    }
}

TEST(xmltodict, hands_out_items)
{
    const std::string text = "<a p='q'><b x='1'>t<c>u</c></b><b>v</b><b/></a>";
    std::string log;
    const item_callback write = [&log](path at, const value& item) {
        for (const path_item& p : at) log += p.name + json::dump(p.attributes) + '/';
        log += ' ' + json::dump(item) + '\n';
        return true;
    };
    EXPECT_TRUE(parse(text, parse_options().items(2, write)).is_null());
    EXPECT_EQ(log,
              "a{\"p\":\"q\"}/b{\"x\":\"1\"}/ {\"@x\":\"1\",\"c\":\"u\",\"#text\":\"t\"}\n"
              "a{\"p\":\"q\"}/bnull/ \"v\"\na{\"p\":\"q\"}/bnull/ null\n");
    log.clear();
    std::istringstream in(text);
    parse(in, parse_options().items(2, write).compat(compat::v0_13));
    EXPECT_EQ(log,
              "a{\"p\":\"q\"}/b{\"x\":\"1\"}/ {\"c\":\"u\"}\na{\"p\":\"q\"}/bnull/ \"v\"\n"
              "a{\"p\":\"q\"}/bnull/ null\n");
    EXPECT_THROW(parse(text, parse_options().items(2, [](path, const value&) { return false; })),
                 parsing_interrupted);
}

TEST(xmltodict, refuses_what_is_not_well_formed_and_entities)
{
    const char* const bad[] = {"",
                               "x",
                               "<a>",
                               "<a></b>",
                               "<a b='1' b='2'/>",
                               "<a/><b/>",
                               "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
                               "<!DOCTYPE a [<!ENTITY e 'x'>]><a/>",
                               "<a>&e;</a>",
                               "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>"};
    for (const char* text : bad) {
        SCOPED_TRACE(text);
        EXPECT_THROW(parse(text), xml::parse_error);
    }
    EXPECT_THROW(parse(bad[9], parse_options().disable_entities(false)), xml::parse_error);
    std::string deep;
    for (int i = 0; i < 300; ++i) deep += "<a>";
    EXPECT_THROW(parse(deep), limit_error);
    EXPECT_NO_THROW(parse("<a><b/></a>", parse_options().limits(xml::options().max_depth(2))));
    EXPECT_THROW(parse("<a><b/></a>", parse_options().limits(xml::options().max_depth(1))),
                 limit_error);
}

TEST(xmltodict, reads_bytes_and_streams)
{
    const std::string bytes = "<?xml version='1.0' encoding='iso-8859-1'?><a>\xE9</a>";
    EXPECT_EQ(json::dump(parse(std::as_bytes(std::span(bytes)))), "{\"a\":\"\xC3\xA9\"}");
    EXPECT_EQ(json::dump(parse(std::as_bytes(std::span(bytes)), "windows-1251")),
              "{\"a\":\"\xD0\xB9\"}");
    std::istringstream in(bytes);
    EXPECT_EQ(json::dump(parse(in)), "{\"a\":\"\xC3\xA9\"}");
    EXPECT_EQ(as_json("<a>\r\nx\ry</a>", parse_options().strip_whitespace(false)),
              R"({"a":"\nx\ny"})");
}

TEST(xmltodict, keeps_the_order_of_children_on_request)
{
    const char* const text = "<a k=\"1\">x<b>1</b> <c/>y<b>2</b><c>3</c></a>";
    EXPECT_EQ(as_json(text, parse_options().keep_order(order::keys)),
              R"({"a":{"@k":"1","b":["1","2"],"c":[null,"3"],)"
              R"("#order":[{"#text":"x"},"b","c",{"#text":"y"},"b","c"],"#text":"x y"}})");
    EXPECT_EQ(
        as_json(text, parse_options().keep_order(order::mixed)),
        R"({"a":{"@k":"1","#mixed":["x",{"b":"1"}," ",{"c":null},"y",{"b":"2"},{"c":"3"}]}})");
    const auto bare = unparse_options().full_document(false).short_empty_elements(true);
    for (const char* same : {text, "<a>\n <b>\n  <c/>\n </b> x <b/>\n</a>", "<a>t</a>", "<a/>"}) {
        SCOPED_TRACE(same);
        EXPECT_EQ(
            unparse(parse(same, parse_options().strip_whitespace(false).keep_order(order::mixed)),
                    bare),
            same);
        EXPECT_EQ(
            unparse(parse(same, parse_options().strip_whitespace(false).keep_order(order::keys)),
                    bare),
            same);
    }
    EXPECT_EQ(as_json("<a>x<!--c-->y<b/>z<![CDATA[<]]>&amp;<?p?>w</a>",
                      parse_options().keep_order(order::mixed)),
              R"({"a":{"#mixed":["xy",{"b":null},"z<&w"]}})");
    EXPECT_EQ(unparse(parse("<a><b/><c/><!--x--><b/></a>",
                            parse_options().keep_order(order::keys).process_comments(true)),
                      bare),
              "<a><b/><c/><!--x--><b/></a>");
}

TEST(xmltodict, writes)
{
    using o = unparse_options;
    const std::string header = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
    const auto bare = o().full_document(false);
    struct row {
        const char* json;
        unparse_options with;
        std::string made;
    };
    const row rows[] = {
        {R"({"a":null})", o(), header + "<a></a>"},
        {R"({"a":null})", o().short_empty_elements(true), header + "<a/>"},
        {R"({"a":"x<&>\"'"})", bare, "<a>x&lt;&amp;&gt;\"'</a>"},
        {R"({"a":true})", bare, "<a>true</a>"},
        {R"({"a":{"@b":true,"@c":null,"@d":1.5,"@e":"x\ny"}})", bare,
         "<a b=\"true\" c=\"\" d=\"1.5\" e=\"x&#10;y\"></a>"},
        {R"({"a":{"@b":"\"","@c":"\"'"}})", bare, "<a b='\"' c=\"&quot;'\"></a>"},
        {R"({"a":{"@b":"1","#text":"t","c":[1,"2",null]}})", bare,
         "<a b=\"1\"><c>1</c><c>2</c><c></c>t</a>"},
        {R"({"a":{"b":[]}})", bare, "<a></a>"},
        {R"({"a":{"b":{"c":"1"},"d":["2","3"]}})", o().pretty(true),
         header + "<a>\n\t<b>\n\t\t<c>1</c>\n\t</b>\n\t<d>2</d>\n\t<d>3</d>\n</a>"},
        {R"({"a":{"b":"1"}})", o().pretty(true).indent("  ").newl("\r\n").full_document(false),
         "<a>\r\n  <b>1</b>\r\n</a>"},
        {R"({"a":{"@xmlns":{"":"d","p":"u"},"p:b":"1"}})", bare,
         "<a xmlns=\"d\" xmlns:p=\"u\"><p:b>1</p:b></a>"},
        {R"({"http://d/:a":{"http://p/:b":"1","@http://p/:c":"2"}})",
         o().full_document(false).namespaces({{"http://p/", "p"}}),
         "<a p:c=\"2\"><p:b>1</p:b></a>"},
        {R"({"a":{"#comment":["x","y"],"b":null}})", bare, "<a><!--x--><!--y--><b></b></a>"},
        {R"({"a":[1,2],"b":3})", bare, "<a>1</a><a>2</a><b>3</b>"},
        {R"({"a":[[1,2]]})", o().full_document(false).expand_iter("i"), "<a><i>1</i><i>2</i></a>"},
        {"{\"a\":\"\xC3\xA9\xE2\x82\xAC\"}", o().encoding("iso-8859-1"),
         "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<a>\xE9&#8364;</a>"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.json);
        EXPECT_EQ(unparse(json::parse(r.json), r.with), r.made);
    }
    const auto rename = [](const std::string& key,
                           const value& v) -> std::optional<std::pair<std::string, value>> {
        if (key == "drop") return std::nullopt;
        return std::pair(key + "x", v);
    };
    EXPECT_EQ(unparse(json::parse(R"({"a":{"b":1,"drop":2}})"),
                      o().full_document(false).preprocess(rename)),
              "<ax><bx>1</bx></ax>");
}

TEST(xmltodict, refuses_to_write_what_is_no_xml)
{
    const char* const bad[] = {
        "{}",
        R"({"a":1,"b":2})",
        R"({"a":[1,2]})",
        "[1]",
        R"({"1a":1})",
        R"({"a&b":1})",
        R"({"":1})",
        R"({"a><b":1})",
        R"({"a":{"@x y":1}})",
        R"({"a":{"@":1}})",
        R"({"a":{"@xmlns":{"a b":"u"}}})",
        R"({"a":"\u0001"})",
        R"({"a":{"@b":"\u0000"}})",
        R"({"a":{"#comment":"a--b"}})",
        R"({"a":{"#comment":"a-"}})",
        R"({"a":[[1]]})",
        R"({"a":{"@b":[1]}})",
    };
    for (const char* text : bad) {
        SCOPED_TRACE(text);
        EXPECT_THROW(unparse(json::parse(text)), error);
    }
    value deep = "x";
    for (int i = 0; i < 20'000; ++i) deep = value::object("a", std::move(deep));
    EXPECT_THROW(unparse(deep), limit_error);
}

}  // namespace
}  // namespace ferry::xmltodict
