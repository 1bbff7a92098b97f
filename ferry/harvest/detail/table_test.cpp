#include "ferry/harvest/detail/table.hpp"

#include <gtest/gtest.h>

namespace ferry::harvest::detail {
namespace {

TEST(table, aligns_and_cuts_its_cells)
{
    struct row {
        const char* name;
        const char* lines;
        std::size_t width;
        const char* expected;
    };
    for (const row& r : {
             row{"as wide as it is", "{\"a\":\"x\",\"count\":3}\n{\"a\":\"long\",\"count\":null}\n",
                 80, "a     count\n----  -----\nx     3\nlong\n"},
             row{"cut", "{\"url\":\"http://127.0.0.1/page\",\"n\":12}\n", 16,
                 "url           n\n------------  --\nhttp://127.…  12\n"},
             row{"code points", "{\"é\":\"ééé\",\"b\":[1]}\n", 80, "é    b\n---  ---\nééé  [1]\n"},
             row{"a line end in a cell", "{\"a\":\"x\\ny\"}\n", 80, "a\n---\nx y\n"},
         }) {
        SCOPED_TRACE(r.name);
        EXPECT_EQ(table(r.lines, r.width), r.expected);
    }
}

}  // namespace
}  // namespace ferry::harvest::detail
