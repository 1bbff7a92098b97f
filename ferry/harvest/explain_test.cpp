#include "ferry/harvest/recipe.hpp"

#include <gmock/gmock.h>

namespace ferry::harvest {
namespace {

using testing::HasSubstr;

TEST(starter, is_a_recipe_that_can_be_run)
{
    const auto text = starter("http://Localhost:8080/", "my books");
    const auto r = recipe::parse(text, "b.toml");
    EXPECT_EQ(r.name, "my-books");
    EXPECT_EQ(r.starts.at(0).url, "http://localhost:8080/");
    EXPECT_EQ(r.scope.hosts, std::vector<std::string>{"localhost:8080"});
    EXPECT_EQ(r.outputs.at(0).file, "out/my-books.jsonl");
}

TEST(starter, wants_a_url)
{
    for (const auto* bad : {"", "localhost", "ftp://a/", "http://"}) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(starter(bad, "x"), error);
    }
}

TEST(explain, says_in_words_what_a_recipe_does)
{
    const auto text = explain(recipe::parse(starter("http://localhost:8080/", "books"), "b.toml"));
    EXPECT_THAT(text, HasSubstr("Starts at 1 URL:\n  http://localhost:8080/\n"));
    EXPECT_THAT(text, HasSubstr("Stays on localhost:8080, at most 3 links deep and 1000 pages."));
    EXPECT_THAT(text, HasSubstr("Obeys robots.txt."));
    EXPECT_THAT(text, HasSubstr("Follows the href of //a, as the page that matches."));
    EXPECT_THAT(text, HasSubstr("title: string, what the XPath //h1 finds, or else what the XPath "
                                "//title finds; required: without it there is no record"));
    EXPECT_THAT(text, HasSubstr("url: string, the page's url; null if there is none"));
    EXPECT_THAT(text, HasSubstr("Writes \"page\" to out/books.jsonl."));
}

}  // namespace
}  // namespace ferry::harvest
