#include "ferry/harvest/show.hpp"

#include "ferry/core/error.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

namespace ferry::harvest {
namespace {

TEST(show, says_that_there_is_no_run)
{
    const testing::temporary_directory folder;
    EXPECT_THROW(show(folder / "none", 10, 80), error);
}

}  // namespace
}  // namespace ferry::harvest
