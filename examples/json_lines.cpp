// Writes and reads documents one a line, from a file and as the bytes of a connection arrive.
#include "ferry/documents/json_lines.hpp"

#include "ferry/documents/json_writer.hpp"

#include <cstdio>
#include <sstream>
#include <string>

using namespace ferry;

struct trade {
    std::string symbol;
    double price = 0;
};
BOOST_DESCRIBE_STRUCT(trade, (), (symbol, price))

int main()
{
    std::string text;
    json::lines_writer out([&text](std::string_view line) { text += line; });
    for (int i = 1; i <= 3; ++i) out.write(trade{"ACME", 9.5 * i});
    text += "{\"symbol\": \"BOLT\", \"price\": \"dear\"}\n";

    // A bad line is an error with its number, or is left out and counted.
    double total = 0;
    std::istringstream file{text};
    const json::lines<trade> trades(file, json::lines_options().skip_bad());
    for (const trade& t : trades) total += t.price;
    std::printf("total %.2f, %zu bad\n", total, trades.bad());

    // Pushed: bytes in, documents out.
    json::document_reader reader;
    for (const std::string_view piece : {"{\"a\": 1}\n[2", ", 3]\n", "4"}) {
        reader.feed(piece);
        while (const auto v = reader.next()) std::printf("%s\n", json::dump(*v).c_str());
    }
    reader.finish();
    while (const auto v = reader.next()) std::printf("%s\n", json::dump(*v).c_str());

    // One large document, written piece by piece.
    json::writer document(
        [](std::string_view piece) { std::fwrite(piece.data(), 1, piece.size(), stdout); });
    document.begin_object().key("trades").begin_array();
    for (int i = 1; i <= 3; ++i) document.value(trade{"ACME", 9.5 * i});
    document.end_array().member("count", 3).end_object().finish();
    std::printf("\n");
}
