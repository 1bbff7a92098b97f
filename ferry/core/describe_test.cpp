#include "ferry/core/describe.hpp"

#include <gtest/gtest.h>

#include <list>
#include <map>
#include <set>
#include <unordered_map>

namespace shop {

enum class state { open = 1, paid, sent };
BOOST_DESCRIBE_ENUM(state, open, paid, sent)

struct item {
    std::string name;
    std::uint8_t count = 0;
    friend bool operator==(const item&, const item&) = default;
};
BOOST_DESCRIBE_STRUCT(item, (), (name, count))

struct order {
    std::int64_t id = 0;
    double price = 0;
    std::optional<std::string> note;
    std::vector<item> items;
    state status = state::open;
    friend bool operator==(const order&, const order&) = default;
};
BOOST_DESCRIBE_STRUCT(order, (), (id, price, note, items, status))

struct express : order {
    bool night = false;
};
BOOST_DESCRIBE_STRUCT(express, (order), (night))

struct tree {
    std::vector<tree> children;
};
BOOST_DESCRIBE_STRUCT(tree, (), (children))

/// Joins in by its own two functions.
struct money {
    std::int64_t cents = 0;
    friend bool operator==(const money&, const money&) = default;
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

struct everything {
    bool flag = false;
    float ratio = 0;
    ferry::bytes data;
    std::array<int, 2> pair{};
    std::map<std::string, int> by_name;
    std::unordered_map<int, std::string> by_number;
    std::tuple<int, std::string> both;
    std::set<int> set;
    std::list<bool> flags;
    std::vector<bool> bits;
    std::variant<std::monostate, int, std::string> one_of;
    std::chrono::system_clock::time_point when;
    std::chrono::milliseconds wait{};
    ferry::value anything;
    std::unique_ptr<int> maybe;
    money cost;
    ferry::big_integer large;
};
BOOST_DESCRIBE_STRUCT(everything, (),
                      (flag, ratio, data, pair, by_name, by_number, both, set, flags, bits, one_of,
                       when, wait, anything, maybe, cost, large))

}  // namespace shop

namespace ferry {
namespace {

const value full{{"id", 1},
                 {"price", 9.5},
                 {"note", nullptr},
                 {"items", value::array(value{{"name", "pen"}, {"count", 3}})},
                 {"status", "paid"}};

TEST(describe, maps_a_struct_both_ways)
{
    const shop::order o{1, 9.5, std::nullopt, {{"pen", 3}}, shop::state::paid};
    EXPECT_EQ(to_value(o), full);
    EXPECT_EQ(from_value<shop::order>(full), o);
    EXPECT_EQ(full.as<shop::order>(), o);
}

TEST(describe, maps_inherited_members)
{
    value v = full;
    v["night"] = true;
    const auto e = from_value<shop::express>(v);
    EXPECT_TRUE(e.night);
    EXPECT_EQ(e.id, 1);
    EXPECT_EQ(to_value(e), v);
}

TEST(describe, names_path_wanted_and_found)
{
    struct row {
        const char* pointer;
        value put;
        const char* what;
    };
    for (const row& r : {
             row{"price", "x", "$.price: expected number, got string"},
             row{"id", 1.5, "$.id: expected integer, got number"},
             row{"id", value::integer("99999999999999999999"),
                 "$.id: 99999999999999999999 does not fit int64"},
             row{"items", value::array(value{{"name", "a"}, {"count", 300}}),
                 "$.items[0].count: 300 does not fit uint8"},
             row{"items", value::array(value{{"name", "a"}}), "$.items[0].count: not found"},
             row{"items", value::array(1), "$.items[0]: expected object, got integer"},
             row{"items", 7, "$.items: expected array, got integer"},
             row{"status", "lost", "$.status: expected one of open paid sent, got \"lost\""},
             row{"status", 9, "$.status: expected one of open paid sent, got 9"},
             row{"note", 1, "$.note: expected string, got integer"},
         }) {
        SCOPED_TRACE(r.what);
        value v = full;
        v[r.pointer] = r.put;
        try {
            from_value<shop::order>(v);
            FAIL();
        } catch (const error& e) {
            EXPECT_STREQ(e.what(), r.what);
        }
    }
    EXPECT_THROW(from_value<shop::order>(value::array()), type_error);
}

TEST(describe, a_missing_member_is_an_error_unless_allowed)
{
    value v = full;
    v.erase("price");
    EXPECT_THROW(from_value<shop::order>(v), lookup_error);
    EXPECT_EQ(from_value<shop::order>(v, decode_options().allow_missing()).price, 0);
    v["price"] = 1;
    v.erase("note");
    EXPECT_EQ(from_value<shop::order>(v).note, std::nullopt);
}

TEST(describe, an_unknown_member_is_ignored_unless_rejected)
{
    value v = full;
    v["colour"] = "red";
    EXPECT_EQ(from_value<shop::order>(v).id, 1);
    try {
        from_value<shop::order>(v, decode_options().reject_unknown());
        FAIL();
    } catch (const type_error& e) {
        EXPECT_EQ(e.path(), "$.colour");
    }
}

TEST(describe, maps_every_supported_member)
{
    shop::everything e;
    e.flag = true;
    e.ratio = 0.5F;
    e.data = to_bytes("ab");
    e.pair = {1, 2};
    e.by_name = {{"a", 1}};
    e.by_number = {{7, "seven"}};
    e.both = {1, "x"};
    e.set = {3, 4};
    e.flags = {true, false};
    e.bits = {false, true};
    e.one_of = "text";
    e.when = std::chrono::system_clock::time_point{std::chrono::hours{24}};
    e.wait = std::chrono::milliseconds{1500};
    e.anything = value{{"x", 1}};
    e.maybe = std::make_unique<int>(5);
    e.cost = {250};
    e.large = *big_integer::try_parse("99999999999999999999");
    const value v = to_value(e);
    EXPECT_EQ(v, (value{{"flag", true},
                        {"ratio", 0.5},
                        {"data", to_bytes("ab")},
                        {"pair", value::array(1, 2)},
                        {"by_name", value{{"a", 1}}},
                        {"by_number", value{{"7", "seven"}}},
                        {"both", value::tuple(1, "x")},
                        {"set", value::set(3, 4)},
                        {"flags", value::array(true, false)},
                        {"bits", value::array(false, true)},
                        {"one_of", "text"},
                        {"when", timestamp{std::chrono::hours{24}}},
                        {"wait", 1.5},
                        {"anything", value{{"x", 1}}},
                        {"maybe", 5},
                        {"cost", "250 cents"},
                        {"large", value::integer("99999999999999999999")}}));
    const auto back = from_value<shop::everything>(v);
    EXPECT_EQ(to_value(back), v);
    EXPECT_EQ(back.cost, e.cost);
    EXPECT_EQ(back.when, e.when);
}

TEST(describe, reads_times_and_durations_as_text)
{
    EXPECT_EQ(value{"1970-01-02"}.as<std::chrono::system_clock::time_point>(),
              std::chrono::system_clock::time_point{std::chrono::hours{24}});
    EXPECT_EQ(value{"1h30m"}.as<std::chrono::minutes>(), std::chrono::minutes{90});
    EXPECT_EQ(value{2}.as<std::chrono::seconds>(), std::chrono::seconds{2});
    EXPECT_THROW(value{"soon"}.as<std::chrono::seconds>(), type_error);
    EXPECT_THROW(value{1e300}.as<std::chrono::seconds>(), range_error);
    EXPECT_THROW(value{"1970-13-01"}.as<std::chrono::system_clock::time_point>(), type_error);
}

TEST(describe, a_tuple_must_have_its_size)
{
    using pair = std::pair<int, std::string>;
    EXPECT_EQ(value::array(1, "a").as<pair>(), (pair{1, "a"}));
    EXPECT_THROW(value::array(1).as<pair>(), type_error);
    EXPECT_THROW((value::array(1, 2, 3).as<std::array<int, 2>>()), type_error);
}

TEST(describe, a_variant_takes_the_first_that_fits)
{
    using either = std::variant<std::uint8_t, std::string, std::vector<int>>;
    EXPECT_EQ(value{7}.as<either>().index(), 0U);
    EXPECT_EQ(value{"a"}.as<either>().index(), 1U);
    EXPECT_EQ(value::array(1).as<either>().index(), 2U);
    EXPECT_THROW(value{300}.as<either>(), type_error);
}

TEST(describe, depth_is_limited)
{
    value v{{"children", value::array()}};
    for (int i = 0; i < 1000; ++i) {
        value outer{{"children", value::array()}};
        outer["children"].push_back(std::move(v));
        v = std::move(outer);
    }
    EXPECT_THROW(from_value<shop::tree>(v), limit_error);
}

}  // namespace
}  // namespace ferry
