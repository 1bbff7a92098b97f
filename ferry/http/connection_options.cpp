#include "ferry/http/connection_options.hpp"

#include "ferry/http/detail/codec.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/session_options.hpp"
#include "ferry/net/address.hpp"

#include <fmt/format.h>

namespace ferry::http {
namespace {

// The port of `host:port`. \throws error
std::string_view port_of(std::string_view text)
{
    const std::size_t colon = text.rfind(':');
    const auto port =
        colon == text.npos ? std::nullopt : detail::parse_decimal(text.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535 || colon == 0) {
        throw error(errc::bad_url,
                    fmt::format("{} is not a host and a port", detail::quoted(text)));
    }
    return text.substr(colon + 1);
}

}  // namespace

void unix_socket::apply_to(session_options& to) const
{
    to.connection.unix_socket = path_;
}

resolve::resolve(std::string_view host_and_port, std::string_view address) : from_(host_and_port)
{
    const std::string_view port = port_of(host_and_port);
    const auto numeric = net::address::parse(address);
    if (!numeric) {
        throw error(errc::bad_url, fmt::format("{} is not an address", detail::quoted(address)));
    }
    to_ = (numeric->is_v6() ? '[' + numeric->host() + ']' : numeric->host()) + ':';
    to_ += port;
}

void resolve::apply_to(session_options& to) const
{
    to.connection.elsewhere[from_] = to_;
}

connect_to::connect_to(std::string_view host_and_port, std::string_view other)
    : from_(host_and_port), to_(other)
{
    static_cast<void>(port_of(host_and_port));
    static_cast<void>(port_of(other));
}

void connect_to::apply_to(session_options& to) const
{
    to.connection.elsewhere[from_] = to_;
}

void local_address::apply_to(session_options& to) const
{
    to.connection.local_address = numeric_;
}

void ip_version::apply_to(session_options& to) const
{
    to.connection.version = version_;
}

void http2::apply_to(session_options& to) const
{
    to.connection.http2 = yes_;
}

void detail::prior_knowledge::apply_to(session_options& to) const
{
    to.connection.prior_knowledge = true;
}

}  // namespace ferry::http
