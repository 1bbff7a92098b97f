// Runs the files of JSONTestSuite (nst/JSONTestSuite) or of a folder of the same kind: y_*.json
// must be accepted, n_*.json refused, i_*.json are up to the parser and only listed.
#include "ferry/documents/json.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
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
    std::ifstream file(path, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    try {
        ferry::json::parse(ferry::as_bytes(content));
        return true;
    } catch (const ferry::error&) {
        return false;
    }
}

int run(const char* folder)
{
    int passed = 0;
    int failed = 0;
    for (const fs::path& path : cases_in(folder)) {
        const std::string name = path.filename().string();
        const bool ok = accepted(path);
        if (name[0] == 'i') {
            std::printf("%s %s\n", ok ? "accepted" : "refused", name.c_str());
        } else if (ok == (name[0] == 'y')) {
            ++passed;
        } else {
            ++failed;
            std::printf("FAILED %s\n", name.c_str());
        }
    }
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed != 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fputs("usage: jsontestsuite FOLDER\n", stderr);
        return 2;
    }
    try {
        return run(argv[1]);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "jsontestsuite: %s\n", e.what());
        return 2;
    }
}
