// Selectors that are wrong, too large or hostile.

#include "ferry/core/error.hpp"
#include "ferry/documents/css.hpp"
#include "ferry/documents/html.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace ferry::css {
namespace {

TEST(css, says_where_a_selector_is_wrong)
{
    struct row {
        const char* selector;
        std::size_t column;
        const char* says;
    };
    const row rows[] = {
        {"", 1, "expected a selector"},
        {"  ", 3, "expected a selector"},
        {"a,", 3, "expected a selector"},
        {"a,,b", 3, "expected a selector"},
        {",a", 1, "expected a selector"},
        {"> a", 1, "begin with a combinator"},
        {"a >", 4, "expected a selector"},
        {"a > > b", 5, "unexpected '>'"},
        {"a || b", 3, "column combinators"},
        {"a )", 3, "unexpected ')'"},
        {"div!", 4, "unexpected '!'"},
        {"#", 2, "expected an id"},
        {". a", 2, "expected a class"},
        {".1a", 2, "expected a class"},
        {"[a", 3, "expected ']'"},
        {"[a=1]", 4, "in quotes"},
        {"[a=]", 4, "in quotes"},
        {"[a=b x]", 6, "only 'i' or 's'"},
        {"[=a]", 2, "expected an attribute's name"},
        {"[*]", 3, "expected an attribute's name"},
        {"[a~b]", 3, "expected ']' or one of"},
        {"[a='b]", 4, "the string has no end"},
        {"a:", 3, "expected a pseudo-class"},
        {"a:nosuch", 2, "unknown pseudo-class ':nosuch'"},
        {"a:nosuch(x)", 2, "unknown pseudo-class ':nosuch()'"},
        {"a:not", 2, "needs an argument"},
        {"a:not()", 7, "expected a selector"},
        {"a:not(b", 8, "expected ')'"},
        {"a:has()", 7, "expected a selector"},
        {"a:has(:nosuch)", 7, "unknown pseudo-class"},
        {"a:is(:nosuch", 13, "expected ')'"},
        {"a:is(b", 7, "expected ')'"},
        {"a:is('b)", 9, "expected ')'"},
        {"a:is(/* b)", 6, "the comment has no end"},
        {"a::before", 2, "no pseudo-element but"},
        {"a:before", 2, "is a pseudo-element"},
        {"a::text b", 9, "nothing may follow"},
        {"a:not(::text)", 13, "at the end of the selector"},
        {":nth-child(x)", 12, "expected a number"},
        {":nth-child(2n + b)", 17, "expected a number"},
        {":nth-child(2n + +1)", 17, "expected a number"},
        {":nth-child(- n)", 12, "expected a number"},
        {":nth-child(+odd)", 12, "expected a number"},
        {":nth-child(n-1x)", 12, "expected a number"},
        {":nth-child(2n-1of .a)", 12, "expected a number"},
        {":nth-child(n-)", 14, "expected a number"},
        {":nth-child(1e3)", 12, "expected a number"},
        {":nth-child(2 x)", 14, "expected ')'"},
        {":nth-of-type(1 of a)", 16, "expected ')'"},
        {":contains(a b)", 11, "write the text in quotes"},
        {":matches-text(/(/)", 15, "regular expression: "},
        {":matches-text(/a)", 15, "no closing '/'"},
        {":lang()", 7, "expected a language"},
        {"a /* b", 3, "the comment has no end"},
        {"a|", 3, "expected a name after '|'"},
        {"a\\", 2, "unexpected '\\'"},
        {"é é >", 6, "expected a selector"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.selector);
        try {
            selector::compile(r.selector);
            ADD_FAILURE() << "no error";
        } catch (const parse_error& e) {
            EXPECT_EQ(e.where().column, r.column) << e.what();
            EXPECT_NE(std::string(e.what()).find(r.says), std::string::npos) << e.what();
        }
    }
    try {
        selector::compile("div >\n  p:nosuch");
        ADD_FAILURE();
    } catch (const parse_error& e) {
        EXPECT_EQ(e.where().line, 2U);
        EXPECT_EQ(e.where().column, 4U);
        EXPECT_EQ(e.excerpt(), "  p:nosuch\n   ^");
    }
}

std::string repeated(std::string_view text, std::size_t times)
{
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}

TEST(css, has_limits_with_names)
{
    const auto limit_of = [](const std::string& text) {
        try {
            selector::compile(text);
        } catch (const limit_error& e) {
            return e.name();
        } catch (const parse_error& e) {
            return std::string(e.what());
        }
        return std::string("none");
    };
    EXPECT_EQ(limit_of(repeated(":not(", 33) + "a" + repeated(")", 33)), "max_depth");
    EXPECT_EQ(limit_of(repeated(":is(", 32) + "a" + repeated(")", 32)), "none");
    EXPECT_EQ(limit_of(repeated("a ", 513)), "max_compounds");
    EXPECT_EQ(limit_of(repeated("a,", 512) + "a"), "max_compounds");
    EXPECT_EQ(limit_of(repeated("a", 65537)), "max_selector_bytes");
    EXPECT_EQ(limit_of(":has(" + repeated("a ", 65) + ")"), "max_relative_compounds");
    EXPECT_EQ(limit_of(repeated(".a", 30'000)), "none");
    const html::document page = html::parse("<div>" + repeated("<p>x", 20));
    EXPECT_THROW(page.css(compile("div p"), context().max_steps(10)), limit_error);
}

TEST(css, stays_linear_on_hostile_selectors_and_pages)
{
    constexpr std::size_t n = 100'000;
    const html::document deep = html::parse(repeated("<div>", n));
    const html::document wide = html::parse("<body>" + repeated("<b></b><i></i>", n / 2));
    std::string names = "<body>";
    for (std::size_t i = 0; i < n / 4; ++i)
        names += "<x" + std::to_string(i) + "></x" + std::to_string(i) + ">";
    const html::document named = html::parse(names);
    struct row {
        const html::document* page;
        std::string selector;
        std::size_t found;
    };
    const row rows[] = {
        {&deep, "div div div div div div div", n - 6},
        {&deep, "p div", 0},
        {&deep, "p > div div > div div > div div", 0},
        {&deep, repeated("div > div ", 30) + "b", 0},
        {&deep, "div:has(b)", 0},
        {&deep, "div:has(div div b)", 0},
        {&deep, "div:not(:has(div))", 1},
        {&deep, ":is(p div, p > div)", 0},
        {&deep, "div:not(p *)", n},
        {&deep, "div:contains('x')", 0},
        {&deep, "div:nth-child(1) div", n - 1},
        {&deep, "div:has(> div > div > p)", 0},
        {&wide, "p ~ b", 0},
        {&wide, "b ~ i ~ b + i", n / 2 - 1},
        {&wide, "b:has(~ p)", 0},
        {&wide, "b:has(~ i + p)", 0},
        {&wide, "b:nth-child(3n+1)", 16667},
        {&wide, "b:nth-last-of-type(2n)", n / 4},
        {&wide, "b:nth-child(2 of b)", 1},
        {&wide, "i:not(b ~ i)", 0},
        {&named, ":nth-of-type(2)", 0},
        {&named, "body :only-of-type", n / 4},
        {&named, ":nth-last-child(2n)", n / 8 + 1},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.selector);
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_EQ(r.page->css(r.selector).size(), r.found);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        EXPECT_LT(took.count(), 5.0);  // in a debug build under sanitizers
    }
    // What has no linear way ends in a limit.
    const html::document texts = html::parse(repeated("<div>x", 20'000));
    const auto few = context().max_steps(1'000'000);
    EXPECT_THROW(texts.css(compile("div:matches-text(/y/)"), few), limit_error);
    EXPECT_THROW(deep.css(compile("div:read-write"), few), limit_error);
}

TEST(css, refuses_garbage_with_a_place_in_it)
{
    std::uint32_t seed = 7;
    const auto random = [&seed](std::uint32_t below) {
        seed = seed * 1664525U + 1013904223U;
        return (seed >> 8U) % below;
    };
    constexpr std::string_view letters = "a*#.:[]()='\"\\ >+~|,^$!-_1n/\n\x80\xc3";
    int good = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (std::uint32_t n = random(12); n > 0; --n)
            text += letters[random(static_cast<std::uint32_t>(letters.size()))];
        try {
            selector::compile(text);
            ++good;
        } catch (const parse_error& e) {
            ASSERT_LE(e.where().offset, text.size()) << text;
            ASSERT_NE(e.excerpt().find('^'), std::string::npos) << text;
        }
    }
    EXPECT_GT(good, 100);
}

}  // namespace
}  // namespace ferry::css
