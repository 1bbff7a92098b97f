#include "ferry/http/detail/websocket_codec.hpp"

#include "ferry/core/bytes.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/http/websocket.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ferry::http::detail {
namespace {

using namespace std::string_literals;

TEST(websocket_codec, reads_what_it_writes)
{
    for (const std::uint64_t size : {0ULL, 1ULL, 125ULL, 126ULL, 65535ULL, 65536ULL, 1ULL << 40}) {
        for (const bool masked : {false, true}) {
            SCOPED_TRACE(size);
            frame_head head;
            head.op = opcode::binary;
            head.last = size % 2 == 0;
            head.compressed = masked;
            head.masked = masked;
            if (masked) head.mask = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
            head.size = size;
            std::string wire;
            write_frame_head(head, wire);
            const role reader = masked ? role::server : role::client;
            frame_head read;
            for (std::size_t n = 0; n < wire.size(); ++n) {
                EXPECT_EQ(read_frame_head(as_bytes(wire).first(n), reader, true, read), 0U);
            }
            EXPECT_EQ(read_frame_head(as_bytes(wire + "more"), reader, true, read), wire.size());
            EXPECT_EQ(read.op, head.op);
            EXPECT_EQ(read.last, head.last);
            EXPECT_EQ(read.compressed, head.compressed);
            EXPECT_EQ(read.size, size);
            EXPECT_EQ(read.mask, head.mask);
        }
    }
}

TEST(websocket_codec, refuses_heads_that_break_the_rules)
{
    const struct {
        const char* name;
        std::string wire;
        role reader;
        bool compression;
    } rows[] = {
        {"RSV1 without an extension", "\xc1\x01"s, role::client, false},
        {"RSV2", "\xa1\x01"s, role::client, true},
        {"RSV3", "\x91\x01"s, role::client, true},
        {"opcode 3", "\x83\x01"s, role::client, false},
        {"opcode 7", "\x87\x01"s, role::client, false},
        {"opcode 11", "\x8b\x01"s, role::client, false},
        {"opcode 15", "\x8f\x01"s, role::client, false},
        {"a masked frame for a client", "\x81\x81"s, role::client, false},
        {"a bare frame for a server", "\x81\x01"s, role::server, false},
        {"a fragmented ping", "\x09\x01"s, role::client, false},
        {"a fragmented close", "\x08\x00"s, role::client, false},
        {"a ping of 126 bytes", "\x89\x7e\x00\x7e"s, role::client, false},
        {"a compressed ping", "\xc9\x01"s, role::client, true},
        {"a compressed continuation", "\xc0\x01"s, role::client, true},
        {"126 in 16 bits, but 125", "\x82\x7e\x00\x7d"s, role::client, false},
        {"64 bits for 65535", "\x82\x7f\0\0\0\0\0\0\xff\xff"s, role::client, false},
        {"a length with the highest bit", "\x82\x7f\x80\0\0\0\0\1\0\0"s, role::client, false},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        frame_head head;
        try {
            read_frame_head(as_bytes(r.wire), r.reader, r.compression, head);
            ADD_FAILURE() << "it was taken";
        } catch (const websocket_error& e) {
            EXPECT_EQ(e.close_code(), 1002);
        }
    }
}

TEST(websocket_codec, masks_at_every_offset)
{
    std::string text;
    for (int i = 0; i < 67; ++i) text += static_cast<char>('a' + i % 26);
    const std::array mask = {std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}};
    std::string whole(text.size(), '\0');
    copy_masked(as_bytes(text), reinterpret_cast<std::byte*>(whole.data()), mask, 0);
    EXPECT_EQ(static_cast<unsigned char>(whole[5]), static_cast<unsigned char>(text[5]) ^ 0xfaU);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        std::string pieces(text.size(), '\0');
        auto* const to = reinterpret_cast<std::byte*>(pieces.data());
        copy_masked(as_bytes(text).first(cut), to, mask, 0);
        copy_masked(as_bytes(text).subspan(cut), to + cut, mask, cut);
        EXPECT_EQ(pieces, whole);
    }
}

