#include "ferry/compress/compress.hpp"

#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

#include <array>

namespace ferry {
namespace {

using compress::codec;
using namespace std::string_view_literals;

constexpr std::array codecs{codec::gzip, codec::deflate, codec::zstd, codec::brotli};

bytes from_hex(std::string_view hex)
{
    bytes out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        out.push_back(
            static_cast<std::byte>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16)));
    }
    return out;
}

/// Text that compresses, but not to nothing.
std::string sample(std::size_t size)
{
    std::string text;
    for (std::uint32_t i = 1; text.size() < size; i = i * 1664525U + 1013904223U) {
        text += "line " + std::to_string(i >> 12U) + "\n";
    }
    text.resize(size);
    return text;
}

template <class Error, class Act>
Error failure_of(Act act)
{
    try {
        act();
    } catch (const Error& e) {
        return e;
    }
    throw std::logic_error("nothing was thrown");
}

TEST(codec, is_found_by_token_name_and_magic)
{
    EXPECT_EQ(compress::find("gzip"), codec::gzip);
    EXPECT_EQ(compress::find("X-GZip"), codec::gzip);
    EXPECT_EQ(compress::find("br"), codec::brotli);
    EXPECT_EQ(compress::find("identity"), std::nullopt);
    EXPECT_EQ(compress::find(""), std::nullopt);
    EXPECT_EQ(compress::find_by_name("a.json.zst"), codec::zstd);
    EXPECT_EQ(compress::find_by_name("a.json"), std::nullopt);
    for (const codec c : codecs) {
        SCOPED_TRACE(compress::token(c));
        EXPECT_EQ(compress::find(compress::token(c)), c);
        EXPECT_EQ(compress::find_by_name("x" + std::string{compress::suffix(c)}), c);
        const auto detected = compress::detect(compress::pack(as_bytes("hello"sv), c));
        EXPECT_EQ(detected, c == codec::brotli ? std::nullopt : std::optional{c});
    }
    EXPECT_EQ(compress::detect({}), std::nullopt);
    EXPECT_EQ(compress::detect(as_bytes("plain text"sv)), std::nullopt);
}

TEST(compress, one_shot_round_trips_at_every_level)
{
    for (const codec c : codecs) {
        for (const std::size_t size : {0U, 1U, 100U, 300000U}) {
            for (const int level : {-100, 1, 6, 100}) {
                if (size > 100 && level == 100) continue;
                SCOPED_TRACE(std::string{compress::token(c)} + " " + std::to_string(size));
                const std::string text = sample(size);
                const bytes packed = compress::pack(as_bytes(text), c, level);
                EXPECT_EQ(as_text(compress::expand(packed, c)), text);
            }
        }
    }
}

TEST(compress, expand_recognises_the_codec)
{
    const std::string text = sample(5000);
    for (const codec c : {codec::gzip, codec::deflate, codec::zstd}) {
        EXPECT_EQ(as_text(compress::expand(compress::pack(as_bytes(text), c))), text);
    }
    EXPECT_EQ(failure_of<error>([] { compress::expand(as_bytes("hello"sv)); }).code(),
              errc::unsupported);
}

TEST(compress, the_same_data_give_the_same_bytes)
{
    EXPECT_EQ(compress::gzip(as_bytes("abc"sv)), compress::gzip(as_bytes("abc"sv)));
}

TEST(decoder, takes_any_pieces)
{
    const std::string text = sample(5000);
    for (const codec c : codecs) {
        const bytes packed = compress::pack(as_bytes(text), c);
        for (const std::size_t piece : {1U, 7U, 4096U}) {
            SCOPED_TRACE(std::string{compress::token(c)} + " " + std::to_string(piece));
            compress::decoder in{c};
            bytes out;
            for (std::size_t at = 0; at < packed.size(); at += piece) {
                in.update(std::span{packed}.subspan(at, std::min(piece, packed.size() - at)), out);
            }
            EXPECT_TRUE(in.done());
            EXPECT_NO_THROW(in.finish());
            EXPECT_EQ(as_text(out), text);
            EXPECT_EQ(in.bytes_in(), packed.size());
            EXPECT_EQ(in.bytes_out(), text.size());
        }
    }
}

