#include "ferry/zmq/certificate.hpp"

#include "ferry/core/bytes.hpp"
#include "ferry/core/log.hpp"
#include "ferry/testing/temporary_directory.hpp"
#include "ferry/zmq/authenticator.hpp"
#include "ferry/zmq/detail/zap.hpp"
#include "ferry/zmq/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace ferry::zmq {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;

// The keys of libzmq's own tests.
const std::string server_public = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
const std::string server_secret = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6";

TEST(z85, encodes_the_example_of_the_standard)
{
    const std::string data = "\x86\x4F\xD2\x6F\xB5\x59\xF7\x5B";
    EXPECT_EQ(z85::encode(as_bytes(data)), "HelloWorld");
    EXPECT_EQ(z85::decode("HelloWorld"), data);
    EXPECT_EQ(z85::encode({}), "");
    EXPECT_EQ(z85::decode("%nSc0"), "\xFF\xFF\xFF\xFF");
    EXPECT_EQ(z85::decode("00000"), "\0\0\0\0"s);
}

TEST(z85, refuses_what_is_none)
{
    for (const char* bad : {"Hello1", "Hell", "Hell~", "Hell ", "%nSc1", "#####", "\xC3\xA9xxx"}) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(z85::decode(bad), error);
    }
    EXPECT_THROW(z85::encode(as_bytes("123")), error);
}

TEST(certificate, makes_and_checks_keys)
{
    const auto keys = curve_keypair();
    EXPECT_EQ(keys.public_key.size(), 40U);
    EXPECT_EQ(curve_public(keys.secret_key), keys.public_key);
    EXPECT_EQ(curve_public(server_secret), server_public);
    EXPECT_THROW(curve_public("short"), error);
    EXPECT_THROW(certificate("not a key"), error);
    EXPECT_THROW(certificate(server_public, std::string(40, '~')), error);
}

TEST(certificate, reads_what_pyzmq_and_czmq_write)
{
    const std::string text =
        "#   ****  Generated on 2026-11-25 by pyzmq  ****\n"
        "#   public-key = \"commented out\"\n\n"
        "metadata\n"
        "    name = Ann\n"
        "    mail = \"ann@a.example\"\n"
        "    formula = a = b # c\n"
        "curve\n"
        "    public-key = \"" +
        server_public + "\"\n    secret-key = \"" + server_secret + "\"\n";
    const auto c = certificate::parse(text);
    EXPECT_EQ(c.public_key(), server_public);
    EXPECT_EQ(c.secret_key(), server_secret);
    EXPECT_EQ(c.metadata.at("name"), "Ann");
    EXPECT_EQ(c.metadata.at("mail"), "ann@a.example");
    EXPECT_EQ(c.metadata.at("formula"), "a = b # c");
    EXPECT_EQ(certificate::parse(c.dump(true)).metadata, c.metadata);
    EXPECT_EQ(certificate::parse(c.dump(true)).secret_key(), server_secret);
    EXPECT_FALSE(certificate::parse(c.dump(false)).secret_key());
    EXPECT_TRUE(certificate::parse(c.dump(false)).metadata.empty());
    // Tabs, other line ends, single quotes, none at the end.
    const auto d = certificate::parse("curve\r\n\tpublic-key\t=\t'" + server_public + "'");
    EXPECT_EQ(d.public_key(), server_public);
}

TEST(certificate, refuses_what_is_none)
{
    struct row {
        const char* name;
        std::string text;
    };
    for (const row& r :
         {row{"empty", ""}, row{"no key", "metadata\n    name = x\n"},
          row{"commented out", "# public-key = \"" + server_public + "\"\n"},
          row{"short", "curve\n    public-key = \"abc\"\n"},
          row{"not Z85", "curve\n    public-key = \"" + std::string(40, '~') + "\"\n"},
          row{"a bad secret",
              "curve\n    public-key = \"" + server_public + "\"\n    secret-key = \"x\"\n"},
          row{"bytes", std::string(1000, '\xFF')}}) {
        SCOPED_TRACE(r.name);
        try {
            certificate::parse(r.text);
            ADD_FAILURE();
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::bad_certificate);
            EXPECT_EQ(std::string(e.what()).find(server_secret), std::string::npos);
        }
    }
    EXPECT_THROW(certificate::parse(std::string(certificate::max_file_bytes + 1, 'x')),
                 limit_error);
}

