// Walks through a document by name.

#include "ferry/documents/untangle.hpp"

#include <cstdio>

int main()
{
    using namespace ferry;

    const auto obj = untangle::parse(
        "<fleet home-port='Emden'><ship name='Anna'>at sea</ship><ship name='Berta'/></fleet>");

    for (const auto& ship : obj["fleet"]["ship"])
        std::printf("%s: %s\n", ship["@name"].cdata().c_str(), ship.cdata().c_str());
    std::printf("%s\n", obj.at("fleet.ship[1]@name").cdata().c_str());
    std::printf("%s\n", obj["fleet"].attr("home-port").value_or("nowhere").c_str());
    try {
        obj["fleet"]["captain"];
    } catch (const lookup_error& e) {
        std::printf("%s\n", e.what());
    }
}
