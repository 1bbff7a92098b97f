#include "apps/ferry/commands.hpp"

#include "ferry/core/error.hpp"

#include <array>
#include <cerrno>
#include <cstdio>

namespace ferry::command {
namespace {

constexpr std::array<verb, 0> table{};

int exit_code_of(const error& e)
{
    if (dynamic_cast<const tls_error*>(&e) != nullptr) return exit_code::tls;
    if (dynamic_cast<const connection_error*>(&e) != nullptr) return exit_code::connect;
    if (dynamic_cast<const timeout_error*>(&e) != nullptr) return exit_code::timeout;
    if (dynamic_cast<const limit_error*>(&e) != nullptr) return exit_code::limit;
    if (dynamic_cast<const protocol_error*>(&e) != nullptr) return exit_code::transfer;
    if (e.code().category() == std::system_category()) return exit_code::local_file;
    return exit_code::other;
}

}  // namespace

std::span<const verb> verbs() noexcept
{
    return table;
}

std::optional<int> parse(CLI::App& options, int argc, char** argv)
{
    try {
        options.parse(argc, argv);
        return std::nullopt;
    } catch (const CLI::ParseError& e) {
        return options.exit(e) == 0 ? 0 : exit_code::usage;
    }
}

int report_failure()
{
    try {
        throw;
    } catch (const error& e) {
        std::fprintf(stderr, "ferry: %s\n", e.what());
        return exit_code_of(e);
    } catch (const cancelled&) {
        std::fputs("ferry: interrupted\n", stderr);
        return exit_code::interrupted;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "ferry: %s\n", e.what());
        return exit_code::other;
    }
}

std::string read_input(const std::string& path)
{
    std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
    if (file == nullptr) throw system_failure(errno, "open " + path);
    std::string all;
    char chunk[64 * 1024];
    std::size_t n = 0;
    while ((n = std::fread(chunk, 1, sizeof chunk, file)) > 0 && all.size() <= max_input_bytes) {
        all.append(chunk, n);
    }
    const int failure = std::ferror(file) != 0 ? errno : 0;
    if (file != stdin) std::fclose(file);
    if (failure != 0) throw system_failure(failure, "read " + path);
    if (all.size() > max_input_bytes) throw limit_error("max_input_bytes", max_input_bytes);
    return all;
}

}  // namespace ferry::command
