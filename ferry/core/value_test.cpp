#include "ferry/core/value.hpp"

#include "ferry/core/value_builder.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>
#include <unordered_set>
#include <vector>

namespace ferry {
namespace {

constexpr std::size_t very_deep = 100'000;

/// {"items": [{"price": 1}, {"price": "x"}], "name": "a name of over 14 bytes", "flag": true}
value parsed()
{
    value_builder build;
    const auto root = build.mark();
    build.string("items");
    const auto items = build.mark();
    for (int i = 0; i < 2; ++i) {
        const auto item = build.mark();
        build.string("price");
        if (i == 0) {
            build.integer(1);
        } else {
            build.string("x");
        }
        build.object(item);
    }
    build.array(items);
    build.string("name");
    build.string("a name of over 14 bytes");
    build.string("flag");
    build.boolean(true);
    build.object(root);
    return build.finish();
}

value nested(std::size_t depth)
{
    value v = value::array();
    for (std::size_t i = 1; i < depth; ++i) {
        value outer = value::array();
        outer.push_back(std::move(v));
        v = std::move(outer);
    }
    return v;
}

value nested_in_arena(std::size_t depth)
{
    value_builder build;
    build.array(build.mark());
    for (std::size_t i = 1; i < depth; ++i) build.array(0);
    return build.finish();
}

template <class F>
std::string path_of_lookup_error(F f)
{
    try {
        f();
    } catch (const lookup_error& e) {
        return e.path();
    }
    return "no error";
}

TEST(value, constructs_every_kind)
{
    struct row {
        const char* name;
        value v;
        value_kind kind;
        std::size_t size;
    };
    const bytes data = to_bytes("ab");
    for (const row& r : {
             row{"null", {}, value_kind::null, 0},
             row{"nullptr", nullptr, value_kind::null, 0},
             row{"bool", true, value_kind::boolean, 0},
             row{"int", 1, value_kind::integer, 0},
             row{"uint64", UINT64_MAX, value_kind::integer, 20},
             row{"double", 1.5, value_kind::real, 0},
             row{"short text", "abc", value_kind::string, 3},
             row{"14 bytes", "12345678901234", value_kind::string, 14},
             row{"15 bytes", "123456789012345", value_kind::string, 15},
             row{"empty text", "", value_kind::string, 0},
             row{"bytes", data, value_kind::binary, 2},
             row{"decimal", value::decimal("1.10"), value_kind::decimal, 4},
             row{"array", value::array(1, "a", nullptr), value_kind::array, 3},
             row{"empty array", value::array(), value_kind::array, 0},
             row{"tuple", value::tuple(1), value_kind::tuple, 1},
             row{"set", value::set(1, 2, 1.0), value_kind::set, 2},
             row{"object", value::object("a", 1, "b", 2), value_kind::object, 2},
             row{"literal", value{{"a", 1}, {"b", "c"}}, value_kind::object, 2},
             row{"one member", value{{"a", "b"}}, value_kind::object, 1},
             row{"timestamp", timestamp{}, value_kind::datetime, 0},
         }) {
        SCOPED_TRACE(r.name);
        EXPECT_EQ(r.v.kind(), r.kind);
        EXPECT_EQ(r.v.size(), r.size);
        const value copy = r.v;
        EXPECT_EQ(copy, r.v);
        EXPECT_EQ(copy.hash(), r.v.hash());
    }
}

TEST(value, a_literal_of_one_nested_object_is_an_object)
{
    const value v{{"a", value{{"b", 1}}}, {"c", value::array(1, 2)}};
    EXPECT_EQ(v["a"]["b"].as<int>(), 1);
    EXPECT_EQ(v["c"][1].as<int>(), 2);
    const value copied{v};
    EXPECT_TRUE(copied.is_object());
}

TEST(value, a_member_may_be_any_value)
{
    const value v = parsed();
    EXPECT_EQ(v.get("name", value()), v["name"]);
    EXPECT_EQ(v.get("none", value(7)), 7);
    EXPECT_EQ(v["items"].as<value>(), v["items"]);
}

TEST(value, reads_checked)
{
    EXPECT_EQ(value{7}.as<std::int64_t>(), 7);
    EXPECT_EQ(value{7}.as<double>(), 7.0);
    EXPECT_EQ(value{UINT64_MAX}.as<std::uint64_t>(), UINT64_MAX);
    EXPECT_EQ(value{INT64_MIN}.as<std::int64_t>(), INT64_MIN);
    EXPECT_EQ(value{"text"}.as<std::string>(), "text");
    EXPECT_THROW(value{"7"}.as<int>(), type_error);
    EXPECT_THROW(value{1.0}.as<int>(), type_error);
    EXPECT_THROW(value{true}.as<int>(), type_error);
    EXPECT_THROW(value{1}.as<bool>(), type_error);
    EXPECT_THROW(value{nullptr}.as<std::string>(), type_error);
    EXPECT_THROW(value{300}.as<std::uint8_t>(), range_error);
    EXPECT_THROW(value{-1}.as<unsigned>(), range_error);
    EXPECT_THROW(value{-129}.as<std::int8_t>(), range_error);
    EXPECT_THROW(value{UINT64_MAX}.as<std::int64_t>(), range_error);
    EXPECT_THROW(value::integer("99999999999999999999").as<std::uint64_t>(), range_error);
}

TEST(value, converts_as_python_does)
{
    EXPECT_EQ(value{"42"}.to<int>(), 42);
    EXPECT_EQ(value{" +42\n"}.to<int>(), 42);
    EXPECT_EQ(value{-2.9}.to<int>(), -2);
    EXPECT_EQ(value{true}.to<int>(), 1);
    EXPECT_EQ(value{"1e3"}.to<double>(), 1000.0);
    EXPECT_EQ(value{1e16}.to<std::string>(), "1e+16");
    EXPECT_EQ(value{1.0}.to<std::string>(), "1.0");
    EXPECT_EQ(value{false}.to<std::string>(), "false");
    EXPECT_FALSE(value{""}.to<bool>());
    EXPECT_TRUE(value::array(1).to<bool>());
    EXPECT_EQ(value{1e20}.to<big_integer>().to_string(), "100000000000000000000");
    EXPECT_EQ(value{"2026-11-25T15:40:00Z"}.to<timestamp>(),
              value{"2026-11-25T16:40:00+01:00"}.to<timestamp>());
    EXPECT_THROW(value{"4x"}.to<int>(), type_error);
    EXPECT_THROW(value{""}.to<double>(), type_error);
    EXPECT_THROW(value{"300"}.to<std::uint8_t>(), range_error);
    EXPECT_THROW(value{std::nan("")}.to<int>(), range_error);
    EXPECT_THROW(value::array().to<std::string>(), type_error);
}

TEST(value, keeps_integers_of_any_size)
{
    const value big = value::integer("-123456789012345678901234567890");
    EXPECT_TRUE(big.is_big());
    EXPECT_EQ(big.to<std::string>(), "-123456789012345678901234567890");
    EXPECT_EQ(value::integer("007").as<int>(), 7);
    EXPECT_THROW(value::integer("1.0"), parse_error);
    EXPECT_LT(big, value{0});
    EXPECT_GT(value{UINT64_MAX}, value{INT64_MAX});
}

TEST(value, misses_with_the_path_when_constant)
{
    const value v = parsed();
    EXPECT_EQ(path_of_lookup_error([&] { v["gone"]; }), "$.gone");
    EXPECT_EQ(path_of_lookup_error([&] { v["items"][1]["a b"]; }), "$.items[1][\"a b\"]");
    EXPECT_EQ(path_of_lookup_error([&] { v["items"][7]; }), "$.items[7]");
    EXPECT_EQ(path_of_lookup_error([&] { v["items"][-3]; }), "$.items[-3]");
    EXPECT_THROW(v["items"]["a"], type_error);
    EXPECT_THROW(v["name"][0], type_error);
}

TEST(value, names_the_path_of_a_wrong_type)
{
    const value v = parsed();
    try {
        v["items"][1]["price"].as<int>();
        FAIL();
    } catch (const type_error& e) {
        EXPECT_STREQ(e.what(), "$.items[1].price: expected integer, got string");
        EXPECT_EQ(e.path(), "$.items[1].price");
    }
}

TEST(value, counts_from_the_end)
{
    const value v = value::array(1, 2, 3);
    EXPECT_EQ(v[-1].as<int>(), 3);
    EXPECT_EQ(v[0].as<int>(), 1);
    EXPECT_EQ(v[UINT64_C(2)].as<int>(), 3);
    EXPECT_THROW(v[UINT64_MAX], lookup_error);
}

TEST(value, inserts_when_mutable)
{
    value v;
    v["a"]["b"] = 1;
    v["list"].push_back("x");
    EXPECT_EQ(v, (value{{"a", value{{"b", 1}}}, {"list", value::array("x")}}));
    EXPECT_THROW(v["list"][1], lookup_error);
    EXPECT_THROW(v["list"]["key"], type_error);
}

TEST(value, a_change_of_a_parsed_value_leaves_its_copies_alone)
{
    value v = parsed();
    const value copy = v;
    v["items"][0]["price"] = "a text that goes to the heap";
    v["items"].push_back(3);
    v.erase("name");
    EXPECT_EQ(copy["items"][0]["price"].as<int>(), 1);
    EXPECT_EQ(copy["items"].size(), 2U);
    EXPECT_TRUE(copy.contains("name"));
    EXPECT_EQ(v["items"].size(), 3U);
    EXPECT_FALSE(v.contains("name"));
}

TEST(value, a_part_outlives_the_temporary_it_came_from)
{
    const value item = parsed()["items"][1];
    EXPECT_EQ(item["price"].as<std::string>(), "x");
    const value name = parsed()["name"];
    EXPECT_EQ(name.as<std::string>(), "a name of over 14 bytes");
    const value built = value{{"a", value{{"b", "a text that is on the heap"}}}}["a"]["b"];
    EXPECT_EQ(built.as<std::string>(), "a text that is on the heap");
    value v = parsed();
    v = v["items"];
    EXPECT_EQ(v.size(), 2U);
    v = std::move(v[1]);
    EXPECT_EQ(v["price"].as<std::string>(), "x");
}

TEST(value, a_deep_copy_shares_nothing)
{
    value v = parsed();
    const value deep = v.deep_copy();
    v = nullptr;
    EXPECT_EQ(deep, parsed());
}

TEST(value, gets_with_a_default)
{
    const value v = parsed();
    EXPECT_EQ(v.get("gone", 5), 5);
    EXPECT_EQ(v.get("name", "-"), "a name of over 14 bytes");
    EXPECT_TRUE(v.get("flag", false));
    EXPECT_THROW(v.get("name", 1), type_error);
    EXPECT_EQ(value{1}.get("a", 2), 2);
}

TEST(value, finds_by_json_pointer)
{
    const value v{{"a", value{{"b", value::array(1, 2)}, {"", 3}, {"x/y~z", 4}}}};
    struct row {
        const char* pointer;
        const char* found;
    };
    for (const row& r : {
             row{"/a/b/0", "1"},
             row{"/a/b/1", "2"},
             row{"/a/", "3"},
             row{"/a/x~1y~0z", "4"},
             row{"/a/b/2", nullptr},
             row{"/a/b/01", nullptr},
             row{"/a/b/-", nullptr},
             row{"/a/b/-1", nullptr},
             row{"/a/b/0/0", nullptr},
             row{"a", nullptr},
             row{"/c", nullptr},
             row{"/a/x~2", nullptr},
         }) {
        SCOPED_TRACE(r.pointer);
        const value* const found = v.find(r.pointer);
        ASSERT_EQ(found != nullptr, r.found != nullptr);
        if (found != nullptr) {
            EXPECT_EQ(found->to<std::string>(), r.found);
        }
    }
    EXPECT_EQ(v.find(""), &v);
}

TEST(value, keeps_the_order_of_insertion)
{
    value v{{"z", 1}, {"a", 2}};
    v.insert("m", 3);
    v["z"] = 4;
    std::string keys;
    for (const auto& [key, item] : v.items()) keys += key;
    EXPECT_EQ(keys, "zam");
    EXPECT_TRUE(v.erase("a"));
    EXPECT_FALSE(v.erase("a"));
    EXPECT_EQ(v.size(), 2U);
    for (auto [key, item] : v.items()) item = 0;
    EXPECT_EQ(v, (value{{"m", 0}, {"z", 0}}));
}

TEST(value, finds_among_many_members)
{
    value v = value::object();
    for (int i = 0; i < 1000; ++i) {
        v.insert("key " + std::to_string(i), i);
        ASSERT_EQ(v["key " + std::to_string(i)].as<int>(), i);
    }
    EXPECT_TRUE(v.erase("key 500"));
    EXPECT_FALSE(v.contains("key 500"));
    EXPECT_EQ(v["key 999"].as<int>(), 999);
    EXPECT_EQ(v.size(), 999U);
}

TEST(value, may_be_read_by_threads_at_once)
{
    value_builder build;
    for (int i = 0; i < 100; ++i) {
        build.string("key " + std::to_string(i));
        build.integer(i);
    }
    build.object(0);
    const value v = build.finish();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&v] {
            for (int i = 0; i < 100; ++i) {
                const value copy = v;
                EXPECT_EQ(copy["key " + std::to_string(i)].as<int>(), i);
            }
        });
    }
    for (auto& thread : threads) thread.join();
}

