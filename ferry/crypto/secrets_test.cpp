#include "ferry/crypto/secrets.hpp"

#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

#include <array>

namespace ferry {
namespace {

TEST(secrets, tokens_have_the_lengths_of_python)
{
    EXPECT_EQ(secrets::token_bytes().size(), 32U);
    EXPECT_EQ(secrets::token_hex().size(), 64U);
    EXPECT_EQ(secrets::token_urlsafe().size(), 43U);
    EXPECT_EQ(secrets::token_urlsafe(0), "");
    EXPECT_NE(secrets::token_hex(), secrets::token_hex());
    EXPECT_EQ(secrets::token_urlsafe(100).find_first_of("+/="), std::string::npos);
}

TEST(secrets, below_is_fair_and_in_range)
{
    std::array<int, 6> seen{};
    for (int i = 0; i < 6000; ++i) ++seen.at(secrets::below(6));
    for (const int n : seen) {
        EXPECT_GT(n, 700);
        EXPECT_LT(n, 1300);
    }
    EXPECT_EQ(secrets::below(1), 0U);
    EXPECT_LT(secrets::below(UINT64_MAX), UINT64_MAX);
    EXPECT_THROW(secrets::below(0), error);
}

TEST(secrets, compare_digest_compares)
{
    EXPECT_TRUE(secrets::compare_digest("abc", "abc"));
    EXPECT_FALSE(secrets::compare_digest("abc", "abd"));
    EXPECT_FALSE(secrets::compare_digest("abc", "ab"));
    EXPECT_TRUE(secrets::compare_digest("", ""));
}

}  // namespace
}  // namespace ferry
