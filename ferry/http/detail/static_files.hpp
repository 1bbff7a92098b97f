#pragma once

#include "ferry/core/buffer.hpp"
#include "ferry/core/time.hpp"
#include "ferry/http/detail/file_body.hpp"
#include "ferry/http/detail/range.hpp"
#include "ferry/http/request.hpp"
#include "ferry/http/response.hpp"
#include "ferry/http/router.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::http::detail {

/// Serves the files below one directory, and nothing outside it: the kernel resolves each path
/// beneath the directory (openat2), so that neither dots nor symbolic links lead out. Names that
/// begin with a dot do not exist here.
///
/// What was served is kept for a second without another look at the disk: small files with their
/// content, large ones open. Thread-safe.
class static_files {
public:
    /// \throws error  the directory cannot be opened.
    explicit static_files(const std::filesystem::path& directory,
                          file_options with = file_options());

    /// Answers GET and HEAD with 200, 206, 301, 304, 404, 412 or 416.
    /// \param below  the decoded path under the prefix, `docs/a.html`; empty for the directory.
    response serve(const request& asked, std::string_view below);

private:
    // One file as it was when it was opened.
    struct variant {
        std::shared_ptr<const open_file> file;  ///< null if the content is kept instead
        buffer content;
        std::uint64_t size = 0;
        std::uint64_t inode = 0;
        validators tags;
    };
    struct entry {
        std::optional<variant> plain;
        std::optional<variant> brotli;  ///< the file's name with .br, made by somebody else
        std::optional<variant> gzip;    ///< and with .gz
        bool is_directory = false;
        std::chrono::steady_clock::time_point checked;
    };

    std::shared_ptr<const entry> look_up(const std::string& path);
    std::optional<variant> open(const std::string& path, bool& is_directory,
                                const std::optional<variant>& known) const;
    response answer_directory(const request& asked, const std::string& path) const;

    std::shared_ptr<const open_file> root_;
    file_options with_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const entry>, std::less<>> cache_;
};

/// Whether an Accept-Encoding allows a coding: named with q above 0, or by `*`.
bool accepts_coding(const headers& request, std::string_view coding);

}  // namespace ferry::http::detail
