#include "ferry/compress/compress.hpp"
#include "ferry/testing/program.hpp"

#include <gtest/gtest.h>

namespace ferry {
namespace {

using compress::codec;

constexpr codec all[] = {codec::gzip,   codec::deflate, codec::zstd,
                         codec::brotli, codec::bzip2,   codec::xz};

std::string sample()
{
    std::string text;
    for (std::uint32_t i = 1; text.size() < 200000; i = i * 1664525U + 1013904223U) {
        text += "line " + std::to_string(i >> 12U) + "\n";
    }
    return text;
}

std::string by_python(const char* verb, codec c, std::string_view input)
{
    const testing::outcome peer =
        testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/compress_peer.py", verb,
                              std::string{compress::token(c)}},
                             std::string{input});
    EXPECT_EQ(peer.status, 0) << peer.err;
    return peer.out;
}

TEST(compress_interop, python_packs_and_ferry_expands)
{
    const std::string text = sample();
    for (const codec c : all) {
        SCOPED_TRACE(compress::token(c));
        EXPECT_EQ(as_text(compress::expand(as_bytes(by_python("pack", c, text)), c)), text);
    }
}

TEST(compress_interop, ferry_packs_and_python_expands)
{
    const std::string text = sample();
    for (const codec c : all) {
        SCOPED_TRACE(compress::token(c));
        EXPECT_EQ(by_python("unpack", c, as_text(compress::pack(as_bytes(text), c))), text);
        compress::encoder to{c};
        bytes packed;
        to.update(std::string_view{text}.substr(0, 1000), packed);
        to.flush(packed);
        to.update(std::string_view{text}.substr(1000), packed);
        to.finish(packed);
        EXPECT_EQ(by_python("unpack", c, as_text(packed)), text);
    }
}

TEST(compress_interop, members_are_joined_as_by_python)
{
    compress::encoder to{codec::gzip};
    bytes packed;
    for (const char* part : {"one ", "two ", "three"}) {
        to.update(part, packed);
        to.finish(packed);
    }
    EXPECT_EQ(by_python("unpack", codec::gzip, as_text(packed)), "one two three");
}

}  // namespace
}  // namespace ferry
