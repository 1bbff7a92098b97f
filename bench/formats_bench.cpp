// The same records as pickle, MessagePack and YAML, by ferry and, in processes of their own, by
// Python's pickle (C), msgpack (C) and PyYAML (pure Python and with libyaml).
#include "ferry/formats/formats.hpp"

#include "bench/bench.hpp"

#include <functional>
#include <string>
#include <vector>

namespace ferry::bench {
namespace {

value records(int count)
{
    value all = value::array();
    for (int i = 0; i < count; ++i) {
        all.push_back(value::object("id", i, "name", "name of record " + std::to_string(i), "price",
                                    i * 0.25, "tags", value::array("red", "blue"), "active",
                                    i % 2 == 0));
    }
    return all;
}

/// The case beside Python's, which `rivals` name to formats_peer.py.
void beside_python(const char* name, std::size_t size, int count,
                   const std::vector<std::string>& rivals, const std::function<void()>& work)
{
    const double megabytes = static_cast<double>(size) / 1e6;
    std::vector<contestant> all{{"ferry", [&] {
                                     work();
                                     return megabytes;
                                 }}};
    for (const std::string& who : rivals) {
        const std::string command = "/usr/bin/python3 " FERRY_BENCH_DIR "/formats_peer.py " + who +
                                    ' ' + name + ' ' + std::to_string(count);
        all.push_back({who, {}, [command] { return number_from(command); }});
    }
    compare("formats", name, {"MB/s", 1}, all);
}

}  // namespace
}  // namespace ferry::bench

int main()
{
    using namespace ferry;
    using namespace ferry::bench;
    constexpr int count = 20'000;
    constexpr int few = 500;
    const value many = records(count);
    const value some = records(few);
    const bytes pickled = pickle::dump(many);
    const bytes packed = msgpack::dump(many);
    const std::string text = yaml::dump(some);
    const std::vector<std::string> python{"python"};
    const std::vector<std::string> both{"pyyaml", "pyyaml-libyaml"};
    beside_python("pickle_load", pickled.size(), count, python,
                  [&] { (void)pickle::load(pickled); });
    beside_python("pickle_dump", pickled.size(), count, python, [&] { (void)pickle::dump(many); });
    beside_python("msgpack_load", packed.size(), count, python,
                  [&] { (void)msgpack::load(packed); });
    beside_python("msgpack_dump", packed.size(), count, python, [&] { (void)msgpack::dump(many); });
    beside_python("yaml_load", text.size(), few, both, [&] { (void)yaml::load(text); });
    beside_python("yaml_dump", text.size(), few, both, [&] { (void)yaml::dump(some); });
    return 0;
}
