#include "ferry/documents/json.hpp"
#include "ferry/tasks/message.hpp"
#include "ferry/testing/program.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace ferry::tasks {
namespace {

const json::parse_options lenient = json::parse_options().allow_nan();

std::string peer(const std::string& verb, const std::string& input = {})
{
    const auto ran =
        testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/message_peer.py", verb}, input);
    EXPECT_EQ(ran.status, 0) << ran.err;
    return ran.out;
}

envelope envelope_of(const value& made)
{
    const std::string head = json::dump(made);
    return envelope_from_text(head, made["body"].as<std::string>());
}

value as_peer_reads(const envelope& e)
{
    value all = json::parse(head_to_text(e), lenient);
    all.insert("body", e.body);
    return all;
}

TEST(celery_message, ferry_reads_what_celery_builds)
{
    const value made = json::parse(peer("make"), lenient);
    ASSERT_EQ(made.size(), 3U);
    const message plain = decode(envelope_of(made[0]));
    EXPECT_EQ(plain.task, "ferry.add");
    EXPECT_EQ(plain.args, value::array(2, 3));
    EXPECT_EQ(plain.root_id, plain.id);
    EXPECT_FALSE(plain.eta);

    const message full = decode(envelope_of(made[1]));
    EXPECT_EQ(full.kwargs, value::object("y", "it's"));
    EXPECT_EQ(iso8601::format(*full.eta), "2026-11-22T06:43:47.768636+00:00");
    EXPECT_EQ(full.expires, full.eta);
    EXPECT_EQ(full.retries, 2);
    EXPECT_EQ(full.hard_time_limit, 30);
    EXPECT_EQ(full.soft_time_limit, 20);
    EXPECT_EQ(full.reply_to, "fcaa");
    EXPECT_EQ(full.root_id, "r");
    EXPECT_EQ(full.parent_id, "p");
    EXPECT_EQ(full.group, "g");
    EXPECT_EQ(full.group_index, 3);
    EXPECT_EQ(full.shadow, "seen");
    EXPECT_EQ(full.origin, "gen1@host");
    EXPECT_TRUE(full.ignore_result);
    EXPECT_EQ(full.callbacks[0]["task"], value("ferry.mul"));
    EXPECT_EQ(full.errbacks[0]["task"], value("ferry.log"));
    EXPECT_EQ(full.chain[0]["task"], value("ferry.last"));
    EXPECT_EQ(full.chord["task"], value("ferry.xsum"));

    const message values = decode(envelope_of(made[2]));
    const double infinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(values.args,
              value::array(nullptr, true, std::numeric_limits<std::int64_t>::min(),
                           value::integer("1180591620717411303424"), 1e300, infinity,
                           std::string("caf\u00e9\0\u65e5", 9), value::array(value::array())));
}

TEST(celery_message, celerys_worker_reads_what_ferry_writes)
{
    message m;
    m.task = "ferry.add";
    m.id = "0655d6f6-0d4b-4d6d-8d3c-4c2a1f6d4a10";
    m.args = value::array(2, nullptr, 0.5, "both ' and \"", "caf\u00e9\n", value::array(1, true));
    m.kwargs = value::object("y", "it's", "z", value::object("a", -7));
    m.eta = iso8601::parse("2026-11-22T06:43:47.768636+00:00").utc;
    m.expires = iso8601::parse("2099-01-01T00:00:00+00:00").utc;
    m.retries = 2;
    m.hard_time_limit = 30;
    m.soft_time_limit = 20;
    m.parent_id = "p";
    m.root_id = "r";
    m.reply_to = "fcaa";
    m.chain = value::array(value::object("task", "ferry.last"));
    const value seen =
        json::parse(peer("read", json::dump(value::array(as_peer_reads(encode(m))))))[0];
    EXPECT_EQ(seen["id"], value(m.id));
    EXPECT_EQ(seen["name"], value(m.task));
    EXPECT_EQ(seen["args"], m.args);
    EXPECT_EQ(seen["kwargs"], m.kwargs);
    EXPECT_EQ(seen["embed"]["chain"], m.chain);
    EXPECT_EQ(seen["embed"].size(), 4U);
    EXPECT_EQ(seen["retries"], value(2));
    EXPECT_EQ(seen["root_id"], value("r"));
    EXPECT_EQ(seen["parent_id"], value("p"));
    EXPECT_EQ(seen["time_limits"], value::array(30, 20));
    EXPECT_EQ(seen["eta"], value("2026-11-22T06:43:47.768636+00:00"));
    EXPECT_EQ(seen["expires"], value("2099-01-01T00:00:00+00:00"));
    EXPECT_EQ(seen["reply_to"], value("fcaa"));
    EXPECT_EQ(seen["correlation_id"], value(m.id));
    EXPECT_EQ(seen["same_argsrepr"], value(true)) << seen["argsrepr"].as<std::string>();
    EXPECT_EQ(seen["same_kwargsrepr"], value(true)) << seen["kwargsrepr"].as<std::string>();
}

TEST(celery_message, has_the_headers_that_celery_writes)
{
    const value made = json::parse(peer("make"), lenient);
    message m;
    m.task = "t";
    m.id = "1";
    const envelope e = encode(m);
    for (const auto& [name, content] : made[0]["headers"].items()) {
        EXPECT_TRUE(e.headers.contains(name)) << name;
    }
    EXPECT_EQ(e.headers.size(), made[0]["headers"].size());
}

}  // namespace
}  // namespace ferry::tasks
