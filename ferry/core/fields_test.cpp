#include "ferry/core/fields.hpp"

#include "ferry/core/describe.hpp"

#include <gtest/gtest.h>

#include <map>

namespace depot {

struct place {
    std::string city;
    std::optional<std::string> street;
    friend bool operator==(const place&, const place&) = default;
};
BOOST_DESCRIBE_STRUCT(place, (), (city, street))

/// Cents as text: `1.50`.
struct as_text {
    static ferry::value to_value(int cents)
    {
        const std::string small = std::to_string(cents % 100);
        return std::to_string(cents / 100) + (small.size() < 2 ? ".0" : ".") + small;
    }
    static int from_value(const ferry::value& v)
    {
        const auto text = v.as<std::string>();
        if (text.size() < 4 || text[text.size() - 3] != '.')
            throw ferry::parse_error(ferry::errc::malformed, "expected an amount", {}, "");
        return std::stoi(text) * 100 + std::stoi(text.substr(text.size() - 2));
    }
};

struct offer {
    int id = 0;
    std::string kind;
    int stock = 1;
    int cache = 7;
    std::optional<int> rank;
    place to;
    int cents = 0;
    ferry::value more;
    friend bool operator==(const offer&, const offer&) = default;
};
BOOST_DESCRIBE_STRUCT(offer, (), (id, kind, stock, cache, rank, to, cents, more))

constexpr auto describe_fields(const offer*)
{
    return ferry::fields(
        ferry::field<&offer::kind>().name("@type"), ferry::field<&offer::stock>().optional(),
        ferry::field<&offer::cache>().ignore(), ferry::field<&offer::rank>().required(),
        ferry::field<&offer::to>().flatten(),
        ferry::field<&offer::cents>().name("price").convert<as_text>(),
        ferry::field<&offer::more>().collect());
}

/// Nothing but names.
struct named {
    int first = 0;
    int second = 0;
    friend bool operator==(const named&, const named&) = default;
};
BOOST_DESCRIBE_STRUCT(named, (), (first, second))
constexpr auto describe_fields(const named*)
{
    return ferry::fields(ferry::field<&named::first>().name("second"),
                         ferry::field<&named::second>().name("first"));
}

struct derived : named {
    int third = 0;
};
BOOST_DESCRIBE_STRUCT(derived, (named), (third))

struct counted {
    int total = 0;
    std::map<std::string, int> others;
};
BOOST_DESCRIBE_STRUCT(counted, (), (total, others))
constexpr auto describe_fields(const counted*)
{
    return ferry::fields(ferry::field<&counted::others>().collect());
}

struct circle {
    double radius = 0;
    friend bool operator==(const circle&, const circle&) = default;
};
BOOST_DESCRIBE_STRUCT(circle, (), (radius))
struct square {
    std::string type;
    double side = 0;
    friend bool operator==(const square&, const square&) = default;
};
BOOST_DESCRIBE_STRUCT(square, (), (type, side))

using shape = std::variant<circle, square>;
constexpr auto describe_tag(const shape*)
{
    return ferry::tag("type", "circle", "square");
}

}  // namespace depot