TEST(websocket_codec, reads_close_frames)
{
    const struct {
        const char* name;
        std::string payload;
        int code;  // negative: refused with it
        const char* text;
    } rows[] = {
        {"nothing", "", 1005, ""},
        {"normal", "\x03\xe8"s, 1000, ""},
        {"with a reason", "\x03\xe9why"s, 1001, "why"},
        {"application's", "\x0f\xa0"s, 4000, ""},
        {"library's", "\x0b\xb8"s, 3000, ""},
        {"last", "\x13\x87"s, 4999, ""},
        {"half a code", "\x03"s, -1002, ""},
        {"0", "\x00\x00"s, -1002, ""},
        {"999", "\x03\xe7"s, -1002, ""},
        {"1004", "\x03\xec"s, -1002, ""},
        {"1005", "\x03\xed"s, -1002, ""},
        {"1006", "\x03\xee"s, -1002, ""},
        {"1015", "\x03\xf7"s, -1002, ""},
        {"1016", "\x03\xf8"s, -1002, ""},
        {"2999", "\x0b\xb7"s, -1002, ""},
        {"5000", "\x13\x88"s, -1002, ""},
        {"a reason that is not UTF-8", "\x03\xe8\xff"s, -1007, ""},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        try {
            const close_reason read = read_close(as_bytes(r.payload));
            EXPECT_EQ(read.code, r.code);
            EXPECT_EQ(read.text, r.text);
        } catch (const websocket_error& e) {
            EXPECT_EQ(-e.close_code(), r.code);
        }
    }
}

TEST(websocket_codec, makes_the_accept_key_of_the_rfc)
{
    EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_TRUE(is_websocket_key("dGhlIHNhbXBsZSBub25jZQ=="));
    EXPECT_FALSE(is_websocket_key("dGhlIHNhbXBsZSBub25j"));
    EXPECT_FALSE(is_websocket_key("nonsense"));
}

TEST(utf8_checker, finds_the_first_wrong_byte_however_the_text_is_cut)
{
    const struct {
        const char* name;
        std::string text;
        std::size_t wrong_at;  // npos: all is right
    } rows[] = {
        {"ASCII", "hello", std::string::npos},
        {"all lengths", "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z", std::string::npos},
        {"the last code point", "\xf4\x8f\xbf\xbf", std::string::npos},
        {"above it", "ab\xf4\x90\x80\x80", 3},
        {"a surrogate", "\xed\xa0\x80", 1},
        {"overlong 2", "\xc0\xaf", 0},
        {"overlong 3", "\xe0\x80\xaf", 1},
        {"overlong 4", "\xf0\x80\x80\xaf", 1},
        {"a lone tail", "a\x80", 1},
        {"cut inside", "\xe2\x82z", 2},
        {"a lead after a lead", "\xe2\xe2", 1},
        {"0xff", "abc\xff", 3},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        // Byte by byte it fails exactly at the wrong one.
        utf8_checker slow;
        std::size_t failed = std::string::npos;
        for (std::size_t i = 0; i < r.text.size() && failed == std::string::npos; ++i) {
            if (!slow.feed(as_bytes(r.text).subspan(i, 1))) failed = i;
        }
        EXPECT_EQ(failed, r.wrong_at);
        for (std::size_t cut = 0; cut <= r.text.size(); ++cut) {
            utf8_checker two;
            const bool right = two.feed(as_bytes(r.text).first(cut)) &&
                               two.feed(as_bytes(r.text).subspan(cut)) && two.finish();
            EXPECT_EQ(right, r.wrong_at == std::string::npos) << cut;
        }
    }
    utf8_checker unfinished;
    EXPECT_TRUE(unfinished.feed(as_bytes("\xe2\x82")));
    EXPECT_FALSE(unfinished.finish());
}

}  // namespace
}  // namespace ferry::http::detail
