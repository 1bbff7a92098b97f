#include "ferry/documents/json_reader.hpp"

#include "ferry/documents/json.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cmath>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace shop {

enum class state { open, paid };
BOOST_DESCRIBE_ENUM(state, open, paid)

struct line {
    std::string name;
    std::uint8_t count = 0;
};
BOOST_DESCRIBE_STRUCT(line, (), (name, count))

/// Joins in by its own two functions.
struct money {
    std::int64_t cents = 0;
};
void to_value(ferry::value& out, const money& m)
{
    out = std::to_string(m.cents) + " cents";
}
void from_value(const ferry::value& in, money& m)
{
    const auto text = in.as<std::string>();
    m.cents = ferry::value{text.substr(0, text.find(' '))}.to<std::int64_t>();
}

struct bill {
    std::int64_t id = 0;
    bool paid = false;
    float ratio = 0;
    double price = 0;
    std::optional<std::string> note;
    std::unique_ptr<line> first;
    std::vector<line> lines;
    std::list<bool> flags;
    std::vector<bool> bits;
    std::array<int, 2> pair{};
    std::tuple<int, std::string> both;
    std::map<std::string, int> by_name;
    std::map<int, std::string> by_number;
    std::set<int> set;
    state status = state::open;
    std::variant<std::monostate, int, line, std::vector<int>, std::string> one_of;
    std::chrono::system_clock::time_point when;
    std::chrono::milliseconds wait{};
    ferry::value anything;
    money cost;
    std::uint64_t large = 0;
};
BOOST_DESCRIBE_STRUCT(bill, (),
                      (id, paid, ratio, price, note, first, lines, flags, bits, pair, both, by_name,
                       by_number, set, status, one_of, when, wait, anything, cost, large))

struct tree {
    std::vector<tree> children;
};
BOOST_DESCRIBE_STRUCT(tree, (), (children))

}  // namespace shop

namespace ferry::json {
namespace {

using namespace std::string_literals;

constexpr std::string_view bill_text = R"({
  "id": -12, "paid": true, "ratio": 0.5, "price": 17, "note": "caf\u00e9 \"x\"",
  "unknown": [{"a": [1.5e3, "\\"]}],
  "first": {"name": "a name of more than 14 bytes", "count": 200},
  "lines": [{"name":"","count":0},{"count":1,"name":"b"}],
  "flags": [true,false], "bits": [false,true], "pair": [1, 2], "both": [3, "x"],
  "by_name": {"a": 1, "b\n": 2}, "by_number": {"7": "seven", "-1": "y"}, "set": [3, 1, 2],
  "status": "paid",
  "one_of": {"name": "c", "count": 3}, "when": "1970-01-02T00:00:00Z", "wait": 1.5,
  "anything": {"x": [1, {"y": "a text of more than 14 bytes"}, null]}, "cost": "250 cents",
  "large": 9007199254740993,
  "ignored": "\ud83d\ude00", "more": {"n": null, "t": true, "f": false, "i": 123456789012345678901234567890}
})";

/// Changes a text in a few places.
std::string changed(std::string text, std::mt19937& random)
{
    constexpr std::string_view pieces[] = {"{",
                                           "}",
                                           "[",
                                           "]",
                                           ",",
                                           ":",
                                           "\"",
                                           "\\",
                                           "\\u12",
                                           "\\ud800",
                                           "1",
                                           "-",
                                           "0",
                                           ".",
                                           "e5",
                                           "e400",
                                           "null",
                                           "true",
                                           "fals",
                                           " ",
                                           "\n",
                                           "\x01",
                                           "\xC3",
                                           "x",
                                           "[]",
                                           "{}",
                                           "\"id\":1,",
                                           "\"\":",
                                           ",,",
                                           "\t",
                                           "-0",
                                           "00",
                                           "1e-5",
                                           "NaN",
                                           "[1]",
                                           "{\"a\":1}",
                                           "\xE2\x82\xAC",
                                           "\\\"",
                                           "300",
                                           "\\\\"};
    for (std::uint32_t times = random() % 3; times != ~0U; --times) {
        const std::size_t at = random() % text.size();
        switch (random() % 4) {
            case 0: text.erase(at, 1 + random() % 3); break;
            case 1: text.insert(at, pieces[random() % std::size(pieces)]); break;
            case 2: text.replace(at, 1, pieces[random() % std::size(pieces)]); break;
            default: text.insert(at, text.substr(random() % text.size(), random() % 12)); break;
        }
        if (text.empty()) text = " ";
    }
    return text;
}