TEST(decoder, read_writes_no_more_than_it_is_given_room_for)
{
    const std::string text = sample(10000);
    for (const codec c : codecs) {
        SCOPED_TRACE(compress::token(c));
        const bytes packed = compress::pack(as_bytes(text), c);
        compress::decoder in{c};
        std::span<const std::byte> data = packed;
        bytes out;
        std::array<std::byte, 13> room{};
        while (const std::size_t n = in.read(data, room)) append(out, std::span{room}.first(n));
        EXPECT_EQ(as_text(out), text);
        EXPECT_TRUE(in.done());
    }
}

TEST(decoder, joins_members_and_skips_padding)
{
    for (const codec c : {codec::gzip, codec::zstd}) {
        bytes two = compress::pack(as_bytes("one "sv), c);
        if (c == codec::gzip) append(two, "\0\0\0"sv);
        append(two, compress::pack(as_bytes("two"sv), c));
        if (c == codec::gzip) append(two, "\0"sv);
        EXPECT_EQ(as_text(compress::expand(two, c)), "one two");
        compress::decoder in{c};
        bytes out;
        for (const std::byte& b : two) in.update({&b, 1}, out);
        in.finish();
        EXPECT_EQ(as_text(out), "one two");
    }
}

TEST(decoder, deflate_is_read_as_zlib_and_raw)
{
    // "hello" by Python's zlib, with and without its header; and the two bytes of nothing at all.
    EXPECT_EQ(as_text(compress::expand(from_hex("789ccb48cdc9c907000"
                                                "62c0215"),
                                       codec::deflate)),
              "hello");
    EXPECT_EQ(as_text(compress::expand(from_hex("cb48cdc9c90700"), codec::deflate)), "hello");
    EXPECT_EQ(compress::expand(from_hex("0300"), codec::deflate).size(), 0U);
}

TEST(decoder, every_cut_is_an_unexpected_end)
{
    const std::string text = sample(300);
    for (const codec c : codecs) {
        const bytes packed = compress::pack(as_bytes(text), c);
        for (std::size_t size = 1; size < packed.size(); ++size) {
            SCOPED_TRACE(std::string{compress::token(c)} + " " + std::to_string(size));
            const auto e = failure_of<parse_error>(
                [&] { compress::expand(std::span{packed}.first(size), c); });
            EXPECT_EQ(e.code(), errc::truncated);
            EXPECT_EQ(e.where().offset, size);
            EXPECT_NE(std::string_view{e.what()}.find("unexpected end"), std::string_view::npos);
        }
    }
}

TEST(decoder, no_data_are_an_empty_content)
{
    for (const codec c : codecs) EXPECT_EQ(compress::expand({}, c).size(), 0U);
}

TEST(decoder, corrupt_data_are_an_error)
{
    const std::string text = sample(3000);
    struct row {
        const char* name;
        codec c;
        bytes data;
    };
    const auto spoilt = [&](codec c, std::size_t from_end) {
        bytes packed = compress::pack(as_bytes(text), c);
        packed[packed.size() - from_end] ^= std::byte{0x55};
        return packed;
    };
    for (const row& r : {
             row{"gzip magic", codec::gzip, to_bytes("not gzip at all"sv)},
             row{"gzip method", codec::gzip, from_hex("1f8b0700000000000003")},
             row{"gzip checksum", codec::gzip, spoilt(codec::gzip, 7)},
             row{"gzip length", codec::gzip, spoilt(codec::gzip, 2)},
             row{"zlib checksum", codec::deflate, spoilt(codec::deflate, 1)},
             row{"zlib dictionary", codec::deflate, from_hex("78bb00000001cb48")},
             row{"raw block type", codec::deflate, from_hex("0700")},
             row{"zstd magic", codec::zstd, to_bytes("not zstd"sv)},
             row{"zstd checksum", codec::zstd,
                 [&] {
                     compress::encoder all{codec::zstd};
                     bytes out;
                     all.update(text, out);
                     all.finish(out);
                     out.back() ^= std::byte{1};
                     return out;
                 }()},
             row{"brotli", codec::brotli, from_hex("ffffffffff")},
         }) {
        SCOPED_TRACE(r.name);
        EXPECT_EQ(failure_of<parse_error>([&] { compress::expand(r.data, r.c); }).code(),
                  errc::malformed);
    }
}

