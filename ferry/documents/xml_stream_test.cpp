#include "ferry/documents/xml_stream.hpp"

#include "ferry/documents/xml_write.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace ferry::xml {
namespace {

using std::string_literals::operator""s;

/// Writes down what it gets.
class recorder : public handler {
public:
    void start_element(const name& e, std::span<const attribute> attributes) override
    {
        flush();
        log += '<' + e.clark();
        for (const attribute& a : attributes)
            log += ' ' + a.name.clark() + '=' + std::string(a.value);
        log += '>';
    }
    void end_element(const name& e) override
    {
        flush();
        log += "</" + e.clark() + '>';
    }
    void characters(std::string_view t) override { text += t; }
    void comment(std::string_view t) override
    {
        flush();
        log += "!" + std::string(t);
    }
    void processing_instruction(std::string_view t, std::string_view d) override
    {
        flush();
        log += "?" + std::string(t) + '=' + std::string(d);
    }
    void start_prefix_mapping(std::string_view p, std::string_view u) override
    {
        flush();
        log += "[" + std::string(p) + '=' + std::string(u) + ']';
    }
    void end_prefix_mapping(std::string_view p) override { log += "[/" + std::string(p) + ']'; }

    void flush()
    {
        if (!text.empty()) log += '"' + text + '"';
        text.clear();
    }
    std::string log;
    std::string text;
};

std::string pushed(const std::string& bytes, std::size_t piece, const std::string& charset = {})
{
    recorder to;
    push_parser parser(to, options().entities(entities::expand), charset);
    for (std::size_t at = 0; at < bytes.size(); at += piece)
        parser.feed(std::string_view(bytes).substr(at, piece));
    parser.close();
    return to.log;
}

TEST(xml_push_parser, gives_the_same_events_for_pieces_of_every_size)
{
    const std::string text =
        "<?xml version='1.0'?>\r\n<!DOCTYPE a [<!ENTITY e 'x<b/>y'>]>\r\n<?p q?><a k='v>1'>"
        "t\r\nu]]<![CDATA[<&>]]>&e;&amp;&#233;<!--c--><p:c xmlns:p='u' p:d='\xC3\xA9'/>\r</a>";
    const std::string wanted =
        "?p=q<a k=v>1>\"t\nu]]<&>x\"<b></b>\"y&\xC3\xA9\"!c[p=u]<{u}c {u}d=\xC3\xA9></{u}c>[/p]"
        "\"\n\"</a>";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        SCOPED_TRACE(piece);
        ASSERT_EQ(pushed(text, piece), wanted);
    }
}

