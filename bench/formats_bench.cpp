// The same records as pickle, MessagePack and YAML, by ferry and, in a process of its own, by
// Python's pickle (C), msgpack (C) and PyYAML (pure Python and with libyaml).
#include "ferry/formats/formats.hpp"

#include "bench/bench.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

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

/// Prints Python's MB per CPU second for each of the cases.
void python(const std::string& script, int count)
{
    const std::string command = "/usr/bin/python3 " + script + " " + std::to_string(count);
    std::fflush(stdout);
    if (std::system(command.c_str()) != 0) std::abort();
}

void measure(const char* name, const char* who, std::size_t size, const std::function<void()>& work)
{
    if (!wanted("formats", name)) return;
    std::vector<double> rates;
    for (int r = 0; r < repetitions(); ++r) {
        double done = 0;
        const double begin = cpu_seconds();
        double now = begin;
        while (now - begin < repetition_seconds()) {
            work();
            done += 1;
            now = cpu_seconds();
        }
        rates.push_back(done * static_cast<double>(size) / 1e6 / (now - begin));
    }
    print("formats", std::string{who} + "/" + name, "cpu_rate", rates, "MB/s");
}

}  // namespace
}  // namespace ferry::bench

int main()
{
    using namespace ferry;
    using namespace ferry::bench;
    const value many = records(20'000);
    const value some = records(500);
    const bytes pickled = pickle::dump(many);
    const bytes packed = msgpack::dump(many);
    const std::string text = yaml::dump(some);
    measure("pickle_load", "ferry", pickled.size(), [&] { (void)pickle::load(pickled); });
    measure("pickle_dump", "ferry", pickled.size(), [&] { (void)pickle::dump(many); });
    measure("msgpack_load", "ferry", packed.size(), [&] { (void)msgpack::load(packed); });
    measure("msgpack_dump", "ferry", packed.size(), [&] { (void)msgpack::dump(many); });
    measure("yaml_load", "ferry", text.size(), [&] { (void)yaml::load(text); });
    measure("yaml_dump", "ferry", text.size(), [&] { (void)yaml::dump(some); });
    python(FERRY_BENCH_DIR "/formats_peer.py", 20'000);
    return 0;
}
