#include "ferry/harvest/detail/fingerprint.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ferry::harvest::detail {
namespace {

/// The key and messages of the SipHash authors' test vectors: bytes 0, 1, 2, ...
TEST(fingerprint, is_siphash_with_128_bits)
{
    const fingerprint_key key{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};
    std::string message;
    EXPECT_EQ(fingerprint_of(message, key),
              (fingerprint{0x930255c71472f66dULL, 0xe6a825ba047f81a3ULL}));
    message += '\0';
    EXPECT_EQ(fingerprint_of(message, key),
              (fingerprint{0x45fc229b11597634ULL, 0x44af996bd8c187daULL}));
    for (char c = 1; c < 63; ++c) message += c;
    EXPECT_EQ(fingerprint_of(message, key),
              (fingerprint{0x7cbd3f979a063e50ULL, 0x4a83502f77d15051ULL}));
}

TEST(fingerprint, set_tells_new_from_known_while_it_grows)
{
    fingerprint_set set;
    const fingerprint_key key{1, 2};
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 5'000; ++i) {
            EXPECT_EQ(set.insert(fingerprint_of(std::to_string(i), key)), round == 0);
        }
    }
    EXPECT_EQ(set.size(), 5'000U);
    EXPECT_TRUE(set.insert(fingerprint{}));
    EXPECT_FALSE(set.insert(fingerprint{}));
}

}  // namespace
}  // namespace ferry::harvest::detail
