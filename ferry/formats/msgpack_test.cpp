#include "ferry/formats/msgpack.hpp"

#include "ferry/testing/hex.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace ferry::msgpack {
namespace {

using testing::unhex;

TEST(msgpack, writes_the_shortest_form)
{
    using namespace std::chrono;
    struct row {
        const char* name;
        value v;
        const char* wanted;
    };
    const row rows[] = {
        {"null", {}, "c0"},
        {"false", false, "c2"},
        {"127", 127, "7f"},
        {"128", 128, "cc80"},
        {"256", 256, "cd0100"},
        {"2^32", std::int64_t{1} << 32U, "cf0000000100000000"},
        {"2^64-1", value::integer("18446744073709551615"), "cfffffffffffffffff"},
        {"-32", -32, "e0"},
        {"-33", -33, "d0df"},
        {"-129", -129, "d1ff7f"},
        {"-2^63", INT64_MIN, "d38000000000000000"},
        {"1.5", 1.5, "cb3ff8000000000000"},
        {"text", "hi", "a26869"},
        {"bytes", to_bytes("hi"), "c4026869"},
        {"array", value::array(1, value::tuple()), "920190"},
        {"object", value::object("a", 1), "81a16101"},
        {"timestamp 32", zoned_time{timestamp{1s}, 0s}, "d6ff00000001"},
        {"timestamp 64", zoned_time{timestamp{1s + 1us}, 0s}, "d7ff00000fa000000001"},
        {"timestamp 96", zoned_time{timestamp{-1s}, 0s}, "c70cff00000000ffffffffffffffff"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        EXPECT_TRUE(dump(r.v) == unhex(r.wanted));
        EXPECT_EQ(load(unhex(r.wanted)), r.v.is_array() ? value::array(1, value::array()) : r.v);
    }
    EXPECT_TRUE(dump(value{1.5}, dump_options().single_floats()) == unhex("ca3fc00000"));
    EXPECT_THROW(dump(value::integer("18446744073709551616")), range_error);
    EXPECT_THROW(dump(value{zoned_time{timestamp{}, std::nullopt}}), type_error);
    EXPECT_NO_THROW(
        dump(value{zoned_time{timestamp{}, std::nullopt}}, dump_options().naive_as_utc()));
}

TEST(msgpack, bad_data_is_refused)
{
    const char* const rows[] = {
        "",
        "c1",
        "cc",
        "cd01",
        "a2",
        "a268",
        "d9",
        "d905",
        "da",
        "db7fffffff",
        "dbffffffff",
        "c4",
        "c6ffffffff",
        "92",
        "9201",
        "ddffffffff",
        "dfffffffff",
        "81",
        "81a161",
        "a1ff",
        "c0c0",
        "d6ff",
        "c705ff0000",
        "c703ff000000",
        "d7ffffffffffffffffff",
        "81a1ff01",
        "c70cff00000000ffffffffffffff",
        "c70cff00000000ff00000000000000",
    };
    for (const char* const r : rows) {
        SCOPED_TRACE(r);
        EXPECT_THROW(load(unhex(r)), parse_error);
    }
}

TEST(msgpack, keys_are_texts_unless_any_are_allowed)
{
    EXPECT_THROW(load(unhex("810101")), type_error);
    const auto any = load_options().any_key();
    EXPECT_EQ(load(unhex("850101c002c303d0df04cb3ff800000000000005"), any),
              value::object("1", 1, "null", 2, "true", 3, "-33", 4, "1.5", 5));
    EXPECT_THROW(load(unhex("82010aa13101"), any), type_error);
    EXPECT_THROW(load(unhex("819001"), any), type_error);
    EXPECT_EQ(load(unhex("82a16101a16102")), value::object("a", 2));
}

TEST(msgpack, the_old_format_has_texts_that_are_bytes)
{
    EXPECT_EQ(load(unhex("a1ff"), load_options().raw_texts()), value{to_bytes("\xff")});
}

TEST(msgpack, depth_is_limited_and_uses_no_stack)
{
    const auto nested = [](std::size_t depth) {
        bytes data(depth, std::byte{0x91});
        data.push_back(std::byte{0xc0});
        return data;
    };
    EXPECT_NO_THROW(load(nested(1024)));
    EXPECT_THROW(load(nested(1025)), limit_error);
    const value deep = load(nested(500'000), load_options().max_depth(1'000'000));
    EXPECT_TRUE(dump(deep) == nested(500'000));
}

TEST(msgpack, a_stream_comes_in_any_pieces)
{
    const value v =
        value::object("a", value::array(1, 2, "three"), "b", value::object("c", to_bytes("x")));
    bytes data;
    for (int i = 0; i < 3; ++i) append(data, dump(v));
    for (std::size_t piece = 1; piece <= data.size(); ++piece) {
        unpacker in;
        int count = 0;
        for (std::size_t at = 0; at < data.size(); at += piece) {
            in.feed(std::span{data}.subspan(at, std::min(piece, data.size() - at)));
            while (const auto got = in.next()) {
                EXPECT_EQ(*got, v);
                ++count;
            }
        }
        EXPECT_EQ(count, 3) << piece;
        EXPECT_EQ(in.pending(), 0U);
    }
}

TEST(msgpack, a_stream_keeps_no_more_than_it_may)
{
    unpacker in(load_options(), 10);
    in.feed(unhex("da00ff"));
    EXPECT_THROW(in.next(), limit_error);
    unpacker small(load_options(), 2);
    EXPECT_THROW(small.feed(unhex("c0c0c0")), limit_error);
}

}  // namespace
}  // namespace ferry::msgpack