const parse_options strange = parse_options()
                                  .decimals()
                                  .overflow_to_infinity()
                                  .lone_surrogates(surrogates::wtf8)
                                  .duplicates(duplicate_keys::first)
                                  .max_depth(4)
                                  .max_digits(30);

TEST(json_reader, accepts_what_the_careful_way_accepts_and_makes_the_same)
{
    std::mt19937 random(1);
    int read = 0;
    for (int i = 0; i < 20'000; ++i) {
        const std::string text = changed(std::string{bill_text}, random);
        SCOPED_TRACE(text);
        for (const parse_options& options : {parse_options(), strange}) {
            value quick;
            const bool done = detail::read_document(text, options, quick);
            std::optional<value> careful;
            try {
                careful = detail::parse_carefully(text, options);
            } catch (const error&) {
                // Refused.
            }
            ASSERT_EQ(done, careful.has_value());
            if (!done) continue;
            ++read;
            // Texts, since a decimal with an enormous exponent equals nothing.
            ASSERT_EQ(dump(quick, dump_options().python()),
                      dump(*careful, dump_options().python()));
        }
    }
    EXPECT_GT(read, 1000);
}

TEST(json_reader, leaves_to_the_careful_way_what_it_does_not_know)
{
    value v;
    for (const std::string_view text :
         {"",      " ",          "1",          "\"a\"", "null",  "[",     "]",        "[1",
          "1]",    "{]",         "[}",         "[1]]",  "[[1]",  "[1] 2", "{\"a\":1", "[1,]",
          "[NaN]", "[\"\x01\"]", "[\"\xFF\"]", "[\"a]", "[tru]", "[t]",   "[-]"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(detail::read_document(text, parse_options(), v));
    }
    EXPECT_FALSE(detail::read_document("[]", parse_options().duplicates(duplicate_keys::error), v));
    EXPECT_TRUE(detail::read_document("\xEF\xBB\xBF[]", parse_options(), v));
    const std::string deep = std::string(1024, '[') + std::string(1024, ']');
    EXPECT_TRUE(detail::read_document(deep, parse_options(), v));
    EXPECT_FALSE(detail::read_document("[" + deep + "]", parse_options(), v));
}

template <class T>
bool decode(std::string_view text, T& into, const decode_options& options = decode_options())
{
    return detail::decode_document(text, detail::read_settings{parse_options()}, options, into);
}

TEST(json_decode, makes_structs_as_from_value_does)
{
    shop::bill b;
    ASSERT_TRUE(decode(bill_text, b));
    EXPECT_EQ(to_value(b), to_value(from_value<shop::bill>(parse(bill_text))));
    EXPECT_EQ(b.note, "caf\u00e9 \"x\"");
    EXPECT_EQ(std::get<shop::line>(b.one_of).count, 3);
    EXPECT_EQ(b.wait, std::chrono::milliseconds{1500});

    std::mt19937 random(2);
    int read = 0;
    for (int i = 0; i < 20'000; ++i) {
        const std::string text = changed(std::string{bill_text}, random);
        SCOPED_TRACE(text);
        shop::bill quick;
        if (!decode(text, quick)) continue;
        ++read;
        value slow;
        ASSERT_NO_THROW(slow = to_value(from_value<shop::bill>(
                            detail::parse_carefully(text, parse_options()))));
        ASSERT_EQ(to_value(quick), slow);
    }
    EXPECT_GT(read, 500);
}

TEST(json_decode, follows_its_options)
{
    shop::line l;
    EXPECT_TRUE(decode(R"({"count":1,"x":[],"name":"a"})", l));
    EXPECT_FALSE(decode(R"({"count":1})", l));
    EXPECT_TRUE(decode(R"({"x":{},"count":1,"yy":[ ],"name":"a","z":{}})", l));
    EXPECT_FALSE(decode(R"({"count":1,"name":"a","x":[})", l));
    EXPECT_FALSE(decode(R"({"count":1,"name":"a","x":[])", l));
    EXPECT_TRUE(decode(R"({"count":1})", l, decode_options().allow_missing()));
    EXPECT_FALSE(decode(R"({"count":1,"x":[],"name":"a"})", l, decode_options().reject_unknown()));
    EXPECT_EQ(parse<shop::line>(R"({"\u006eame":"a","count":1})").name, "a");
    const auto nested = [](int levels) {
        std::string text;
        for (int i = 0; i < levels; ++i) text += R"({"children":[)";
        for (int i = 0; i < levels; ++i) text += "]}";
        return text;
    };
    EXPECT_EQ(parse<shop::tree>(nested(200)).children.size(), 1U);
    EXPECT_THROW(parse<shop::tree>(nested(300)), limit_error);
    EXPECT_THROW(
        parse<shop::tree>(nested(2000), parse_options(), decode_options().max_depth(100'000)),
        limit_error);
}

TEST(json_decode, of_equal_names_the_last_counts)
{
    EXPECT_EQ(parse<shop::line>(R"({"name":[],"count":1,"name":"b"})").name, "b");
    using names = std::map<std::string, std::optional<int>>;
    EXPECT_EQ(parse<names>(R"({"a":1,"b":2,"a":null})"), (names{{"a", {}}, {"b", 2}}));
    EXPECT_EQ(parse<shop::bill>(R"({"pair":[1,2],"pair":[3,4]})", parse_options(),
                                decode_options().allow_missing())
                  .pair,
              (std::array<int, 2>{3, 4}));
}

TEST(json_decode, numbers_must_fit)
{
    using numbers = std::vector<std::int8_t>;
    EXPECT_EQ(parse<numbers>("[-128, 127, -0]"), (numbers{-128, 127, 0}));
    for (const std::string_view text : {"[128]", "[1.0]", "[1e0]", "[\"1\"]", "[true]", "[null]"}) {
        SCOPED_TRACE(text);
        EXPECT_THROW(parse<numbers>(text), error);
    }
    EXPECT_EQ(parse<std::vector<std::uint64_t>>("[18446744073709551615]"),
              std::vector<std::uint64_t>{UINT64_MAX});
    EXPECT_EQ(parse<std::vector<double>>("[1, -0, 18446744073709551616, 2.5]"),
              (std::vector<double>{1, 0, 18446744073709551616.0, 2.5}));
    EXPECT_THROW(parse<std::vector<double>>("[1e400]"), parse_error);
}

TEST(json_encode, writes_structs_as_their_values)
{
    const auto b = parse<shop::bill>(bill_text);
    const value v = to_value(b);
    for (const dump_options& options :
         {dump_options(), dump_options().python(), dump_options().indent(2),
          dump_options().indent(0).python(), dump_options().sort_keys().indent("\t"),
          dump_options().html_safe().ascii()}) {
        EXPECT_EQ(dump(b, options), dump(v, options));
        EXPECT_EQ(dump(shop::tree{}, options), dump(to_value(shop::tree{}), options));
    }
    EXPECT_EQ(dump(shop::tree{{shop::tree{}, shop::tree{}}}, dump_options().indent(1)),
              "{\n \"children\": [\n  {\n   \"children\": []\n  },\n  {\n   \"children\": []\n  "
              "}\n ]\n}");
    EXPECT_EQ(dump(std::vector<std::uint64_t>{1, UINT64_MAX}), "[1,18446744073709551615]");
    EXPECT_THROW(dump(std::vector<double>{1, std::nan("")}), type_error);
    EXPECT_EQ(dump(std::vector<double>{1, std::nan("")}, dump_options().nan(nan_policy::null)),
              "[1.0,null]");
    EXPECT_EQ(dump(std::map<double, int>{{1.5, 1}, {2, 2}}), R"({"1.5":1,"2.0":2})");
}

}  // namespace
}  // namespace ferry::json
