// What Python's msgpack packs ferry reads, and what ferry packs Python reads, byte for byte.
#include "ferry/formats/msgpack.hpp"
#include "ferry/testing/hex.hpp"

#include "tests/interop/formats/python.hpp"
#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <string>

namespace ferry {
namespace {

using interop::peer;
using interop::repr;
using testing::hex;
using testing::unhex;

TEST(msgpack_interop, ferry_reads_what_python_packs_and_packs_the_same)
{
    const auto ended = peer("msgpack", "write");
    ASSERT_EQ(ended.status, 0) << ended.err;
    std::istringstream lines(ended.out);
    std::size_t count = 0;
    msgpack::unpacker stream(msgpack::load_options().any_key());
    for (std::string line; std::getline(lines, line); ++count) {
        const std::size_t tab = line.find('\t');
        const bytes data = unhex(std::string_view{line}.substr(0, tab));
        const std::string wanted = line.substr(tab + 1);
        SCOPED_TRACE(wanted.substr(0, 200));
        const value loaded = msgpack::load(data, msgpack::load_options().any_key());
        EXPECT_EQ(repr(loaded), wanted);
        // In pieces it is the same.
        for (std::size_t at = 0; at < data.size(); at += 1000) {
            EXPECT_FALSE(stream.next());
            stream.feed(std::span{data}.subspan(at, std::min<std::size_t>(1000, data.size() - at)));
        }
        const auto again = stream.next();
        ASSERT_TRUE(again);
        EXPECT_EQ(*again, loaded);
        if (count < 8) {
            EXPECT_TRUE(msgpack::dump(loaded) == data);
        }
    }
    EXPECT_EQ(count, 12U);
}

TEST(msgpack_interop, python_unpacks_what_ferry_packs)
{
    using namespace std::chrono;
    const timestamp time = sys_days{2020y / 1 / 2} + 3h;
    const value rows[] = {
        value::object("a", value::array(1, -1, 1.5, nullptr, true), "b", to_bytes("\xff")),
        value::array(INT64_MIN, INT64_MAX, value::integer("18446744073709551615")),
        value::array(zoned_time{time, 0s}, zoned_time{time + 5us, 0s},
                     zoned_time{time - 1000h * 24 * 40, 0s}),
    };
    std::string input;
    for (const value& v : rows) input += hex(msgpack::dump(v)) + "\n";
    const auto ended = peer("msgpack", "read", input);
    ASSERT_EQ(ended.status, 0) << ended.err;
    std::istringstream lines(ended.out);
    for (const value& v : rows) {
        std::string line;
        ASSERT_TRUE(std::getline(lines, line));
        const std::size_t tab = line.find('\t');
        EXPECT_EQ(line.substr(tab + 1), "True");
        if (!v.is_array() || !v[0].is_timestamp()) {
            EXPECT_EQ(line.substr(0, tab), repr(v));
        }
    }
}

}  // namespace
}  // namespace ferry
