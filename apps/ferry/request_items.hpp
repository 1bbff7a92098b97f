#pragma once

#include "ferry/http/options.hpp"

#include <string>
#include <vector>

namespace ferry::command {

/// How the fields among the items of a request go out.
enum class body_kind : unsigned char { json, form, multipart };

/// Adds what the words after a URL say, as HTTPie has them:
///
///     name==value   a query parameter          name=value    a field, a string in JSON
///     Name:value    a header field             name:=json    a field of any JSON value
///     Name:         leaves a default out       name@file     a file; the body is multipart then
///     @file         the whole body; - is standard input
///
/// \throws usage_error  a word is none of these, or two want to be the body.
void add_items(http::request_options& to, const std::vector<std::string>& items, body_kind kind);

/// Whether one of the words is a part of a body, or all of it.
bool has_body(const std::vector<std::string>& items);

/// `Name: value` as curl's -H has it; `Name:` leaves a default out.
void add_header(http::request_options& to, const std::string& line);

/// Bodies of curl's -d (joined by `&`; `@file` without its line ends) and -F (`name=value`,
/// `name=@file`, `;type=`, `;filename=`).
void add_data(http::request_options& to, const std::vector<std::string>& pieces);
void add_form_parts(http::request_options& to, const std::vector<std::string>& parts);

}  // namespace ferry::command
