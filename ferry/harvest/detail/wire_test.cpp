#include "ferry/harvest/detail/wire.hpp"

#include "ferry/documents/json.hpp"

#include <gtest/gtest.h>

namespace ferry::harvest::detail {
namespace {

page_outcome some_outcome(std::size_t links)
{
    page_outcome o;
    o.what = page_outcome::kind::page;
    o.misencoded = true;
    o.status = 200;
    o.bytes = 5'000'000'000;
    o.cause = "none";
    o.detail = "line\nend";
    o.retry_after = std::chrono::milliseconds{1'500};
    o.body_hash = "ab";
    for (std::size_t i = 0; i < links; ++i) {
        o.links.push_back(
            {"http://a.local/" + std::to_string(i), static_cast<std::uint16_t>(i % 3)});
    }
    o.records.push_back({2, R"({"a":"\n"})", "k\x1f"});
    o.filled = {1, 0, 7};
    o.missed = 3;
    o.missing = {"book.price"};
    return o;
}

TEST(wire, carries_outcomes_through_json_small_and_large)
{
    for (const std::size_t links : {0UL, 5UL, 50'000UL}) {
        SCOPED_TRACE(links);
        const std::vector<page_outcome> sent{some_outcome(links), page_outcome()};
        const auto text = json::dump(to_wire(sent));
        EXPECT_EQ(text.starts_with("{\"zstd\""), links > 1'000);
        const auto got = outcomes_from_wire(json::parse(text));
        ASSERT_EQ(got.size(), 2U);
        const page_outcome& o = got[0];
        EXPECT_EQ(o.what, page_outcome::kind::page);
        EXPECT_TRUE(o.misencoded);
        EXPECT_EQ(o.bytes, 5'000'000'000U);
        EXPECT_EQ(o.detail, "line\nend");
        EXPECT_EQ(o.retry_after.count(), 1'500);
        ASSERT_EQ(o.links.size(), links);
        if (links > 0) {
            EXPECT_EQ(o.links.back().url, sent[0].links.back().url);
            EXPECT_EQ(o.links.back().page, sent[0].links.back().page);
        }
        EXPECT_EQ(o.records.at(0).record, 2);
        EXPECT_EQ(o.records.at(0).line, sent[0].records[0].line);
        EXPECT_EQ(o.records.at(0).key, "k\x1f");
        EXPECT_EQ(o.filled, sent[0].filled);
        EXPECT_EQ(o.missed, 3U);
        EXPECT_EQ(o.missing, sent[0].missing);
        EXPECT_EQ(got[1].what, page_outcome::kind::failed);
    }
}

TEST(wire, carries_urls)
{
    waiting_url u;
    u.id = 9;
    u.url = "http://a.local/x";
    u.page = 3;
    u.depth = 2;
    u.referrer = "http://a.local/";
    const auto got = urls_from_wire(json::parse(json::dump(to_wire(std::vector{u}))));
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].url, u.url);
    EXPECT_EQ(got[0].page, 3);
    EXPECT_EQ(got[0].depth, 2U);
    EXPECT_EQ(got[0].referrer, u.referrer);
}

TEST(wire, refuses_what_is_none)
{
    for (const auto* bad :
         {"[1]", "[{}]", "{}", "{\"zstd\":\"!\"}", "{\"zstd\":\"AAAA\"}", "[{\"kind\":9}]"}) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(outcomes_from_wire(json::parse(bad)), error);
    }
    EXPECT_THROW(urls_from_wire(json::parse("[[1,2,3,4]]")), error);
}

}  // namespace
}  // namespace ferry::harvest::detail
