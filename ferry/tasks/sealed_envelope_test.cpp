#include "ferry/tasks/sealed_envelope.hpp"

#include "ferry/amqp/properties.hpp"
#include "ferry/amqp/properties_writer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

/// As it comes by AMQP.
sealed_envelope sealed(const envelope& e)
{
    amqp::properties p;
    p.headers(e.headers).content_type(e.content_type).content_encoding(e.content_encoding);
    p.priority(static_cast<std::uint8_t>(e.priority)).correlation_id(e.correlation_id);
    p.delivery_mode(static_cast<std::uint8_t>(e.delivery_mode));
    p.reply_to(e.reply_to).expiration(e.expiration);
    std::string text;
    p.append_to(text);
    return {std::move(text), buffer::copy(e.body)};
}

message usual()
{
    message m;
    m.task = "shop.add";
    m.id = "4e0e4fbc-2b4e-4a4e-9d3c-3f4a53a8a4f5";
    m.args = value::array(2, "x", value::array(nullptr));
    m.origin = "gen1@host";
    m.reply_to = "here";
    m.priority = 3;
    return m;
}

message full()
{
    message m = usual();
    m.kwargs = value::object("y", 3);
    m.eta = timestamp{1700000000s};
    m.expires = timestamp{1800000000s};
    m.retries = 2;
    m.hard_time_limit = 30;
    m.soft_time_limit = 2.5;
    m.ignore_result = true;
    m.root_id = "root";
    m.parent_id = "parent";
    m.group = "group";
    m.group_index = 4;
    m.shadow = "shown";
    m.callbacks = value::array(value::object("task", "next"));
    m.headers = value::object("stamps", value::object("cid", value::array("1")), "mine", 7);
    return m;
}

/// What a message says, all of it.
std::string told(const message& m)
{
    envelope e = encode(m);
    e.expiration.clear();  // counts from now
    return head_to_text(e) + e.body;
}

std::string outcome(const sealed_envelope& e)
{
    try {
        return told(decode(e, accept_content("json", "pickle")));
    } catch (const error& failure) {
        return failure.what();
    }
}

TEST(sealed_envelope, is_decoded_as_its_envelope_would_be)
{
    const auto with_body = [](std::string body) {
        envelope e = encode(usual());
        e.body = std::move(body);
        return e;
    };
    const auto with_header = [](const char* name, value v) {
        envelope e = encode(full());
        e.headers.insert(name, std::move(v));
        return e;
    };
    const std::string end =
        R"({}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}])";
    message pickled = usual();
    pickled.serializer = "pickle";
    message compressed = full();
    compressed.compression = "gzip";
    envelope old;
    old.body = R"({"task": "t", "id": "1", "args": [2], "taskset": "g", "retries": 1})";
    envelope refused = encode(usual());
    refused.content_type = "application/x-yaml";
    const std::vector<envelope> all = {
        encode(usual()),
        encode(full()),
        encode(pickled),
        encode(compressed),
        old,
        refused,
        envelope(),
        with_body("[[2], " + end),
        with_body("[null, " + end),
        with_body("[{\"a\": 1}, " + end),
        with_body("[[1], [2], " + end),
        with_body("[[1], {\"y\": 1}, " + end),
        with_body("[[1, " + end),
        with_body("[" + end),
        with_body(R"({"args": [1], "kwargs": {"y": 2}, "chord": {"task": "c"}})"),
        with_body("nothing"),
        with_header("retries", "many"),
        with_header("retries", -1),
        with_header("timelimit", value::array(1)),
        with_header("timelimit", value::array(nullptr, "x")),
        with_header("timelimit", 5),
        with_header("eta", "soon"),
        with_header("id", nullptr),
        with_header("id", 7),
        with_header("group_index", true),
        with_header("ignore_result", 1),
        with_header("lang", value::array()),
        with_header("compression", "none such"),
    };
    for (std::size_t i = 0; i < all.size(); ++i) {
        SCOPED_TRACE(i);
        const sealed_envelope came = sealed(all[i]);
        EXPECT_EQ(outcome(came), outcome(sealed_envelope(all[i])));
        EXPECT_TRUE(came.sealed() || !all[i].headers.contains("task"));
    }
}

TEST(sealed_envelope, opens_to_what_was_sent)
{
    const envelope sent = encode(full());
    sealed_envelope came = sealed(sent);
    const sealed_envelope copy = came;
    EXPECT_EQ(came.open().headers, sent.headers);
    EXPECT_EQ(came.open().correlation_id, sent.correlation_id);
    EXPECT_EQ(came.open().reply_to, "here");
    EXPECT_EQ(came.open().priority, 3);
    EXPECT_EQ(came.open().body, sent.body);
    EXPECT_FALSE(came.sealed());
    EXPECT_TRUE(copy.sealed());
    came.open().headers.insert("retries", 9);
    EXPECT_EQ(decode(came).retries, 9);
    EXPECT_EQ(decode(copy).retries, 2);
    EXPECT_EQ(sealed_envelope().open().content_type, "application/json");
}

TEST(sealed_envelope, takes_the_first_of_two_headers_of_a_name)
{
    std::string text;
    {
        amqp::properties_writer to(text);
        to.content_type("application/json");
        to.begin_headers();
        for (const char* n : {"1", "2"}) {
            const std::string task = std::string("task ") + n;
            to.header("task", std::string_view(task));
            to.header("id", n);
            to.header("mine", n);
        }
        to.end_headers();
    }
    const message m = decode(sealed_envelope(text, buffer::copy(std::string_view("[[],{}]"))));
    EXPECT_EQ(m.task, "task 1");
    EXPECT_EQ(m.id, "1");
    EXPECT_EQ(m.headers, value::object("mine", "1"));
}

TEST(sealed_envelope, refuses_properties_that_end_too_early)
{
    const sealed_envelope whole = sealed(encode(full()));
    const std::string text{whole.properties()};
    for (std::size_t size = 1; size < text.size(); ++size) {
        const sealed_envelope cut(text.substr(0, size), buffer::copy(whole.body()));
        EXPECT_THROW(decode(cut), error) << size;
    }
}

}  // namespace
}  // namespace ferry::tasks
