// JSON beside simdjson's DOM, which only indexes the text, and Boost.JSON, also with its fastest
// storage. FERRY_JSON_CORPUS or the first argument names a folder with twitter.json,
// citm_catalog.json and canada.json. Rates count the bytes of the source, for dump those of the
// compact form that ferry writes.
#include "ferry/documents/json.hpp"

#include "bench/bench.hpp"
#include <boost/json.hpp>
#include <simdjson.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace {

std::string content_of(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        std::fprintf(stderr, "json_bench: cannot read %s\n", path.c_str());
        std::exit(1);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

void compare_document(const std::string& name, const std::string& text)
{
    using namespace ferry;
    constexpr double mega = 1e6;
    simdjson::dom::parser reused;
    const simdjson::padded_string padded(text);
    std::size_t kept = 0;
    bench::compare(
        "json", "parse-" + name, {"MB/s", static_cast<double>(text.size()) / mega},
        {{"ferry", [&] { return kept += json::parse(text).size(), 1.0; }},
         {"simdjson-dom", [&] { return kept += reused.parse(padded).is_array() ? 1 : 0, 1.0; }},
         {"boost-json-monotonic",
          [&] {
              boost::json::monotonic_resource memory;
              kept += boost::json::parse(text, &memory).is_array() ? 1 : 0;
              return 1.0;
          }},
         {"boost-json", [&] { return kept += boost::json::parse(text).is_array() ? 1 : 0, 1.0; }}});

    const value v = json::parse(text);
    const boost::json::value theirs = boost::json::parse(text);
    bench::compare(
        "json", "dump-" + name, {"MB/s", static_cast<double>(json::dump(v).size()) / mega},
        {{"ferry", [&] { return kept += json::dump(v).size(), 1.0; }},
         {"boost-json", [&] { return kept += boost::json::serialize(theirs).size(), 1.0; }}});
    if (kept == 0) std::puts("nothing parsed");
}

}  // namespace

int main(int argc, char** argv)
{
    const char* const set = std::getenv("FERRY_JSON_CORPUS");
    const std::string folder = argc > 1 ? argv[1] : set != nullptr ? set : "";
    if (folder.empty()) {
        std::fputs("usage: json_bench FOLDER (or FERRY_JSON_CORPUS)\n", stderr);
        return 2;
    }
    for (const char* const name : {"twitter", "citm_catalog", "canada"}) {
        compare_document(name, content_of(folder + "/" + name + ".json"));
    }
}
