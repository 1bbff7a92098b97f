// Reads JSON into structs and values, changes it, and writes it again.
#include "ferry/documents/json.hpp"

#include <cstdio>
#include <string>
#include <vector>

using namespace ferry;

struct trade {
    std::string symbol;
    double price = 0;
    std::int64_t volume = 0;
};
BOOST_DESCRIBE_STRUCT(trade, (), (symbol, price, volume))

int main()
{
    const std::string text = R"([
        {"symbol": "ACME", "price": 9.5, "volume": 100},
        {"symbol": "BOLT", "price": 20, "volume": 7}
    ])";

    // Structs, by their description alone.
    double worth = 0;
    for (const trade& t : json::parse<std::vector<trade>>(text)) {
        worth += t.price * static_cast<double>(t.volume);
    }
    std::printf("worth %.2f\n", worth);

    // The same document as a value.
    value doc = json::parse(text);
    doc[1]["note"] = "checked";
    doc.push_back(value{
        {"symbol", "CORP"}, {"price", 1}, {"volume", value::integer("30000000000000000000")}});
    std::printf("%s\n", json::dump(doc, json::dump_options().indent(2)).c_str());

    // Errors say where and what.
    for (const char* const bad :
         {R"([{"symbol": "ACME", "price": "dear", "volume": 1}])", "[1,\n 2,\n  x]"}) {
        try {
            json::parse<std::vector<trade>>(bad);
        } catch (const error& e) {
            std::printf("%s\n", e.what());
        }
    }

    // Byte for byte as Python's json.dumps.
    const value same{{"name", "caf\u00e9"}, {"sizes", value::array(1, 2.0, nullptr)}};
    std::printf("%s\n", json::dump(same, json::dump_options().python()).c_str());
}
