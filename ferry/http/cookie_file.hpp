#pragma once

#include "ferry/core/time.hpp"
#include "ferry/http/cookies.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Cookies as other programs keep them on disk. `cookie_jar::load` and `save` go through here.
namespace ferry::http {

/// The `cookies.txt` of Netscape, curl, wget and Python's MozillaCookieJar: seven fields a line,
/// between tabs. Cookies that last until the session's end have the time 0. A cookie with a tab in
/// it, which the format cannot hold, is left out.
std::string write_cookies_txt(std::span<const cookie> cookies);

/// \throws parse_error  a line is neither a comment nor seven fields; it names the line.
std::vector<cookie> read_cookies_txt(std::string_view text);

/// The `Set-Cookie3` lines of libwww-perl and of Python's LWPCookieJar.
/// \throws parse_error  the first line is not `#LWP-Cookies-2.0`, or a line is malformed.
std::vector<cookie> read_lwp_cookies(std::string_view text);

}  // namespace ferry::http
