#include "ferry/documents/jsonpath.hpp"

#include "ferry/documents/json.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace ferry::jsonpath {
namespace {

/// The bookstore of RFC 9535 section 1.5.
const value& store()
{
    static const value doc = json::parse(R"({ "store": {
        "book": [
          { "category": "reference", "author": "Nigel Rees",
            "title": "Sayings of the Century", "price": 8.95 },
          { "category": "fiction", "author": "Evelyn Waugh",
            "title": "Sword of Honour", "price": 12.99 },
          { "category": "fiction", "author": "Herman Melville",
            "title": "Moby Dick", "isbn": "0-553-21311-3", "price": 8.99 },
          { "category": "fiction", "author": "J. R. R. Tolkien",
            "title": "The Lord of the Rings", "isbn": "0-395-19395-8", "price": 22.99 }
        ],
        "bicycle": { "color": "red", "price": 399 } } })");
    return doc;
}

std::string found(const value& doc, std::string_view query)
{
    std::string all;
    for (const value& v : select(doc, query)) all += json::dump(v) + ' ';
    if (!all.empty()) all.pop_back();
    return all;
}

std::string places(const value& doc, std::string_view query)
{
    std::string all;
    for (const auto& path : select(doc, query).paths()) all += path + ' ';
    if (!all.empty()) all.pop_back();
    return all;
}

TEST(jsonpath, finds_what_the_rfc_shows_for_the_bookstore)
{
    struct row {
        const char* query;
        const char* paths;
    };
    for (const row& r : {
             row{"$", "$"},
             row{"$.store.book[*].author",
                 "$['store']['book'][0]['author'] $['store']['book'][1]['author'] "
                 "$['store']['book'][2]['author'] $['store']['book'][3]['author']"},
             row{"$..author",
                 "$['store']['book'][0]['author'] $['store']['book'][1]['author'] "
                 "$['store']['book'][2]['author'] $['store']['book'][3]['author']"},
             row{"$.store.*", "$['store']['book'] $['store']['bicycle']"},
             row{"$..book[2]", "$['store']['book'][2]"},
             row{"$..book[2].publisher", ""},
             row{"$..book[-1]", "$['store']['book'][3]"},
             row{"$..book[0,1]", "$['store']['book'][0] $['store']['book'][1]"},
             row{"$..book[:2]", "$['store']['book'][0] $['store']['book'][1]"},
             row{"$..book[?@.isbn]", "$['store']['book'][2] $['store']['book'][3]"},
             row{"$..book[?@.price<10]", "$['store']['book'][0] $['store']['book'][2]"},
             row{"$..bicycle[*,'color']",
                 "$['store']['bicycle']['color'] "
                 "$['store']['bicycle']['price'] "
                 "$['store']['bicycle']['color']"},
         }) {
        SCOPED_TRACE(r.query);
        EXPECT_EQ(places(store(), r.query), r.paths);
    }
    EXPECT_EQ(select(store(), "$..*").count(), 27U);
}

/// RFC 9535 sections 2.3.5.3 and 2.4.
TEST(jsonpath, filters_as_the_rfc_shows)
{
    const value doc = json::parse(
        R"({"a":[3,5,1,2,4,6,{"b":"j"},{"b":"k"},{"b":{}},{"b":"kilo"}],
            "o":{"p":1,"q":2,"r":3,"s":5,"t":{"u":6}},"e":"f"})");
    struct row {
        const char* query;
        const char* values;
    };
    for (const row& r : {
             row{"$.a[?@.b == 'kilo']", R"({"b":"kilo"})"},
             row{"$.a[?(@.b == 'kilo')]", R"({"b":"kilo"})"},
             row{"$.a[?@>3.5]", "5 4 6"},
             row{"$.a[?@.b]", R"({"b":"j"} {"b":"k"} {"b":{}} {"b":"kilo"})"},
             row{"$[?@.*]",
                 "[3,5,1,2,4,6,{\"b\":\"j\"},{\"b\":\"k\"},{\"b\":{}},{\"b\":\"kilo\"}] "
                 "{\"p\":1,\"q\":2,\"r\":3,\"s\":5,\"t\":{\"u\":6}}"},
             row{"$[?@[?@.b]]",
                 "[3,5,1,2,4,6,{\"b\":\"j\"},{\"b\":\"k\"},{\"b\":{}},{\"b\":\"kilo\"}]"},
             row{"$.o[?@<3, ?@<3]", "1 2 1 2"},
             row{"$.a[?@<2 || @.b == \"k\"]", R"(1 {"b":"k"})"},
             row{"$.a[?match(@.b, \"[jk]\")]", R"({"b":"j"} {"b":"k"})"},
             row{"$.a[?search(@.b, \"[jk]\")]", R"({"b":"j"} {"b":"k"} {"b":"kilo"})"},
             row{"$.o[?@>1 && @<4]", "2 3"},
             row{"$.o[?@.u || @.x]", R"({"u":6})"},
             row{"$.a[?@.b == $.x]", "3 5 1 2 4 6"},
             row{"$.a[?@ == @]", R"(3 5 1 2 4 6 {"b":"j"} {"b":"k"} {"b":{}} {"b":"kilo"})"},
             row{"$.a[?@.b == {}]", "refused"},
             row{"$.a[?length(@.b) == 4].b", "\"kilo\""},
             row{"$.a[?count(@.*) == 1].b", R"("j" "k" {} "kilo")"},
             row{"$.a[?value(@..b) == 'j']", R"({"b":"j"})"},
             row{"$.a[?!(@ < 4 || @.b)]", "5 4 6"},
             row{"$.a[?!match(@.b, 'k.*') && @.b].b", R"("j" {})"},
         }) {
        SCOPED_TRACE(r.query);
        try {
            EXPECT_EQ(found(doc, r.query), r.values);
        } catch (const parse_error&) {
            EXPECT_STREQ(r.values, "refused");
        }
    }
}

