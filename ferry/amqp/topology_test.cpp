#include "ferry/amqp/topology.hpp"

#include "ferry/amqp/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ferry::amqp {
namespace {

value list_of(const char* member, value entry)
{
    return value::object(member, value::array(std::move(entry)));
}

TEST(amqp_topology, reads_what_rabbitmq_exports)
{
    value v = list_of("users", value::object("name", "guest"));
    v.insert("exchanges",
             value::array(value::object("name", "logs", "vhost", "/", "type", "topic", "durable",
                                        true, "auto_delete", false, "internal", false, "arguments",
                                        value::object())));
    v.insert("queues",
             value::array(value::object("name", "errors", "vhost", "other", "durable", true,
                                        "arguments", value::object("x-max-length", 10)),
                          value::object("name", "plain")));
    v.insert("bindings",
             value::array(value::object("source", "logs", "vhost", "/", "destination", "errors",
                                        "destination_type", "queue", "routing_key", "#.error")));
    const auto t = topology::from(v);
    ASSERT_EQ(t.exchanges.size(), 1U);
    EXPECT_EQ(t.exchanges[0].type, "topic");
    EXPECT_TRUE(t.exchanges[0].durable);
    ASSERT_EQ(t.queues.size(), 2U);
    EXPECT_EQ(t.queues[0].vhost, "other");
    EXPECT_EQ(t.queues[0].arguments["x-max-length"], value(10));
    EXPECT_FALSE(t.queues[1].durable);
    ASSERT_EQ(t.bindings.size(), 1U);
    EXPECT_EQ(t.bindings[0].routing_key, "#.error");
    EXPECT_TRUE(topology::from(value::object()).queues.empty());
}

TEST(amqp_topology, names_what_is_wrong)
{
    struct row {
        value what;
        const char* part;
    };
    for (const row& r : {
             row{value::array(), "must be an object"},
             row{value::object("queues", 5), "queues"},
             row{list_of("queues", value::object("name", "q", "durabel", true)), "durabel"},
             row{list_of("exchanges", value::object("name", "x", "durable", "yes")), "durable"},
             row{list_of("bindings", value::object("destination_type", "bucket")), "bucket"},
         }) {
        SCOPED_TRACE(r.part);
        try {
            topology::from(r.what);
            ADD_FAILURE() << "accepted";
        } catch (const error& e) {
            EXPECT_NE(std::string(e.what()).find(r.part), std::string::npos) << e.what();
        }
    }
}

}  // namespace
}  // namespace ferry::amqp
