#include "ferry/http/transport.hpp"

#include "ferry/core/utf8.hpp"
#include "ferry/http/detail/masking.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/session_options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ferry::http {
namespace {

constexpr std::size_t max_shown_body = 8 * 1024;

// A word of a POSIX shell.
std::string quote(std::string_view word)
{
    std::string quoted = "'";
    for (const char c : word) {
        if (c == '\'') {
            quoted += "'\\''";
        } else {
            quoted += c;
        }
    }
    return quoted + '\'';
}

bool can_be_shown(std::string_view body)
{
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t';
    };
    return body.size() <= max_shown_body && utf8::valid(body) &&
           std::ranges::none_of(body, is_control) && !body.starts_with('@');
}

}  // namespace

std::string prepared_request::to_curl() const
{
    std::string command = "curl";
    const bool has_body = streamed || !content.empty();
    if (method == "HEAD") {
        command += " --head";
    } else if (method != (has_body ? "POST" : "GET")) {
        command += " -X " + quote(method);
    }
    command += ' ' + quote(detail::mask_url(url));
    bool is_form = false;
    for (const auto [name, value] : headers) {
        if (detail::same(name, "Content-Length") || detail::same(name, "Transfer-Encoding") ||
            (detail::same(name, "Host") && value == url.host())) {
            continue;
        }
        if (detail::same(name, "Accept-Encoding")) {
            command += " --compressed";
            continue;
        }
        is_form = is_form || (detail::same(name, "Content-Type") &&
                              value.starts_with("application/x-www-form-urlencoded"));
        command += " -H " + quote(fmt::format("{}: {}", name, detail::mask_field(name, value)));
    }
    if (!has_body) return command;
    if (!streamed && can_be_shown(content.text())) {
        const std::string_view text = content.text();
        return command + " --data-binary " +
               quote(is_form ? detail::mask_pairs(text) : std::string(text));
    }
    return command + " --data-binary @-";
}

void transport_by::apply_to(session_options& to) const
{
    to.transport = transport_;
}

}  // namespace ferry::http
