// Every serializer and compression of kombu, both ways.
#include "ferry/core/base64.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/tasks/message.hpp"
#include "ferry/testing/program.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace ferry::tasks {
namespace {

const accept_content all("json", "pickle", "yaml", "msgpack");

std::string peer(const std::string& verb, const std::string& input = {})
{
    const auto ran =
        testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/serializer_peer.py", verb}, input);
    EXPECT_EQ(ran.status, 0) << ran.err;
    return ran.out;
}

const value& arguments()
{
    static const value args =
        value::array(2, "caf\u00e9", 1.5, nullptr, true, value::array(1, value::object("a", "b")));
    return args;
}

TEST(celery_serializer, ferry_reads_what_kombu_writes)
{
    const value made = json::parse(peer("make"));
    EXPECT_EQ(made.size(), 24U);
    for (const value& m : made) {
        const std::string type = m["content-type"].as<std::string>();
        SCOPED_TRACE(type + " " + m["headers"].get("compression", "plain"));
        const auto body = base64::decode(m["body"].as<std::string>());
        const envelope e = envelope_from_text(json::dump(m), to_string(body));
        const message read = decode(e, all);
        EXPECT_EQ(value::array(read.args.at(0), read.args.at(1)),
                  value::array(arguments().at(0), arguments().at(1)));
        EXPECT_EQ(read.args.size(), arguments().size());
        EXPECT_EQ(read.args.at(5), arguments().at(5));
        EXPECT_EQ(read.kwargs, value::object("y", 3));
        if (type != "application/json") {
            EXPECT_THROW(decode(e), error);
        }
        // What it was read from is what it is written to, byte for byte if it is not compressed.
        const envelope again = encode(read);
        EXPECT_EQ(again.content_type, e.content_type);
        EXPECT_EQ(again.content_encoding, e.content_encoding);
        if (read.compression.empty() && type != "application/json") {
            EXPECT_EQ(again.body, e.body);
        }
    }
}

TEST(celery_serializer, kombu_reads_what_ferry_writes)
{
    value sent = value::array();
    for (const char* serializer : {"json", "pickle", "yaml", "msgpack"}) {
        for (const char* compression : {"", "gzip", "bzip2", "lzma", "brotli"}) {
            message m;
            m.task = "ferry.add";
            m.id = "1";
            m.args = arguments();
            m.kwargs = value::object("y", 3);
            m.serializer = serializer;
            m.compression = compression;
            const envelope e = encode(m);
            sent.push_back(value::object("content-type", e.content_type, "content-encoding",
                                         e.content_encoding, "headers", e.headers, "body",
                                         base64::encode(e.body)));
        }
    }
    const value seen = json::parse(peer("read", json::dump(sent)));
    ASSERT_EQ(seen.size(), sent.size());
    for (std::size_t i = 0; i < seen.size(); ++i) {
        SCOPED_TRACE(sent.at(i)["content-type"].as<std::string>());
        const auto text = seen.at(i).as<std::string>();
        EXPECT_NE(text.find("2, 'caf\u00e9', 1.5, None, True, [1, {'a': 'b'}]"), std::string::npos)
            << text;
        EXPECT_NE(text.find("{'y': 3}"), std::string::npos) << text;
        EXPECT_EQ(text.starts_with("((2"), i / 5 == 1) << text;
    }
}

timestamp noon()
{
    return iso8601::parse("2020-01-02T12:00:00.000006Z").utc;
}

value with_offset(std::chrono::seconds offset)
{
    return zoned_time{noon(), offset};
}

/// Texts and numbers of all lengths, in containers of all depths.
value made_up(std::mt19937& random, int depth)
{
    static const std::vector<std::string> texts = {
        "",
        "a",
        "it's",
        "two words",
        "\u00e9",
        "\u65e5\u672c \U0001d11e",
        "\n\t\\",
        "\"'\"",
        std::string(1200, 'x'),
        "many words that are longer than most, and then some more of them"};
    const auto below = [&random](std::size_t n) { return random() % n; };
    switch (below(depth > 0 ? 10 : 6)) {
        case 0: return nullptr;
        case 1: return below(2) == 0;
        case 2: return static_cast<std::int64_t>(below(1000)) - 500;
        case 3: return static_cast<double>(below(1000)) / 8;
        case 4: return texts[below(texts.size())];
        case 5: return value::decimal("1.50");
        default: break;
    }
    const std::size_t kind = below(3);
    value made = kind == 0 ? value::object() : kind == 1 ? value::tuple() : value::array();
    for (std::size_t n = below(5); n > 0; --n) {
        value item = made_up(random, depth - 1);
        if (kind == 0) {
            made.insert(texts[below(texts.size())] + std::to_string(n), std::move(item));
        } else {
            made.push_back(std::move(item));
        }
    }
    return made;
}

TEST(celery_serializer, says_what_json_lacks_and_shows_arguments_as_celery)
{
    using namespace std::chrono_literals;
    std::vector<value> values = {value::decimal("1.50"),
                                 value::decimal("1E+5"),
                                 value::decimal("NaN"),
                                 noon(),
                                 with_offset(0s),
                                 with_offset(2h),
                                 with_offset(-5h - 30min),
                                 zoned_time{noon(), std::nullopt},
                                 value::integer("1180591620717411303424"),
                                 value::array(value::decimal("2.0"), value::object("at", noon())),
                                 value::object("\u00e9", value::tuple())};
    std::mt19937 random{20'261'126};
    for (int i = 0; i < 400; ++i) values.push_back(made_up(random, 5));
    value sent = value::array();
    for (const value& v : values) sent.push_back(base64::encode(find_codec("pickle").dump(v)));
    const value seen = json::parse(peer("show", json::dump(sent)));
    ASSERT_EQ(seen.size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        SCOPED_TRACE(python_repr(values[i]));
        const codec& json_codec = find_codec("json");
        EXPECT_EQ(json_codec.load(json_codec.dump(values[i])), seen.at(i).at(0));
        std::size_t n = 0;
        for (const std::size_t most : {1024U, 40U, 13U, 4U, 1U}) {
            EXPECT_EQ(saferepr(values[i], most), seen.at(i).at(1).at(n++).as<std::string>())
                << most;
        }
    }
}

}  // namespace
}  // namespace ferry::tasks
