#include "ferry/documents/json.hpp"

#include "ferry/documents/json_lines.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <thread>

namespace shop {

struct trade {
    std::string symbol;
    double price = 0;
    std::int64_t volume = 0;
};
BOOST_DESCRIBE_STRUCT(trade, (), (symbol, price, volume))

}  // namespace shop

namespace ferry::json {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

std::string error_of(std::string_view text, const parse_options& options = parse_options())
{
    try {
        parse(text, options);
    } catch (const error& e) {
        return e.what();
    }
    return "accepted";
}

TEST(json_parse, reads_what_rfc_8259_allows)
{
    struct row {
        std::string_view text;
        value expected;
    };
    for (const row& r : {
             row{"null", nullptr},
             row{" true ", true},
             row{"\t\r\n false", false},
             row{"0", 0},
             row{"-0", 0},
             row{"-0.0", -0.0},
             row{"123", 123},
             row{"9223372036854775807", INT64_MAX},
             row{"-9223372036854775808", INT64_MIN},
             row{"9223372036854775808", value::integer("9223372036854775808")},
             row{"18446744073709551615", UINT64_MAX},
             row{"-123456789012345678901234567890",
                 value::integer("-123456789012345678901234567890")},
             row{"1.5", 1.5},
             row{"1e2", 100.0},
             row{"1E+2", 100.0},
             row{"-1.25e-2", -0.0125},
             row{"0e5", 0.0},
             row{"0.000000000000000000000000000001", 1e-30},
             row{"1e-400", 0.0},
             row{"5e-324", 5e-324},
             row{"2.2250738585072011e-308", 2.2250738585072011e-308},
             row{"1.7976931348623157e308", 1.7976931348623157e308},
             row{"9007199254740993.0", 9007199254740992.0},
             row{"9007199254740993.00000000000000001", 9007199254740994.0},
             row{"123456789012345678e-5", 1234567890123.45678},
             row{"1234567890123456789e27", 1234567890123456789e27},
             row{"123456789012345678901234567890.5", 123456789012345678901234567890.5},
             row{"\"\"", ""},
             row{"\"12345678901234\"", "12345678901234"},
             row{"\"123456789012345\"", "123456789012345"},
             row{R"("a\"b\\c\/d\b\f\n\r\t")", "a\"b\\c/d\b\f\n\r\t"},
             row{R"("\u00e9\u20AC\ud83d\ude00")", "\u00e9\u20ac\U0001F600"},
             row{R"("a long text before an \u00e9 and a long text behind it")",
                 "a long text before an \u00e9 and a long text behind it"},
             row{R"("\u0000")", value{"\0"sv}},
             row{"\"\u20ac\"", "\u20ac"},
             row{"\"\x7F\"", "\x7F"},
             row{"[]", value::array()},
             row{"[ ]", value::array()},
             row{"{}", value::object()},
             row{"{ }", value::object()},
             row{"[1,[2,[3]],{}]",
                 value::array(1, value::array(2, value::array(3)), value::object())},
             row{R"({"a":1,"b":{"c":[null]}})",
                 value{{"a", 1}, {"b", value{{"c", value::array(nullptr)}}}}},
             row{R"({"":1})", value{{"", 1}}},
             row{"\xEF\xBB\xBF[1]", value::array(1)},
         }) {
        SCOPED_TRACE(r.text);
        const value v = parse(r.text);
        EXPECT_EQ(v, r.expected);
        EXPECT_EQ(v.kind(), r.expected.kind());
        if (v.is_real()) {
            EXPECT_EQ(std::signbit(v.as<double>()), std::signbit(r.expected.as<double>()));
        }
        EXPECT_EQ(parse(dump(v)), v);
    }
}

