#pragma once

#include "ferry/core/file.hpp"
#include "ferry/core/time.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace ferry::tasks::detail {

/// What a beat remembers of an entry.
struct beat_memory {
    beat_memory() = default;

    timestamp last_run{};
    std::uint64_t total_runs = 0;
};

/// What a beat remembers, by the names of its entries.
using beat_memories = std::map<std::string, beat_memory, std::less<>>;

/// As JSON, with the zone whose clocks the times were meant for.
std::string text_of(const beat_memories& all, std::string_view zone);

/// Nothing if the times are those of another zone. \throws error  it is no such text.
beat_memories memories_from(std::string_view text, std::string_view zone);

/// The file that a beat keeps, which nobody else has meanwhile.
class beat_state {
public:
    /// \throws error with errc::invalid_state  another beat has it.
    explicit beat_state(std::filesystem::path path);

    /// What was saved; nothing if there is no file. \throws error  it is not such a file.
    beat_memories load(std::string_view zone) const;

    void save(std::string_view zone, const beat_memories& all) const;

private:
    std::filesystem::path path_;
    file_lock lock_;
};

}  // namespace ferry::tasks::detail
