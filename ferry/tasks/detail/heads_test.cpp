// What brokers write straight from a message is what they write of its envelope.
#include "ferry/documents/json.hpp"
#include "ferry/tasks/detail/amqp_core.hpp"
#include "ferry/tasks/detail/kombu_message.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

struct row {
    const char* name;
    message m;
};

std::vector<row> rows()
{
    std::vector<row> all;
    const auto add = [&all](const char* name) -> message& {
        message& m = all.emplace_back(row{name, message()}).m;
        m.task = "shop.add";
        m.id = "4e0e4fbc-2b4e-4a4e-9d3c-3f4a53a8a4f5";
        m.reply_to = "8f0c6a52-8a51-4f5e-8c35-2a5f4a5cf0a1";
        m.origin = "gen1@host";
        m.args = value::array(2, 3);
        return m;
    };
    add("as short as can be");
    message& full = add("everything that there is");
    full.kwargs = value::object("name", "caf\u00e9 \"quoted\" \\");
    full.eta = timestamp{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + 1234567us};
    full.retries = 3;
    full.hard_time_limit = 30;
    full.soft_time_limit = 20.5;
    full.ignore_result = true;
    full.root_id = "root";
    full.parent_id = "parent";
    full.group = "group";
    full.group_index = 7;
    full.shadow = "sch\u00f6n";
    full.priority = 9;
    full.callbacks = value::array(value::object("task", "shop.mul"));
    full.chain = value::array(value::object("task", "shop.mul"));
    add("past its time").expires = timestamp{};
    add("one limit").soft_time_limit = 1;
    add("packed").compression = "zlib";
    add("pickled").serializer = "pickle";
    add("a header of one's own").headers = value::object("tenant", 7, "lang", "ours");
    message& again = add("the same task again");
    again.id = "11111111-2222-4333-8444-555555555555";
    again.args = value::array(std::string(300, 'x'), value::array());
    add("and again").args = value::array();
    add("without a result").ignore_result = true;
    add("somewhere else").reply_to = "queue";
    add("for nobody").reply_to = "";
    add("urgent").priority = 5;
    add("from another one").origin = "gen2@host";
    add("by an id that is no UUID").id = "7";
    add("another task").task = "shop.caf\u00e9";
    add("as the first");
    return all;
}

TEST(heads, of_amqp_are_the_same_from_a_message_and_from_its_envelope)
{
    const amqp_core core{amqp::options(), amqp_broker_options()};
    for (const row& r : rows()) {
        SCOPED_TRACE(r.name);
        const parcel direct = core.pack("q", r.m);
        const parcel detour = core.pack("q", encode(r.m));
        EXPECT_EQ(direct.head, detour.head);
        EXPECT_EQ(direct.body, detour.body);
        EXPECT_EQ(direct.queue, detour.queue);
    }
}

TEST(heads, of_kombu_are_the_same_from_a_message_and_from_its_envelope)
{
    for (const row& r : rows()) {
        SCOPED_TRACE(r.name);
        const value direct = json::parse(to_kombu(r.m, "q"));
        const value detour = json::parse(to_kombu(encode(r.m), "", "q"));
        ASSERT_EQ(direct.size(), detour.size());
        for (const auto& [key, v] : direct.items()) {
            if (key != "properties") {
                EXPECT_EQ(v, detour[key]) << key;
                continue;
            }
            ASSERT_EQ(v.size(), detour[key].size());
            for (const auto& [property, content] : v.items()) {
                // Each has its own.
                if (property == "delivery_tag") continue;
                EXPECT_EQ(content, detour[key][property]) << property;
            }
        }
    }
}

}  // namespace
}  // namespace ferry::tasks::detail
