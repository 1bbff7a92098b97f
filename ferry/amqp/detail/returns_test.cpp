#include "ferry/amqp/detail/returns.hpp"

#include "ferry/amqp/detail/message_access.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ferry::amqp::detail {
namespace {

returned_message message_to(const std::string& key, const std::string& body = "x",
                            const std::string& properties = {})
{
    returned_message m;
    message_access::routing_key(m) = key;
    message_access::properties(m) = properties;
    message_access::body(m) = to_bytes(body);
    return m;
}

return_matcher::look look_of(const std::string& key, const std::string& body = "x",
                             const std::string& properties = {})
{
    return {"", key, properties, body};
}

TEST(amqp_returns, many_may_come_before_the_one_confirm_of_all)
{
    return_matcher m;
    for (std::uint64_t tag = 1; tag <= 5; ++tag) m.expect(tag, look_of(std::to_string(tag)));
    m.put(message_to("2"));
    m.put(message_to("3"));
    m.put(message_to("5"));
    EXPECT_FALSE(m.take(1));
    EXPECT_EQ(m.take(2)->routing_key(), "2");
    EXPECT_EQ(m.take(3)->routing_key(), "3");
    EXPECT_FALSE(m.take(4));
    EXPECT_EQ(m.take(5)->routing_key(), "5");
    EXPECT_FALSE(m.take(5));
}

TEST(amqp_returns, the_same_message_twice_comes_back_twice)
{
    return_matcher m;
    m.expect(1, look_of("a"));
    m.expect(2, look_of("a"));
    m.put(message_to("a"));
    m.put(message_to("a"));
    EXPECT_TRUE(m.take(1));
    EXPECT_TRUE(m.take(2));
}

TEST(amqp_returns, body_and_properties_tell_messages_with_one_key_apart)
{
    return_matcher m;
    m.expect(1, look_of("a", "first"));
    m.expect(2, look_of("a", "second"));
    m.expect(3, look_of("a", "second", "properties"));
    m.put(message_to("a", "second", "properties"));
    EXPECT_FALSE(m.take(1));
    EXPECT_FALSE(m.take(2));
    EXPECT_TRUE(m.take(3));
}

TEST(amqp_returns, what_the_broker_has_changed_is_known_by_its_key)
{
    return_matcher m;
    m.expect(1, look_of("a"));
    m.expect(2, look_of("b", "x", "with BCC"));
    m.put(message_to("b", "x", "without"));
    EXPECT_FALSE(m.take(1));
    EXPECT_TRUE(m.take(2));
}

TEST(amqp_returns, a_confirm_says_that_what_was_published_before_it_was_routed)
{
    return_matcher m;
    m.expect(1, look_of("a"));
    m.expect(2, look_of("b"));
    m.expect(3, look_of("a"));
    m.confirmed(2, false);
    m.put(message_to("a"));
    EXPECT_FALSE(m.take(1));
    EXPECT_TRUE(m.take(3));
}

TEST(amqp_returns, what_nobody_waits_for_is_dropped)
{
    return_matcher m;
    m.put(message_to("a"));
    m.expect(1, look_of("a"));
    m.put(message_to("b"));
    EXPECT_FALSE(m.take(1));
    m.put(message_to("a"));
    m.confirmed(1, true);
    EXPECT_FALSE(m.take(1));
    m.expect(2, look_of("a"));
    m.clear();
    m.put(message_to("a"));
    EXPECT_FALSE(m.take(2));
}

}  // namespace
}  // namespace ferry::amqp::detail
