#pragma once

#include "ferry/documents/html_forms.hpp"
#include "ferry/http/session.hpp"

namespace ferry::http {

/// Sends what a form of a page holds, as a browser would when it is submitted.
///
///     html::form login = html::forms(page).at(0);
///     login.set("user", "ann").set("password", secret);
///     auto welcome = co_await http::submit(api, login.submit(answer.url().href()));
///
/// \throws as session::request. As lxml.html's submit_form().
awaitable<response> submit(session& api, const html::submission& what);

}  // namespace ferry::http
