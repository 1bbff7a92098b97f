// What parse_options accept beyond JSON, and what hooks make of a document.
#include "ferry/documents/json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace ferry::json {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

std::string read(std::string_view text, const parse_options& options)
{
    try {
        return dump(parse(text, options), dump_options().nan(nan_policy::literal));
    } catch (const error& e) {
        return e.what();
    }
}

TEST(json_relaxed, reads_what_json5_adds)
{
    struct row {
        std::string_view text;
        std::string_view same_as;
    };
    for (
        const row& r : {
            row{R"({
  // comments
  unquoted: 'and you can quote me on that',
  singleQuotes: 'I can use "double quotes" here',
  lineBreaks: "Look, Mom! \
No \\n's!",
  hexadecimal: 0xdecaf,
  leadingDecimalPoint: .8675309, andTrailing: 8675309.,
  positiveSign: +1,
  trailingComma: 'in objects', andIn: ['arrays',],
  "backwardsCompatible": "with JSON",
})",
                R"({"unquoted":"and you can quote me on that",)"
                R"("singleQuotes":"I can use \"double quotes\" here",)"
                R"("lineBreaks":"Look, Mom! No \\n's!","hexadecimal":912559,)"
                R"("leadingDecimalPoint":0.8675309,"andTrailing":8675309.0,"positiveSign":1,)"
                R"("trailingComma":"in objects","andIn":["arrays"],"backwardsCompatible":"with JSON"})"},
            row{"[]", "[]"},
            row{"[1,]", "[1]"},
            row{"{a:1,}", R"({"a":1})"},
            row{"{}", "{}"},
            row{"/**/[/*x*/1/* * / ** */,// y\n2//z", "refused"},
            row{"/**/[/*x*/1/* * / ** */,// y\n2//z\r]", "[1,2]"},
            row{"[1]// no line end", "[1]"},
            row{"[\"/* no */ // comment\"]", R"(["/* no */ // comment"])"},
            row{"\t\v\f \u00a0\ufeff\n\r\u2028\u2029\u2003[1]", "[1]"},
            row{"{while:1,$_:2,a$1:3,\u00fcml\u00e5\u00fbt:4,sig\\u03A3ma:5,null:6,a\u200cb:7}",
                "{\"while\":1,\"$_\":2,\"a$1\":3,\"\u00fcml\u00e5\u00fbt\":4,\"sig\u03a3ma\":5,"
                "\"null\":"
                "6,\"a\u200c"
                "b\":7}"},
            row{"{'a\\'b\"':'\"'}", R"({"a'b\"":"\""})"},
            row{R"('\b\f\n\r\t\v\0\x41\u00e9\ud83d\ude00\'\"\\\/\a\-')",
                "\"\\b\\f\\n\\r\\t\\u000b\\u0000A\u00e9\U0001F600'\\\"\\\\/a-\""},
            row{"'a\\\nb\\\r\nc\\\rd\\\u2028e'", "\"abcde\""},
            row{"'tab\tand \u2028'", "\"tab\\tand \u2028\""},
            row{"[0x0,0XfF,-0x10,+0xa,0xffffffffffffffffffff]",
                "[0,255,-16,10,1208925819614629174706175]"},
            row{"[.5,5.,-.5,+.5,5.e2,.5E-1,+0,-0,-0.0]", "[0.5,5.0,-0.5,0.5,500.0,0.05,0,0,-0.0]"},
            row{"[Infinity,-Infinity,+Infinity,NaN,-NaN]", "[Infinity,-Infinity,Infinity,NaN,NaN]"},
            row{"123456789012345678901234567890", "123456789012345678901234567890"},
            row{"null", "null"},
            row{"true", "true"},
            row{"false", "false"},
            row{"'one'", "\"one\""},
        }) {
        SCOPED_TRACE(r.text);
        const std::string got = read(r.text, parse_options().relaxed());
        if (r.same_as == "refused") {
            EXPECT_NE(got.find("(line"), std::string::npos) << got;
        } else {
            EXPECT_EQ(got, r.same_as);
        }
    }
}

