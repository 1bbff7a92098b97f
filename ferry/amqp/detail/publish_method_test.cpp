#include "ferry/amqp/detail/publish_method.hpp"

#include "ferry/amqp/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ferry::amqp::detail {
namespace {

using namespace std::string_literals;

std::string frame_to(const std::string& exchange, const std::string& key, bool mandatory)
{
    const auto short_text = [](const std::string& s) { return static_cast<char>(s.size()) + s; };
    const std::string payload =
        "\0\x3C\0\x28\0\0"s + short_text(exchange) + short_text(key) + (mandatory ? "\1"s : "\0"s);
    return "\1\0\7\0\0\0"s + static_cast<char>(payload.size()) + payload + '\xCE';
}

TEST(publish_method, is_that_of_each_message)
{
    publish_method m(7);
    struct row {
        std::string exchange;
        std::string key;
        bool mandatory;
    };
    for (const row& r :
         {row{"", "q", false}, row{"", "q", false}, row{"", "q", true}, row{"q", "", true},
          row{"x", "q", true}, row{"x", "r", true}, row{"x", "r", false}, row{"", "q", false}}) {
        SCOPED_TRACE(r.exchange + '/' + r.key);
        std::string out = "before";
        m.append_to(out, r.exchange, r.key, r.mandatory);
        EXPECT_EQ(out, "before" + frame_to(r.exchange, r.key, r.mandatory));
    }
}

TEST(publish_method, a_name_that_cannot_be_sent_leaves_nothing_behind)
{
    publish_method m(7);
    std::string out;
    m.append_to(out, "x", "good", false);
    out.clear();
    for (const std::string& bad : {std::string(256, 'k'), "\xFF"s}) {
        for (int i = 0; i < 2; ++i) {
            EXPECT_THROW(m.append_to(out, "x", bad, false), error);
            EXPECT_THROW(m.append_to(out, bad, "good", false), error);
        }
        EXPECT_EQ(out, "");
        m.append_to(out, "x", "good", false);
        EXPECT_EQ(out, frame_to("x", "good", false));
        out.clear();
    }
}

}  // namespace
}  // namespace ferry::amqp::detail