TEST(json_parse, errors_have_pythons_words_and_places)
{
    struct row {
        std::string_view text;
        std::string_view message;
        std::size_t line;
        std::size_t column;
    };
    constexpr auto value_wanted = "Expecting value"sv;
    constexpr auto name_wanted = "Expecting property name enclosed in double quotes"sv;
    constexpr auto colon_wanted = "Expecting ':' delimiter"sv;
    constexpr auto comma_wanted = "Expecting ',' delimiter"sv;
    for (const row& r : {
             row{"", value_wanted, 1, 1},
             row{"  ", value_wanted, 1, 3},
             row{"\xEF\xBB\xBF", value_wanted, 1, 2},
             row{"{", name_wanted, 1, 2},
             row{"{a:1}", name_wanted, 1, 2},
             row{"{'a':1}", name_wanted, 1, 2},
             row{"{1:2}", name_wanted, 1, 2},
             row{"{,}", name_wanted, 1, 2},
             row{"{\"a\":1,}", name_wanted, 1, 8},
             row{"{\"a\":1, }", name_wanted, 1, 9},
             row{"{\"a\":1,", name_wanted, 1, 8},
             row{"{\"a\"", colon_wanted, 1, 5},
             row{"{\"a\" 1}", colon_wanted, 1, 6},
             row{"{ \"a\":1 , \"b\" }", colon_wanted, 1, 15},
             row{"{\"a\":", value_wanted, 1, 6},
             row{"{\"a\":}", value_wanted, 1, 6},
             row{"{\"a\":1 \"b\":2}", comma_wanted, 1, 8},
             row{"[1 2]", comma_wanted, 1, 4},
             row{"[1", comma_wanted, 1, 3},
             row{"[1}", comma_wanted, 1, 3},
             row{"{\"a\":1]", comma_wanted, 1, 7},
             row{"[truee]", comma_wanted, 1, 6},
             row{"[1.]", comma_wanted, 1, 3},
             row{"[1e+]", comma_wanted, 1, 3},
             row{"[", value_wanted, 1, 2},
             row{"[,1]", value_wanted, 1, 2},
             row{"[1,]", value_wanted, 1, 4},
             row{"[1,,2]", value_wanted, 1, 4},
             row{"]", value_wanted, 1, 1},
             row{"tru", value_wanted, 1, 1},
             row{"-", value_wanted, 1, 1},
             row{"--1", value_wanted, 1, 1},
             row{"+1", value_wanted, 1, 1},
             row{".5", value_wanted, 1, 1},
             row{"NaN", value_wanted, 1, 1},
             row{"-Infinity", value_wanted, 1, 1},
             row{"[\x0B"
                 "1]",
                 value_wanted, 1, 2},
             row{"\0"sv, value_wanted, 1, 1},
             row{"[1] x", "Extra data", 1, 5},
             row{"[1]]", "Extra data", 1, 4},
             row{"01", "Extra data", 1, 2},
             row{"-01", "Extra data", 1, 3},
             row{"1.", "Extra data", 1, 2},
             row{"1.5e+", "Extra data", 1, 4},
             row{"1 2", "Extra data", 1, 3},
             row{"[1]\0"sv, "Extra data", 1, 4},
             row{"\"abc", "Unterminated string starting at", 1, 1},
             row{"[\"abc\\", "Unterminated string starting at", 1, 2},
             row{"\"abc\\\"", "Unterminated string starting at", 1, 1},
             row{"\"a string that is longer than a block", "Unterminated string starting at", 1, 1},
             row{"\"a\nb\"", "Invalid control character at", 1, 3},
             row{"[\"a\tb\"]", "Invalid control character at", 1, 4},
             row{"\"\u00e9\n\"", "Invalid control character at", 1, 3},
             row{"\"\\x\"", "Invalid \\escape", 1, 2},
             row{"\"\\u12\"", "Invalid \\uXXXX escape", 1, 3},
             row{"\"\\u", "Invalid \\uXXXX escape", 1, 3},
             row{"\"\\u1234", "Invalid \\uXXXX escape", 1, 3},
             row{"\"\\u+123\"", "Invalid \\uXXXX escape", 1, 3},
             row{"\"\\ud800\\u00\"", "Invalid \\uXXXX escape", 1, 9},
             row{"[1,\n 2,\n  x]", value_wanted, 3, 3},
             row{"[\n\"a\",\n\"b\" \"c\"]", comma_wanted, 3, 5},
         }) {
        SCOPED_TRACE(r.text);
        try {
            parse(r.text);
            ADD_FAILURE() << "accepted";
        } catch (const parse_error& e) {
            EXPECT_TRUE(std::string_view{e.what()}.starts_with(std::string{r.message} + " (line"))
                << e.what();
            EXPECT_EQ(e.where().line, r.line);
            EXPECT_EQ(e.where().column, r.column);
        }
        EXPECT_FALSE(try_parse(r.text));
    }
}

TEST(json_parse, an_error_shows_its_surroundings)
{
    try {
        parse("{\"first\": 1,\n \"second\": x}\n");
        FAIL();
    } catch (const parse_error& e) {
        EXPECT_EQ(e.excerpt(), " \"second\": x}");
        EXPECT_EQ(e.where().offset, 24U);
    }
}

