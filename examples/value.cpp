// The dynamic value: making, reading, changing and comparing.
#include "ferry/core/value.hpp"

#include "ferry/core/describe.hpp"

#include <cstdio>
#include <string>

using namespace ferry;

enum class state { open, paid };
BOOST_DESCRIBE_ENUM(state, open, paid)

struct order {
    int id = 0;
    std::optional<std::string> note;
    state status = state::open;
};
BOOST_DESCRIBE_STRUCT(order, (), (id, note, status))

int main()
{
    value v{{"id", 7}, {"items", value::array("pen", "ink")}, {"status", "paid"}};
    v["items"].push_back("paper");
    v["address"]["city"] = "Oslo";

    for (const auto& [key, item] : v.items()) {
        std::printf("%.*s is of kind %s\n", static_cast<int>(key.size()), key.data(),
                    std::string{name_of(item.kind())}.c_str());
    }
    std::printf("last item %s, zip %s\n", v["items"][-1].as<std::string>().c_str(),
                v["address"].get("zip", "unknown").c_str());

    const auto o = from_value<order>(v);
    std::printf("order %d is %s\n", o.id, o.status == state::paid ? "paid" : "open");

    try {
        v["id"] = 1e10;
        from_value<order>(v);
    } catch (const error& e) {
        std::printf("%s\n", e.what());
    }
    return value{1} == value{1.0} && v != to_value(o) ? 0 : 1;
}
