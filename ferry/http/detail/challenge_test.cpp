#include "ferry/http/detail/challenge.hpp"

#include "ferry/http/detail/digest.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ferry::http::detail {
namespace {

std::string shown(std::string_view field)
{
    std::string text;
    for (const challenge& c : parse_challenges(field)) {
        text += "[" + c.scheme;
        if (!c.token68.empty()) text += " " + c.token68;
        for (const auto& [name, value] : c.parameters) text += " " + name + "=<" + value + ">";
        text += "]";
    }
    return text;
}

TEST(challenge, reads_what_rfc_9110_allows_and_stops_at_what_it_does_not)
{
    const struct {
        const char* field;
        const char* read;
    } rows[] = {
        {"Basic realm=\"a b\"", "[basic realm=<a b>]"},
        {"Basic", "[basic]"},
        {"Negotiate, Basic realm=x", "[negotiate][basic realm=<x>]"},
        {"Negotiate YWJj==", "[negotiate YWJj==]"},
        {"Negotiate YWJj== , Digest nonce=1,  qop = \"auth,auth-int\"",
         "[negotiate YWJj==][digest nonce=<1> qop=<auth,auth-int>]"},
        {"Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\"",
         "[newauth realm=<apps> type=<1> title=<Login to \"apps\">][basic realm=<simple>]"},
        {",, Basic realm=x,,y=z,", "[basic realm=<x> y=<z>]"},
        {"Digest REALM=a", "[digest realm=<a>]"},
        {"", ""},
        {"=", ""},
        {"\"x\"", ""},
        {"Basic realm=\"no end", "[basic]"},
        {"Basic realm=\"no end\\", "[basic]"},
        {"Basic @", "[basic]"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.field);
        EXPECT_EQ(shown(r.field), r.read);
    }
}

TEST(challenge, has_limits)
{
    std::string many;
    for (int i = 0; i < 100; ++i) many += "S realm=x, ";
    EXPECT_EQ(parse_challenges(many).size(), max_challenges);
    std::string parameters = "Digest a=1";
    for (int i = 0; i < 100; ++i) parameters += ", a=1";
    EXPECT_EQ(parse_challenges(parameters)[0].parameters.size(), max_challenge_parameters);
}

// RFC 7616 section 3.9.1; the rows beyond it were computed with Python's hashlib.
TEST(digest, answers_as_the_rfc_does)
{
    const std::string nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    const std::string ours = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    const struct {
        const char* extra;
        const char* response;
    } rows[] = {
        {"qop=\"auth, auth-int\", algorithm=MD5", "8ca523f5e9506fed4657c9700eebdbec"},
        {"qop=\"auth, auth-int\", algorithm=SHA-256",
         "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.extra);
        const auto all = parse_challenges("Digest realm=\"http-auth@example.org\", nonce=\"" +
                                          nonce + "\", opaque=\"FQhe\", " + r.extra);
        const auto c = digest_challenge::from(all.at(0));
        ASSERT_TRUE(c);
        const std::string answer =
            answer_digest(*c, "Mufasa", "Circle of Life", {"GET", "/dir/index.html", {}}, 1, ours);
        EXPECT_NE(answer.find(std::string("response=\"") + r.response + '"'), answer.npos)
            << answer;
        EXPECT_NE(answer.find("nc=00000001, cnonce=\"" + ours), answer.npos) << answer;
        EXPECT_NE(answer.find("qop=auth, "), answer.npos) << answer;
        EXPECT_NE(answer.find("opaque=\"FQhe\""), answer.npos) << answer;
    }
}

TEST(digest, takes_only_what_it_knows)
{
    const auto known = [](const std::string& parameters) {
        return digest_challenge::from(parse_challenges("Digest " + parameters).at(0)).has_value();
    };
    EXPECT_TRUE(known("nonce=x"));
    EXPECT_TRUE(known("nonce=x, algorithm=sha-512-256-SESS, qop=auth-int"));
    EXPECT_FALSE(known("realm=x"));
    EXPECT_FALSE(known("nonce=x, algorithm=SHA3"));
    EXPECT_FALSE(known("nonce=x, qop=other"));
    EXPECT_FALSE(digest_challenge::from(parse_challenges("Basic nonce=x").at(0)));
}

TEST(digest, quotes_what_comes_from_outside)
{
    const auto c =
        digest_challenge::from(parse_challenges("Digest nonce=x, realm=\"a\\\"b\"").at(0));
    const std::string answer = answer_digest(*c, "us\"er", "p", {"GET", "/", {}}, 1, "n");
    EXPECT_NE(answer.find("username=\"us\\\"er\", realm=\"a\\\"b\""), answer.npos) << answer;
}

}  // namespace
}  // namespace ferry::http::detail