/// RFC 9535 section 2.3.5.3, table 11.
TEST(jsonpath, compares_as_the_rfc_does)
{
    const value doc = json::parse(R"({"obj":{"x":"y"},"arr":[2,3]})");
    struct row {
        const char* comparison;
        bool holds;
    };
    for (const row& r : {
             row{"$.absent1 == $.absent2", true},
             row{"$.absent1 <= $.absent2", true},
             row{"$.absent == 'g'", false},
             row{"$.absent1 != $.absent2", false},
             row{"$.absent != 'g'", true},
             row{"1 <= 2", true},
             row{"1 > 2", false},
             row{"13 == '13'", false},
             row{"'a' <= 'b'", true},
             row{"'a' > 'b'", false},
             row{"$.obj == $.arr", false},
             row{"$.obj != $.arr", true},
             row{"$.obj == $.obj", true},
             row{"$.obj != $.obj", false},
             row{"$.arr == $.arr", true},
             row{"$.obj == 17", false},
             row{"$.obj <= $.arr", false},
             row{"$.obj < $.arr", false},
             row{"$.obj <= $.obj", true},
             row{"$.arr <= $.arr", true},
             row{"1 <= $.arr", false},
             row{"1 >= $.arr", false},
             row{"1 > $.arr", false},
             row{"true <= true", true},
             row{"true > true", false},
             row{"null <= null", true},
             row{"1 == 1.0", true},
             row{"1E2 == 100", true},
             row{"-0 == 0.0", true},
             row{"1e400 > 1e308", true},
             row{"123456789012345678901234567890 > 1e29", true},
             row{"'\\u00e9' > 'z'", true},
             row{"'\\ud83d\\ude00' > '\\uffff'", true},
         }) {
        SCOPED_TRACE(r.comparison);
        EXPECT_EQ(select(doc, "$[?" + std::string{r.comparison} + "]").count(), r.holds ? 2U : 0U);
    }
}

