#include "ferry/crypto/hmac.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ferry {
namespace {

TEST(hmac, gives_the_digests_of_rfc_4231_and_python)
{
    const struct {
        std::string key;
        std::string message;
        const char* sha256;
    } rows[] = {
        {std::string(20, '\x0b'), "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    };
    for (const auto& r : rows) {
        EXPECT_EQ(hmac::sha256(r.key, r.message).hex(), r.sha256);
    }
    // hmac.digest(b"k", b"m", name).hex()
    EXPECT_EQ(hmac::of(hash::algorithm::md5, as_bytes("k"), as_bytes("m")).hex(),
              "ed7e724d3a91554aaa2043041d9c5305");
    EXPECT_EQ(hmac::of(hash::algorithm::sha512, as_bytes("k"), as_bytes("m")).hex(),
              "94ec958658ae2d2e92ae742007904d439af3a5509156f6ad5bd0bab74868b4cbb7cbc817162b11e4aff5"
              "9813415a730e9720fc5ff1d1015a1f7d1b67fb047d87");
    EXPECT_EQ(hmac::of(hash::algorithm::sha3_256, as_bytes("k"), as_bytes("m")).hex(),
              "1b92d4a22666154356c30c31595306c7db17a27a0fb02efae867f69018d3a876");
}

TEST(hmac, verifies)
{
    const auto tag = hmac::sha256("k", "m");
    const auto sha256 = hash::algorithm::sha256;
    EXPECT_TRUE(hmac::verify(sha256, as_bytes("k"), as_bytes("m"), tag));
    EXPECT_FALSE(hmac::verify(sha256, as_bytes("k"), as_bytes("n"), tag));
    EXPECT_FALSE(hmac::verify(sha256, as_bytes("k"), as_bytes("m"), tag.span().first(31)));
}

}  // namespace
}  // namespace ferry
