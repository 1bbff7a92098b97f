#include "ferry/core/bytes.hpp"
#include "ferry/core/charset.hpp"
#include "ferry/testing/program.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace ferry {
namespace {

std::string from_hex(std::string_view hex)
{
    std::string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        out += static_cast<char>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16));
    }
    return out;
}

TEST(charset_interop, decodes_and_encodes_as_the_codecs_of_python)
{
    const testing::outcome peer =
        testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/charset_peer.py"});
    ASSERT_EQ(peer.status, 0) << peer.err;
    std::istringstream lines{peer.out};
    std::string name;
    std::string data;
    std::string text;
    int compared = 0;
    while (lines >> name >> data >> text) {
        SCOPED_TRACE(name);
        const auto from = charset::find(name);
        ASSERT_TRUE(from);
        EXPECT_EQ(charset::decode_strict(as_bytes(from_hex(data)), *from), from_hex(text));
        EXPECT_EQ(as_text(charset::encode(from_hex(text), *from)), from_hex(data));
        ++compared;
    }
    EXPECT_EQ(compared, 27);
}

}  // namespace
}  // namespace ferry
