// Runs a file of json-patch-tests: an array of {comment, doc, patch, expected | error, disabled}.
#include "ferry/documents/json.hpp"
#include "ferry/documents/json_patch.hpp"

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
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
    std::ifstream file(path, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    int passed = 0;
    int failed = 0;
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
        ++(problem.empty() ? passed : failed);
        if (problem.empty()) continue;
        const std::string comment = test.get("comment", "");
        std::printf("FAILED %zu %s: %s: %s\n", number, comment.c_str(),
                    json::dump(test["patch"]).c_str(), problem.c_str());
    }
    if (disabled != 0) std::printf("%d disabled\n", disabled);
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed != 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fputs("usage: jsonpatch FILE\n", stderr);
        return 2;
    }
    try {
        return run_file(argv[1]);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "jsonpatch: %s\n", e.what());
        return 2;
    }
}
