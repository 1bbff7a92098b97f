#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/buffer.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/url_query.hpp"
#include "ferry/http/request.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::http {

/// What a form with files may hold, and where its files go. Whoever passes a limit gets 413; the
/// whole is bound by the route's body_bytes().
class upload_options {
public:
    upload_options() = default;

    /// Where files are written; the system's temporary directory.
    upload_options& directory(std::filesystem::path p) { return directory_ = std::move(p), *this; }
    /// Files up to this size stay in memory; 64 KiB.
    upload_options& memory_bytes(std::size_t n) { return memory_ = n, *this; }
    /// The size of one file; unlimited.
    upload_options& file_bytes(std::uint64_t n) { return file_ = n, *this; }
    /// All plain fields together; 1 MiB.
    upload_options& field_bytes(std::size_t n) { return field_ = n, *this; }
    /// Fields and files together; 1000.
    upload_options& parts(std::size_t n) { return parts_ = n, *this; }

    const std::filesystem::path& directory() const noexcept { return directory_; }
    std::size_t memory_bytes() const noexcept { return memory_; }
    std::uint64_t file_bytes() const noexcept { return file_; }
    std::size_t field_bytes() const noexcept { return field_; }
    std::size_t parts() const noexcept { return parts_; }

private:
    std::filesystem::path directory_ = std::filesystem::temp_directory_path();
    std::size_t memory_ = 64 * 1024;
    std::uint64_t file_ = UINT64_MAX;
    std::size_t field_ = 1024 * 1024;
    std::size_t parts_ = 1000;
};
static_assert(awaitable_argument<upload_options>);

/// A file of a form. Copies share it; what is on the disk goes with the last of them, unless it was
/// saved.
class uploaded_file {
public:
    class storage;
    uploaded_file(std::string name, std::string filename, std::string type,
                  std::shared_ptr<storage> content);

    const std::string& name() const noexcept { return name_; }  ///< of the form's field

    /// What the client calls it, as it says. Never use it as a path.
    const std::string& filename() const noexcept { return filename_; }

    /// The same without directories, control characters and leading dots, fit for a name of a file
    /// here; `file` if nothing is left.
    std::string safe_filename() const;

    const std::string& type() const noexcept { return type_; }  ///< Content-Type, as it says
    std::uint64_t size() const noexcept;

    /// Where it is on the disk; empty if it is in memory.
    std::filesystem::path path() const;

    /// The content. \throws error  it cannot be read. Reads the disk on a thread of the pool.
    awaitable<buffer> read() const;

    /// Puts it at `to`, replacing what is there: moves it if both are on one file system.
    /// \throws error  it cannot be written.
    awaitable<void> save(std::filesystem::path to) const;

private:
    std::string name_;
    std::string filename_;
    std::string type_;
    std::shared_ptr<storage> content_;
};

/// What receive_form() has received.
class upload_form {
public:
    ferry::query_pairs fields;  ///< in order; names may repeat
    std::vector<uploaded_file> files;

    std::optional<std::string_view> field(std::string_view name) const noexcept
    {
        return fields.find(name);
    }
    /// The first file of that field; null without.
    const uploaded_file* file(std::string_view name) const noexcept;
};

/// Reads a form with files, multipart/form-data (RFC 7578), as it comes: large files go to the
/// disk, and memory stays flat.
///
///     site.post("/photos", [](http::request& q) -> awaitable<http::response> {
///         auto form = co_await http::receive_form(q);
///         if (auto* photo = form.file("photo")) co_await photo->save("photos/" + next_name());
///         co_return http::response(http::status::created);
///     }, http::route_options().stream_body().body_bytes(100 << 20));
///
/// \throws problem  415, 413, 400 or 408: let it pass.
/// \throws error    the disk. As aiohttp's `request.post()`.
awaitable<upload_form> receive_form(request& q, upload_options with = upload_options());

}  // namespace ferry::http