TEST(json_relaxed, refuses_what_is_not_json5)
{
    for (const std::string_view text : {""sv,
                                        "// only a comment"sv,
                                        "/* only a comment */"sv,
                                        "/* open"sv,
                                        "[1]/"sv,
                                        "[1] /* open"sv,
                                        "[,]"sv,
                                        "[1,,]"sv,
                                        "[,1]"sv,
                                        "[1 2]"sv,
                                        "[1"sv,
                                        "[1,"sv,
                                        "{,}"sv,
                                        "{a:1,,}"sv,
                                        "{a:1 b:2}"sv,
                                        "{a}"sv,
                                        "{a:}"sv,
                                        "{a:1"sv,
                                        "{10twenty:1}"sv,
                                        "{multi-word:1}"sv,
                                        "{1:1}"sv,
                                        "{\\u0031a:1}"sv,
                                        "{\\u00:1}"sv,
                                        "{a\\x41:1}"sv,
                                        "{[a]:1}"sv,
                                        "'abc"sv,
                                        "\"abc'"sv,
                                        "'a\nb'"sv,
                                        "'a\rb'"sv,
                                        "'\\1'"sv,
                                        "'\\01'"sv,
                                        "'\\9'"sv,
                                        "'\\x4'"sv,
                                        "'\\xg1'"sv,
                                        "'\\u12'"sv,
                                        "'\\ud800'"sv,
                                        "'\\"sv,
                                        "010"sv,
                                        "080"sv,
                                        "00"sv,
                                        "-098"sv,
                                        "+0123"sv,
                                        "0x"sv,
                                        "0xg"sv,
                                        "0x1.5"sv,
                                        "."sv,
                                        "-."sv,
                                        "+."sv,
                                        ".e1"sv,
                                        "1e"sv,
                                        "1e+"sv,
                                        "1e2.3"sv,
                                        "1e0x4"sv,
                                        "+ 1"sv,
                                        "- 1"sv,
                                        "--1"sv,
                                        "+-1"sv,
                                        "1a"sv,
                                        "1..2"sv,
                                        "infinity"sv,
                                        "nan"sv,
                                        "Infinityx"sv,
                                        "undefined"sv,
                                        "True"sv,
                                        "truex"sv,
                                        "[1] x"sv,
                                        "`a`"sv,
                                        "1e400"sv,
                                        "-1e400"sv,
                                        "\xff"sv,
                                        "{a:'\xC3'}"sv,
                                        "\0"sv}) {
        SCOPED_TRACE(text);
        const std::string got = read(text, parse_options().relaxed());
        EXPECT_NE(got.find("(line"), std::string::npos) << got;
    }
    const auto relaxed = parse_options().relaxed();
    EXPECT_EQ(read(std::string(100'000, '['), relaxed), "limit max_depth = 1024 exceeded (1:1025)");
    EXPECT_EQ(read("0x" + std::string(5000, 'f'), relaxed),
              "limit max_digits = 4300 exceeded (1:5003)");
    EXPECT_EQ(read("{a:1,b:2,'a':3}", parse_options().relaxed().duplicates(duplicate_keys::error)),
              "Duplicate key (line 1 column 10)");
    EXPECT_EQ(read("[\n 'a',\n .]", relaxed), "Expecting value (line 3 column 2)");
}

TEST(json_relaxed, keeps_the_other_options)
{
    const auto relaxed = parse_options().relaxed();
    EXPECT_EQ(read("[.50,5.]", parse_options().relaxed().decimals()), "[0.50,5.0]");
    EXPECT_EQ(read("'\\ud800'", parse_options().relaxed().lone_surrogates(surrogates::replace)),
              "\"\uFFFD\"");
    EXPECT_EQ(read("'a\nb'", parse_options().relaxed().strict(false)), "\"a\\nb\"");
    EXPECT_EQ(read("[1e400]", parse_options().relaxed().overflow_to_infinity()), "[Infinity]");
    EXPECT_EQ(parse_prefix(" {a:1} rest", relaxed).consumed, 6U);
    EXPECT_EQ(dump(parse(as_bytes("{\0a\0:\0'\0\xE9\0'\0}\0"sv), relaxed)), "{\"a\":\"\u00e9\"}");
    // What is JSON is read as JSON is.
    for (const char* const text :
         {R"({"a":[1,-2.5e3,"x\n\u00e9\ud83d\ude00",null,true,false,{}],"b":{"":[[]]}})",
          "123456789012345678901234567890", "-0", "-0.0", "\"\"", " [ ] "}) {
        EXPECT_EQ(read(text, relaxed), read(text, parse_options()));
    }
}

TEST(json_parse, shows_every_duplicate)
{
    const auto all = parse_options().duplicates(duplicate_keys::all);
    EXPECT_EQ(read(R"({"a":1,"b":2,"a":3})", all), R"([["a",1],["b",2],["a",3]])");
    EXPECT_EQ(read(R"({"a":{"x":1,"x":2},"b":{"x":1}})", all),
              R"({"a":[["x",1],["x",2]],"b":{"x":1}})");
    EXPECT_TRUE(parse(R"({"a":1,"a":2})", all)[0].is_tuple());
    std::string many = "{\"a\":0";
    for (int i = 0; i < 1000; ++i) many += ",\"" + std::to_string(i) + "\":0";
    EXPECT_EQ(parse(many + ",\"999\":1}", all).size(), 1002U);
    EXPECT_TRUE(parse(many + '}', all).is_object());
}

TEST(json_parse, hooks_change_what_is_read)
{
    std::string seen;
    const auto hooks =
        parse_options()
            .object_hook([&seen](value v) {
                seen += dump(v) + ' ';
                return v.contains("$date") ? v["$date"] : v;
            })
            .float_hook([](std::string_view text) { return value{"f" + std::string{text}}; })
            .int_hook([](std::string_view text) { return value{"i" + std::string{text}}; });
    EXPECT_EQ(read(R"({"a":{"$date":"x"},"b":[1.50,{"c":2}],"d":null})", hooks),
              R"({"a":"x","b":["f1.50",{"c":"i2"}],"d":null})");
    EXPECT_EQ(seen, R"({"$date":"x"} {"c":"i2"} {"a":"x","b":["f1.50",{"c":"i2"}],"d":null} )");
    EXPECT_EQ(read("1e400", hooks), "\"f1e400\"");
    EXPECT_EQ(read("123456789012345678901234567890", hooks), "\"i123456789012345678901234567890\"");
    EXPECT_EQ(read("{a:+1}", parse_options(hooks).relaxed()), R"({"a":"i1"})");
    EXPECT_EQ(dump(parse_prefix("[1] x", hooks).parsed), R"(["i1"])");
    EXPECT_EQ(read("[1 2]", hooks), "Expecting ',' delimiter (line 1 column 4)");
    const auto refuse = parse_options().object_hook(
        [](const value&) -> value { throw error{errc::denied, "no objects"}; });
    EXPECT_EQ(read("[{}]", refuse), "no objects");
    const std::size_t depth = 50'000;
    const auto deep = parse_options().max_depth(depth).object_hook([](value v) { return v; });
    EXPECT_EQ(parse(std::string(depth, '[') + std::string(depth, ']'), deep).size(), 1U);
}

}  // namespace
}  // namespace ferry::json