TEST(value, edits_arrays)
{
    value v = value::array(1, 3);
    v.insert(std::size_t{1}, 2);
    v.insert(std::size_t{3}, 4);
    EXPECT_EQ(v, value::array(1, 2, 3, 4));
    v.erase(std::size_t{0});
    EXPECT_EQ(v, value::array(2, 3, 4));
    EXPECT_THROW(v.insert(std::size_t{9}, 0), lookup_error);
    EXPECT_THROW(v.erase(std::size_t{3}), lookup_error);
    v.clear();
    EXPECT_EQ(v, value::array());
    EXPECT_THROW(value{1}.push_back(1), type_error);
}

TEST(value, takes_itself_into_itself)
{
    value v = value::array(1, "a text that is on the heap");
    v.push_back(v);
    v.push_back(v[1]);
    EXPECT_EQ(v[2].size(), 2U);
    EXPECT_EQ(v[3], v[1]);
    v = static_cast<const value&>(v);
    EXPECT_EQ(v.size(), 4U);
}

TEST(value, merges_objects)
{
    value v{{"a", value{{"x", 1}, {"y", 2}}}, {"b", 1}};
    v.merge(value{{"a", value{{"y", 3}, {"z", 4}}}, {"b", value::array()}, {"c", value{{"d", 1}}}});
    EXPECT_EQ(v, (value{{"a", value{{"x", 1}, {"y", 3}, {"z", 4}}},
                        {"b", value::array()},
                        {"c", value{{"d", 1}}}}));
    v.merge(7);
    EXPECT_EQ(v, value{7});
}

