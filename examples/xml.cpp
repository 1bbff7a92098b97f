// Reads a catalogue, finds things in it, changes it, and writes it again.

#include "ferry/documents/xml_draft.hpp"
#include "ferry/documents/xml_stream.hpp"

#include <cstdio>
#include <sstream>

int main()
{
    using namespace ferry;

    const char* const text =
        "<catalog xmlns:x='http://example.local/extra'>"
        "<book id='b1' lang='en'><title>Tides &amp; harbours</title><x:price>12.50</x:price></book>"
        "<book id='b2' lang='de'><title>Ebbe</title><x:price>9</x:price></book></catalog>";

    const xml::document catalog = xml::parse(text);
    for (const xml::element book : catalog.findall("book[@lang='en']"))
        std::printf("%s: %s\n", std::string(book.get("id", "?")).c_str(),
                    book.findtext("title").c_str());

    const auto prices = xpath::context().ns("x", "http://example.local/extra");
    std::printf("sum: %g\n", catalog.xpath("sum(//x:price)", prices).to_number());

    xml::draft changed(catalog);
    changed.root().remove(*changed.root().find("book[@id='b2']"));
    changed.root().append("book").set("id", "b3").append("title").set_text("Low water");
    std::printf("%s", changed.write(xml::write_options().pretty(true)).c_str());

    // Larger than memory: one record at a time.
    std::istringstream dump(text);
    xml::stream books(dump, "book");
    while (const auto book = books.next())
        std::printf("%s\n", book->root().findtext("title").c_str());

    try {
        xml::parse("<catalog>\n  <book>\n</catalog>");
    } catch (const xml::parse_error& e) {
        std::printf("%s\n", e.what());
    }
}
