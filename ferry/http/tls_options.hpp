#pragma once

#include "ferry/core/error.hpp"
#include "ferry/net/tls.hpp"

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::http {

class session_options;

/// What a session's TLS connections are made with. The options below fill it; what they name is
/// read when the session is made.
class tls_settings {
public:
    enum class topic : unsigned char {
        trust,     ///< whom to trust: for connections to proxies, too
        identity,  ///< who one is: only for the origin that the caller named
        speech,    ///< how to talk to origins
    };

    /// A change of the context.
    class step {
    public:
        std::function<void(net::tls_context&)> change;
        topic about;

        step(std::function<void(net::tls_context&)> f, topic a) : change(std::move(f)), about(a) {}
    };

    tls_settings() = default;

    std::optional<net::tls_context> context;  ///< instead of a new one
    std::vector<step> steps;
    bool names_trust = false;     ///< the environment has no say in whom to trust
    bool names_identity = false;  ///< a certificate is shown
};

/// A change of a session's TLS settings; made by the functions below.
class tls_option {
public:
    tls_option(std::function<void(net::tls_context&)> change, tls_settings::topic about)
        : step_(std::move(change), about)
    {
    }
    void apply_to(session_options& to) const;
    void change(net::tls_context& context) const { step_.change(context); }

private:
    tls_settings::step step_;
};

/// The TLS settings for https, made by hand. The options after it change them.
class tls {
public:
    explicit tls(net::tls_context context) : context_(std::move(context)) {}
    void apply_to(session_options& to) const;

private:
    net::tls_context context_;
};

/// \name Options about TLS, for sessions
/// The session's constructor throws tls_error if a file cannot be read or is not what it should be.
/// @{

/// `verify(false)` accepts every certificate: for tests. One warning is logged for each host.
template <std::same_as<bool> Bool>
tls_option verify(Bool yes)
{
    return {[yes](net::tls_context& c) {
                if (!yes) c.insecure();
            },
            tls_settings::topic::trust};
}
/// Trusts the certificates in a PEM file, or in a directory as `openssl rehash` makes them, instead
/// of the system's. Without it, and unless trust_env(false) is given, the variables
/// REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE name one; SSL_CERT_FILE and SSL_CERT_DIR change what the
/// system's are. As Requests' `verify=`.
tls_option verify(std::string path);

/// Trusts the certificates in a text in PEM.
tls_option ca_pem(std::string text);

/// The certificate chain, and its key, that servers are shown if they ask: PEM files. Not shown
/// where a redirect leads to another origin. As Requests' `cert=(chain, key)`. \param password  of
/// the key, if that is encrypted.
tls_option cert(std::string chain, std::string key, std::string password = {});

/// The same, with all of it in one PKCS #12 file.
tls_option pkcs12(std::string path, std::string password);

/// Nothing older is spoken; TLS 1.2 without it.
tls_option min_tls(net::tls_version version);

/// As net::tls_context::ciphers.
tls_option ciphers(std::string list);

/// Beside all else, a server's public key must be one of these. As net::tls_context::pin_sha256,
/// and curl's `--pinnedpubkey`.
template <std::convertible_to<std::string_view>... Keys>
    requires(sizeof...(Keys) > 0)
tls_option pin_sha256(const Keys&... keys)
{
    std::vector<std::string> all{std::string(std::string_view(keys))...};
    return {[all = std::move(all)](net::tls_context& c) { c.pin_sha256(all); },
            tls_settings::topic::speech};
}

/// Servers must staple an OCSP response that says that their certificate is good.
tls_option require_staple();

/// Refuses what this list, a PEM file, revokes.
tls_option crl_file(std::string path);
/// @}

static_assert(awaitable_argument<tls_option> && awaitable_argument<tls>);

}  // namespace ferry::http
