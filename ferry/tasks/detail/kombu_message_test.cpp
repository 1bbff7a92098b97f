#include "ferry/tasks/detail/kombu_message.hpp"

#include "ferry/documents/json.hpp"

#include <gtest/gtest.h>

namespace ferry::tasks::detail {
namespace {

TEST(kombu_message, survives_the_way_there_and_back)
{
    envelope e;
    e.headers = value::object("task", "t", "id", "1");
    e.correlation_id = "1";
    e.reply_to = "me";
    e.priority = 6;
    e.expiration = "60000";
    e.body = std::string("\0\xff[]", 4);
    const std::string text = to_kombu(e, "", "celery");
    const value all = json::parse(text);
    EXPECT_EQ(all["properties"]["delivery_info"],
              value::object("exchange", "", "routing_key", "celery"));
    EXPECT_EQ(all["properties"]["body_encoding"], value("base64"));
    const kombu_message m = from_kombu(text);
    EXPECT_EQ(m.content.headers, e.headers);
    EXPECT_EQ(m.content.body, e.body);
    EXPECT_EQ(m.content.priority, 6);
    EXPECT_EQ(m.content.expiration, "60000");
    EXPECT_EQ(m.content.reply_to, "me");
    EXPECT_FALSE(m.redelivered);
}

TEST(kombu_message, a_restored_one_is_marked_and_knows_its_queue)
{
    envelope e;
    e.priority = 3;
    const std::string entry = "[" + to_kombu(e, "", "q") + R"(, "", "q"])";
    const restored_message r = restore_kombu(entry);
    EXPECT_EQ(r.queue, "q");
    EXPECT_EQ(r.priority, 3);
    EXPECT_TRUE(from_kombu(r.text).redelivered);
    EXPECT_EQ(json::parse(r.text)["headers"]["redelivered"], value(true));
}

TEST(kombu_message, bodies_may_be_plain_text)
{
    const kombu_message m = from_kombu(R"({"body": "[]", "headers": {}, "properties": {}})");
    EXPECT_EQ(m.content.body, "[]");
}

TEST(kombu_message, what_is_none_is_refused)
{
    for (const char* text :
         {"", "x", "[]", "{}", R"({"body": 1})", R"({"body": "x", "properties": 1})",
          R"({"body": "x", "properties": {"body_encoding": "rot13"}})",
          R"({"body": "x", "headers": 1, "properties": {}})"}) {
        SCOPED_TRACE(text);
        EXPECT_THROW(from_kombu(text), error);
    }
    for (const char* text :
         {"", "{}", "[1, 2, 3]", "[{}, 1]", R"([{}, "", 1])", R"([{}, "", ""])"}) {
        SCOPED_TRACE(text);
        EXPECT_THROW(restore_kombu(text), error);
    }
}

}  // namespace
}  // namespace ferry::tasks::detail