TEST(json_parse, refuses_hostile_text)
{
    struct row {
        const char* name;
        std::string text;
        const char* what;
    };
    for (const row& r : {
             row{"100,000 arrays", std::string(100'000, '['),
                 "limit max_depth = 1024 exceeded (1:1025)"},
             row{"100,000 objects",
                 [] {
                     std::string text;
                     for (int i = 0; i < 100'000; ++i) text += "{\"a\":";
                     return text;
                 }(),
                 "limit max_depth = 1024 exceeded (1:5121)"},
             row{"5000 digits", std::string(5000, '9'), "limit max_digits = 4300 exceeded (1:1)"},
             row{"overflow", "[1e400]", "Number out of range (line 1 column 2)"},
             row{"overlong", "\"\xC0\xAF\"", "Invalid UTF-8 (line 1 column 2)"},
             row{"surrogate", "\"\xED\xA0\x80\"", "Invalid UTF-8 (line 1 column 2)"},
             row{"truncated", "[\n\"\xE2\x82\"]", "Invalid UTF-8 (line 2 column 2)"},
             row{"beyond unicode", "\"\xF4\x90\x80\x80\"", "Invalid UTF-8 (line 1 column 2)"},
             row{"lone surrogate", R"(["\ud800"])",
                 "Unpaired surrogate in \\uXXXX escape (line 1 column 3)"},
             row{"low first", R"("\ude00\ud83d")",
                 "Unpaired surrogate in \\uXXXX escape (line 1 column 2)"},
         }) {
        SCOPED_TRACE(r.name);
        EXPECT_EQ(error_of(r.text), r.what);
    }
}

TEST(json_parse, limits_strings_and_keys)
{
    const auto error_with = [](const std::string& text, const parse_options& with) {
        try {
            parse(text, with);
            return std::string("ok");
        } catch (const error& e) {
            return std::string(e.what());
        }
    };
    const std::string long_text(100, 'x');
    for (const bool relaxed : {false, true}) {
        const auto with = parse_options().max_string_bytes(99).relaxed(relaxed);
        EXPECT_EQ(error_with("[1, \"" + long_text + "\"]", with),
                  "limit max_string_bytes = 99 exceeded (1:5)");
        EXPECT_EQ(error_with("{\"" + long_text + "\": 1}", with),
                  "limit max_string_bytes = 99 exceeded (1:2)");
        EXPECT_EQ(error_with("[1, \"" + long_text.substr(1) + "\", 22222222222]", with), "ok");
        EXPECT_EQ(error_with("[\"abc\"]", parse_options().max_string_bytes(2).relaxed(relaxed)),
                  "limit max_string_bytes = 2 exceeded (1:2)");
    }
    EXPECT_THROW(parse<std::vector<std::string>>("[\"" + long_text + "\"]",
                                                 parse_options().max_string_bytes(99)),
                 limit_error);
}

TEST(json_parse, a_deep_document_is_read_and_written_when_allowed)
{
    constexpr std::size_t depth = 100'000;
    const std::string text = std::string(depth, '[') + std::string(depth, ']');
    const value v = parse(text, parse_options().max_depth(depth));
    EXPECT_EQ(dump(v), text);
    EXPECT_EQ(parse(std::string(1024, '[') + std::string(1024, ']')).size(), 1U);
}

TEST(json_parse, options_change_what_is_accepted)
{
    EXPECT_TRUE(std::isnan(parse("NaN", parse_options().allow_nan()).as<double>()));
    EXPECT_EQ(parse("[-Infinity]", parse_options().allow_nan())[0].as<double>(), -INFINITY);
    EXPECT_EQ(error_of("+Infinity", parse_options().allow_nan()),
              "Expecting value (line 1 column 1)");
    EXPECT_EQ(parse("-1e400", parse_options().overflow_to_infinity()).as<double>(), -INFINITY);
    EXPECT_EQ(parse("\"a\nb\"", parse_options().strict(false)).as<std::string>(), "a\nb");
    EXPECT_EQ(parse(R"("\ud800x")", parse_options().lone_surrogates(surrogates::replace))
                  .as<std::string>(),
              "\uFFFDx");
    EXPECT_EQ(parse(R"("\ud800\ud83d\ude00")", parse_options().lone_surrogates(surrogates::wtf8))
                  .as<std::string>(),
              "\xED\xA0\x80\U0001F600");
    EXPECT_EQ(parse("1.10", parse_options().decimals()).to<std::string>(), "1.10");
    EXPECT_TRUE(parse("1", parse_options().decimals()).is_integer());
    EXPECT_EQ(error_of("[[1]]", parse_options().max_depth(1)),
              "limit max_depth = 1 exceeded (1:2)");
    EXPECT_EQ(error_of("12345", parse_options().max_digits(4)), "accepted");
    EXPECT_EQ(error_of("12345678901234567890", parse_options().max_digits(19)),
              "limit max_digits = 19 exceeded (1:1)");
}

TEST(json_parse, settles_duplicate_keys)
{
    constexpr auto text = R"({"a":1,"b":2,"a":3})"sv;
    EXPECT_EQ(dump(parse(text)), R"({"a":3,"b":2})");
    EXPECT_EQ(dump(parse(text, parse_options().duplicates(duplicate_keys::first))),
              R"({"a":1,"b":2})");
    const auto refuse = parse_options().duplicates(duplicate_keys::error);
    EXPECT_EQ(error_of(text, refuse), "Duplicate key (line 1 column 14)");
    EXPECT_EQ(error_of(R"({"a":{"b":1},"b":{"a":1,"c":2,"c":3}})", refuse),
              "Duplicate key (line 1 column 31)");
    EXPECT_EQ(error_of(R"({"a":{"b":1},"b":{"a":1}})", refuse), "accepted");
}

TEST(json_parse, recognises_the_encoding_of_bytes)
{
    struct row {
        const char* name;
        std::string_view data;
    };
    for (const row& r : {
             row{"utf-8", "[\"\xC3\xA9\"]"sv},
             row{"utf-8 with mark", "\xEF\xBB\xBF[\"\xC3\xA9\"]"sv},
             row{"utf-16-le", "[\0\"\0\xE9\0\"\0]\0"sv},
             row{"utf-16-be", "\0[\0\"\0\xE9\0\"\0]"sv},
             row{"utf-16-le with mark", "\xFF\xFE[\0\"\0\xE9\0\"\0]\0"sv},
             row{"utf-16-be with mark", "\xFE\xFF\0[\0\"\0\xE9\0\"\0]"sv},
             row{"utf-32-le", "[\0\0\0\"\0\0\0\xE9\0\0\0\"\0\0\0]\0\0\0"sv},
             row{"utf-32-be", "\0\0\0[\0\0\0\"\0\0\0\xE9\0\0\0\"\0\0\0]"sv},
             row{"utf-32-le with mark", "\xFF\xFE\0\0[\0\0\0\"\0\0\0\xE9\0\0\0\"\0\0\0]\0\0\0"sv},
         }) {
        SCOPED_TRACE(r.name);
        EXPECT_EQ(parse(as_bytes(r.data)), value::array("\u00e9"));
    }
    EXPECT_EQ(parse(as_bytes("1\0"sv)), value{1});
    EXPECT_EQ(parse(as_bytes("\"\0\x3D\xD8\x00\xDE\"\0"sv)), value{"\U0001F600"});
    for (const auto bad : {"[\0]"sv, "\"\0\x3D\xD8\"\0"sv, "[\0\0\0]\0\0"sv, "\0\0\xFE\xFF\0"sv,
                           "\0\0\xFE\xFF\0\x11\0\0"sv, "\xFF"sv}) {
        EXPECT_THROW(parse(as_bytes(bad)), parse_error);
    }
}

TEST(json_parse, reads_a_prefix)
{
    const auto [parsed, consumed] = parse_prefix("  [1] rest");
    EXPECT_EQ(parsed, value::array(1));
    EXPECT_EQ(consumed, 5U);
    EXPECT_EQ(parse_prefix("12x").consumed, 2U);
    EXPECT_THROW(parse_prefix("x"), parse_error);
}

TEST(json_parse, maps_structs_and_says_where_they_do_not_fit)
{
    const auto trades =
        parse<std::vector<shop::trade>>(R"([{"symbol":"A","price":1.5,"volume":3}])");
    ASSERT_EQ(trades.size(), 1U);
    EXPECT_EQ(trades[0].symbol, "A");
    EXPECT_EQ(trades[0].price, 1.5);
    struct row {
        std::string_view text;
        std::string_view what;
    };
    for (const row& r : {
             row{"[\n {\"symbol\": \"A\", \"price\": 1, \"volume\": 1},\n"
                 " {\"symbol\": \"B\", \"price\": \"x\", \"volume\": 1}]",
                 "$[1].price: expected number, got string (3:27)"},
             row{R"([{"symbol":"A","price":1,"volume":1.5}])",
                 "$[0].volume: expected integer, got number (1:35)"},
             row{R"([ {"symbol":"A","volume":1}])", "$[0].price: not found (1:3)"},
             row{R"({"a":1})", "$: expected array, got object (1:1)"},
             row{R"( [{"symbol":"A","price":{"x":[1,"]"]},"price":[],"volume":1}])",
                 "$[0].price: expected number, got array (1:47)"},
             row{R"([{"symbol":"A","price":1,"volume":99999999999999999999}])",
                 "$[0].volume: 99999999999999999999 does not fit int64 (1:35)"},
         }) {
        SCOPED_TRACE(r.text);
        try {
            parse<std::vector<shop::trade>>(r.text);
            FAIL();
        } catch (const error& e) {
            EXPECT_EQ(std::string_view{e.what()}, r.what);
        }
    }
}

TEST(json_parse, a_part_of_a_temporary_stays_valid)
{
    const value part = parse(R"({"a":{"b":["a text of more than 14 bytes"]}})")["a"]["b"];
    EXPECT_EQ(part[0].as<std::string>(), "a text of more than 14 bytes");
    EXPECT_EQ(parse(R"({"private_gists":419})")["private_gists"].as<int>(), 419);
}

TEST(json_lines, reads_one_document_a_line)
{
    std::int64_t volume = 0;
    constexpr auto text =
        "{\"symbol\":\"A\",\"price\":1,\"volume\":2}\r\n\n"
        "{\"symbol\":\"B\",\"price\":1,\"volume\":3}"sv;
    for (const auto& trade : lines<shop::trade>(text)) volume += trade.volume;
    EXPECT_EQ(volume, 5);
    for (const value& v : lines(""sv)) ADD_FAILURE() << dump(v);
    const lines<> bad("1\n\n[2\n3");
    auto at = bad.begin();
    EXPECT_EQ(*at, value{1});
    try {
        ++at;
        FAIL();
    } catch (const parse_error& e) {
        EXPECT_STREQ(e.what(), "Expecting ',' delimiter (line 3 column 3)");
    }
    try {
        for (const int n : lines<int>("1\n\"x\"\n")) EXPECT_EQ(n, 1);
        FAIL();
    } catch (const type_error& e) {
        EXPECT_STREQ(e.what(), "line 2: $: expected integer, got string");
    }
}

TEST(json_dump, writes_compact_utf8)
{
    struct row {
        value v;
        std::string_view text;
    };
    for (const row& r : {
             row{nullptr, "null"},
             row{true, "true"},
             row{-1, "-1"},
             row{INT64_MIN, "-9223372036854775808"},
             row{value::integer("123456789012345678901234567890"),
                 "123456789012345678901234567890"},
             row{value::decimal("1.10"), "1.10"},
             row{value::decimal("1}"), "\"1}\""},
             row{value::decimal("NaN"), "\"NaN\""},
             row{"", "\"\""},
             row{"\u00e9\u20ac\U0001F600/<\x7F", "\"\u00e9\u20ac\U0001F600/<\x7F\""},
             row{"a\"b\\c\b\f\n\r\t\x01\x1F", R"("a\"b\\c\b\f\n\r\t\u0001\u001f")"},
             row{"a text longer than a block, with a \" in it",
                 R"("a text longer than a block, with a \" in it")"},
             row{value::array(), "[]"},
             row{value::object(), "{}"},
             row{value::array(1, value::array(), value::object(), "x"), "[1,[],{},\"x\"]"},
             row{value{{"a", value::array(1, 2)}, {"b", value{{"c", nullptr}}}, {"d", 1}},
                 R"({"a":[1,2],"b":{"c":null},"d":1})"},
             row{value::tuple(1, value::set(2)), "[1,[2]]"},
             row{timestamp{}, "\"1970-01-01T00:00:00+00:00\""},
             row{zoned_time{timestamp{}, std::nullopt}, "\"1970-01-01T00:00:00\""},
         }) {
        SCOPED_TRACE(r.text);
        EXPECT_EQ(dump(r.v), r.text);
    }
}

TEST(json_dump, writes_reals_as_pythons_repr)
{
    struct row {
        double number;
        const char* text;
    };
    for (const row& r : {
             row{0.0, "0.0"},
             row{-0.0, "-0.0"},
             row{1.0, "1.0"},
             row{0.1, "0.1"},
             row{1e16, "1e+16"},
             row{1e15, "1000000000000000.0"},
             row{9999999999999998.0, "9999999999999998.0"},
             row{1e-5, "1e-05"},
             row{1e-4, "0.0001"},
             row{5e-324, "5e-324"},
             row{1.7976931348623157e308, "1.7976931348623157e+308"},
             row{-65.613616999999977, "-65.61361699999998"},
             row{1e22, "1e+22"},
             row{123456789.125, "123456789.125"},
         }) {
        SCOPED_TRACE(r.text);
        EXPECT_EQ(dump(r.number), r.text);
        EXPECT_EQ(parse(r.text).as<double>(), r.number);
    }
}

TEST(json_dump, follows_its_options)
{
    const value v{{"b", value::array(1, 2.0, nullptr, true)},
                  {"a", "\u00e9\U0001F600/<\x7F"},
                  {"e", value::array()}};
    EXPECT_EQ(dump(v, dump_options().python()),
              R"({"b": [1, 2.0, null, true], "a": "\u00e9\ud83d\ude00/<\u007f", "e": []})");
    EXPECT_EQ(dump(v, dump_options().sort_keys()),
              "{\"a\":\"\u00e9\U0001F600/<\x7F\",\"b\":[1,2.0,null,true],\"e\":[]}");
    EXPECT_EQ(dump(value{{"b", value::array(1, value::object("c", 2))}, {"e", value::object()}},
                   dump_options().indent(2)),
              "{\n  \"b\": [\n    1,\n    {\n      \"c\": 2\n    }\n  ],\n  \"e\": {}\n}");
    EXPECT_EQ(dump(value::array(1, 2), dump_options().indent(0)), "[\n1,\n2\n]");
    EXPECT_EQ(dump(value::array(1), dump_options().indent("\t")), "[\n\t1\n]");
    EXPECT_EQ(dump("</script>&\u2028\u2029", dump_options().html_safe()),
              R"("\u003c/script\u003e\u0026\u2028\u2029")");
    EXPECT_EQ(dump(value{{"z", value{{"b", 1}, {"a", 2}}}, {"y", value{{"d", 1}, {"c", 2}}}},
                   dump_options().sort_keys()),
              R"({"y":{"c":2,"d":1},"z":{"a":2,"b":1}})");
    EXPECT_EQ(dump("\xED\xA0\x80", dump_options().ascii()), R"("\ud800")");
    // No UTF-8 has them as they are.
    EXPECT_EQ(dump("\xED\xA0\x80"), R"("\ud800")");
    EXPECT_EQ(dump("a long text that ends in \xED\xBF\xBF"),
              R"("a long text that ends in \udfff")");
    EXPECT_EQ(dump(value::object("\xED\xA0\x80k", 1)), R"({"\ud800k":1})");
    EXPECT_EQ(dump("\uD7FF\uD000\uE000 in a longer text \uD7FF"),
              "\"\uD7FF\uD000\uE000 in a longer text \uD7FF\"");
}

TEST(json_dump, refuses_what_json_does_not_have)
{
    EXPECT_THROW(dump(std::nan("")), type_error);
    EXPECT_THROW(dump(INFINITY), type_error);
    EXPECT_EQ(dump(-INFINITY, dump_options().python()), "-Infinity");
    EXPECT_EQ(dump(std::nan(""), dump_options().nan(nan_policy::literal)), "NaN");
    EXPECT_EQ(dump(INFINITY, dump_options().nan(nan_policy::null)), "null");
    EXPECT_THROW(dump(value{to_bytes("ab")}), type_error);
    const auto lengths =
        dump_options().fallback([](const value& v) { return value::array(v.size()); });
    EXPECT_EQ(dump(value::array(to_bytes("ab"), 1), lengths), "[[2],1]");
    const auto useless = dump_options().fallback([](const value& v) { return v; });
    EXPECT_THROW(dump(value{to_bytes("ab")}, useless), type_error);
}

TEST(json_dump, writes_structs_and_containers)
{
    EXPECT_EQ(dump(shop::trade{"A", 1.5, 3}), R"({"symbol":"A","price":1.5,"volume":3})");
    EXPECT_EQ(dump(std::vector<int>{1, 2}), "[1,2]");
    EXPECT_EQ(dump(std::vector<std::optional<std::string>>{"a", std::nullopt}), "[\"a\",null]");
}

TEST(json_parse, threads_may_share_a_document)
{
    const value v = parse(R"({"list":[1,2,3],"text":"a text of more than 14 bytes"})");
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([v] {
            for (int i = 0; i < 100; ++i) EXPECT_EQ(parse(dump(v)), v);
        });
    }
    for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace ferry::json