TEST(jsonpath, refuses_what_is_not_well_formed_or_not_well_typed)
{
    for (const char* const bad : {
             "",
             " $",
             "$ ",
             "a",
             "@",
             "@.a",
             "$a",
             "$.",
             "$..",
             "$...a",
             "$.1",
             "$.-a",
             "$.'a'",
             "$.a b",
             "$. a",
             "$.. a",
             "$[",
             "$[]",
             "$[ ]",
             "$[a]",
             "$['a]",
             "$['a\"]",
             "$[0",
             "$[,0]",
             "$[0,]",
             "$[0 1]",
             "$[00]",
             "$[-0]",
             "$[1.0]",
             "$[1e0]",
             "$[+1]",
             "$[- 1]",
             "$[0x1]",
             "$[9007199254740992]",
             "$[-9007199254740992]",
             "$[1:2:3:4]",
             "$[::01]",
             "$[:-0]",
             "$['\\a']",
             "$['\\\"']",
             "$[\"\\'\"]",
             "$['\\u12']",
             "$['\\ud800']",
             "$['\\ud800\\u0041']",
             "$['\\udc00']",
             "$['\n']",
             "$['",
             "$[?]",
             "$[?@",
             "$[?@.a",
             "$[?()]",
             "$[?(@.a]",
             "$[?@.a)]",
             "$[?@.a==]",
             "$[?==1]",
             "$[?@.a=1]",
             "$[?@.a===1]",
             "$[?@.a<>1]",
             "$[?@.a & @.b]",
             "$[?@.a | @.b]",
             "$[?@.a and @.b]",
             "$[?@.a &&]",
             "$[?|| @.a]",
             "$[?!]",
             "$[?!@.a==1]",
             "$[?!!@.a]",
             "$[?1]",
             "$[?'a']",
             "$[?true]",
             "$[?!true]",
             "$[?null]",
             "$[?@.a == true || false]",
             "$[?@.* == 1]",
             "$[?@..a == 1]",
             "$[?@[0,1] == 1]",
             "$[?1 == @[0:1]]",
             "$[?@[?@.a] == 1]",
             "$[?(@.a) == 1]",
             "$[?@.a == (1)]",
             "$[?@.a == 1 == 1]",
             "$[?@.a == 01]",
             "$[?@.a == 1.]",
             "$[?@.a == .1]",
             "$[?@.a == -]",
             "$[?@.a == 1e]",
             "$[?@.a == +1]",
             "$[?@.a == NaN]",
             "$[?@.a == [1]]",
             "$[?@.a == {}]",
             "$[?length(@.a)]",
             "$[?count(@.a)]",
             "$[?value(@.a)]",
             "$[?length() == 1]",
             "$[?length(@.a, @.b) == 1]",
             "$[?length(@.*) == 1]",
             "$[?length(@.a && @.b) == 1]",
             "$[?count(1) == 1]",
             "$[?count('a') == 1]",
             "$[?count(length(@.a)) == 1]",
             "$[?count((@.a)) == 1]",
             "$[?value(1) == 1]",
             "$[?match(@.a)]",
             "$[?match(@.*, 'a')]",
             "$[?match(@.a, 'a') == true]",
             "$[?true == search(@.a, 'a')]",
             "$[?match (@.a, 'a')]",
             "$[?length(match(@.a, 'a')) == 1]",
             "$[?foo(@.a)]",
             "$[?LENGTH(@.a) == 1]",
             "$[?@.a == nothing]",
             "$[?@.a == TRUE]",
             "$[?@.a == tru]",
             "$[?$.a.]",
             "$[?@ .a ]]",
             "$['a'].",
             "$.a[",
             "$.*a",
             "$*",
             "$**",
             "$[**]",
             "$[*a]",
             "$.\x7f",
             "$.a\xff",
             "$['\xed\xa0\x80']",
             "$[?@.a==1 @.b==2]",
             "$.&",
             "$.a#",
             "$[\"a\" \"b\"]",
         }) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(compile(bad), parse_error);
    }
    try {
        compile("$.store[?@.price < ]");
        FAIL();
    } catch (const parse_error& e) {
        EXPECT_STREQ(e.what(),
                     "JSONPath: expected a query, a literal or a function (line 1 column 20)");
        EXPECT_EQ(e.excerpt(), "$.store[?@.price < ]");
    }
}

TEST(jsonpath, accepts_white_space_only_where_the_grammar_has_it)
{
    const value doc = json::parse(R"({"a":[{"b":1},{"b":2}]})");
    for (const char* const query :
         {"$ .a [0] .b", "$\n['a']\t[ 0 ]\r['b']", "$.a[ ? @.b == 1 ] . b",
          "$.a[?\n(\n@ .b\n)\n&&@.b<2 ].b", "$.a[?length( \"x\" )==@.b].b", "$ ..[ ?@ .b==1 ]['b']",
          "$.a[0 : 1 : 1].b", "$.a[?@[ 'b' ] == 1].b"}) {
        SCOPED_TRACE(query);
        if (std::string_view{query}.find(". b") != std::string_view::npos) {
            EXPECT_THROW(compile(query), parse_error);
        } else {
            EXPECT_EQ(found(doc, query), "1");
        }
    }
}

