#include "ferry/http/hooks.hpp"

#include "ferry/http/detail/client_exchange.hpp"
#include "ferry/http/detail/transport_attempt.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/options.hpp"
#include "ferry/http/transport.hpp"

#include <algorithm>

namespace ferry::http {
namespace detail {

void hook_set::add_all(const hook_set& others)
{
    on_request.add_all(others.on_request);
    on_informational.add_all(others.on_informational);
    on_response.add_all(others.on_response);
    on_redirect.add_all(others.on_redirect);
    on_retry.add_all(others.on_retry);
    on_error.add_all(others.on_error);
    on_done.add_all(others.on_done);
}

void add_hooks(request_options& to, const hook_set& more)
{
    hook_set all;
    if (to.hooks) all = *to.hooks;
    all.add_all(more);
    to.hooks = std::make_shared<const hook_set>(std::move(all));
}

}  // namespace detail

const std::string& outgoing::method() const noexcept
{
    return exchange_.request().method();
}

const ferry::url& outgoing::url() const noexcept
{
    return exchange_.request().url();
}

const headers& outgoing::headers() const noexcept
{
    return exchange_.request().options().headers;
}

const body& outgoing::body() const noexcept
{
    return exchange_.request().body();
}

prepared_request outgoing::prepared() const
{
    return detail::describe_request(exchange_.request());
}

int outgoing::attempt() const noexcept
{
    return exchange_.attempts();
}

void outgoing::set(std::string_view name, std::string_view value)
{
    exchange_.request().added().set(name, value);
}

traceparent::traceparent(std::string_view parent) : parent_(parent)
{
    // version "-" trace-id "-" parent-id "-" flags, all in lower-case hexadecimal digits
    constexpr std::string_view form = "00-00000000000000000000000000000000-0000000000000000-00";
    const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    bool good = parent.size() == form.size() && !parent.starts_with("ff");
    for (std::size_t i = 0; good && i < form.size(); ++i) {
        good = form[i] == '-' ? parent[i] == '-' : is_hex(parent[i]);
    }
    const auto is_zero = [](std::string_view id) {
        return std::ranges::all_of(id, [](char c) { return c == '0'; });
    };
    if (!good || is_zero(parent.substr(3, 32)) || is_zero(parent.substr(36, 16))) {
        throw error(errc::bad_header, "malformed traceparent");
    }
}

void traceparent::apply_to(request_options& to) const
{
    to.traceparent = parent_;
}

}  // namespace ferry::http
