#include "ferry/documents/xml_struct.hpp"

#include "ferry/documents/html_table.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/documents/xmltodict.hpp"

#include <gtest/gtest.h>

#include <map>

namespace library {

enum class state { lent = 1, here };
BOOST_DESCRIBE_ENUM(state, lent, here)

struct author {
    std::string name;
    std::optional<int> born;
};
BOOST_DESCRIBE_STRUCT(author, (), (name, born))

struct book {
    std::string id;
    std::string title;
    std::optional<double> price;
    std::vector<author> by;
    std::set<std::string> tags;
    bool old = false;
    state where = state::here;
    std::chrono::system_clock::time_point since;
    std::map<std::string, int> counts;
    ferry::value more;
};
BOOST_DESCRIBE_STRUCT(book, (), (id, title, price, by, tags, old, where, since, counts, more))

constexpr auto describe_fields(const book*)
{
    return ferry::fields(
        ferry::field<&book::id>().name("@id"), ferry::field<&book::by>().name("author"),
        ferry::field<&book::tags>().name("tag"), ferry::field<&book::old>().optional(),
        ferry::field<&book::where>().optional(), ferry::field<&book::since>().optional(),
        ferry::field<&book::counts>().optional(), ferry::field<&book::more>().collect());
}

struct note {
    std::string lang;
    std::string text;
};
BOOST_DESCRIBE_STRUCT(note, (), (lang, text))
constexpr auto describe_fields(const note*)
{
    return ferry::fields(ferry::field<&note::lang>().name("@lang"),
                         ferry::field<&note::text>().name("#text"));
}

struct branch {
    std::vector<branch> branches;
};
BOOST_DESCRIBE_STRUCT(branch, (), (branches))
constexpr auto describe_fields(const branch*)
{
    return ferry::fields(ferry::field<&branch::branches>().name("b"));
}

}  // namespace library

namespace ferry::xml {
namespace {

TEST(xml_struct, reads_elements_and_attributes_by_their_names)
{
    const auto b = parse<library::book>(R"(<book id='b1' old=' true '>
  <title>Tides <i>and</i> winds</title><price> +09.50 </price>
  <author name="Ann"><born>1970</born></author>
  <author><name>Bo</name><born/></author>
  <tag>sea</tag><tag>sea</tag><tag>air</tag>
  <where>lent</where><since>2026-03-01T10:00:00Z</since>
  <counts><read>3</read><lent>2</lent></counts>
  <shelf n="4">low</shelf></book>)");
    EXPECT_EQ(b.id, "b1");
    EXPECT_EQ(b.title, "Tides and winds");
    EXPECT_EQ(b.price, 9.5);
    ASSERT_EQ(b.by.size(), 2U);
    EXPECT_EQ(b.by[0].name, "Ann");
    EXPECT_EQ(b.by[0].born, 1970);
    EXPECT_EQ(b.by[1].name, "Bo");
    EXPECT_EQ(b.by[1].born, std::nullopt);
    EXPECT_EQ(b.tags, (std::set<std::string>{"air", "sea"}));
    EXPECT_TRUE(b.old);
    EXPECT_EQ(b.where, library::state::lent);
    EXPECT_EQ(b.since.time_since_epoch(), std::chrono::seconds(1772359200));
    EXPECT_EQ(b.counts, (std::map<std::string, int>{{"read", 3}, {"lent", 2}}));
    EXPECT_EQ(json::dump(b.more), R"({"shelf":{"@n":"4","#text":"low"}})");
}

TEST(xml_struct, reads_lists_namespaces_and_texts)
{
    const auto books = parse<std::vector<library::book>>(
        "<books><book id='1'><title/></book><book id='2'><title>x</title></book></books>");
    ASSERT_EQ(books.size(), 2U);
    EXPECT_EQ(books[0].title, "");
    EXPECT_TRUE(books[1].by.empty());
    EXPECT_EQ(parse<std::vector<int>>("<a><b> 1 </b><c>-2</c></a>"), (std::vector<int>{1, -2}));
    EXPECT_EQ(parse<library::author>("<p:a xmlns:p='u'><p:name>N</p:name></p:a>").name, "N");
    const auto n = parse<library::note>("<note lang='de'>Hallo<br/>x</note>");
    EXPECT_EQ(n.lang + n.text, "deHallo");
    EXPECT_EQ(json::dump(parse<value>("<a x='1'><b>2</b></a>")), R"({"@x":"1","b":"2"})");
    const document d = parse("<books><book id='1'><title>t</title></book></books>");
    EXPECT_EQ(from_element<library::book>(*d.find("book")).title, "t");
}

TEST(xml_struct, comes_back_from_xmltodict)
{
    const std::string text = "<note lang=\"de\">Hallo</note>";
    const auto n = parse<library::note>(text);
    EXPECT_EQ(xmltodict::unparse(value{{"note", to_value(n)}},
                                 xmltodict::unparse_options().full_document(false)),
              text);
}

TEST(xml_struct, says_where_what_is_wrong)
{
    struct row {
        const char* text;
        const char* what;
    };
    for (const row& r : {
             row{"<book id='1'><title>t</title><price>x</price></book>",
                 "element 'book' (line 1 column 1): $.price: expected number, got string"},
             row{"<book><title>t</title></book>", "$[\"@id\"]: not found"},
             row{"<book id='1'/>", "$.title: not found"},
             row{"<book id='1'><title>t</title><title>u</title></book>",
                 "$.title: expected one element, got 2"},
             row{"<book id='1'><title>t</title><author name='a'/><author/></book>",
                 "$.author[1].name: not found"},
             row{"<book id='1'><title>t</title><where>lost</where></book>",
                 "$.where: expected one of lent here, got \"lost\""},
             row{"<book id='1'><title>t</title><counts><a>1</a><a>2</a></counts></book>",
                 "$.a: expected one element, got 2"},
             row{"<book id='1'><title>t", "element 'title' is not closed"},
         }) {
        SCOPED_TRACE(r.text);
        try {
            parse<library::book>(r.text);
            FAIL();
        } catch (const error& e) {
            EXPECT_NE(std::string(e.what()).find(r.what), std::string::npos) << e.what();
        }
    }
    std::string deep = "<b/>";
    for (int i = 0; i < 600; ++i) deep = "<b>" + deep + "</b>";
    EXPECT_THROW(parse<library::branch>(deep, options().max_depth(1000)), limit_error);
}

TEST(xml_struct, is_the_description_that_json_and_tables_follow)
{
    const auto n = json::parse<library::note>(R"({"@lang":"de","#text":"x"})");
    EXPECT_EQ(json::dump(n), R"({"@lang":"de","#text":"x"})");
    const auto b = json::parse<library::book>(
        R"({"@id":"1","title":"t","author":[],"tag":["x"],"price":null,"shelf":4})");
    EXPECT_EQ(json::dump(b.more), R"({"shelf":4})");
    EXPECT_EQ(b.where, library::state::here);
    EXPECT_THROW(json::parse<library::note>(R"({"lang":"de","text":"x"})"), lookup_error);
    const html::document page = html::parse("<table><tr><th>@lang<th>#text<tr><td>de<td>1</table>");
    const auto notes = html::table(*page.select_one("table")).as<library::note>();
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_EQ(notes[0].text, "1");
}

}  // namespace
}  // namespace ferry::xml
