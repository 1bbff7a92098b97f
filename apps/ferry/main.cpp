#include "apps/ferry/commands.hpp"

#include <cstdio>
#include <string_view>

namespace {

void print_help()
{
    std::puts(
        "ferry: get data from the web, and move it between machines.\n\nusage: ferry VERB ...\n");
    for (const auto& verb : ferry::command::verbs()) {
        std::printf("  %-10.*s %.*s\n", static_cast<int>(verb.name.size()), verb.name.data(),
                    static_cast<int>(verb.summary.size()), verb.summary.data());
    }
    std::puts(
        "\n`ferry VERB --help` tells more, with examples. `ferry --version` prints the version.");
}

}  // namespace

int main(int argc, char** argv)
{
    const std::string_view word = argc > 1 ? argv[1] : "--help";
    if (word == "--version") {
        std::puts("ferry " FERRY_VERSION);
        return 0;
    }
    if (word == "--help" || word == "-h" || word == "help") {
        print_help();
        return 0;
    }
    for (const auto& verb : ferry::command::verbs()) {
        if (verb.name != word) continue;
        try {
            return verb.run(argc - 1, argv + 1);
        } catch (...) {
            return ferry::command::report_failure();
        }
    }
    std::fprintf(stderr, "ferry: no such verb: %s; `ferry --help` lists them\n", argv[1]);
    return ferry::command::exit_code::usage;
}