TEST(value, compares_numbers_across_kinds)
{
    struct row {
        const char* name;
        value a;
        value b;
        std::partial_ordering order;
    };
    using order = std::partial_ordering;
    for (const row& r : {
             row{"int real", 1, 1.0, order::equivalent},
             row{"int less real", 1, 1.5, order::less},
             row{"negative", -1, -1.5, order::greater},
             row{"2^53 + 1", INT64_C(9007199254740993), 9007199254740992.0, order::greater},
             row{"int64 max and 2^63", INT64_MAX, 9223372036854775808.0, order::less},
             row{"2^64 exactly", value::integer("18446744073709551616"), 18446744073709551616.0,
                 order::equivalent},
             row{"big big", value::integer("100000000000000000000"),
                 value::integer("99999999999999999999"), order::greater},
             row{"big infinity", value::integer("100000000000000000000"), INFINITY, order::less},
             row{"decimals", value::decimal("1.10"), value::decimal("1.1"), order::equivalent},
             row{"decimal exponent", value::decimal("1.1e1"), 11, order::equivalent},
             row{"decimal is not the double", value::decimal("0.1"), 0.1, order::less},
             row{"decimal half", value::decimal("0.5"), 0.5, order::equivalent},
             row{"decimal beyond doubles", value::decimal("1e999999"), value::decimal("10e999998"),
                 order::equivalent},
             row{"decimal beyond exponents", value::decimal("1e99999999999999999999"),
                 value::decimal("1E+0099999999999999999999"), order::equivalent},
             row{"exponents beyond", value::decimal("9e99999999999999999999"),
                 value::decimal("1e100000000000000000000"), order::less},
             row{"below", value::decimal("9e-99999999999999999999"),
                 value::decimal("1e-100000000000000000000"), order::greater},
             row{"negative beyond", value::decimal("-1e99999999999999999999"),
                 value::decimal("-1e999999"), order::less},
             row{"below all doubles", value::decimal("1e-99999999999999999999"), 5e-324,
                 order::less},
             row{"zero with an exponent", value::decimal("0e99999999999999999999"), 0,
                 order::equivalent},
             row{"zeros", 0.0, -0.0, order::equivalent},
             row{"decimal zero", value::decimal("-0.00"), 0, order::equivalent},
             row{"nan", std::nan(""), 1, order::unordered},
             row{"text", "a", "b", order::less},
             row{"text int", "1", 1, order::unordered},
             row{"bool int", true, 1, order::unordered},
             row{"arrays", value::array(1, 2), value::array(1, 2, 0), order::less},
             row{"nested arrays", value::array(value::array(2)), value::array(value::array(1, 5)),
                 order::greater},
             row{"array tuple", value::array(1), value::tuple(1), order::unordered},
         }) {
        SCOPED_TRACE(r.name);
        EXPECT_TRUE((r.a <=> r.b) == r.order ||
                    (r.order == order::unordered && (r.a <=> r.b) == order::unordered));
        EXPECT_EQ(r.a == r.b, r.order == order::equivalent);
        if (r.order == order::equivalent) {
            EXPECT_EQ(r.a.hash(), r.b.hash());
        }
    }
}

