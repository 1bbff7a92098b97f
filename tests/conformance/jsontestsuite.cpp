// Runs the files of JSONTestSuite (nst/JSONTestSuite) or of a folder of the same kind: y_*.json
// must be accepted, n_*.json refused, i_*.json are up to the parser and only listed.
#include "ferry/documents/json.hpp"

#include "tests/conformance/suite.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> cases_in(const fs::path& folder)
{
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        const bool is_case =
            name.starts_with("y_") || name.starts_with("n_") || name.starts_with("i_");
        if (entry.is_regular_file() && is_case && name.ends_with(".json")) {
            found.push_back(entry.path());
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

bool accepted(const fs::path& path)
{
    const std::string content = ferry::conformance::read_file(path);
    try {
        ferry::json::parse(ferry::as_bytes(content));
        return true;
    } catch (const ferry::error&) {
        return false;
    }
}

int run(const char* folder)
{
    ferry::conformance::score score;
    for (const fs::path& path : cases_in(folder)) {
        const std::string name = path.filename().string();
        const bool ok = accepted(path);
        if (name[0] == 'i') {
            std::printf("%s %s\n", ok ? "accepted" : "refused", name.c_str());
        } else if (!score.add(ok == (name[0] == 'y'))) {
            std::printf("FAILED %s\n", name.c_str());
        }
    }
    return score.finish();
}

}  // namespace

int main(int argc, char** argv)
{
    return ferry::conformance::run_suite(argc, argv, "jsontestsuite", "FOLDER", run);
}