TEST(xml_push_parser, decodes_as_it_goes)
{
    struct row {
        const char* name;
        std::string bytes;
    };
    const row rows[] = {
        {"utf-16le", "\xFF\xFE<\0a\0>\0\xE9\0\x3D\xD8\x00\xDE<\0/\0a\0>\0"s},
        {"euc-jp", "<?xml version='1.0' encoding='euc-jp'?><a>\xB4\xC1 \xBB\xFA</a>"},
        {"iso-2022-jp", "<?xml version='1.0' encoding='iso-2022-jp'?><a>\x1B$B4A;z\x1B(B</a>"},
        {"latin-1", "<?xml version='1.0' encoding='iso-8859-1'?><a>\xE9\xFF</a>"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        const std::string whole = pushed(r.bytes, r.bytes.size());
        EXPECT_NE(whole.find('"'), std::string::npos);
        for (std::size_t piece = 1; piece < 9; ++piece) EXPECT_EQ(pushed(r.bytes, piece), whole);
    }
}

TEST(xml_push_parser, refuses_what_parse_refuses)
{
    const std::string bad[] = {"",        "<a>",       "<a></b>",          "<a b='1' b='2'/>",
                               "<a>\x01", "<a>\xC3",   "<a>\xFF</a>",      "<a/><b/>",
                               "<a>&x;",  "<a><!-- x", "<!DOCTYPE a [<!E", "<a>]]></a>"};
    for (const std::string& text : bad)
        for (const std::size_t piece : {1, 3, 100}) {
            SCOPED_TRACE(text);
            EXPECT_THROW(pushed(text, piece), parse_error);
        }
    recorder to;
    push_parser parser(to);
    parser.feed("<a>\n <b>");
    try {
        parser.feed("\n\n  </c>");
        FAIL();
    } catch (const parse_error& e) {
        EXPECT_EQ(e.where().line, 4U);
        EXPECT_EQ(e.where().column, 3U);
        EXPECT_EQ(e.where().offset, 12U);
        EXPECT_EQ(e.path(), "/a/b");
    }
}

TEST(xml_push_parser, takes_linear_time_for_a_token_that_never_ends)
{
    recorder to;
    push_parser parser(to);
    parser.feed("<a><!--");
    const std::string piece(1000, '>');
    for (int i = 0; i < 20'000; ++i) parser.feed(piece);
    parser.feed("--></a>");
    parser.close();
    EXPECT_GT(to.log.size(), 20'000'000U);
    push_parser limited(to, options().max_text_bytes(1 << 20));
    limited.feed("<a b='");
    EXPECT_THROW(for (int i = 0; i < 20'000; ++i) limited.feed(std::string(1000, 'x')),
                 limit_error);
}

TEST(xml_stream, gives_the_elements_of_one_name_as_documents)
{
    std::string text = "<r xmlns:p='u' xmlns='d'><other><row>no</row></other>";
    for (int i = 0; i < 5000; ++i)
        text +=
            "<p:row n='" + std::to_string(i) + "'><p:x>t" + std::to_string(i) + "</p:x></p:row>";
    text += "</r>";
    std::istringstream in(text);
    stream rows(in, "{u}row");
    int n = 0;
    while (auto row = rows.next()) {
        EXPECT_EQ(row->root().get("n"), std::to_string(n));
        EXPECT_EQ(row->root().findtext("{u}x"), "t" + std::to_string(n));
        if (n == 0) {
            EXPECT_EQ(row->to_xml(),
                      "<p:row n=\"0\" xmlns=\"d\" xmlns:p=\"u\"><p:x>t0</p:x></p:row>");
        }
        ++n;
    }
    EXPECT_EQ(n, 5000);
    EXPECT_FALSE(rows.next());
}

TEST(xml_stream, elements_share_their_words_and_outlive_each_other)
{
    const auto name = [](int i) { return "n" + std::to_string(i); };
    std::string text = "<r xmlns:p='urn:p'>";
    for (int i = 0; i < 1000; ++i)
        text += "<e k='1'><" + name(i) + " p:a" + std::to_string(i % 10) + "='x'/><common/></e>";
    std::istringstream in(text + "</r>");
    stream elements(in, "e");
    std::vector<document> all;
    while (auto next = elements.next()) all.push_back(std::move(*next));
    ASSERT_EQ(all.size(), 1000U);
    for (int i = 0; i < 1000; ++i) {
        SCOPED_TRACE(i);
        const element e = all[static_cast<std::size_t>(i)].root();
        EXPECT_EQ(e.name().clark(), "e");
        const auto one = e.find(name(i));
        ASSERT_TRUE(one);
        EXPECT_EQ(one->get("{urn:p}a" + std::to_string(i % 10)), "x");
        EXPECT_TRUE(e.find("common"));
        EXPECT_FALSE(e.find(name(i + 1)));
    }
}

TEST(xml_stream, gives_what_came_before_an_error)
{
    std::istringstream in("<r><a>1</a><a>2</a></x>");
    stream rows(in, "a");
    EXPECT_EQ(rows.next()->root().text(), "1");
    EXPECT_EQ(rows.next()->root().text(), "2");
    EXPECT_THROW(rows.next(), parse_error);
    EXPECT_FALSE(rows.next());
    std::istringstream nested("<r><a>1<a>2</a></a></r>");
    stream outer(nested, "a");
    EXPECT_EQ(outer.next()->root().to_xml(), "<a>1<a>2</a></a>");
    EXPECT_FALSE(outer.next());
    EXPECT_THROW(stream(std::filesystem::path("/nonexistent/x.xml"), "a"), error);
}

TEST(xml_events, come_one_by_one)
{
    std::istringstream in("<a x='1'>t<!--c--><p:b xmlns:p='u'>v</p:b>w<?q d?></a>");
    events all(in);
    std::string log;
    while (const auto e = all.next()) {
        log += std::to_string(static_cast<int>(e->kind)) + e->tag + '|' + e->text + '|' +
               std::to_string(e->depth);
        for (const auto& [name, value] : e->attributes) log += ' ' + name + '=' + value;
        log += '\n';
    }
    EXPECT_EQ(log, "0a||0 x=1\n2|c|1\n4p|u|1\n0{u}b||1\n1{u}b|v|1\n5p||1\n3q|d|1\n1a|tw|0\n");
}

}  // namespace
}  // namespace ferry::xml
