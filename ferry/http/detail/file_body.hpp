#pragma once

#include "ferry/http/body.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ferry::http::detail {

/// An open file, closed with its last owner.
class open_file {
public:
    explicit open_file(int descriptor) noexcept : descriptor_(descriptor) {}
    ~open_file();
    open_file(const open_file&) = delete;
    open_file& operator=(const open_file&) = delete;

    int descriptor() const noexcept { return descriptor_; }

    /// Reads exactly `into.size()` bytes. \throws error  the file is shorter, or the disk fails.
    void read_at(std::uint64_t offset, std::span<std::byte> into) const;

private:
    int descriptor_;
};

/// Parts of a file with text around them. The server sends the parts by `sendfile`; to everybody
/// else it is a body like any other.
class file_body final : public body_source {
public:
    struct part {
        std::string before;
        std::uint64_t offset;
        std::uint64_t size;
    };

    file_body(std::shared_ptr<const open_file> file, std::vector<part> parts,
              std::string after = {})
        : file_(std::move(file)), parts_(std::move(parts)), after_(std::move(after))
    {
    }

    const open_file& file() const noexcept { return *file_; }
    const std::vector<part>& parts() const noexcept { return parts_; }
    const std::string& after() const noexcept { return after_; }

    awaitable<buffer> next() override;
    std::optional<std::uint64_t> length() const override;
    bool rewind() override;

private:
    buffer take();

    std::shared_ptr<const open_file> file_;
    std::vector<part> parts_;
    std::string after_;
    std::size_t index_ = 0;
    std::uint64_t sent_ = 0;  ///< of the part
    bool before_sent_ = false;
};

}  // namespace ferry::http::detail
