// Runs a fuzz target over its corpus and over a fixed sequence of mutations of it, so that every
// build, also one without libFuzzer, checks that outside bytes neither crash nor hang the target.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

// The name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int mutations_per_seed = 200;

void run(const std::string& input)
{
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::string mutate(std::string text, std::mt19937& random)
{
    const int changes = 1 + static_cast<int>(random() % 8);
    for (int i = 0; i < changes; ++i) {
        const std::size_t at = text.empty() ? 0 : random() % text.size();
        switch (random() % 5) {
            case 0: text.insert(at, 1, static_cast<char>(random())); break;
            case 1:
                if (!text.empty()) text[at] = static_cast<char>(random());
                break;
            case 2: text.erase(at, random() % 16); break;
            case 3:
                text.insert(at, text.substr(random() % (text.size() + 1), random() % 64));
                break;
            default: text.resize(at); break;
        }
    }
    return text;
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fputs("usage: replay CORPUS-FOLDER\n", stderr);
        return 2;
    }
    std::mt19937 random(1);
    std::size_t seeds = 0;
    run({});
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string seed{std::istreambuf_iterator<char>(file), {}};
        run(seed);
        for (int i = 0; i < mutations_per_seed; ++i) run(mutate(seed, random));
        ++seeds;
    }
    std::printf("%zu seeds\n", seeds);
    return seeds == 0 ? 1 : 0;
}
