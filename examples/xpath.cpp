// Reads records from a page with XPath.

#include "ferry/documents/xpath.hpp"

#include "ferry/core/error.hpp"
#include "ferry/documents/html.hpp"

#include <cstdio>

using namespace ferry;

int main()
{
    const html::document page = html::parse(
        "<title>Buyers</title>"
        "<div title=buyer-name>Carson Busses</div><span class=item-price>$29.95</span>"
        "<div title=buyer-name>Earl E. Byrd</div><span class=item-price>$8.37</span>");

    // Compiled once, used for every page, by any thread.
    static const auto names = xpath::expression::compile("//div[@title='buyer-name']");
    static const auto price = xpath::expression::compile(
        "number(substring-after(following-sibling::span[@class='item-price'][1], '$'))");

    for (const xpath::node& name : names.evaluate(page.tree()).nodes()) {
        std::printf("%s pays %.2f (%s)\n", name.string().c_str(),
                    price.evaluate(name).first<double>().value_or(0), xpath::getpath(name).c_str());
    }

    // Values from outside go into variables, so that they need no quoting.
    const auto above =
        xpath::expression::compile("count(//span[number(substring-after(., '$')) > $limit])");
    const auto count = above.evaluate(page.tree(), xpath::context().variable("limit", 10));
    std::printf("%d above the limit\n", count.first<int>().value_or(0));

    try {
        xpath::expression::compile("//div[containz(@title, 'buyer')]");
    } catch (const parse_error& e) {
        std::printf("%s\n%s\n", e.what(), e.excerpt().c_str());
    }
}
