#include "ferry/amqp/detail/wire.hpp"

#include "ferry/amqp/detail/frame.hpp"
#include "ferry/amqp/error.hpp"
#include "ferry/amqp/properties.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace ferry::amqp::detail {
namespace {

using namespace std::string_literals;

std::string table_of(const value& v)
{
    std::string out;
    wire_writer(out).table(v);
    return out;
}

TEST(amqp_wire, tables_come_back_as_they_were_sent)
{
    const value all = value::object(
        "null", nullptr, "yes", true, "small", -5, "large", std::int64_t{1} << 40U, "real", 1.5,
        "decimal", value::decimal("-12.345"), "text", "é", "bytes",
        bytes{std::byte{0}, std::byte{255}}, "time", timestamp(std::chrono::seconds(1'700'000'000)),
        "table", value::object("a", 1), "array", value::array(1, "x", value::array()), "empty",
        value::object());
    const std::string wire = table_of(all);
    EXPECT_EQ(wire_reader(wire).table(), all);
    EXPECT_EQ(table_of(value()), "\0\0\0\0"s);
    EXPECT_EQ(table_of(value::object("k", 1)), "\0\0\0\x07\x01kI\0\0\0\x01"s);
    EXPECT_EQ(table_of(value::object("k", std::int64_t{1} << 31U)),
              "\0\0\0\x0B\x01kl\0\0\0\0\x80\0\0\0"s);
}

TEST(amqp_wire, reads_the_types_that_only_others_send)
{
    const auto read = [](std::string field) {
        const std::string wire = "\x01k" + field;
        std::string whole;
        wire_writer(whole).long_text(wire);
        return wire_reader(whole).table()["k"];
    };
    EXPECT_EQ(read("b\xFF"), value(-1));
    EXPECT_EQ(read("B\xFF"), value(255));
    EXPECT_EQ(read("s\xFF\xFE"), value(-2));
    EXPECT_EQ(read("U\xFF\xFE"), value(-2));
    EXPECT_EQ(read("u\xFF\xFE"), value(65534));
    EXPECT_EQ(read("i\xFF\xFF\xFF\xFF"), value(4294967295));
    EXPECT_EQ(read("L\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), value(-1));
    EXPECT_EQ(read("f\x3F\xC0\0\0"s), value(1.5));
    EXPECT_EQ(read("t\x07"), value(true));
    EXPECT_EQ(read("D\x02\0\0\x01\x01"s).to<std::string>(), "2.57");
    EXPECT_EQ(read("D\x00\xFF\xFF\xFF\xFF"s).to<std::string>(), "-1");
    EXPECT_EQ(read("D\x03\xFF\xFF\xFF\xFF"s).to<std::string>(), "-0.001");
}

TEST(amqp_wire, refuses_what_cannot_be_sent)
{
    value deep = 1;
    for (int i = 0; i < 70; ++i) deep = value::object("d", std::move(deep));
    for (const value& v :
         {deep, value::object("big", value::integer("9223372036854775808")),
          value::object("s", value::set(1)), value::object("d", value::decimal("1e5")),
          value::object(std::string(256, 'k'), 1), value(5)}) {
        std::string out = "kept";
        EXPECT_THROW(wire_writer(out).table(v), error);
    }
    std::string out;
    EXPECT_THROW(wire_writer(out).short_text("\xFF"), error);
}

TEST(amqp_wire, malformed_tables_are_errors)
{
    for (const std::string& in : {
             ""s,
             "\0\0\0\x05"s,
             "\0\0\0\x01\x05"s,
             "\0\0\0\x03\x01kQ"s,
             "\0\0\0\x03\x01kI"s,
             "\0\0\0\x07\x01kS\0\0\0\x09"s,
             "\0\0\0\x08\x01k"
             "A\0\0\0\x01Z"s,
         }) {
        EXPECT_THROW(wire_reader(in).table(), protocol_error) << in.size();
    }
    std::string deep;
    for (int i = 0; i < 100; ++i) {
        std::string outer;
        wire_writer(outer).long_text("\x01kF" + (deep.empty() ? "\0\0\0\0"s : deep));
        deep = outer;
    }
    EXPECT_THROW(wire_reader(deep).table(), limit_error);
}

TEST(amqp_wire, properties_come_back_as_they_were_sent)
{
    const auto all = properties()
                         .content_type("text/plain")
                         .content_encoding("gzip")
                         .header("k", 1)
                         .persistent()
                         .priority(5)
                         .correlation_id("c")
                         .reply_to("r")
                         .expiration("60000")
                         .message_id("m")
                         .timestamp(timestamp(std::chrono::seconds(1)))
                         .type("t")
                         .user_id("u")
                         .app_id("a");
    std::string wire;
    all.append_to(wire);
    EXPECT_TRUE(wire.starts_with("\xFF\xF8"));
    std::string again;
    properties::parse(wire).append_to(again);
    EXPECT_EQ(again, wire);
    std::string none;
    properties().append_to(none);
    EXPECT_EQ(none, "\0\0"s);
    // Words of flags that nobody knows are passed over; the cluster id is read and dropped.
    EXPECT_EQ(properties::parse("\x80\x05\0\0\x01x\x01y"s).content_type(), "x");
    EXPECT_THROW(properties::parse("\x80\0"s), protocol_error);
    EXPECT_THROW(properties().content_type(std::string(256, 'x')).append_to(wire), error);
}

TEST(amqp_frame, are_taken_when_they_are_whole)
{
    std::string out;
    frame_writer f(out, 7, method::basic_ack);
    f.wire().u64(5);
    f.wire().octet(1);
    f.finish(frame_min_size);
    EXPECT_EQ(out, "\x01\0\x07\0\0\0\x0D\0\x3C\0\x50\0\0\0\0\0\0\0\x05\x01\xCE"s);
    for (std::size_t n = 0; n < out.size(); ++n) {
        EXPECT_FALSE(next_frame(out.substr(0, n), frame_min_size));
    }
    const auto whole = next_frame(out + "x", frame_min_size);
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->type, frame_method);
    EXPECT_EQ(whole->channel, 7);
    EXPECT_EQ(whole->size(), out.size());
}

TEST(amqp_frame, malformed_ones_are_errors)
{
    EXPECT_THROW(next_frame("\x05\0\0\0\0\0\0\xCE"s, 4096), protocol_error);
    EXPECT_THROW(next_frame("\x08\0\0\0\0\0\0\xCD"s, 4096), protocol_error);
    EXPECT_THROW(next_frame("\x01\0\0\0\0\x0F\xF9"s, 4096), protocol_error);
    EXPECT_FALSE(next_frame("\x01\0\0\0\0\x0F\xF8"s, 4096));
    // Another version, and a TLS alert.
    for (const std::string& other : {"AMQP\0\0\x09\x01"s, "\x15\x03\x03\0\x02\x02\x46"s}) {
        try {
            next_frame(other, 4096);
            FAIL() << "accepted";
        } catch (const protocol_error& e) {
            EXPECT_TRUE(e.code() == errc::protocol_mismatch) << e.what();
        }
    }
}

TEST(amqp_frame, one_that_is_not_finished_leaves_no_trace)
{
    std::string out = "before";
    {
        frame_writer f(out, 1, method::basic_ack);
        f.wire().u64(5);
    }
    EXPECT_EQ(out, "before");
    frame_writer f(out, 1, method::basic_ack);
    f.wire().raw(std::string(5000, 'x'));
    EXPECT_THROW(f.finish(4096), error);
}

}  // namespace
}  // namespace ferry::amqp::detail
