#include "ferry/http/detail/hedge_book.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ferry::http::detail {
namespace {

using namespace std::chrono_literals;

// The answers of 1 ms, 2 ms and so on, in an order that is not theirs.
hedge_record after(std::size_t answers)
{
    hedge_record r;
    for (std::size_t i = 0; i < answers; ++i)
        r.took(std::chrono::milliseconds(i * 7 % answers + 1));
    return r;
}

TEST(hedge_record, knows_a_percentile_once_it_is_warm)
{
    const struct {
        std::size_t answers;
        percentile p;
        std::optional<hedge_record::duration> late;
    } rows[] = {
        {0, p95, std::nullopt},
        {hedge_record::warm_up - 1, p95, std::nullopt},
        {hedge_record::warm_up, p95, 19ms},
        {hedge_record::warm_up, p99, 20ms},
        {100, p95, 95ms},
        {100, p99, 99ms},
        {100, percentile(50), 50ms},
        {100, percentile(0), 1ms},
        {100, percentile(1000), 99ms},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(std::to_string(r.answers) + " answers, p" + std::to_string(r.p.of_hundred()));
        EXPECT_EQ(after(r.answers).begin(r.p), r.late);
    }
}

TEST(hedge_record, forgets_what_is_not_recent)
{
    hedge_record r = after(100);
    for (std::size_t i = 0; i < hedge_record::window; ++i) r.took(1s);
    EXPECT_EQ(r.begin(percentile(1)), 1s);
}

TEST(hedge_record, gives_a_hedge_to_one_request_in_ten)
{
    hedge_record r;
    std::size_t hedges = 0;
    for (std::size_t i = 0; i < 1000; ++i) {
        r.begin(p95);
        if (r.spend()) ++hedges;
    }
    EXPECT_EQ(hedges, 1000 / hedge_record::requests_a_hedge);
    for (std::size_t i = 0; i < 1000; ++i) r.begin(p95);
    for (std::size_t i = 0; i < hedge_record::max_saved_hedges; ++i) EXPECT_TRUE(r.spend());
    EXPECT_FALSE(r.spend());
}

TEST(hedge_book, keeps_origins_apart_and_not_too_many)
{
    hedge_book book;
    const url a = url::parse("http://a.example/x");
    for (std::size_t i = 0; i < hedge_record::warm_up; ++i) book.took(a, 5ms);
    EXPECT_EQ(book.begin(url::parse("http://a.example/other"), p95), 5ms);
    for (const char* other : {"https://a.example/", "http://a.example:81/", "http://b.example/"})
        EXPECT_EQ(book.begin(url::parse(other), p95), std::nullopt) << other;
    for (std::size_t i = 0; i < hedge_book::max_origins; ++i)
        book.took(url::parse("http://h" + std::to_string(i) + "/"), 1ms);
    EXPECT_EQ(book.begin(a, p95), std::nullopt);
}

}  // namespace
}  // namespace ferry::http::detail
