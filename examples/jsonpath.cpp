// Finds parts of JSON documents by JSONPath, in memory and as they stream by.
#include "ferry/documents/jsonpath.hpp"

#include "ferry/documents/json.hpp"
#include "ferry/documents/json_stream.hpp"

#include <cstdio>
#include <sstream>
#include <string>

using namespace ferry;

struct book {
    std::string title;
    double price = 0;
};
BOOST_DESCRIBE_STRUCT(book, (), (title, price))

int main()
{
    const std::string text = R"({"store": {"books": [
        {"title": "Moby Dick", "price": 8.99, "isbn": "0-553-21311-3"},
        {"title": "The Lord of the Rings", "price": 22.99, "isbn": "0-395-19395-8"},
        {"title": "Sayings of the Century", "price": 8.95}
    ]}})";
    const value doc = json::parse(text);

    // Compiled once; the values stay where they are in the document.
    const auto cheap = jsonpath::compile("$..books[?@.price < 10 && @.isbn].title");
    for (const value& title : cheap.select(doc)) {
        std::printf("%s\n", title.as<std::string>().c_str());
    }

    // Where they are: normalised paths, or JSON Pointers.
    for (const auto& found : jsonpath::select(doc, "$..[?match(@.title, '.*(of|the).*')]")) {
        std::printf("%s %s\n", found.path().c_str(), found.pointer().c_str());
    }

    // From a file of any size, one element in memory at a time.
    std::istringstream file{text};
    for (const book& b : json::stream<book>(file, "$.store.books[*]")) {
        std::printf("%s costs %.2f\n", b.title.c_str(), b.price);
    }
}
