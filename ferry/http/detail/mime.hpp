#pragma once

#include <string_view>

namespace ferry::http::detail {

/// The media type of a file by its name's extension, in any case; `application/octet-stream` for an
/// unknown one. Text types come with `charset=utf-8`. As mimetypes.guess_type.
std::string_view mime_type(std::string_view file_name) noexcept;

}  // namespace ferry::http::detail
