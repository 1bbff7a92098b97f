#pragma once

#include <string>
#include <string_view>

namespace ferry {

/// A random UUID, version 4 of RFC 9562, as 36 lower-case characters:
/// `f47ac10b-58cc-4372-a567-0e02b2c3d479`. As `str(uuid.uuid4())`.
std::string uuid4();

/// True if `text` is a UUID of any version in that form; either case of letters.
bool is_uuid(std::string_view text) noexcept;

}  // namespace ferry
