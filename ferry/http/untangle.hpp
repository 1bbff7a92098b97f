#pragma once

#include "ferry/documents/untangle.hpp"
#include "ferry/http/session.hpp"

namespace ferry::untangle {

/// What a URL gives, as untangle::parse() of its bytes: the third of the sources that Python's
/// untangle.parse() guesses between.
///
///     auto feed = co_await untangle::parse_url("http://127.0.0.1:8080/feed.xml");
///
/// \throws http::status_error  400 and above.
/// \throws as http::get and untangle::parse.
awaitable<object> parse_url(std::string url, http::request_options with = http::request_options());

}  // namespace ferry::untangle
