// Reads a page as a browser would, and prints its title and its links.

#include "ferry/documents/html.hpp"

#include <cstdio>

int main()
{
    using namespace ferry;

    const html::document page = html::parse(
        "<!DOCTYPE html><title>Harbour  news</title>"
        "<p>Ships: <a href='/in?day=1&amp;n=2'>arrivals<p><a href=/out>departures</a>"
        "<table>closed <tr><td>pier 4</table>");

    std::printf("%s\n", page.title().c_str());
    for (const html::element link : page.root().descendants("a"))
        if (const auto href = link.attr("href"))
            std::printf("%.*s: %s\n", static_cast<int>(href->size()), href->data(),
                        link.text().c_str());
    for (const std::string& cell : page.xpath("//td/text()").strings())
        std::printf("cell: %s\n", cell.c_str());

    // What may not stand in a table goes before it.
    std::printf("%s\n", page.body()->outer_html().c_str());
}
