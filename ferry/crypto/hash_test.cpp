#include "ferry/crypto/hash.hpp"

#include "ferry/core/error.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace ferry {
namespace {

TEST(hash, known_answers)
{
    struct row {
        const char* name;
        const char* hex;
    };
    for (const row& r : {
             row{"md5", "900150983cd24fb0d6963f7d28e17f72"},
             row{"sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"},
             row{"sha224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
             row{"sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
             row{"sha384",
                 "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                 "8086072ba1e7cc2358baeca134c825a7"},
             row{"sha512",
                 "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
             row{"sha3_256", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
             row{"blake2s", "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"},
             row{"sha512_256", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"},
         }) {
        SCOPED_TRACE(r.name);
        const hash::algorithm a = hash::find(r.name);
        EXPECT_EQ(hash::of(a, as_bytes("abc")).hex(), r.hex);
        EXPECT_EQ(hash::digest_size(a) * 2, std::string_view{r.hex}.size());
        EXPECT_EQ(hash::name(a), r.name);
    }
    EXPECT_EQ(hash::md5("").hex(), "d41d8cd98f00b204e9800998ecf8427e");
}

TEST(hash, pieces_give_the_digest_of_the_whole)
{
    hash::hasher all{"sha256"};
    all.update("a").update("").update("bc");
    EXPECT_EQ(all.digest(), hash::sha256("abc"));
    hash::hasher fork = all;
    fork.update("d");
    EXPECT_EQ(fork.digest(), hash::sha256("abcd"));
    EXPECT_EQ(all.digest(), hash::sha256("abc"));
    all = fork;
    EXPECT_EQ(all.digest(), fork.digest());
}

TEST(hash, an_unknown_name_is_an_error)
{
    EXPECT_THROW(hash::find("nope"), error);
    EXPECT_THROW(hash::hasher{"SHA256"}, error);
}

TEST(hash, hashes_files)
{
    const testing::temporary_directory here;
    std::ofstream{here / "a"} << std::string(600000, 'x');
    EXPECT_EQ(hash::file(here / "a"), hash::sha256(std::string(600000, 'x')));
    EXPECT_THROW(hash::file(here / "absent"), error);
    EXPECT_THROW(hash::file(here.path()), error);
}

}  // namespace
}  // namespace ferry
