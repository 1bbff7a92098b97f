// Runs cts.json of jsonpath-compliance-test-suite: every selector is compiled, and what it finds
// and where is compared.
#include "ferry/documents/jsonpath.hpp"

#include "ferry/documents/json.hpp"

#include "tests/conformance/suite.hpp"

#include <cstdio>
#include <string>

namespace {

using namespace ferry;

value strings(const std::vector<std::string>& texts)
{
    value all = value::array();
    for (const std::string& text : texts) all.push_back(text);
    return all;
}

/// The one result, or one of several.
bool is_expected(const value& found, const value& test, const char* one, const char* several)
{
    if (const value* only = test.get_if(one)) return found == *only;
    const value* const any = test.get_if(several);
    if (any == nullptr) return true;
    for (const value& possible : *any) {
        if (found == possible) return true;
    }
    return false;
}

/// \returns what is wrong, empty if nothing is.
std::string run(const value& test)
{
    const bool invalid = test.get("invalid_selector", false);
    try {
        const auto query = jsonpath::compile(test["selector"].as<std::string_view>());
        if (invalid) return "accepted";
        const value& document = test["document"];
        value found = value::array();
        for (const value& v : query.select(document)) found.push_back(v);
        if (!is_expected(found, test, "result", "results")) return "found " + json::dump(found);
        const value paths = strings(query.select(document).paths());
        if (!is_expected(paths, test, "result_paths", "results_paths")) {
            return "found at " + json::dump(paths);
        }
        for (const auto& node : query.select(document)) {
            const value* const again = jsonpath::select(document, node.path()).first();
            if (again != &node.value()) return "not found again: " + node.path();
            if (document.find(node.pointer()) != again) return "wrong pointer: " + node.pointer();
        }
        return {};
    } catch (const parse_error& e) {
        return invalid ? std::string{} : e.what();
    }
}

int run_file(const char* path)
{
    const std::string content = ferry::conformance::read_file(path);
    const value suite = json::parse(as_bytes(content));
    ferry::conformance::score score;
    for (const value& test : suite["tests"]) {
        std::string problem;
        try {
            problem = run(test);
        } catch (const error& e) {
            problem = e.what();
        }
        if (score.add(problem.empty())) continue;
        const auto name = test["name"].as<std::string>();
        const auto selector = test["selector"].as<std::string>();
        std::printf("FAILED %s: %s: %s\n", name.c_str(), selector.c_str(), problem.c_str());
    }
    return score.finish();
}

}  // namespace

int main(int argc, char** argv)
{
    return ferry::conformance::run_suite(argc, argv, "jsonpath", "FILE", run_file);
}