TEST(certificate, files_of_secrets_are_private)
{
    const testing::temporary_directory folder;
    const std::string path = folder.path().string();
    std::vector<std::string> warnings;
    log::set_sink([&](const log::record& r) { warnings.push_back(log::line(r)); });
    auto c = certificate::generate();
    c.metadata["name"] = "two\nlines";
    const auto [open, secret] = c.save(path, "me");
    EXPECT_EQ(open, path + "/me.key");
    EXPECT_EQ(secret, path + "/me.key_secret");
    struct stat about{};
    ASSERT_EQ(::stat(secret.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600U);
    EXPECT_EQ(certificate::load(secret).secret_key(), c.secret_key());
    EXPECT_EQ(certificate::load(secret).metadata.at("name"), "two lines");
    EXPECT_TRUE(warnings.empty());
    ::chmod(secret.c_str(), 0644);
    certificate::load(secret);
    EXPECT_EQ(warnings.size(), 1U);
    c.save(path, "me");
    ASSERT_EQ(::stat(secret.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600U) << "also one that was there";
    log::set_sink({});

    certificate::generate().save(path, "other");
    EXPECT_EQ(load_certificates(path).size(), 2U);
    EXPECT_THROW(load_certificates(path + "/none"), error);
    EXPECT_THROW(certificate::load(path + "/none.key"), error);
    std::ofstream(path + "/bad.key") << "nothing";
    EXPECT_THROW(load_certificates(path), error);
    EXPECT_EQ(certificate(server_public).save(path, "half").second, "");
}

std::vector<std::string> texts(const multipart& all)
{
    std::vector<std::string> out;
    for (const message& m : all) out.push_back(m.to_string());
    return out;
}

TEST(authenticator, judges_by_its_rules)
{
    authenticator door{context()};
    const std::string key(32, 'k');
    const auto ask = [&](auto... frames) { return texts(door.answer(parts(frames...)))[2]; };
    EXPECT_EQ(ask("1.0", "1", "", "10.0.0.1", "", "NULL"), "200");
    EXPECT_EQ(ask("1.0", "1", "", "10.0.0.1", "", "PLAIN", "ann", "secret"), "400");
    EXPECT_EQ(ask("1.0", "1", "", "10.0.0.1", "", "CURVE", key), "400");
    EXPECT_EQ(ask("1.0", "1", "", "10.0.0.1", "", "GSSAPI", "ann@A"), "400");
    EXPECT_EQ(ask("1.0", "1", "", "10.0.0.1", "", "MAGIC"), "400");

    door.configure_plain("*", {{"ann", "secret"}});
    door.configure_plain("inner", {{"bob", "other"}});
    EXPECT_EQ(ask("1.0", "1", "", "x", "", "PLAIN", "ann", "secret"), "200");
    EXPECT_EQ(ask("1.0", "1", "any", "x", "", "PLAIN", "ann", "secret"), "200");
    EXPECT_EQ(ask("1.0", "1", "inner", "x", "", "PLAIN", "ann", "secret"), "400");
    EXPECT_EQ(ask("1.0", "1", "inner", "x", "", "PLAIN", "bob", "other"), "200");
    EXPECT_EQ(ask("1.0", "1", "", "x", "", "PLAIN", "ann", "secre"), "400");
    EXPECT_EQ(ask("1.0", "1", "", "x", "", "PLAIN", "ann", "secret2"), "400");
    EXPECT_EQ(ask("1.0", "1", "", "x", "", "PLAIN", "ann"), "400");

    door.configure_curve_callback("*", [&](std::string_view domain, std::string_view z) {
        return domain == "d" && z == z85::encode(as_bytes(key));
    });
    EXPECT_EQ(ask("1.0", "1", "d", "x", "", "CURVE", key), "200");
    EXPECT_EQ(ask("1.0", "1", "e", "x", "", "CURVE", key), "400");
    EXPECT_EQ(ask("1.0", "1", "d", "x", "", "CURVE", "short"), "400");
    EXPECT_THAT(texts(door.answer(parts("1.0", "7", "d", "x", "", "CURVE", key))),
                ElementsAre("1.0", "7", "200", "OK", z85::encode(as_bytes(key)), ""));
    door.configure_curve_allow_any("e");
    EXPECT_EQ(ask("1.0", "1", "e", "x", "", "CURVE", key), "200");
    door.configure_gssapi();
    EXPECT_THAT(texts(door.answer(parts("1.0", "7", "", "x", "", "GSSAPI", "ann@A")))[4], "ann@A");

    door.allow("10.0.0.1");
    EXPECT_EQ(ask("1.0", "1", "", "10.0.0.2", "", "NULL"), "400");
    EXPECT_EQ(ask("1.0", "1", "", "10.0.0.1", "", "NULL"), "200");
    EXPECT_THROW(door.deny("10.0.0.3"), error);
    door.configure_curve_callback("*", [](std::string_view, std::string_view) -> bool {
        throw std::runtime_error("no database");
    });
    EXPECT_EQ(ask("1.0", "1", "", "10.0.0.1", "", "CURVE", key), "500");
    EXPECT_EQ(door.accepted() + door.refused(), 21U);
}

TEST(authenticator, answers_requests_that_are_none)
{
    authenticator door{context()};
    door.deny("10.0.0.1");
    EXPECT_THROW(door.allow("x"), error);
    EXPECT_EQ(texts(door.answer(parts("1.0", "1", "", "10.0.0.1", "", "NULL")))[2], "400");
    EXPECT_EQ(texts(door.answer(parts("2.0", "1", "", "x", "", "NULL")))[2], "400");
    EXPECT_EQ(texts(door.answer(parts("1.0", "1", "", "x", "")))[2], "400");
    EXPECT_EQ(texts(door.answer(parts("1.0", "9")))[1], "9");
    EXPECT_TRUE(door.answer(parts("1.0")).empty());
    EXPECT_TRUE(door.answer({}).empty());
    EXPECT_TRUE(door.answer(parts("1.0", std::string(100'000, 'x'))).empty());
    multipart many;
    for (int i = 0; i < 100; ++i) many.emplace_back("1.0");
    EXPECT_EQ(texts(door.answer(many))[2], "500");
}

TEST(zap, replies_carry_metadata)
{
    const auto r = texts(detail::zap_reply("1", "200", "OK", "ann", {{"X-a", "bc"}}));
    EXPECT_EQ(r[5],
              "\x03X-a\0\0\0\x02"
              "bc"s);
    EXPECT_THROW(detail::zap_reply("1", "200", "OK", "", {{"", "x"}}), error);
    EXPECT_THROW(detail::zap_reply("1", "200", "OK", "", {{std::string(256, 'x'), "x"}}), error);
}

}  // namespace
}  // namespace ferry::zmq
