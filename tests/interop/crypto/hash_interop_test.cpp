#include "ferry/crypto/hash.hpp"
#include "ferry/testing/program.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace ferry {
namespace {

TEST(hash_interop, hashlib_gives_the_same_digests)
{
    std::string every_byte;
    for (int i = 0; i < 25600; ++i) every_byte += static_cast<char>(i % 256);
    const std::vector<std::string> samples{"", "abc", every_byte, std::string(1000003, 'x')};
    const testing::outcome peer =
        testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/hash_peer.py"});
    ASSERT_EQ(peer.status, 0) << peer.err;
    std::istringstream lines{peer.out};
    std::string name;
    std::size_t number = 0;
    std::string hex;
    int compared = 0;
    while (lines >> name >> number >> hex) {
        EXPECT_EQ(hash::of(hash::find(name), as_bytes(samples.at(number))).hex(), hex)
            << name << " of sample " << number;
        ++compared;
    }
    EXPECT_EQ(compared, 40);
}

}  // namespace
}  // namespace ferry
