// Runs a file of json-patch-tests: an array of {comment, doc, patch, expected | error, disabled}.
#include "ferry/documents/json.hpp"
#include "ferry/documents/json_patch.hpp"

#include "tests/conformance/suite.hpp"

#include <cstdio>
#include <string>

namespace {

using namespace ferry;

/// \returns what is wrong, empty if nothing is.
std::string run(const value& test)
{
    const value document = test["doc"];
    const bool refused = test.contains("error");
    try {
        const value patched = json::apply_patch(document, test["patch"]);
        if (refused) return "applied, giving " + json::dump(patched);
        const value* const expected = test.get_if("expected");
        if (expected == nullptr) return {};
        if (patched != *expected) return "gave " + json::dump(patched);
        const value made = json::make_patch(document, patched);
        if (json::apply_patch(document, made) != patched) {
            return "wrong patch made: " + json::dump(made);
        }
        return {};
    } catch (const json::patch_error& e) {
        return refused ? std::string{} : e.what();
    }
}

int run_file(const char* path)
{
    const std::string content = ferry::conformance::read_file(path);
    ferry::conformance::score score;
    int disabled = 0;
    std::size_t number = 0;
    for (const value& test : json::parse(as_bytes(content))) {
        ++number;
        if (!test.contains("patch") || test.get("disabled", false)) {
            ++disabled;
            continue;
        }
        std::string problem;
        try {
            problem = run(test);
        } catch (const error& e) {
            problem = e.what();
        }
        if (score.add(problem.empty())) continue;
        const std::string comment = test.get("comment", "");
        std::printf("FAILED %zu %s: %s: %s\n", number, comment.c_str(),
                    json::dump(test["patch"]).c_str(), problem.c_str());
    }
    if (disabled != 0) std::printf("%d disabled\n", disabled);
    return score.finish();
}

}  // namespace

int main(int argc, char** argv)
{
    return ferry::conformance::run_suite(argc, argv, "jsonpatch", "FILE", run_file);
}