TEST(jsonpath, slices_as_the_rfc_does)
{
    const value doc = json::parse("[0,1,2,3,4,5,6]");
    struct row {
        const char* slice;
        const char* values;
    };
    for (const row& r : {
             row{"1:3", "1 2"},
             row{"5:", "5 6"},
             row{"1:5:2", "1 3"},
             row{"5:1:-2", "5 3"},
             row{"::-1", "6 5 4 3 2 1 0"},
             row{":", "0 1 2 3 4 5 6"},
             row{"::0", ""},
             row{"-2:", "5 6"},
             row{":-5", "0 1"},
             row{"-100:2", "0 1"},
             row{"5:100", "5 6"},
             row{"100:", ""},
             row{"2:2", ""},
             row{"3:1", ""},
             row{"1:3:-1", ""},
             row{"100:4:-1", "6 5"},
             row{"1:-100:-1", "1 0"},
             row{"::9007199254740991", "0"},
             row{"::-9007199254740991", "6"},
             row{"-9007199254740991:9007199254740991:3", "0 3 6"},
         }) {
        SCOPED_TRACE(r.slice);
        EXPECT_EQ(found(doc, "$[" + std::string{r.slice} + "]"), r.values);
    }
    EXPECT_EQ(found(json::parse("{\"a\":1}"), "$[0:1]"), "");
    EXPECT_EQ(found(value{"text"}, "$[0]"), "");
}

TEST(jsonpath, paths_are_normalised)
{
    const value doc =
        json::parse(R"({"a'b\\c\"\b\f\n\r\t\u0001\u001f\u007f/~é":[[7]],"":{"x":1}})");
    const char* const path = R"($['a\'b\\c"\b\f\n\r\t\u0001\u001f)"
                             "\x7f/~\u00e9'][0][0]";
    const auto all = select(doc, "$.*[0][0]").all();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].path, path);
    EXPECT_EQ(select(doc, path).first(), all[0].found);
    auto walk = select(doc, "$..x");
    ASSERT_TRUE(walk.next());
    EXPECT_EQ(walk.current().path(), "$['']['x']");
    EXPECT_EQ(walk.current().pointer(), "//x");
    EXPECT_FALSE(walk.next());
    EXPECT_FALSE(walk.next());
    EXPECT_EQ(places(doc, "$"), "$");
}

TEST(jsonpath, is_lazy)
{
    value doc = value::array();
    for (int i = 0; i < 1'000'000; ++i) doc.push_back(i);
    const auto all = compile("$[?@ >= 10]");
    EXPECT_EQ(all.select(doc).max_steps(11).first()->as<int>(), 10);
    EXPECT_EQ(all.select(doc).count(), 999'990U);
    EXPECT_THROW(all.select(doc).max_steps(1000).count(), limit_error);
}

TEST(jsonpath, hostile_queries_and_documents_hit_limits)
{
    std::string groups = "$[?";
    for (int i = 0; i < 1000; ++i) groups += '(';
    EXPECT_THROW(compile(groups), limit_error);
    std::string filters = "$";
    for (int i = 0; i < 1000; ++i) filters += "[?@";
    EXPECT_THROW(compile(filters), limit_error);
    std::string calls = "$[?";
    for (int i = 0; i < 1000; ++i) calls += "length(";
    EXPECT_THROW(compile(calls), limit_error);
    EXPECT_THROW(compile("$" + std::string(max_query_bytes, 'a')), limit_error);
    EXPECT_THROW(compile("$[?match(@, '(a{1000}){1000}')]"), limit_error);

    const std::size_t depth = 100'000;
    const value deep = json::parse(std::string(depth, '[') + std::string(depth, ']'),
                                   json::parse_options().max_depth(depth));
    EXPECT_EQ(select(deep, "$..*").count(), depth - 1);
    EXPECT_THROW(select(deep, "$..*..*..*").max_steps(1'000'000).count(), limit_error);
    EXPECT_THROW(select(deep, "$..[?count($..*) > 1]").max_steps(1'000'000).count(), limit_error);
}

TEST(jsonpath, threads_may_share_a_query)
{
    const auto query = compile("$..book[?match(@.author, '.*Re.s') && length(@.title) > 3].title");
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&query] {
            for (int i = 0; i < 100; ++i) {
                EXPECT_EQ(query.select(store()).first()->as<std::string>(),
                          "Sayings of the Century");
            }
        });
    }
    for (auto& thread : threads) thread.join();
}

TEST(jsonpath, knows_singular_queries)
{
    EXPECT_TRUE(compile("$").is_singular());
    EXPECT_TRUE(compile("$.a[0]['b'][-1]").is_singular());
    for (const char* const several : {"$.*", "$..a", "$[0,0]", "$[0:1]", "$[?@]"}) {
        EXPECT_FALSE(compile(several).is_singular()) << several;
    }
    EXPECT_EQ(compile("$.a").text(), "$.a");
}

