#pragma once

#include "ferry/core/time.hpp"
#include "ferry/http/headers.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ferry::http::detail {

/// The unfinished file of a download, `path.part`, and beside it `path.part.info`, which says what
/// it is a part of: without that it is not gone on with.
class part_file {
public:
    /// Opens or makes it. \throws error  also if another download is writing it.
    explicit part_file(std::string path);
    ~part_file();
    part_file(const part_file&) = delete;
    part_file& operator=(const part_file&) = delete;

    /// How much of what `key` stands for is there, and its validator in `validator`: a strong ETag,
    /// or a date. 0 if nothing is, or nobody knows what it was.
    std::uint64_t find_progress(std::string_view key, std::string& validator) const;

    /// From now on the file is a part of this response. Without a strong validator it is not gone
    /// on with later.
    void describe(std::string_view key, const headers& fields);

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
};

}  // namespace ferry::http::detail
