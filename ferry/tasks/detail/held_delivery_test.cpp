#include "ferry/tasks/detail/held_delivery.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace ferry::tasks::detail {
namespace {

delivery full_one()
{
    delivery d;
    d.content.open().headers = value::object(
        "task", "shop.add", "id", "0655", "eta", nullptr, "timelimit", value::array(30, nullptr),
        "mine",
        value::object("big", value::integer("123456789012345678901234567890"), "price",
                      value::decimal("1.10"), "raw", as_bytes(std::string_view{"\0\xff", 2}), "at",
                      timestamp{std::chrono::seconds{1700000000}}, "ok", true, "x", 0.5));
    d.content.open().content_type = "application/x-python-serialize";
    d.content.open().content_encoding = "binary";
    d.content.open().correlation_id = "0655";
    d.content.open().reply_to = "fcaa";
    d.content.open().expiration = "60000";
    d.content.open().priority = 5;
    d.content.open().delivery_mode = 1;
    d.content.open().body = std::string("\x80\x04\0\xff.", 5);
    d.queue = "images";
    d.tag = (std::uint64_t{7} << 40U) | 12345U;
    d.redelivered = true;
    return d;
}

TEST(held_delivery, comes_out_as_it_went_in)
{
    delivery child = full_one();
    child.content.open().headers.insert("root_id", "0001");
    child.content.open().correlation_id = "other";
    delivery first = full_one();
    first.content.open().headers.insert("root_id", "0655");
    // RabbitMQ carries what is no UTF-8, too.
    delivery half = full_one();
    half.content.open().headers.insert("argsrepr", "a\xed\xa0\x80");
    delivery malformed = full_one();
    malformed.content.open().headers.insert("argsrepr", "\xff");
    malformed.content.open().headers.insert("\xed\xa0", 1);
    for (const delivery& d : {delivery(), full_one(), child, first, half, malformed}) {
        const delivery out = held_delivery(d).unpack();
        EXPECT_EQ(out.content.open().headers, d.content.open().headers);
        EXPECT_EQ(out.content.open().content_type, d.content.open().content_type);
        EXPECT_EQ(out.content.open().content_encoding, d.content.open().content_encoding);
        EXPECT_EQ(out.content.open().correlation_id, d.content.open().correlation_id);
        EXPECT_EQ(out.content.open().reply_to, d.content.open().reply_to);
        EXPECT_EQ(out.content.open().expiration, d.content.open().expiration);
        EXPECT_EQ(out.content.open().priority, d.content.open().priority);
        EXPECT_EQ(out.content.open().delivery_mode, d.content.open().delivery_mode);
        EXPECT_EQ(out.content.open().body, d.content.open().body);
        EXPECT_EQ(out.queue, d.queue);
        EXPECT_EQ(out.tag, d.tag);
        EXPECT_EQ(out.redelivered, d.redelivered);
    }
}

TEST(held_delivery, keeps_the_kinds_of_its_headers)
{
    const delivery out = held_delivery(full_one()).unpack();
    const value& mine = out.content.open().headers["mine"];
    EXPECT_TRUE(mine["big"].is_big());
    EXPECT_TRUE(mine["price"].is_decimal());
    EXPECT_TRUE(mine["raw"].is_bytes());
    EXPECT_TRUE(mine["at"].is_timestamp());
}

}  // namespace
}  // namespace ferry::tasks::detail
