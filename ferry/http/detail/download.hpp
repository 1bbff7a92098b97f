#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/http/detail/session_core.hpp"
#include "ferry/http/download.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::http::detail {

/// A Content-Range: `bytes 5-9/10`, or `bytes */10` with no bytes in it.
class content_range {
public:
    std::uint64_t first = 0;
    std::uint64_t size = 0;  ///< 0: unsatisfiable
    std::optional<std::uint64_t> total;

    friend bool operator==(const content_range&, const content_range&) = default;
};

std::optional<content_range> parse_content_range(std::string_view field) noexcept;

/// The file that a download into `path` makes: `path` itself, or, if that is a folder, one in it
/// with the name that the response gives, or its URL.
std::string target_path(const std::string& path, const response& head);

awaitable<downloaded> download(std::shared_ptr<session_core> core, std::string url,
                               std::string path, download_options with);

}  // namespace ferry::http::detail
