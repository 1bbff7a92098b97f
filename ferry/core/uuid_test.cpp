#include "ferry/core/uuid.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ferry {
namespace {

TEST(uuid, is_of_version_4_and_never_the_same)
{
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string id = uuid4();
        EXPECT_TRUE(is_uuid(id)) << id;
        EXPECT_EQ(id[14], '4');
        EXPECT_NE(std::string_view("89ab").find(id[19]), std::string_view::npos) << id;
        EXPECT_TRUE(seen.insert(id).second);
    }
}

TEST(uuid, knows_one_when_it_sees_one)
{
    EXPECT_TRUE(is_uuid("F47AC10B-58cc-4372-a567-0e02b2c3d479"));
    for (const char* text :
         {"", "f47ac10b58cc4372a5670e02b2c3d479", "f47ac10b-58cc-4372-a567-0e02b2c3d47",
          "f47ac10b-58cc-4372-a567-0e02b2c3d47g", "f47ac10b-58cc-4372-a5670-e02b2c3d479"}) {
        EXPECT_FALSE(is_uuid(text)) << text;
    }
}

}  // namespace
}  // namespace ferry
