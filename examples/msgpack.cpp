// MessagePack: structs, and a stream of values that comes in pieces.
#include "ferry/formats/msgpack.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

using namespace ferry;

struct reading {
    std::string sensor;
    double celsius = 0;
};
BOOST_DESCRIBE_STRUCT(reading, (), (sensor, celsius))

int main()
{
    bytes sent;
    append(sent, msgpack::dump(reading{"kitchen", 21.5}));
    append(sent, msgpack::dump(reading{"garden", -3}));

    msgpack::unpacker stream;
    int count = 0;
    for (std::size_t at = 0; at < sent.size(); at += 10) {
        stream.feed(std::span{sent}.subspan(at, std::min<std::size_t>(10, sent.size() - at)));
        while (const auto v = stream.next()) {
            const auto r = from_value<reading>(*v);
            std::printf("%s: %.1f\n", r.sensor.c_str(), r.celsius);
            ++count;
        }
    }
    return count == 2 ? 0 : 1;
}
