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
#include <map>
#include <random>
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

/// Documents of ferry's own, for a machine without the public ones: records as an API returns them,
/// long lists of coordinates, and text with escapes and other scripts.
std::map<std::string, std::string> own_documents()
{
    using namespace ferry;
    std::mt19937 random(1);
    value records = value::array();
    value numbers = value::array();
    value texts = value::array();
    for (int i = 0; i < 5'000; ++i) {
        const auto n = static_cast<std::int64_t>(random());
        records.push_back(value::object("id", n, "name", "user " + std::to_string(i), "active",
                                        i % 3 == 0, "score", static_cast<double>(n) / 1024, "tags",
                                        value::array("one", "two"), "parent", nullptr));
        for (int k = 0; k < 10; ++k) {
            const double x = static_cast<double>(random()) * 360 / 4294967296.0 - 180;
            numbers.push_back(value::array(x, x / 2));
        }
        texts.push_back("line \"" + std::to_string(n) + "\"\n\tZürich, 東京, Ελλάδα — " +
                        std::string(static_cast<std::size_t>(i % 80), 'x'));
    }
    const auto pretty = json::dump_options().indent(2);
    return {{"records", json::dump(records, pretty)},
            {"numbers", json::dump(numbers)},
            {"texts", json::dump(texts, json::dump_options().ascii())}};
}

}  // namespace

/// json_bench [FOLDER]: twitter.json, citm_catalog.json and canada.json of that folder, or own
/// documents.
int main(int argc, char** argv)
{
    const char* const set = std::getenv("FERRY_JSON_CORPUS");
    const std::string folder = argc > 1 ? argv[1] : set != nullptr ? set : "";
    if (folder.empty()) {
        for (const auto& [name, text] : own_documents()) compare_document(name, text);
        return 0;
    }
    for (const char* const name : {"twitter", "citm_catalog", "canada"}) {
        compare_document(name, content_of(folder + "/" + name + ".json"));
    }
}
