#pragma once

#include "ferry/net/endpoint.hpp"
#include "ferry/net/tls.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace ferry::net {

/// The URL of a service: `scheme://[user[:password]@]host[:port][,host...][/path][?query]`. It
/// differs from a web URL in that it may name several hosts. The parts are views of the text, not
/// decoded yet.
class service_url {
public:
    /// \param kind  for messages, such as "Redis URL"; must outlive the result, as `text` must.
    /// \throws parse_error  it has no `://`.
    service_url(std::string_view kind, std::string_view text);

    std::string_view scheme() const noexcept { return scheme_; }
    /// What is before the last `@`; empty for none.
    std::string_view login() const noexcept { return login_; }
    std::string_view hosts() const noexcept { return hosts_; }
    /// From the first `/` on; empty for none.
    std::string_view path() const noexcept { return path_; }
    std::string_view query() const noexcept { return query_; }

    /// The same parts but for the path and the query, which are another URL's.
    service_url with_path_of(const service_url& other) const noexcept;

    /// Reads `host[:port]` or `[IPv6][:port]`, percent-decoded; no host means localhost.
    /// \throws parse_error  it is malformed.
    endpoint endpoint_of(std::string_view host, std::uint16_t otherwise) const;

    /// Reads the value of a parameter. \throws parse_error  it is none, and the message names it.
    template <class T>
    T number(std::string_view name, std::string_view text) const
    {
        T value{};
        const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (ec != std::errc() || end != text.data() + text.size()) fail_number(name, text);
        return value;
    }
    /// As a number of seconds, which may have a fraction: from 0 to a thousand million.
    std::chrono::milliseconds seconds(std::string_view name, std::string_view text) const;

    /// \throws parse_error  with the kind of URL before `why`. Never has the login in it.
    [[noreturn]] void fail(std::string_view why) const;

private:
    [[noreturn]] void fail_number(std::string_view name, std::string_view text) const;

    std::string_view kind_;
    std::string_view scheme_;
    std::string_view login_;
    std::string_view hosts_;
    std::string_view path_;
    std::string_view query_;
};

/// What the parameters of a URL say about TLS.
class tls_parameters {
public:
    bool on = false;
    bool verify = true;
    std::string ca_file;
    std::string certificate;
    std::string key;  ///< empty: in the certificate's file
    std::string key_password;

    /// \throws tls_error, error  a file cannot be used.
    tls_context context() const;
};

}  // namespace ferry::net
