#include "ferry/amqp/properties_reader.hpp"

#include "ferry/amqp/error.hpp"
#include "ferry/amqp/properties.hpp"
#include "ferry/core/bytes.hpp"
#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ferry::amqp {
namespace {

value every_kind()
{
    return value::object(
        "text", "shop.add", "empty", "", "null", nullptr, "yes", true, "no", false, "small", 3,
        "below", -4, "large", std::int64_t{1} << 40U, "real", 2.5, "decimal",
        value::decimal("-1.25"), "raw", as_bytes(std::string_view{"\0\xff", 2}), "at",
        timestamp{std::chrono::seconds{1700000000}}, "limits", value::array(nullptr, nullptr),
        "list", value::array(1, "x", value::object("deep", nullptr)), "table", value::object());
}

std::string written(const properties& p)
{
    std::string text;
    p.append_to(text);
    return text;
}

TEST(header_reader, gives_each_member_as_the_table_has_it)
{
    const value all = every_kind();
    const std::string text = written(properties().headers(all));
    const properties_reader p(text);
    header_reader h(p.headers());
    for (const auto& [name, v] : all.items()) {
        SCOPED_TRACE(name);
        ASSERT_TRUE(h.next());
        EXPECT_EQ(h.name(), name);
        EXPECT_EQ(h.get(), v);
        EXPECT_EQ(h.is_null(), v.is_null());
        EXPECT_EQ(h.is_text(), v.is_string());
        if (v.is_string()) {
            EXPECT_EQ(h.text(), v.as<std::string_view>());
        }
        EXPECT_EQ(h.integer().has_value(), v.is_integer());
        if (v.is_integer()) {
            EXPECT_EQ(h.integer(), v.as<std::int64_t>());
        }
        EXPECT_EQ(h.is_true(), v == value(true));
        EXPECT_EQ(h.holds_nulls(2), name == "limits");
    }
    EXPECT_FALSE(h.next());
}

TEST(header_reader, reads_integers_of_every_size)
{
    using namespace std::string_literals;
    struct row {
        std::string field;
        std::int64_t expected;
    };
    const row rows[] = {
        {"b\xFE"s, -2},
        {"B\xFE"s, 254},
        {"s\xFF\xFE"s, -2},
        {"U\xFF\xFE"s, -2},
        {"u\xFF\xFE"s, 65534},
        {"I\xFF\xFF\xFF\xFE"s, -2},
        {"i\xFF\xFF\xFF\xFE"s, 4294967294},
        {"l\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE"s, -2},
        {"L\0\0\0\0\0\0\0\x02"s, 2},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.field[0]);
        const std::string members = "\1n"s + r.field;
        header_reader h(members);
        ASSERT_TRUE(h.next());
        EXPECT_EQ(h.integer(), r.expected);
        EXPECT_EQ(h.get(), value(r.expected));
    }
}

TEST(properties_reader, gives_what_properties_have)
{
    properties p;
    p.content_type("application/json").content_encoding("utf-8").headers(every_kind()).persistent();
    p.priority(4).correlation_id("id").reply_to("q").expiration("60000").message_id("m");
    p.timestamp(timestamp(std::chrono::seconds(7))).type("t").user_id("guest").app_id("shop");
    const std::string text = written(p);
    const properties_reader r(text);
    EXPECT_EQ(r.content_type(), "application/json");
    EXPECT_EQ(r.content_encoding(), "utf-8");
    EXPECT_EQ(r.all_headers(), every_kind());
    EXPECT_EQ(r.delivery_mode(), 2);
    EXPECT_EQ(r.priority(), 4);
    EXPECT_EQ(r.correlation_id(), "id");
    EXPECT_EQ(r.reply_to(), "q");
    EXPECT_EQ(r.expiration(), "60000");
    EXPECT_EQ(r.message_id(), "m");
    EXPECT_EQ(r.timestamp(), 7U);
    EXPECT_EQ(r.type(), "t");
    EXPECT_EQ(r.user_id(), "guest");
    EXPECT_EQ(r.app_id(), "shop");
}

TEST(properties_reader, gives_nothing_of_what_is_not_there)
{
    const std::string none(2, '\0');
    const properties_reader r(none);
    EXPECT_FALSE(r.has_headers());
    EXPECT_TRUE(r.all_headers().is_null());
    EXPECT_TRUE(r.content_type().empty());
    EXPECT_FALSE(r.priority());
    EXPECT_FALSE(header_reader(r.headers()).next());
}

TEST(properties_reader, refuses_what_ends_too_early)
{
    properties p;
    p.content_type("text/plain").headers(every_kind()).priority(1).app_id("shop");
    const std::string whole = written(p);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_THROW(properties_reader(std::string_view(whole).substr(0, size)), protocol_error);
    }
    const properties_reader r(whole);
    const std::string members{r.headers()};
    std::size_t whole_ones = 0;
    for (std::size_t size = 0; size < members.size(); ++size) {
        header_reader h(std::string_view(members).substr(0, size));
        try {
            while (h.next()) continue;
            ++whole_ones;
        } catch (const protocol_error&) {
            continue;
        }
    }
    EXPECT_EQ(whole_ones, every_kind().size());  // cut between two members
}

TEST(header_reader, refuses_a_type_that_amqp_does_not_have)
{
    header_reader h(std::string_view("\1n?\0", 4));
    EXPECT_THROW(h.next(), protocol_error);
}

}  // namespace
}  // namespace ferry::amqp
