#pragma once

#include "ferry/core/url.hpp"

#include <string>
#include <string_view>

/// What must not get into logs, commands and recordings.
namespace ferry::http::detail {

/// The value of a header field, with what is secret in it as `***`.
std::string mask_field(std::string_view name, std::string_view value);

/// The pairs of a query or a form, with the values of secret names as `***`.
std::string mask_pairs(std::string_view pairs);

/// A URL without user, password and fragment, its query masked.
std::string mask_url(const url& u);

}  // namespace ferry::http::detail
