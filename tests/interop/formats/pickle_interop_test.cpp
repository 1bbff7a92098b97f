// What Python pickles ferry reads, and what ferry pickles Python reads, byte for byte.
#include "ferry/formats/pickle.hpp"
#include "ferry/formats/pickle_document.hpp"
#include "ferry/testing/hex.hpp"

#include "tests/interop/formats/python.hpp"
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace ferry {
namespace {

using interop::peer;
using interop::repr;
using testing::hex;
using testing::unhex;

std::vector<std::string> fields(const std::string& line)
{
    std::vector<std::string> all;
    std::istringstream in(line);
    for (std::string field; std::getline(in, field, '\t');) all.push_back(field);
    return all;
}

TEST(pickle_interop, ferry_reads_what_python_writes)
{
    const auto ended = peer("pickle", "write");
    ASSERT_EQ(ended.status, 0) << ended.err;
    auto options = pickle::load_options().encoding(pickle::text_encoding::latin1).strict();
    for (const auto* name : {"Point", "Slotted", "Stack", "Table", "Color", "Pair"}) {
        options.allow("geo", name);
    }
    std::istringstream lines(ended.out);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        const auto field = fields(line);
        ASSERT_EQ(field.size(), 4U);
        SCOPED_TRACE(field[0] + ", protocol " + field[1]);
        const bytes data = unhex(field[2]);
        try {
            const value loaded = pickle::load(data, options);
            if (field[3] != "*") {
                EXPECT_EQ(repr(loaded), field[3]);
            }
            EXPECT_FALSE(pickle::disassemble(data).empty());
        } catch (const error& e) {
            ADD_FAILURE() << e.what() << "\n" << pickle::disassemble(data).substr(0, 2000);
        }
    }
    EXPECT_GT(count, 400U);
}

TEST(pickle_interop, python_reads_what_ferry_writes_and_writes_the_same_bytes)
{
    using namespace std::chrono;
    const timestamp time = sys_days{2020y / 1 / 2} + 3h + 4min + 5s + 6us;
    struct row {
        const char* name;
        value v;
        bool same = true;  ///< the bytes too: not for sets of several, whose order is Python's
    };
    value wide = value::array();
    for (int i = 0; i < 2500; ++i) wide.push_back(i);
    value many = value::object();
    for (int i = 0; i < 1001; ++i) many.insert("key " + std::to_string(i), i);
    value frames = value::array();
    for (int i = 0; i < 5000; ++i) frames.push_back("text number " + std::to_string(i * 7919));
    const row rows[] = {
        {"none", {}},
        {"true", true},
        {"integers",
         value::array(0, 255, 256, 65535, 65536, -1, INT32_MIN, INT32_MAX, std::int64_t{1} << 39U,
                      -(std::int64_t{1} << 39U), INT64_MIN, INT64_MAX,
                      value::integer("9223372036854775808"), value::integer("-9223372036854775809"),
                      value::integer("1" + std::string(100, '0')))},
        {"big", value::integer("1" + std::string(700, '0'))},
        {"reals", value::array(0.0, -0.0, 1.5, 1e300, std::numeric_limits<double>::infinity())},
        {"texts", value::array("text", "other", "caf\u00e9 \u20ac", std::string(255, 'x'),
                               std::string(256, 'y'), std::string("nul\0", 4))},
        {"large texts", value::array(std::string(70000, 'x'), "small", std::string(65536, 'y'))},
        {"bytes", value::array(to_bytes("ab"), to_bytes(""), to_bytes("\xff\x80"))},
        {"tuples", value::tuple(value::tuple(), value::tuple(1), value::tuple(1, 2),
                                value::tuple(1, 2, 3), value::tuple(1, 2, 3, 4))},
        {"lists", value::array(value::array(), value::array(1), value::array(1, 2))},
        {"long list", wide},
        {"objects",
         value::array(value::object(), value::object("a", 1), value::object("b", 1, "c", 2))},
        {"many members", many},
        {"several frames", frames},
        {"nested", value::object("l", value::array(value::object("t", value::tuple("x", 1))))},
        {"time", value::array(zoned_time{time, std::nullopt}, zoned_time{time, 0s},
                              zoned_time{time, 3600s}, zoned_time{time, -5400s})},
        {"decimals", value::array(value::decimal("1.50"), value::decimal("-3"))},
        {"sets", value::array(value::set(), value::set(1), value::set("bb"))},
        {"set of sets", value::set(value::set(7)), false},
    };
    std::string input;
    for (const row& r : rows) {
        for (int protocol = 2; protocol <= 5; ++protocol) {
            const bytes data = pickle::dump(r.v, pickle::dump_options().protocol(protocol));
            EXPECT_EQ(pickle::load(data), r.v) << r.name;
            input += std::to_string(protocol) + " " + hex(data) + "\n";
        }
    }
    const auto ended = peer("pickle", "read", input);
    ASSERT_EQ(ended.status, 0) << ended.err;
    std::istringstream lines(ended.out);
    for (const row& r : rows) {
        for (int protocol = 2; protocol <= 5; ++protocol) {
            SCOPED_TRACE(std::string{r.name} + ", protocol " + std::to_string(protocol));
            std::string line;
            ASSERT_TRUE(std::getline(lines, line));
            const auto field = fields(line);
            ASSERT_EQ(field.size(), 2U);
            if (r.same) {
                EXPECT_EQ(field[1], "True");
                if (std::string_view{r.name} != "time") {
                    EXPECT_EQ(field[0], repr(r.v));
                }
            }
        }
    }
}

}  // namespace
}  // namespace ferry
