#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Internationalised domain names by UTS 46, nontransitional, as the URL Standard asks of browsers
/// (section 3.3): bidi and joiner rules are checked, hyphens and DNS lengths are not.
namespace ferry::idna {

/// `bücher.example` to `xn--bcher-kva.example`, in lower case; nullopt if a label is invalid.
std::optional<std::string> to_ascii(std::string_view domain);

/// `xn--bcher-kva.example` to `bücher.example`, for people to read; invalid labels stay as they
/// are. The result may look like another domain: do not compare it.
std::string to_unicode(std::string_view domain);

}  // namespace ferry::idna