TEST(value, objects_and_sets_are_equal_in_any_order)
{
    const value a{{"x", 1}, {"y", value::set(1, "a", value::set(2, 3))}};
    const value b{{"y", value::set(value::set(3, 2), "a", 1)}, {"x", 1}};
    EXPECT_EQ(a, b);
    EXPECT_EQ(a.hash(), b.hash());
    EXPECT_NE(a, (value{{"x", 1}, {"y", value::set(1, "a", 2)}}));
    EXPECT_NE(value::array(1, 2), value::array(2, 1));
}

TEST(value, serves_as_a_key)
{
    std::unordered_set<value> set{1, "a", value::tuple(1, 2)};
    EXPECT_TRUE(set.contains(value::tuple(1, 2.0)));
    EXPECT_FALSE(set.contains(value::tuple(2, 1)));
}

TEST(value, timestamps_compare_by_instant)
{
    const timestamp noon{std::chrono::hours{12}};
    const value utc{zoned_time{noon, std::chrono::seconds{0}}};
    const value berlin{zoned_time{noon, std::chrono::hours{1}}};
    const value naive{zoned_time{noon, std::nullopt}};
    EXPECT_EQ(utc, berlin);
    EXPECT_NE(utc, naive);
    EXPECT_EQ(berlin.as<zoned_time>().offset, std::chrono::hours{1});
    EXPECT_FALSE(naive.as<zoned_time>().offset);
    EXPECT_EQ(naive.to<std::string>(), "1970-01-01T12:00:00");
}

