#include "ferry/amqp/properties_writer.hpp"

#include "ferry/amqp/error.hpp"
#include "ferry/amqp/properties.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ferry::amqp {
namespace {

TEST(properties_writer, writes_what_properties_write)
{
    value headers = value::object("task", "shop.add", "eta", nullptr, "retries", 3, "ignore", true,
                                  "timelimit", value::array(nullptr, 2.5));
    properties same;
    same.content_type("application/json").content_encoding("utf-8").headers(headers).persistent();
    same.priority(4).correlation_id("id").reply_to("q").expiration("60000").message_id("m");
    same.timestamp(timestamp(std::chrono::seconds(7))).type("t").user_id("guest").app_id("shop");
    std::string expected = "kept";
    same.append_to(expected);

    std::string written = "kept";
    {
        properties_writer to(written);
        to.content_type("application/json");
        to.content_encoding("utf-8");
        to.begin_headers();
        to.header("task", "shop.add");
        for (const auto& [name, v] : headers.items()) {
            if (name != "task") to.header(name, v);
        }
        to.end_headers();
        to.delivery_mode(2);
        to.priority(4);
        to.correlation_id("id");
        to.reply_to("q");
        to.expiration("60000");
        to.message_id("m");
        to.timestamp(7);
        to.type("t");
        to.user_id("guest");
        to.app_id("shop");
    }
    EXPECT_EQ(expected, written);
    EXPECT_EQ(headers, properties::parse(written.substr(4)).headers());
}

TEST(properties_writer, leaves_out_what_is_empty)
{
    std::string written;
    {
        properties_writer to(written);
        to.content_type("");
        to.headers(value());
        to.reply_to("");
    }
    EXPECT_EQ(std::string(2, '\0'), written);
}

TEST(properties_writer, refuses_what_amqp_cannot_say)
{
    std::string written;
    properties_writer to(written);
    const std::string long_text(256, 'x');
    EXPECT_THROW(to.content_type(long_text), error);
    EXPECT_THROW(to.correlation_id("\xFF"), error);
    EXPECT_THROW(to.header(long_text, "x"), error);
    EXPECT_THROW(to.header(long_text, value(1)), error);
}

}  // namespace
}  // namespace ferry::amqp
