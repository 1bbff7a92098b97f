#pragma once

#include "ferry/core/time.hpp"
#include "ferry/http/headers.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::http::detail {

/// A range of a file that is fetched in several parts, and how much of it is there.
class part_segment {
public:
    std::uint64_t first = 0;
    std::uint64_t size = 0;
    std::uint64_t done = 0;
};

/// What an earlier download has left.
class part_progress {
public:
    std::string validator;   ///< a strong ETag, or a date
    std::uint64_t size = 0;  ///< bytes from the start, if there are no segments
    std::vector<part_segment> segments;
};

/// The unfinished file of a download, `path.part`, and beside it `path.part.info`, which says what
/// it is a part of: without that it is not gone on with. Destroyed while it is empty, it is gone.
class part_file {
public:
    /// Opens or makes it. \throws error  also if another download is writing it.
    explicit part_file(std::string path);
    ~part_file();
    part_file(const part_file&) = delete;
    part_file& operator=(const part_file&) = delete;

    /// How much of what `key` stands for is there. Nothing if nobody knows what it was.
    std::optional<part_progress> find_progress(std::string_view key) const;

    /// From now on the file is a part of this response. Without a strong validator it is not gone
    /// on with later.
    void describe(std::string_view key, const headers& fields,
                  std::span<const part_segment> segments = {});

    /// The file in `folder` whose part an earlier download of `key` has left; empty without one.
    static std::string find_in(const std::string& folder, std::string_view key);

    void resize(std::uint64_t size);
    void write_at(std::uint64_t offset, std::span<const std::byte> data);

    /// Its SHA-256 in hexadecimal digits. Reads it; blocks.
    std::string sha256() const;

    /// Gives it its name. Blocks, for the disk if `syncs`.
    void finish(std::optional<timestamp> modified, bool syncs);

    /// Removes it.
    void discard() noexcept;

private:
    std::string info_path() const { return part_path_ + ".info"; }

    std::string path_;
    std::string part_path_;
    int descriptor_ = -1;
    bool finished_ = false;
};

}  // namespace ferry::http::detail
