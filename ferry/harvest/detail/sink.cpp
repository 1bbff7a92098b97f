#include "ferry/harvest/detail/sink.hpp"

#include "ferry/harvest/detail/jsonl_sink.hpp"
#include "ferry/harvest/detail/sqlite_sink.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace ferry::harvest::detail {

std::unique_ptr<sink> open_sink(const recipe& r, const output& what, const std::string& path,
                                const output_position& committed)
{
    const auto folder = std::filesystem::path{path}.parent_path();
    std::error_code failed;
    if (!folder.empty()) std::filesystem::create_directories(folder, failed);
    if (failed) throw error{failed, "make " + folder.string() + ": " + failed.message()};
    if (what.as == output::format::sqlite) {
        return std::make_unique<sqlite_sink>(r, what, path + ".part", committed);
    }
    return std::make_unique<jsonl_sink>(r, what, path + ".part", committed);
}

void publish(const std::string& path)
{
    const std::string part = path + ".part";
    if (std::rename(part.c_str(), path.c_str()) == 0) return;
    const int failure = errno;
    if (failure == ENOENT && std::filesystem::exists(path)) return;
    throw system_failure(failure, "rename " + part);
}

void discard(const std::string& path)
{
    for (const auto* suffix : {".part", ".part-wal", ".part-shm", ".part-journal"}) {
        std::error_code ignored;
        std::filesystem::remove(path + suffix, ignored);
    }
}

std::string output_path(const std::string& directory, const output& what)
{
    return (std::filesystem::path{directory} / what.file).string();
}

std::vector<const record*> all_records(const recipe& r)
{
    std::vector<const record*> all;
    for (const auto& p : r.pages) {
        for (const auto& one : p.records) all.push_back(&one);
    }
    return all;
}

}  // namespace ferry::harvest::detail
