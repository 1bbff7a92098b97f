#include "ferry/core/base64.hpp"

#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

namespace ferry {
namespace {

using base64::alphabet;

TEST(base64, the_vectors_of_the_rfc)
{
    struct row {
        const char* plain;
        const char* encoded;
    };
    for (const row& r :
         {row{"", ""}, row{"f", "Zg=="}, row{"fo", "Zm8="}, row{"foo", "Zm9v"},
          row{"foob", "Zm9vYg=="}, row{"fooba", "Zm9vYmE="}, row{"foobar", "Zm9vYmFy"}}) {
        SCOPED_TRACE(r.encoded);
        EXPECT_EQ(base64::encode(r.plain), r.encoded);
        EXPECT_EQ(as_text(base64::decode(r.encoded)), r.plain);
        EXPECT_EQ(as_text(base64::decode_lenient(r.encoded)), r.plain);
    }
}

TEST(base64, the_urlsafe_alphabet_goes_with_or_without_padding)
{
    EXPECT_EQ(base64::encode("\xFB\xFF", alphabet::urlsafe), "-_8=");
    EXPECT_EQ(base64::encode("\xFB\xFF", alphabet::urlsafe, base64::padding::without), "-_8");
    EXPECT_EQ(as_text(base64::decode("-_8", alphabet::urlsafe)), "\xFB\xFF");
    EXPECT_EQ(as_text(base64::decode("-_8=", alphabet::urlsafe)), "\xFB\xFF");
    EXPECT_EQ(base64::encode("\xFB\xFF"), "+/8=");
}

TEST(base64, strict_decoding_names_the_place)
{
    struct row {
        const char* text;
        std::size_t offset;
    };
    for (const row& r :
         {row{"Zg", 2}, row{"Zg=", 3}, row{"Z===", 1}, row{"Zm9v\n", 4}, row{"Zm-v", 2},
          row{"Zh==", 1}, row{"Zm9=", 2}, row{"=", 1}, row{"====", 0}, row{"Zg==Zg==", 2},
          row{"Zm9vZg==x", 6}, row{"\xFFm9v", 0}}) {
        SCOPED_TRACE(r.text);
        EXPECT_FALSE(base64::try_decode(r.text));
        try {
            base64::decode(r.text);
            FAIL() << "accepted";
        } catch (const parse_error& e) {
            EXPECT_EQ(e.where().offset, r.offset);
        }
    }
}

TEST(base64, lenient_decoding_skips_as_python_does)
{
    EXPECT_EQ(as_text(base64::decode_lenient("Zm9v\nYm Fy")), "foobar");
    EXPECT_EQ(as_text(base64::decode_lenient("Zg==Zg==")), "f");
    EXPECT_EQ(as_text(base64::decode_lenient("=Zm9v")), "foo");
    EXPECT_EQ(as_text(base64::decode_lenient("Zh==")), "f");
    for (const char* text : {"Zg", "Zg=", "Z", "Z===", "Zm9vY"}) {
        SCOPED_TRACE(text);
        EXPECT_THROW(base64::decode_lenient(text), parse_error);
    }
}

}  // namespace
}  // namespace ferry