TEST(value, very_deep_nesting_does_not_touch_the_stack)
{
    const value on_heap = nested(very_deep);
    const value copy = on_heap;
    EXPECT_EQ(copy, on_heap);
    EXPECT_EQ(copy.hash(), on_heap.hash());
    EXPECT_TRUE((copy <=> on_heap) == 0);
    const value in_arena = nested_in_arena(very_deep);
    EXPECT_EQ(in_arena, on_heap);
    EXPECT_EQ(in_arena.deep_copy(), on_heap);
}

TEST(value_builder, makes_lists_of_the_values_of_equal_keys)
{
    // As many members as need no index, a filter, an index.
    for (const int members : {3, 40, 1000}) {
        SCOPED_TRACE(members);
        value_builder build;
        build.string("first");
        build.integer(-1);
        for (int i = 0; i < members; ++i) {
            build.string(i % 2 == 0 ? "even" : "key" + std::to_string(i));
            build.integer(i);
        }
        build.object(0, duplicate_keys::list);
        const value v = build.finish();
        EXPECT_EQ(v["first"], -1);
        EXPECT_EQ(v["key1"], 1);
        ASSERT_TRUE(v["even"].is_array());
        EXPECT_EQ(v["even"].size(), static_cast<std::size_t>(members + 1) / 2);
        EXPECT_EQ(v["even"][1], 2);
        EXPECT_EQ(v.size(), static_cast<std::size_t>(members / 2 + 2));
        EXPECT_EQ((*++v.items().begin()).first, "even");
    }
}

