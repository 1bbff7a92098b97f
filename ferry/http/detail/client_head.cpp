#include "ferry/core/percent.hpp"
#include "ferry/http/detail/client_exchange.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ferry::http::detail {
namespace {

void append_field(std::string& to, std::string_view name, std::string_view value)
{
    to.append(name).append(": ").append(value).append("\r\n");
}

bool is_this_machine(std::string_view host) noexcept
{
    return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

}  // namespace

void client_exchange::write_head(std::string& to) const
{
    to.clear();
    to.append(method_).append(" ").append(url_->path_and_query());
    to.append(" HTTP/1.1\r\nHost: ");
    to.append(with_.headers.get("Host").value_or(url_->host())).append("\r\n");
    if (with_.headers.empty() && with_.without.empty() && credentials_allowed_) {
        to.append(session_->default_fields());
    } else {
        append_fields(to);
    }
    const std::string authorized = authorization();
    if (!authorized.empty()) append_field(to, "Authorization", authorized);

    std::string cookies;
    if (session_->options().keeps_cookies) cookies = session_->cookies().header(*url_);
    if (credentials_allowed_ && !with_.cookies.empty()) {
        if (!cookies.empty()) cookies += "; ";
        cookies += with_.cookies;
    }
    if (!cookies.empty()) append_field(to, "Cookie", cookies);
    append_body_fields(to);
    to.append("\r\n");
}

void client_exchange::append_fields(std::string& to) const
{
    const auto may_go = [&](std::string_view name) {
        return credentials_allowed_ || !is_sensitive(name);
    };
    session_->each_default([&](std::string_view name, std::string_view value) {
        const bool dropped =
            std::ranges::any_of(with_.without, [&](const std::string& w) { return same(w, name); });
        if (!dropped && !with_.headers.contains(name) && may_go(name)) {
            append_field(to, name, value);
        }
    });
    for (const auto [name, value] : with_.headers) {
        const bool is_body_field = same(name, "Content-Type") && !with_.body.present();
        if (!same(name, "Host") && may_go(name) && !is_body_field) append_field(to, name, value);
    }
}

void client_exchange::append_body_fields(std::string& to) const
{
    const http::body& body = with_.body;
    if (!body.present()) {
        const bool expects_body = method_ == "POST" || method_ == "PUT" || method_ == "PATCH";
        if (expects_body) append_field(to, "Content-Length", "0");
        return;
    }
    if (!body.content_type().empty() && !with_.headers.contains("Content-Type")) {
        append_field(to, "Content-Type", body.content_type());
    }
    const auto length =
        body.source() ? body.source()->length() : std::optional<std::uint64_t>(body.data().size());
    if (length) {
        append_field(to, "Content-Length", fmt::format_int(*length).c_str());
    } else {
        append_field(to, "Transfer-Encoding", "chunked");
    }
}

std::string client_exchange::authorization() const
{
    if (with_.headers.contains("Authorization")) return {};
    if (!url_authorization_.empty()) return url_authorization_;
    if (!credentials_allowed_ || with_.auth.kind() == auth_option::scheme::none) return {};
    const bool exposed = url_->scheme() == "http" && !is_this_machine(url_->hostname());
    if (with_.auth.kind() == auth_option::scheme::bearer && exposed &&
        !with_.auth.allows_insecure()) {
        throw error(errc::insecure_credentials, "a bearer token would travel over plain http");
    }
    return with_.auth.value();
}

}  // namespace ferry::http::detail
