// JSON beside its rivals: simdjson's DOM, which only indexes the text, simdjson on demand into the
// same structs, Boost.JSON, RapidJSON with correctly rounded numbers, and Python's ujson.
// FERRY_JSON_CORPUS or the first argument names a folder with twitter.json, citm_catalog.json and
// canada.json. Rates count the bytes of the source, for dump those of the compact form that ferry
// writes. What is parsed is destroyed within the measured time, as the rivals' documents are.
#define RAPIDJSON_SSE2
#include "ferry/documents/json.hpp"

#include "bench/bench.hpp"
#include "bench/json_records.hpp"
#include <boost/json.hpp>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <simdjson.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using ferry::bench::contestant;

constexpr double mega = 1e6;
std::size_t kept = 0;  // so that no result is left out as unused

std::string content_of(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        std::fprintf(stderr, "json_bench: cannot read %s\n", path.c_str());
        std::exit(1);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A contestant that does `work` once a call.
template <class F>
contestant once(std::string who, F work)
{
    return {std::move(who), [work = std::move(work)] { return kept += work(), 1.0; }};
}

/// Correctly rounded doubles, as all others read them.
constexpr unsigned rapidjson_flags = rapidjson::kParseFullPrecisionFlag;

void compare_parse(const std::string& name, const std::string& text)
{
    using namespace ferry;
    simdjson::dom::parser reused;
    const simdjson::padded_string padded(text);
    std::string scratch;
    bench::compare(
        "json", "parse-" + name, {"MB/s", static_cast<double>(text.size()) / mega},
        {once("ferry", [&] { return json::parse(text).size(); }),
         once("simdjson-dom", [&] { return std::size_t{reused.parse(padded).is_array()}; }),
         once("boost-json-monotonic",
              [&] {
                  boost::json::monotonic_resource memory;
                  return std::size_t{boost::json::parse(text, &memory).is_array()};
              }),
         once("boost-json", [&] { return std::size_t{boost::json::parse(text).is_array()}; }),
         once("rapidjson",
              [&] {
                  rapidjson::Document d;
                  return std::size_t{d.Parse<rapidjson_flags>(text.data(), text.size()).IsArray()};
              }),
         once("rapidjson-insitu", [&] {
             scratch = text;  // in situ parsing destroys its text, so it needs a copy of it
             rapidjson::Document d;
             return std::size_t{d.ParseInsitu<rapidjson_flags>(scratch.data()).IsArray()};
         })});
}

void compare_dump(const std::string& name, const std::string& text)
{
    using namespace ferry;
    const value ours = json::parse(text);
    const boost::json::value boosts = boost::json::parse(text);
    rapidjson::Document rapids;
    rapids.Parse<rapidjson_flags>(text.data(), text.size());
    bench::compare("json", "dump-" + name,
                   {"MB/s", static_cast<double>(json::dump(ours).size()) / mega},
                   {once("ferry", [&] { return json::dump(ours).size(); }),
                    once("boost-json", [&] { return boost::json::serialize(boosts).size(); }),
                    once("rapidjson", [&] {
                        rapidjson::StringBuffer out;
                        rapidjson::Writer<rapidjson::StringBuffer> writer(out);
                        rapids.Accept(writer);
                        return out.GetSize();
                    })});
}

/// Ferry and simdjson on demand, which has no description and so is told by hand, make equal
/// records of one text. Then ferry writes them.
template <class T>
void compare_records(const std::string& name, const std::string& text,
                     T (*by_hand)(simdjson::ondemand::parser&, const simdjson::padded_string&))
{
    using namespace ferry;
    simdjson::ondemand::parser reused;
    const simdjson::padded_string padded(text);
    const T records = json::parse<T>(text);
    const std::string dumped = json::dump(records);
    if (dumped != json::dump(by_hand(reused, padded))) {
        std::fprintf(stderr, "json_bench: the records of %s differ\n", name.c_str());
        std::exit(1);
    }
    bench::compare("json", "structs-" + name, {"MB/s", static_cast<double>(text.size()) / mega},
                   {once("ferry", [&] { return size_of(json::parse<T>(text)); }),
                    once("simdjson-ondemand", [&] { return size_of(by_hand(reused, padded)); })});
    bench::compare("json", "dump-structs-" + name,
                   {"MB/s", static_cast<double>(dumped.size()) / mega},
                   {once("ferry", [&] { return json::dump(records).size(); }),
                    once("ferry-by-value", [&] { return json::dump(to_value(records)).size(); })});
}

/// Python measures itself: its CPU seconds for one `loads` and one `dumps`.
void compare_ujson(const std::string& name, const std::string& path, const std::string& text)
{
    using namespace ferry;
    if (!bench::wanted("json", "ujson-" + name)) return;
    const std::string command = "/usr/bin/python3 -c '" + std::string{R"(
import sys, time, ujson
text = open(sys.argv[1], encoding="utf-8").read()
doc = ujson.loads(text)
def cost(f):
    best = []
    for _ in range(5):
        n, start = 0, time.process_time()
        while time.process_time() - start < 0.2: f(); n += 1
        best.append((time.process_time() - start) / n)
    return sorted(best)[2]
print(cost(lambda: ujson.loads(text)), cost(lambda: ujson.dumps(doc, ensure_ascii=False)))
)"} + "' " + path;
    const auto own_cost = [](const auto& work) {
        std::vector<double> costs;
        for (int i = 0; i < 25; ++i) {
            const double before = bench::cpu_seconds();
            kept += work();
            costs.push_back(bench::cpu_seconds() - before);
        }
        return bench::median(costs);
    };
    const value v = json::parse(text);
    std::vector<double> loads;
    std::vector<double> dumps;
    std::vector<double> load_ratios;
    std::vector<double> dump_ratios;
    for (int i = 0; i < bench::repetitions(); ++i) {
        const double parse_cost = own_cost([&] { return json::parse(text).size(); });
        const double dump_cost = own_cost([&] { return json::dump(v).size(); });
        std::FILE* const peer = ::popen(command.c_str(), "r");
        double load = 0;
        double dump = 0;
        const int read = peer == nullptr ? 0 : std::fscanf(peer, "%lf %lf", &load, &dump);
        if (peer == nullptr || ::pclose(peer) != 0 || read != 2) {
            std::fprintf(stderr, "json_bench: python3-ujson is missing\n");
            std::exit(1);
        }
        loads.push_back(load * mega);
        dumps.push_back(dump * mega);
        load_ratios.push_back(parse_cost / load);
        dump_ratios.push_back(dump_cost / dump);
    }
    bench::print("json", "ujson/parse-" + name, "cpu", loads, "us/op");
    bench::print("json", "ujson/dump-" + name, "cpu", dumps, "us/op");
    bench::print_ratio("json", "parse-" + name, bench::median(load_ratios), "ujson");
    bench::print_ratio("json", "dump-" + name, bench::median(dump_ratios), "ujson");
}

void compare_document(const std::string& name, const std::string& text)
{
    compare_parse(name, text);
    compare_dump(name, text);
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
        const std::string path = folder + "/" + name + ".json";
        const std::string text = content_of(path);
        compare_document(name, text);
        compare_ujson(name, path, text);
    }
    compare_records("twitter", content_of(folder + "/twitter.json"), bench_records::timeline_of);
    compare_records("citm_catalog", content_of(folder + "/citm_catalog.json"),
                    bench_records::catalog_of);
    compare_records("canada", content_of(folder + "/canada.json"), bench_records::map_of);
    if (kept == 0) std::puts("nothing parsed");
}
