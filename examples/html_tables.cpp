// Tables of a page: as rows with spans expanded, as structs, and as JSON.

#include "ferry/documents/html_table.hpp"
#include "ferry/documents/json.hpp"

#include <cstdio>

struct berth {
    std::string pier;
    std::string ship;
    double metres = 0;
};
BOOST_DESCRIBE_STRUCT(berth, (), (pier, ship, metres))

int main()
{
    using namespace ferry;

    // [table]
    const html::document page = html::parse(
        "<table><tr><th>pier<th>ship<th>metres"
        "<tr><td rowspan=2>4<td>Aurora<td>12.5<tr><td>Boreas<td>9</table>");

    const html::table berths(*page.select_one("table"));
    for (const berth& b : berths.as<berth>())
        std::printf("pier %s: %s, %.1f m\n", b.pier.c_str(), b.ship.c_str(), b.metres);
    std::printf("%s\n", json::dump(berths.to_value()).c_str());
    // [table]
}