TEST(decoder, what_follows_the_content_is_left_over)
{
    for (const codec c : codecs) {
        SCOPED_TRACE(compress::token(c));
        bytes packed = compress::pack(as_bytes("hello"sv), c);
        const std::size_t size = packed.size();
        append(packed, "TAIL (its T is the first byte of a skippable frame)"sv);
        compress::decoder in{c};
        bytes out;
        EXPECT_EQ(in.update(packed, out), size);
        EXPECT_NO_THROW(in.finish());
        EXPECT_EQ(as_text(out), "hello");
        EXPECT_EQ(in.update(as_bytes("more"sv), out), 0U);
        const auto e = failure_of<parse_error>([&] { compress::expand(packed, c); });
        EXPECT_EQ(e.where().offset, size);
    }
}

TEST(decoder, a_bomb_hits_the_ratio_early)
{
    const bytes zeros(std::size_t{3} * 1024 * 1024, std::byte{});
    for (const codec c : codecs) {
        SCOPED_TRACE(compress::token(c));
        compress::encoder to{c, 9};
        bytes bomb;
        to.update(zeros, bomb);
        to.finish(bomb);
        bytes out;
        compress::decoder in{c};
        const auto e = failure_of<limit_error>([&] { in.update(bomb, out); });
        EXPECT_EQ(e.name(), "max_ratio");
        EXPECT_LT(out.capacity(), std::size_t{4} * 1024 * 1024);
        EXPECT_EQ(compress::expand(bomb, c, compress::limits::none()).size(), zeros.size());
    }
}

TEST(decoder, the_output_limit_holds)
{
    const std::string text = sample(100000);
    for (const codec c : codecs) {
        SCOPED_TRACE(compress::token(c));
        const bytes packed = compress::pack(as_bytes(text), c);
        const auto expand = [&](std::uint64_t most) {
            return compress::expand(packed, c, compress::limits().max_output_bytes(most));
        };
        EXPECT_EQ(failure_of<limit_error>([&] { expand(text.size() - 1); }).name(),
                  "max_output_bytes");
        EXPECT_EQ(expand(text.size()).size(), text.size());
    }
}

TEST(decoder, a_large_zstd_window_is_refused)
{
    // A frame header that asks for 16 MiB.
    const auto e = failure_of<limit_error>(
        [] { compress::expand(from_hex("28b52ffd0070010000"), codec::zstd); });
    EXPECT_EQ(e.name(), "max_window_bytes");
}

TEST(encoder, a_flush_lets_a_reader_catch_up)
{
    for (const codec c : codecs) {
        SCOPED_TRACE(compress::token(c));
        compress::encoder to{c};
        compress::decoder in{c};
        bytes packed;
        bytes out;
        to.update("first ", packed);
        to.flush(packed);
        in.update(packed, out);
        EXPECT_EQ(as_text(out), "first ");
        EXPECT_FALSE(in.done());
        packed.clear();
        to.update("second", packed);
        to.finish(packed);
        in.update(packed, out);
        EXPECT_EQ(as_text(out), "first second");
        EXPECT_TRUE(in.done());
    }
}

TEST(encoder, a_file_may_be_cut_where_a_member_ends)
{
    for (const codec c : {codec::gzip, codec::zstd}) {
        SCOPED_TRACE(compress::token(c));
        compress::encoder to{c};
        bytes file;
        to.update("one ", file);
        to.finish(file);
        const std::size_t cut = file.size();
        to.finish(file);
        to.flush(file);
        EXPECT_EQ(file.size(), cut);
        to.update("two", file);
        to.finish(file);
        EXPECT_EQ(as_text(compress::expand(std::span{file}.first(cut), c)), "one ");
        EXPECT_EQ(as_text(compress::expand(std::span{file}.subspan(cut), c)), "two");
        EXPECT_EQ(as_text(compress::expand(file, c)), "one two");
    }
}

TEST(encoder, nothing_makes_an_empty_content)
{
    for (const codec c : codecs) {
        compress::encoder to{c};
        bytes packed;
        to.finish(packed);
        EXPECT_GT(packed.size(), 0U);
        EXPECT_EQ(compress::expand(packed, c).size(), 0U);
    }
}

}  // namespace
}  // namespace ferry
