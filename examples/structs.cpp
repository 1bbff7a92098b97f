// One description of a struct for JSON, XML and the tables of web pages.

#include "ferry/documents/html_table.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/documents/xml_struct.hpp"

#include <cstdio>

namespace harbour {

struct berth {
    std::string ship;
    int pier = 0;
    double metres = 0;
    bool reserved = false;
    ferry::value more;
};
BOOST_DESCRIBE_STRUCT(berth, (), (ship, pier, metres, reserved, more))

constexpr auto describe_fields(const berth*)
{
    using ferry::field;
    return ferry::fields(field<&berth::pier>().name("@pier"),   // another name outside
                         field<&berth::reserved>().optional(),  // else it stays false
                         field<&berth::more>().collect());      // whatever else there is
}

struct arrival {
    std::string ship;
};
BOOST_DESCRIBE_STRUCT(arrival, (), (ship))
struct storm {
    int force = 0;
};
BOOST_DESCRIBE_STRUCT(storm, (), (force))

using event = std::variant<arrival, storm>;
constexpr auto describe_tag(const event*)
{
    return ferry::tag("type", "arrival", "storm");
}

}  // namespace harbour

int main()
{
    using namespace ferry;
    using harbour::berth;

    auto b = json::parse<berth>(R"({"@pier": 4, "ship": "Aurora", "metres": 12.5, "flag": "NO"})");
    std::printf("%s\n", json::dump(b).c_str());

    const auto berths = xml::parse<std::vector<berth>>(
        "<berths><berth pier='4'><ship>Aurora</ship><metres>12.5</metres></berth>"
        "<berth pier='5' reserved='true'><ship/><metres>9</metres></berth></berths>");
    for (const berth& one : berths)
        std::printf("pier %d: %s%s\n", one.pier, one.ship.c_str(),
                    one.reserved ? "(reserved)" : "");

    for (const auto& e : json::parse<std::vector<harbour::event>>(
             R"([{"type": "storm", "force": 9}, {"type": "arrival", "ship": "Boreas"}])"))
        std::printf("%s\n", json::dump(e).c_str());
}
