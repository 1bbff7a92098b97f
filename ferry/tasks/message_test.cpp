#include "ferry/tasks/message.hpp"

#include "ferry/core/base64.hpp"
#include "ferry/documents/json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

// As Celery 5.2 sends it.
constexpr const char* captured_headers = R"json({
    "lang": "py", "task": "cap.add", "id": "0655", "shadow": null,
    "eta": "2026-11-22T06:43:47.768636+00:00", "expires": "2026-11-22T07:44:45.768636+01:00",
    "group": null, "group_index": null, "retries": 1, "timelimit": [30, 20], "root_id": "0655",
    "parent_id": null, "argsrepr": "(2,)", "kwargsrepr": "{'y': 3}", "origin": "gen19776@vm",
    "ignore_result": false, "myhdr": "v", "stamps": {"cid": ["1"]}})json";
constexpr const char* captured_body =
    R"([[2], {"y": 3}, {"callbacks": null, "errbacks": [{"task": "x"}], "chain": null, "chord": null}])";

envelope captured()
{
    envelope e;
    e.headers = json::parse(captured_headers);
    e.body = captured_body;
    e.reply_to = "fcaa";
    e.priority = 5;
    return e;
}

TEST(message, reads_what_celery_sends)
{
    const message m = decode(captured());
    EXPECT_EQ(m.task, "cap.add");
    EXPECT_EQ(m.id, "0655");
    EXPECT_EQ(m.args, value::array(2));
    EXPECT_EQ(m.kwargs, value::object("y", 3));
    EXPECT_EQ(iso8601::format(*m.eta), "2026-11-22T06:43:47.768636+00:00");
    EXPECT_EQ(iso8601::format(*m.expires), "2026-11-22T06:44:45.768636+00:00");
    EXPECT_EQ(m.retries, 1);
    EXPECT_EQ(m.hard_time_limit, 30);
    EXPECT_EQ(m.soft_time_limit, 20);
    EXPECT_EQ(m.root_id, "0655");
    EXPECT_EQ(m.origin, "gen19776@vm");
    EXPECT_EQ(m.priority, 5);
    EXPECT_EQ(m.reply_to, "fcaa");
    EXPECT_EQ(m.errbacks, value::array(value::object("task", "x")));
    EXPECT_EQ(m.headers, json::parse(R"({"myhdr": "v", "stamps": {"cid": ["1"]}})"));
}

TEST(message, goes_through_the_wire_unchanged)
{
    const message before = decode(captured());
    const envelope sent = encode(before);
    const envelope carried = envelope_from_text(head_to_text(sent), sent.body);
    EXPECT_EQ(carried.headers, sent.headers);
    EXPECT_EQ(carried.correlation_id, "0655");
    EXPECT_EQ(carried.expiration, "0") << "long past";
    EXPECT_EQ(carried.priority, 5);
    const message after = decode(carried);
    EXPECT_EQ(after.args, before.args);
    EXPECT_EQ(after.kwargs, before.kwargs);
    EXPECT_EQ(after.eta, before.eta);
    EXPECT_EQ(after.expires, before.expires);
    EXPECT_EQ(after.retries, before.retries);
    EXPECT_EQ(after.errbacks, before.errbacks);
    EXPECT_EQ(after.headers, before.headers);
    EXPECT_EQ(after.hard_time_limit, before.hard_time_limit);
    EXPECT_EQ(after.reply_to, before.reply_to);
}