namespace ferry {
namespace {

const value whole{{"id", 3},         {"@type", "pen"},  {"stock", 4},      {"rank", nullptr},
                  {"city", "Emden"}, {"street", "Kai"}, {"price", "2.05"}, {"colour", "red"}};

TEST(fields, change_how_members_are_read_and_written)
{
    const auto o = from_value<depot::offer>(whole);
    EXPECT_EQ(o.kind, "pen");
    EXPECT_EQ(o.stock, 4);
    EXPECT_EQ(o.cache, 7);
    EXPECT_EQ(o.rank, std::nullopt);
    EXPECT_EQ(o.to, (depot::place{"Emden", "Kai"}));
    EXPECT_EQ(o.cents, 205);
    EXPECT_EQ(o.more, (value{{"colour", "red"}}));
    EXPECT_EQ(to_value(o), whole);
    EXPECT_EQ(from_value<depot::offer>(to_value(o)), o);
}

TEST(fields, may_be_missing_or_not)
{
    const auto without = [](std::string_view name) {
        value v = whole;
        v.erase(name);
        return v;
    };
    EXPECT_EQ(from_value<depot::offer>(without("stock")).stock, 1);
    EXPECT_EQ(from_value<depot::offer>(without("street")).to.street, std::nullopt);
    EXPECT_EQ(from_value<depot::offer>(without("colour")).more, value());
    for (const char* name : {"id", "@type", "rank", "city", "price"}) {
        SCOPED_TRACE(name);
        EXPECT_THROW(from_value<depot::offer>(without(name)), lookup_error);
        EXPECT_NO_THROW(from_value<depot::offer>(without(name), decode_options().allow_missing()));
    }
}

TEST(fields, say_where_what_is_wrong)
{
    struct row {
        const char* name;
        value put;
        const char* what;
    };
    for (const row& r : {
             row{"@type", 1, "$[\"@type\"]: expected string, got integer"},
             row{"city", 2, "$.city: expected string, got integer"},
             row{"price", "2", "$.price: expected an amount"},
             row{"price", 2, "$.price: $: expected string, got integer"},
         }) {
        SCOPED_TRACE(r.what);
        value v = whole;
        v[r.name] = r.put;
        try {
            from_value<depot::offer>(v);
            FAIL();
        } catch (const error& e) {
            EXPECT_NE(std::string(e.what()).find(r.what), std::string::npos) << e.what();
        }
    }
}

TEST(fields, may_swap_names_and_are_inherited)
{
    const value v{{"second", 1}, {"first", 2}};
    EXPECT_EQ(from_value<depot::named>(v), (depot::named{1, 2}));
    EXPECT_EQ(to_value(depot::named{1, 2}), v);
    const value with_third{{"second", 1}, {"first", 2}, {"third", 3}};
    EXPECT_EQ(to_value(from_value<depot::derived>(with_third)), with_third);
}

TEST(fields, collect_what_is_unknown)
{
    const value v{{"total", 3}, {"a", 1}, {"b", 2}};
    const auto c = from_value<depot::counted>(v);
    EXPECT_EQ(c.others, (std::map<std::string, int>{{"a", 1}, {"b", 2}}));
    EXPECT_EQ(to_value(c), v);
    EXPECT_NO_THROW(from_value<depot::counted>(v, decode_options().reject_unknown()));
    EXPECT_THROW(from_value<depot::counted>(value{{"total", 3}, {"a", "x"}}), type_error);
    // A member's own value counts, not one that was collected.
    EXPECT_EQ(to_value(depot::counted{1, {{"total", 9}}}), (value{{"total", 1}}));
    EXPECT_THROW(from_value<depot::named>(value{{"second", 1}, {"first", 2}, {"x", 3}},
                                          decode_options().reject_unknown()),
                 type_error);
}

TEST(tags, tell_the_alternatives_of_a_variant)
{
    const value round{{"type", "circle"}, {"radius", 1.5}};
    const value edged{{"type", "square"}, {"side", 2.0}};
    EXPECT_EQ(from_value<depot::shape>(round), depot::shape(depot::circle{1.5}));
    EXPECT_EQ(from_value<depot::shape>(edged), depot::shape(depot::square{"square", 2}));
    EXPECT_EQ(to_value(depot::shape(depot::circle{1.5})), round);
    EXPECT_EQ(to_value(depot::shape(depot::square{"square", 2})), edged);
    const auto strict = decode_options().reject_unknown();
    EXPECT_NO_THROW(from_value<depot::shape>(round, strict));
    EXPECT_NO_THROW(from_value<depot::shape>(edged, strict));
    struct row {
        value from;
        const char* what;
    };
    for (const row& r : {
             row{value{{"type", "line"}}, "$.type: expected one of circle square, got \"line\""},
             row{value{{"radius", 1}}, "$.type: not found"},
             row{value{{"type", 1}}, "$.type: expected string, got integer"},
             row{value{{"type", "circle"}, {"radius", "x"}},
                 "$.radius: expected number, got string"},
             row{value{1}, "$: expected object, got integer"},
         }) {
        SCOPED_TRACE(r.what);
        try {
            from_value<depot::shape>(r.from);
            FAIL();
        } catch (const error& e) {
            EXPECT_STREQ(e.what(), r.what);
        }
    }
}

}  // namespace
}  // namespace ferry