TEST(iregexp, matches_as_rfc_9485_says)
{
    struct row {
        const char* pattern;
        const char* yes;  ///< matches as a whole; null: nothing is tried
        const char* no;
    };
    for (const row& r : {
             row{"", "", "a"},
             row{"a|b|", "b", "c"},
             row{"()", "", "a"},
             row{"(a(b|c))*d", "abacd", "abad"},
             row{"a{2}", "aa", "aaa"},
             row{"a{2,}", "aaaa", "a"},
             row{"a{0,2}", "", "aaa"},
             row{"a{02,003}", "aaa", "a"},
             row{".", "\u2028", "\n"},
             row{"..", "\U0001F600\u00e9", "\r\r"},
             row{"[.]", ".", "a"},
             row{"\\.", ".", "a"},
             row{"[^a]", "\n", "a"},
             row{"[a-cx]", "b", "d"},
             row{"[-a]", "-", "b"},
             row{"[a-]", "-", "b"},
             row{"[^-a]", "b", "-"},
             row{"[a^]", "^", "b"},
             row{"[\\]\\[\\-\\\\]+", "][-\\", "a"},
             row{"[ -~]+", "az-]", "\u00e9"},
             row{"\\n\\r\\t", "\n\r\t", "nrt"},
             row{"\\(\\)\\*\\+\\-\\.\\?\\[\\\\\\]\\^\\{\\|\\}", "()*+-.?[\\]^{|}", ""},
             row{"\\p{Lu}\\p{L}*", "\u00c9a", "\u00e9a"},
             row{"\\P{L}", "1", "a"},
             row{"[\\p{Lu}0-9]+", "A\u00c901", "a"},
             row{"[^\\P{L}]", "a", "1"},
             row{"\\p{Cn}", "\u0378", "a"},
             row{"[^\\p{Cn}]", "a", "\u0378"},
             row{"\\P{Cn}", "a", "\u0378"},
             row{"[a\\p{C}]", "\u0378", "b"},
             row{"\\P{C}", "b", "\u0378"},
             row{"/&\"'<>=!@#%~`:;,_ -", "/&\"'<>=!@#%~`:;,_ -", "a"},
             row{"^ab.*", "abc", "xab"},
             row{".*bc$", "abc", "bcd"},
             row{"(?i)a", nullptr, "a"},
             row{"a*?", nullptr, "a"},
             row{"a++", nullptr, "a"},
             row{"a**", nullptr, "a"},
             row{"*a", nullptr, "a"},
             row{"a|*", nullptr, "a"},
             row{"(a", nullptr, "a"},
             row{"a)", nullptr, "a"},
             row{"[a", nullptr, "a"},
             row{"a]", nullptr, "a]"},
             row{"[]", nullptr, ""},
             row{"[]a]", nullptr, "a"},
             row{"[b-a]", nullptr, "a"},
             row{"[a-b-c]", nullptr, "b"},
             row{"[a[b]]", nullptr, "a]"},
             row{"[[:alpha:]]", nullptr, "a"},
             row{"a{", nullptr, "a{"},
             row{"a{,2}", nullptr, "a"},
             row{"a{2,1}", nullptr, "aa"},
             row{"a{x}", nullptr, "a"},
             row{"{1}", nullptr, "a"},
             row{"}", nullptr, "}"},
             row{"\\d", nullptr, "1"},
             row{"\\w", nullptr, "a"},
             row{"\\b", nullptr, ""},
             row{"\\Q", nullptr, "Q"},
             row{"\\/", nullptr, "/"},
             row{"\\", nullptr, "\\"},
             row{"\\p{Greek}", nullptr, "\u03b1"},
             row{"\\p{Lx}", nullptr, "a"},
             row{"\\pL", nullptr, "a"},
             row{"\\p{L", nullptr, "a"},
             row{"\\x41", nullptr, "A"},
             row{"(a)\\1", nullptr, "aa"},
             row{"(?:a)", nullptr, "a"},
             row{"(?=a)", nullptr, "a"},
         }) {
        SCOPED_TRACE(r.pattern);
        const value doc =
            value::array(value::array(r.yes == nullptr ? "" : r.yes, r.no), r.pattern);
        const auto matched = found(doc, "$[0][?match(@, $[1])]");
        EXPECT_EQ(matched, r.yes == nullptr ? "" : json::dump(r.yes));
        // The same pattern as a literal of the query.
        std::string literal;
        for (const char c : std::string_view{r.pattern}) {
            if (c == '\\' || c == '\'') literal += '\\';
            literal += c;
        }
        EXPECT_EQ(found(doc, "$[0][?match(@, '" + literal + "')]"), matched);
    }
}

}  // namespace
}  // namespace ferry::jsonpath