TEST(message, has_every_header_of_protocol_2)
{
    message m;
    m.task = "shop.add";
    m.id = "1";
    m.args = value::array(2, "it's");
    m.kwargs = value::object("y", nullptr);
    m.origin = "gen1@host";
    const envelope e = encode(m);
    EXPECT_EQ(
        json::dump(e.headers),
        R"j({"lang":"c++","task":"shop.add","id":"1","shadow":null,"eta":null,"expires":null,)j"
        R"j("group":null,"group_index":null,"retries":0,"timelimit":[null,null],"root_id":"1",)j"
        R"j("parent_id":null,"argsrepr":"(2, 'it\\'s')","kwargsrepr":"{'y': None}",)j"
        R"j("origin":"gen1@host","ignore_result":false})j");
    EXPECT_EQ(
        e.body,
        R"([[2,"it's"],{"y":null},{"callbacks":null,"errbacks":null,"chain":null,"chord":null}])");
    EXPECT_EQ(e.expiration, "");
}

TEST(message, needs_no_more_than_name_and_id)
{
    envelope e;
    e.headers = value::object("lang", "py", "task", "ferry.add", "id", "7");
    e.body = "[[20, 3], {}, {}]";
    const message m = decode(e);
    EXPECT_EQ(m.args, value::array(20, 3));
    EXPECT_EQ(m.root_id, "7");
    EXPECT_EQ(m.retries, 0);
    EXPECT_TRUE(m.chain.is_null());
}

TEST(message, reads_protocol_1_and_the_mixture)
{
    const char* body =
        R"({"task":"ferry.add","id":"1bb6","args":[2,3],"kwargs":{"z":1},"group":null,
        "retries":2,"eta":"2026-01-02T03:04:05","expires":null,"utc":true,"callbacks":[1],
        "errbacks":null,"timelimit":[null,5.5],"taskset":"set","chord":null})";
    envelope e;
    e.body = body;
    message m = decode(e);
    EXPECT_EQ(m.task, "ferry.add");
    EXPECT_EQ(m.id, "1bb6");
    EXPECT_EQ(m.args, value::array(2, 3));
    EXPECT_EQ(m.kwargs, value::object("z", 1));
    EXPECT_EQ(m.retries, 2);
    EXPECT_EQ(m.group, "set");
    EXPECT_EQ(m.callbacks, value::array(1));
    EXPECT_EQ(m.soft_time_limit, 5.5);
    EXPECT_EQ(iso8601::format(*m.eta), "2026-01-02T03:04:05+00:00");
    e.headers = value::object("task", "other", "id", "2");
    m = decode(e);
    EXPECT_EQ(m.task, "other");
    EXPECT_EQ(m.retries, 0) << "the headers win";
    EXPECT_EQ(m.args, value::array(2, 3));
}

TEST(message, refuses_what_is_none)
{
    struct row {
        const char* name;
        const char* headers;
        const char* body;
    };
    for (const row& r : {
             row{"no JSON", R"({"task":"t","id":"1"})", "{"},
             row{"body too short", R"({"task":"t","id":"1"})", "[[]]"},
             row{"body is text", R"({"task":"t","id":"1"})", "\"x\""},
             row{"args no list", R"({"task":"t","id":"1"})", "[5, {}, {}]"},
             row{"kwargs no mapping", R"({"task":"t","id":"1"})", "[[], [], {}]"},
             row{"embed no mapping", R"({"task":"t","id":"1"})", "[[], {}, 5]"},
             row{"no id", R"({"task":"t"})", "[[], {}, {}]"},
             row{"task no text", R"({"task":1,"id":"1"})", "[[], {}, {}]"},
             row{"eta no time", R"({"task":"t","id":"1","eta":"soon"})", "[[], {}, {}]"},
             row{"eta a number", R"({"task":"t","id":"1","eta":5})", "[[], {}, {}]"},
             row{"expires no time", R"({"task":"t","id":"1","expires":"x"})", "[[], {}, {}]"},
             row{"retries a text", R"({"task":"t","id":"1","retries":"1"})", "[[], {}, {}]"},
             row{"huge retries", R"({"task":"t","id":"1","retries":99999999999999999999})",
                 "[[],{},{}]"},
             row{"one time limit", R"({"task":"t","id":"1","timelimit":[1]})", "[[], {}, {}]"},
             row{"time limit a text", R"({"task":"t","id":"1","timelimit":["1",2]})",
                 "[[], {}, {}]"},
             row{"compressed", R"({"task":"t","id":"1","compression":"application/x-gzip"})", "x"},
             row{"neither protocol", "{}", "[[], {}, {}]"},
             row{"protocol 1 without a name", "{}", R"({"id":"1","args":[]})"},
         }) {
        SCOPED_TRACE(r.name);
        envelope e;
        e.headers = json::parse(r.headers);
        e.body = r.body;
        EXPECT_THROW(decode(e), error);
    }
    envelope e = captured();
    e.content_type = "application/x-python-serialize";
    EXPECT_THROW(decode(e), error);
    EXPECT_THROW(envelope_from_text("[]", ""), error);
    EXPECT_THROW(envelope_from_text(R"({"headers": 5})", ""), error);
}