TEST(value_builder, settles_duplicate_keys)
{
    struct row {
        const char* name;
        duplicate_keys policy;
        int expected;
        std::size_t members;
    };
    for (const std::size_t members : {2U, 12U, 300U}) {
        for (const row& r : {row{"last", duplicate_keys::last, 2, members},
                             row{"first", duplicate_keys::first, 1, members}}) {
            SCOPED_TRACE(r.name);
            value_builder build;
            for (std::size_t i = 0; i < members; ++i) {
                build.string("a key of some length " + std::to_string(i));
                build.integer(1);
            }
            build.string("a key of some length 1");
            build.integer(2);
            build.object(0, r.policy);
            const value v = build.finish();
            EXPECT_EQ(v.size(), members);
            EXPECT_EQ(v["a key of some length 1"].as<int>(), r.expected);
            EXPECT_EQ(v["a key of some length 0"].as<int>(), 1);
        }
        value_builder build;
        for (std::size_t i = 0; i <= members; ++i) {
            build.string(std::to_string(i % members));
            build.null();
        }
        EXPECT_EQ(build.object(0, duplicate_keys::error), members);
    }
}

TEST(value_builder, makes_every_kind)
{
    value_builder build;
    build.null();
    build.boolean(false);
    build.integer(-1);
    build.unsigned_integer(UINT64_MAX);
    build.real(0.5);
    build.decimal("1.10");
    build.decimal("1.100000000000000000000");
    build.binary(as_bytes("ab"));
    build.time({timestamp{}, std::nullopt});
    const auto tuple = build.mark();
    build.integer(1);
    build.array(tuple, value_kind::tuple);
    build.array(0);
    EXPECT_EQ(build.finish(),
              value::array(nullptr, false, -1, UINT64_MAX, 0.5, value::decimal("1.10"),
                           value::decimal("1.100000000000000000000"), to_bytes("ab"),
                           zoned_time{timestamp{}, std::nullopt}, value::tuple(1)));
    value_builder text;
    text.string("a text that stands alone");
    EXPECT_EQ(text.finish(), value{"a text that stands alone"});
}

}  // namespace
}  // namespace ferry
