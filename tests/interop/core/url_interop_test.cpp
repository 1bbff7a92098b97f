#include "ferry/core/core.hpp"
#include "ferry/testing/program.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace ferry {
namespace {

std::string hex(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        constexpr std::string_view digits = "0123456789abcdef";
        out += digits[static_cast<unsigned char>(c) >> 4U];
        out += digits[static_cast<unsigned char>(c) & 15U];
    }
    return out;
}

struct question {
    std::string function;
    std::string argument;
    std::string ferry;  ///< ferry's answer
};

void expect_same(const std::vector<question>& questions)
{
    std::string input;
    for (const question& q : questions) input += q.function + "\t" + hex(q.argument) + "\n";
    const testing::outcome peer =
        testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/url_peer.py"}, input);
    ASSERT_EQ(peer.status, 0) << peer.err;
    std::istringstream lines{peer.out};
    for (const question& q : questions) {
        std::string answer;
        ASSERT_TRUE(std::getline(lines, answer));
        EXPECT_EQ(hex(q.ferry), answer) << q.function << " of " << q.argument << ": " << q.ferry;
    }
}

TEST(url_interop, quote_and_unquote_as_urllib_parse)
{
    std::string printable;
    for (char c = 0x20; c < 0x7F; ++c) printable += c;
    std::vector<question> all;
    for (const std::string& text :
         {printable, std::string{"café/日本 %41%zz%"}, std::string{"a+b%2Bc%20d"},
          std::string{"%C3%A9%FF%E2%82x"}, std::string{"\x01\x7F"}, std::string{}}) {
        all.push_back({"quote", text, percent::encode(text)});
        all.push_back({"quote_all", text, percent::encode(text, "")});
        all.push_back({"quote_plus", text, percent::encode_plus(text)});
        all.push_back({"unquote", text, utf8::repair(percent::decode(text))});
        all.push_back({"unquote_plus", text, utf8::repair(percent::decode_plus(text))});
    }
    expect_same(all);
}

TEST(url_interop, queries_as_parse_qsl_and_urlencode)
{
    std::vector<question> all;
    for (const char* text : {"a=1&b=2", "a=1&a=2&b=", "q=caf%C3%A9+%26&x", "&&a=b=c&", "=v",
                             "a=%zz", "a=%FF", "sp+ace=%20", "u=%E6%97%A5&v=/?:@!$'()"}) {
        all.push_back({"requote", text, query_pairs::parse(text).to_string()});
    }
    expect_same(all);
}

TEST(url_interop, domains_as_idna)
{
    std::vector<question> all;
    for (const char* text : {"bücher.example", "BÜCHER.example", "faß.de", "例え.テスト",
                             "президент.рф", "ابن.example", "a.b-c.example"}) {
        all.push_back({"to_ascii", text, idna::to_ascii(text).value_or("refused")});
    }
    expect_same(all);
}

}  // namespace
}  // namespace ferry
