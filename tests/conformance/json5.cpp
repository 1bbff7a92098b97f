// Runs the files of json5-tests: what ends in .json or .json5 must be accepted, what ends in .js or
// .txt refused.
#include "ferry/documents/json.hpp"

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

namespace fs = std::filesystem;

bool accepted(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    try {
        ferry::json::parse(ferry::as_bytes(content), ferry::json::parse_options().relaxed());
        return true;
    } catch (const ferry::error&) {
        return false;
    }
}

int run(const char* folder)
{
    int passed = 0;
    int failed = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const std::string ending = entry.path().extension().string();
        const bool valid = ending == ".json" || ending == ".json5";
        if (!entry.is_regular_file() || (!valid && ending != ".js" && ending != ".txt")) continue;
        if (accepted(entry.path()) == valid) {
            ++passed;
        } else {
            ++failed;
            std::printf("FAILED %s\n", entry.path().string().c_str());
        }
    }
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed != 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fputs("usage: json5 FOLDER\n", stderr);
        return 2;
    }
    try {
        return run(argv[1]);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "json5: %s\n", e.what());
        return 2;
    }
}
