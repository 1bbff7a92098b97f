// Selectors: elements, strings, one element, and where a selector is wrong.

#include "ferry/core/error.hpp"
#include "ferry/documents/html.hpp"

#include <cstdio>

int main()
{
    using namespace ferry;

    // [select]
    const html::document page = html::parse(
        "<!DOCTYPE html><ul id=fleet><li class='ship new'><a href=/a>Aurora</a> 12 m"
        "<li class=ship><a href=/b>Boreas</a> 9 m<li>pier</ul>");

    for (const html::element& ship : page.css("li.ship:not(:has(+ .ship)) > a, .new a"))
        std::printf("%s\n", ship.text().c_str());
    for (const std::string& href : page.select_strings("#fleet a::attr(href)"))
        std::printf("%s\n", href.c_str());

    const auto boreas = page.select_one("a:contains('Boreas')");
    std::printf("%s\n", boreas->css_path().c_str());
    std::printf("%s\n", std::string(boreas->closest("ul")->attr("id", "")).c_str());
    // [select]

    try {
        page.css("li:frist-child");
    } catch (const parse_error& e) {
        std::printf("%s\n%s\n", e.what(), e.excerpt().c_str());
    }
}
