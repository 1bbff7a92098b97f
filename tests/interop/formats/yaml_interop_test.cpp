// Documents of every kind are read as PyYAML's safe_load reads them, and written as safe_dump does.
#include "ferry/formats/yaml.hpp"
#include "ferry/testing/hex.hpp"

#include "tests/interop/formats/python.hpp"
#include <gtest/gtest.h>

#include <limits>
#include <sstream>
#include <string>

namespace ferry {
namespace {

using interop::peer;
using interop::repr;
using testing::hex;
using testing::unhex;

TEST(yaml_interop, reads_as_safe_load_and_writes_as_safe_dump)
{
    const auto ended = peer("yaml", "write");
    ASSERT_EQ(ended.status, 0) << ended.err;
    std::istringstream lines(ended.out);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        std::istringstream fields(line);
        std::string document;
        std::string shown;
        std::string dumped;
        fields >> document >> shown >> dumped;
        document = to_string(unhex(document));
        shown = to_string(unhex(shown));
        dumped = to_string(unhex(dumped));
        SCOPED_TRACE("document: " + document);
        if (shown.starts_with("error ")) {
            try {
                const value loaded = yaml::load(document);
                ADD_FAILURE() << "PyYAML: " << shown << ", ferry: " << repr(loaded);
            } catch (const error&) {
            }
            continue;
        }
        try {
            const value loaded = yaml::load(document);
            EXPECT_EQ(repr(loaded), shown);
            if (dumped != "-") {
                EXPECT_EQ(yaml::dump(loaded), dumped);
            }
        } catch (const error& e) {
            ADD_FAILURE() << e.what() << ", PyYAML: " << shown;
        }
    }
    EXPECT_GT(count, 500U);
}

TEST(yaml_interop, safe_load_reads_what_ferry_writes)
{
    const value rows[] = {
        value::object("b", value::array(1, value::object("x", nullptr)), "a", value::array()),
        value::array("yes", "010", "1", "~", "", " x", "x ", "a: b", "- a", "#", "'", "\"", "\\",
                     "two\nlines", "\n", "tab\t", "caf\u00e9", "\u20ac", "\U0001f600", "null", "<<",
                     "=", "1e3", "2001-12-14", "\x7f", std::string("nul\0", 4)),
        value::array(1.5, 1e20, 1e-7, -0.0, std::numeric_limits<double>::infinity()),
        value::array(std::string(300, 'x'),
                     "many words " + std::string(40, 'y') + " and more words behind it"),
        value::array(value::integer("123456789012345678901234567890"), -1, true, nullptr),
        value::array(to_bytes("bytes \xff"), to_bytes("")),
        value::object("k", value::array(value::array(1, 2), value::array(value::array(3)))),
        value{"scalar"},
        value{},
        value::object("o", value::object(), "key with: colon", 1, "? q", 2, std::string(200, 'k'),
                      3),
    };
    std::string input;
    for (const value& v : rows) {
        const std::string text = yaml::dump(v);
        EXPECT_EQ(yaml::load(text), v) << text;
        input += hex(as_bytes(text)) + "\n";
    }
    const auto ended = peer("yaml", "read", input);
    ASSERT_EQ(ended.status, 0) << ended.err;
    std::istringstream lines(ended.out);
    for (const value& v : rows) {
        std::string line;
        ASSERT_TRUE(std::getline(lines, line));
        std::istringstream fields(line);
        std::string shown;
        std::string same;
        std::string dumped;
        fields >> shown >> same >> dumped;
        SCOPED_TRACE(yaml::dump(v));
        EXPECT_EQ(same, "True") << to_string(unhex(dumped));
        if (v.is_array()) {
            EXPECT_EQ(to_string(unhex(shown)), repr(v));
        }
    }
}

}  // namespace
}  // namespace ferry