TEST(python_repr, writes_as_python)
{
    const double infinity = std::numeric_limits<double>::infinity();
    struct row {
        value from;
        const char* expected;
    };
    const std::vector<row> rows = {
        {nullptr, "None"},
        {true, "True"},
        {false, "False"},
        {-7, "-7"},
        {value::integer("1180591620717411303424"), "1180591620717411303424"},
        {2.0, "2.0"},
        {1e16, "1e+16"},
        {0.1, "0.1"},
        {infinity, "inf"},
        {std::nan(""), "nan"},
        {value::decimal("1.10"), "Decimal('1.10')"},
        {"plain", "'plain'"},
        {"it's", "\"it's\""},
        {"both ' and \"", R"('both \' and "')"},
        {"a\n\t\\\x7f\x01", R"('a\n\t\\\x7f\x01')"},
        {"caf\u00e9 \u65e5\u672c", "'caf\u00e9 \u65e5\u672c'"},
        {"\u0085", R"('\x85')"},
        {std::as_bytes(std::span{"a'\xff\n", 4}), R"(b"a'\xff\n")"},
        {"\u00a0\u00ad\u00ae\u2028\ufeff\ufffd", R"('\xa0\xad)"
                                                 "\u00ae"
                                                 R"(\u2028\ufeff)"
                                                 "\ufffd'"},
        {"\U0001F600\U0010FFFD", "'\U0001F600\\U0010fffd'"},
        {"a\xed\xa0\x80 b", R"('a\ud800 b')"},
        {"\xff\xe2\x82 ", R"('\xff\xe2\x82 ')"},
        {value::array(), "[]"},
        {value::array(1, value::array(2), "x"), "[1, [2], 'x']"},
        {value::tuple(), "()"},
        {value::tuple(1), "(1,)"},
        {value::tuple(1, 2), "(1, 2)"},
        {value::set(), "set()"},
        {value::set(1, 2), "{1, 2}"},
        {value::object("a", 1, "b", value::object()), "{'a': 1, 'b': {}}"},
    };
    for (const row& r : rows) EXPECT_EQ(python_repr(r.from), r.expected);
    EXPECT_EQ(python_args_repr(value::array(2)), "(2,)");
    EXPECT_EQ(python_args_repr(value::array()), "()");
}

// What Celery 5.2.6 gives for the same; saferepr_interop_test asks it for many more.
TEST(saferepr, is_cut_as_celery_cuts)
{
    EXPECT_EQ(saferepr("\u00e9\u00e9\u00e9\u00e9", 4), "'\u00e9\u00e9\u00e9\u00e9...'");
    EXPECT_EQ(saferepr("\u00e9\u00e9\u00e9\u00e9", 5), "'\u00e9\u00e9\u00e9\u00e9'");
    EXPECT_EQ(saferepr("two words here", 9), "'two...'");
    EXPECT_EQ(saferepr(value::array(1, 2, 3), 4), "[1, , ...]");
    EXPECT_EQ(saferepr(value::object("key", value::array(1, 2)), 6), "{'key', ...}");
    EXPECT_EQ(saferepr("it's\n"), "'it\\'s\n'");
    EXPECT_EQ(args_saferepr(value::array(2)), "(2,)");
    const value deep = value::array(value::array(value::array(value::array(1), 2), 3), 4);
    EXPECT_EQ(saferepr(deep), "[[[[...], 2], 3], 4]");
    const std::string huge(1'000'000, 'x');
    EXPECT_EQ(saferepr(huge).size(), max_repr_characters + 5);
}

TEST(python_repr, depth_costs_no_stack)
{
    value deep = value::array();
    for (int i = 0; i < 100'000; ++i) {
        value outer = value::array();
        outer.push_back(std::move(deep));
        deep = std::move(outer);
    }
    EXPECT_EQ(saferepr(deep), "[[[[...]]]]");
    EXPECT_EQ(python_repr(deep).size(), 200'002U);
}

TEST(message, shows_what_it_is_told_to_show)
{
    message m;
    m.task = "shop.pay";
    m.id = "1";
    m.args = value::array("4111 1111");
    m.kwargs = value::object("pin", 1234);
    EXPECT_EQ(encode(m).headers["argsrepr"], value("('4111 1111',)"));
    m.args_repr = "(<card>,)";
    m.kwargs_repr = "{'pin': <secret>}";
    const message read = decode(encode(m));
    EXPECT_EQ(read.args, m.args);
    EXPECT_EQ(encode(read).headers["argsrepr"], value("(<card>,)"));
    EXPECT_EQ(encode(read).headers["kwargsrepr"], value("{'pin': <secret>}"));
}

TEST(message, is_carried_by_every_serializer)
{
    message m;
    m.task = "cap.add";
    m.id = "1";
    m.args = value::array(2, 3);
    struct row {
        const char* name;
        const char* type;
        const char* body;  ///< as Celery sends it, in base64; null: text
    };
    const row rows[] = {
        {"json", "application/json", nullptr},
        {"yaml", "application/x-yaml", nullptr},
        {"pickle", "application/x-python-serialize",
         "gASVOgAAAAAAAABLAksDhpR9lH2UKIwJY2FsbGJhY2tzlE6MCGVycmJhY2tzlE6MBWNoYWlulE6MBWNob3JklE51h"
         "5Qu"},
        {"msgpack", "application/x-msgpack",
         "k5ICA4CEqWNhbGxiYWNrc8CoZXJyYmFja3PApWNoYWluwKVjaG9yZMA="},
    };
    const accept_content all("json", "pickle", "yaml", "msgpack");
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        m.serializer = r.name;
        for (const char* compression : {"", "zlib", "bzip2", "lzma", "brotli", "zstd"}) {
            SCOPED_TRACE(compression);
            m.compression = compression;
            const envelope e = encode(m);
            EXPECT_EQ(e.content_type, r.type);
            if (r.body != nullptr && m.compression.empty()) {
                EXPECT_EQ(base64::encode(e.body), r.body);
            }
            const message read = decode(e, all);
            EXPECT_EQ(value::array(read.args.at(0), read.args.at(1)), m.args);
            EXPECT_EQ(read.serializer, r.name);
            EXPECT_EQ(read.compression.empty(), m.compression.empty());
        }
    }
    EXPECT_THROW(find_codec("xml"), error);
    EXPECT_THROW(find_compression("rar"), error);
}

TEST(message, carries_lone_surrogates_as_python_writes_them)
{
    message m;
    m.task = "cap.echo";
    m.id = "1";
    m.args = value::array("a\xed\xa0\x80", 1);
    m.kwargs = value::object("\xed\xbf\xbf", "\uD7FF");
    const accept_content all("json", "pickle", "yaml");
    for (const char* serializer : {"json", "pickle", "yaml"}) {
        SCOPED_TRACE(serializer);
        m.serializer = serializer;
        const message read = decode(encode(m), all);
        EXPECT_EQ(value::array(read.args.at(0), read.args.at(1)), m.args);
        EXPECT_EQ(read.kwargs, m.kwargs);
    }
    // Two halves that meet are one character in JSON, as in Python.
    m.serializer = "json";
    m.args = value::array("\xed\xa0\xbd\xed\xb8\x80");
    EXPECT_TRUE(encode(m).body.starts_with("[[\"\\ud83d\\ude00\"],{\"\\udfff\":\"\uD7FF\"},"));
    EXPECT_EQ(decode(encode(m)).args, value::array("\U0001F600"));
    const std::string head = head_to_text(encode(m));
    EXPECT_NE(head.find(R"(('\ud83d\ude00',))"), std::string::npos) << head;
}

TEST(message, is_read_only_if_its_type_is_accepted)
{
    message m;
    m.task = "cap.add";
    m.id = "1";
    m.serializer = "pickle";
    const envelope e = encode(m);
    try {
        decode(e);
        FAIL();
    } catch (const error& refused) {
        EXPECT_EQ(refused.code(), condition::denied);
    }
    EXPECT_NO_THROW(decode(e, accept_content("pickle")));
    EXPECT_THROW(decode(captured(), accept_content("application/x-python-serialize")), error);
}

TEST(message, a_pickle_is_read_and_never_run)
{
    message m;
    m.task = "cap.add";
    m.id = "1";
    m.serializer = "pickle";
    envelope e = encode(m);
    e.body = "((cos\nsystem\n(S'true'\ntRt}}t.";
    const message read = decode(e, accept_content("pickle"));
    EXPECT_EQ(read.args.at(0)["$class"], value("os.system"));
}

TEST(message, a_body_that_expands_too_far_is_refused)
{
    envelope e = captured();
    e.headers.insert("compression", "application/x-gzip");
    e.body = compress_body("application/x-gzip", std::string(std::size_t{65} << 20U, ' '));
    EXPECT_THROW(decode(e), limit_error);
}

}  // namespace
}  // namespace ferry::tasks
