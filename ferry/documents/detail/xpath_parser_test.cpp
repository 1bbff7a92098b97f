#include "ferry/documents/detail/xpath_parser.hpp"

#include "ferry/core/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::xpath::detail {
namespace {

program compiled(std::string text)
{
    return parse(std::move(text), 128, 65536);
}

TEST(xpath_parser, says_where_and_why_an_expression_is_wrong)
{
    struct row {
        const char* text;
        std::size_t offset;
        const char* message;
    };
    for (const row& r : {
             row{"", 0, "the expression is empty"},
             row{"   ", 3, "the expression is empty"},
             row{"//", 2, "expected a name, '*' or a node test, found the end"},
             row{"//a[", 4, "expected an expression, found the end"},
             row{"//a[]", 4, "the predicate is empty"},
             row{"//a[1", 5, "expected ']', found the end"},
             row{"//a]", 3, "expected an operator or the end, found ']'"},
             row{"//a[@href='x]", 10, "the literal has no closing '"},
             row{"\"abc", 0, "the literal has no closing \""},
             row{"a b", 2, "expected an operator or the end, found 'b'"},
             row{"a/", 2, "expected a name, '*' or a node test, found the end"},
             row{"a//", 3, "expected a name, '*' or a node test, found the end"},
             row{"/a/5", 3, "expected a name, '*' or a node test, found '5'"},
             row{"@", 1, "expected a name, '*' or a node test, found the end"},
             row{"(1", 2, "expected ')', found the end"},
             row{"1 +", 3, "expected an expression, found the end"},
             row{"1e", 1, "expected an operator or the end, found 'e'"},
             row{"1e+", 1, "expected an operator or the end, found 'e'"},
             row{"1 2", 2, "expected an operator or the end, found '2'"},
             row{"a !b", 2, "'!' is no operator: write '!=' or not(...)"},
             row{"a && b", 2, "'&' is no operator: write 'and'"},
             row{"a == b", 3, "expected an expression, found '='"},
             row{"#id", 0, "unexpected character '#'"},
             row{"a\x01", 1, "unexpected control character"},
             row{"$", 0, "'$' needs a name after it"},
             row{"a:", 1, "':' needs a name or '*' after it"},
             row{":a", 0, "':' without a name before it"},
             row{"..[1]", 2, "'..' takes no predicate: write parent::node()[...]"},
             row{".[1]", 1, "'.' takes no predicate: write self::node()[...]"},
             row{"childs::a", 0, "unknown axis 'childs'; did you mean 'child'?"},
             row{"x/folowing-sibling::a", 2,
                 "unknown axis 'folowing-sibling'; did you mean 'following-sibling'?"},
             row{"zzz::a", 0, "unknown axis 'zzz'"},
             row{"p:self::a", 0, "an axis has no prefix"},
             row{"//a[containz(@b,'c')]", 4,
                 "unknown function 'containz'; did you mean 'contains'?"},
             row{"matches(a,'b')", 0, "unknown function 'matches'"},
             row{"/text(1)", 6, "expected ')', found '1'"},
             row{"//a/txt()", 4, "unknown node test 'txt()'; did you mean 'text'?"},
             row{"//a/string()", 4,
                 "string() is a function, and XPath 1.0 allows none as a step of a path"},
             row{"child::contains(a)", 7,
                 "contains() is a function, and XPath 1.0 allows none as a step of a path"},
             row{"contains('a')", 0, "contains() takes 2 arguments, not 1"},
             row{"not()", 0, "not() takes 1 argument, not 0"},
             row{"concat('a')", 0, "concat() takes 2 or more arguments, not 1"},
             row{"substring('a')", 0, "substring() takes 2 or 3 arguments, not 1"},
             row{"true(1)", 0, "true() takes 0 arguments, not 1"},
             row{"count('a')", 6, "count() needs a node-set, not a string"},
             row{"sum(1)", 4, "sum() needs a node-set, not a number"},
             row{"name(true())", 5, "name() needs a node-set, not a boolean"},
             row{"a | 'b'", 4, "'|' needs a node-set, not a string"},
             row{"1 | a", 0, "'|' needs a node-set, not a number"},
             row{"'a'/b", 0, "'/' needs a node-set, not a string"},
             row{"'a'[1]", 0, "a predicate needs a node-set, not a string"},
             row{"concat('a' 'b')", 11, "expected ',' or ')', found 'b'"},
             row{"1 or", 4, "expected an expression, found the end"},
             row{"a,b", 1, "expected an operator or the end, found ','"},
         }) {
        SCOPED_TRACE(r.text);
        try {
            compiled(r.text);
            ADD_FAILURE() << "no error";
        } catch (const parse_error& e) {
            EXPECT_EQ(e.where().offset, r.offset) << e.what();
            EXPECT_THAT(e.what(), testing::HasSubstr(r.message));
        }
    }
}

TEST(xpath_parser, shows_the_place_with_a_caret)
{
    try {
        compiled("//a[containz(@b, 'c')]");
        FAIL();
    } catch (const parse_error& e) {
        EXPECT_EQ(e.excerpt(), "//a[containz(@b, 'c')]\n    ^");
        EXPECT_STREQ(e.what(),
                     "XPath: unknown function 'containz'; did you mean 'contains'? "
                     "(line 1 column 5)");
    }
    try {
        compiled("//caf\xC3\xA9 and\n\t//x[#]");
        FAIL();
    } catch (const parse_error& e) {
        EXPECT_EQ(e.where().line, 2U);
        EXPECT_EQ(e.where().column, 6U);
        EXPECT_EQ(e.excerpt(), " //x[#]\n     ^");
    }
    try {
        compiled("'\xC3\xA9\xC3\xA9' #");
        FAIL();
    } catch (const parse_error& e) {
        EXPECT_EQ(e.excerpt(), "'\xC3\xA9\xC3\xA9' #\n     ^");
    }
    try {
        compiled(std::string(1000, ' ') + "#" + std::string(1000, ' '));
        FAIL();
    } catch (const parse_error& e) {
        EXPECT_LT(e.excerpt().size(), 200U);
    }
}

TEST(xpath_parser, limits_depth_and_length)
{
    struct row {
        const char* name;
        std::string text;
        const char* limit;
    };
    const auto repeated = [](std::string_view part, std::size_t count) {
        std::string out;
        for (std::size_t i = 0; i < count; ++i) out += part;
        return out;
    };
    for (const row& r : {
             row{"parentheses", repeated("(", 200) + "1" + repeated(")", 200), "max_depth"},
             row{"open only", repeated("(", 60'000), "max_depth"},
             row{"predicates", repeated("a[", 200) + "1" + repeated("]", 200), "max_depth"},
             row{"calls", repeated("not(", 200) + "1" + repeated(")", 200), "max_depth"},
             row{"additions", "1" + repeated("+1", 200), "max_depth"},
             row{"mixed", "1" + repeated("=1", 200), "max_depth"},
             row{"length", "'" + repeated("x", 65'536) + "'", "max_expression_bytes"},
         }) {
        SCOPED_TRACE(r.name);
        try {
            compiled(r.text);
            ADD_FAILURE() << "no error";
        } catch (const limit_error& e) {
            EXPECT_EQ(e.name(), r.limit);
        }
    }
    // Chains of these are flat.
    compiled("1" + repeated(" or 1", 5'000));
    compiled("1" + repeated(" and 1", 5'000));
    compiled("a" + repeated("|a", 5'000));
    compiled("a" + repeated("/a", 5'000));
    compiled(repeated("-", 5'000) + "1");
    compiled("a" + repeated("[1]", 5'000));
}

TEST(xpath_parser, turns_double_slash_into_one_scan)
{
    struct row {
        const char* text;
        std::size_t steps;
        detail::axis axis;
        bool deep;
        bool streams;
    };
    for (const row& r : {
             row{"//a", 1, axis::descendant, false, true},
             row{"//a[@b]", 1, axis::descendant, false, true},
             row{"//a[2]", 1, axis::child, true, true},
             row{"//a[position() > 1]", 1, axis::child, true, true},
             row{"//a[1][1][1][1][1][1][1][1]", 1, axis::child, true, true},
             row{"//a[1][1][1][1][1][1][1][1][1]", 2, axis::descendant_or_self, false, true},
             row{"//a[last()]", 2, axis::descendant_or_self, false, true},
             row{"//a[$n]", 2, axis::descendant_or_self, false, true},
             row{".//a", 1, axis::descendant, false, true},
             row{"./a", 1, axis::child, false, true},
             row{"//self::a", 1, axis::descendant_or_self, false, true},
             row{"//descendant::a", 1, axis::descendant, false, true},
             row{"//a//b", 2, axis::descendant, false, false},
             row{"//a/@b", 2, axis::descendant, false, true},
             row{"//@b", 2, axis::descendant_or_self, false, true},
             row{"//a[b[last()]]", 1, axis::descendant, false, true},
             row{"//a/..", 2, axis::descendant, false, false},
         }) {
        SCOPED_TRACE(r.text);
        const program p = compiled(r.text);
        ASSERT_EQ(p.root.steps.size(), r.steps);
        EXPECT_EQ(p.root.steps[0].axis, r.axis);
        EXPECT_EQ(p.root.steps[0].deep, r.deep);
        EXPECT_EQ(p.root.streams, r.streams);
    }
}

}  // namespace
}  // namespace ferry::xpath::detail
