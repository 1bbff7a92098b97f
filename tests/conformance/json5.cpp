// Runs the files of json5-tests: what ends in .json or .json5 must be accepted, what ends in .js or
// .txt refused.
#include "ferry/documents/json.hpp"

#include "tests/conformance/suite.hpp"

#include <cstdio>
#include <filesystem>
#include <string>

namespace {

namespace fs = std::filesystem;

bool accepted(const fs::path& path)
{
    const std::string content = ferry::conformance::read_file(path);
    try {
        ferry::json::parse(ferry::as_bytes(content), ferry::json::parse_options().relaxed());
        return true;
    } catch (const ferry::error&) {
        return false;
    }
}

int run(const char* folder)
{
    ferry::conformance::score score;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const std::string ending = entry.path().extension().string();
        const bool valid = ending == ".json" || ending == ".json5";
        if (!entry.is_regular_file() || (!valid && ending != ".js" && ending != ".txt")) continue;
        if (!score.add(accepted(entry.path()) == valid))
            std::printf("FAILED %s\n", entry.path().string().c_str());
    }
    return score.finish();
}

}  // namespace

int main(int argc, char** argv)
{
    return ferry::conformance::run_suite(argc, argv, "json5", "FOLDER", run);
}
