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

/// The file that a beat keeps, which nobody else has meanwhile.
class beat_state {
public:
    using entries = std::map<std::string, beat_memory, std::less<>>;

    /// \throws error with errc::invalid_state  another beat has it.
    explicit beat_state(std::filesystem::path path);

    /// What was saved; nothing if there is no file, or its times are those of another zone.
    /// \throws error  it is not such a file.
    entries load(std::string_view zone) const;

    void save(std::string_view zone, const entries& all) const;

private:
    std::filesystem::path path_;
    file_lock lock_;
};

}  // namespace ferry::tasks::detail
